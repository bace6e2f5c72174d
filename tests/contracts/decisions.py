"""UOW-700 to UOW-749: briefings and dismissals in lists, the audit trail and its chain, texts before, counts."""

from __future__ import annotations

import pytest
from attrs import evolve

from nudge_core.errors import Conflict, Invalid, NotFound
from nudge_core.model.audit_trail import AuditFilter, ChainHead, linked
from nudge_core.model.briefing import CO_PILOT, BriefingStatus
from nudge_core.model.briefing_list import WAITING, BriefingFilter, BriefingOrder
from nudge_core.model.exposure import ArmCounts
from nudge_core.model.interaction import InteractionKind
from nudge_core.model.message import Delivery, EarlierTexts, Receipt
from nudge_core.model.page import PageRequest
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
from tests.samples import later, uid

BEST, NEWEST = BriefingOrder.BEST, BriefingOrder.NEWEST


async def shown(store: Store, which: BriefingFilter, order: BriefingOrder = NEWEST, *, limit: int = 50) -> list[int]:
    """Return the numbers of all briefings of a list, read page by page."""
    found: list[int] = []
    async with store.tenant(OWNER) as tx:
        page = await tx.briefings.page(which, order, PageRequest(limit=limit))
        found += numbers(*page.items)
        while page.last is not None and len(found) < 100:
            page = await tx.briefings.page(which, order, PageRequest(limit=limit, after=page.last))
            assert page.items
            found += numbers(*page.items)
    return found


async def decide(store: Store, *entry_numbers: int, **changes: object) -> None:
    """Write decisions, all in one transaction."""
    async with store.tenant(OWNER) as tx:
        await tx.audit.add([samples.audit_entry(OWNER, number, uid(60), **changes) for number in entry_numbers])


