"""Recurring work: what raises or hangs is recorded and stops nobody; clocks that jump run nothing early or twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.memory import MemoryStore
from nudge_core.errors import Misconfigured, Refused, Unavailable
from nudge_core.model.timetable import RunOutcome
from nudge_core.walk import Parts, code_of
from nudge_core.walk.jobs import JOBS, feed_jobs
from nudge_core.walk.timetable import (
    ALARM_AFTER,
    LEASE_S,
    LONGEST_PAUSE_S,
    Job,
    claim_due,
    give_back,
    keep,
    next_run_at,
    run_claimed,
    run_due,
    write_timetable,
)
from nudge_entrypoints.drains import bounded
from tests.parts import quiet_parts
from tests.samples import CountingIds, SteppingClock, later

SECRET = "+15125550142 said hello"  # what an error of somebody's code may hold


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def parts(clock: SteppingClock) -> Parts:
    return quiet_parts(MemoryStore(clock, CountingIds(1)), clock)


def counting(name: str, ran: Counter[str], interval_s: float = 30) -> Job:
    """Return a job that counts its runs."""

    async def run(_parts: Parts) -> None:
        ran[name] += 1

    return Job(name=name, interval_s=interval_s, limit_s=10, run=run)


async def raising(_parts: Parts) -> None:
    """A job of somebody who did not think of everything."""
    raise KeyError(SECRET)


async def hanging(_parts: Parts) -> None:
    """A job that never ends."""
    await asyncio.Event().wait()


async def test_one_that_raises_and_one_that_hangs_are_recorded_and_stop_nobody(
    parts: Parts, clock: SteppingClock
) -> None:
    ran: Counter[str] = Counter()
    jobs = [
        Job(name="raises", interval_s=30, limit_s=10, run=raising),
        Job(name="hangs", interval_s=30, limit_s=1, run=hanging),
        counting("works", ran),
    ]
    jobs[1] = Job(name="hangs", interval_s=30, limit_s=1, run=hanging)
    await write_timetable(parts, jobs)

    async def impatient(work: object, limit_s: float) -> object:
        return await bounded(work, limit_s / 100)  # type: ignore[arg-type]  # the same work

    for rounds in range(1, 4):
        done = {one.name: one for one in await run_due(parts, jobs, impatient)}  # type: ignore[arg-type]
        assert done["raises"].outcome is RunOutcome.FAILED
        assert done["hangs"].outcome is RunOutcome.TIMED_OUT
        assert done["works"].outcome is RunOutcome.DONE
        assert (ran["works"], done["raises"].failures) == (rounds, rounds)
        clock.forward(LONGEST_PAUSE_S)
    async with parts.store.system() as tx:
        raised = next(entry for entry in await tx.timetable.all() if entry.name == "raises")
    assert raised.last_error == "unexpected KeyError", "the kind of error, nothing of what it held"


async def test_pauses_grow_to_an_hour_then_a_person_is_called_and_it_recovers_by_itself(
    parts: Parts, clock: SteppingClock
) -> None:
    broken = [Job(name="feed", interval_s=300, limit_s=10, run=raising)]
    await write_timetable(parts, broken)
    pauses, alarms = [], []
    for _ in range(10):
        (ran,) = await run_due(parts, broken, bounded)
        assert ran.next_run_at is not None
        pauses.append((ran.next_run_at - clock.now()).total_seconds())
        alarms.append(ran.alarming)
        assert await run_due(parts, broken, bounded) == ()
        clock.forward(pauses[-1])
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert alarms == [False] * (ALARM_AFTER - 1) + [True] * (10 - ALARM_AFTER + 1)
    ran_well: Counter[str] = Counter()
    (mended,) = await run_due(parts, [counting("feed", ran_well, 300)], bounded)
    assert (mended.outcome, mended.failures, mended.next_run_at) == (
        RunOutcome.DONE,
        0,
        clock.now() + timedelta(seconds=300),
    )


async def test_a_run_that_goes_on_is_kept_and_one_that_was_taken_over_cannot_record(
    parts: Parts, clock: SteppingClock
) -> None:
    ran: Counter[str] = Counter()
    job = counting("slow", ran)
    await write_timetable(parts, [job])
    (entry,) = await claim_due(parts, [job])
    clock.forward(LEASE_S - 1)
    assert await keep(parts, [entry]) == ["slow"]
    clock.forward(LEASE_S - 1)
    assert await claim_due(parts, [job]) == [], "it lives"
    clock.forward(1)
    (taken,) = await claim_due(parts, [job])
    assert await keep(parts, [entry, taken]) == ["slow"]
    late = await run_claimed(parts, job, entry, bounded)
    assert late.outcome is None
    await give_back(parts, taken)
    assert [one.name for one in await claim_due(parts, [job], busy={"slow"})] == []
    assert [one.name for one in await claim_due(parts, [job])] == ["slow"]


async def test_when_to_look_again(parts: Parts, clock: SteppingClock) -> None:
    ran: Counter[str] = Counter()
    jobs = [counting("a", ran, 30), counting("b", ran, 300)]
    assert await next_run_at(parts, jobs) == (clock.now(), None)
    await write_timetable(parts, jobs)
    await run_due(parts, jobs, bounded)
    assert await next_run_at(parts, jobs) == (clock.now(), later(30))
    clock.forward(30)
    await claim_due(parts, jobs[:1])
    assert await next_run_at(parts, jobs) == (clock.now(), later(30 + LEASE_S)), "then its lease would run out"


@given(jumps=st.lists(st.sampled_from([1.0, 29.0, 30.0, 3_600.0, -3_600.0, 86_400.0, -86_400.0]), max_size=30))
async def test_t2_whatever_the_clock_does_no_run_is_early_and_none_overlaps(jumps: list[float]) -> None:
    """T2: the store's clock jumps back and forth by hours and days between two looks."""
    clock = SteppingClock()
    parts = quiet_parts(MemoryStore(clock, CountingIds(1)), clock)
    ran: Counter[str] = Counter()
    job = counting("tidy", ran)
    await write_timetable(parts, [job])
    due = clock.now()
    for jump in jumps:
        before = ran["tidy"]
        await run_due(parts, [job], bounded)
        await run_due(parts, [job], bounded)
        if clock.now() >= due:
            assert ran["tidy"] == before + 1, "once, however often it is looked at"
            due = clock.now() + timedelta(seconds=30)
        else:
            assert ran["tidy"] == before, "never early"
        clock.forward(jump)


def test_the_table_of_jobs_has_one_line_each() -> None:
    async def nothing() -> None: ...

    jobs = (*JOBS, *feed_jobs(nothing, nothing))
    assert len({job.name for job in jobs}) == len(jobs)
    assert {"tidy", "embed_book", "prune", "poll_feeds", "reconcile_feeds"} <= {job.name for job in jobs}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unavailable("reso:actris", f"it said {SECRET}"), "Unavailable: reso:actris"),
        (Refused("openai", "bad", SECRET), "Refused: openai"),
        (Misconfigured(["MLS_TOKEN: missing"]), "Misconfigured: MLS_TOKEN: missing"),
        (ValueError(SECRET), "unexpected ValueError"),
        (TimeoutError(SECRET), "TimeoutError"),
    ],
)
def test_what_is_kept_of_an_error_is_its_kind(error: Exception, code: str) -> None:
    assert code_of(error) == code
