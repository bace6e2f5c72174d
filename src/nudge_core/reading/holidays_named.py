"""Holidays a note names: kept or not; the date comes from the calendar. Source: `verticals.md` 2.3.

Nothing is guessed from a name or a language: a holiday counts only when the note names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from attrs import frozen

from nudge_core.reading.stance import stance
from nudge_core.reading.statements import Stance

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


@frozen(kw_only=True)
class HolidayNamed:
    """A holiday in a note, characters `start` to `end`. `kept`: False where the note says that it is not."""

    holiday: str
    kept: bool
    start: int
    end: int


def _nth(month: int, weekday: int, nth: int) -> Callable[[int], date]:
    def found(year: int) -> date:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))

    return found


def _last(month: int, weekday: int) -> Callable[[int], date]:
    def found(year: int) -> date:
        last = date(year, month + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)

    return found


def _fixed(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


def easter(year: int) -> date:
    """Return Western Easter Sunday. Source: the Gregorian computus of Meeus, Jones and Butcher."""
    golden, century, of_century = year % 19, year // 100, year % 100
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - correction + 15) % 30
    shift = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * shift) // 451
    month, day = divmod(epact + shift - 7 * late + 114, 31)
    return date(year, month, day + 1)


def tax_day(year: int) -> date:
    """Return 15 April, or the next business day when it is a weekend or the observed Emancipation Day (16 April)."""
    observed = date(year, 4, 16)
    observed += timedelta(days={_SATURDAY: -1, _SUNDAY: 1}.get(observed.weekday(), 0))
    day = date(year, 4, 15)
    while day.weekday() >= _SATURDAY or day == observed:
        day += timedelta(days=1)
    return day


_RULES: Mapping[str, tuple[str, Callable[[int], date]]] = MappingProxyType(
    {
        "new_year": (r"new\s+year(?:['’]?s)?(?:\s+(?:day|eve))?", _fixed(1, 1)),
        "mothers_day": (r"mother['’]?s['’]?\s+day", _nth(5, _SUNDAY, 2)),
        "memorial_day": (r"memorial\s+day", _last(5, _MONDAY)),
        "fathers_day": (r"father['’]?s['’]?\s+day", _nth(6, _SUNDAY, 3)),
        "independence_day": (
            r"independence\s+day|(?:the\s+)?(?:4th|fourth)\s+of\s+july|july\s+(?:4th|fourth)",
            _fixed(7, 4),
        ),
        "labor_day": (r"labou?r\s+day", _nth(9, _MONDAY, 1)),
        "thanksgiving": (r"thanksgiving|turkey\s+day", _nth(11, _THURSDAY, 4)),
        "christmas": (r"christmas|x-?mas", _fixed(12, 25)),
        "easter": (r"easter", easter),
        "tax_day": (r"tax\s+day", tax_day),
    }
)
_NOT_KEPT = re.compile(
    r"\b(?:do(?:es)?(?:n['’]?t|\s+not)|dont|doesnt|never|no\s+longer|not)\s+(?:really\s+|usually\s+)?"
    r"(?:celebrat\w*|observ\w*|keep(?:ing)?|do|like|mark|into|a\s+fan\s+of|wish(?:ed)?|send|want)\b[^.;!?]*$",
    re.IGNORECASE,
)
_SPOKEN = {name: re.compile(rf"(?<![\w-])(?:{words})(?!\w)", re.IGNORECASE) for name, (words, _) in _RULES.items()}


def read_holidays(text: str) -> tuple[HolidayNamed, ...]:
    """Return the holidays a text names, by place; never raises."""
    found: list[HolidayNamed] = []
    for name, spoken in _SPOKEN.items():
        for match in spoken.finditer(text):
            denied = _NOT_KEPT.search(text, max(0, match.start() - 80), match.start())
            refused = stance(text, match.start(), match.end()) in (Stance.REFUSED, Stance.WITHDRAWN)
            found.append(
                HolidayNamed(holiday=name, kept=not denied and not refused, start=match.start(), end=match.end())
            )
    return tuple(sorted(found, key=lambda one: (one.start, one.holiday)))


def holiday_date(holiday: str, on_or_after: date) -> date:
    """Return the next date of a holiday that `read_holidays` names. Raises KeyError for another one."""
    rule = _RULES[holiday][1]
    this = rule(on_or_after.year)
    return this if this >= on_or_after else rule(on_or_after.year + 1)
