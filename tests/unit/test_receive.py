"""News from the carrier: receipts in any order, inbound texts once each, and what STOP, START and HELP do."""

from __future__ import annotations

import itertools
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

import pytest
from attrs import evolve

from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sms.journal import MemoryJournal
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.model.carrier import InboundText, ReceiptNews
from nudge_core.model.consent import ConsentKind
from nudge_core.model.event import stable_id
from nudge_core.model.message import (
    Delivery,
    Direction,
    Message,
    MessageClass,
    Receipt,
    ScheduledMessage,
    ScheduledStatus,
)
from nudge_core.policy.opt_out import Verdict
from nudge_core.steps import converse, receive
from nudge_core.steps.converse import Received, ReceiveSettings
from nudge_core.steps.receive import ReceiptEffect
from tests.clocks import MovedClock, utc
from tests.send_walk import OUR_NUMBER, RITA, SendWalk, Town, memory_store, run_to_the_end, town

MORNING = utc("2026-06-01 15:00")  # Monday, 10:00 in Texas
OURS = ReceiveSettings(carrier_answers=False)
"""A carrier that answers nobody: the confirmation is ours to send."""


class Desk:
    """A town whose people write to us."""

    def __init__(self, place: Town, walk: SendWalk, clock: MovedClock) -> None:
        self.town, self.walk, self.clock = place, walk, clock
        self._sids = itertools.count(1)

    @property
    def phone(self) -> str:
        return self.town.clients[0].phone or ""

    async def hear(
        self, body: str, *, phone: str | None = None, sid: str | None = None, settings: ReceiveSettings = OURS
    ) -> Received:
        """Let somebody write, and take it in."""
        inbound = InboundText(
            provider_sid=sid or f"SMin{next(self._sids)}",
            sender=phone or self.phone,
            recipient=OUR_NUMBER,
            body=body,
            at=self.clock.now(),
        )
        async with self.town.store.tenant(RITA) as tx:
            return await converse.receive(tx, inbound, settings)

    async def told(self, sid: str, receipt: Receipt, message_id: UUID | None = None) -> ReceiptEffect:
        news = ReceiptNews(
            provider_sid=sid, receipt=receipt, at=self.clock.now(), sender=OUR_NUMBER, message_id=message_id
        )
        async with self.town.store.tenant(RITA) as tx:
            return await receive.receipt(tx, news)

    async def service_texts(self) -> list[Message]:
        return [row for row in await self.town.rows() if row.message_class is MessageClass.SERVICE]

    async def consent(self, phone: str | None = None) -> ConsentKind | None:
        async with self.town.store.tenant(RITA) as tx:
            newest = (await tx.consents.latest([phone or self.phone])).get(phone or self.phone)
        return None if newest is None else newest.kind

    async def asked(self, message_id: UUID) -> list[object]:
        async with self.town.store.tenant(RITA) as tx:
            entries = await tx.audit.of_subject(message_id)
        return [entry.facts["why"] for entry in entries if entry.action == "ask_owner"]


async def desk(people: int = 2, kind: ConsentKind = ConsentKind.EXPRESS_WRITTEN) -> Desk:
    clock = MovedClock(MORNING)
    store = memory_store(clock)
    place = await town(store, MORNING, people, kind=kind)
    gateway = SimulatedGateway(SimulatedCarrier(MemoryJournal(), CarrierSettings(seed=3)), clock, pause=clock.pause)
    return Desk(place, SendWalk(store=store, gateway=gateway, clock=clock), clock)


async def sent(at: Desk) -> Message:
    (queued,) = await at.town.queue(at.town.text(1))
    await at.walk.deliver()
    return await at.town.message(queued)


LIFE = (Receipt.SENDING, Receipt.SENT, Receipt.DELIVERED)


@pytest.mark.parametrize("order", list(itertools.permutations(LIFE)))
async def test_receipts_in_any_order_twice_each_end_at_the_highest(order: tuple[Receipt, ...]) -> None:
    at = await desk()
    text = await sent(at)
    assert text.provider_sid is not None
    ranks = []
    for told in (*order, *order):
        await at.told(text.provider_sid, told)
        receipt = (await at.town.message(text.id)).receipt
        assert receipt is not None
        ranks.append(receipt.rank)
    assert ranks == sorted(ranks)
    assert (await at.town.message(text.id)).receipt is Receipt.DELIVERED


