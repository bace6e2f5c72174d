"""A birthday as files write it: ISO 8601, vCard, with slashes, with the month as a word; with or without the year."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_ISO = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[t ].*)?")
_NO_YEAR = re.compile(r"--(\d{2})-?(\d{2})")
_SLASHES = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?\.?")
_MONTH_WORD = re.compile(r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?")
_DAY_WORD = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?([a-z]{3,9})\.?(?:,?\s+(\d{4}))?")
_LEAP_YEAR = 2000  # 29 February without a year is a date
_NO_YEAR_IN = 1604  # what Apple writes where there is no year
_FIRST_YEAR = 1900
_LAST_MONTH = 12


def birthday_of(text: str, *, month_first: bool) -> str:
    """Return YYYY-MM-DD, or --MM-DD without the year; nothing when it is no date.

    Args:
        text: as it is written.
        month_first: whether 3/5 is the fifth of March; a part above 12 decides for itself.

    A year of two digits is dropped: 05/06/24 may be a child or a grandmother.
    """
    plain = " ".join(text.lower().replace("\u2019", "'").split())
    if found := _ISO.fullmatch(plain):
        return _written(int(found[1]), int(found[2]), int(found[3]))
    if found := _NO_YEAR.fullmatch(plain):
        return _written(None, int(found[1]), int(found[2]))
    if found := _SLASHES.fullmatch(plain):
        first, second = int(found[1]), int(found[2])
        year = int(found[3]) if found[3] and len(found[3]) == 4 else None
        is_month_first = second > _LAST_MONTH or (month_first and first <= _LAST_MONTH)
        return _written(year, first, second) if is_month_first else _written(year, second, first)
    if found := _MONTH_WORD.fullmatch(plain):
        return _worded(found[3], found[1], found[2])
    if found := _DAY_WORD.fullmatch(plain):
        return _worded(found[3], found[2], found[1])
    return ""


def month_comes_first(texts: list[str], default: bool) -> bool:
    """Say whether dates with slashes name the month first: as most of those say that leave no doubt, else `default`."""
    found = [one for text in texts if (one := _SLASHES.fullmatch(text.strip()))]
    days_first = sum(int(one[1]) > _LAST_MONTH for one in found)
    months_first = sum(int(one[2]) > _LAST_MONTH for one in found)
    return default if days_first == months_first else months_first > days_first


def worded(day: str) -> str:
    """Return YYYY-MM-DD or --MM-DD as people write it: "March 5, 1980", "March 5"; `birthday_of` reads it again."""
    year, month, number = day[:-6], int(day[-5:-3]), int(day[-2:])
    return f"{_FULL_MONTHS[month - 1]} {number}" + (f", {year}" if year.isdigit() else "")


def _worded(year: str | None, month: str, day: str) -> str:
    number = next((at for at, name in enumerate(_MONTHS, 1) if month.startswith(name)), 0)
    return _written(int(year) if year else None, number, int(day))


def _written(year: int | None, month: int, day: int) -> str:
    if year is not None and year == _NO_YEAR_IN:
        year = None
    try:
        date(year or _LEAP_YEAR, month, day)
    except ValueError:
        return ""
    if year is None:
        return f"--{month:02}-{day:02}"
    return f"{year:04}-{month:02}-{day:02}" if year >= _FIRST_YEAR else ""
