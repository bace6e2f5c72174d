"""Recurrence: the vectors of `verticals.md` 2.1 and 2.4, and python-dateutil as the oracle where meanings agree."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest
from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrule, rrulestr
from hypothesis import assume, example, given
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.timing.business_days import federal_holidays, is_business_day, next_business_day
from nudge_core.timing.recurrence import HORIZON_YEARS, Frequency, Rule, Skip, Weekday, every, parse
from nudge_core.timing.series import Series
from tests.clocks import utc

TEN = time(10)
CHICAGO = "America/Chicago"
QUARTERLY = every(Frequency.MONTHLY, 3)


def d(text: str) -> date:
    return date.fromisoformat(text)


def ds(text: str) -> list[date]:
    return [d(one) for one in text.split()]


def first(rule: Rule, anchor: str, most: int, *, with_anchor: bool = False) -> list[date]:
    return list(islice(rule.dates(d(anchor), with_anchor=with_anchor), most))


def series(rule: Rule, anchor: str, **changes: object) -> Series:
    values: dict[str, object] = {"rule": rule, "anchor": d(anchor), "wall_time": TEN, "zone": CHICAGO}
    return Series(**(values | {"with_anchor": False} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "anchor", "due"),
    [
        (every(Frequency.MONTHLY), "2026-01-31", "2026-02-28 2026-03-31"),
        (every(Frequency.YEARLY), "2024-02-29", "2025-02-28 2026-02-28 2027-02-28 2028-02-29"),
        (every(Frequency.YEARLY), "2023-06-12", "2024-06-12 2025-06-12 2026-06-12"),
        (QUARTERLY, "2026-01-31", "2026-04-30 2026-07-31 2026-10-31 2027-01-31 2027-04-30"),
        (every(Frequency.DAILY, 90), "2026-01-15", "2026-04-15 2026-07-14"),
        (every(Frequency.WEEKLY, 2), "2026-01-15", "2026-01-29 2026-02-12"),
    ],
)
def test_the_vectors_of_the_reference(rule: Rule, anchor: str, due: str) -> None:
    assert first(rule, anchor, len(due.split())) == ds(due)


def test_what_rfc_5545_says_when_a_rule_does_not_ask_for_the_last_day() -> None:
    assert first(parse("FREQ=MONTHLY"), "2026-01-31", 2) == ds("2026-03-31 2026-05-31")
    assert first(parse("FREQ=YEARLY"), "2024-02-29", 1) == ds("2028-02-29")


def test_offsets_in_days_with_the_business_day_shift() -> None:
    due = [d("2026-01-15") + timedelta(days=n) for n in (7, 45, 90, 180)]
    assert due == ds("2026-01-22 2026-03-01 2026-04-15 2026-07-14")
    assert [next_business_day(day) for day in due] == ds("2026-01-22 2026-03-02 2026-04-15 2026-07-14")


def test_the_shift_moves_the_day_and_never_the_grid() -> None:
    moved = islice(series(QUARTERLY, "2026-01-31", business_days=True).occurrences(), 5)
    assert [one.wall.date() for one in moved] == ds("2026-04-30 2026-07-31 2026-11-02 2027-02-01 2027-04-30")
    grid = islice(series(QUARTERLY, "2026-01-31", business_days=True).occurrences(), 5)
    assert [one.on for one in grid] == ds("2026-04-30 2026-07-31 2026-10-31 2027-01-31 2027-04-30")


def test_twenty_four_months_hold_exactly_eight_quarters_the_last_on_the_final_day() -> None:
    until = d("2028-01-31")
    due = [day for day in QUARTERLY.dates(d("2026-01-31"), with_anchor=False) if day <= until]
    assert (len(due), due[-1]) == (8, until)


@pytest.mark.parametrize(
    ("text", "anchor", "due"),
    [
        ("FREQ=MONTHLY;BYDAY=2TU", "2026-01-01", "2026-01-13 2026-02-10"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-01", "2026-01-30 2026-02-27"),
        ("FREQ=MONTHLY;BYDAY=5MO", "2026-01-01", "2026-03-30 2026-06-29"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-05", "2026-01-31 2026-02-28"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD", "2026-01-05", "2026-01-31 2026-02-28 2026-03-31 2026-04-30"),
        ("FREQ=MONTHLY;BYMONTHDAY=30,31;SKIP=BACKWARD", "2026-02-01", "2026-02-28 2026-03-30 2026-03-31"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-01-01", "2026-11-26 2027-11-25 2028-11-23"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=2SU", "2026-01-01", "2026-05-10 2027-05-09"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "2026-01-01", "2026-01-02 2026-01-12 2026-01-16"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29", "2026-01-01", "2028-02-29 2032-02-29"),
        ("FREQ=WEEKLY;COUNT=2", "2026-01-01", "2026-01-01 2026-01-08"),
        ("FREQ=WEEKLY;UNTIL=20260114", "2026-01-01", "2026-01-01 2026-01-08"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01", ""),
    ],
)
def test_rules_of_the_subset(text: str, anchor: str, due: str) -> None:
    rule = parse(text)
    wanted = ds(due)
    assert first(rule, anchor, len(wanted) or 1, with_anchor=True) == wanted
    assert parse(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "part"),
        ("MONTHLY", "MONTHLY"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=HOURLY", "FREQ"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR"),
        ("FREQ=WEEKLY;WKST=SU", "WKST"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=YEARLY;BYDAY=MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "BYMONTHDAY"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=x", "INTERVAL"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "UNTIL"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ"),
        ("FREQ=DAILY;SKIP=FORWARD", "SKIP"),
        ("FREQ=DAILY;RSCALE=CHINESE", "RSCALE"),
    ],
)
def test_what_is_not_of_the_subset_is_refused_and_named(text: str, part: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text)
    assert refused.value.field == f"rrule.{part}"


DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
WEEKDAYS = st.integers(0, 6)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Draw a rule whose meaning RFC 5545 and ours share."""
    frequency = draw(st.sampled_from(Frequency))
    by_month = draw(st.lists(st.integers(1, 12), max_size=3, unique=True))
    plain = st.builds(Weekday, WEEKDAYS)
    ordinal = st.builds(Weekday, WEEKDAYS, st.sampled_from([1, 2, 3, 4, 5, -1, -2, -5]))
    monthly = frequency is Frequency.MONTHLY or (frequency is Frequency.YEARLY and by_month)
    # of "MO,1MO" dateutil forgets the MO, so a rule has ordinals or none
    by_day = draw(st.lists(ordinal if monthly and draw(st.booleans()) else plain, max_size=3, unique=True))
    month_days = st.lists(st.integers(1, 31) | st.integers(-31, -1), max_size=3, unique=True)
    return Rule(
        frequency=frequency,
        interval=draw(st.integers(1, 9)),
        by_month=tuple(by_month),
        by_day=() if frequency is Frequency.YEARLY and not by_month else tuple(by_day),
        by_month_day=() if frequency is Frequency.WEEKLY else tuple(draw(month_days)),
        count=draw(st.none() | st.integers(1, 30)),
    )


