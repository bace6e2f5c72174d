"""One transaction on one connection: its time, whose it is, and the two ways a statement is run in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import ClauseElement, CursorResult, Executable, RowMapping, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from nudge_adapters.sql.bulk import ArrayInsert
from nudge_adapters.sql.encryption import Keyring
from nudge_adapters.sql.failures import translate
from nudge_core.errors import Conflict, Invalid, NudgeError, Unavailable
from nudge_core.model.audit import AuditEntry
from nudge_core.ports import Clock, Ids

P = ParamSpec("P")
R = TypeVar("R")

LOCK_TIMEOUT_S = 10  # a transaction is short; who waits longer for a row waits for a process that is stuck
STATEMENT_TIMEOUT_S = 60  # far above any statement of ours, so that a lost plan ends
IDLE_TIMEOUT_S = 60  # no service is called inside a transaction, so an idle one has lost its process

# Everything is set for this transaction only, so nothing leaks to the next user of a pooled connection
# (reliability.md 8.1), whatever the pool. `app.tenant_id` is what row-level security reads.
_BEGIN = text(
    "SELECT now(), set_config('app.tenant_id', :tenant, true), set_config('TimeZone', 'UTC', true), "
    f"set_config('lock_timeout', '{LOCK_TIMEOUT_S}s', true), "
    f"set_config('statement_timeout', '{STATEMENT_TIMEOUT_S}s', true), "
    f"set_config('idle_in_transaction_session_timeout', '{IDLE_TIMEOUT_S}s', true)"
)


NOW = "app.now"
"""The setting that tells the database the time of a clock that is not its own, for what its triggers write."""

_BEGIN_AT = text(f"SELECT b.*, set_config('{NOW}', :now, true) FROM ({_BEGIN.text}) AS b(now, t, z, l, s, i)")  # noqa: S608 - our own words


_BIND = text("SELECT set_config('app.tenant_id', :tenant, true)")


class Work:
    """One transaction. A write that raises breaks it: later calls raise Conflict, and it cannot commit."""

    def __init__(
        self, connection: AsyncConnection, now: datetime, user_id: UUID | None, ids: Ids, keyring: Keyring | None
    ) -> None:
        self._connection = connection
        self.now = now
        self.user_id = user_id
        self.ids = ids
        self.keyring = keyring
        self.broken = False
        self.ended = False
        self.decisions: list[AuditEntry] = []  # added in this transaction, to be linked before it commits

    @classmethod
    async def begin(
        cls, connection: AsyncConnection, user_id: UUID | None, clock: Clock | None, ids: Ids, keyring: Keyring | None
    ) -> Work:
        """Open the transaction: the one place where a tenant is bound to a connection."""
        tenant = {"tenant": "" if user_id is None else str(user_id)}
        if clock is None:
            now: datetime = (await connection.execute(_BEGIN, tenant)).scalar_one().astimezone(UTC)
        else:
            now = clock.now()
            await connection.execute(_BEGIN_AT, {**tenant, "now": now.isoformat()})
        return cls(connection, now, user_id, ids, keyring)

    @property
    def owner(self) -> UUID:
        """Whose transaction this is; every statement of a tenant's port filters by it."""
        assert self.user_id is not None
        return self.user_id

    def check(self) -> None:
        """Raise unless the transaction is usable."""
        if self.ended:
            raise RuntimeError("the transaction has ended: its block was left")
        if self.broken:
            raise Conflict("transaction", "an earlier write in it failed, so nothing of it is stored")

    def own(self, user_id: UUID | None, field: str) -> None:
        """Raise Invalid when a tenant's transaction is handed another one's row."""
        if self.user_id is not None and user_id != self.user_id:
            raise Invalid(field, "the user of this transaction", user_id)

    def for_nobody(self, what: str) -> None:
        """Raise Invalid in a tenant's transaction: this concerns all professionals."""
        if self.user_id is not None:
            raise Invalid(what, "a system transaction", None)

    # Any: the rows are typed where `nudge_adapters.sql.rows` reads them.
    async def run(
        self, statement: Executable, rows: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run a Core statement."""
        result: CursorResult[*tuple[Any, ...]] = await self._connection.execute(statement, rows)
        return result

    async def rows(self, query: Executable, values: Mapping[str, object] | None = None) -> Sequence[RowMapping]:
        """Run a statement and return its rows by column name."""
        return (await self.run(query, values)).mappings().all()

    async def row(self, query: Executable) -> RowMapping | None:
        """Run a query and return its first row, or None."""
        return (await self.run(query)).mappings().first()

    async def pairs(self, query: Executable) -> dict[Any, Any]:
        """Run a query of two columns and return the second by the first."""
        return {row[0]: row[1] for row in await self.run(query)}

    async def changed(self, statement: Executable, values: Mapping[str, object] | None = None) -> int:
        """Run an INSERT, UPDATE or DELETE and return how many rows it touched."""
        counted = {"preserve_rowcount": True}  # SQLAlchemy forgets it for an INSERT otherwise
        return (await self._connection.execute(statement, values, execution_options=counted)).rowcount

    async def insert(self, insert: ArrayInsert, columns: Sequence[Iterable[object]]) -> CursorResult[*tuple[Any, ...]]:
        """Insert many rows, given as one sequence of values per column, in one statement."""
        return await self._connection.exec_driver_sql(insert.sql, insert.pack(columns))

    @asynccontextmanager
    async def acting_for(self, user_id: UUID | None) -> AsyncIterator[None]:
        """Bind one tenant for a few statements of a system transaction; nothing in a tenant's own, or for nobody."""
        if self.user_id is not None or user_id is None:
            yield
            return
        await self.run(_BIND, {"tenant": str(user_id)})
        try:
            yield
        except Exception:
            with suppress(SQLAlchemyError):  # the statement that failed may have ended the transaction
                await self.run(_BIND, {"tenant": ""})
            raise
        await self.run(_BIND, {"tenant": ""})

    async def together(self, *statements: tuple[ClauseElement, Mapping[str, object]]) -> list[list[dict[str, Any]]]:
        """Run statements in one round trip, past Core; return the rows of each as the driver gives them.

        For the few statements on which the speed of sending hangs: Core costs each as much again as it takes. The
        first that fails raises the driver's error, and those after it have not run.
        """
        connection: psycopg.AsyncConnection[Any] | None = (
            await self._connection.get_raw_connection()
        ).driver_connection
        assert connection is not None
        cursors = [connection.cursor(row_factory=dict_row) for _ in statements]
        async with connection.pipeline():
            for cursor, (statement, values) in zip(cursors, statements, strict=True):
                await cursor.execute(as_sent(statement), values)
        return [await cursor.fetchall() if cursor.description else [] for cursor in cursors]

    def savepoint(self) -> Any:  # Any: SQLAlchemy's nested transaction, used as `async with`
        """Open a savepoint: what fails inside it leaves the transaction whole."""
        return self._connection.begin_nested()


@lru_cache(maxsize=32)  # as many statements as are run so, and what tests put in their place
def as_sent(statement: ClauseElement) -> bytes:
    """Return a textual statement as the driver takes it."""
    return str(statement.compile(dialect=_DRIVER)).encode()


_DRIVER = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # the library has no types here


class Port(Protocol):
    """What the decorators below need of a port."""

    _work: Work


S = TypeVar("S", bound=Port)
Method = Callable[Concatenate[S, P], Coroutine[Any, Any, R]]


def writing(method: Method[S, P, R]) -> Method[S, P, R]:
    """A write: whatever it raises breaks the transaction; what the driver raises is translated."""

    @wraps(method)
    async def guarded(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self._work.check()
        try:
            return await method(self, *args, **kwargs)
        except BaseException as error:
            self._work.broken = True
            if (translated := translate(error)) is not None:
                raise translated from error
            raise

    return guarded


def reading(method: Method[S, P, R]) -> Method[S, P, R]:
    """A read: an answer such as NotFound leaves the transaction whole; what the driver raises is translated."""

    @wraps(method)
    async def guarded(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self._work.check()
        try:
            return await method(self, *args, **kwargs)
        except BaseException as error:
            self._work.broken = not isinstance(error, NudgeError) or isinstance(error, Unavailable)
            if (translated := translate(error)) is not None:
                raise translated from error
            raise

    return guarded
