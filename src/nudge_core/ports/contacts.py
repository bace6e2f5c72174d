"""Contacts from outside: telephone numbers as people write them, and address books elsewhere."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from attrs import field, frozen

from nudge_core.model.contact_account import ContactAccount, ContactGrant
from nudge_core.model.contact_import import ContactImport
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.secret import Secret
from nudge_core.model.written import Written


@frozen(kw_only=True)
class PhoneRead:
    """A number that was read. `e164` None: it could not be, and `problem` says why in words to act on."""

    e164: str | None = field(default=None, repr=False)
    extension: str = field(default="", repr=False)
    problem: str | None = None


@frozen(kw_only=True)
class ContactPage:
    """Some contacts of an address book. `cursor`: of the next page, None after the last one.

    `sync_token`: with the last page: what to ask with the next time. `gone`: how many were removed there; nobody is
    removed here for it.
    """

    contacts: tuple[Written, ...] = field(repr=False)
    cursor: str | None = field(default=None, repr=False)
    sync_token: str | None = field(default=None, repr=False)
    gone: int = 0


class PhoneReader(Protocol):
    """Reads telephone numbers. Pure: no network."""

    def read(self, text: str, region: str) -> PhoneRead:
        """Return the number in E.164, or why it is none.

        Args:
            text: as somebody wrote it, of any length.
            region: two letters (ISO 3166-1): the country of a number without its code.
        """
        ...

    def region_of(self, e164: str) -> str | None:
        """Return the country of a number, two letters; None when its code is shared by no one country."""
        ...


class ContactImports(Protocol):
    """Imports in parts: where each of them stands."""

    async def add(self, imported: ContactImport) -> None:
        """Store one. Raises Conflict when its id is taken."""
        ...

    async def get(self, import_id: UUID) -> ContactImport:
        """Return one, or raise NotFound."""
        ...

    async def save(self, imported: ContactImport) -> None:
        """Replace how far one is: parts done, state, counts, instants; the rest of it stays. Raises NotFound."""
        ...

    async def unfinished(self, mark: str) -> ContactImport | None:
        """Return the newest one with this mark that is `RUNNING`, or None."""
        ...

    async def page(self, request: PageRequest) -> Page[ContactImport]:
        """Return a page of imports, newest first."""
        ...


class ContactAccounts(Protocol):
    """Address books elsewhere that may be read."""

    async def ask(self, grant: ContactGrant) -> None:
        """Store a permission that is being asked for, in the place of one of the same provider."""
        ...

    async def redeem(self, provider: str, state_mark: str, session_id: UUID) -> ContactGrant:
        """Return a permission that was asked for in this session, and forget it: it is good once.

        Raises NotFound: another state, another session, too late, or a second time: all of them alike.
        """
        ...

    async def connect(self, account: ContactAccount) -> None:
        """Store an account, in the place of one with the same provider."""
        ...

    async def get(self, provider: str) -> ContactAccount:
        """Return the account, or raise NotFound."""
        ...

    async def synced(self, provider: str, sync_token: str | None) -> None:
        """Note from where the next reading goes on. Raises NotFound."""
        ...

    async def disconnect(self, provider: str) -> None:
        """Forget the account and what was asked for. A missing one is fine."""
        ...


class ContactBook(Protocol):
    """An address book elsewhere, once the permission is there."""

    async def page(self, cursor: str | None, sync_token: str | None) -> ContactPage:
        """Return one page of contacts.

        Args:
            cursor: of the page before; None: the first one.
            sync_token: of an earlier reading: only what changed since.

        Raises:
            Conflict: the sync token is too old: read all of it again.
            Refused: the permission was taken back.
            Unavailable: try again, not before `retry_after_s`.
        """
        ...


class ContactProvider(Protocol):
    """Somebody who keeps address books and asks their owners before they show them (OAuth 2 with PKCE)."""

    name: str

    def consent_url(self, state: str, challenge: str) -> str:
        """Return the address at which the owner is asked.

        Args:
            state: comes back with the answer; random, for one use, and worth nothing to whoever reads it.
            challenge: of the verifier, by S256 (RFC 7636).
        """
        ...

    async def redeem(self, code: str, verifier: Secret) -> Secret:
        """Return the refresh token for the code that came back.

        Raises:
            Refused: the code or the verifier is not the one, or the permission does not hold for contacts.
            Unavailable: try again.
        """
        ...

    def book(self, refresh_token: Secret) -> ContactBook:
        """Return the address book of whoever gave this token."""
        ...

    async def revoke(self, refresh_token: Secret) -> None:
        """Give the permission back. One that is gone already is fine. Raises Unavailable."""
        ...

    async def aclose(self) -> None:
        """Give back the connections."""
        ...