@given(rules(), DAYS)
@example(parse("FREQ=YEARLY;BYMONTHDAY=15"), d("2026-03-20"))
def test_dateutil_gives_the_same_dates(rule: Rule, anchor: date) -> None:
    end = datetime(anchor.year + 12, 1, 1)  # noqa: DTZ001 - a wall-clock time
    oracle = rrulestr(str(rule), dtstart=datetime.combine(anchor, time()))
    assert isinstance(oracle, rrule)
    expected = [moment.date() for moment in oracle.xafter(datetime.combine(anchor, time()), inc=True, count=40)
                if moment < end]  # fmt: skip
    ours = [day for day in islice(rule.dates(anchor), 40) if day < end.date()]
    assert ours == expected


@given(DAYS, st.sampled_from(Frequency), st.integers(1, 14), st.integers(1, 20))
def test_counted_from_the_anchor_with_the_day_taken_back(anchor: date, what: Frequency, step: int, k: int) -> None:
    n = k * step
    ahead = {"DAILY": relativedelta(days=n), "WEEKLY": relativedelta(weeks=n), "MONTHLY": relativedelta(months=n),
             "YEARLY": relativedelta(years=n)}[what]  # fmt: skip
    assume(what is not Frequency.YEARLY or k * step < HORIZON_YEARS)
    assert list(islice(every(what, step).dates(anchor, with_anchor=False), k))[-1] == anchor + ahead