async def test_a_receipt_that_came_too_late_says_so() -> None:
    at = await desk()
    text = await sent(at)
    assert text.provider_sid is not None
    assert await at.told(text.provider_sid, Receipt.DELIVERED) is ReceiptEffect.NOTED
    assert await at.told(text.provider_sid, Receipt.SENT) is ReceiptEffect.OUTDATED
    assert await at.told(text.provider_sid, Receipt.UNDELIVERED) is ReceiptEffect.NOTED  # equal rank: the last wins


async def test_a_receipt_before_the_answer_names_the_text() -> None:
    at = await desk()
    (queued,) = await at.town.queue(at.town.text(1))
    async with at.town.store.system() as tx:
        await tx.sends.claim(1, 60.0)
    assert await at.told("SMearly", Receipt.SENT, queued) is ReceiptEffect.ADOPTED
    adopted = await at.town.message(queued)
    assert (adopted.delivery, adopted.provider_sid, adopted.receipt) == (Delivery.SENT, "SMearly", Receipt.SENT)
    assert await at.told("SMother", Receipt.SENT, queued) is ReceiptEffect.ALARM


async def test_every_receipt_of_a_second_acceptance_can_be_taken_in_and_one_alarm_is_written() -> None:
    """Two callbacks for one SID are ordinary: the second must not be refused for ever, as if it were a conflict."""
    at = await desk()
    text = await sent(at)
    for receipt in (Receipt.SENT, Receipt.DELIVERED, Receipt.DELIVERED):
        assert await at.told("SMother", receipt, text.id) is ReceiptEffect.ALARM
    async with at.town.store.tenant(RITA) as tx:
        assert [entry.action for entry in await tx.audit.of_subject(text.id)] == ["duplicate_accept"]
    assert (await at.town.message(text.id)).provider_sid == text.provider_sid


async def test_a_receipt_that_fits_nothing_changes_nothing() -> None:
    at = await desk()
    assert await at.told("SMunknown", Receipt.SENT) is ReceiptEffect.UNKNOWN
    assert await at.told("SMunknown", Receipt.SENT, UUID(int=77)) is ReceiptEffect.UNKNOWN


async def test_news_finds_its_owner_by_id_or_by_our_number() -> None:
    at = await desk()
    text = await sent(at)
    assert text.provider_sid is not None
    known = ReceiptNews(provider_sid=text.provider_sid, receipt=Receipt.SENT, at=MORNING)
    early = ReceiptNews(provider_sid="SMnew", receipt=Receipt.SENT, at=MORNING, sender=OUR_NUMBER)
    inbound = InboundText(provider_sid="SMin", sender=at.phone, recipient=OUR_NUMBER, body="hi", at=MORNING)
    async with at.town.store.system() as tx:
        assert await receive.owner(tx, known) == RITA
        assert await receive.owner(tx, early) == RITA
        assert await receive.owner(tx, inbound) == RITA
        assert await receive.owner(tx, evolve(early, sender=None)) is None
        assert await receive.owner(tx, evolve(inbound, recipient="+15125550999")) is None


async def test_an_ordinary_text_is_stored_once() -> None:
    at = await desk()
    first = await at.hear("Yes, can we see it?", sid="SMin")
    again = await at.hear("Yes, can we see it?", sid="SMin")
    assert first.is_new
    assert not again.is_new
    (stored,) = [row for row in await at.town.rows() if row.direction is Direction.INBOUND]
    assert (stored.content, stored.client_id, stored.reason) == ("Yes, can we see it?", at.town.clients[0].id, None)
    assert first.reading.verdict is Verdict.KEEP


async def test_a_stranger_becomes_a_contact_who_may_be_answered_and_no_more() -> None:
    at = await desk()
    heard = await at.hear("Is the Elm St house still for sale?", phone="+15125557777")
    async with at.town.store.tenant(RITA) as tx:
        stranger = await tx.clients.get(heard.client_id)
    assert (stranger.phone, stranger.full_name) == ("+15125557777", "")
    assert await at.consent("+15125557777") is ConsentKind.INQUIRY
    assert (await at.hear("hello?", phone="+15125557777")).client_id == stranger.id


async def test_of_several_with_one_phone_it_is_the_one_we_texted_last() -> None:
    at = await desk()
    async with at.town.store.tenant(RITA) as tx:
        await tx.clients.save(evolve(at.town.clients[1], phone=at.phone))
    await at.town.queue(at.town.text(1, client=1, recipient=at.phone))
    await at.walk.deliver()
    assert (await at.hear("ok")).client_id == at.town.clients[1].id


