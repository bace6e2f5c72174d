"""The timetable, heartbeats, and counts for the health page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.sends import due_at
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict
from nudge_core.model.health import Heartbeat, TextVitals
from nudge_core.model.message import Delivery
from nudge_core.model.timetable import RunOutcome, TimetableEntry

_DIED = "its process died"


class MemoryTimetable:
    """Recurring work, one row for each kind."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._entries = world.timetable

    @writing
    async def ensure(self, intervals_s: Mapping[str, float]) -> None:
        """Add the entries that are missing, due at once, and write the interval of those that have another one."""
        for name, interval_s in intervals_s.items():
            entry = self._entries.get(name)
            if entry is None:
                entry = TimetableEntry(name=name, interval_s=interval_s, next_run_at=self._work.now)
            self._entries.put(name, evolve(entry, interval_s=interval_s))

    @writing
    async def claim(self, names: Sequence[str], lease_s: float) -> Sequence[TimetableEntry]:
        """Take those among `names` that are due; each gets attempt + 1 and a lease."""
        now = self._work.now
        due = [
            entry
            for entry in self._entries.rows()
            if entry.name in names
            and entry.next_run_at <= now
            and (entry.lease_until is None or entry.lease_until <= now)
        ]
        claimed = []
        for entry in sorted(due, key=lambda one: (one.next_run_at, one.name)):
            if entry.lease_until is not None:
                entry = evolve(
                    entry,
                    failures=entry.failures + 1,
                    last_outcome=RunOutcome.ABANDONED,
                    last_error=_DIED,
                    last_ended_at=entry.lease_until,
                )
            taken = evolve(
                entry, attempt=entry.attempt + 1, lease_until=now + timedelta(seconds=lease_s), last_started_at=now
            )
            self._entries.put(entry.name, taken)
            claimed.append(taken)
        return claimed

    def _ours(self, entry: TimetableEntry) -> TimetableEntry | None:
        stored = self._entries.get(entry.name)
        return stored if stored and stored.attempt == entry.attempt and stored.lease_until is not None else None

    @writing
    async def extend(self, entries: Sequence[TimetableEntry], lease_s: float) -> Sequence[str]:
        """Prolong the leases of runs that go on; return the names of those still ours, sorted."""
        until = self._work.now + timedelta(seconds=lease_s)
        ours = [stored for entry in entries if (stored := self._ours(entry)) is not None]
        for entry in ours:
            self._entries.put(entry.name, evolve(entry, lease_until=until))
        return sorted(entry.name for entry in ours)

    def _ended(self, entry: TimetableEntry, next_run_at: datetime) -> TimetableEntry:
        ours = self._ours(entry)
        if ours is None:
            raise Conflict("timetable entry", "the claim is no longer ours")
        return evolve(ours, lease_until=None, next_run_at=next_run_at, last_ended_at=self._work.now)

    @writing
    async def finish(self, entry: TimetableEntry, next_run_at: datetime) -> None:
        """End a claimed run with `DONE`. Raises Conflict when the claim is no longer ours."""
        ended = self._ended(entry, next_run_at)
        done = evolve(ended, last_outcome=RunOutcome.DONE, last_error=None, failures=0)
        self._entries.put(entry.name, done)

    @writing
    async def put_back(self, entry: TimetableEntry, outcome: RunOutcome, error: str, next_run_at: datetime) -> None:
        """End a claimed run that failed. Raises Conflict when the claim is no longer ours."""
        ended = self._ended(entry, next_run_at)
        failed = evolve(ended, last_outcome=outcome, last_error=error, failures=ended.failures + 1)
        self._entries.put(entry.name, failed)

    @writing
    async def release(self, entry: TimetableEntry) -> None:
        """Give a claim back unfinished, due as before. Does nothing when it is not ours."""
        ours = self._ours(entry)
        if ours is not None:
            self._entries.put(entry.name, evolve(ours, lease_until=None))

    @reading
    async def all(self) -> Sequence[TimetableEntry]:
        """Return every entry, by name."""
        return sorted(self._entries.rows(), key=lambda entry: entry.name)


class MemoryHeartbeats:
    """Signs of life of processes."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._beats = world.heartbeats

    @writing
    async def beat(self, heartbeat: Heartbeat) -> None:
        """Store a process's sign of life over its last one, seen now."""
        self._beats.put(heartbeat.worker_id, evolve(heartbeat, seen_at=self._work.now))

    @reading
    async def seen_since(self, instant: datetime) -> Sequence[Heartbeat]:
        """Return the processes that were seen then or later, by start and id."""
        seen = [beat for beat in self._beats.rows() if beat.seen_at >= instant]
        return sorted(seen, key=lambda beat: (beat.started_at, beat.worker_id))

    @writing
    async def forget(self, worker_id: UUID) -> None:
        """Remove a process that ends on purpose. Does nothing when it is unknown."""
        if worker_id in self._beats:
            self._beats.drop(worker_id)

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove the processes that were last seen earlier; return how many."""
        old = [beat.worker_id for beat in self._beats.rows() if beat.seen_at < instant]
        for worker_id in old:
            self._beats.drop(worker_id)
        return len(old)


class MemoryVitals:
    """Counts over all professionals."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._world = world

    @reading
    async def texts(self) -> TextVitals:
        """Return the state of the sending machine."""
        now = self._work.now
        rows = [message for _, book in self._world.books() for message in book.messages.rows()]
        due = [due_at(row) for row in rows if row.delivery is Delivery.QUEUED and due_at(row) <= now]
        return TextVitals(
            due=len(due),
            oldest_due_at=min(due, default=None),
            stuck=sum(
                row.delivery is Delivery.SENDING and row.lease_until is not None and row.lease_until <= now
                for row in rows
            ),
            doubts=sum(row.delivery is Delivery.IN_DOUBT for row in rows),
            unconfirmed=sum(row.delivery is Delivery.UNCONFIRMED for row in rows),
        )

    @reading
    async def read_times(self) -> Mapping[str, datetime]:
        """Return, per source, when its cursor was last stored."""
        return {c.source_id: c.updated_at for c in self._world.cursors.rows() if c.updated_at is not None}
