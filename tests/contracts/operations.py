"""UOW-220 to UOW-239: the timetable, heartbeats, counts for the health page, and notes that gave up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nudge_core.errors import Conflict
from nudge_core.model.feed import FeedCursor
from nudge_core.model.health import Heartbeat, ProcessKind, RedisState, TextVitals
from nudge_core.model.message import Delivery
from nudge_core.model.outbox import MAX_ATTEMPTS
from nudge_core.model.pipeline import RunStatus
from nudge_core.model.timetable import RunOutcome, TimetableEntry
from nudge_core.ports import Store
from tests import samples
from tests.contracts.storage import OWNER, SteppingClock, StorageContract, add_practice, claim, numbers, queue
from tests.samples import NOON, later, uid


async def plan(store: Store, **intervals_s: float) -> None:
    """Write entries."""
    async with store.system() as tx:
        await tx.timetable.ensure(intervals_s)


async def take(store: Store, *names: str, lease_s: float = 60) -> list[TimetableEntry]:
    """Claim due entries."""
    async with store.system() as tx:
        return list(await tx.timetable.claim(names, lease_s))


async def entries(store: Store) -> Sequence[TimetableEntry]:
    """Read the timetable."""
    async with store.system() as tx:
        return await tx.timetable.all()


def beat(number: int, **changes: object) -> Heartbeat:
    """Return a sign of life of a worker that is easy to tell from others."""
    values: dict[str, object] = {
        "worker_id": uid(number), "kind": ProcessKind.WORKER, "started_at": NOON, "seen_at": NOON,
    }  # fmt: skip
    return Heartbeat(**(values | changes))  # type: ignore[arg-type]  # any field


class OperationsContract(StorageContract):
    """Recurring work is run by one, comes again whatever happens to its runner, and everything can be counted."""

    async def test_uow_220_entries_are_added_once_due_at_once_and_take_a_new_interval(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await plan(store, tidy=30, poll=300)
        clock.forward(10)
        await plan(store, tidy=45)
        await plan(store)
        poll, tidy = await entries(store)
        assert poll == TimetableEntry(name="poll", interval_s=300, next_run_at=NOON)
        assert tidy == TimetableEntry(name="tidy", interval_s=45, next_run_at=NOON)

    async def test_uow_221_due_entries_of_the_names_asked_for_earliest_first(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await plan(store, a=10, b=10, c=10)
        for entry in await take(store, "a", "b"):
            async with store.system() as tx:
                await tx.timetable.finish(entry, later(20 if entry.name == "a" else 10))
        assert await take(store, "a", "b", "unknown") == []
        assert await take(store) == []
        clock.forward(20)
        taken = await take(store, "a", "b", "c")
        assert [entry.name for entry in taken] == ["c", "b", "a"]
        assert taken[0] == TimetableEntry(
            name="c", interval_s=10, next_run_at=NOON, lease_until=later(80), attempt=1, last_started_at=later(20)
        )

    async def test_uow_222_a_claimed_entry_is_nobody_elses_and_a_lost_run_counts_as_a_failure(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await plan(store, tidy=30)
        (lost,) = await take(store, "tidy")
        clock.forward(59)
        assert await take(store, "tidy") == []
        clock.forward(1)
        (again,) = await take(store, "tidy")
        assert (again.attempt, again.failures, again.last_outcome) == (2, 1, RunOutcome.ABANDONED)
        assert again.last_ended_at == lost.lease_until
        assert again.last_error

    async def test_uow_223_a_run_that_ends_well_clears_its_failures(self, store: Store, clock: SteppingClock) -> None:
        await plan(store, tidy=30)
        (entry,) = await take(store, "tidy")
        async with store.system() as tx:
            await tx.timetable.put_back(entry, RunOutcome.TIMED_OUT, "TimeoutError", later(5))
        (failed,) = await entries(store)
        assert (failed.failures, failed.last_outcome, failed.last_error) == (1, RunOutcome.TIMED_OUT, "TimeoutError")
        assert (failed.lease_until, failed.last_ended_at, failed.next_run_at) == (None, NOON, later(5))
        clock.forward(5)
        (entry,) = await take(store, "tidy")
        async with store.system() as tx:
            await tx.timetable.finish(entry, later(35))
        (done,) = await entries(store)
        assert (done.failures, done.last_outcome, done.last_error) == (0, RunOutcome.DONE, None)
        assert (done.lease_until, done.last_ended_at, done.next_run_at) == (None, later(5), later(35))

    async def test_uow_224_who_lost_the_claim_cannot_end_the_run(self, store: Store, clock: SteppingClock) -> None:
        await plan(store, tidy=30)
        (slow,) = await take(store, "tidy")
        clock.forward(60)
        (fast,) = await take(store, "tidy")
        with pytest.raises(Conflict):
            async with store.system() as tx:
                await tx.timetable.finish(slow, later(600))
        with pytest.raises(Conflict):
            async with store.system() as tx:
                await tx.timetable.put_back(slow, RunOutcome.FAILED, "late", later(600))
        async with store.system() as tx:
            await tx.timetable.release(slow)
            assert await tx.timetable.extend([slow, fast], 90) == ["tidy"]
        (entry,) = await entries(store)
        assert (entry.attempt, entry.lease_until) == (2, later(150))

    async def test_uow_225_a_lease_is_prolonged_from_now_while_the_run_goes_on(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await plan(store, tidy=30, poll=30)
        running = await take(store, "tidy", "poll")
        clock.forward(50)
        async with store.system() as tx:
            assert await tx.timetable.extend(running, 60) == ["poll", "tidy"]
            assert await tx.timetable.extend([], 60) == []
        clock.forward(59)
        assert await take(store, "tidy", "poll") == []
        clock.forward(1)
        assert len(await take(store, "tidy", "poll")) == 2

    async def test_uow_226_a_released_entry_is_due_as_before_and_has_not_failed(self, store: Store) -> None:
        await plan(store, tidy=30)
        (entry,) = await take(store, "tidy")
        async with store.system() as tx:
            await tx.timetable.release(entry)
            await tx.timetable.release(entry)
        (again,) = await take(store, "tidy")
        assert (again.attempt, again.failures, again.last_outcome) == (2, 0, None)

    async def test_uow_230_a_heartbeat_is_stored_over_the_last_one_and_seen_now(
        self, store: Store, clock: SteppingClock
    ) -> None:
        async with store.system() as tx:
            await tx.heartbeats.beat(beat(1, doing="tidy"))
            await tx.heartbeats.beat(beat(2, kind=ProcessKind.HTTP, started_at=later(-5)))
        clock.forward(30)
        async with store.system() as tx:
            await tx.heartbeats.beat(beat(1, redis=RedisState.GONE, seen_at=later(-900)))
            assert await tx.heartbeats.seen_since(later(30)) == [beat(1, redis=RedisState.GONE, seen_at=later(30))]
            both = await tx.heartbeats.seen_since(NOON)
        assert [one.worker_id for one in both] == [uid(2), uid(1)]
        assert both[0] == beat(2, kind=ProcessKind.HTTP, started_at=later(-5))

    async def test_uow_231_a_process_is_forgotten_when_it_ends_or_was_not_seen_for_long(
        self, store: Store, clock: SteppingClock
    ) -> None:
        async with store.system() as tx:
            for number in (1, 2, 3):
                await tx.heartbeats.beat(beat(number))
            await tx.heartbeats.forget(uid(1))
            await tx.heartbeats.forget(uid(1))
        clock.forward(10)
        async with store.system() as tx:
            await tx.heartbeats.beat(beat(3))
            assert await tx.heartbeats.forget_before(later(10)) == 1
            assert [one.worker_id for one in await tx.heartbeats.seen_since(NOON)] == [uid(3)]

    async def test_uow_232_texts_are_counted_by_what_they_wait_for(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        async with store.system() as tx:
            assert await tx.vitals.texts() == TextVitals(due=0, oldest_due_at=None, stuck=0, doubts=0, unconfirmed=0)
        await queue(store, 1)
        assert len(await claim(store, lease_s=30)) == 1
        await queue(store, 2, recipient="+15125550178")
        await queue(store, 3, recipient="+15125550179", not_before=later(100))
        clock.forward(30)
        async with store.system() as tx:
            stuck = await tx.vitals.texts()
        assert stuck == TextVitals(due=1, oldest_due_at=NOON, stuck=1, doubts=0, unconfirmed=0)
        async with store.tenant(OWNER) as tenant:
            await tenant.messages.move(uid(1), attempt=1, expected=[Delivery.SENDING], to=Delivery.IN_DOUBT)
        async with store.system() as tx:
            assert (await tx.vitals.texts()).doubts == 1
        clock.forward(100)
        async with store.system() as tx:
            assert (await tx.vitals.texts()).due == 2

    async def test_uow_233_how_lately_each_source_was_read(self, store: Store, clock: SteppingClock) -> None:
        for source in ("mls", "spark"):
            async with store.system() as tx:
                await tx.feeds.advance(FeedCursor(source_id=source))
            clock.forward(60)
        async with store.system() as tx:
            assert await tx.vitals.read_times() == {"mls": NOON, "spark": later(60)}

    async def test_uow_234_a_note_whose_last_claimer_died_is_parked_with_a_reason(
        self, store: Store, clock: SteppingClock
    ) -> None:
        async with store.system() as tx:
            await tx.notes.add([samples.note(1), samples.note(2)])
        for _ in range(MAX_ATTEMPTS):
            async with store.system() as tx:
                claimed = await tx.notes.claim([samples.note(1).topic], 10, 60)
                assert await tx.notes.park_abandoned("too early") == 0
            async with store.system() as tx:
                await tx.notes.put_back(claimed[1], "poison", later(0))
            clock.forward(60)
        async with store.system() as tx:
            assert await tx.notes.park_abandoned("its worker died") == 1
            assert await tx.notes.park_abandoned("again") == 0
            parked = await tx.notes.parked(10)
            assert [(note.id, note.error, note.attempt) for note in parked] == [
                (uid(1), "its worker died", MAX_ATTEMPTS),
                (uid(2), "poison", MAX_ATTEMPTS),
            ]
            assert numbers(*await tx.notes.parked(1)) == [1]
            assert await tx.notes.waiting() == {"parked": 2}

    async def test_uow_235_old_runs_are_forgotten_and_running_ones_are_not(self, store: Store) -> None:
        async with store.system() as tx:
            await tx.runs.add(samples.run(1, status=RunStatus.COMPLETED, completed_at=later(-100)))
            await tx.runs.add(samples.run(2, status=RunStatus.COMPLETED, completed_at=later(-10)))
            await tx.runs.add(samples.run(3, started_at=later(-500)))
            assert await tx.runs.forget_before(later(-50)) == 1
            assert sorted(numbers(*await tx.runs.latest(10))) == [2, 3]
