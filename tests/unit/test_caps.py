"""Caps: the vectors of `verticals.md` 1.4, and what holds for every history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.policy.caps import Capped, Caps, capped
from nudge_core.timing.area_codes import CENTRAL, EASTERN, PACIFIC
from nudge_core.timing.local_time import local_date, to_utc
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
