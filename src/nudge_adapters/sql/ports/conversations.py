"""Pages of texts for a screen."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.keyset import Sorted, beyond
from nudge_adapters.sql.rows.texts import message_from_row
from nudge_adapters.sql.work import Work, reading
from nudge_core.model.conversation import MessageFilter
from nudge_core.model.message import Message
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.sort_key import read, written

_message = tables.message
_NEWEST = (Sorted(_message.c.created_at, descending=True), Sorted(_message.c.id, descending=True))


class SqlConversations:
    """The part of `Messages` that screens read."""

    _work: Work
    _mine: ColumnElement[bool]

    @reading
    async def page(self, which: MessageFilter, request: PageRequest) -> Page[Message]:
        """Return a page of the texts that a filter lets through, newest first."""
        conditions = [self._mine]
        if which.client_id is not None:
            conditions.append(_message.c.client_id == which.client_id)
        if which.delivery is not None:
            conditions.append(_message.c.delivery == which.delivery)
        if request.after is not None:
            conditions.append(beyond(_NEWEST, read(request.after, datetime, UUID)))
        query = select(_message).where(*conditions).order_by(*(one.order for one in _NEWEST))
        rows = await self._work.rows(query.limit(request.limit + 1))
        shown = tuple(message_from_row(row) for row in rows[: request.limit])
        return Page(items=shown, last=_key(shown[-1]) if len(rows) > len(shown) else None)


def _key(message: Message) -> tuple[str, ...]:
    return written(message.created_at, message.id)
