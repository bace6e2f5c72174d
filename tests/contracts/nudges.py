"""UOW-60 to UOW-69: briefings, what their dismissal taught, and planned texts."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from nudge_core.errors import Conflict, IllegalTransition, NotFound
from nudge_core.model.briefing import BriefingStatus, Decision
from nudge_core.model.message import ScheduledStatus
from nudge_core.model.vector import Vector
from nudge_core.ports import Store
from tests import samples
from tests.contracts.storage import BEN, OTHER, OWNER, SteppingClock, StorageContract, add_practice, numbers
from tests.samples import NOON, later, uid


class NudgesContract(StorageContract):
    """What waits for a person."""

    async def test_uow_60_a_briefing_comes_back_as_it_went_in(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.resources.store([samples.resource(OWNER, 40)])
            await tx.market_events.add([samples.market_event(OWNER, 50)])
            await tx.messages.receive(samples.inbound(OWNER, 70, BEN))
            full = samples.briefing(
                OWNER,
                60,
                client_id=BEN,
                triggering_resource_id=uid(40),
                triggering_event_id=uid(50),
                parent_message_id=uid(70),
                is_plan=True,
                edited_draft="Better words",
                fallback_reason="openai is unavailable",
                snoozed_until=later(5),
                expires_at=later(500),
                matched_audience=(
                    samples.member(BEN, 50),
                    samples.member(uid(11), 77.125, decision=Decision.ASK, included=False, reasons=()),
                ),
            )
            assert await tx.briefings.add(full)
        async with store.tenant(OWNER) as tx:
            assert await tx.briefings.get(uid(60)) == full

    async def test_uow_61_one_briefing_per_resource_and_event(self, store: Store) -> None:
        await add_practice(store)
        about = {"triggering_resource_id": uid(40), "triggering_event_id": uid(50)}
        async with store.tenant(OWNER) as tx:
            await tx.resources.store([samples.resource(OWNER, 40)])
            await tx.market_events.add([samples.market_event(OWNER, 50), samples.market_event(OWNER, 51)])
            assert await tx.briefings.add(samples.briefing(OWNER, 60, **about))
            assert not await tx.briefings.add(samples.briefing(OWNER, 61, **about))
            assert await tx.briefings.add(samples.briefing(OWNER, 62, **about | {"triggering_event_id": uid(51)}))
            assert await tx.briefings.add(samples.briefing(OWNER, 63, triggering_resource_id=uid(40)))
            assert await tx.briefings.add(samples.briefing(OWNER, 64, triggering_resource_id=uid(40)))
        async with store.tenant(OWNER) as tx:
            statuses = [BriefingStatus.DRAFT, BriefingStatus.ACTIVE]
            assert numbers(*await tx.briefings.for_resources([uid(40)], statuses)) == [60, 62, 63, 64]
            assert await tx.briefings.for_resources([uid(40)], [BriefingStatus.ACTIVE]) == []
            assert await tx.briefings.for_resources([], statuses) == []
            assert await tx.briefings.counts() == {BriefingStatus.DRAFT: 4}

    async def test_uow_62_a_change_names_the_version_it_read(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 60))
        clock.forward(30)
        async with store.tenant(OWNER) as tx:
            read = await tx.briefings.get(uid(60))
            saved = await tx.briefings.save(evolve(read, status=BriefingStatus.ACTIVE, created_at=later(-7)))
            assert (saved.version, saved.updated_at, saved.created_at) == (2, later(30), NOON)
        async with store.tenant(OWNER) as tx:
            assert await tx.briefings.get(uid(60)) == saved
        with pytest.raises(Conflict, match="since"):
            async with store.tenant(OWNER) as tx:
                await tx.briefings.save(evolve(read, status=BriefingStatus.DISMISSED))
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.briefings.save(samples.briefing(OWNER, 61))
        async with store.tenant(OWNER) as tx:
            assert (await tx.briefings.get(uid(60))).status is BriefingStatus.ACTIVE

    async def test_uow_63_what_waits_best_first(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        low, high = samples.member(BEN, 40), samples.member(uid(11), 90)
        rows = [
            samples.briefing(OWNER, 60, matched_audience=(low,)),
            samples.briefing(OWNER, 61, matched_audience=(low, high)),
            samples.briefing(OWNER, 62, matched_audience=(low, evolve(high, included=False))),
            samples.briefing(OWNER, 63, matched_audience=(low,), created_at=later(1)),
            samples.briefing(OWNER, 64),
            samples.briefing(OWNER, 65, snoozed_until=later(10)),
            samples.briefing(OWNER, 66, expires_at=later(10)),
            samples.briefing(OWNER, 67, status=BriefingStatus.ACTIVE),
        ]
        async with store.tenant(OWNER) as tx:
            for row in rows:
                await tx.briefings.add(row)
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.briefings.waiting(10)) == [61, 63, 60, 62, 64, 66]
            assert numbers(*await tx.briefings.waiting(2)) == [61, 63]
        clock.forward(10)
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.briefings.waiting(10)) == [61, 63, 60, 62, 64, 65]

    async def test_uow_64_dismissals_oldest_first(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 60))
            plain = samples.negative_preference(OWNER, 2, BEN, uid(60))
            vector = Vector(np.array([3.0, 4.0], dtype=np.float32), "m")
            older = evolve(plain, id=uid(3), created_at=later(-1), dismissed_embedding=vector)
            await tx.negative_preferences.add([plain, older])
        async with store.tenant(OWNER) as tx:
            assert await tx.negative_preferences.all() == [older, plain]

    async def test_uow_65_planned_texts_soonest_first(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 60, is_plan=True))
            full = samples.scheduled(
                OWNER,
                80,
                BEN,
                parent_plan_id=uid(60),
                job_id="job",
                playbook_touchpoint_id="anniversary",
                is_recurring=True,
                error_message="x",
                sent_at=NOON,
            )
            sooner = samples.scheduled(OWNER, 81, BEN, scheduled_at_utc=later(60))
            await tx.scheduled.add([full, sooner])
        async with store.tenant(OWNER) as tx:
            assert await tx.scheduled.of_client(BEN) == [sooner, full]
            assert await tx.scheduled.get(uid(80)) == full
            assert await tx.scheduled.of_client(uid(99)) == []

    async def test_uow_66_a_planned_text_moves_along_its_machine(self, store: Store) -> None:
        await add_practice(store)
        planned = samples.scheduled(OWNER, 80, BEN)
        async with store.tenant(OWNER) as tx:
            await tx.scheduled.add([planned])
            planned = await tx.scheduled.save(evolve(planned, content="Other words"))
            planned = await tx.scheduled.save(evolve(planned, status=ScheduledStatus.CANCELLED))
        with pytest.raises(IllegalTransition):
            async with store.tenant(OWNER) as tx:
                await tx.scheduled.save(evolve(planned, status=ScheduledStatus.PENDING))
        for missing in (samples.scheduled(OWNER, 81, BEN), evolve(planned, id=uid(82))):
            with pytest.raises(NotFound):
                async with store.tenant(OWNER) as tx:
                    await tx.scheduled.save(missing)
        with pytest.raises(NotFound):
            async with store.tenant(OTHER) as tx:
                await tx.scheduled.save(evolve(planned, user_id=OTHER))
        async with store.tenant(OWNER) as tx:
            assert (await tx.scheduled.get(uid(80))).status is ScheduledStatus.CANCELLED
