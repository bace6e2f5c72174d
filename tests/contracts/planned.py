"""UOW-270 to UOW-281: planned texts that recur and are claimed, plans of a client, unread texts, interactions."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from nudge_core.errors import Conflict, NotFound
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.interaction import InteractionKind
from nudge_core.model.message import (
    Delivery,
    MessageClass,
    ScheduledMessage,
    ScheduledStatus,
    SenderType,
    release_job,
)
from nudge_core.ports import Store
from tests import samples
from tests.contracts.storage import (
    BEN,
    OTHER,
    OWNER,
    SteppingClock,
    StorageContract,
    add_client,
    add_practice,
    claim,
    numbers,
    queue,
)
from tests.samples import NOON, later, uid


async def plan_texts(store: Store, *planned: ScheduledMessage) -> None:
    """Store planned texts."""
    async with store.tenant(planned[0].user_id) as tx:
        await tx.scheduled.add(planned)


def due(number: int, **changes: Any) -> ScheduledMessage:
    """Return a planned text that is approved and due."""
    values = {"scheduled_at_utc": later(-10), "approval_id": uid(700), "approved_by": "rita", "approved_at": NOON}
    return samples.scheduled(OWNER, number, BEN, **(values | changes))


async def take(store: Store, limit: int = 10, lease_s: float = 60) -> list[int]:
    """Claim what is due; return the numbers."""
    async with store.system() as tx:
        return numbers(*await tx.schedules.claim(limit, lease_s))


class PlannedContract(StorageContract):
    """What is planned is released by one, and no series has two open occurrences."""

    async def test_uow_270_a_planned_text_comes_back_as_it_went_in(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        full = samples.scheduled(
            OWNER,
            80,
            BEN,
            local_at=datetime(2026, 7, 1, 8, 30),  # noqa: DTZ001 - a wall-clock time
            version=3,
            lease_until=later(60),
            message_id=uid(70),
            not_after=later(9_000),
            approval_id=uid(700),
            approved_by="rita",
            approved_at=NOON,
            automatic=True,
            message_class=MessageClass.MARKETING,
            topic="check_in",
            sender_type=SenderType.AI,
            redraft=True,
            drafted_at=NOON,
            drafted_from={"event_id": str(uid(1)), "facts": {"price": "$450,000"}},
            job_id=release_job(uid(80), 3),
            is_recurring=True,
            repeat=samples.repeat(
                with_anchor=True, business_days=True, exceptions=(date(2026, 7, 4), date(2026, 12, 25))
            ),
        )
        await plan_texts(store, full)
        async with store.tenant(OWNER) as tx:
            assert await tx.scheduled.get(uid(80)) == full

    async def test_uow_271_a_change_of_a_planned_text_names_the_version_it_read(self, store: Store) -> None:
        await add_practice(store)
        planned = due(80)
        await plan_texts(store, planned)
        async with store.tenant(OWNER) as tx:
            saved = await tx.scheduled.save(evolve(planned, content="Other words"))
            assert saved == evolve(planned, content="Other words", version=2) == await tx.scheduled.get(uid(80))
        with pytest.raises(Conflict, match="changed"):
            async with store.tenant(OWNER) as tx:
                await tx.scheduled.save(evolve(planned, content="Mine"))

    async def test_uow_272_a_series_has_one_open_occurrence(self, store: Store) -> None:
        await add_practice(store)
        await plan_texts(store, due(80, repeat=samples.repeat()))
        await plan_texts(store, due(81, repeat=samples.repeat(801)))
        with pytest.raises(Conflict, match="open occurrence"):
            await plan_texts(store, due(82, repeat=samples.repeat(occurrence=2)))
        async with store.tenant(OWNER) as tx:
            first = await tx.scheduled.get(uid(80))
            await tx.scheduled.save(evolve(first, status=ScheduledStatus.CANCELLED))
            await tx.scheduled.add([due(82, repeat=samples.repeat(occurrence=2))])
        await add_client(store, OTHER, 10)
        foreign = samples.scheduled(OTHER, 80, BEN, repeat=samples.repeat())
        await plan_texts(store, foreign)

    async def test_uow_273_a_claim_takes_due_approved_texts_soonest_first(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        await plan_texts(
            store,
            due(80),
            due(81, scheduled_at_utc=later(-20)),
            due(82, scheduled_at_utc=later(30)),
            due(83, approval_id=None),
            due(84, status=ScheduledStatus.CANCELLED),
        )
        async with store.system() as tx:
            assert await tx.schedules.next_due() == later(-20)
            (taken,) = await tx.schedules.claim(1, 60)
        assert (taken.id, taken.lease_until, taken.version) == (uid(81), later(60), 1)
        assert await take(store) == [80]
        assert await take(store) == []
        clock.forward(30)
        assert await take(store) == [82]

    async def test_uow_274_a_release_that_died_is_claimed_again(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await plan_texts(store, due(80))
        assert await take(store, lease_s=60) == [80]
        clock.forward(59)
        assert await take(store) == []
        clock.forward(1)
        assert await take(store) == [80]

    async def test_uow_275_texts_of_a_paused_plan_rest_until_they_expire(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            for number, status in (
                (60, BriefingStatus.PAUSED),
                (61, BriefingStatus.DRAFT),
                (62, BriefingStatus.ACTIVE),
            ):
                await tx.briefings.add(samples.briefing(OWNER, number, is_plan=True, client_id=BEN, status=status))
        await plan_texts(
            store,
            due(80, parent_plan_id=uid(60), not_after=later(50)),
            due(81, parent_plan_id=uid(61)),
            due(82, parent_plan_id=uid(62)),
            due(83, approval_id=None, not_after=later(40), scheduled_at_utc=later(30)),
        )
        assert await take(store) == [82]
        clock.forward(50)
        assert await take(store) == [80, 83]

    async def test_uow_276_released_texts_whose_message_ended_are_to_be_followed(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70, 71)
        released = {"status": ScheduledStatus.RELEASED}
        await plan_texts(store, due(80, message_id=uid(70), **released), due(81, message_id=uid(71), **released))
        async with store.system() as tx:
            assert await tx.schedules.unfollowed(9) == []
        await claim(store, 1)
        async with store.tenant(OWNER) as tx:
            moved: dict[str, Any] = {"expected": [Delivery.QUEUED], "to": Delivery.CANCELLED, "attempt": None}
            assert await tx.messages.move(uid(71), **moved)
        async with store.system() as tx:
            assert numbers(*await tx.schedules.unfollowed(9)) == [81]

    async def test_uow_277_planned_texts_of_a_plan_and_plans_of_a_client(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, OWNER, 11)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 61, is_plan=True, client_id=BEN, created_at=later(1)))
            await tx.briefings.add(samples.briefing(OWNER, 60, is_plan=True, client_id=BEN))
            await tx.briefings.add(samples.briefing(OWNER, 62, client_id=uid(11)))
        await plan_texts(store, due(80, parent_plan_id=uid(60)), due(81, parent_plan_id=uid(61)))
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.scheduled.of_plan(uid(60))) == [80]
            assert numbers(*await tx.briefings.of_client(BEN, [BriefingStatus.DRAFT])) == [60, 61]
            assert await tx.briefings.of_client(BEN, [BriefingStatus.ACTIVE]) == []

    async def test_uow_278_unread_texts_are_counted_until_they_are_read(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            for number in (70, 71):
                await tx.messages.receive(samples.inbound(OWNER, number, BEN))
            assert await tx.messages.unread_counts() == {BEN: 2}
            assert await tx.messages.mark_read(BEN) == 2
            assert await tx.messages.mark_read(BEN) == 0
            assert await tx.messages.unread_counts() == {}
            assert (await tx.messages.get(uid(70))).read_at == NOON
        async with store.tenant(OTHER) as tx:
            assert await tx.messages.mark_read(BEN) == 0

    async def test_uow_279_the_last_interaction_never_goes_back(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            for moment in (later(60), NOON):
                await tx.clients.touch([BEN, uid(99)], moment)
            await tx.clients.touch([], NOON)
            assert (await tx.clients.get(BEN)).last_interaction == later(60)

    async def test_uow_280_interactions_latest_first_and_the_latest_contact(self, store: Store) -> None:
        await add_practice(store)
        call = samples.interaction(OWNER, 85, BEN, at=later(-60), note="about the garden")
        note = samples.interaction(OWNER, 86, BEN, kind=InteractionKind.NOTE)
        async with store.tenant(OWNER) as tx:
            await tx.interactions.add([call, note])
            await tx.interactions.add([])
            assert await tx.interactions.of_client(BEN, 9) == [note, call]
            assert await tx.interactions.latest_contact([BEN, uid(99)]) == {BEN: later(-60)}
            assert await tx.interactions.latest_contact([]) == {}
        with pytest.raises(Conflict):
            async with store.tenant(OWNER) as tx:
                await tx.interactions.add([call])

    async def test_uow_281_a_planned_text_of_nobody_is_not_found(self, store: Store) -> None:
        await add_practice(store)
        await plan_texts(store, due(80, scheduled_at_utc=NOON - timedelta(days=1)))
        with pytest.raises(NotFound):
            async with store.tenant(OTHER) as tx:
                await tx.scheduled.get(uid(80))
        async with store.tenant(OTHER) as tx:
            assert await tx.scheduled.of_plan(uid(60)) == []
