"""What a text says of one attribute: a statement with its place in the text.

A statement is what was read, not yet what holds: `nudge_core.reading.ledger` puts statements in order and lets the
latest of each attribute win.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any

from attrs import Attribute, evolve, field, frozen

from nudge_core.errors import Invalid
from nudge_core.model import fields
from nudge_core.model.json import Json, frozen_json


class Stance(StrEnum):
    """How a text stands to what it mentions.

    `WANTED`; `REFUSED` ("no pool"); `WITHDRAWN`: it is no wish, or no longer one ("don't need parking"); `OPEN`: it is
    asked about or doubted, which says nothing of a wish ("is it furnished?").
    """

    WANTED = "wanted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OPEN = "open"


class Firmness(StrEnum):
    """How firmly something was said. Source: `verticals.md` 3.1."""

    HARD = "hard"
    SOFT = "soft"


CERTAIN = 0.95
"""Confidence of what is said in the words of the attribute itself."""

LIKELY = 0.8
"""Confidence of what is said in words that usually mean it, or that are misspelt by a letter."""

GUESSED = 0.6
"""Confidence of what follows from the talk around it: a number without a noun."""


def _words(_instance: object, _attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value.strip() or len(value) > 100:
        raise Invalid("statement.attribute", "1 to 100 characters", None)


@frozen(kw_only=True)
class Statement:
    """One thing a text says.

    `attribute`: what it is about, such as `beds`, `area` or `garage`. `value`: what is said of it; its shape is that
    of the attribute's kind (a number with bounds, names of places, true). `start`, `end`: the characters of the text
    that say so, half-open. `stance`: wanted, refused, withdrawn. `confidence`: 0 to 1.
    """

    attribute: str = field(validator=_words)
    value: Json = field(converter=frozen_json, repr=False)
    start: int = field(validator=fields.between(0, 2**31 - 1))
    end: int = field(validator=fields.between(0, 2**31 - 1))
    stance: Stance = Stance.WANTED
    firmness: Firmness = Firmness.SOFT
    confidence: float = field(default=CERTAIN, validator=fields.between(0, 1))

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise Invalid("statement.end", "after its start", None)
        if not math.isfinite(self.confidence):
            raise Invalid("statement.confidence", "a finite number", None)

    def overlaps(self, other: Statement) -> bool:
        """Return whether two statements share a character."""
        return self.start < other.end and other.start < self.end

    def standing(self, stance: Stance, firmness: Firmness) -> Statement:
        """Return it with a stance and a firmness."""
        return evolve(self, stance=stance, firmness=firmness)


def longest(found: list[Statement]) -> list[Statement]:
    """Return the statements by place, where several overlap only the longest: "community pool" is no "pool"."""
    kept: list[Statement] = []
    for one in sorted(found, key=lambda s: (s.start - s.end, -s.confidence, s.start, s.attribute, str(s.value))):
        if not any(one.overlaps(other) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda s: (s.start, s.end))
