"""Storage that keeps the installation running: the timetable, heartbeats, and counts for the health page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.health import Heartbeat, TextVitals
from nudge_core.model.timetable import RunOutcome, TimetableEntry


class Timetable(Protocol):
    """Recurring work, one row for each kind, claimed like a text. Global.

    Every comparison is with the transaction's `now`: what a process takes for the time does not matter.
    """

    async def ensure(self, intervals_s: Mapping[str, float]) -> None:
        """Add the entries that are missing, due at once, and write the interval of those that have another one.

        Entries that are not named stay as they are: another version of the program may know them.
        """
        ...

    async def claim(self, names: Sequence[str], lease_s: float) -> Sequence[TimetableEntry]:
        """Take those among `names` that are due, by `next_run_at` and name; each gets attempt + 1 and a lease.

        No two claimers get the same entry while a lease lasts. An entry whose lease ran out is due again, and the run
        that was lost counts as a failure (`ABANDONED`).
        """
        ...

    async def extend(self, entries: Sequence[TimetableEntry], lease_s: float) -> Sequence[str]:
        """Prolong the leases of runs that go on, counted from now; return the names of those still ours, sorted."""
        ...

    async def finish(self, entry: TimetableEntry, next_run_at: datetime) -> None:
        """End a claimed run with `DONE`. Raises Conflict when the claim is no longer ours."""
        ...

    async def put_back(self, entry: TimetableEntry, outcome: RunOutcome, error: str, next_run_at: datetime) -> None:
        """End a claimed run that failed: `failures` rises. Raises Conflict when the claim is no longer ours."""
        ...

    async def release(self, entry: TimetableEntry) -> None:
        """Give a claim back unfinished, due as before and without a failure. Does nothing when it is not ours."""
        ...

    async def all(self) -> Sequence[TimetableEntry]:
        """Return every entry, by name."""
        ...


class Heartbeats(Protocol):
    """Signs of life of this installation's processes. Global."""

    async def beat(self, heartbeat: Heartbeat) -> None:
        """Store a process's sign of life over its last one. `seen_at` is the transaction's now, whatever it says."""
        ...

    async def seen_since(self, instant: datetime) -> Sequence[Heartbeat]:
        """Return the processes that were seen then or later, by start and id."""
        ...

    async def forget(self, worker_id: UUID) -> None:
        """Remove a process that ends on purpose. Does nothing when it is unknown."""
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Remove the processes that were last seen earlier; return how many."""
        ...


class Vitals(Protocol):
    """Counts over all professionals, cheap enough for a health page. Global, read only."""

    async def texts(self) -> TextVitals:
        """Return the state of the sending machine."""
        ...

    async def read_times(self) -> Mapping[str, datetime]:
        """Return, per source, when its cursor was last moved on or found to be at the end."""
        ...
