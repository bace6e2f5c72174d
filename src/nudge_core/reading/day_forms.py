"""Days as people write them in a note: "March 5", "the 3rd of June", "3/5", "1980-03-05", "tomorrow", "next Friday"."""

from __future__ import annotations

import re
from datetime import date, timedelta

from attrs import frozen

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS_IN = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Most days a month can have; in February 29, since a date without a year may be of a leap year."""

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?)\b\.?"
)
_DAY = r"[0-3]?[0-9]"
_YEAR = r"(?:,?\s+|,\s*)(?P<{0}>(?:18|19|20)[0-9]{{2}})(?![0-9])"
_FORM = re.compile(
    r"(?<![\w/.-])(?:"
    rf"(?P<iso_year>[0-9]{{4}})-(?P<iso_month>[0-9]{{1,2}})-(?P<iso_day>[0-9]{{1,2}})(?![\w-])"
    rf"|(?P<month1>{_MONTH})\s*(?P<day1>{_DAY})(?:st|nd|rd|th)?(?![0-9:/]|\s*(?:am|pm)\b)(?:{_YEAR.format('year1')})?"
    rf"|(?:the\s+)?(?P<day2>{_DAY})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month2>{_MONTH})(?:{_YEAR.format('year2')})?"
    r"|(?P<first>[0-9]{1,2})(?P<mark>[/-])(?P<second>[0-9]{1,2})(?:(?P=mark)(?P<year3>[0-9]{4}|[0-9]{2}))?(?![\w/-])"
    r"|(?P<dotted1>[0-9]{1,2})\.\s?(?P<dotted2>[0-9]{1,2})\.(?:\s?(?P<year4>[0-9]{4}))?(?![0-9])"
    r"|(?P<relative>today|tomorrow|(?:next|this)\s+(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday))\b"
    rf"|(?P<only_month>(?<=in )(?:jan(?:uary)?|feb(?:ruary)?|march|april|may|june?|july?"
    rf"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b)"
    r"|(?P<only_day>the\s+[0-9]{1,2}(?:st|nd|rd|th)\b)(?!\s+(?:of|floor|street|birthday|anniversary|time))"
    r")",
    re.IGNORECASE,
)


@frozen(kw_only=True)
class DayRead:
    """A day in a text, characters `start` to `end`. `month` and `day` are both None where there is no such day.

    `is_complete`: whether month and day were said.
    """

    start: int
    end: int
    month: int | None
    day: int | None
    year: int | None = None
    is_complete: bool = True

    @property
    def is_possible(self) -> bool:
        """Whether there is such a day."""
        return self.is_complete and self.month is not None and self.day is not None


def read_days(text: str, *, said_on: date | None = None, day_first: bool = False) -> tuple[DayRead, ...]:
    """Return the days a text names, by place; never raises.

    Args:
        text: a note.
        said_on: its date; without it "tomorrow" is not read.
        day_first: whether 3/5 is the third of May; where only one order is possible, that is used.
    """
    return tuple(found for match in _FORM.finditer(text) if (found := _read(match, said_on, day_first)))


def month_number(name: str) -> int:
    """Return 1 to 12 for the name of a month or its first three letters."""
    wanted = name.casefold().strip(". ")[:3]
    return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(wanted))


def next_weekday(after: date, weekday: str, *, following: bool = True) -> date:
    """Return the first such weekday after a day."""
    ahead = (_WEEKDAYS.index(weekday.casefold()) - after.weekday()) % 7
    return after + timedelta(days=ahead or (7 if following else 0))


def _read(match: re.Match[str], said_on: date | None, day_first: bool) -> DayRead | None:
    start, end = match.span()
    if match["iso_year"]:
        return _day(start, end, int(match["iso_month"]), int(match["iso_day"]), int(match["iso_year"]))
    if match["month1"]:
        return _day(start, end, month_number(match["month1"]), int(match["day1"]), _number(match["year1"]))
    if match["month2"]:
        return _day(start, end, month_number(match["month2"]), int(match["day2"]), _number(match["year2"]))
    if match["first"]:
        return _numeric(match, said_on, day_first=day_first)
    if match["dotted1"]:
        if not day_first:
            return None
        return _day(start, end, int(match["dotted2"]), int(match["dotted1"]), _number(match["year4"]))
    if match["relative"]:
        return _relative(match, said_on)
    return DayRead(start=start, end=end, month=None, day=None, is_complete=False)


def _numeric(match: re.Match[str], said_on: date | None, *, day_first: bool) -> DayRead:
    first, second = int(match["first"]), int(match["second"])
    year = _number(match["year3"])
    if year is not None and year < 100:  # two digits: the latest such year that is not to come
        this = 2_000 if said_on is None else said_on.year
        year += this // 100 * 100
        if year > this:
            year -= 100
    orders = [(second, first), (first, second)] if day_first else [(first, second), (second, first)]
    for month, day in orders:
        if _is_day(month, day, year):
            return _day(match.start(), match.end(), month, day, year)
    return _day(match.start(), match.end(), orders[0][0], orders[0][1], year)


def _relative(match: re.Match[str], said_on: date | None) -> DayRead | None:
    if said_on is None:
        return None
    words = match["relative"].casefold().split()
    try:
        if len(words) > 1:
            day = next_weekday(said_on, words[1], following=words[0] == "next")
        else:
            day = said_on + timedelta(days=int(words[0] == "tomorrow"))
    except OverflowError:
        return None
    return DayRead(start=match.start(), end=match.end(), month=day.month, day=day.day)


def _day(start: int, end: int, month: int, day: int, year: int | None) -> DayRead:
    if _is_day(month, day, year):
        return DayRead(start=start, end=end, month=month, day=day, year=year)
    return DayRead(start=start, end=end, month=None, day=None, year=year)


def _is_day(month: int, day: int, year: int | None) -> bool:
    if not 1 <= month <= 12 or not 1 <= day <= DAYS_IN[month - 1]:  # months of a year
        return False
    if year is None or (month, day) != (2, 29):
        return True
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _number(said: str | None) -> int | None:
    return None if said is None else int(said)
