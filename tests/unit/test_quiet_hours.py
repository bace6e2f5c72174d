"""Hours: the vectors of `verticals.md` 1.2, the table, holidays, and every minute around clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.policy.holidays import HOLIDAY_STATES, easter, is_banned_holiday
from nudge_core.policy.hours_table import (
    ALL_DAY,
    FEDERAL,
    HOUSE_DEFAULT,
    RULES,
    HoursRule,
    Span,
    WeekHours,
    hours,
)
from nudge_core.policy.quiet_hours import SendingHours
from nudge_core.timing.area_codes import AREAS, CENTRAL, EASTERN, US_STATES, US_ZONES
from nudge_core.timing.local_time import at, to_utc
from nudge_core.timing.recipient_zone import Evidence, Whereabouts, whereabouts
from tests.clocks import utc, wall

THREE_STATES = (
    HoursRule(jurisdictions=frozenset({"FL", "OK", "WA"}), week=WeekHours.daily(hours(8, 20)), source="1.2"),
)
"""The table as `verticals.md` 1.2 has it; the vectors rest on it."""


def place(zones: set[str] | frozenset[str], states: set[str] | frozenset[str] = frozenset()) -> Whereabouts:
    return Whereabouts(zones=frozenset(zones), jurisdictions=frozenset(states), evidence=Evidence.KNOWN)


def lawful(where: Whereabouts, rules: tuple[HoursRule, ...] = RULES) -> SendingHours:
    return SendingHours(whereabouts=where, owner=ALL_DAY, rules=rules)


@pytest.mark.parametrize(
    ("clock", "allowed"),
    [("07:59:59", False), ("08:00:00", True), ("20:59:59", True), ("21:00:00", False)],
)
def test_the_federal_window_is_half_open(clock: str, allowed: bool) -> None:
    instant = to_utc(wall(f"2026-07-01 {clock}"), EASTERN)
    assert lawful(place({EASTERN})).allowed(instant) is allowed


@pytest.mark.parametrize(
    ("where", "noon", "opens", "closes"),
    [
        (place({EASTERN, CENTRAL}), utc("2026-07-01 12:00"), utc("2026-07-01 13:00"), utc("2026-07-02 01:00")),
        (whereabouts("+18505550123"), utc("2026-07-01 12:00"), utc("2026-07-01 13:00"), utc("2026-07-02 00:00")),
        (place(US_ZONES, US_STATES), utc("2026-07-01 12:00"), utc("2026-07-01 18:00"), utc("2026-07-02 00:00")),
        (place(US_ZONES, US_STATES), utc("2026-01-14 12:00"), utc("2026-01-14 18:00"), utc("2026-01-15 01:00")),
    ],
)
def test_several_candidates_are_intersected(
    where: Whereabouts, noon: datetime, opens: datetime, closes: datetime
) -> None:
    window = lawful(where, THREE_STATES)
    assert window.next_allowed(noon) == opens
    assert window.window_end(opens) == closes
    assert not window.allowed(opens - timedelta(seconds=1))
    assert window.allowed(closes - timedelta(seconds=1))
    assert not window.allowed(closes)


def test_with_the_whole_table_and_nothing_known_two_hours_are_left() -> None:
    """Kentucky's ten o'clock in Honolulu opens, Rhode Island's six in New York closes: every hour in every zone."""
    window = lawful(whereabouts("+18005550123"))
    assert window.next_allowed(utc("2026-07-01 12:00")) == utc("2026-07-01 20:00")
    assert window.window_end(utc("2026-07-01 20:00")) == utc("2026-07-01 22:00")


def test_delayed_past_the_end_it_waits_for_eight_the_next_day() -> None:
    window = lawful(place({EASTERN}), THREE_STATES)
    late = to_utc(wall("2026-06-03 21:03"), EASTERN)
    assert window.next_allowed(late) == to_utc(wall("2026-06-04 08:00"), EASTERN)
    assert window.window_end(late) is None


