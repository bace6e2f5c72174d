"""Where a text speaks of yes/no attributes and of values of a choice: "no pool", "a house or a condo"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from nudge_core.reading.attributes import AttributeKind, Described, Wording, alternatives
from nudge_core.reading.places import one_letter_off
from nudge_core.reading.stance import firmness, stance
from nudge_core.reading.statements import CERTAIN, LIKELY, Stance, Statement, longest

LEAST_MISSPELT = 8
"""Letters a word needs to be known with one letter wrong: "funished" is furnished, "packing" is not parking."""

_TURNED = {Stance.WANTED: Stance.REFUSED, Stance.REFUSED: Stance.WANTED}
_PLAIN_WORD = re.compile(rf"[a-z]{{{LEAST_MISSPELT},}}")
_TEXT_WORD = re.compile(rf"[A-Za-z]{{{LEAST_MISSPELT - 1},}}")


def read_flags(text: str, attributes: Sequence[Described]) -> list[Statement]:
    """Return what a text says of yes/no attributes, by place; the value is true, the stance says for or against."""
    found: list[Statement] = []
    for one in attributes:
        if one.kind is AttributeKind.FLAG:
            found += _of(text, one.name, True, one.wording)
    return longest(found)


def read_choices(text: str, attributes: Sequence[Described]) -> list[Statement]:
    """Return which values of choices a text names, by place; the value is the choice's own."""
    kept: list[Statement] = []
    for one in attributes:
        if one.kind is AttributeKind.CHOICE:
            found = [said for value, wording in one.choices.items() for said in _of(text, one.name, value, wording)]
            kept += longest(found)
    return kept


def _of(text: str, attribute: str, value: bool | str, wording: Wording) -> list[Statement]:
    found: list[Statement] = []
    opposed: list[tuple[int, int]] = []
    for part, confidence, turned in (
        (wording.opposite, CERTAIN, True),
        (wording.sure, CERTAIN, False),
        (wording.likely, LIKELY, False),
    ):
        for start, end in _places(part, text, fuzzy=confidence == CERTAIN and not turned):
            if any(low < end and start < high for low, high in opposed):
                continue
            if turned:
                opposed.append((start, end))
            how = stance(text, start, end)
            found.append(
                Statement(
                    attribute=attribute,
                    value=value,
                    start=start,
                    end=end,
                    stance=_TURNED.get(how, how) if turned else how,
                    firmness=firmness(text, start, end),
                    confidence=confidence,
                )
            )
    return found


def _places(pattern: str, text: str, *, fuzzy: bool) -> list[tuple[int, int]]:
    if not pattern:
        return []
    places = [match.span() for match in _whole(pattern).finditer(text) if match.end() > match.start()]
    plain = _plain_words(pattern) if fuzzy else ()
    if not places and plain:
        for match in _TEXT_WORD.finditer(text):
            said = match.group().casefold()
            if any(one_letter_off(said, word, LEAST_MISSPELT) for word in plain):
                places.append(match.span())
    return places


@lru_cache(maxsize=4_096)
def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{pattern})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=4_096)
def _plain_words(pattern: str) -> tuple[str, ...]:
    """Return the long plain words among a pattern's alternatives."""
    forms = (re.sub(r"\(\?:[a-z|]*\)\??$|s\?$", "", part) for part in alternatives(pattern))
    return tuple(sorted({form for form in forms if _PLAIN_WORD.fullmatch(form)}))
