"""State holidays on which solicitations are banned, as rules that give the dates of any year.

The states are those that the vendors' calendars of restricted dates name (dnc.com "Restricted Call Dates" 2018 to 2023,
clickpointsoftware.com 2025-07): AL, LA, MS, PA, RI, UT. These are secondary sources and disagree in details, so the
table is generous: a holiday that only a part of the state keeps, or a governor proclaims in most years, counts. Where
a date falls on a weekend, both the date and the weekday on which it is observed count. A day too many costs a day; a
day too few may cost a fine. No replacement for counsel.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from attrs import frozen

MONDAY, TUESDAY, THURSDAY, SATURDAY, SUNDAY = 0, 1, 3, 5, 6


@frozen
class Fixed:
    """The same date every year; on a Saturday the Friday before is kept too, on a Sunday the Monday after."""

    month: int
    day: int

    def dates(self, year: int) -> tuple[date, ...]:
        """Return the date and, on a weekend, the day on which it is observed."""
        day = date(year, self.month, self.day)
        shift = {SATURDAY: -1, SUNDAY: 1}.get(day.weekday())
        return (day,) if shift is None else (day, day + timedelta(days=shift))


@frozen
class Nth:
    """The `nth` such weekday of a month (1 is the first, -1 the last), moved by `days_after`."""

    month: int
    weekday: int
    nth: int
    days_after: int = 0

    def dates(self, year: int) -> tuple[date, ...]:
        """Return the one date."""
        if self.nth > 0:
            first = date(year, self.month, 1)
            day = first + timedelta(days=(self.weekday - first.weekday()) % 7 + 7 * (self.nth - 1))
        else:
            last = date(year + self.month // 12, self.month % 12 + 1, 1) - timedelta(days=1)
            day = last - timedelta(days=(last.weekday() - self.weekday) % 7)
        return (day + timedelta(days=self.days_after),)


@frozen
class FromEaster:
    """So many days after Easter Sunday; negative for before."""

    days: int

    def dates(self, year: int) -> tuple[date, ...]:
        """Return the one date."""
        return (easter(year) + timedelta(days=self.days),)


@frozen
class ElectionDay:
    """The Tuesday after the first Monday of November, in even years."""

    def dates(self, year: int) -> tuple[date, ...]:
        """Return the one date, or none in an odd year."""
        return Nth(11, MONDAY, 1, days_after=1).dates(year) if year % 2 == 0 else ()


Holiday: TypeAlias = Fixed | Nth | FromEaster | ElectionDay

_COMMON: tuple[Holiday, ...] = (
    Fixed(1, 1),
    Nth(1, MONDAY, 3),  # Martin Luther King Jr.
    Nth(2, MONDAY, 3),  # Washington's birthday
    Nth(5, MONDAY, -1),  # Memorial Day
    Fixed(6, 19),  # Juneteenth
    Fixed(7, 4),
    Nth(9, MONDAY, 1),  # Labor Day
    Nth(10, MONDAY, 2),  # Columbus Day
    Fixed(11, 11),  # Veterans Day
    Nth(11, THURSDAY, 4),  # Thanksgiving
    Fixed(12, 25),
)
_MARDI_GRAS = FromEaster(-47)
_GOOD_FRIDAY = FromEaster(-2)

_BY_STATE: MappingProxyType[str, tuple[Holiday, ...]] = MappingProxyType(
    {
        "AL": (*_COMMON, _MARDI_GRAS, Nth(4, MONDAY, 4), Nth(6, MONDAY, 1), Fixed(12, 1)),
        "LA": (
            *_COMMON,
            Fixed(1, 8),  # Battle of New Orleans
            Fixed(1, 19),
            _MARDI_GRAS,
            _GOOD_FRIDAY,
            Fixed(6, 3),
            Fixed(8, 30),
            Fixed(11, 1),  # All Saints
            ElectionDay(),
            Nth(11, THURSDAY, 4, days_after=1),
            Fixed(12, 24),
            Fixed(12, 26),
            Fixed(12, 31),
        ),
        "MS": (*_COMMON, Nth(4, MONDAY, -1)),
        "PA": (*_COMMON, Fixed(2, 12), _GOOD_FRIDAY, Fixed(6, 14), ElectionDay(), Fixed(12, 15)),
        "RI": (*_COMMON, Fixed(5, 4), Nth(8, MONDAY, 2), ElectionDay()),
        "UT": (*_COMMON, Fixed(7, 24)),  # Pioneer Day
    }
)

HOLIDAY_STATES = frozenset(_BY_STATE)
"""States whose holidays ban solicitations."""


def is_banned_holiday(state: str, day: date) -> bool:
    """Say whether `day` is a holiday on which `state` bans solicitations; False for a state that bans none."""
    return state in HOLIDAY_STATES and day in _dates(state, day.year)


@lru_cache(maxsize=1_024)
def _dates(state: str, year: int) -> frozenset[date]:
    """Return the banned dates of a year; those of its neighbours are asked too, for New Year observed in December."""
    return frozenset(
        day
        for holiday in _BY_STATE[state]
        for near in (year - 1, year, year + 1)
        for day in holiday.dates(near)
        if day.year == year
    )


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar. Source: the anonymous algorithm, Nature, 20 April 1876."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * weekday) // 433
    month = (h + weekday - 7 * m + 90) // 25
    return date(year, month, (h + weekday - 7 * m + 33 * month + 19) % 32)
