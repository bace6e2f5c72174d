"""Birthdays and anniversaries in notes, in either order, with the places that say so. Source: `verticals.md` 2.2.

A grammar, not a model: an event word and a day in the same clause. What is incomplete or impossible is returned as
that, for the professional to be asked; "no birthday texts please" is a suppression.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from nudge_core.reading.day_forms import DayRead, read_days

MOST_BETWEEN = 40
"""Characters between event word and day at most; more is another clause."""


class Occasion(StrEnum):
    """What is remembered."""

    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"


class Reading(StrEnum):
    """`READ`: a day; `INCOMPLETE` or `IMPOSSIBLE`: to be asked about; `SUPPRESSED`: no greeting is wanted."""

    READ = "read"
    INCOMPLETE = "incomplete"
    IMPOSSIBLE = "impossible"
    SUPPRESSED = "suppressed"


@frozen(kw_only=True)
class PersonalDate:
    """What a note says of a birthday or an anniversary.

    `person`: whose, as the note calls them; None: the client's own. `event`, `day_at`: the characters of the event
    word and of the day, half-open; `start`, `end`: the evidence from the first to the last of them.
    """

    occasion: Occasion
    outcome: Reading
    month: int | None
    day: int | None
    year: int | None
    person: str | None = field(repr=False)
    event: tuple[int, int]
    day_at: tuple[int, int] | None
    confidence: float

    @property
    def start(self) -> int:
        """Where the evidence starts."""
        return self.event[0] if self.day_at is None else min(self.event[0], self.day_at[0])

    @property
    def end(self) -> int:
        """Where the evidence ends."""
        return self.event[1] if self.day_at is None else max(self.event[1], self.day_at[1])


_BIRTHDAY = (
    r"birth\s?-?days?|b[-'’]?\s?days?|bdays?|born(?:\s+on)?|turn(?:ed|s|ing)\s+[0-9]{1,3}(?:\s+on)?"
    r"|date\s+of\s+birth|dob"
)
_ANNIVERSARY = r"(?:wedding\s+)?anniversar(?:y|ies)|(?:got\s+)?married(?:\s+on)?"
_EVENT = re.compile(rf"(?<![\w-])(?:(?P<birthday>{_BIRTHDAY})|(?P<anniversary>{_ANNIVERSARY}))(?!\w)", re.IGNORECASE)
_LINK = (
    r"(?:['’]s|is|was|are|be|falls?|comes?|coming|up|on|the|her|his|their|our|my|your|it|its|it['’]s|this|that|year|day|date|of|in"
    r"|and|wedding|home|client['’]?s?|next|always|celebrates?|celebrated|celebrating|happy|they|she|he|we|got|:|,|-|–|—|=|\(|\))"
)
_JOINED = re.compile(rf"(?:\s*{_LINK}(?=\W|$|\s)){{0,8}}\s*", re.IGNORECASE)
_RELATION = (
    r"(?:daughters?|sons?|wife|husband|spouse|partner|mom|mum|mother|dad|father|sister|brother|kids?|child|children|twins?|baby|girl|boy"
    r"|grand(?:son|daughter|mother|father|ma|pa|child)|niece|nephew|aunt|uncle|cousin|friend|boss|fianc[ée]e?|girlfriend|boyfriend|dog|cat"
    r"|parents?|in-laws?)"
)
_NAME = r"[A-Z][\w-]+"
_WHOSE_BEFORE = re.compile(
    rf"(?:(?P<relation>\b(?i:{_RELATION})\b)(?:\s+(?P<named>{_NAME}))?|(?P<alone>{_NAME}))(?:['’]s?|s['’])?\s+"
    r"(?:[0-9]{1,3}(?:st|nd|rd|th)\s+)?(?:(?:is|was|wedding|will\s+be|who|has|have|a|her|his)\s+){0,2}$"
)
_WHOSE_AFTER = re.compile(
    rf"\s+of\s+(?:(?:his|her|their|our|my|the)\s+)?(?P<relation>(?i:{_RELATION}))\b(?:\s+(?P<named>{_NAME}))?"
)
_NOT_NAMES = frozenset(
    {
        "the", "her", "his", "their", "our", "my", "your", "its", "on", "is", "was", "and", "happy", "client",
        "clients", "birthday", "anniversary", "bday", "note", "notes", "has", "she", "he", "they", "it", "we",
        "i", "wedding", "home", "today", "tomorrow", "next", "this", "loves", "also", "met", "a", "an",
        "when", "for", "of", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
        "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov",
        "dec", "no", "never", "don't", "please", "remember", "remind",
    }
)  # fmt: skip
_SUPPRESSED_BEFORE = re.compile(
    r"\b(?:no|not|never|without|skip|stop|avoid|hates?|dislikes?|(?:do|does|did)(?:n['’]?t|\s+not)|dont|doesnt)\s+"
    r"(?:(?:like|want|send(?:ing)?|celebrates?|keep|observe|wish|do|mention|text|acknowledge|celebrating|happy|any|her|his|their|me|him|them|our|my"
    r"|more|the|a|to|be|wished|reminded|of|about)\s+){0,5}$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[;!?\n\r]|(?<![A-Za-z]{3})(?<=\w)\.(?=\s+[A-Z]|\s*$)|(?<=[a-z]{4})\.(?=\s)|(?<=[0-9])\.(?=\s+[A-Z])"
)
_NOT_PERSONAL = re.compile(
    r"\b(?:clos(?:ing|ed)|inspection|showing|appointment|move[- ]?in|home|work|business|company)\s+$", re.IGNORECASE
)


def read_personal_dates(
    text: str, *, said_on: date | None = None, day_first: bool = False, client_name: str | None = None
) -> tuple[PersonalDate, ...]:
    """Return what a note says of birthdays and anniversaries, by place; never raises.

    Args:
        text: the note.
        said_on: its date, from which "tomorrow" counts.
        day_first: the order of the client's locale for 3/5.
        client_name: a name that is the client's own, not somebody else's.
    """
    days = read_days(text, said_on=said_on, day_first=day_first)
    found: list[PersonalDate] = []
    taken: set[int] = set()
    events = list(_EVENT.finditer(text))
    for match in events:
        if _NOT_PERSONAL.search(text, max(0, match.start() - 20), match.start()):
            continue
        occasion = Occasion.BIRTHDAY if match["birthday"] else Occasion.ANNIVERSARY
        event = match.span()
        person = _whose(text, match, client_name)
        if _SUPPRESSED_BEFORE.search(text, max(0, event[0] - 60), event[0]):
            found.append(_date(occasion, Reading.SUPPRESSED, None, person, event))
            continue
        day = _nearest(text, event, [one for one in days if one.start not in taken], events)
        if day is None:
            continue
        taken.add(day.start)
        outcome = Reading.READ if day.is_possible else Reading.IMPOSSIBLE if day.is_complete else Reading.INCOMPLETE
        found.append(_date(occasion, outcome, day, person, event))
    return tuple(found)


def next_occurrence(month: int, day: int, on_or_after: date) -> date:
    """Return the next such day; 29 February is 28 February in a common year."""
    for year in (on_or_after.year, on_or_after.year + 1):
        found = _in_year(year, month, day)
        if found >= on_or_after:
            return found
    return _in_year(on_or_after.year + 1, month, day)


def _in_year(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, day - 1)


def _nearest(text: str, event: tuple[int, int], days: list[DayRead], events: list[re.Match[str]]) -> DayRead | None:
    """Return the day that belongs to an event word: joined to it by nothing but linking words, the nearest."""
    near: list[tuple[int, DayRead]] = []
    for one in days:
        low, high = (event[1], one.start) if one.start >= event[1] else (one.end, event[0])
        if high < low or high - low > MOST_BETWEEN or _CLAUSE.search(text, low, high):
            continue
        between = text[low:high]
        if any(low <= other.start() < high for other in events):
            continue
        after = one.start >= event[1]
        owned = not after or between.lstrip().casefold().startswith("of ")
        if _JOINED.fullmatch(between) or (owned and _JOINED.fullmatch(_without_owner(between))):
            near.append((high - low + (0 if after else 1), one))
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _without_owner(between: str) -> str:
    """Leave out whose it is: "March 5 is daughter Mia's birthday"."""
    return re.sub(rf"(?:(?i:{_RELATION})\s*)?(?:{_NAME})?['’]s\b|\b(?i:{_RELATION})\b(?:\s+{_NAME})?", " ", between)


def _whose(text: str, event: re.Match[str], client_name: str | None) -> str | None:
    low = max(0, event.start() - 60)
    clause = text[low : event.start()]
    ends = [match.end() for match in _CLAUSE.finditer(clause)]
    clause = clause[ends[-1] :] if ends else clause
    match = _WHOSE_BEFORE.search(clause) or _WHOSE_AFTER.match(text, event.end())
    if match is None:
        return None
    said = match.groupdict()
    name = said.get("named") or said.get("alone")
    if name is not None and name.casefold() in _NOT_NAMES:
        name = None
    if name is not None:
        name = re.sub(r"['’]s?$", "", name)
        own = {part.casefold() for part in (client_name or "").split()}
        return None if name.casefold() in own else name
    return said.get("relation")


def _date(
    occasion: Occasion, outcome: Reading, day: DayRead | None, person: str | None, event: tuple[int, int]
) -> PersonalDate:
    return PersonalDate(
        occasion=occasion,
        outcome=outcome,
        month=None if day is None else day.month,
        day=None if day is None else day.day,
        year=None if day is None else day.year,
        person=person,
        event=event,
        day_at=None if day is None else (day.start, day.end),
        confidence=0.95 if outcome in (Reading.READ, Reading.SUPPRESSED) else 0.5,
    )
