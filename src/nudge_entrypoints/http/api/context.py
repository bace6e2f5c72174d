"""What the routes of the API work with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from attrs import field, frozen
from litestar.di import NamedDependency

from nudge_core.errors import Misconfigured
from nudge_core.model.user import User
from nudge_core.ports import ContactProvider, ListingFeed, OneTimeCodes, PhoneNumbers, Reader
from nudge_core.walk import Parts
from nudge_entrypoints.http.identity import Principal
from nudge_entrypoints.http.sign_in_desk import SignInDesk
from nudge_entrypoints.http.tokens import AccessTokens
from nudge_entrypoints.settings import Settings


@frozen(kw_only=True)
class Access:
    """What only signing in needs: the desk that sends and checks codes, and the signer of tokens."""

    desk: SignInDesk
    tokens: AccessTokens


@frozen(kw_only=True)
class Api:
    """The parts of the walk and the services that only the API uses. Routes take it as `api: TheApi`.

    `feed`, `numbers`, `codes` open a service, which the caller closes; `numbers` and `codes` raise Misconfigured where
    none is configured. `access`: for signing in. `now`: for what is not stored; what is stored takes the
    transaction's `now`.
    """

    parts: Parts
    settings: Settings
    now: Callable[[], datetime] = field(repr=False)
    feed: Callable[[User], ListingFeed] = field(repr=False)
    numbers: Callable[[], PhoneNumbers] = field(repr=False)
    codes: Callable[[], OneTimeCodes] = field(repr=False)
    open_google: Callable[[], ContactProvider] | None = field(default=None, repr=False)
    access: Access | None = field(default=None, repr=False)

    def google_contacts(self) -> ContactProvider:
        """Return Google's contacts, which the caller closes. Raises Misconfigured where there is no OAuth client."""
        if self.open_google is None:
            raise Misconfigured(["GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GOOGLE_REDIRECT_URL: needed for contacts"])
        return self.open_google()

    def signing_in(self) -> Access:
        """Return what signing in needs. Raises Misconfigured where it was left out."""
        if self.access is None:
            raise Misconfigured(["signing in: this application was put together without it"])
        return self.access


TheApi: TypeAlias = NamedDependency[Api]
"""`api: TheApi` in a route's signature."""

TheReader: TypeAlias = NamedDependency[Reader]
"""`reader: TheReader` in the signature of a route that `READS`."""

Caller: TypeAlias = NamedDependency[Principal]
"""`principal: Caller` in a route's signature."""
