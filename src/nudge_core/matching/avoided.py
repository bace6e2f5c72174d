"""What the professional said no to for a client, as rules an offer is held against: a price, an area, a topic.

A rule takes a pair out of the audience and never changes a score: what was wished and what is there stays as it was
compared. Few rows have one, so they lie beside the columns, and only rows that qualify are looked up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.model.json import JsonObject, number_in, text_in, texts_in

RESTING = "resting"
"""Why a pair was left out: the client rests from offers of that topic."""


@frozen(kw_only=True, cache_hash=True)
class Avoidance:
    """One such rule; exactly one of the three is given.

    `field`: of numbers with `at_least`, of terms with `all_of`. `at_least`: an offer whose number is that or more is
    against it. `all_of`: so is one that states all of these terms. `topic`: so is any offer of that topic. What an
    offer does not state is not against anything. `source`: the dismissal it comes from; it has no part in matching.
    """

    field: str = ""
    at_least: float | None = None
    all_of: frozenset[str] = frozenset()
    topic: str | None = None
    source: UUID | None = attrs.field(default=None, eq=False)

    def __attrs_post_init__(self) -> None:
        given = (self.at_least is not None) + bool(self.all_of) + (self.topic is not None)
        if given != 1 or bool(self.field) == (self.topic is not None):
            raise Invalid("avoidance", "a number or terms of a field, or a topic", None)
        if self.at_least is not None and not math.isfinite(self.at_least):
            raise Invalid("avoidance.at_least", "a finite number", self.at_least)

    @property
    def why(self) -> str:
        """How a pair that it takes out is counted: `dismissed_price`, `resting`."""
        return RESTING if self.topic is not None else f"dismissed_{self.field}"

    def as_json(self) -> JsonObject:
        """Return the rule as a JSON object, without its source."""
        if self.topic is not None:
            return {"topic": self.topic}
        if self.at_least is not None:
            return {"field": self.field, "at_least": self.at_least}
        return {"field": self.field, "all_of": tuple(sorted(self.all_of))}

    @classmethod
    def from_json(cls, stored: JsonObject, source: UUID | None = None) -> Avoidance:
        """Read what `as_json` wrote. Raises Invalid when a member is missing or of another kind."""
        if "topic" in stored:
            return cls(topic=text_in(stored, "topic"), source=source)
        if "at_least" in stored:
            return cls(field=text_in(stored, "field"), at_least=number_in(stored, "at_least"), source=source)
        return cls(field=text_in(stored, "field"), all_of=frozenset(texts_in(stored, "all_of")), source=source)

    def against(self, numbers: Mapping[str, float], terms: Mapping[str, frozenset[str]], topic: str | None) -> bool:
        """Return whether an offer with these numbers and terms, of this topic, is against it."""
        if self.topic is not None:
            return self.topic == topic
        if self.at_least is not None:
            return self.field in numbers and numbers[self.field] >= self.at_least
        return self.all_of <= terms.get(self.field, frozenset())


Rows: TypeAlias = NDArray[np.int32]


@frozen(eq=False)
class Avoided:
    """The rules of a book: each with the rows that have it, ascending."""

    rows_of: Mapping[Avoidance, Rows]

    @classmethod
    def of(cls, rules: Iterable[Sequence[Avoidance]]) -> Avoided | None:
        """Read the rules of each row, in the order of the rows; None when nobody has one."""
        found: dict[Avoidance, list[int]] = {}
        for row, own in enumerate(rules):
            for rule in dict.fromkeys(own):
                found.setdefault(rule, []).append(row)
        if not found:
            return None
        ordered = sorted(found, key=lambda rule: (rule.why != RESTING, rule.why))
        return cls(MappingProxyType({rule: np.array(found[rule], np.int32) for rule in ordered}))

    def left_out(
        self, numbers: Mapping[str, float], terms: Mapping[str, frozenset[str]], topic: str | None
    ) -> Iterator[tuple[str, Rows]]:
        """Yield who an offer is not for: why, and the rows, ascending; who rests first, then by the field's name."""
        rows: dict[str, list[Rows]] = {}
        for rule, own in self.rows_of.items():
            if rule.against(numbers, terms, topic):
                rows.setdefault(rule.why, []).append(own)
        for why, several in rows.items():
            yield why, np.unique(np.concatenate(several))
