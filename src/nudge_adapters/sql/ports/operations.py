"""The timetable, heartbeats, and counts for the health page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve
from sqlalchemy import ColumnElement, and_, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.across import Across
from nudge_adapters.sql.rows.operations import entry_from_row, heartbeat_from_row, heartbeat_to_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict
from nudge_core.model.health import Heartbeat, TextVitals
from nudge_core.model.timetable import RunOutcome, TimetableEntry

_timetable, _heartbeat, _cursor = tables.timetable, tables.heartbeat, tables.feedcursor

_DIED = "its process died"
_COLUMNS = ", ".join(f"t.{column.name}" for column in _timetable.c)

# A lease that is still there when the entry is claimed ran out: its run was lost.
_CLAIM = text(
    f"""
    UPDATE timetable t SET attempt = attempt + 1, lease_until = :lease_until, last_started_at = :now,
        failures = CASE WHEN t.lease_until IS NULL THEN failures ELSE failures + 1 END,
        last_outcome = CASE WHEN t.lease_until IS NULL THEN last_outcome ELSE :abandoned END,
        last_error = CASE WHEN t.lease_until IS NULL THEN last_error ELSE :died END,
        last_ended_at = CASE WHEN t.lease_until IS NULL THEN last_ended_at ELSE t.lease_until END
    WHERE name = ANY (ARRAY (
        SELECT name FROM timetable
        WHERE name = ANY (:names) AND next_run_at <= :now AND (lease_until IS NULL OR lease_until <= :now)
        ORDER BY name FOR UPDATE SKIP LOCKED))
    RETURNING {_COLUMNS}
    """  # noqa: S608 - only names of ours are put in
).columns(*_timetable.c)

_TEXTS = Across(
    name="text_vitals",
    takes={"now": "timestamptz"},
    gives="TABLE (due bigint, oldest_due_at timestamptz, stuck bigint, doubts bigint, unconfirmed bigint)",
    statement="""
    SELECT
        (SELECT count(*) FROM message WHERE delivery = 'queued' AND due_at <= :now),
        (SELECT min(due_at) FROM message WHERE delivery = 'queued' AND due_at <= :now),
        (SELECT count(*) FROM message WHERE delivery = 'sending' AND lease_until <= :now),
        (SELECT count(*) FROM message WHERE delivery = 'in_doubt'),
        (SELECT count(*) FROM message WHERE delivery = 'unconfirmed')
    """,
)
ACROSS = (_TEXTS,)
_ASK_TEXTS = _TEXTS.call()


class SqlTimetable:
    """Recurring work, one row for each kind."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def ensure(self, intervals_s: Mapping[str, float]) -> None:
        """Add the entries that are missing, due at once, and write the interval of those that have another one."""
        for name, interval_s in sorted(intervals_s.items()):  # one order for all, so that two workers cannot deadlock
            new = {"name": name, "interval_s": interval_s, "next_run_at": self._work.now, "attempt": 0, "failures": 0}
            added = upsert(_timetable).values(new)
            changed = _timetable.c.interval_s.is_distinct_from(added.excluded.interval_s)
            await self._work.run(
                added.on_conflict_do_update(
                    index_elements=["name"], set_={"interval_s": added.excluded.interval_s}, where=changed
                )
            )

    @writing
    async def claim(self, names: Sequence[str], lease_s: float) -> Sequence[TimetableEntry]:
        """Take those among `names` that are due; each gets attempt + 1 and a lease."""
        now = self._work.now
        wanted = {
            "now": now,
            "lease_until": now + timedelta(seconds=lease_s),
            "names": list(names),
            "abandoned": RunOutcome.ABANDONED.value,
            "died": _DIED,
        }
        rows = await self._work.rows(_CLAIM, wanted)
        return [entry_from_row(row) for row in sorted(rows, key=lambda row: (row["next_run_at"], row["name"]))]

    def _ours(self, entry: TimetableEntry) -> ColumnElement[bool]:
        return and_(
            _timetable.c.name == entry.name,
            _timetable.c.attempt == entry.attempt,
            _timetable.c.lease_until.is_not(None),
        )

    @writing
    async def extend(self, entries: Sequence[TimetableEntry], lease_s: float) -> Sequence[str]:
        """Prolong the leases of runs that go on; return the names of those still ours, sorted."""
        until = self._work.now + timedelta(seconds=lease_s)
        return [
            entry.name
            for entry in sorted(entries, key=lambda one: one.name)
            if await self._work.changed(update(_timetable).where(self._ours(entry)).values(lease_until=until))
        ]

    async def _end(self, entry: TimetableEntry, values: Mapping[str, object]) -> None:
        ended = {"lease_until": None, "last_ended_at": self._work.now, **values}
        if await self._work.changed(update(_timetable).where(self._ours(entry)).values(ended)) == 0:
            raise Conflict("timetable entry", "the claim is no longer ours")

    @writing
    async def finish(self, entry: TimetableEntry, next_run_at: datetime) -> None:
        """End a claimed run with `DONE`. Raises Conflict when the claim is no longer ours."""
        done = {"last_outcome": RunOutcome.DONE.value, "last_error": None, "failures": 0}
        await self._end(entry, {"next_run_at": next_run_at, **done})

    @writing
    async def put_back(self, entry: TimetableEntry, outcome: RunOutcome, error: str, next_run_at: datetime) -> None:
        """End a claimed run that failed. Raises Conflict when the claim is no longer ours."""
        failed = {"last_outcome": outcome.value, "last_error": error, "failures": _timetable.c.failures + 1}
        await self._end(entry, {"next_run_at": next_run_at, **failed})

    @writing
    async def release(self, entry: TimetableEntry) -> None:
        """Give a claim back unfinished, due as before. Does nothing when it is not ours."""
        await self._work.changed(update(_timetable).where(self._ours(entry)).values(lease_until=None))

    @reading
    async def all(self) -> Sequence[TimetableEntry]:
        """Return every entry, by name."""
        rows = await self._work.rows(select(_timetable))
        return sorted((entry_from_row(row) for row in rows), key=lambda entry: entry.name)


