"""Caps: the vectors of `verticals.md` 1.4, and what holds for every history."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.policy import caps as caps_module
from nudge_core.policy.caps import Capped, Caps, SentText, capped, held_back
from nudge_core.policy.frequency_table import FREQUENCY_RULES
from nudge_core.timing.area_codes import CENTRAL, EASTERN, PACIFIC
from nudge_core.timing.local_time import local_date, to_utc
from nudge_core.timing.recipient_zone import whereabouts
from tests.clocks import utc, wall

CAPS = Caps()


def ny(text: str) -> datetime:
    return to_utc(wall(text), EASTERN)


def test_two_within_seven_days_hold_back_the_third_until_the_first_is_seven_days_old() -> None:
    sent = [ny("2026-06-01 10:00"), ny("2026-06-03 10:00")]
    assert capped(ny("2026-06-05 10:00"), sent, {EASTERN}, CAPS) == Capped("cap_7_days", ny("2026-06-08 10:00"))


def test_one_today_holds_back_the_next_until_tomorrow_at_ten() -> None:
    held = capped(ny("2026-06-01 16:00"), [ny("2026-06-01 10:00")], {EASTERN}, CAPS)
    assert held == Capped("cap_day", ny("2026-06-02 10:00"))


@pytest.mark.parametrize(("days", "limit"), [(7, Caps(per_7_days=1)), (30, Caps(per_30_days=1))])
def test_a_text_of_exactly_so_many_days_no_longer_counts(days: int, limit: Caps) -> None:
    now = utc("2026-06-15 15:00")
    exactly = now - timedelta(days=days)
    assert capped(now, [exactly], {EASTERN}, limit) is None
    assert capped(now, [exactly + timedelta(seconds=1)], {EASTERN}, limit) is not None


def test_the_cap_that_lifts_last_is_named() -> None:
    sent = [ny("2026-06-01 10:00"), ny("2026-06-05 09:00")]
    assert capped(ny("2026-06-05 10:00"), sent, {EASTERN}, CAPS) == Capped("cap_7_days", ny("2026-06-08 10:00"))


def test_six_within_thirty_days() -> None:
    sent = [ny(f"2026-06-{day:02d} 10:00") for day in (1, 5, 9, 13, 17, 21)]
    assert capped(ny("2026-06-29 10:00"), sent, {EASTERN}, CAPS) == Capped("cap_30_days", ny("2026-07-01 10:00"))


def test_the_day_is_the_recipient_s_not_utc_s() -> None:
    """20:30 and 21:30 Eastern are one day there and two in UTC; 23:30 and 00:30 UTC the other way round."""
    sent, now = utc("2026-06-01 23:30"), utc("2026-06-02 00:30")
    held = capped(now, [sent], {EASTERN}, CAPS)
    assert held is not None
    assert held.reason == "cap_day"
    assert capped(ny("2026-06-02 00:30"), [ny("2026-06-01 23:30")], {EASTERN}, CAPS) is None


def test_with_several_zones_the_day_must_be_over_in_all_of_them() -> None:
    sent, now = ny("2026-06-01 20:00"), ny("2026-06-02 00:30")
    held = capped(now, [sent], {EASTERN, PACIFIC, CENTRAL}, CAPS)
    assert held is not None
    assert held.until == to_utc(wall("2026-06-02 10:00"), PACIFIC)


def test_a_cap_of_zero_never_lifts() -> None:
    assert capped(utc("2026-06-01 15:00"), [], {EASTERN}, Caps(per_7_days=0)) == Capped("cap_7_days", None)


MOMENTS = st.datetimes(wall("2026-01-01"), wall("2026-03-31"), timezones=st.just(UTC))


@given(st.lists(MOMENTS, max_size=12), MOMENTS, st.sampled_from([EASTERN, CENTRAL, "Pacific/Honolulu"]))
def test_what_is_let_through_keeps_every_cap_and_a_wait_ends_under_all(
    sent: list[datetime], now: datetime, zone: str
) -> None:
    held = capped(now, sent, {zone}, CAPS)
    moment = now if held is None or held.until is None else held.until
    assert sum(local_date(instant, zone) >= local_date(moment, zone) for instant in sent if instant <= moment) < 1
    assert sum(moment - instant < timedelta(days=7) for instant in sent) < 2
    assert sum(moment - instant < timedelta(days=30) for instant in sent) < 6


GEORGIA, MIAMI, OREGON = whereabouts("+14045550123"), whereabouts("+13055550123"), whereabouts("+15035550123")
WIDE = Caps(per_day=50, per_7_days=50, per_30_days=50, per_topic_day=50, per_topic_7_days=50)


def about(topic: str | None, *instants: datetime) -> tuple[SentText, ...]:
    return tuple(SentText(at=instant, topic=topic) for instant in instants)


def test_a_topic_has_caps_of_its_own() -> None:
    more = Caps(per_day=5, per_7_days=9)
    sent = about("listings", ny("2026-06-01 10:00"))
    now = ny("2026-06-01 16:00")
    assert held_back(now, sent, "market", GEORGIA, more) is None
    assert held_back(now, sent, "listings", GEORGIA, more) == Capped("cap_topic_day", ny("2026-06-02 10:00"))
    assert held_back(now, sent, None, GEORGIA, more) == Capped("cap_topic_day", ny("2026-06-02 10:00"))
    assert held_back(now, about(None, sent[0].at), "market", GEORGIA, more) is not None


def test_two_about_one_topic_within_seven_days_hold_back_the_third() -> None:
    sent = about("listings", ny("2026-06-01 10:00"), ny("2026-06-03 10:00"))
    held = held_back(ny("2026-06-05 10:00"), sent, "listings", GEORGIA, Caps(per_7_days=9))
    assert held == Capped("cap_topic_7_days", ny("2026-06-08 10:00"))


def test_a_state_counts_three_per_rolling_day_and_subject() -> None:
    three = [ny("2026-06-01 19:00"), ny("2026-06-01 19:30"), ny("2026-06-02 09:00")]
    now = ny("2026-06-02 10:00")  # two calendar days, one rolling one
    assert held_back(now, about("listings", *three), "listings", MIAMI, WIDE) == Capped("cap_state", three[0] + DAY)
    assert held_back(now, about("listings", *three), "listings", GEORGIA, WIDE) is None
    assert held_back(now, about("market", *three), "listings", MIAMI, WIDE) is None
    assert held_back(three[0] + DAY, about("listings", *three), "listings", MIAMI, WIDE) is None


def test_oregon_counts_since_2026() -> None:
    three = [to_utc(wall(f"2025-12-31 {hour:02d}:00"), PACIFIC) for hour in (9, 10, 11)]
    assert held_back(three[-1] + timedelta(hours=1), about("x", *three), "x", OREGON, WIDE) is None
    assert held_back(three[-1] + timedelta(hours=14), about("x", *three), "x", OREGON, WIDE) is not None
    assert {state for law in FREQUENCY_RULES for state in law.jurisdictions} == {"FL", "OK", "MD", "OR"}


DAY = timedelta(hours=24)


class Broken(AssertionError):
    """A ledger of sent texts breaks a cap."""


def sent_greedily(seed: int, caps: Caps, days: int = 40) -> list[SentText]:
    """Try to send at random instants; return what the caps let through."""
    chance = random.Random(seed)
    ledger: list[SentText] = []
    instants = sorted(chance.uniform(0, days * 86_400.0) for _ in range(days * 12))
    for seconds in instants:
        now = datetime(2026, 2, 20, tzinfo=UTC) + timedelta(seconds=seconds)
        topic = chance.choice(["listings", "market"])
        if held_back(now, ledger, topic, MIAMI, caps) is None:
            ledger.append(SentText(at=now, topic=topic))
    return ledger


def examine(ledger: Sequence[SentText], caps: Caps) -> None:
    """Judge a ledger by counting, one text after another: I6.

    Raises:
        Broken: there is one text too many.
    """
    days: Counter[date] = Counter(text.at.astimezone(ZoneInfo(EASTERN)).date() for text in ledger)
    if days and max(days.values()) > caps.per_day:
        raise Broken("too many on a calendar day of the recipient")
    for last in ledger:
        before = [text for text in ledger if text.at <= last.at]
        if sum(last.at - text.at < timedelta(days=7) for text in before) > caps.per_7_days:
            raise Broken("too many in seven days")
        if sum(last.at - text.at < timedelta(days=30) for text in before) > caps.per_30_days:
            raise Broken("too many in thirty days")
        if sum(last.at - text.at < DAY and text.topic == last.topic for text in before) > 3:
            raise Broken("too many on one subject in a rolling day in Florida")


HOUSE_AND_WIDE = [Caps(), Caps(per_day=3, per_7_days=9, per_30_days=30, per_topic_day=2, per_topic_7_days=6), WIDE]


@pytest.mark.parametrize("caps", HOUSE_AND_WIDE)
@pytest.mark.parametrize("seed", range(4))
def test_i6_no_ledger_breaks_a_cap(seed: int, caps: Caps) -> None:
    ledger = sent_greedily(seed, caps)
    assert len(ledger) >= 6
    examine(ledger, caps)


def test_mutant_m8_counting_by_utc_date_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_utc_date(now: datetime, past: Sequence[datetime], _length: timedelta, limit: int) -> datetime | None:
        today = [instant for instant in past if instant.date() == now.date()]
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
        return midnight if 0 < limit <= len(today) else None

    monkeypatch.setattr(caps_module, "_rolling_lifts", by_utc_date)
    with pytest.raises(Broken):
        examine(sent_greedily(1, WIDE), WIDE)


def test_a_mutant_whose_calendar_day_is_utc_s_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caps_module, "local_date", lambda instant, _zone: instant.astimezone(UTC).date())
    daily = Caps(per_7_days=9, per_30_days=40, per_topic_7_days=9)
    ledger = sent_greedily(1, daily)
    with pytest.raises(Broken):
        examine(ledger, daily)
