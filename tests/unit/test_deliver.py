"""The send walk, phase by phase: what each outcome leaves behind, and the clocks it keeps to."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from attrs import evolve

from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sms.journal import MemoryJournal
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.errors import Invalid
from nudge_core.model.carrier import Accepted, Doubtful, OutgoingText, ProviderRecord
from nudge_core.model.consent import ConsentKind
from nudge_core.model.lane import UNPACED
from nudge_core.model.message import Delivery, Message, MessageClass, MessageSource, Receipt, SenderType
from nudge_core.policy.caps import Caps
from nudge_core.policy.delivery import DeliverySettings, backoff_s, valid_for_s
from nudge_core.policy.facts import GateRules
from nudge_core.policy.findings import Finding, Severity
from nudge_core.policy.hours_table import ALL_DAY
from nudge_core.sending.evidence import attribute
from nudge_core.steps import deliver
from nudge_core.steps.deliver import Prepared
from tests.clocks import MovedClock, utc
from tests.send_walk import OUR_NUMBER, RITA, AnyWords, SendWalk, Town, memory_store, run_to_the_end, town

MORNING = utc("2026-06-01 15:00")  # Monday, 10:00 in Texas
CLOSING = utc("2026-06-01 23:00")  # 18:00 in Texas: the house default ends


class Bench:
    """A town, a carrier and a process that sends, on one clock."""

    def __init__(self, clock: MovedClock, place: Town, walk: SendWalk) -> None:
        self.clock, self.town, self.walk = clock, place, walk

    @property
    def gateway(self) -> SimulatedGateway:
        return self.walk.gateway

    def misbehave(self, fault: Fault | None) -> None:
        shares = {} if fault is None else {fault: 1.0}
        self.gateway.faults = FaultPlan(shares=MappingProxyType(shares))

    def accepted(self) -> int:
        return len(self.gateway.carrier.ledger(self.clock.now()))

    async def one(self, **changes: Any) -> Message:
        """Queue one text, bring it as far as one round does, and return it as stored."""
        (queued,) = await self.town.queue(self.town.text(1, **changes))
        await self.walk.deliver()
        return await self.town.message(queued)


async def bench(start: str = "2026-06-01 15:00", *, people: int = 2, area: str = "512", **settings: object) -> Bench:
    clock = MovedClock(utc(start))
    store = memory_store(clock)
    place = await town(store, clock.now(), people, area=area)
    gateway = SimulatedGateway(SimulatedCarrier(MemoryJournal(), CarrierSettings(seed=2)), clock, pause=clock.pause)
    rules = DeliverySettings(**settings)  # type: ignore[arg-type]
    return Bench(clock, place, SendWalk(store=store, gateway=gateway, clock=clock, settings=rules))


async def test_a_due_text_is_sent_once_and_named_by_the_carrier() -> None:
    here = await bench()
    sent = await here.one()
    assert (sent.delivery, sent.attempt, sent.receipt) == (Delivery.SENT, 1, Receipt.QUEUED)
    (entry,) = here.gateway.carrier.ledger(here.clock.now())
    assert entry.sid == sent.provider_sid
    assert await here.walk.deliver() == 0


async def test_a_text_that_is_not_due_is_left_alone() -> None:
    here = await bench()
    waiting = await here.one(not_before=MORNING + timedelta(hours=1))
    assert waiting.delivery is Delivery.QUEUED
    here.clock.move(3_600)
    await here.walk.deliver()
    assert (await here.town.message(waiting.id)).delivery is Delivery.SENT


async def test_the_carrier_is_told_how_long_the_text_is_lawful_less_the_send_deadline() -> None:
    here = await bench("2026-06-01 22:30")
    await here.one()
    (entry,) = here.gateway.carrier.ledger(here.clock.now())
    assert entry.valid_for_s == 30 * 60 - 10


async def test_and_how_long_it_is_useful_when_that_is_shorter() -> None:
    here = await bench()
    await here.one(not_after=MORNING + timedelta(minutes=5))
    (entry,) = here.gateway.carrier.ledger(here.clock.now())
    assert entry.valid_for_s == 5 * 60 - 10


async def test_with_less_than_a_minute_left_it_waits_for_the_next_window() -> None:
    here = await bench("2026-06-01 22:58:51")  # 69 s before closing: 59 s are left after the deadline
    held = await here.one()
    assert (held.delivery, held.reason) == (Delivery.QUEUED, "quiet_hours")
    assert held.not_before == utc("2026-06-02 15:00")
    assert here.accepted() == 0
    on_time = await bench("2026-06-01 22:58:50")
    assert (await on_time.one()).delivery is Delivery.SENT


async def test_a_text_about_to_lose_its_sense_expires_and_is_never_sent_late() -> None:
    here = await bench()
    expired = await here.one(not_after=MORNING + timedelta(seconds=60))
    assert (expired.delivery, expired.reason) == (Delivery.WITHHELD, "expired")
    night = await bench("2026-06-02 02:03")  # 21:03 in Texas
    gone = await night.one(not_after=utc("2026-06-02 14:00"))
    assert (gone.delivery, gone.reason) == (Delivery.WITHHELD, "expired:quiet_hours")


async def test_at_night_it_waits_until_the_morning() -> None:
    here = await bench("2026-06-02 02:03")
    held = await here.one()
    assert (held.delivery, held.reason, held.not_before) == (
        Delivery.QUEUED,
        "quiet_hours",
        utc("2026-06-02 15:00"),
    )
    await run_to_the_end(here.walk)
    assert (await here.town.message(held.id)).delivery is Delivery.SENT
    assert here.gateway.carrier.ledger(here.clock.now())[0].at >= utc("2026-06-02 15:00")


async def test_a_known_zone_of_the_client_wins_over_the_area_code() -> None:
    here = await bench()  # 08:00 in Los Angeles
    async with here.town.store.tenant(RITA) as tx:
        await tx.clients.save(evolve(here.town.clients[0], timezone="America/Los_Angeles"))
    assert (await here.one()).not_before == utc("2026-06-01 17:00")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"recipient": None}, "no_phone"),
        ({"sender": None}, "no_sender"),
        ({"recipient": "+15125559999"}, "phone_changed"),
    ],
)
async def test_what_can_never_be_sent_is_withheld_with_its_reason(changes: dict[str, object], reason: str) -> None:
    here = await bench()
    withheld = await here.one(**changes)
    assert (withheld.delivery, withheld.reason) == (
        Delivery.WITHHELD,
        reason if reason != "phone_changed" else "no_consent",
    )
    assert here.accepted() == 0


async def test_a_phone_the_client_no_longer_has_gets_nothing() -> None:
    here = await bench()
    async with here.town.store.tenant(RITA) as tx:
        await tx.clients.save(evolve(here.town.clients[0], phone="+15125550042"))
    assert (await here.one()).reason == "phone_changed"


async def test_without_consent_nothing_goes_out() -> None:
    clock = MovedClock(MORNING)
    store = memory_store(clock)
    place = await town(store, MORNING, kind=ConsentKind.EXPRESS)
    gateway = SimulatedGateway(SimulatedCarrier(MemoryJournal(), CarrierSettings()), clock)
    here = Bench(clock, place, SendWalk(store=store, gateway=gateway, clock=clock))
    assert (await here.one()).reason == "no_consent"
    informational = await here.town.queue(place.text(2, message_class=MessageClass.INFORMATIONAL))
    await here.walk.deliver()
    assert (await place.message(informational[0])).delivery is Delivery.SENT


async def test_the_second_text_of_a_day_waits_until_tomorrow_at_ten() -> None:
    here = await bench()
    await here.one()
    here.clock.move(60)
    (second,) = await here.town.queue(here.town.text(2))
    await here.walk.deliver()
    held = await here.town.message(second)
    assert (held.delivery, held.reason, held.not_before) == (Delivery.QUEUED, "cap_day", utc("2026-06-02 15:00"))


async def test_a_text_in_doubt_counts_against_the_cap() -> None:
    here = await bench(people=1)
    here.misbehave(Fault.DROP_BEFORE)
    assert (await here.one()).delivery is Delivery.IN_DOUBT
    here.misbehave(None)
    here.clock.move(200)
    await here.walk.recover()
    (second,) = await here.town.queue(here.town.text(2))
    await here.walk.deliver()
    assert (await here.town.message(second)).reason == "cap_day"


class Objecting(AnyWords):
    """A vertical whose wording rules block everything."""

    def lint(self, text: str) -> tuple[Finding, ...]:
        return (Finding(rule="steering", severity=Severity.BLOCK, start=0, end=1, found="x", suggestion=""),)


async def test_words_that_a_rule_blocks_are_withheld_also_after_approval() -> None:
    here = await bench()
    here.walk.rules = Objecting()
    assert (await here.one()).reason == "wording:steering"


async def test_a_refusal_for_good_fails_and_an_unusable_phone_is_never_tried_again() -> None:
    here = await bench()
    here.gateway.carrier._settings = CarrierSettings(landlines=1.0)
    first, second = await here.town.queue(here.town.text(1), here.town.text(2))
    await here.walk.deliver()
    assert ((await here.town.message(first)).delivery, (await here.town.message(first)).reason) == (
        Delivery.FAILED,
        "21614",
    )
    assert (await here.town.message(second)).reason == "phone_unusable"
    (third,) = await here.town.queue(here.town.text(3))
    await here.walk.deliver()
    assert (await here.town.message(third)).reason == "phone_unusable"
    async with here.town.store.tenant(RITA) as tx:
        (entry,) = await tx.audit.of_subject(first)
    assert (entry.action, entry.facts["detail"]) == ("phone_silenced", "21614")


async def test_a_stop_that_only_the_carrier_heard_is_recorded_as_ours() -> None:
    here = await bench()
    here.gateway.carrier.person_writes(here.town.clients[0].phone or "", OUR_NUMBER, "STOP", here.clock.now())
    failed = await here.one()
    assert (failed.delivery, failed.reason) == (Delivery.FAILED, "21610")
    (held,) = await here.town.silences()
    assert held.reason == "carrier_opt_out"


async def test_known_not_to_have_been_taken_it_goes_back_with_a_growing_pause() -> None:
    here = await bench()
    here.misbehave(Fault.RATE_LIMITED)
    waiting = await here.one()
    assert (waiting.delivery, waiting.reason) == (Delivery.QUEUED, "20429")
    assert waiting.not_before == MORNING + timedelta(seconds=5)
    here.clock.move(5)
    await here.walk.deliver()
    again = await here.town.message(waiting.id)
    assert (again.attempt, again.not_before) == (2, MORNING + timedelta(seconds=15))


async def test_a_text_that_is_put_off_for_ever_is_given_up() -> None:
    here = await bench(most_attempts=3)
    here.misbehave(Fault.CONNECT_FAILED)
    waiting = await here.one()
    await run_to_the_end(here.walk)
    given_up = await here.town.message(waiting.id)
    assert (given_up.delivery, given_up.reason, given_up.attempt) == (Delivery.FAILED, "attempts_exhausted", 3)


async def test_a_claim_older_than_the_send_deadline_is_handed_back_untried() -> None:
    here = await bench()
    (queued,) = await here.town.queue(here.town.text(1))

    async def dawdle(place: str) -> None:
        here.clock.move(10.5 if place == "before_post" else 0.0)

    here.walk.at = dawdle
    await here.walk.deliver()
    handed_back = await here.town.message(queued)
    assert (handed_back.delivery, handed_back.reason) == (Delivery.QUEUED, "send_deadline")
    assert here.accepted() == 0


async def test_the_deadline_is_measured_by_the_monotonic_clock_alone() -> None:
    """The wall clock jumps back by an hour between the claim and the request: too old stays too old."""
    here = await bench()
    (queued,) = await here.town.queue(here.town.text(1))
    unpaced = evolve(here.walk.settings, paces=UNPACED)
    async with here.town.store.system() as tx:
        claimed = await deliver.claim(tx, unpaced, lambda: 100.0)
    async with here.town.store.tenant(RITA) as tenant:
        prepared = await deliver.prepare(tenant, claimed.messages[0], AnyWords(), here.walk.settings)
    assert isinstance(prepared, Prepared)
    assert prepared.message.id == queued
    here.clock.move(-3_600)
    late = await deliver.post(here.gateway, prepared, claimed, here.walk.settings, lambda: 110.1)
    in_time = await deliver.post(here.gateway, prepared, claimed, here.walk.settings, lambda: 110.0)
    assert not isinstance(late, Accepted)
    assert isinstance(in_time, Accepted)


async def test_a_claim_that_is_no_longer_ours_is_not_prepared() -> None:
    here = await bench()
    await here.town.queue(here.town.text(1))
    async with here.town.store.system() as tx:
        claimed = await deliver.claim(tx, here.walk.settings, here.clock.monotonic)
    here.clock.move(61)
    await here.walk.recover()
    async with here.town.store.tenant(RITA) as tenant:
        assert await deliver.prepare(tenant, claimed.messages[0], AnyWords(), here.walk.settings) is None


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.GARBAGE])
async def test_a_doubt_about_a_text_that_was_taken_is_closed_by_the_list(fault: Fault) -> None:
    here = await bench()
    here.misbehave(fault)
    doubted = await here.one()
    assert doubted.delivery is Delivery.IN_DOUBT
    here.clock.move(5)
    await here.walk.recover()
    settled = await here.town.message(doubted.id)
    assert settled.delivery is Delivery.SENT
    assert settled.provider_sid == here.gateway.carrier.ledger(here.clock.now())[0].sid


async def test_a_receipt_closes_a_doubt_before_anybody_asks_the_list() -> None:
    here = await bench()
    here.misbehave(Fault.DROP_AFTER)
    doubted = await here.one()
    here.gateway.list_fails = True
    here.clock.move(60)
    await here.walk.listen()
    settled = await here.town.message(doubted.id)
    assert (settled.delivery, settled.receipt) == (Delivery.SENT, Receipt.DELIVERED)


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.ERROR_BEFORE])
async def test_a_doubt_without_evidence_stays_until_the_grace_is_over_and_then_waits_for_a_person(fault: Fault) -> None:
    here = await bench()
    here.misbehave(fault)
    doubted = await here.one()
    here.misbehave(None)
    here.clock.move(119)
    await here.walk.recover()
    assert (await here.town.message(doubted.id)).delivery is Delivery.IN_DOUBT
    here.clock.move(1)
    await here.walk.recover()
    open_end = await here.town.message(doubted.id)
    assert (open_end.delivery, open_end.reason) == (Delivery.UNCONFIRMED, "no_evidence")
    await run_to_the_end(here.walk)
    assert here.accepted() == 0


async def test_a_list_that_fails_proves_nothing_and_ends_no_grace() -> None:
    here = await bench()
    here.misbehave(Fault.DROP_BEFORE)
    doubted = await here.one()
    here.gateway.list_fails = True
    here.clock.move(10_000)
    await here.walk.recover()
    assert (await here.town.message(doubted.id)).delivery is Delivery.IN_DOUBT
    here.gateway.list_fails = False
    await here.walk.recover()
    assert (await here.town.message(doubted.id)).delivery is Delivery.UNCONFIRMED


async def test_an_unconfirmed_text_becomes_sent_by_late_evidence() -> None:
    here = await bench()
    here.misbehave(Fault.ARRIVES_LATE)
    here.gateway.faults = evolve(here.gateway.faults, late_s=300.0)
    doubted = await here.one()
    here.clock.move(130)
    await here.walk.recover()
    assert (await here.town.message(doubted.id)).delivery is Delivery.UNCONFIRMED
    await run_to_the_end(here.walk)
    assert (await here.town.message(doubted.id)).delivery is Delivery.SENT
    assert here.accepted() == 1


async def test_a_hand_written_text_that_somebody_waits_for_goes_out_once_more_and_then_no_more() -> None:
    here = await bench()
    here.misbehave(Fault.DROP_BEFORE)
    doubted = await here.one(
        source=MessageSource.MANUAL, sender_type=SenderType.USER, message_class=MessageClass.TRANSACTIONAL
    )
    here.clock.move(121)
    await here.walk.recover()
    assert (await here.town.message(doubted.id)).delivery is Delivery.IN_DOUBT, "nobody has watched it for long"
    here.clock.move(120)
    await here.walk.recover()
    again = await here.town.message(doubted.id)
    assert (again.delivery, again.resends) == (Delivery.QUEUED, 1)
    await run_to_the_end(here.walk)
    ended = await here.town.message(doubted.id)
    assert (ended.delivery, ended.attempt) == (Delivery.UNCONFIRMED, 2)


async def test_a_second_name_for_one_text_raises_an_alarm_and_changes_nothing() -> None:
    here = await bench()
    sent = await here.one()
    async with here.town.store.tenant(RITA) as tx:
        moved = await deliver.record(
            tx, sent, Accepted(provider_sid="SMother", receipt=Receipt.QUEUED), here.walk.settings
        )
    assert moved is not None
    assert moved.alarm
    assert (await here.town.message(sent.id)).provider_sid == sent.provider_sid
    async with here.town.store.tenant(RITA) as tx:
        assert [entry.action for entry in await tx.audit.of_subject(sent.id)] == ["duplicate_accept"]


async def test_an_outcome_that_comes_after_the_lease_is_not_written_over_a_newer_state() -> None:
    here = await bench()
    (queued,) = await here.town.queue(here.town.text(1))
    async with here.town.store.system() as tx:
        claimed = await deliver.claim(tx, here.walk.settings, here.clock.monotonic)
    here.clock.move(61)
    await here.walk.recover()
    async with here.town.store.tenant(RITA) as tenant:
        assert await deliver.record(tenant, claimed.messages[0], Doubtful(why="late"), here.walk.settings) is None
    assert (await here.town.message(queued)).reason == "lease_expired"


async def test_a_queued_text_to_a_suppressed_phone_is_never_claimed_but_withheld() -> None:
    here = await bench()
    (queued,) = await here.town.queue(here.town.text(1, not_before=MORNING + timedelta(minutes=1)))
    phone = here.town.clients[0].phone or ""
    here.gateway.carrier.person_writes(phone, OUR_NUMBER, "please stop texting me", here.clock.now())
    await here.walk.listen()
    assert (await here.town.message(queued)).reason == "revoked"
    (later,) = await here.town.queue(here.town.text(2))
    await here.walk.deliver()
    withheld = await here.town.message(later)
    assert (withheld.delivery, withheld.reason, withheld.attempt) == (Delivery.WITHHELD, "revoked", 0)


async def test_an_unclear_answer_holds_everything_back_until_a_person_has_answered() -> None:
    here = await bench(gate=GateRules(owner_hours=ALL_DAY, caps=Caps(per_day=9, per_7_days=9, per_30_days=9)))
    phone = here.town.clients[0].phone or ""
    here.gateway.carrier.person_writes(phone, OUR_NUMBER, "who is this?", here.clock.now())
    await here.walk.listen()
    assert (await here.one()).reason == "reply_unclear"
    here.clock.move(5)
    by_hand = here.town.text(
        2, source=MessageSource.MANUAL, sender_type=SenderType.USER, message_class=MessageClass.REPLY
    )
    await here.town.queue(by_hand)
    await here.walk.deliver()
    assert here.accepted() == 1
    here.clock.move(72 * 3_600)  # the cool-down after a hand-written text
    (third,) = await here.town.queue(here.town.text(3))
    await here.walk.deliver()
    assert (await here.town.message(third)).delivery is Delivery.SENT


def test_backoff_doubles_is_bounded_and_heeds_the_carrier() -> None:
    settings = DeliverySettings()
    assert [backoff_s(attempt, 0.0, settings) for attempt in (1, 2, 3, 9, 500)] == [5, 10, 20, 900, 900]
    assert backoff_s(1, 600.0, settings) == 600
    assert backoff_s(500, 3_600.0, settings) == 3_600


def test_validity_is_bounded_on_both_sides() -> None:
    settings = DeliverySettings()
    assert valid_for_s(MORNING, None, settings) == 36_000
    assert valid_for_s(MORNING, MORNING + timedelta(days=2), settings) == 36_000
    assert valid_for_s(MORNING, MORNING - timedelta(days=2), settings) == 0


@pytest.mark.parametrize("times", [{"lease_s": 25.0}, {"grace_s": 114.0}, {"batch": 0}, {"most_attempts": 1_000}])
def test_times_that_contradict_each_other_are_refused(times: dict[str, float]) -> None:
    with pytest.raises(Invalid):
        DeliverySettings(**times)  # type: ignore[arg-type]


def test_settings_of_the_reference_are_the_defaults() -> None:
    settings = DeliverySettings()
    assert (settings.lease_s, settings.send_deadline_s, settings.http_timeout_s) == (60, 10, 15)
    assert (settings.provider_late_s, settings.list_lag_s, settings.grace_s) == (30, 60, 120)


def a_record(number: int, body: str, seconds: float) -> ProviderRecord:
    return ProviderRecord(
        provider_sid=f"SM{number}", sender=OUR_NUMBER, recipient="+15125560000", body=body, receipt=Receipt.SENT,
        created_at=MORNING + timedelta(seconds=seconds),
    )  # fmt: skip


async def _open_row(here: Bench, number: int, words: str, seconds: float) -> Message:
    queued = here.town.text(number, content=words).queued(MORNING)
    return evolve(queued, delivery=Delivery.IN_DOUBT, attempt=1, claimed_at=MORNING + timedelta(seconds=seconds))


async def test_a_record_is_attributed_to_the_only_open_row_whatever_its_words() -> None:
    row = await _open_row(await bench(), 1, "hello", 0)
    assert attribute([a_record(1, "hello there", 1)], [row], 5.0)[row.id].provider_sid == "SM1"
    both = [a_record(1, "other words", 1), a_record(2, "hello", 2)]
    assert attribute(both, [row], 5.0)[row.id].provider_sid == "SM2"
    assert attribute([a_record(1, "hello", -6)], [row], 5.0) == {}


async def test_with_several_open_rows_words_must_be_equal_and_a_record_is_of_the_one_claimed_last_before_it() -> None:
    here = await bench()
    older, newer = await _open_row(here, 1, "hello", 0), await _open_row(here, 2, "hello", 60)
    assert list(attribute([a_record(1, "hello", 70)], [newer, older], 5.0)) == [newer.id]
    assert list(attribute([a_record(1, "hello", 50)], [newer, older], 5.0)) == [older.id]
    assert attribute([a_record(1, "other", 70)], [newer, older], 5.0) == {}
    two = attribute([a_record(1, "hello", 1), a_record(2, "hello", 61)], [newer, older], 5.0)
    assert {row_id: record.provider_sid for row_id, record in two.items()} == {older.id: "SM1", newer.id: "SM2"}


async def test_what_is_handed_over_prints_no_words() -> None:
    text = OutgoingText(
        user_id=RITA, message_id=RITA, attempt=1, sender=OUR_NUMBER, recipient="+15125560000", body="canary",
        valid_for_s=60,
    )  # fmt: skip
    assert "canary" not in repr(text)


async def set_rules(here: Bench, **rules: Any) -> None:
    async with here.town.store.tenant(RITA) as tx:
        user = await tx.users.get(RITA)
        await tx.users.save(evolve(user, strategy={"nudge_rules": rules}))


EVENING = "2026-06-02 00:30"  # 19:30 in Texas: lawful, and past the house's own hours


async def test_a_professional_s_own_hours_for_a_state_are_the_ones_that_bind() -> None:
    here = await bench(EVENING)
    assert (await here.one()).delivery is Delivery.QUEUED
    wider = await bench(EVENING)
    await set_rules(wider, hours={"TX": {"mon_fri": ["09:00", "20:00"]}})
    assert (await wider.one()).delivery is Delivery.SENT
    (entry,) = wider.gateway.carrier.ledger(wider.clock.now())
    assert entry.valid_for_s == 30 * 60 - 10


async def test_settings_that_cannot_be_read_leave_the_strict_rules() -> None:
    here = await bench(EVENING)
    await set_rules(here, hours={"TX": {"mon_fri": ["06:00", "23:00"]}})
    assert (await here.one()).delivery is Delivery.QUEUED


async def test_a_link_to_a_host_that_the_owner_has_not_listed_is_not_sent() -> None:
    here = await bench()
    await set_rules(here, links=["mine.example.org"])
    refused = await here.one(content="Look: https://other.example.com/x")
    assert (refused.delivery, refused.reason) == (Delivery.WITHHELD, "wording:foreign_link")


async def test_a_topic_has_its_cap_and_the_next_topic_its_own() -> None:
    here = await bench()
    await set_rules(here, caps={"per_day": 3, "per_7_days": 9})
    first, second, other = await here.town.queue(
        here.town.text(1, topic="listings"), here.town.text(2, topic="listings"), here.town.text(3, topic="market")
    )
    for _ in range(3):
        await here.walk.deliver()
        here.clock.move(60)
    assert (await here.town.message(first)).delivery is Delivery.SENT
    assert (await here.town.message(second)).reason == "cap_topic_day"
    assert (await here.town.message(other)).delivery is Delivery.SENT
