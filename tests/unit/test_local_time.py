"""Wall clocks and instants: the vectors of `verticals.md` 1.2, and what holds for every zone and moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.timing.area_codes import AREAS
from nudge_core.timing.local_time import at, days_later, local_date, to_local, to_utc
from tests.clocks import utc, wall

NEW_YORK = "America/New_York"
ZONES = sorted({name for area in AREAS.values() for name in area.zones})
MOMENTS = st.datetimes(wall("2026-01-01"), wall("2030-12-31"), timezones=st.just(UTC))
WALLS = st.datetimes(wall("2026-01-01"), wall("2030-12-31"))


def test_a_skipped_time_moves_forward_by_the_length_of_the_gap() -> None:
    instant = to_utc(wall("2026-03-08 02:30"), NEW_YORK)
    assert instant == utc("2026-03-08 07:30")
    assert to_local(instant, NEW_YORK).time() == time(3, 30)


def test_of_a_time_that_happens_twice_the_first_is_taken() -> None:
    assert to_utc(wall("2026-11-01 01:30"), NEW_YORK) == utc("2026-11-01 05:30")


def test_a_day_before_is_the_same_clock_not_24_elapsed_hours() -> None:
    appointment = at(date(2026, 3, 8), time(9), NEW_YORK)
    assert appointment == utc("2026-03-08 13:00")
    assert days_later(appointment, -1, NEW_YORK) == utc("2026-03-07 14:00")


def test_a_day_later_from_the_second_showing_of_an_hour_keeps_the_clock() -> None:
    second = utc("2026-11-01 06:30")
    assert to_local(second, NEW_YORK).time() == time(1, 30)
    assert days_later(second, 1, NEW_YORK) == utc("2026-11-02 06:30")


def test_the_calendar_day_is_the_zone_s_own() -> None:
    assert local_date(utc("2026-07-02 03:00"), NEW_YORK) == date(2026, 7, 1)


@given(MOMENTS, st.sampled_from(ZONES))
def test_what_a_clock_shows_names_that_instant_or_the_first_of_two(instant: datetime, zone: str) -> None:
    back = to_utc(to_local(instant, zone).replace(tzinfo=None), zone)
    assert back <= instant
    assert to_local(back, zone).replace(tzinfo=None) == to_local(instant, zone).replace(tzinfo=None)


@given(WALLS, st.sampled_from(ZONES))
def test_a_wall_clock_that_exists_is_kept_and_one_that_does_not_moves_forward(wall: datetime, zone: str) -> None:
    shown = to_local(to_utc(wall, zone), zone).replace(tzinfo=None)
    assert shown == wall or timedelta(0) < shown - wall <= timedelta(hours=1)


@given(MOMENTS, st.integers(-400, 400), st.sampled_from(ZONES))
def test_days_later_changes_the_date_by_so_many_days(instant: datetime, days: int, zone: str) -> None:
    moved = days_later(instant, days, zone)
    assert local_date(moved, zone) - local_date(instant, zone) == timedelta(days=days)


def test_a_naive_instant_an_aware_wall_clock_and_an_unknown_zone_are_refused() -> None:
    with pytest.raises(Invalid, match="instant"):
        to_local(wall("2026-01-01"), NEW_YORK)
    with pytest.raises(Invalid, match="wall"):
        to_utc(utc("2026-01-01"), NEW_YORK)
    with pytest.raises(Invalid, match="timezone"):
        to_local(utc("2026-01-01"), "America/Atlantis")
