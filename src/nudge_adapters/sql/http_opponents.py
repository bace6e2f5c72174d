"""What `nudge bench http` compares with: the same statements on the driver's pool, and entities of an ORM."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from attrs import fields, frozen

from nudge_adapters.sql.benchmark import libpq
from nudge_adapters.sql.ports import screen_statements
from nudge_adapters.sql.practices_seed import OWNER
from nudge_adapters.sql.read_pool import ReadPool
from nudge_core.model.client import ClientOrder
from nudge_core.model.lines import ClientLine, ConversationLine
from nudge_core.model.page import USUAL_ITEMS

CLIENTS, CONVERSATIONS, QUEUE = "clients", "conversations", "queue"
VALUES: Mapping[str, object] = {"user_id": OWNER, "limit": USUAL_ITEMS + 1}
STATEMENTS: Mapping[str, Sequence[str]] = {
    CLIENTS: [screen_statements.clients(ClientOrder.NAME, goes_on=False, tag=False, name_has=False)],
    CONVERSATIONS: [screen_statements.conversations(unread_only=False, goes_on=False)],
}

NAMES: Mapping[str, Sequence[str]] = {
    CLIENTS: [one.name for one in fields(ClientLine)],
    CONVERSATIONS: [one.name for one in fields(ConversationLine)],
}
Rows = list[dict[str, Any]]


@frozen(eq=False)
class RawReads:
    """The pages as rows by name: the same statements, on the same kind of pool, as the same role and tenant."""

    _pool: ReadPool

    async def rows(self, what: str) -> list[Rows]:
        """Return the rows of each statement of a list."""
        found = await self._pool.read(OWNER, *((statement, VALUES) for statement in STATEMENTS[what]))
        return [[dict(zip(NAMES[what], row)) for row in rows] for rows in found]  # noqa: B905  a sort key is left out


@asynccontextmanager
async def raw_reads(url: str) -> AsyncIterator[RawReads]:
    """Yield reads on a pool like ours."""
    pool = ReadPool(libpq(url))
    yield RawReads(pool)
    await pool.aclose()
