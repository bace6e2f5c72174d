"""Pages of texts for a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from nudge_adapters.memory.journal import Table, Work, reading
from nudge_core.model.conversation import MessageFilter
from nudge_core.model.message import Message
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

    def held(self) -> Sequence[Message]:
        """Return all of them, for lists that are made beside."""
        return list(self._messages.rows())


def _when(message: Message) -> Key:
    return message.created_at, message.id
