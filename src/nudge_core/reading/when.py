"""When somebody wants to act: "by June", "in spring", "not before September", "within 60 days", "asap", "no rush".

What is read is a window of days, as far as the words bound it: the names of months and seasons count from the date of
the note, forwards. Seasons are those of the northern half, by whole months.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from attrs import frozen

from nudge_core.model.json import JsonObject
from nudge_core.reading.day_forms import DAYS_IN, MONTHS, month_number, read_days
from nudge_core.reading.numerals import SMALL, small_number
from nudge_core.reading.statements import CERTAIN, LIKELY, Statement

AT_ONCE_DAYS = 30
"""What "right away" leaves at most (P)."""

_SEASONS = {"spring": 3, "summer": 6, "fall": 9, "autumn": 9, "winter": 12}
_SEASON_MONTHS = 3
_MONTH_NAMES = "|".join((*MONTHS, *(name[:3] for name in MONTHS if len(name) > 3), "sept"))  # May
_PERIOD = (
    rf"(?:(?P<part>early|late|mid|end\s+of|beginning\s+of|start\s+of|middle\s+of)[\s-]+)?(?:the\s+)?(?:(?P<which>next|this|coming)\s+)?"
    rf"(?P<period>spring|summer|fall|autumn|winter|year|month|week|{_MONTH_NAMES})\b\.?(?:\s+(?:of\s+)?(?P<day_or_year>20[0-9]{{2}}))?"
)
_BEFORE = r"by|before|until|till|no\s+later\s+than|not\s+later\s+than|latest(?:\s+by)?|prior\s+to"
_NOT_BEFORE = re.compile(
    r"(?:\bnot|n['’]t|\bnothing|\bnever|\bno)\b[^.;!?]{0,30}\b(?:before|until|till)\s+$|\bno\s+(?:sooner|earlier)\s+than\s+$|\bnot\s+(?:sooner|earlier)\s+than\s+$",
    re.IGNORECASE,
)
_UP_TO = re.compile(rf"\b(?:{_BEFORE})\s+(?:the\s+)?$", re.IGNORECASE)
_EXCLUDED = re.compile(r"\b(?:before|prior\s+to)\s+(?:the\s+)?$", re.IGNORECASE)
_FROM = re.compile(
    r"\b(?:after|from|starting(?:\s+in)?|as\s+of|beginning(?:\s+in)?|begin\s+in)\s+(?:the\s+)?$", re.IGNORECASE
)
_AFTERWARDS = re.compile(r"\bafter\s+(?:the\s+)?$", re.IGNORECASE)
_IN = re.compile(r"\b(?:in|during|around|for|come|this|next|over)\s+(?:the\s+)?$", re.IGNORECASE)
_FORM = re.compile(rf"(?<![\w-]){_PERIOD}(?!['’]?s?\s+(?:day|market)\b)", re.IGNORECASE)
_WITHIN = re.compile(
    rf"\b(?P<how>within|in|over)\s+(?:the\s+next\s+|about\s+|around\s+)?(?P<number>[0-9]{{1,3}}|{SMALL}|a|an|the\s+next|a\s+few)(?:\s*(?:-|–|to|or)\s*(?P<up>{SMALL}))?\s+"
    r"(?P<unit>day|week|month|year)s?\b",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(
    r"\b(?:asap|a\.s\.a\.p\.?|as\s+soon\s+as\s+possible|right\s+away|immediately|at\s+once|urgent(?:ly)?|straight\s+away)(?!\w)",
    re.IGNORECASE,
)
_NO_RUSH = re.compile(
    r"\b(?:no\s+(?:rush|hurry)|not\s+in\s+(?:a|any)\s+(?:rush|hurry)|just\s+(?:looking|browsing)|someday|eventually|down\s+the\s+road)\b",
    re.IGNORECASE,
)
_MOVES = re.compile(
    r"\b(?:mov(?:e|es|ed|ing)|buy(?:ing)?|sell(?:ing)?|list(?:ing)?|clos(?:e|ing)|need|needs|want|wants|ready|start|look(?:ing)?|relocat\w+|purchas\w+|lease|rent(?:ing)?"
    r"|settled|in\s+(?:a|the|our)\s+(?:new\s+)?(?:house|home|place)|timing|timeline|not|available|begin|target|hoping|plan\w*|act|in)\b",
    re.IGNORECASE,
)
_UNIT_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_FEW = 3  # "a few weeks"


@frozen(kw_only=True)
class _Window:
    earliest: date | None = None
    latest: date | None = None


def read_timing(text: str, said_on: date, attribute: str = "timing") -> list[Statement]:
    """Return when somebody wants to act, by place: a value with `earliest` and `latest` as ISO dates, or `urgency`.

    Args:
        text: a note or message.
        said_on: its date; what is said counts from it, forwards.
        attribute: of the statements.
    """
    found: list[Statement] = []
    for match in _FORM.finditer(text):
        window = _period(text, match, said_on)
        if window is not None:
            found.append(_said(attribute, _json(window), match.start(), match.end(), CERTAIN))
    for day in read_days(text, said_on=said_on):
        window = _exact(text, day.start, day.month, day.day, day.year, said_on) if day.is_possible else None
        if window is not None:
            found = [one for one in found if not (one.start < day.end and day.start < one.end)]
            found.append(_said(attribute, _json(window), day.start, day.end, CERTAIN))
    for match in _WITHIN.finditer(text):
        window = _within(match, said_on)
        if (window is not None and match["how"].casefold() == "within") or (
            window is not None and _MOVES.search(text[max(0, match.start() - 60) : match.end() + 30])
        ):
            found.append(_said(attribute, _json(window), match.start(), match.end(), CERTAIN))
    for pattern, urgency in ((_AT_ONCE, "now"), (_NO_RUSH, "none")):
        for match in pattern.finditer(text):
            value: JsonObject = {"urgency": urgency}
            if urgency == "now":
                value = {**value, **_json(_Window(latest=_after(said_on, AT_ONCE_DAYS)))}
            found.append(_said(attribute, value, match.start(), match.end(), LIKELY))
    return sorted(found, key=lambda one: (one.start, one.end))


def _said(attribute: str, value: JsonObject, start: int, end: int, confidence: float) -> Statement:
    return Statement(attribute=attribute, value=value, start=start, end=end, confidence=confidence)


def _json(window: _Window) -> JsonObject:
    said = {"earliest": window.earliest, "latest": window.latest}
    return {name: day.isoformat() for name, day in said.items() if day is not None}


def _period(text: str, match: re.Match[str], said_on: date) -> _Window | None:
    ahead = text[max(0, match.start() - 40) : match.start()]
    which = (match["which"] or "").casefold()
    name = match["period"].casefold()
    named_alone = name in ("year", "month", "week") and not which and not match["part"]
    if named_alone or not (
        _UP_TO.search(ahead)
        or _FROM.search(ahead)
        or _IN.search(ahead)
        or _NOT_BEFORE.search(ahead)
        or which
        or match["part"]
    ):
        return None
    if (
        re.match(r"\s*[0-9]{1,2}(?![0-9])", text[match.end() :])
        and match["day_or_year"] is None
        and name not in _SEASONS
    ):
        return None  # "March 5" is a day
    if name not in _SEASONS and re.match(r"[ ][A-Z][a-z]", text[match.end() :]):
        return None  # "June Lake" is a place
    if name == "may" and not match["period"][0].isupper() and not _UP_TO.search(ahead) and not _IN.search(ahead):
        return None  # "we may look"
    first, last = _span(name, which, _number(match["day_or_year"]), said_on)
    first, last = _part((match["part"] or "").casefold(), first, last)
    return _bounded(ahead, first, last)


def _bounded(ahead: str, first: date, last: date) -> _Window:
    if _NOT_BEFORE.search(ahead):
        return _Window(earliest=first)
    if _UP_TO.search(ahead):
        return _Window(latest=first - timedelta(days=1) if _EXCLUDED.search(ahead) else last)
    if _FROM.search(ahead):
        return _Window(earliest=_after(last, 1) if _AFTERWARDS.search(ahead) else first)
    return _Window(earliest=first, latest=last)


def _exact(
    text: str, start: int, month: int | None, day: int | None, year: int | None, said_on: date
) -> _Window | None:
    """Return the window of a day: only beside words such as "by" or "after" does a day tell of timing."""
    if month is None or day is None:
        return None
    ahead = text[max(0, start - 40) : start]
    if not (_UP_TO.search(ahead) or _FROM.search(ahead) or _NOT_BEFORE.search(ahead)):
        return None
    the_day = _forwards(month, day, year, said_on)
    return None if the_day is None else _bounded(ahead, the_day, the_day)


def _forwards(month: int, day: int, year: int | None, said_on: date) -> date | None:
    for one in [year] if year else [said_on.year, said_on.year + 1]:
        try:
            found = date(one, month, min(day, 28) if (month, day) == (2, 29) else day)
        except ValueError:
            return None
        if year or found >= said_on:
            return found
    return None


def _span(name: str, which: str, year: int | None, said_on: date) -> tuple[date, date]:
    if name == "week":
        monday = _after(said_on, -said_on.weekday() + (7 if which == "next" else 0))
        return monday, _after(monday, 6)
    if name == "month":
        first = _month(said_on.year, said_on.month + (which in ("next", "coming")))
        return first, _last_of(first)
    if name == "year":
        first = _month(said_on.year + (which in ("next", "coming")), 1)
        return first, _last_of(_month(first.year, 12))
    start, months = (_SEASONS[name], _SEASON_MONTHS) if name in _SEASONS else (month_number(name), 1)
    first = _month(said_on.year if year is None else year, start)
    if name == "winter" and year is None and said_on.month < _SEASON_MONTHS:
        first = _month(said_on.year - 1, start)
    last = _last_of(_month(first.year, first.month + months - 1))
    if year is None and (last < said_on or (which == "next" and name in _SEASONS and first <= said_on)):
        first, last = _month(first.year + 1, first.month), _last_of(_month(first.year + 1, first.month + months - 1))
    return first, last


def _part(part: str, first: date, last: date) -> tuple[date, date]:
    third = (last - first).days // 3
    if part.startswith(("early", "beginning", "start")):
        return first, _after(first, third)
    if part.startswith(("late", "end")):
        return _after(last, -third), last
    if part.startswith("mid"):
        return _after(first, third), _after(last, -third)
    return first, last


def _within(match: re.Match[str], said_on: date) -> _Window | None:
    said = match["number"].casefold()
    number = 1 if said in ("a", "an", "the next") else _FEW if said == "a few" else small_number(said)
    number = _number(said) if number is None and said.isdecimal() else number
    up = small_number(match["up"]) if match["up"] else None
    if number is None or not number:
        return None
    unit = _UNIT_DAYS[match["unit"].casefold()]
    if match["how"].casefold() == "in":
        return _Window(earliest=_after(said_on, number * unit), latest=_after(said_on, (up or number) * unit + unit))
    return _Window(latest=_after(said_on, (up or number) * unit))


def _after(day: date, days: float) -> date:
    try:
        return day + timedelta(days=int(days))
    except OverflowError:
        return day


def _month(year: int, month: int) -> date:
    years, rest = divmod(month - 1, 12)
    return date(min(year + years, 9_998), rest + 1, 1)


def _last_of(first: date) -> date:
    day = DAYS_IN[first.month - 1]
    try:
        return date(first.year, first.month, day)
    except ValueError:
        return date(first.year, first.month, day - 1)


def _number(said: str | None) -> int | None:
    return None if said is None else int(said)
