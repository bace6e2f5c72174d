"""Business days of the United States: no Saturday, no Sunday, no federal holiday.

The eleven holidays are those of 5 U.S.C. 6103(a). One that falls on a Saturday is kept on the Friday before, one on a
Sunday on the Monday after (6103(b), Executive Order 11582); the date itself and the day on which it is kept both count.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
LONGEST_SHIFT = 10
"""Days: no run of weekends and holidays is so long."""

YEARS_IN_MEMORY = 256

_FIXED = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
_NTH = ((1, MONDAY, 3), (2, MONDAY, 3), (5, MONDAY, -1), (9, MONDAY, 1), (10, MONDAY, 2), (11, THURSDAY, 4))
_KEPT_ON = {SATURDAY: -1, SUNDAY: 1}


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date | None:
    """Return the `nth` such weekday of a month (1 the first, -1 the last; Monday is 0), or None: there is none."""
    if nth > 0:
        first = date(year, month, 1)
        day = (weekday - first.weekday()) % 7 + 7 * (nth - 1) + 1
    else:
        last = date(year, month, last_day(year, month))
        day = last.day - (last.weekday() - weekday) % 7 + 7 * (nth + 1)
    return date(year, month, day) if 1 <= day <= last_day(year, month) else None


def last_day(year: int, month: int) -> int:
    """Return the number of days of a month."""
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


@lru_cache(maxsize=YEARS_IN_MEMORY)
def federal_holidays(year: int) -> frozenset[date]:
    """Return the dates of a year on which a federal holiday falls or is kept, next New Year's among them."""
    named = [date(year, month, day) for month, day in _FIXED]
    named += [day for month, weekday, nth in _NTH if (day := nth_weekday(year, month, weekday, nth)) is not None]
    if year < date.max.year:
        named.append(date(year + 1, 1, 1))  # kept on 31 December when it is a Saturday
    kept = [day + timedelta(days=_KEPT_ON.get(day.weekday(), 0)) for day in named]
    return frozenset(day for day in (*named, *kept) if day.year == year)


def is_business_day(day: date) -> bool:
    """Say whether people are at work."""
    return day.weekday() < SATURDAY and day not in federal_holidays(day.year)


def next_business_day(day: date) -> date:
    """Return `day` itself when it is one, else the first business day after it."""
    for shift in range(LONGEST_SHIFT):
        if is_business_day(day + timedelta(days=shift)):
            return day + timedelta(days=shift)
    raise AssertionError("a calendar without business days")
