"""Reads in one round trip: the tenant is set and the statements are run in one implicit transaction of a pipeline.

For the few lists that screens ask for all day. The connections are the driver's own, kept open between reads: Core
and its pool cost such a read several times what it takes (`reference/performance.md` 8). Whose rows are seen is set for
that transaction only, as `nudge_adapters.sql.work` does: a connection that is kept knows no tenant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from attrs import field, frozen
from psycopg.types.json import set_json_loads

from nudge_adapters.sql.failures import SERVICE, translate
from nudge_adapters.sql.role import WHO_ARE_WE, step_down
from nudge_adapters.sql.work import LOCK_TIMEOUT_S, STATEMENT_TIMEOUT_S
from nudge_core.errors import Unavailable

POOL_SIZE = 8  # a read is short, and a process has one core
POOL_WAIT_S = 10.0
CONNECT_TIMEOUT_S = 10

_TENANT = (
    "SELECT set_config('app.tenant_id', %(tenant)s, true), "
    f"set_config('lock_timeout', '{LOCK_TIMEOUT_S}s', true), "
    f"set_config('statement_timeout', '{STATEMENT_TIMEOUT_S}s', true)"
).encode()

Statement = tuple[str, Mapping[str, object]]
Rows = list[tuple[Any, ...]]  # Any: what the driver makes of the columns
Connection = psycopg.AsyncConnection[tuple[Any, ...]]


@frozen(eq=False)
class ReadPool:
    """Connections for reads. It connects when it is asked; whoever made it closes it.

    Args:
        address: as libpq takes it.
        is_walled: whether to work as `nudge_app`; else with the rights of the login.
    """

    _address: str = field(repr=False)
    _is_walled: bool = True
    _idle: list[Connection] = field(factory=list, init=False, repr=False)
    _free: asyncio.Semaphore = field(factory=lambda: asyncio.Semaphore(POOL_SIZE), init=False, repr=False)

    async def read(self, user_id: UUID, *statements: Statement) -> list[Rows]:
        """Run statements as a professional and return the rows of each; nothing is written.

        A connection that broke while it was kept is replaced once. Raises Unavailable when none comes free in time or
        the database does not answer.
        """
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        try:
            return await self._read(user_id, statements)
        except Exception as error:
            if (translated := translate(error)) is not None:
                raise translated from error
            raise
        finally:
            self._free.release()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POOL_WAIT_S):
                await self._free.acquire()
        except TimeoutError as error:
            raise Unavailable(SERVICE, "no connection came free in time") from error

    async def _read(self, user_id: UUID, statements: Sequence[Statement]) -> list[Rows]:
        kept = bool(self._idle)
        connection = self._idle.pop() if kept else await self._connect()  # the one used last is warm
        try:
            found = await self._run(connection, user_id, statements)
        except BaseException as error:
            broken = connection.closed
            await connection.close()  # whatever state it is in
            if not (kept and broken and isinstance(error, psycopg.OperationalError)):
                raise
            for other in self._idle:  # a server that went took them all
                await other.close()
            self._idle.clear()
            connection = await self._connect()
            found = await self._run(connection, user_id, statements)
        self._idle.append(connection)
        return found

    async def _run(self, connection: Connection, user_id: UUID, statements: Sequence[Statement]) -> list[Rows]:
        cursors = [connection.cursor(binary=True) for _ in statements]
        async with connection.pipeline():
            await connection.execute(_TENANT, {"tenant": str(user_id)})
            for cursor, (statement, values) in zip(cursors, statements, strict=True):
                await cursor.execute(statement.encode(), values)
        return [await cursor.fetchall() for cursor in cursors]

    async def _connect(self) -> Connection:
        connection = await psycopg.AsyncConnection.connect(
            self._address, autocommit=True, prepare_threshold=0, connect_timeout=CONNECT_TIMEOUT_S
        )
        set_json_loads(msgspec.json.decode, connection)
        await connection.execute("SET TIME ZONE 'UTC'")  # instants come as our entities have them
        if self._is_walled:
            found = await (await connection.execute(WHO_ARE_WE.encode())).fetchone()
            statement = step_down(*(found or (None, False, False)))
            if statement is not None:
                await connection.execute(statement.encode())
        return connection

    async def aclose(self) -> None:
        """Give back connections."""
        while self._idle:
            await self._idle.pop().close()
