"""Recurring work: each kind is a row with the time of its next run, claimed like a text and never lost.

A run that raises, or takes longer than it may, is recorded with a reason and comes again later and later; it never
stops the others. A worker that dies leaves a lease that runs out. All times are the store's, so a process whose clock
jumps runs nothing early, late or twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta

from attrs import field, frozen

from nudge_core.errors import Conflict
from nudge_core.model import fields
from nudge_core.model.timetable import MOST_NAME, RunOutcome, TimetableEntry
from nudge_core.walk.bounds import Bounded, code_of
from nudge_core.walk.parts import Parts

LEASE_S = 60.0  # prolonged by every heartbeat while the run goes on: so long a dead worker's work waits for another
FIRST_PAUSE_S = 30.0  # before a run that failed is tried again; doubled each time
LONGEST_PAUSE_S = 3_600.0  # work that keeps failing is tried hourly, so that it recovers when its cause goes
ALARM_AFTER = 5  # failures in a row until a person should look (reliability.md C2)


@frozen(kw_only=True)
class Job:
    """One kind of recurring work. `interval_s`: from the end of a run to the next. `limit_s`: what a run may take."""

    name: str = field(validator=fields.text(MOST_NAME, at_least=1))
    interval_s: float = field(validator=fields.between(1, 366 * 86_400))
    limit_s: float = field(validator=fields.between(1, 86_400))
    run: Callable[[Parts], Awaitable[object]]


@frozen(kw_only=True)
class Ran:
    """How a run ended. `failures`: in a row, this one included. `outcome` None: another worker had taken it over."""

    name: str
    outcome: RunOutcome | None
    error: str | None = None
    failures: int = 0
    next_run_at: datetime | None = None

    @property
    def alarming(self) -> bool:
        """Whether a person should look at it."""
        return self.failures >= ALARM_AFTER


async def write_timetable(parts: Parts, jobs: Sequence[Job]) -> None:
    """Make sure that every job stands in the timetable. Several workers may do so at once."""
    async with parts.store.system() as tx:
        await tx.timetable.ensure({job.name: job.interval_s for job in jobs})


async def claim_due(parts: Parts, jobs: Sequence[Job], busy: Collection[str] = ()) -> Sequence[TimetableEntry]:
    """Take the jobs that are due, except those in `busy`, which this process runs already."""
    async with parts.store.system() as tx:
        return await tx.timetable.claim([job.name for job in jobs if job.name not in busy], LEASE_S)


async def run_claimed(parts: Parts, job: Job, entry: TimetableEntry, bounded: Bounded) -> Ran:
    """Run a claimed job within its limit and record how it ended. Raises only what the store raises."""
    outcome, error = RunOutcome.DONE, ""
    try:
        await bounded(job.run(parts), job.limit_s)
    except TimeoutError:
        outcome, error = RunOutcome.TIMED_OUT, f"took longer than {job.limit_s:g} s"
    except Exception as raised:
        outcome, error = RunOutcome.FAILED, code_of(raised)
    failures = 0 if outcome is RunOutcome.DONE else entry.failures + 1
    try:
        async with parts.store.system() as tx:
            next_run_at = tx.now + timedelta(seconds=_pause_s(job, failures))
            if outcome is RunOutcome.DONE:
                await tx.timetable.finish(entry, next_run_at)
            else:
                await tx.timetable.put_back(entry, outcome, error, next_run_at)
    except Conflict:
        return Ran(name=job.name, outcome=None)
    return Ran(name=job.name, outcome=outcome, error=error or None, failures=failures, next_run_at=next_run_at)


def _pause_s(job: Job, failures: int) -> float:
    if failures == 0:
        return job.interval_s
    doubled = FIRST_PAUSE_S * 2.0 ** min(failures - 1, 20)
    return max(min(doubled, LONGEST_PAUSE_S), min(job.interval_s, FIRST_PAUSE_S))


async def run_due(parts: Parts, jobs: Sequence[Job], bounded: Bounded) -> tuple[Ran, ...]:
    """Run every job that is due, one after the other, each once."""
    return tuple(
        [
            await run_claimed(parts, job, entry, bounded)
            for job in jobs
            for entry in await claim_due(parts, [job])  # one by one: a claim is not prolonged here while it waits
        ]
    )


async def keep(parts: Parts, entries: Sequence[TimetableEntry]) -> Sequence[str]:
    """Prolong the leases of runs that go on; return the names of those that are still ours."""
    async with parts.store.system() as tx:
        return await tx.timetable.extend(entries, LEASE_S)


async def give_back(parts: Parts, entry: TimetableEntry) -> None:
    """Let another worker take a run over at once: this one stops."""
    async with parts.store.system() as tx:
        await tx.timetable.release(entry)


async def next_run_at(parts: Parts, jobs: Sequence[Job]) -> tuple[datetime, datetime | None]:
    """Return the store's time, and when the next of these jobs can be claimed."""
    names = {job.name for job in jobs}
    async with parts.store.system() as tx:
        entries = [entry for entry in await tx.timetable.all() if entry.name in names]
        return tx.now, min((entry.lease_until or entry.next_run_at for entry in entries), default=None)