def test_no_sunday_where_a_state_has_none() -> None:
    alabama = lawful(whereabouts("+12055550123"))
    sunday = at(date(2026, 6, 7), datetime.min.time().replace(hour=12), CENTRAL)
    assert not alabama.allowed(sunday)
    assert alabama.next_allowed(sunday) == utc("2026-06-08 13:00")


def test_texas_opens_at_noon_on_a_sunday_and_at_nine_on_other_days() -> None:
    texas = lawful(whereabouts("+15125550123"))
    assert texas.next_allowed(utc("2026-06-07 05:00")) == to_utc(wall("2026-06-07 12:00"), CENTRAL)
    assert texas.next_allowed(utc("2026-06-08 05:00")) == to_utc(wall("2026-06-08 09:00"), CENTRAL)


def test_a_row_holds_from_its_date_of_effect_on() -> None:
    oregon = lawful(whereabouts("+15035550123"))
    evening = wall("2025-12-31 20:30")
    assert oregon.allowed(to_utc(evening, "America/Los_Angeles"))
    assert not oregon.allowed(to_utc(evening + timedelta(days=1), "America/Los_Angeles"))


def test_a_banned_holiday_has_no_hour_and_the_day_after_has() -> None:
    louisiana = lawful(whereabouts("+15045550123"))
    mardi_gras = to_utc(wall("2026-02-17 12:00"), CENTRAL)
    assert not louisiana.allowed(mardi_gras)
    assert louisiana.next_allowed(mardi_gras) == to_utc(wall("2026-02-18 08:00"), CENTRAL)


def test_the_house_default_satisfies_every_row_on_every_weekday() -> None:
    for rule in (*RULES, HoursRule(jurisdictions=frozenset(), week=FEDERAL, source="federal")):
        for day, mine in enumerate(HOUSE_DEFAULT.days):
            theirs = rule.week.days[day]
            assert mine is None or (theirs is not None and theirs.meet(mine) == mine), (rule.jurisdictions, day)


def test_every_jurisdiction_of_the_table_is_one_that_an_area_code_can_lead_to() -> None:
    known = {state for area in AREAS.values() for state in area.jurisdictions}
    assert {state for rule in RULES for state in rule.jurisdictions} <= known
    assert {state for rule in RULES if rule.no_holidays for state in rule.jurisdictions} == HOLIDAY_STATES
    assert all(rule.source for rule in RULES)


def test_no_common_hour_is_found_out_within_the_look_ahead() -> None:
    """Half a day apart: when one place is awake the other sleeps."""
    nowhere = lawful(place({EASTERN, "Asia/Shanghai"}), THREE_STATES)
    never = SendingHours(whereabouts=place({EASTERN, "Asia/Shanghai"}), owner=WeekHours.daily(hours(10, 18)))
    assert nowhere.next_allowed(utc("2026-07-01")) is not None  # 08:00 in New York is 20:00 in Shanghai
    assert never.next_allowed(utc("2026-07-01")) is None


def test_no_candidate_zone_has_no_hour() -> None:
    nowhere = lawful(place(set()))
    assert not nowhere.allowed(utc("2026-07-01 18:00"))
    assert nowhere.next_allowed(utc("2026-07-01 18:00")) is None


@pytest.mark.parametrize("edges", [(60, 120), (0, 200), (600, 600), (700, 600), (-1, 600), (600, 1_441)])
def test_a_span_that_a_clock_change_could_cut_or_that_is_none_is_refused(edges: tuple[int, int]) -> None:
    with pytest.raises(Invalid):
        Span(*edges)


def test_a_week_has_seven_days() -> None:
    with pytest.raises(Invalid):
        WeekHours((hours(8, 20),))


