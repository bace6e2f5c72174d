"""The gate: its order, its four outcomes, and what it must never say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.consent import LEAST_CONSENT, Consent, ConsentKind, Suppression, SuppressionScope
from nudge_core.model.message import MessageClass, MessageSource
from nudge_core.policy.caps import SentText
from nudge_core.policy.consent import SilenceReason, is_enough, latest
from nudge_core.policy.facts import Facts, GateRules
from nudge_core.policy.findings import Finding, Severity
from nudge_core.policy.gate import CHECKS, decide
from nudge_core.policy.hours_table import ALL_DAY
from nudge_core.policy.outcomes import Ask, Refuse, Send, Wait
from nudge_core.timing.area_codes import EASTERN, US_ZONES
from nudge_core.timing.local_time import to_utc
from nudge_core.timing.recipient_zone import Evidence, Whereabouts, whereabouts
from tests.clocks import wall

PHONE = "+12125550123"
USER, CLIENT = UUID(int=1), UUID(int=2)
WIDE = GateRules(owner_hours=ALL_DAY)
"""The lawful hours alone: the vectors of `verticals.md` speak of them."""


def ny(text: str) -> datetime:
    return to_utc(wall(text), EASTERN)


NOON = ny("2026-06-01 12:00")


def consent(kind: ConsentKind, at: datetime = NOON - timedelta(days=30)) -> Consent:
    return Consent(
        id=UUID(int=3), user_id=USER, client_id=CLIENT, phone=PHONE, kind=kind, source="form", recorded_by="test",
        recorded_at=at,
    )  # fmt: skip


def silence(reason: str = "opted_out", topic: str | None = None) -> Suppression:
    return Suppression(
        id=UUID(int=4), user_id=USER, phone=PHONE, reason=reason, created_at=NOON, topic=topic or "",
        scope=SuppressionScope.ALL if topic is None else SuppressionScope.TOPIC,
    )  # fmt: skip


def facts(**changes: Any) -> Facts:
    """Facts of a marketing text that may go out, with changes; `sent` by its instants."""
    if "sent" in changes:
        changes["sent"] = tuple(SentText(at=instant) for instant in changes["sent"])
    plain = Facts(
        now=NOON,
        message_class=MessageClass.MARKETING,
        source=MessageSource.INSTANT_NUDGE,
        recipient=PHONE,
        sender="+12125550100",
        whereabouts=whereabouts(PHONE),
        known_since=NOON - timedelta(days=400),
        consent=consent(ConsentKind.EXPRESS_WRITTEN),
    )
    return evolve(plain, **changes)


def test_nothing_against_it_sends_until_the_window_closes() -> None:
    assert decide(facts(), WIDE) == Send(until=ny("2026-06-01 21:00"))
    assert decide(facts(), GateRules()) == Send(until=ny("2026-06-01 18:00"))


BLOCK = Finding(rule="adults_only", severity=Severity.BLOCK, start=0, end=1, found="a", suggestion="")
LOOK = evolve(BLOCK, severity=Severity.REVIEW)

OBJECTIONS: Mapping[str, tuple[Mapping[str, Any], type, str]] = {
    "no phone": ({"recipient": None}, Refuse, "no_phone"),
    "no sender": ({"sender": None}, Ask, "no_sender"),
    "dead phone": ({"suppressions": (silence("phone_unusable"),)}, Refuse, "phone_unusable"),
    "abroad": ({"whereabouts": whereabouts("+442071838750")}, Refuse, "country_not_covered"),
    "stopped": ({"suppressions": (silence(),)}, Refuse, "revoked"),
    "somebody else": ({"suppressions": (silence("wrong_number"),)}, Refuse, "wrong_number"),
    "this topic": ({"suppressions": (silence(topic="listings"),), "topic": "listings"}, Refuse, "revoked_topic"),
    "unnamed topic": ({"suppressions": (silence(topic="listings"),)}, Refuse, "revoked_topic"),
    "no consent": ({"consent": None}, Refuse, "no_consent"),
    "too little consent": ({"consent": consent(ConsentKind.EXPRESS)}, Refuse, "no_consent"),
    "listing gone": ({"untrue": "listing_gone"}, Refuse, "listing_gone"),
    "too late": ({"not_after": NOON}, Refuse, "expired"),
    "paused": ({"plan": BriefingStatus.PAUSED}, Wait, "plan_paused"),
    "ended": ({"plan": BriefingStatus.CANCELLED}, Refuse, "plan_ended"),
    "unapproved": ({"plan": BriefingStatus.DRAFT}, Refuse, "plan_ended"),
    "unclear reply": ({"paused": "reply_unclear"}, Ask, "reply_unclear"),
    "wording": ({"findings": (LOOK, BLOCK)}, Refuse, "wording:adults_only"),
    "just talked": ({"human_contact_at": NOON - timedelta(hours=71)}, Wait, "cool_down"),
    "newcomer": ({"automatic": True, "known_since": NOON - timedelta(days=13)}, Wait, "new_contact"),
    "capped": ({"sent": (NOON - timedelta(hours=1),)}, Wait, "cap_day"),
    "night": ({"now": ny("2026-06-01 23:00")}, Wait, "quiet_hours"),
    "carrier busy": ({"provider_free_at": NOON + timedelta(minutes=5)}, Wait, "provider_limit"),
    "again": ({"already_sent": True}, Refuse, "already_sent"),
}


@pytest.mark.parametrize("name", OBJECTIONS)
def test_every_objection_has_its_outcome_and_reason(name: str) -> None:
    changes, kind, reason = OBJECTIONS[name]
    outcome = decide(facts(**changes), WIDE)
    assert isinstance(outcome, kind)
    assert getattr(outcome, "reason", None) == reason


def test_the_order_is_that_of_the_document() -> None:
    assert [check.__name__ for check in CHECKS] == [
        "number_is_usable",
        "not_revoked",
        "consent_is_enough",
        "facts_are_true",
        "plan_goes_on",
        "wording_passes",
        "rested",
        "under_caps",
        "lawful_hour",
        "provider_is_free",
        "not_sent_yet",
    ]


ORDERED = [name for name in OBJECTIONS if name not in {"abroad", "somebody else", "this topic", "too little consent"}]


@pytest.mark.parametrize(
    ("first", "second"),
    [("stopped", "no consent"), ("no consent", "listing gone"), ("listing gone", "ended"), ("ended", "wording"),
     ("wording", "just talked"), ("just talked", "capped"), ("capped", "night"), ("night", "carrier busy"),
     ("carrier busy", "again"), ("no phone", "stopped"), ("no phone", "again")],
)  # fmt: skip
def test_of_two_objections_the_earlier_one_answers(first: str, second: str) -> None:
    (one, _, reason), (other, _, _) = OBJECTIONS[first], OBJECTIONS[second]
    both = {**other, **one}
    if first == "capped":
        both["sent"] = (ny("2026-06-01 22:00"),)  # on the same evening as "night"
    assert getattr(decide(facts(**both), WIDE), "reason", None) == reason


@pytest.mark.parametrize(
    ("changes", "until"),
    [
        ({"human_contact_at": ny("2026-06-01 15:00")}, "2026-06-04 15:00"),  # a call
        ({"human_contact_at": ny("2026-06-01 09:00")}, "2026-06-04 09:00"),  # a hand-written text
        ({"automatic": True, "known_since": ny("2026-06-01 12:00")}, "2026-06-15 12:00"),
        ({"now": ny("2026-06-05 10:00"), "sent": (ny("2026-06-01 10:00"), ny("2026-06-03 10:00"))}, "2026-06-08 10:00"),
        ({"now": ny("2026-06-01 16:00"), "sent": (ny("2026-06-01 10:00"),)}, "2026-06-02 10:00"),
        ({"now": ny("2026-06-01 21:03")}, "2026-06-02 08:00"),
    ],
)
def test_the_vectors_of_waiting(changes: Mapping[str, Any], until: str) -> None:
    now = changes.get("now", ny("2026-06-01 15:30"))
    outcome = decide(facts(**{**changes, "now": now}), WIDE)
    assert isinstance(outcome, Wait)
    assert outcome.until == ny(until)


def test_a_wait_ends_at_a_lawful_hour() -> None:
    outcome = decide(facts(provider_free_at=ny("2026-06-01 23:10"), now=ny("2026-06-01 20:50")), WIDE)
    assert outcome == Wait(until=ny("2026-06-02 08:00"), reason="provider_limit")


def test_what_would_have_to_wait_longer_than_it_is_useful_is_dropped_with_both_reasons() -> None:
    late = facts(now=ny("2026-06-01 21:03"), not_after=ny("2026-06-02 08:00"))
    assert decide(late, WIDE) == Refuse(reason="expired:quiet_hours")
    assert decide(evolve(late, not_after=ny("2026-06-02 09:00")), WIDE) == Wait(
        until=ny("2026-06-02 08:00"), reason="quiet_hours"
    )


def test_no_common_hour_asks_the_professional() -> None:
    apart = Whereabouts(zones=frozenset({EASTERN, "Asia/Shanghai"}), jurisdictions=frozenset(), evidence=Evidence.KNOWN)
    assert decide(facts(whereabouts=apart), GateRules()) == Ask(reason="no_common_hour")


def test_a_topic_revoked_leaves_reminders_alone() -> None:
    reminder = {"message_class": MessageClass.TRANSACTIONAL, "suppressions": (silence(topic="listings"),)}
    assert isinstance(decide(facts(**reminder), WIDE), Send)
    assert isinstance(decide(facts(**reminder, topic="reminders"), WIDE), Send)
    assert decide(facts(**reminder, topic="listings"), WIDE) == Refuse(reason="revoked_topic")


def test_replies_and_transactional_texts_know_no_cap_and_no_cool_down() -> None:
    busy = {"sent": (NOON - timedelta(hours=1),), "human_contact_at": NOON}
    for kind in (MessageClass.REPLY, MessageClass.TRANSACTIONAL):
        assert isinstance(decide(facts(message_class=kind, **busy), WIDE), Send)


def test_a_hand_written_reply_soon_after_the_client_wrote_is_not_bound_by_hours() -> None:
    night = ny("2026-06-01 23:00")
    reply = facts(
        now=night,
        message_class=MessageClass.REPLY,
        source=MessageSource.MANUAL,
        consent=consent(ConsentKind.INQUIRY),
        client_wrote_at=night - timedelta(minutes=30),
    )
    assert decide(reply, GateRules()) == Send(until=None)
    assert isinstance(decide(evolve(reply, client_wrote_at=night - timedelta(minutes=31)), GateRules()), Wait)
    assert isinstance(decide(evolve(reply, source=MessageSource.FAQ_AUTO_RESPONSE), GateRules()), Wait)
    assert decide(evolve(reply, suppressions=(silence(),)), GateRules()) == Refuse(reason="revoked")


def test_a_reply_keeps_the_lawful_hours_but_not_the_professional_s_own_window() -> None:
    evening = facts(now=ny("2026-06-01 20:00"), message_class=MessageClass.REPLY)
    assert isinstance(decide(evening, GateRules()), Send)


def test_a_service_text_goes_out_at_night_to_a_suppressed_phone_without_consent_but_not_to_a_dead_one() -> None:
    confirmation = facts(
        now=ny("2026-06-01 23:00"),
        message_class=MessageClass.SERVICE,
        source=MessageSource.FAQ_AUTO_RESPONSE,
        consent=None,
        suppressions=(silence(),),
    )
    assert decide(confirmation, GateRules()) == Send(until=None)
    dead = evolve(confirmation, suppressions=(silence(), silence(SilenceReason.PHONE_UNUSABLE)))
    assert decide(dead, GateRules()) == Refuse(reason="phone_unusable")


def test_the_newest_consent_counts_also_when_it_takes_consent_away() -> None:
    early = consent(ConsentKind.EXPRESS_WRITTEN, NOON - timedelta(days=2))
    late = consent(ConsentKind.NONE, NOON - timedelta(days=1))
    assert latest([late, early]) == late
    assert latest([]) is None
    assert not is_enough(latest([early, late]), MessageClass.REPLY)
    assert is_enough(None, MessageClass.SERVICE)


MOMENTS = st.datetimes(wall("2026-01-01"), wall("2030-12-20"), timezones=st.just(UTC))
ANY_FACTS = st.builds(
    facts,
    now=MOMENTS,
    message_class=st.sampled_from(MessageClass),
    source=st.sampled_from(MessageSource),
    whereabouts=st.builds(
        lambda zones, states: Whereabouts(zones=zones, jurisdictions=states, evidence=Evidence.AREA_CODE),
        st.frozensets(st.sampled_from(sorted(US_ZONES)), min_size=1, max_size=3),
        st.frozensets(st.sampled_from(["FL", "TX", "RI", "AL", "NY"]), max_size=2),
    ),
    suppressions=st.one_of(st.just(()), st.just((silence(),)), st.just((silence(topic="listings"),))),
    consent=st.one_of(st.none(), st.builds(consent, st.sampled_from(ConsentKind))),
    not_after=st.one_of(st.none(), MOMENTS),
    plan=st.sampled_from([None, *BriefingStatus]),
    untrue=st.sampled_from([None, None, "listing_gone"]),
    client_wrote_at=st.none(),
    already_sent=st.booleans(),
)


AGES = st.lists(st.timedeltas(timedelta(0), timedelta(days=40)), max_size=7)


@settings(max_examples=400)
@given(ANY_FACTS, AGES, st.sampled_from([WIDE, GateRules()]))
def test_it_never_says_send_where_one_rule_forbids_it(some: Facts, ages: list[timedelta], rules: GateRules) -> None:
    """Written anew here, by wall clocks and sums, apart from the gate's own arithmetic."""
    known = evolve(some, sent=tuple(SentText(at=some.now - age) for age in ages))
    outcome = decide(known, rules)
    assert isinstance(outcome, Send) or outcome.reason
    if not isinstance(outcome, Send) or known.message_class is MessageClass.SERVICE:
        return
    for name in known.whereabouts.zones:
        clock = known.now.astimezone(ZoneInfo(name))
        assert 8 <= clock.hour < (20 if "FL" in known.whereabouts.jurisdictions else 21)
        assert clock.weekday() != 6 or not known.whereabouts.jurisdictions & {"RI", "AL"}
    assert outcome.until is not None
    assert outcome.until > known.now
    assert not any(one.scope is SuppressionScope.ALL for one in known.suppressions)
    kind = ConsentKind.NONE if known.consent is None else known.consent.kind
    assert kind.rank >= LEAST_CONSENT[known.message_class].rank
    assert known.plan in (None, BriefingStatus.ACTIVE)
    assert known.untrue is None
    assert not known.already_sent
    assert known.not_after is None or known.now < known.not_after
    if known.message_class in (MessageClass.MARKETING, MessageClass.INFORMATIONAL):
        assert sum(known.now - text.at < timedelta(days=7) for text in known.sent) < 2
        assert sum(known.now - text.at < timedelta(days=30) for text in known.sent) < 6
        for name in known.whereabouts.zones:
            days = [text.at.astimezone(ZoneInfo(name)).date() for text in known.sent]
            assert known.now.astimezone(ZoneInfo(name)).date() not in days


@settings(max_examples=200)
@given(ANY_FACTS, AGES, st.sampled_from([WIDE, GateRules()]))
def test_a_wait_ends_later_and_at_a_lawful_hour(some: Facts, ages: list[timedelta], rules: GateRules) -> None:
    known = evolve(some, sent=tuple(SentText(at=some.now - age) for age in ages))
    outcome = decide(known, rules)
    if isinstance(outcome, Wait):
        assert outcome.until > known.now
        for name in known.whereabouts.zones:
            assert 8 <= outcome.until.astimezone(ZoneInfo(name)).hour < 21
