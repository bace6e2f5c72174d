"""The eight planted errors of `reliability.md` 6. Each is patched into a worker after the fork; no file is changed.

Where the product's SQL must be wrong, the statement is changed on its way to the driver, so that the patch holds
however the statement is built; what is a function of the database is replaced in the run's own database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

import psycopg
from attrs import evolve
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from nudge_adapters.sql.ports.claiming import CLAIM
from nudge_adapters.sql.ports.messages import SqlMessages
from nudge_adapters.sql.store import SqlStore
from nudge_core.model.carrier import Doubtful, OutgoingText, SendOutcome, TryLater
from nudge_core.model.message import Delivery
from nudge_core.policy import caps, quiet_hours
from nudge_core.ports import SmsGateway
from nudge_core.steps import deliver
from tests.chaos.failpoints import Wrapped

CAUGHT_BY = MappingProxyType(
    {
        "M1": ("I2",),
        "M2": ("I3",),
        "M3": ("I4",),
        "M4": ("I1", "I7"),
        "M5": ("I8",),
        "M6": ("I9",),
        "M7": ("I2",),
        "M8": ("I6",),
    }
)
"""Mutant to the invariants that must catch it."""

_TENANT_OF_THE_SESSION = "SELECT current_setting('app.tenant_id', true)"
_WINTER = timezone(timedelta(hours=-6))


def _no_attempt_in_the_requeue() -> None:
    """M1: a move back to the queue asks for the state alone."""
    move = SqlMessages.move

    async def unguarded(self: SqlMessages, message_id: UUID, **how: Any) -> bool:
        attempt = None if how["to"] is Delivery.QUEUED else how["attempt"]
        return await move(self, message_id, **(how | {"attempt": attempt}))

    SqlMessages.move = unguarded  # type: ignore[method-assign]


def _rewritten(is_meant: Callable[[str], bool], old: str, new: str) -> None:
    """Change a part of every statement that is meant, in this process."""

    def change(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> Any:
        return (statement.replace(old, new) if is_meant(statement) else statement), values

    event.listen(Engine, "before_cursor_execute", change, retval=True)


def plant_in(url: str, mutant: str | None) -> None:
    """Make the functions of this database wrong. M2: the claim, and its look for a STOP that overtook it, see none."""
    if mutant == "M2":
        blind = CLAIM.statement.replace("FROM suppression s ", "FROM (SELECT * FROM suppression LIMIT 0) s ")
        assert blind != CLAIM.statement
        definition = evolve(CLAIM, statement=blind).definition("public")
        with psycopg.connect(url) as connection:
            connection.execute(definition.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1).encode())


def _naive_time_zone() -> None:
    """M3: summer is forgotten."""

    def naive_local(instant: datetime, _zone: str) -> datetime:
        return instant.astimezone(_WINTER)

    def naive_at(day: date, clock: time, _zone: str) -> datetime:
        return datetime.combine(day, clock, _WINTER).astimezone(UTC)

    for name, naive in (("to_local", naive_local), ("at", naive_at)):
        setattr(quiet_hours, name, naive)


def _result_not_committed() -> None:
    """M4: what the carrier answered is not stored."""

    async def forget(_tx: object, results: Sequence[object], _settings: object) -> list[None]:
        """The transaction is opened, and nothing of it is kept."""
        return [None for _ in results]

    setattr(deliver, "record_all", forget)  # noqa: B010  the type is another one


def _tenant_set_for_the_session() -> None:
    """M6: the tenant of a transaction is set for the whole session of a pooled connection."""
    _rewritten(
        lambda statement: "'app.tenant_id'" in statement,
        "set_config('app.tenant_id', %(tenant)s::VARCHAR, true)",
        "set_config('app.tenant_id', %(tenant)s::VARCHAR, false)",
    )
    _rewritten(
        lambda statement: "'app.tenant_id'" in statement,
        "set_config('app.tenant_id', %(tenant)s, true)",
        "set_config('app.tenant_id', %(tenant)s, false)",
    )


def _cap_by_the_date_of_utc() -> None:
    """M8: the day of a cap is that of UTC, not the recipient's."""
    setattr(caps, "local_date", lambda instant, _zone: instant.astimezone(UTC).date())  # noqa: B010 - planted on purpose


_PATCHES: MappingProxyType[str, Callable[[], None]] = MappingProxyType(
    {
        "M1": _no_attempt_in_the_requeue,
        "M3": _naive_time_zone,
        "M4": _result_not_committed,
        "M6": _tenant_set_for_the_session,
        "M8": _cap_by_the_date_of_utc,
    }
)


def plant(mutant: str | None) -> None:
    """Make this process wrong. M2 is made by `plant_in`, M5 and M7 by `workers.work` and `gateway`."""
    if mutant is not None and mutant in _PATCHES:
        _PATCHES[mutant]()


def gateway(mutant: str | None, inner: SmsGateway) -> SmsGateway:
    """Return the gateway, which under M7 takes an answer 500, or none at all, for "not sent"."""
    if mutant != "M7":
        return inner
    return cast("SmsGateway", Wrapped(inner, send=partial(_send_again, inner)))


async def _send_again(inner: SmsGateway, text_: OutgoingText) -> SendOutcome:
    outcome = await inner.send(text_)
    return TryLater(why="again", retry_after_s=0.1) if isinstance(outcome, Doubtful) else outcome


class Probe:
    """The next user of every idle connection: writes down whether an earlier user's tenant is still set (I9, M6).

    Every transaction sets it anew, so that nothing leaks through it; what can be seen is the setting itself.
    """

    def __init__(self, store: SqlStore, transcript: Path) -> None:
        self._engine, self._transcript = store._engine, transcript

    async def look(self) -> None:
        """Borrow every connection that lies in the pool, all at once: whichever was used is among them."""
        pool = self._engine.sync_engine.pool
        assert isinstance(pool, QueuePool)
        found = []
        try:
            async with AsyncExitStack() as borrowed:
                for _ in range(max(pool.checkedin(), 1)):
                    connection = await borrowed.enter_async_context(self._engine.connect())
                    found.append((await connection.execute(text(_TENANT_OF_THE_SESSION))).scalar())
        except DBAPIError:
            return  # the server is away
        with self._transcript.open("a") as out:
            out.writelines(f"{tenant or '-'}\n" for tenant in found)
