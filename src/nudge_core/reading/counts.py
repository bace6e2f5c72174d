"""How many of something a text asks for: "3+ bedrooms", "three-bed", "2bd/1ba", "baths: 2", "make it three".

Which nouns count is told by the caller, so the same grammar reads bedrooms, parking spaces or sessions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from attrs import frozen

from nudge_core.reading.clauses import sentence
from nudge_core.reading.numerals import AT_LEAST, AT_MOST, OR_LESS, OR_MORE, SMALL, Bounds, bounded, small_number
from nudge_core.reading.places import one_letter_off
from nudge_core.reading.stance import firmness, stance
from nudge_core.reading.statements import CERTAIN, GUESSED, Stance, Statement

LEAST_MISSPELT = 7
"""Letters a noun needs to be known with one letter wrong."""

_LONG_WORD = re.compile(rf"[A-Za-z]{{{LEAST_MISSPELT - 1},}}")
MOST_COUNTED = 50
"""Of rooms, floors or places to park nobody asks for more."""

_LEAD = rf"(?:(?P<lead>{AT_LEAST}|{AT_MOST})\s*(?:of\s+)?)?(?:between\s+|exactly\s+|just\s+|only\s+)?"
_RANGE = rf"(?P<low>{SMALL})(?:\s*(?:-|–|to|or|and)\s*(?P<high>{SMALL}))?"
_BETWEEN = r"[\s-]*(?:full[\s-]+|large\s+|big\s+|separate\s+|private\s+|real\s+|good\s+|spacious\s+|nice\s+){0,2}"
_TAIL = rf"(?P<tail>{OR_MORE}|{OR_LESS})?"
_NUMBER = re.compile(
    rf"(?<![\w$#/:.,'’-])(?P<lead>{AT_LEAST}\s+|{AT_MOST}\s+)?(?P<number>{SMALL})(?P<more>\+|\s+or\s+more\b)?(?![\w$%/:’'-])",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"\s*(?:$|[.,!?;)]|(?:of\s+(?:those|them|these)|please|thanks|thank|will|would|should|could|is|are|was|works?|do|does|sounds?"
    r"|suffices?|instead|though|and|or|but|then|maybe|total|max|minimum|min|if|now|in\s+total|(?:in|near|around)\s+"
    r"(?!(?:the\s+)?(?:morning|afternoon|evening|night)\b)[a-z])\b|in\s|near\s|around\s)",
    re.IGNORECASE,
)
_OF_OTHER_THINGS = re.compile(
    r"\b(?:at|on|till|until|from|by|for|the|day|time|before|after|since|party\s+of|around|no\.?|number|option|any)\s*$",
    re.IGNORECASE,
)
_NOT_ROOMS = re.compile(
    r"\b(?:tickets?|seats?|people|persons?|adults?|guests?|passengers?|tables?|cars?|vehicles?|pm|am|o['’\"]?clock|morning|afternoon"
    r"|evening|noon|night|today|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june"
    r"|july|august|september|october|november|december|weeks?|months?|days?|hours?|minutes?|years?|dollars|stars?|rating|songs?"
    r"|movies?|restaurants?|dinner|lunch|flights?|bus|train|phone|address)\b",
    re.IGNORECASE,
)
_ALONE = re.compile(r"\b(?:only|just|enough|sufficient|suffices?)\b|^\W*one\W*(?:please\W*)?$", re.IGNORECASE)
_MENDS = re.compile(
    r"\b(?:make|change|instead|actually|rather|let['’]?s|switch|increase|decrease|up|down)\b", re.IGNORECASE
)
MOST_BARE = 12  # a larger number without a noun is hardly one of rooms
_SAME = r"(?:same\s+(?:number|amount)\s+of|as\s+many|equal\s+number\s+of|equally\s+many)"


@frozen
class Counted:
    """Something that is counted: the attribute, and the nouns for it as a pattern without groups."""

    attribute: str
    nouns: str


def read_counts(text: str, counted: Sequence[Counted]) -> list[Statement]:
    """Return what a text says of each counted thing, by place; never raises.

    "three bedrooms and baths" is three of both. What is refused or withdrawn is returned as that.
    """
    found: list[Statement] = []
    counted = _with_misspelt(text, counted)
    for match in _pattern(tuple(counted)).finditer(text):
        low, high = match["low"] or match["after"], match["high"]
        number = small_number(low)
        if number is None or number > MOST_COUNTED:
            continue
        bounds = bounded(
            number,
            None if high is None else small_number(high),
            lead=match["lead"] or "",
            tail=match["tail"] or match["late"] or match["afterward"] or "",
        )
        if bounds is None:
            continue
        place = match.span("whole")
        found += [_said(text, attribute, bounds, *place, CERTAIN) for attribute in _named(match, counted)]
    return found


def _with_misspelt(text: str, counted: Sequence[Counted]) -> list[Counted]:
    """Return the nouns with those of the text that differ from one of them by a letter: "bedrrom"."""
    words = {match.group().casefold() for match in _LONG_WORD.finditer(text)}
    told: list[Counted] = []
    for one in counted:
        plain = [noun for noun in one.nouns.split("|") if noun.isalpha() and len(noun) >= LEAST_MISSPELT]
        others = [noun for other in counted if other is not one for noun in other.nouns.split("|")]
        near = sorted(
            word
            for word in words
            if any(one_letter_off(word, noun, LEAST_MISSPELT) for noun in plain)
            and not any(one_letter_off(word, noun, LEAST_MISSPELT) for noun in others)
        )
        told.append(Counted(one.attribute, "|".join([one.nouns, *near])) if near else one)
    return told


def read_same(text: str, counted: Sequence[Counted], known: Mapping[str, Bounds]) -> list[Statement]:
    """Return "the same number of baths" with the number of what was counted before."""
    found: list[Statement] = []
    for one in counted:
        others = [bounds for attribute, bounds in known.items() if attribute != one.attribute]
        if not others:
            continue
        same = re.finditer(rf"\b{_SAME}\s+(?:{one.nouns})(?!\w)", text, re.IGNORECASE)
        found += [_said(text, one.attribute, others[-1], *match.span(), GUESSED) for match in same]
    return found


def bare_number(text: str) -> tuple[Bounds, int, int, bool] | None:
    """Return a number that stands without a noun in a short answer: "Get me 4.", "make it three", "4 in Sunnyvale".

    Returns:
        its bounds, where it stands, and whether the words mend what was said before.
    """
    for low, high in _sentences(text):
        said = text[low:high]
        numbers = list(_NUMBER.finditer(text, low, high))
        if len(numbers) != 1 or _NOT_ROOMS.search(said) or re.search(r"[0-9]", said.replace(numbers[0].group(), "", 1)):
            continue
        match = numbers[0]
        number = small_number(match["number"])
        if number is None or not 0 < number <= MOST_BARE or _OF_OTHER_THINGS.search(text[low : match.start()]):
            continue
        if not _FOLLOWS.match(text, match.end()) or (match["number"].casefold() == "one" and not _ALONE.search(said)):
            continue  # "I want one in Napa" is no number
        bounds = bounded(number, None, lead=match["lead"] or "", tail=match["more"] or "")
        if bounds is not None and stance(text, *match.span("number")) is Stance.WANTED:
            return bounds, match.start("number"), match.end("number"), bool(_MENDS.search(said))
    return None


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    place = 0
    while place < len(text):
        low, high = sentence(text, place, place + 1)
        yield low, high
        place = max(high, place + 1)


def _said(text: str, attribute: str, bounds: Bounds, start: int, end: int, confidence: float) -> Statement:
    how = stance(text, start, end)
    value = bounds.as_json
    return Statement(
        attribute=attribute,
        value=value,
        start=start,
        end=end,
        stance=how,
        firmness=firmness(text, start, end),
        confidence=min(confidence, GUESSED) if how is Stance.OPEN else confidence,
    )


def _named(match: re.Match[str], counted: Sequence[Counted]) -> list[str]:
    said = [match[name] for name in ("noun", "noun2", "noun0") if match[name]]
    return list(
        dict.fromkeys(one.attribute for text in said for one in counted if re.fullmatch(one.nouns, text, re.IGNORECASE))
    )


@lru_cache(maxsize=64)
def _pattern(counted: tuple[Counted, ...]) -> re.Pattern[str]:
    nouns = "|".join(one.nouns for one in counted) or r"(?!)"
    return re.compile(
        rf"(?<![\w.$])(?<![0-9]/)(?P<whole>{_LEAD}{_RANGE}{_TAIL}{_BETWEEN}(?P<noun>{nouns})(?P<late>{OR_MORE}|{OR_LESS})?"
        rf"(?:\s*(?:and|&)\s*(?P<noun2>{nouns})(?![\s-]*(?:of|for|:|=)))?"
        rf"|(?P<noun0>{nouns})\s*(?::|=|-)\s*(?P<after>{SMALL})(?P<afterward>{OR_MORE}|{OR_LESS})?)(?!\w)",
        re.IGNORECASE,
    )
