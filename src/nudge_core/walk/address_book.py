"""An address book elsewhere, read page by page. No transaction is open while it is."""

from __future__ import annotations

from attrs import evolve, field, frozen

from nudge_core.book.intake import MOST_CONTACTS
from nudge_core.errors import Conflict, Invalid
from nudge_core.model.written import Written
from nudge_core.ports import ContactBook

MOST_PAGES = 1_000
"""A book of `MOST_CONTACTS` in pages of 50; a server that never ends is not read for ever."""


@frozen(kw_only=True)
class AddressBook:
    """What was read. `contacts`: numbered from 1 as lines. `is_whole`: False: only what changed since the last time."""

    contacts: tuple[Written, ...] = field(repr=False)
    sync_token: str | None = field(repr=False)
    is_whole: bool
    gone: int


async def read_address_book(book: ContactBook, sync_token: str | None) -> AddressBook:
    """Read all of an address book, or what changed since; all of it when that is too long ago.

    Raises:
        Invalid: it has more than `MOST_CONTACTS`, or never ends.
        Refused, Unavailable: see `ContactBook.page`.
    """
    try:
        return await _read(book, sync_token)
    except Conflict:
        if sync_token is None:
            raise
        return await _read(book, None)


async def _read(book: ContactBook, sync_token: str | None) -> AddressBook:
    contacts: list[Written] = []
    gone, cursor = 0, None
    for _ in range(MOST_PAGES):
        page = await book.page(cursor, sync_token)
        contacts += page.contacts
        gone += page.gone
        if len(contacts) > MOST_CONTACTS:
            raise Invalid("contacts", f"at most {MOST_CONTACTS} contacts at once", None)
        if page.cursor is None:
            numbered = tuple(evolve(one, line=line) for line, one in enumerate(contacts, 1))
            return AddressBook(contacts=numbered, sync_token=page.sync_token, is_whole=sync_token is None, gone=gone)
        cursor = page.cursor
    raise Invalid("contacts", f"at most {MOST_PAGES} pages", None)
