"""Lists of texts for a screen: pages of them, and one line per client."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, column, select, text

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.keyset import Sorted, beyond
from nudge_adapters.sql.rows.texts import message_from_row
from nudge_adapters.sql.work import Work, reading
from nudge_core.model.conversation import Conversation, MessageFilter
from nudge_core.model.message import Message
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.sort_key import read, written

_message = tables.message
_COLUMNS = ", ".join(f"m.{one.name}" for one in _message.c)
_NEWEST = (Sorted(_message.c.created_at, descending=True), Sorted(_message.c.id, descending=True))

# The newest text of a client, by one step down `ix_message_user_id_client_id`. LIMIT keeps the planner from turning
# it into a join of the whole table with itself.
_NEWEST_OF = """
    SELECT n.id FROM message n WHERE n.user_id = :user_id AND n.client_id = {client}
    ORDER BY n.created_at DESC, n.id DESC LIMIT 1
"""
_UNREAD_OF = """
    SELECT count(*) AS unread FROM message u WHERE u.user_id = :user_id AND u.client_id = m.client_id
    AND u.direction = 'INBOUND' AND u.read_at IS NULL
"""
_AFTER = "m.created_at <= :at AND (m.created_at, m.id) < (:at, :id)"

# Down `ix_message_user_id_created_at`, newest first, and every text that is not its client's newest is passed over.
_ALL = """
    SELECT m.* FROM message m
    CROSS JOIN LATERAL ({newest}) AS newest
    WHERE m.user_id = :user_id AND newest.id = m.id AND {after}
    ORDER BY m.created_at DESC, m.id DESC LIMIT :limit
"""

# From the clients of whose texts one is unread (`ix_message_unread`): they are few.
_UNREAD = """
    SELECT m.* FROM (
        SELECT DISTINCT client_id FROM message
        WHERE user_id = :user_id AND direction = 'INBOUND' AND read_at IS NULL) AS waiting
    CROSS JOIN LATERAL ({newest}) AS newest
    JOIN message m ON m.user_id = :user_id AND m.id = newest.id
    WHERE {after}
    ORDER BY m.created_at DESC, m.id DESC LIMIT :limit
"""

_SHOWN = """
    WITH shown AS MATERIALIZED ({shown})
    SELECT {columns}, client.full_name, counted.unread FROM shown m
    JOIN client ON client.user_id = m.user_id AND client.id = m.client_id
    CROSS JOIN LATERAL ({unread}) AS counted
    ORDER BY m.created_at DESC, m.id DESC
"""


def statement(*, unread_only: bool, goes_on: bool) -> str:
    """Return the SQL of a page of conversations; `goes_on`: after a key (`:at`, `:id`)."""
    newest = _NEWEST_OF.format(client="waiting.client_id" if unread_only else "m.client_id")
    shown = (_UNREAD if unread_only else _ALL).format(newest=newest, after=_AFTER if goes_on else "true")
    return _SHOWN.format(shown=shown, columns=_COLUMNS, unread=_UNREAD_OF)


_STATEMENTS = {
    (unread_only, goes_on): text(statement(unread_only=unread_only, goes_on=goes_on)).columns(
        *_message.c, column("full_name"), column("unread")
    )
    for unread_only in (False, True)
    for goes_on in (False, True)
}


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

    @reading
    async def conversations(self, request: PageRequest, unread_only: bool) -> Page[Conversation]:
        """Return a page of the clients with whom texts were exchanged, the one with the newest text first."""
        values: dict[str, object] = {"user_id": self._work.owner, "limit": request.limit + 1}
        if request.after is not None:
            values["at"], values["id"] = read(request.after, datetime, UUID)
        rows = await self._work.rows(_STATEMENTS[unread_only, request.after is not None], values)
        shown = tuple(
            Conversation(
                client_id=row["client_id"],
                client_name=row["full_name"],
                last=message_from_row(row),
                unread=row["unread"],
            )
            for row in rows[: request.limit]
        )
        return Page(items=shown, last=_key(shown[-1].last) if len(rows) > len(shown) else None)


def _key(message: Message) -> tuple[str, ...]:
    return written(message.created_at, message.id)