@given(rules(), DAYS)
def test_a_rule_reads_as_it_is_written(rule: Rule, until: date) -> None:
    for written in (rule, Rule(frequency=rule.frequency, skip=Skip.BACKWARD, until=until),
                    Rule(frequency=rule.frequency, until=datetime.combine(until, TEN, UTC))):  # fmt: skip
        assert parse(str(written)) == written


def test_the_clock_keeps_its_hour_through_both_changes() -> None:
    daily = series(every(Frequency.DAILY), "2026-03-06", zone="America/New_York", wall_time=time(9))
    at = [one.at for one in islice(daily.occurrences(), 3)]
    assert at == [utc("2026-03-07 14:00"), utc("2026-03-08 13:00"), utc("2026-03-09 13:00")]


def test_a_time_in_a_gap_moves_on_and_of_two_the_first_is_taken() -> None:
    night = series(every(Frequency.DAILY), "2026-03-07", zone="America/New_York", wall_time=time(2, 30))
    assert next(night.occurrences()).at == utc("2026-03-08 07:30")
    twice = series(every(Frequency.DAILY), "2026-10-31", zone="America/New_York", wall_time=time(1, 30))
    assert next(twice.occurrences()).at == utc("2026-11-01 05:30")


def test_exceptions_are_left_out_and_counted() -> None:
    rule = parse("FREQ=WEEKLY;COUNT=3")
    weekly = series(rule, "2026-01-01", exceptions=frozenset({d("2026-01-15")}))
    assert [(one.number, one.on) for one in weekly.occurrences()] == [(1, d("2026-01-08")), (3, d("2026-01-22"))]
    assert weekly.after(1) is not None
    assert weekly.after(3) is None


def test_until_as_an_instant_is_compared_on_the_recipients_clock() -> None:
    rule = parse("FREQ=DAILY;UNTIL=20260103T160000Z")  # 10:00 in Chicago
    assert [one.on for one in series(rule, "2026-01-01").occurrences()] == ds("2026-01-02 2026-01-03")
    earlier = parse("FREQ=DAILY;UNTIL=20260103T155959Z")
    assert [one.on for one in series(earlier, "2026-01-01").occurrences()] == ds("2026-01-02")


def test_the_interval_around_an_occurrence() -> None:
    quarterly = series(QUARTERLY, "2026-01-31")
    one = next(quarterly.occurrences())
    assert quarterly.length(one) == d("2026-07-31") - d("2026-04-30")
    last = series(parse("FREQ=WEEKLY;COUNT=2"), "2026-01-01")
    assert last.length(list(last.occurrences())[-1]) == timedelta(days=7)


def test_federal_holidays_and_the_days_they_are_kept_on() -> None:
    assert {d("2026-07-03"), d("2026-07-04"), d("2026-11-26"), d("2026-12-25")} <= federal_holidays(2026)
    assert d("2027-12-31") in federal_holidays(2027)  # New Year 2028 is a Saturday
    assert not is_business_day(d("2026-07-03"))
    assert next_business_day(d("2026-07-03")) == d("2026-07-06")
    assert len(federal_holidays(2025)) == 11


@given(DAYS)
def test_a_business_day_is_near_and_never_before(day: date) -> None:
    found = next_business_day(day)
    assert is_business_day(found)
    assert timedelta(0) <= found - day <= timedelta(days=4)