@pytest.mark.parametrize("body", ["STOP", "please stop texting me", "cancel", "no más"])
async def test_stop_suppresses_withdraws_and_is_confirmed_once_in_one_transaction(body: str) -> None:
    at = await desk()
    later = MORNING + timedelta(days=1)
    await at.town.queue(at.town.text(1, not_before=later), at.town.text(2, not_before=later))
    await at.town.queue(at.town.text(3, client=1, not_before=later))
    heard = await at.hear(body)
    assert (heard.withdrawn, heard.answered) == (2, True)
    states = {row.dedupe_key: (row.delivery, row.reason) for row in await at.town.rows()}
    assert states["text 1"] == states["text 2"] == (Delivery.WITHHELD, "revoked")
    assert states["text 3"] == (Delivery.QUEUED, None)
    (held,) = await at.town.silences()
    assert (held.phone, held.reason, held.active) == (at.phone, "opted_out", True)


async def test_a_confirmation_is_sent_to_the_suppressed_phone_at_once_and_holds_no_marketing() -> None:
    at = await desk()
    await at.hear("please stop texting me")
    await at.walk.deliver()
    (confirmation,) = await at.service_texts()
    assert confirmation.delivery is Delivery.SENT
    assert "Vega Homes" in confirmation.content
    assert "CANCEL" not in confirmation.content.upper()
    assert len(confirmation.content) <= 160
    assert confirmation.not_after == MORNING + timedelta(minutes=5)


async def test_stop_said_twice_is_one_revocation_and_one_confirmation() -> None:
    at = await desk()
    first, again, otherwise = await at.hear("STOP"), await at.hear("STOP"), await at.hear("leave me alone")
    assert [heard.answered for heard in (first, again, otherwise)] == [True, False, False]
    assert len(await at.town.silences()) == 1
    assert len(await at.service_texts()) == 1


async def test_where_the_carrier_answers_its_own_words_ours_is_not_sent() -> None:
    at = await desk()
    theirs = ReceiveSettings(carrier_answers=True)
    assert not (await at.hear("Stop", settings=theirs)).answered
    other = at.town.clients[1].phone
    assert (await at.hear("stop please", phone=other, settings=theirs)).answered  # no keyword of the carrier's


async def test_a_bare_cancel_is_an_opt_out_and_a_question_to_the_professional() -> None:
    at = await desk()
    await at.hear("cancel", sid="SMcancel")
    assert await at.asked(_inbound_id("SMcancel")) == ["may_have_meant_appointment"]
    assert len(await at.town.silences()) == 1


async def test_stop_cancels_what_was_planned() -> None:
    at = await desk()
    planned = ScheduledMessage(
        id=UUID(int=5), user_id=RITA, client_id=at.town.clients[0].id, content="Happy anniversary",
        scheduled_at_utc=MORNING + timedelta(days=9), timezone="America/Chicago", status=ScheduledStatus.PENDING,
        created_at=MORNING,
    )  # fmt: skip
    async with at.town.store.tenant(RITA) as tx:
        await tx.scheduled.add([planned])
    heard = await at.hear("STOP")
    assert heard.withdrawn == 1
    async with at.town.store.tenant(RITA) as tx:
        assert (await tx.scheduled.get(planned.id)).status is ScheduledStatus.CANCELLED


async def test_start_after_stop_allows_reminders_and_no_marketing() -> None:
    at = await desk()
    await at.hear("STOP")
    await at.hear("START")
    assert await at.town.silences() == []
    assert await at.consent() is ConsentKind.EXPRESS
    reminder, offer = await at.town.queue(at.town.text(1, message_class=MessageClass.TRANSACTIONAL), at.town.text(2))
    await run_to_the_end(at.walk)
    assert (await at.town.message(reminder)).delivery is Delivery.SENT
    assert (await at.town.message(offer)).reason == "no_consent"


async def test_a_yes_lifts_nothing_of_ours() -> None:
    at = await desk()
    await at.hear("STOP")
    await at.hear("yes")
    assert len(await at.town.silences()) == 1


async def test_start_without_a_stop_takes_no_consent_away() -> None:
    at = await desk()
    await at.hear("START")
    assert await at.consent() is ConsentKind.EXPRESS_WRITTEN


