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
from nudge_core.reading.stance import firmness, stance
from nudge_core.reading.statements import CERTAIN, GUESSED, Stance, Statement

MOST_COUNTED = 50
"""Of rooms, floors or places to park nobody asks for more."""

_LEAD = rf"(?:(?P<lead>{AT_LEAST}|{AT_MOST})\s*(?:of\s+)?)?(?:between\s+|exactly\s+|just\s+|only\s+)?"
_RANGE = rf"(?P<low>{SMALL})(?:\s*(?:-|–|to|or|and)\s*(?P<high>{SMALL}))?"
_BETWEEN = r"[\s-]*(?:full[\s-]+|large\s+|big\s+|separate\s+|private\s+|real\s+|good\s+|spacious\s+|nice\s+){0,2}"
_TAIL = rf"(?P<tail>{OR_MORE}|{OR_LESS})?"
_FILLER = (
    r"(?:ok|okay|yes|yeah|sure|please|thanks|thank\s+you|actually|well|hmm|oh|um|and|with|i|we|i['’]d|we['’]d|i['’]ll|would|will"
    r"|like|love|prefer|want|need|require|only|just|have|has|having|get|got|me|us|give|find|make|it|it['’]s|that|take|let['’]s|lets|do|go|for"
    r"|change|to|try|say|should|be|must|is|fine|good|enough|about|looking|look|search|one|ones|of|the|them|at|least|instead|then|now"
    r"|maybe|how|what|a|there|wanna|gimme|i['’]m|am|think|so|could|can|you|show|something|anything|else)"
)
_BARE = re.compile(
    rf"\W*(?:{_FILLER}\W+){{0,9}}?{_LEAD}(?P<number>{SMALL})(?P<more>\+|\s+or\s+more)?(?!['’\w$%/:.]*[\w%])(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_REST = re.compile(rf"\W*(?:(?:{_FILLER}|works?|will|would|suffice|is|are|in|near|around)\b\W*){{0,8}}", re.IGNORECASE)
_SPOKEN_ONE = re.compile(r"one", re.IGNORECASE)
_MENDS = re.compile(
    r"\b(?:make|change|instead|actually|rather|let['’]?s|switch|increase|decrease|up|down)\b", re.IGNORECASE
)
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
        for attribute in _named(match, counted):
            found.append(_said(text, attribute, bounds, match.start("whole"), match.end("whole"), CERTAIN))
    return found


def read_same(text: str, counted: Sequence[Counted], known: Mapping[str, Bounds]) -> list[Statement]:
    """Return "the same number of baths" with the number of what was counted before."""
    found: list[Statement] = []
    for one in counted:
        others = [bounds for attribute, bounds in known.items() if attribute != one.attribute]
        for match in re.finditer(rf"\b{_SAME}\s+(?:{one.nouns})(?!\w)", text, re.IGNORECASE):
            if others:
                found.append(_said(text, one.attribute, others[-1], match.start(), match.end(), GUESSED))
    return found


def bare_number(text: str) -> tuple[Bounds, int, int, bool] | None:
    """Return a number that stands without a noun in a short answer: "Get me 4.", "make it three", "4 in Sunnyvale".

    Returns:
        its bounds, where it stands, and whether the words mend what was said before.
    """
    for low, high in _sentences(text):
        match = _BARE.fullmatch(text, low, high)
        if match is None or not _ends_well(match["rest"]):
            continue
        number = small_number(match["number"])
        if number is None or not 0 < number <= MOST_COUNTED:
            continue
        if _SPOKEN_ONE.fullmatch(match["number"]) and not re.search(
            r"\b(?:only|just|need|require|enough)\b", text[low:high], re.IGNORECASE
        ):
            continue  # "I want one in Napa" is no number
        bounds = bounded(number, None, lead=match["lead"] or "", tail=match["more"] or "")
        if bounds is not None:
            return bounds, match.start("number"), match.end("number"), bool(_MENDS.search(text, low, high))
    return None


def _ends_well(rest: str) -> bool:
    """Say whether nothing but filler, or a place, follows."""
    plain = _REST.match(rest)
    left = rest[plain.end() :] if plain else rest
    return not left.strip(" .,!?") or bool(
        re.match(
            r"\s*(?:in|near|around)\s+(?!(?:the\s+)?(?:morning|afternoon|evening|night|total)\b)\w", rest, re.IGNORECASE
        )
    )


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
