"""What a language model proposes to have read, checked against the text before anybody sees it.

A model may see what a grammar does not; it may also invent. A proposal stands only when its quote is in the text at
its place, the numbers and names of its value are in the quote, and the words around do not deny it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.json import Json, frozen_json
from nudge_core.reading.numerals import WORDS
from nudge_core.reading.stance import firmness, stance
from nudge_core.reading.statements import LIKELY, Stance, Statement

MOST_QUOTED = 300
"""Characters of a quote; a longer one is no evidence of anything in particular."""

_DIGITS = re.compile(r"[0-9]+(?:[,.][0-9]+)*\s*(?:k|m|mm|thousand|million|grand)?(?![a-z])", re.IGNORECASE)
_SCALES = {"k": 1_000, "thousand": 1_000, "grand": 1_000, "m": 10**6, "mm": 10**6, "million": 10**6}


class Refused(StrEnum):
    """Why a proposal does not stand."""

    UNKNOWN_ATTRIBUTE = "unknown_attribute"
    NOT_IN_TEXT = "not_in_text"
    NOT_IN_QUOTE = "not_in_quote"
    DENIED = "denied"
    ONLY_ASKED = "only_asked"


@frozen(kw_only=True)
class ProposedFact:
    """What a model says it read: `quote` are the words of the text that say so, at `start` where it gave a place."""

    attribute: str = field(validator=fields.text(100, at_least=1))
    value: Json = field(converter=frozen_json, repr=False)
    quote: str = field(validator=fields.text(10_000), repr=False)
    start: int | None = None
    wanted: bool = True


@frozen(kw_only=True)
class Checked:
    """The proposals that stand, as statements, and the others, each with its reason."""

    stand: tuple[Statement, ...]
    refused: tuple[tuple[ProposedFact, Refused], ...] = field(repr=False)


class FactProposer(Protocol):
    """A language model that reads a text for facts. What it returns is proposed; `check` decides what stands."""

    @property
    def name(self) -> str:
        """Name that is stored as the source of what it proposed."""
        ...

    async def propose(self, text: str, attributes: Sequence[str]) -> Sequence[ProposedFact]:
        """Return what it read, each with the words that say so. Raises Unavailable or Refused."""
        ...


def check(text: str, proposals: Iterable[ProposedFact], attributes: Sequence[str]) -> Checked:
    """Check proposals against the text they were read from; never raises on any text.

    Args:
        text: what the model was given.
        proposals: what it returned.
        attributes: the names a fact may have.
    """
    known = frozenset(attributes)
    stand: list[Statement] = []
    refused: list[tuple[ProposedFact, Refused]] = []
    for one in proposals:
        place = _place(text, one)
        reason = _reason(text, one, place, known)
        if reason is not None or place is None:
            refused.append((one, reason or Refused.NOT_IN_TEXT))
            continue
        stand.append(
            Statement(
                attribute=one.attribute,
                value=one.value,
                start=place[0],
                end=place[1],
                stance=Stance.WANTED if one.wanted else Stance.REFUSED,
                firmness=firmness(text, *place),
                confidence=LIKELY,
            )
        )
    return Checked(stand=tuple(stand), refused=tuple(refused))


def _reason(text: str, one: ProposedFact, place: tuple[int, int] | None, known: frozenset[str]) -> Refused | None:
    if one.attribute not in known:
        return Refused.UNKNOWN_ATTRIBUTE
    if place is None:
        return Refused.NOT_IN_TEXT
    if not _supported(one.value, text[place[0] : place[1]]):
        return Refused.NOT_IN_QUOTE
    how = stance(text, *place)
    if how is Stance.OPEN:
        return Refused.ONLY_ASKED
    if one.wanted and one.value is not False and how is not Stance.WANTED:
        return Refused.DENIED
    return None


def _place(text: str, one: ProposedFact) -> tuple[int, int] | None:
    """Return where the quote stands: at the place it names, else where it occurs for the only time."""
    quote = one.quote.strip()
    if not quote or len(quote) > MOST_QUOTED:
        return None
    pattern = re.compile(r"\s+".join(re.escape(word) for word in quote.split()), re.IGNORECASE)
    found = [match.span() for match in pattern.finditer(text)]
    if one.start is not None:
        return next((place for place in found if place[0] == one.start), None)
    return found[0] if len(found) == 1 else None


def _supported(value: Json, quote: str) -> bool:
    """Say whether every number and every name of a value is in the words it was read from."""
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return value in _numbers(quote)
    if isinstance(value, str):
        return " ".join(value.casefold().split()) in " ".join(quote.casefold().split())
    if isinstance(value, Mapping):
        return all(_supported(item, quote) for item in value.values())
    return all(_supported(item, quote) for item in value)


def _numbers(quote: str) -> set[float]:
    found: set[float] = set()
    for match in _DIGITS.finditer(quote):
        digits, scale = re.fullmatch(r"([0-9.,]*?[0-9])\s*([a-z]*)", match.group().casefold(), re.IGNORECASE).groups()  # type: ignore[union-attr]  # the form of _DIGITS
        try:
            number = float(digits.replace(",", ""))
        except ValueError:
            continue
        found |= {number, number * _SCALES.get(scale, 1)}
    folded = quote.casefold()
    found |= {float(number) for word, number in WORDS.items() if re.search(rf"\b{word}\b", folded)}
    return found
