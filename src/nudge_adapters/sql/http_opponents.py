"""What `nudge bench http` compares with: the same statements on the driver's pool, and entities of an ORM."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from attrs import frozen
from psycopg_pool import AsyncConnectionPool

from nudge_adapters.sql.benchmark import libpq
from nudge_adapters.sql.ports import screen_statements
from nudge_adapters.sql.practices_seed import OWNER
from nudge_adapters.sql.store import POOL_SIZE
from nudge_adapters.sql.walls import APP
from nudge_core.model.client import ClientOrder
from nudge_core.model.page import USUAL_ITEMS

CLIENTS, CONVERSATIONS, QUEUE = "clients", "conversations", "queue"
_TENANT = "SELECT set_config('app.tenant_id', %(tenant)s, true), set_config('TimeZone', 'UTC', true)"
_VALUES: Mapping[str, object] = {"user_id": OWNER, "limit": USUAL_ITEMS + 1}
STATEMENTS: Mapping[str, Sequence[str]] = {
    CLIENTS: [screen_statements.clients(ClientOrder.NAME, goes_on=False, tag=False, name_has=False)],
}

Rows = list[dict[str, Any]]


@frozen(eq=False)
class RawReads:
    """The pages as rows, as `nudge_app`, in one round trip: the tenant is set and asked for in one transaction."""

    _pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]

    async def rows(self, what: str) -> list[Rows]:
        """Return the rows of each statement of a list, by column name."""
        async with self._pool.connection() as connection:
            cursors = [connection.cursor() for _ in STATEMENTS[what]]
            async with connection.pipeline():
                await connection.execute(_TENANT, {"tenant": str(OWNER)})
                for cursor, statement in zip(cursors, STATEMENTS[what], strict=True):
                    await cursor.execute(statement, _VALUES)
            return [_named(cursor, await cursor.fetchall()) for cursor in cursors]


def _named(cursor: psycopg.AsyncCursor[Any], rows: Sequence[Sequence[Any]]) -> Rows:
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows]


@asynccontextmanager
async def raw_reads(url: str) -> AsyncIterator[RawReads]:
    """Yield reads on a pool of the size of ours."""

    async def configure(connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.execute(f"SET ROLE {APP}")
        await connection.commit()

    async with AsyncConnectionPool(
        libpq(url), min_size=POOL_SIZE, max_size=POOL_SIZE, configure=configure, open=False
    ) as pool:
        yield RawReads(pool)
