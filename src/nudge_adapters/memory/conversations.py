"""Lists of texts for a screen: pages of them, and one line per client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from nudge_adapters.memory.journal import Table, Work, reading
from nudge_adapters.memory.world import Book
from nudge_core.model.conversation import Conversation, MessageFilter
from nudge_core.model.message import Direction, Message
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.sort_key import read, written

T = TypeVar("T")
Key = tuple[datetime, UUID]


def page_by_instant(rows: Iterable[T], key: Callable[[T], Key], request: PageRequest, *, newest_first: bool) -> Page[T]:
    """Return a page of rows in the order of an instant and an id. Raises Invalid for a key that is none of them."""
    after: Key | None = None if request.after is None else _read(request.after)
    rest = [row for row in rows if after is None or (key(row) < after if newest_first else key(row) > after)]
    rest.sort(key=key, reverse=newest_first)
    shown = tuple(rest[: request.limit])
    return Page(items=shown, last=written(*key(shown[-1])) if len(rest) > len(shown) else None)


def _read(after: tuple[str, ...]) -> Key:
    at, row_id = read(after, datetime, UUID)
    return at, row_id


class MemoryConversations:
    """The part of `Messages` that screens read."""

    _work: Work
    _book: Book
    _messages: Table[UUID, Message]

    @reading
    async def page(self, which: MessageFilter, request: PageRequest) -> Page[Message]:
        """Return a page of the texts that a filter lets through, newest first."""
        rows = (
            row
            for row in self._messages.rows()
            if which.client_id in (None, row.client_id) and which.delivery in (None, row.delivery)
        )
        return page_by_instant(rows, _when, request, newest_first=True)

    @reading
    async def conversations(self, request: PageRequest, unread_only: bool) -> Page[Conversation]:
        """Return a page of the clients with whom texts were exchanged, the one with the newest text first."""
        newest: dict[UUID, Message] = {}
        unread: Counter[UUID] = Counter()
        for row in self._messages.rows():
            newest[row.client_id] = max(row, newest.get(row.client_id, row), key=_when)
            unread[row.client_id] += row.direction is Direction.INBOUND and row.read_at is None
        lines = (
            Conversation(
                client_id=client_id,
                client_name=self._book.clients.need(client_id, "client").full_name,
                last=last,
                unread=unread[client_id],
            )
            for client_id, last in newest.items()
            if unread[client_id] or not unread_only
        )
        return page_by_instant(lines, lambda line: _when(line.last), request, newest_first=True)


def _when(message: Message) -> Key:
    return message.created_at, message.id
