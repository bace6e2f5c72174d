"""UOW-70 to UOW-79: work handed on."""

from __future__ import annotations

import pytest
from attrs import evolve

from nudge_core.errors import Conflict, NotFound
from nudge_core.model.outbox import MAX_ATTEMPTS, OutboxNote, Topic
from nudge_core.ports import Store
from tests import samples
from tests.contracts.storage import OTHER, OWNER, SteppingClock, StorageContract, add_practice, numbers
from tests.samples import later, uid

ALL = list(Topic)


async def claim(store: Store, limit: int = 10, topics: list[Topic] | None = None) -> list[OutboxNote]:
    """Claim notes for a minute."""
    async with store.system() as tx:
        return list(await tx.notes.claim(ALL if topics is None else topics, limit, 60))


class OutboxContract(StorageContract):
    """A note is written with the data it speaks of, taken by one, done once, and never dropped."""

    async def test_uow_70_the_same_work_is_noted_once(self, store: Store) -> None:
        await add_practice(store)
        mine = samples.note(1, OWNER, dedupe_key="match:5")
        async with store.tenant(OWNER) as tx:
            assert await tx.notes.add([mine, evolve(mine, id=uid(2))]) == 1
            assert await tx.notes.add([evolve(mine, id=uid(3)), samples.note(4, OWNER)]) == 1
        async with store.system() as tx:
            assert await tx.notes.add([evolve(mine, id=uid(5), user_id=OTHER), samples.note(6)]) == 2
            assert await tx.notes.add([evolve(samples.note(6), id=uid(7))]) == 0
            assert await tx.notes.waiting() == {"match": 3, "spread": 1}
        with pytest.raises(NotFound):
            async with store.system() as tx:
                await tx.notes.add([samples.note(8, uid(99))])
        with pytest.raises(Conflict, match="taken"):
            async with store.system() as tx:
                await tx.notes.add([samples.note(1, OWNER, dedupe_key="another")])

    async def test_uow_71_due_notes_oldest_first_of_the_topics_asked_for(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        async with store.system() as tx:
            await tx.notes.add(
                [
                    samples.note(1, OWNER, created_at=later(-1)),
                    samples.note(2),
                    samples.note(3, OTHER, created_at=later(-5), topic=Topic.DRAFT),
                    samples.note(4, OWNER, created_at=later(-9), not_before=later(10)),
                ]
            )
        first = await claim(store, 1, [Topic.MATCH, Topic.SPREAD])
        assert numbers(*first) == [1]
        assert first[0] == samples.note(1, OWNER, created_at=later(-1), attempt=1)
        assert numbers(*await claim(store)) == [3, 2]
        clock.forward(10)
        assert numbers(*await claim(store, topics=[Topic.MATCH])) == [4]
        assert await claim(store, topics=[]) == []

    async def test_uow_72_a_claimed_note_is_nobody_elses_until_its_lease_runs_out(
        self, store: Store, clock: SteppingClock
    ) -> None:
        async with store.system() as tx:
            await tx.notes.add([samples.note(1)])
        assert numbers(*await claim(store)) == [1]
        clock.forward(59)
        assert await claim(store) == []
        clock.forward(1)
        (again,) = await claim(store)
        assert again.attempt == 2

    async def test_uow_73_a_finished_note_is_gone_and_finishing_twice_is_a_conflict(self, store: Store) -> None:
        await add_practice(store)
        async with store.system() as tx:
            await tx.notes.add([samples.note(1, OWNER)])
        with pytest.raises(Conflict):
            async with store.system() as tx:
                await tx.notes.finish(samples.note(1, OWNER))  # never claimed
        (note,) = await claim(store)
        with pytest.raises(Conflict):
            async with store.tenant(OTHER) as tx:
                await tx.notes.finish(note)  # not theirs
        async with store.tenant(OWNER) as tx:
            await tx.notes.finish(note)
        for late in (note, samples.note(9)):
            with pytest.raises(Conflict):
                async with store.system() as tx:
                    await tx.notes.finish(late)
        async with store.system() as tx:
            assert await tx.notes.waiting() == {}
            assert await tx.notes.add([samples.note(1, OWNER)]) == 1

    async def test_uow_74_who_lost_the_claim_cannot_finish_and_their_work_rolls_back(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        async with store.system() as tx:
            await tx.notes.add([samples.note(1, OWNER)])
        (slow,) = await claim(store)
        clock.forward(60)
        (fast,) = await claim(store)
        with pytest.raises(Conflict):  # noqa: PT012 - the error is raised inside the transaction
            async with store.tenant(OWNER) as tx:
                await tx.clients.add([samples.client(OWNER, 99)])
                await tx.notes.finish(slow)
        with pytest.raises(Conflict):
            async with store.tenant(OWNER) as tx:
                await tx.notes.put_back(slow, "late", later(0))
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.clients.book()) == [10]
            await tx.notes.finish(fast)

    async def test_uow_75_a_note_put_back_comes_later(self, store: Store, clock: SteppingClock) -> None:
        async with store.system() as tx:
            await tx.notes.add([samples.note(1)])
        (note,) = await claim(store)
        async with store.system() as tx:
            await tx.notes.put_back(note, "openai is unavailable", later(100))
        with pytest.raises(Conflict):
            async with store.system() as tx:
                await tx.notes.finish(note)
        clock.forward(99)
        assert await claim(store) == []
        clock.forward(1)
        (again,) = await claim(store)
        assert (again.attempt, again.not_before) == (2, later(100))

    async def test_uow_76_after_five_attempts_a_note_is_parked_never_dropped(
        self, store: Store, clock: SteppingClock
    ) -> None:
        async with store.system() as tx:
            await tx.notes.add([samples.note(1), samples.note(2)])
        for attempt in range(1, MAX_ATTEMPTS + 1):
            claimed = await claim(store)
            assert [note.attempt for note in claimed] == [attempt, attempt]
            async with store.system() as tx:
                await tx.notes.put_back(claimed[0], "poison", later(0))
            clock.forward(60)  # the claimer of the second one died
        assert await claim(store) == []
        async with store.system() as tx:
            assert await tx.notes.waiting() == {"parked": 2}

    async def test_uow_77_a_tenant_sees_only_their_own_notes(self, store: Store) -> None:
        await add_practice(store)
        async with store.system() as tx:
            await tx.notes.add([samples.note(1, OWNER), samples.note(2, OTHER), samples.note(3)])
        async with store.tenant(OWNER) as tx:
            assert await tx.notes.waiting() == {"match": 1}
            assert numbers(*await tx.notes.claim(ALL, 10, 60)) == [1]