class DecisionsContract(StorageContract):
    """What waits is found, what was decided is kept, and what was counted is true."""

    async def add_briefings(self, store: Store) -> None:
        """Store seven unlike briefings."""
        await add_practice(store)
        await add_client(store, OWNER, 11)
        low, high = samples.member(BEN, 40), samples.member(uid(11), 90)
        rows = [
            samples.briefing(OWNER, 60, matched_audience=(low,)),
            samples.briefing(OWNER, 61, matched_audience=(low, high), created_at=later(-5)),
            samples.briefing(OWNER, 62, matched_audience=(evolve(high, score=40.0),), created_at=later(7)),
            samples.briefing(OWNER, 63, snoozed_until=later(10), triggering_event_id=uid(50)),
            samples.briefing(OWNER, 64, expires_at=later(0), campaign_type="new_listing"),
            samples.briefing(OWNER, 65, status=BriefingStatus.ACTIVE, is_plan=True, client_id=BEN),
            samples.briefing(OWNER, 66, campaign_type=CO_PILOT, client_id=uid(11)),
        ]
        async with store.tenant(OWNER) as tx:
            await tx.market_events.add([samples.market_event(OWNER, 50)])
            for row in rows:
                await tx.briefings.add(row)

    async def test_uow_700_a_list_of_briefings_in_either_order_page_by_page(self, store: Store) -> None:
        await self.add_briefings(store)
        newest = [62, 60, 63, 64, 65, 66, 61]
        best = [61, 62, 60, 63, 64, 65, 66]
        for limit in (1, 2, 3, 50):
            assert await shown(store, BriefingFilter(), NEWEST, limit=limit) == newest
            assert await shown(store, BriefingFilter(), BEST, limit=limit) == best
            assert await shown(store, WAITING, BEST, limit=limit) == [61, 62, 60, 66]
        async with store.tenant(OTHER) as tx:
            assert (await tx.briefings.page(BriefingFilter(), BEST, PageRequest())).items == ()

    async def test_uow_701_every_condition_of_the_filter_holds(self, store: Store) -> None:
        await self.add_briefings(store)
        assert await shown(store, BriefingFilter(statuses=[BriefingStatus.ACTIVE, BriefingStatus.PAUSED])) == [65]
        assert await shown(store, BriefingFilter(campaign_type="new_listing")) == [64]
        assert await shown(store, BriefingFilter(is_plan=True)) == [65]
        assert await shown(store, BriefingFilter(is_plan=False, client_id=BEN)) == [60, 61]
        assert await shown(store, BriefingFilter(client_id=uid(11))) == [62, 66, 61]
        assert await shown(store, BriefingFilter(client_id=uid(99))) == []
        assert await shown(store, BriefingFilter(event_kind="price_drop")) == [63]
        assert await shown(store, BriefingFilter(event_kind="sold_listing")) == []
        assert await shown(store, BriefingFilter(snoozed=True)) == [63]
        assert await shown(store, BriefingFilter(expired=True)) == [64]
        assert len(await shown(store, BriefingFilter(snoozed=False, expired=False))) == 5

    async def test_uow_702_a_key_of_another_order_is_refused(self, store: Store) -> None:
        await self.add_briefings(store)
        for key in (("x",), ("1", "2", "3"), (later(0).isoformat(), "60"), ("2026-07-01", str(uid(60)))):
            for order in (BEST, NEWEST):
                with pytest.raises(Invalid):
                    async with store.tenant(OWNER) as tx:
                        await tx.briefings.page(BriefingFilter(), order, PageRequest(after=key))

    async def test_uow_703_briefings_by_ids_and_planned_texts_of_several_plans(self, store: Store) -> None:
        await self.add_briefings(store)
        async with store.tenant(OWNER) as tx:
            assert numbers(*(await tx.briefings.among([uid(61), uid(99), uid(60)])).values()) in ([60, 61], [61, 60])
            assert await tx.briefings.among([]) == {}
            planned = [
                samples.scheduled(OWNER, 80, BEN, parent_plan_id=uid(65)),
                samples.scheduled(OWNER, 81, BEN, parent_plan_id=uid(65), scheduled_at_utc=later(9)),
                samples.scheduled(OWNER, 82, BEN),
            ]
            await tx.scheduled.add(planned)
        async with store.tenant(OWNER) as tx:
            assert await tx.scheduled.of_plans([uid(65), uid(60)]) == {uid(65): [planned[1], planned[0]]}
            assert await tx.scheduled.of_plans([]) == {}
        async with store.tenant(OTHER) as tx:
            assert await tx.briefings.among([uid(60)]) == {}
            assert await tx.scheduled.of_plans([uid(65)]) == {}

    async def test_uow_710_a_dismissal_taken_back_holds_no_longer_and_stays_visible(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await self.add_briefings(store)
        async with store.tenant(OWNER) as tx:
            first = samples.negative_preference(OWNER, 1, BEN, uid(60))
            first = evolve(first, about={"field": "area", "all_of": ("city:austin", "subdivision:zilker")})
            second = evolve(samples.negative_preference(OWNER, 2, uid(11), uid(61)), created_at=later(3))
            await tx.negative_preferences.add([first, second])
        clock.forward(60)
        async with store.tenant(OWNER) as tx:
            assert await tx.negative_preferences.retract(first.id, "rita")
        clock.forward(60)
        async with store.tenant(OWNER) as tx:
            assert not await tx.negative_preferences.retract(first.id, "somebody else")
            gone = evolve(first, retracted_at=later(60), retracted_by="rita")
            assert await tx.negative_preferences.get(first.id) == gone
            assert await tx.negative_preferences.all() == [second]

            async def items(client_id: object, retracted: bool | None) -> list[object]:
                return list((await tx.negative_preferences.page(client_id, retracted, PageRequest())).items)  # type: ignore[arg-type]

            assert await items(None, None) == [second, gone]
            assert await items(None, True) == [gone]
            assert await items(None, False) == [second]
            assert await items(BEN, None) == [gone]
            one = await tx.negative_preferences.page(None, None, PageRequest(limit=1))
            assert one.last is not None
            rest = await tx.negative_preferences.page(None, None, PageRequest(limit=1, after=one.last))
            assert (one.items, rest.items, rest.last) == ((second,), (gone,), None)
        for owner, missing in ((OWNER, uid(99)), (OTHER, first.id)):
            with pytest.raises(NotFound):
                async with store.tenant(owner) as tx:
                    await tx.negative_preferences.retract(missing, "rita")
            with pytest.raises(NotFound):
                async with store.tenant(owner) as tx:
                    await tx.negative_preferences.get(missing)

    async def test_uow_720_decisions_newest_first_page_by_page(self, store: Store) -> None:
        await add_practice(store)
        await decide(store, 1, 2)
        await decide(store, 3, at=later(5), actor="tom", action="plan.ended", subject_type="other")
        await decide(store, 4, at=later(-5))
        for limit in (1, 3, 9):
            found: list[int] = []
            after = None
            while True:
                async with store.tenant(OWNER) as tx:
                    page = await tx.audit.page(AuditFilter(), PageRequest(limit=limit, after=after))
                found += numbers(*page.items)
                if (after := page.last) is None:
                    break
            assert found == [3, 2, 1, 4]

        async def those(**which: object) -> list[int]:
            async with store.tenant(OWNER) as tx:
                return numbers(*(await tx.audit.page(AuditFilter(**which), PageRequest())).items)  # type: ignore[arg-type]

        assert await those(actor="tom") == await those(action="plan.ended") == await those(subject_type="other") == [3]
        assert await those(subject_id=uid(61)) == []
        assert await those(since=later(0), until=later(5)) == [2, 1]
        with pytest.raises(Invalid):
            async with store.tenant(OWNER) as tx:
                await tx.audit.page(AuditFilter(), PageRequest(after=("now", "1")))

    async def test_uow_721_every_committed_decision_is_linked_in_the_order_of_writing(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            assert await tx.audit.head() == ChainHead()
            assert await tx.audit.chain(0, 10) == []
        facts = {"score": 3.0, "small": 1e-7, "great": 1e20, "nested": {"b": [1, None, "\u00e9"], "a": True}}
        async with store.tenant(OWNER) as tx:
            await tx.audit.add([samples.audit_entry(OWNER, 2, uid(60), facts=facts)])
            await tx.audit.add([samples.audit_entry(OWNER, 1, uid(61), at=later(-9))])
        async with store.tenant(OTHER) as tx:
            await tx.audit.add([samples.audit_entry(OTHER, 1, uid(60))])
        await decide(store, 3)
        async with store.tenant(OWNER) as tx:
            chain = await tx.audit.chain(0, 10)
            assert [one.entry.id.int for one in chain] == [2, 1, 3]
            assert list(linked(ChainHead(), [one.entry for one in chain])) == list(chain)
            assert await tx.audit.head() == ChainHead(position=3, hash=chain[-1].hash)
            assert await tx.audit.chain(1, 1) == [chain[1]]
            assert await tx.audit.link(2) == ChainHead(position=2, hash=chain[1].hash)
            assert await tx.audit.link(4) is None
            assert await tx.audit.unchained() == 0
        async with store.tenant(OTHER) as tx:
            assert (await tx.audit.head()).position == 1

    async def test_uow_722_what_was_rolled_back_left_no_link(self, store: Store) -> None:
        await add_practice(store)
        await decide(store, 1)
        taken = [samples.audit_entry(OWNER, number, uid(60)) for number in (2, 1)]
        with pytest.raises(Conflict):
            async with store.tenant(OWNER) as tx:
                await tx.audit.add(taken)
        await decide(store, 3)
        async with store.tenant(OWNER) as tx:
            assert [one.entry.id.int for one in await tx.audit.chain(0, 10)] == [1, 3]
            assert (await tx.audit.head()).position == 2

    async def test_uow_730_what_a_client_was_told_before(self, store: Store) -> None:
        await add_practice(store)
        for number in (11, 12, 13):
            await add_client(store, OWNER, number)
        await queue(store, 1, content="old", recipient="+15125550111")
        await queue(store, 2, client_id=uid(11), content="withdrawn", recipient="+15125550112")
        async with store.tenant(OWNER) as tx:
            await tx.messages.move(uid(2), attempt=None, expected=[Delivery.QUEUED], to=Delivery.WITHHELD, reason="x")
            await tx.messages.receive(samples.inbound(OWNER, 3, uid(12)))
            everybody = [BEN, uid(11), uid(12), uid(13), uid(99)]
            assert await tx.messages.earlier(everybody, later(0)) == {BEN: EarlierTexts(recent=("old",))}
            assert await tx.messages.earlier(everybody, later(1)) == {BEN: EarlierTexts()}
            assert await tx.messages.earlier([], later(0)) == {}
        async with store.tenant(OTHER) as tx:
            assert await tx.messages.earlier([BEN], later(0)) == {}

    async def test_uow_740_counts_of_a_stretch_of_time(self, store: Store, clock: SteppingClock) -> None:
        await self.add_briefings(store)
        await queue(store, 1, 2, recipient="+15125550111")
        await queue(store, 3, client_id=uid(11), recipient="+15125550112")
        await queue(store, 4, recipient=None)
        for sid in ("SM1", "SM2"):  # one at a time to a phone
            for text in await claim(store):
                async with store.tenant(OWNER) as tx:
                    known = f"{sid}{text.id.int}"
                    await tx.messages.accept({text.id: (known, Receipt.SENT)})
                    if text.id != uid(1):
                        await tx.messages.note_receipt(known, Receipt.DELIVERED)
        clock.forward(30)
        async with store.tenant(OWNER) as tx:
            await tx.messages.move(
                uid(4), attempt=None, expected=[Delivery.QUEUED], to=Delivery.WITHHELD, reason="no_phone"
            )
            await tx.messages.receive(samples.inbound(OWNER, 7, BEN, created_at=later(20)))
            await tx.messages.receive(samples.inbound(OWNER, 8, uid(11), created_at=later(-20)))
            await tx.suppressions.add(
                samples.suppression(OWNER, 1, phone="+15125550112", reason="opted_out", created_at=later(25))
            )
            await tx.suppressions.add(
                samples.suppression(OWNER, 2, phone="+15125550113", reason="phone_unusable", created_at=later(25))
            )
            await tx.interactions.add([samples.interaction(OWNER, 1, BEN), samples.interaction(OWNER, 2, BEN)])
            await tx.audit.add(
                [
                    samples.audit_entry(OWNER, 1, uid(60), at=later(1)),
                    samples.audit_entry(OWNER, 2, uid(61), at=later(1), action="briefing.edited"),
                    samples.audit_entry(OWNER, 3, uid(61), at=later(2), action="briefing.edited"),
                    samples.audit_entry(
                        OWNER, 4, uid(62), at=later(3), action="briefing.dismissed", facts={"reason": "price"}
                    ),
                    samples.audit_entry(OWNER, 5, uid(63), at=later(500)),
                    samples.audit_entry(OWNER, 6, uid(66), at=later(1)),
                ]
            )
        async with store.tenant(OWNER) as tx:
            counts = await tx.statistics.counts(later(-10), later(100))
            nothing = await tx.statistics.counts(later(600), later(700))
        assert (counts.proposed, counts.approved, counts.edited, counts.dismissed) == (5, 1, 1, {"price": 1})
        assert (counts.sent, counts.delivered, counts.failed, counts.withheld) == (3, 2, 0, {"no_phone": 1})
        assert (counts.received, counts.clients_texted, counts.clients_replied) == (1, 2, 1)
        assert (counts.opt_outs, counts.phones_texted, counts.phones_opted_out) == (1, 2, 1)
        assert counts.interactions == {"call": 2}
        assert (nothing.proposed, nothing.sent, nothing.dismissed, nothing.interactions) == (0, 0, {}, {})
        async with store.tenant(OTHER) as tx:
            assert (await tx.statistics.counts(later(-10), later(100))).sent == 0

    async def test_uow_745_drafts_beside_what_a_person_approved_the_newest_first(self, store: Store) -> None:
        await add_practice(store)
        told = {"status": BriefingStatus.ACTIVE, "original_draft": "Hi {first_name}"}
        rows = [
            samples.briefing(OWNER, 60, **told),
            samples.briefing(OWNER, 61, **told | {"status": BriefingStatus.COMPLETED, "created_at": later(-60)}),
            samples.briefing(OWNER, 62, **told, edited_draft="Hey {first_name}!", created_at=later(60)),
            samples.briefing(OWNER, 63),
            samples.briefing(OWNER, 64, **told | {"status": BriefingStatus.CANCELLED}),
            samples.briefing(OWNER, 65, **told, is_plan=True),
            samples.briefing(OWNER, 66, **told, campaign_type=CO_PILOT),
            samples.briefing(OWNER, 67, **told | {"original_draft": ""}),
        ]
        async with store.tenant(OWNER) as tx:
            for row in rows:
                await tx.briefings.add(row)
        async with store.tenant(OWNER) as tx:
            found = await tx.style.approved(10)
            assert [one.briefing_id for one in found] == [uid(62), uid(60), uid(61)]
            assert (found[0].drafted, found[0].approved) == ("Hi {first_name}", "Hey {first_name}!")
            assert (found[1].approved, found[1].kind, found[1].at) == ("Hi {first_name}", "price_drop", samples.NOON)
            assert len(await tx.style.approved(2)) == 2

    async def test_uow_746_a_habit_is_taken_away_once_and_given_back_once(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            assert [await tx.style.remove(uid(1), "rita"), await tx.style.remove(uid(1), "rita")] == [True, False]
            assert await tx.style.removed() == {uid(1)}
        async with store.tenant(OTHER) as tx:
            assert await tx.style.removed() == frozenset()
            assert not await tx.style.restore(uid(1))
        async with store.tenant(OWNER) as tx:
            assert [await tx.style.restore(uid(1)), await tx.style.restore(uid(1))] == [True, False]
            assert await tx.style.removed() == frozenset()

    async def test_uow_747_clients_are_counted_once_a_period_by_chance_and_arm(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        for number in (11, 12, 13):
            await add_client(store, OWNER, number)
        async with store.tenant(OWNER) as tx:
            await tx.market_events.add([samples.market_event(OWNER, 40), samples.market_event(OWNER, 41)])
            rows = [
                samples.exposure(OWNER, 1, BEN, uid(40)),
                samples.exposure(OWNER, 2, BEN, uid(41), at=later(60)),
                samples.exposure(OWNER, 3, BEN, uid(41), at=later(86_400 * 40), period=701),
                samples.exposure(OWNER, 4, uid(11), uid(40), shown=False),
                samples.exposure(OWNER, 5, uid(12), uid(40)),
                samples.exposure(OWNER, 6, uid(12), uid(41), probability=0.9),
                samples.exposure(OWNER, 7, uid(13), uid(40), probability=0.9),
            ]
            await tx.exposures.add(rows)
            await tx.exposures.add([evolve(rows[0], shown=False)])
        clock.forward(3_600)
        async with store.tenant(OWNER) as tx:
            assert await tx.exposures.arms(later(-1), later(1)) == [], "no period is over"
            await tx.messages.receive(samples.inbound(OWNER, 70, BEN, created_at=later(60)))
            met = samples.interaction(OWNER, 80, uid(11), kind=InteractionKind.MEETING, at=later(9))
            await tx.interactions.add([met])
        clock.forward(86_400 * 28)
        async with store.tenant(OWNER) as tx:
            one = ArmCounts(probability=0.5, shown=True, clients=1, texted=0, replied=0, met=0)
            assert await tx.exposures.arms(later(0), later(1)) == [
                evolve(one, shown=False, met=1),
                evolve(one, replied=1),
                evolve(one, probability=0.9),
            ]
            assert await tx.exposures.arms(later(1), later(86_400 * 60)) == []
        async with store.tenant(OTHER) as tx:
            assert await tx.exposures.arms(later(-1), later(1)) == []
