"""How often somebody wants to hear: "every 3 months", "quarterly check-in". Source: `verticals.md` 2.4."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from nudge_core.reading.numerals import SMALL, small_number
from nudge_core.reading.stance import stance
from nudge_core.reading.statements import Stance

MOST_DAYS, MOST_MONTHS = 3_660, 120  # ten years: beyond, nobody means a cadence


@frozen(kw_only=True)
class Cadence:
    """An interval in a text, characters `start` to `end`: so many `months`, or so many `days`; the other is 0.

    Both are 0 where the words name no interval ("once in a while"): ask.
    """

    months: int
    days: int
    start: int
    end: int

    @property
    def is_vague(self) -> bool:
        """Whether no interval was named."""
        return not self.months and not self.days


_WORDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        r"every\s+other\s+week|bi[- ]?weekly|fortnightly|every\s+fortnight|once\s+a\s+fortnight": (0, 14),
        r"weekly|once\s+a\s+week|every\s+week|each\s+week": (0, 7),
        r"every\s+other\s+month|bi[- ]?monthly": (2, 0),
        r"monthly|once\s+a\s+month|every\s+month|each\s+month": (1, 0),
        r"quarterly|once\s+a\s+quarter|every\s+quarter|each\s+quarter|four\s+times\s+a\s+year": (3, 0),
        r"semi[- ]?annual(?:ly)?|twice\s+a\s+year|two\s+times\s+a\s+year|half[- ]yearly"
        r"|every\s+half[- ]year|bi[- ]?annual(?:ly)?": (
            6,
            0,
        ),
        r"three\s+times\s+a\s+year": (4, 0),
        r"every\s+other\s+year": (24, 0),
        r"annual(?:ly)?|yearly|once\s+a\s+year|every\s+year|each\s+year": (12, 0),
    }
)
_VAGUE = (
    r"every\s+(?:once\s+in\s+a\s+while|now\s+and\s+then|so\s+often)|once\s+in\s+a\s+while"
    r"|now\s+and\s+then|regularly|from\s+time\s+to\s+time|occasionally"
)
_EVERY = re.compile(
    rf"\b(?:every|each)\s+(?P<number>[0-9]{{1,4}}|{SMALL})\s+(?P<unit>day|week|month|quarter|year)s?\b", re.IGNORECASE
)
_SAID = tuple((re.compile(rf"\b(?:{words})\b", re.IGNORECASE), interval) for words, interval in _WORDS.items())
_VAGUELY = re.compile(rf"\b(?:{_VAGUE})\b", re.IGNORECASE)
_UNITS = {"day": (0, 1), "week": (0, 7), "month": (1, 0), "quarter": (3, 0), "year": (12, 0)}
_OF_MONEY = re.compile(
    r"\$\s*[0-9,.]+k?\s*(?:\w+\s+)?$|\b(?:rent|pay(?:s|ing|ment)?|fee|income|salary|budget|cost|dues|hoa|earns?|makes?)\b[^.;]{0,30}$",
    re.IGNORECASE,
)
_AFTER_MONEY = re.compile(
    r"\s+(?:rent|payments?|income|fees?|dues|salary|budget|costs?|bills?|expenses?)\b", re.IGNORECASE
)
_CONTACT = re.compile(
    r"\b(?:contact|call|text|email|reach|check[- ]?ins?|touch|talk|speak|hear|follow[- ]?ups?"
    r"|ping|update[sd]?|message|write|visit|meet|catch\s+up|connect"
    r"|news(?:letter)?|report|nudge)\b",
    re.IGNORECASE,
)
_HABIT = re.compile(
    r"\b(?:travels?|visits?|goes|plays?|works?|vacations?|hosts?|church|gym|golf|celebrates?|flies)\b[^.;]*$",
    re.IGNORECASE,
)


def read_cadence(text: str) -> Cadence | None:
    """Return the last interval a text asks for, or None; what is negated is no interval. Never raises.

    An interval beside a sum ("$2,000 monthly") or of a habit ("plays golf every week") is none of contact.
    """
    found: list[Cadence] = []
    for match in _EVERY.finditer(text):
        number = int(match["number"]) if match["number"].isdecimal() else small_number(match["number"])
        months, days = _UNITS[match["unit"].casefold()]
        if number is None or number != int(number) or not 0 < number * days + number * months * 30 <= MOST_DAYS:
            continue
        found += _of_contact(text, int(number) * months, int(number) * days, match)
    for pattern, (months, days) in _SAID:
        for match in pattern.finditer(text):
            found += _of_contact(text, months, days, match)
    if not found:
        found = [one for match in _VAGUELY.finditer(text) for one in _of_contact(text, 0, 0, match)]
    whole = [one for one in found if not any(o.start < one.start and one.end <= o.end for o in found)]
    return max(whole, key=lambda one: (one.start, one.end), default=None)


def _of_contact(text: str, months: int, days: int, match: re.Match[str]) -> list[Cadence]:
    ahead = text[max(0, match.start() - 60) : match.start()]
    if _OF_MONEY.search(ahead) or _AFTER_MONEY.match(text, match.end()):
        return []
    if _HABIT.search(ahead) and not _CONTACT.search(ahead):
        return []
    if stance(text, match.start(), match.end()) is not Stance.WANTED or _NEGATED.search(ahead):
        return []
    return [Cadence(months=months, days=days, start=match.start(), end=match.end())]


_NEGATED = re.compile(r"\b(?:do(?:es)?(?:n['’]?t|\s+not)|dont|never|not|no|stop)\b[^.;!?]{0,40}$", re.IGNORECASE)