class SqlHeartbeats:
    """Signs of life of processes."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def beat(self, heartbeat: Heartbeat) -> None:
        """Store a process's sign of life over its last one, seen now."""
        row = heartbeat_to_row(evolve(heartbeat, seen_at=self._work.now))
        stored = upsert(_heartbeat).values(row)
        await self._work.run(stored.on_conflict_do_update(index_elements=["worker_id"], set_=row))

    @reading
    async def seen_since(self, instant: datetime) -> Sequence[Heartbeat]:
        """Return the processes that were seen then or later, by start and id."""
        query = select(_heartbeat).where(_heartbeat.c.seen_at >= instant)
        rows = await self._work.rows(query.order_by(_heartbeat.c.started_at, _heartbeat.c.worker_id))
        return [heartbeat_from_row(row) for row in rows]

    @writing
    async def forget(self, worker_id: UUID) -> None:
        """Remove a process that ends on purpose. Does nothing when it is unknown."""
        await self._work.run(delete(_heartbeat).where(_heartbeat.c.worker_id == worker_id))

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove the processes that were last seen earlier; return how many."""
        return await self._work.changed(delete(_heartbeat).where(_heartbeat.c.seen_at < instant))


class SqlVitals:
    """Counts over all professionals."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @reading
    async def texts(self) -> TextVitals:
        """Return the state of the sending machine."""
        (row,) = await self._work.rows(_ASK_TEXTS, {"now": self._work.now})
        return TextVitals(**row)

    @reading
    async def read_times(self) -> Mapping[str, datetime]:
        """Return, per source, when its cursor was last stored."""
        return await self._work.pairs(select(_cursor.c.source_id, _cursor.c.updated_at))