async def test_help_is_answered_once_a_day_also_at_night() -> None:
    at = await desk()
    at.clock.move(12 * 3_600)
    assert (await at.hear("HELP")).answered
    assert not (await at.hear("help")).answered
    await at.walk.deliver()
    (answer,) = await at.service_texts()
    assert answer.delivery is Delivery.SENT
    assert "STOP" in answer.content
    assert not (await at.hear("info", settings=ReceiveSettings(carrier_answers=True))).answered


async def test_a_wrong_number_is_silenced_and_asked_about() -> None:
    at = await desk()
    await at.town.queue(at.town.text(1, not_before=MORNING + timedelta(days=1)))
    heard = await at.hear("wrong number", sid="SMwrong")
    assert (heard.withdrawn, heard.answered) == (1, False)
    (waiting,) = [row for row in await at.town.rows() if row.direction is Direction.OUTBOUND]
    assert (waiting.delivery, waiting.reason) == (Delivery.WITHHELD, "wrong_number")
    assert {held.reason for held in await at.town.silences()} == {"wrong_number"}
    assert await at.asked(_inbound_id("SMwrong")) == ["wrong_number"]


async def test_a_narrower_wish_silences_its_topic_only() -> None:
    at = await desk()
    await at.hear("stop the listings but keep the reminders", sid="SMnarrow")
    (held,) = await at.town.silences()
    assert (held.scope.value, held.topic) == ("topic", "listings")
    offer, reminder = await at.town.queue(at.town.text(1), at.town.text(2, message_class=MessageClass.TRANSACTIONAL))
    await run_to_the_end(at.walk)
    assert (await at.town.message(offer)).reason == "revoked_topic"
    assert (await at.town.message(reminder)).delivery is Delivery.SENT
    assert await at.asked(_inbound_id("SMnarrow")) == ["narrower_wish"]


async def test_an_unclear_text_is_marked_and_asked_about() -> None:
    at = await desk()
    await at.hear("not interested", sid="SMhm")
    (stored,) = [row for row in await at.town.rows() if row.direction is Direction.INBOUND]
    assert stored.reason == "unclear:unclear"
    assert await at.asked(stored.id) == ["unclear"]
    assert await at.town.silences() == []


@pytest.mark.parametrize("body", ["", "x" * 5_000, "nul \x00 here", "half \ud83d pair"])
async def test_whatever_a_person_sends_is_stored(body: str) -> None:
    at = await desk()
    await at.hear(body)
    (stored,) = [row for row in await at.town.rows() if row.direction is Direction.INBOUND]
    assert len(stored.content) <= 1_600


async def test_a_stop_while_a_text_is_in_doubt_ends_in_silence() -> None:
    """The doubt is closed by evidence or by a person; nothing new goes out."""
    at = await desk()
    at.walk.gateway.faults = FaultPlan(shares=MappingProxyType({Fault.DROP_BEFORE: 1.0}))
    doubted = await sent(at)
    await at.hear("STOP")
    at.walk.gateway.faults = FaultPlan()
    await run_to_the_end(at.walk)
    assert (await at.town.message(doubted.id)).delivery is Delivery.UNCONFIRMED
    ledger = at.walk.gateway.carrier.ledger(at.clock.now())
    assert {entry.message_id for entry in ledger} == {row.id for row in await at.service_texts()}


def _inbound_id(sid: str) -> UUID:
    return stable_id("inbound", str(RITA), sid)


async def test_start_does_not_give_a_wrong_number_back() -> None:
    at = await desk()
    await at.hear("wrong number", sid="SMwrong")
    await at.hear("START", sid="SMstart")
    assert {held.reason for held in await at.town.silences()} == {"wrong_number"}
    await at.hear("yes", sid="SMyes")
    assert len(await at.town.silences()) == 1


async def test_stop_start_stop_is_confirmed_once_and_every_word_is_kept() -> None:
    at = await desk()
    heard = [await at.hear(word, sid=f"SM{n}") for n, word in enumerate(("STOP", "START", "stop"))]
    assert [one.answered for one in heard] == [True, False, False]
    assert len(await at.town.silences()) == 1
    inbound = [row for row in await at.town.rows() if row.direction is Direction.INBOUND]
    assert sorted(row.content for row in inbound) == ["START", "STOP", "stop"]
