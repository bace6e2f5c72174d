"""The lists that screens ask for all day, in one round trip each with the proof that the reader's session stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from attrs import frozen

from nudge_adapters.sql.ports import screen_statements
from nudge_adapters.sql.ports.client_filter import asked, values
from nudge_adapters.sql.read_pool import ReadPool, Rows
from nudge_core.errors import Invalid
from nudge_core.model.client import ClientFilter, ClientOrder
from nudge_core.model.lines import ClientLine, ConversationLine
from nudge_core.model.message import Direction, MessageStatus
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.sort_key import read, written
from nudge_core.ports import Clock
from nudge_core.ports.screens import Reader

_DIRECTIONS, _STATUSES = {one.value: one for one in Direction}, {one.value: one for one in MessageStatus}
_AT, _MESSAGE = 5, 6  # columns of a conversation
_ID = 0  # column that is never NULL in a page: the id of the client, of either list


@frozen(eq=False)
class SqlScreens:
    """The `Screens` on PostgreSQL. `clock` None: the database's own."""

    _reads: ReadPool
    _clock: Clock | None

    async def clients(
        self, reader: Reader, request: PageRequest, order: ClientOrder, which: ClientFilter
    ) -> Page[ClientLine] | None:
        """Return a page of the book."""
        statement = screen_statements.clients(order, asked(which), goes_on=request.after is not None)
        given = {**statement.constants, **values(which)}
        if request.after is not None:
            given["value"], given["id"] = _client_key(request.after, order)
        rows = await self._page(reader, request, statement.sql, screen_statements.CLIENT_ORDER[order], given)
        if rows is None:
            return None
        shown = rows[: request.limit]
        last = _written(shown[-1][-1], shown[-1][_ID]) if len(rows) > len(shown) else None
        return Page(items=tuple([ClientLine(*row[:-1]) for row in shown]), last=last)

    async def conversations(
        self, reader: Reader, request: PageRequest, unread_only: bool
    ) -> Page[ConversationLine] | None:
        """Return a page of the clients with whom texts were exchanged, the one with the newest text first."""
        given: dict[str, object] = {}
        if request.after is not None:
            given["at"], given["id"] = read(request.after, datetime, UUID)
        statement = screen_statements.conversations(unread_only=unread_only, goes_on=request.after is not None)
        rows = await self._page(reader, request, statement, screen_statements.CONVERSATION_ORDER, given)
        if rows is None:
            return None
        shown = rows[: request.limit]
        last = written(shown[-1][_AT], shown[-1][_MESSAGE]) if len(rows) > len(shown) else None
        return Page(items=tuple([_conversation(*row) for row in shown]), last=last)

    async def _page(
        self, reader: Reader, request: PageRequest, statement: str, order: str, key: Mapping[str, object]
    ) -> Rows | None:
        """Return the rows of a page and one more; None when the reader's session does not stand."""
        given = {**key, "user_id": reader.user_id, "limit": request.limit + 1}
        if reader.session_id is not None:
            statement = screen_statements.proved(statement, order)
            given["session_id"] = reader.session_id
            given["now"] = None if self._clock is None else self._clock.now()
        (rows,) = await self._reads.read(reader.user_id, (statement, given))
        if reader.session_id is None:
            return rows
        if not rows:
            return None
        return [] if rows[0][_ID] is None else rows


# Any: the columns, as the driver gives them.
def _conversation(client_id: UUID, name: str, text: str, direction: str, status: str, *rest: Any) -> ConversationLine:
    return ConversationLine(client_id, name, text, _DIRECTIONS[direction], _STATUSES[status], *rest)


def _written(value: str | datetime, client_id: UUID) -> tuple[str, str]:
    text = value if isinstance(value, str) else value.astimezone(UTC).isoformat(timespec="microseconds")
    return text, str(client_id)


def _client_key(after: tuple[str, ...], order: ClientOrder) -> tuple[str | datetime, UUID]:
    try:
        value, client_id = after
        return value if order is ClientOrder.NAME else datetime.fromisoformat(value), UUID(client_id)
    except ValueError as error:
        raise Invalid("cursor", "a cursor of this list", after) from error
