"""Numbers inside a text: digits and words, with the bounds that the words around them set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from nudge_core.model.json import JsonObject

WORDS: Mapping[str, float] = MappingProxyType(
    {
        "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
        "ten": 10, "eleven": 11, "twelve": 12, "single": 1, "double": 2, "triple": 3, "a couple of": 2, "couple": 2,
        "a pair of": 2, "half a dozen": 6,
    }
)  # fmt: skip
"""Words of small numbers."""

_SPOKEN = "|".join(sorted((re.escape(word).replace(r"\ ", r"\s+") for word in WORDS), key=len, reverse=True))
SMALL = rf"(?:[0-9]{{1,2}}(?:\.[0-9]|\s+1/2|½)?|(?:{_SPOKEN})(?:\s+and\s+a\s+half)?)"
"""A small number, in digits or words: 3, 2.5, 1 1/2, three, two and a half."""

AT_LEAST = (
    r"(?:at\s*least|atleast|no\s+(?:less|fewer)\s+than|not\s+(?:less|fewer)\s+than|more\s+than|over"
    r"|minimum(?:\s+of)?|min\.?|>=|≥)"
)
AT_MOST = (
    r"(?:at\s*most|(?<!it\s)(?<!that\s)(?<!them\s)(?<!go\s)(?<!bump\s)(?<!move\s)up\s+to|no\s+more\s+than|not\s+more\s+than|less\s+than|fewer\s+than|under|below|maximum(?:\s+of)?|max\.?"
    r"|not\s+over|<=|≤)"
)
OR_MORE = r"(?:\+|(?:\s*(?:or|and)\s+(?:more|up|above|over|greater))|\s+(?:min(?:imum)?\b|at\s+(?:the\s+)?least))"
OR_LESS = r"(?:(?:\s*(?:or|and)\s+(?:less|fewer|under|below))|\s+(?:max(?:imum)?\b|tops\b|at\s+(?:the\s+)?most))"
_STRICT = re.compile(r"more\s+than|over|less\s+than|fewer\s+than|under|below", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:no|not)\s", re.IGNORECASE)


@frozen(kw_only=True)
class Bounds:
    """What a number with its words says: `exactly`, or at least `least`, at most `most`."""

    exactly: float | None = None
    least: float | None = None
    most: float | None = None

    @property
    def as_json(self) -> JsonObject:
        """The stated members: {"min": 3}, {"exactly": 3}, {"min": 2, "max": 3}."""
        said = {"exactly": self.exactly, "min": self.least, "max": self.most}
        return {name: value for name, value in said.items() if value is not None}


def small_number(said: str) -> float | None:
    """Return the value of what `SMALL` matched; a whole number as int."""
    text = " ".join(said.casefold().split())
    half = 0.0
    for tail in (" and a half", " 1/2", "½"):
        if text.endswith(tail):
            text, half = text.removesuffix(tail).strip(), 0.5
    known = WORDS.get(text)
    if known is None:
        try:
            known = float(text)
        except ValueError:
            return None
    value = known + half
    return int(value) if value == int(value) else value


def bounded(low: float, high: float | None, *, lead: str = "", tail: str = "") -> Bounds | None:
    """Return the bounds of one number or a range under the words before (`lead`) and after it (`tail`).

    None for what contradicts itself: a range downwards, "at least 3 or less". "More than 2" rooms is at least 3,
    since such numbers count things.
    """
    lead, tail = lead.strip(), tail.strip()
    if high is not None:
        return None if low > high else Bounds(least=low, most=high)
    at_least = bool(re.fullmatch(AT_LEAST, lead, re.IGNORECASE)) or bool(
        re.fullmatch(OR_MORE.replace(r"\s+", r"\s*"), tail, re.IGNORECASE)
    )
    at_most = bool(re.fullmatch(AT_MOST, lead, re.IGNORECASE)) or bool(
        re.fullmatch(OR_LESS.replace(r"\s+", r"\s*"), tail, re.IGNORECASE)
    )
    if at_least and at_most:
        return None
    strictly = 1 if _STRICT.fullmatch(lead) and not _NEGATED.match(lead) else 0
    if at_least:
        return Bounds(least=low + strictly)
    if at_most:
        return Bounds(most=max(low - strictly, 0))
    return Bounds(exactly=low)