@pytest.mark.parametrize(
    ("state", "day"),
    [
        ("AL", date(2026, 7, 3)),  # the fourth is a Saturday
        ("AL", date(2026, 7, 4)),
        ("AL", date(2027, 12, 31)),  # New Year 2028 is a Saturday
        ("LA", date(2026, 4, 3)),  # Good Friday
        ("LA", date(2026, 11, 3)),  # election day
        ("RI", date(2026, 8, 10)),  # Victory Day
        ("UT", date(2026, 7, 24)),
        ("PA", date(2026, 11, 26)),  # Thanksgiving
    ],
)
def test_holidays_fall_where_the_calendar_has_them(state: str, day: date) -> None:
    assert is_banned_holiday(state, day)


def test_an_ordinary_day_and_a_state_without_a_ban_are_no_holiday() -> None:
    assert not is_banned_holiday("AL", date(2026, 7, 7))
    assert not is_banned_holiday("TX", date(2026, 12, 25))
    assert not is_banned_holiday("LA", date(2027, 11, 2))  # no election in an odd year


def test_easter_of_known_years() -> None:
    assert [easter(year) for year in (1961, 2000, 2024, 2026, 2038)] == [
        date(1961, 4, 2),
        date(2000, 4, 23),
        date(2024, 3, 31),
        date(2026, 4, 5),
        date(2038, 4, 25),
    ]


def changes(zone: str) -> list[datetime]:
    """Return the instants of 2026 to 2030, to the hour, at which the zone's offset changes."""
    found = []
    instant, end = utc("2026-01-01"), utc("2031-01-01")
    while instant < end:
        later = instant + timedelta(hours=1)
        if instant.astimezone(ZoneInfo(zone)).utcoffset() != later.astimezone(ZoneInfo(zone)).utcoffset():
            found.append(later)
        instant = later
    return found


DOZEN = (
    "America/New_York",
    "America/Detroit",
    "America/Chicago",
    "America/Denver",
    "America/Boise",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Honolulu",
    "America/St_Johns",
    "America/Halifax",
)


@pytest.mark.parametrize("zone", DOZEN)
def test_minutes_around_every_clock_change_are_judged_by_the_wall_clock(zone: str) -> None:
    """Three days around each change, every 7th minute (7 does not divide an hour: all minutes of an hour come up)."""
    window = lawful(place({zone}, {"FL"}), THREE_STATES)
    days = changes(zone) or [utc("2026-03-08"), utc("2026-11-01")]
    for change in days:
        for minute in range(0, 3 * 24 * 60, 7):
            instant = change - timedelta(hours=36) + timedelta(minutes=minute)
            clock = instant.astimezone(ZoneInfo(zone))
            assert window.allowed(instant) is (8 <= clock.hour < 20), (zone, instant)


MOMENTS = st.datetimes(wall("2026-01-01"), wall("2030-12-20"), timezones=st.just(UTC))
PLACES = st.builds(
    place,
    st.frozensets(st.sampled_from(sorted(US_ZONES)), min_size=1, max_size=3),
    st.frozensets(st.sampled_from(sorted(US_STATES)), max_size=3),
)
OWNERS = st.sampled_from([HOUSE_DEFAULT, ALL_DAY, WeekHours.daily(hours(9, 12.5))])


@settings(max_examples=300)
@given(MOMENTS, PLACES, OWNERS)
def test_edges_and_wall_clocks_tell_the_same_story(instant: datetime, where: Whereabouts, owner: WeekHours) -> None:
    window = SendingHours(whereabouts=where, owner=owner)
    end = window.window_end(instant)
    assert (end is not None) is window.allowed(instant)
    if end is not None:
        assert window.allowed(end - timedelta(seconds=1))
        assert not window.allowed(end)
        assert window.next_allowed(instant) == instant
    following = window.next_allowed(instant)
    if following is not None and following > instant:
        assert window.allowed(following)
        assert not window.allowed(following - timedelta(seconds=1))
        assert not any(window.allowed(instant + (following - instant) * n / 12) for n in range(12))
