"""The account that a professional's MLS is read with: set, forgotten, tried. Nothing of it is ever shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from attrs import field, frozen
from litestar import Controller, delete, get, post, put
from litestar.params import JSONBody

from nudge_adapters.catalog import FEEDS
from nudge_core.errors import Invalid, Misconfigured, Refused, Unavailable
from nudge_core.model import fields
from nudge_core.model.feed import FeedCursor
from nudge_core.model.secret import Secret
from nudge_core.model.user import MlsCheck, User
from nudge_core.ports import ListingFeed
from nudge_core.steps.account import connect, disconnect, note_check
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope

CHECK_DEADLINE_S = 20.0
"""How long a check may take in all: two requests of a slow MLS, and still an answer while somebody waits."""

LONGEST_LOGIN = 500  # characters; bearer tokens of vendors have up to 200

DEADLINE = "deadline"
UNAVAILABLE = "unavailable"


@frozen(kw_only=True)
class MlsConnectionView:
    """Whose account is read, whether the professional has set one of their own, and what came of the last check."""

    provider: str
    is_set: bool
    check: MlsCheck | None
    checked_at: datetime | None
    version: int


@frozen(kw_only=True)
class NewMlsConnection:
    """An account. Stored encrypted; no answer repeats it."""

    provider: str = field(validator=fields.text(60, at_least=1))
    username: str = field(validator=fields.text(LONGEST_LOGIN, at_least=1), repr=False)
    password: str = field(validator=fields.text(LONGEST_LOGIN, at_least=1), repr=False)


@frozen(kw_only=True)
class CheckView:
    """What came of reading one page of the feed.

    `reason`: a short code where it did not work. `listings`, `unread`: records of the page that could be read and that
    could not; `more`: there are further pages. `connection`: as it is now.
    """

    check: MlsCheck
    connection: MlsConnectionView
    reason: str | None = None
    retry_after_s: float | None = None
    listings: int | None = None
    unread: int | None = None
    more: bool | None = None


class MlsConnection(Controller):
    """Routes of the MLS account."""

    path = "/mls-connection"
    tags = ["account"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.ACCOUNT_READ})
    async def read_mls_connection(self, api: TheApi, principal: Caller) -> MlsConnectionView:
        """Say whether an account is set, and what came of its last check."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await tx.users.get(principal.user_id))

    @put(opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def set_mls_connection(
        self, api: TheApi, principal: Caller, data: JSONBody[NewMlsConnection]
    ) -> MlsConnectionView:
        """Set the account to read with; it is stored encrypted and never shown."""
        if not api.settings.secret_keys:
            raise Misconfigured(["NUDGE_SECRET_KEYS: needed to store MLS credentials"])
        if data.provider not in FEEDS:
            raise Invalid("provider", f"one of {', '.join(sorted(FEEDS))}", data.provider)
        async with api.parts.store.tenant(principal.user_id) as tx:
            name, password = Secret(data.username), Secret(data.password)
            return _view(await connect(tx, data.provider, name, password, principal.actor))

    @delete(opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def forget_mls_connection(self, api: TheApi, principal: Caller) -> None:
        """Forget the account; the operator's own, where there is one, is read from then on."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await disconnect(tx, principal.actor)

    @post("/test", status_code=200, opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def check_mls_connection(self, api: TheApi, principal: Caller) -> CheckView:
        """Read one page of the feed and say how that went: works, refused, unreachable or not configured."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            user = await tx.users.get(principal.user_id)
        found = await check(api.feed, user, api.now())
        async with api.parts.store.tenant(principal.user_id) as tx:
            now = await note_check(tx, user, found.check)
        return _answer(found, now)


@frozen(kw_only=True)
class Found:
    """What came of a check."""

    check: MlsCheck
    reason: str | None = None
    retry_after_s: float | None = None
    listings: int | None = None
    unread: int | None = None
    more: bool | None = None


async def check(
    feed_of: Callable[[User], ListingFeed], user: User, now: datetime, deadline_s: float = CHECK_DEADLINE_S
) -> Found:
    """Open a professional's feed, read its first page, and close it. What a feed can do is an answer, never raised.

    Args:
        feed_of: opens it.
        user: whose.
        now: the present instant, which no cursor passes.
        deadline_s: how long all of it may take.
    """
    try:
        feed = feed_of(user)
    except Misconfigured:
        return Found(check=MlsCheck.NOT_CONFIGURED, reason="not_configured")
    try:
        async with asyncio.timeout(deadline_s):
            page = await feed.read(FeedCursor(source_id=feed.source_id), now)
    except TimeoutError:
        return Found(check=MlsCheck.UNREACHABLE, reason=DEADLINE)
    except Refused as error:
        return Found(check=MlsCheck.REFUSED, reason=error.reason)
    except Unavailable as error:
        return Found(check=MlsCheck.UNREACHABLE, reason=UNAVAILABLE, retry_after_s=error.retry_after_s)
    except Misconfigured:
        return Found(check=MlsCheck.NOT_CONFIGURED, reason="not_configured")
    finally:
        await feed.aclose()
    return Found(check=MlsCheck.WORKS, listings=len(page.listings), unread=len(page.unread), more=page.more)


def _view(user: User) -> MlsConnectionView:
    return MlsConnectionView(
        provider=user.tool_provider,
        is_set=user.mls_username is not None,
        check=user.mls_check,
        checked_at=user.mls_checked_at,
        version=user.version,
    )


def _answer(found: Found, user: User) -> CheckView:
    return CheckView(
        check=found.check,
        connection=_view(user),
        reason=found.reason,
        retry_after_s=found.retry_after_s,
        listings=found.listings,
        unread=found.unread,
        more=found.more,
    )
