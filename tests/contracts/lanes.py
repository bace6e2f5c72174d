"""UOW-240 to UOW-259: lanes, what a claim asks beside the state of a text, and what many texts need at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nudge_core.errors import Conflict, Invalid
from nudge_core.model.consent import ConsentKind
from nudge_core.model.lane import ClaimRules, Paces, SenderLane
from nudge_core.model.message import Delivery, MessageClass, MessageSource, Receipt
from nudge_core.policy.slots import GATE_ALLOWS
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
    agree,
    claim,
    numbers,
    queue,
    stored,
)
from tests.samples import NOON, OUR_NUMBER, THEIR_NUMBER, later, uid

SECOND_NUMBER = "+18885550123"
LONG = "x" * 200  # two parts


def phone(number: int) -> str:
    """Return a phone of its own."""
    return f"+1512555{number:04}"


async def take(store: Store, limit: int = 10, **rules: Any) -> list[int]:
    """Claim under rules; return numbers."""
    async with store.system() as tx:
        return numbers(*await tx.sends.claim(limit, 60, ClaimRules(**rules)))


async def blocked(store: Store, **rules: Any) -> list[int]:
    """Return the numbers of the texts no claim takes."""
    async with store.system() as tx:
        return numbers(*await tx.sends.blocked(10, ClaimRules(**rules)))


async def move(store: Store, number: int, to: Delivery, *expected: Delivery, **what: Any) -> bool:
    """Move a text of the first professional at any attempt unless it is said."""
    async with store.tenant(OWNER) as tx:
        return await tx.messages.move(uid(number), **{"attempt": None, "expected": expected, "to": to} | what)


async def send(store: Store, *ids: int) -> None:
    """Bring claimed texts to SENT."""
    for number in ids:
        assert await move(store, number, Delivery.SENT, Delivery.SENDING)


class LanesContract(StorageContract):
    """Texts leave a sender no faster than it may, the best first, and never one that nobody agreed to."""

    async def test_uow_240_a_posting_mark_is_set_on_our_own_claim_alone(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        async with store.tenant(OWNER) as tx:
            assert not await tx.messages.begin_posting(uid(70), 0)
        await claim(store)
        async with store.tenant(OTHER) as tx:
            assert not await tx.messages.begin_posting(uid(70), 1)
        async with store.tenant(OWNER) as tx:
            assert not await tx.messages.begin_posting(uid(70), 2)
            assert await tx.messages.begin_postings({uid(70): 1, uid(71): 1}) == {uid(70)}
            assert await tx.messages.begin_posting(uid(70), 1)
            assert await tx.messages.begin_postings({}) == frozenset()
        assert (await stored(store, 70)).posting_attempt == 1

    async def test_uow_241_an_unposted_move_and_the_mark_exclude_each_other(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        await claim(store)
        back = {"attempt": 1, "unposted": True}
        assert await move(store, 70, Delivery.QUEUED, Delivery.SENDING, **back)
        async with store.tenant(OWNER) as tx:
            assert not await tx.messages.begin_posting(uid(70), 1)
        await claim(store)
        async with store.tenant(OWNER) as tx:
            assert await tx.messages.begin_posting(uid(70), 2)
        assert not await move(store, 70, Delivery.QUEUED, Delivery.SENDING, **back | {"attempt": 2})
        assert await move(store, 70, Delivery.IN_DOUBT, Delivery.SENDING, attempt=2)

    async def test_uow_242_a_queued_text_is_put_off_with_a_reason(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await queue(store, 70)
        wait: dict[str, Any] = {"reason": "quiet_hours", "not_before": later(10), "window_end": later(20)}
        async with store.tenant(OWNER) as tx:
            assert not await tx.messages.put_off(uid(70), attempt=1, **wait)
            assert await tx.messages.put_off(uid(70), attempt=0, **wait)
        waiting = await stored(store, 70)
        assert (waiting.delivery, waiting.reason) == (Delivery.QUEUED, "quiet_hours")
        assert (waiting.not_before, waiting.window_end) == (later(10), later(20))
        assert await claim(store) == []
        clock.forward(10)
        assert numbers(*await claim(store)) == [70]
        async with store.tenant(OWNER) as tx:
            assert not await tx.messages.put_off(uid(70), attempt=1, **wait)

    async def test_uow_243_a_claim_needs_the_consent_of_the_class(self, store: Store) -> None:
        await add_practice(store)
        for number, kind in enumerate(ConsentKind):
            await agree(store, phone(number), kind=kind)
        for n, message_class in enumerate(MessageClass):
            for number in range(len(ConsentKind) + 1):  # the last phone has said nothing
                text_id = 100 + 10 * n + number
                async with store.tenant(OWNER) as tx:
                    text = samples.approved(
                        OWNER, text_id, BEN, recipient=phone(number), sender=f"+1737555{n:04}",
                        message_class=message_class,
                    )  # fmt: skip
                    await tx.messages.queue([text])
        everything = {100 + 10 * n + number for n in range(5) for number in range(5)}
        ranks = [1, 2, 2, 3, 0]  # reply, transactional, informational, marketing, service
        allowed = {100 + 10 * n + number for n, rank in enumerate(ranks) for number in range(rank, 4)}
        allowed |= {144}  # a service text needs none
        async with store.system() as tx:
            assert set(numbers(*await tx.sends.claim(99, 60))) == allowed
            assert set(numbers(*await tx.sends.blocked(99))) == everything - allowed

    async def test_uow_244_no_text_past_its_use_or_its_window(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await queue(store, 70, recipient=phone(1), not_after=later(10))
        await queue(store, 71, recipient=phone(2))
        async with store.tenant(OWNER) as tx:
            await tx.messages.put_off(uid(71), attempt=0, reason="x", not_before=NOON, window_end=later(10))
        clock.forward(9)
        assert await blocked(store) == []
        clock.forward(1)
        assert await claim(store) == []
        assert sorted(await blocked(store)) == [70, 71]

    async def test_uow_245_no_proactive_text_beyond_the_house_caps(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        for number in (70, 71):
            await queue(store, number)
            assert await take(store) == [number]
            await send(store, number)
            clock.forward(60)
        await queue(store, 72)
        assert await take(store) == []
        assert await blocked(store) == [72]
        assert await blocked(store, per_7_days=3) == []
        assert await blocked(store, per_7_days=3, per_30_days=2) == [72]
        allowed: dict[str, Any] = {"attempt": 0, "not_before": later(120), "window_end": None}
        async with store.tenant(OWNER) as tx:
            await tx.messages.put_off(uid(72), reason=GATE_ALLOWS, **allowed)
        assert await blocked(store) == []
        async with store.tenant(OWNER) as tx:
            await tx.messages.put_off(uid(72), reason="x", **allowed)
        await queue(store, 73, message_class=MessageClass.TRANSACTIONAL)
        assert await take(store) == [73]
        await send(store, 73)
        clock.forward(timedelta(days=7).total_seconds() - 120)
        assert await take(store) == [72]

    async def test_uow_246_of_a_pair_the_best_goes_first(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await queue(store, 70, match_score=40.0)
        await queue(store, 71, match_score=90.0)
        clock.forward(1)
        await queue(store, 72, match_score=90.0)
        await queue(store, 73, time_bound=True)
        await queue(store, 74, message_class=MessageClass.REPLY)
        order = []
        for _ in range(5):
            (number,) = await take(store, per_7_days=9, per_30_days=9)
            order.append(number)
            await send(store, number)
        assert order == [74, 73, 71, 72, 70]

    async def test_uow_247_a_worse_text_does_not_take_the_slot_a_better_one_waits_for(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        await queue(store, 70, match_score=90.0)
        await queue(store, 71, match_score=40.0)
        await claim(store)
        await move(store, 70, Delivery.QUEUED, Delivery.SENDING, reason="cap_day", not_before=later(100))
        assert await take(store) == []
        assert await blocked(store) == [71]
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.messages.waiting_for_slot([THEIR_NUMBER, phone(1)])) == [70]
            assert await tx.messages.waiting_for_slot([phone(1)]) == []
        await queue(store, 72, message_class=MessageClass.TRANSACTIONAL)
        assert await take(store) == [72]
        await send(store, 72)
        clock.forward(100)
        assert await blocked(store) == []
        assert await take(store) == [70]
        await move(store, 70, Delivery.QUEUED, Delivery.SENDING, reason="quiet_hours", not_before=later(300))
        assert await take(store) == [71]

    async def test_uow_248_a_lane_is_plain_until_somebody_sets_it(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            assert await tx.lanes.get(OUR_NUMBER) == SenderLane(user_id=OWNER, sender=OUR_NUMBER)
            await tx.lanes.set_rate(OUR_NUMBER, 2.5, 3)
            await tx.lanes.pause(OUR_NUMBER, later(60), "daily cap of the carrier")
            await tx.lanes.pause(OUR_NUMBER, later(30), "shorter")
            lane = await tx.lanes.get(OUR_NUMBER)
            assert (lane.rate_per_s, lane.in_flight) == (2.5, 3)
            assert (lane.paused_until, lane.pause_reason) == (later(60), "daily cap of the carrier")
            await tx.lanes.pause(OUR_NUMBER, None, "number in no campaign")
            await tx.lanes.pause(OUR_NUMBER, later(900), "shorter again")
            assert (await tx.lanes.of([OUR_NUMBER, SECOND_NUMBER]))[OUR_NUMBER].pause_reason == "number in no campaign"
            assert await tx.lanes.resume(OUR_NUMBER)
            assert not await tx.lanes.resume(OUR_NUMBER)
            assert not await tx.lanes.resume(SECOND_NUMBER)
            assert not (await tx.lanes.get(OUR_NUMBER)).is_paused(NOON)
        async with store.tenant(OTHER) as tx:
            assert (await tx.lanes.get(OUR_NUMBER)).rate_per_s is None
        with pytest.raises(Invalid):
            async with store.tenant(OWNER) as tx:
                await tx.lanes.set_rate(OUR_NUMBER, 0.0)

    async def test_uow_249_strikes_are_counted_until_the_carrier_answers(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            assert not await tx.lanes.answered(OUR_NUMBER)
            assert await tx.lanes.strike(OUR_NUMBER) == 1
            assert await tx.lanes.strike(OUR_NUMBER, 4) == 5
            await tx.lanes.pause(OUR_NUMBER, later(10), "5 failures in a row")
            assert await tx.lanes.answered(OUR_NUMBER)
            assert (await tx.lanes.get(OUR_NUMBER)).is_paused(tx.now)
            assert (await tx.lanes.get(OUR_NUMBER)).strikes == 0
        clock.forward(10)
        async with store.tenant(OWNER) as tx:
            assert await tx.lanes.answered(OUR_NUMBER)
            assert (await tx.lanes.get(OUR_NUMBER)).pause_reason is None
            assert not await tx.lanes.answered(OUR_NUMBER)

    async def test_uow_250_a_lane_lets_out_segments_at_its_rate(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        for number in range(8):
            await queue(store, 70 + number, recipient=phone(number), content=LONG if number == 2 else "Hi Ben")
        async with store.tenant(OWNER) as tx:
            await tx.lanes.set_rate(OUR_NUMBER, 1.0)
        async with store.system() as tx:  # one for now, one for the second that is reserved ahead
            assert numbers(*await tx.sends.claim(10, 60, ClaimRules(ahead_s=1.0))) == [70, 71]
            assert tx.sends.leaves_at == {uid(70): NOON, uid(71): later(1)}
        assert await take(store) == []
        clock.forward(1)
        assert await take(store) == [72]  # of two parts
        clock.forward(1)
        assert await take(store) == []
        clock.forward(1)
        assert await take(store) == [73]
        clock.forward(100)
        assert await take(store, ahead_s=0.0) == [74]
        clock.forward(1)
        assert await take(store, ahead_s=2.0, refill_s=1.0) == [75, 76, 77]
        await queue(store, 78, recipient=phone(8))
        clock.forward(1)
        assert await take(store, ahead_s=2.0, refill_s=1.0) == []
        async with store.system() as tx:
            assert await tx.sends.next_due(ClaimRules(ahead_s=2.0, refill_s=1.0)) == later(106)
            assert await tx.sends.next_due(ClaimRules(ahead_s=0.0)) == later(107)
            assert tx.sends.leaves_at == {}
        clock.forward(1)
        async with store.system() as tx:
            assert numbers(*await tx.sends.claim(10, 60, ClaimRules(ahead_s=2.0, refill_s=1.0))) == [78]
            assert tx.sends.leaves_at == {uid(78): later(107)}

    async def test_uow_251_rates_by_the_kind_of_number(self, store: Store) -> None:
        await add_practice(store)
        for number in range(12):
            sender = OUR_NUMBER if number % 2 else SECOND_NUMBER
            await queue(store, 70 + number, recipient=phone(number), sender=sender)
        assert sorted(await take(store, 20, paces=Paces())) == [70, 71, 72, 73, 74, 76]

    async def test_uow_252_nothing_leaves_a_paused_lane(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await queue(store, 70, recipient=phone(1))
        await queue(store, 71, recipient=phone(2), sender=SECOND_NUMBER)
        async with store.tenant(OWNER) as tx:
            await tx.lanes.pause(OUR_NUMBER, later(10), "a reason")
            await tx.lanes.pause(SECOND_NUMBER, None, "a reason")
        assert await take(store) == []
        assert await blocked(store) == []
        async with store.system() as tx:
            assert await tx.sends.next_due() == later(10)
        clock.forward(10)
        assert await take(store) == [70]
        async with store.system() as tx:
            assert await tx.sends.next_due() is None

    async def test_uow_253_while_the_circuit_is_open_one_text_at_a_time(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        for number in range(4):
            await queue(store, 70 + number, recipient=phone(number))
        async with store.tenant(OWNER) as tx:
            await tx.lanes.strike(OUR_NUMBER, 5)
        assert await take(store) == [70]
        clock.forward(30)
        assert await take(store) == []  # until that one has come to its end
        await send(store, 70)
        assert await take(store) == [71]
        await send(store, 71)
        assert await take(store) == []  # and one a second at most
        async with store.tenant(OWNER) as tx:
            await tx.lanes.answered(OUR_NUMBER)
        assert await take(store) == [72, 73]

    async def test_uow_254_a_lane_has_at_most_so_many_texts_in_flight(self, store: Store) -> None:
        await add_practice(store)
        for number in range(4):
            await queue(store, 70 + number, recipient=phone(number))
        async with store.tenant(OWNER) as tx:
            await tx.lanes.set_rate(OUR_NUMBER, None, 2)
        assert await take(store) == [70, 71]
        assert await take(store) == []
        await send(store, 71)
        assert await take(store) == [72]

    async def test_uow_255_every_lane_gets_an_equal_share_of_a_claim(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await add_client(store, OTHER, 10)
        for number in range(12):
            await queue(store, 100 + number, recipient=phone(number))
        clock.forward(1)
        for number in range(6):
            await queue(store, 200 + number, owner=OTHER, recipient=phone(number), sender=SECOND_NUMBER)
        assert await take(store, 4) == [100, 101, 200, 201]
        assert await take(store, 7) == [102, 103, 104, 105, 202, 203, 204]
        served = set()
        for _ in range(20):  # fewer places than lanes: the lot decides
            clock.forward(1)
            served |= {number // 100 for number in await take(store, 1)}
        assert served == {1, 2}

    async def test_uow_256_texts_are_due_when_their_lane_is_free(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        for number in range(3):
            await queue(store, 70 + number, recipient=phone(number))
        async with store.tenant(OWNER) as tx:
            await tx.lanes.set_rate(OUR_NUMBER, 0.5)
        assert await take(store) == [70]
        async with store.system() as tx:
            assert await tx.sends.next_due() == later(1)
        await queue(store, 80, sender=None, recipient=phone(9))
        async with store.system() as tx:
            assert await tx.sends.next_due() == NOON

    async def test_uow_257_what_is_asked_of_many_is_what_is_asked_of_each(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        await add_client(store, number=11, phone=phone(1))
        await queue(store, 70)
        await queue(store, 71, recipient=phone(1), client_id=uid(11), source=MessageSource.MANUAL)
        await claim(store)
        await send(store, 70, 71)
        async with store.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 1, phone=phone(1)))
            for number, sid in ((80, "SM1"), (81, "SM2")):
                heard = samples.inbound(OWNER, number, uid(11), provider_sid=sid, created_at=later(number))
                await tx.messages.receive(heard)
            phones = [THEIR_NUMBER, phone(1), phone(2)]
            texts = await tx.messages.sent_to_each(phones, NOON)
            assert texts == {one: await tx.messages.sent_to(one, NOON) for one in phones[:2]}
            assert await tx.suppressions.active_for(phones) == {phone(1): await tx.suppressions.active(phone(1))}
            assert numbers(*await tx.clients.of([BEN], phones)) == [10, 11]
            assert await tx.clients.of([], []) == []
            words = await tx.messages.last_words([BEN, uid(11), uid(12)])
            assert list(words) == [uid(11)]
            assert (words[uid(11)].inbound, words[uid(11)].by_hand) == (
                await tx.messages.get(uid(81)),
                texts[phone(1)][0],
            )
        async with store.tenant(OTHER) as tx:
            assert await tx.messages.sent_to_each(phones, NOON) == {}
            assert await tx.messages.last_words([uid(11)]) == {}
            assert await tx.clients.of([BEN], phones) == []

    async def test_uow_258_evidence_of_many_texts_at_a_time(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        for number in range(3):
            await queue(store, 70 + number, recipient=phone(number))
        await claim(store)
        await move(store, 71, Delivery.FAILED, Delivery.SENDING)
        clock.forward(2)
        proofs = {uid(70 + n): (f"SM{n}", Receipt.QUEUED) for n in range(4)}
        async with store.tenant(OWNER) as tx:
            assert await tx.messages.accept(proofs) == {uid(70), uid(72)}
            assert await tx.messages.accept(proofs) == frozenset()
            assert await tx.messages.accept({}) == frozenset()
        sent = await stored(store, 72)
        assert (sent.delivery, sent.provider_sid, sent.receipt) == (Delivery.SENT, "SM2", Receipt.QUEUED)
        assert (sent.sent_at, sent.lease_until, sent.reason) == (later(2), None, None)
        await queue(store, 75, recipient=phone(5))
        await claim(store)
        with pytest.raises(Conflict):
            async with store.tenant(OWNER) as tx:
                await tx.messages.accept({uid(75): ("SM2", Receipt.QUEUED)})

    async def test_uow_259_whether_a_briefing_has_texts_under_way(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 60))
            assert not await tx.messages.is_unfinished(uid(60))
        await queue(store, 70, briefing_id=uid(60))
        async with store.tenant(OWNER) as tx:
            assert await tx.messages.is_unfinished(uid(60))
        await claim(store)
        await send(store, 70)
        async with store.tenant(OWNER) as tx:
            assert not await tx.messages.is_unfinished(uid(60))
