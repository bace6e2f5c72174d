"""Statements in order become facts: of each attribute the latest value wins, and the history stays.

Superseding is by attribute: a new number of bedrooms does not touch the area. What is withdrawn is known no more;
what is refused of a number or a place leaves what else is known of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from attrs import evolve, field, frozen

from nudge_core.model.json import Json, JsonObject
from nudge_core.reading.attributes import AttributeKind
from nudge_core.reading.statements import Firmness, Stance, Statement

MOST_FACTS = 10_000
"""Facts of one ledger; a client of whom more was said is read from the latest texts."""


@frozen(kw_only=True)
class Text:
    """One note, message or utterance: what it says, where it comes from, and when it was said."""

    text: str = field(repr=False)
    source: str = "note"
    said_on: date | None = None


@frozen(kw_only=True)
class Fact:
    """What was known of an attribute from a text on, until another fact took its place.

    `value`: the state after it: true or false of a flag, bounds of a number, `any` and `none` of places and choices;
    None: withdrawn. `text`, `start`, `end`: which of the texts, and its characters. `supersedes`, `superseded_by`:
    places in the ledger.
    """

    attribute: str
    value: Json = field(repr=False)
    text: int
    start: int
    end: int
    source: str
    said_on: date | None
    confidence: float
    firmness: Firmness
    supersedes: int | None = None
    superseded_by: int | None = None


@frozen(kw_only=True)
class Said:
    """A preference that a client's texts state: `preferences[kind]` would be `value`.

    `text`, `start`, `end`: the text that was decisive last, and its characters. `confidence`: 0 to 1.
    """

    kind: str
    value: Json = field(repr=False)
    text: int
    start: int
    end: int
    confidence: float


@frozen(kw_only=True)
class Ledger:
    """Facts in the order they were said."""

    facts: tuple[Fact, ...] = field(default=(), repr=False)

    @property
    def current(self) -> Mapping[str, Fact]:
        """The facts that count now, by attribute, in the order they were said; what was withdrawn is not among them."""
        standing = (fact for fact in self.facts if fact.superseded_by is None and fact.value is not None)
        return MappingProxyType({fact.attribute: fact for fact in standing})

    @property
    def preferences(self) -> JsonObject:
        """The values that count now, by attribute."""
        return {name: fact.value for name, fact in self.current.items()}

    def latest(self, attribute: str) -> Fact | None:
        """Return the last fact of an attribute, withdrawn or not."""
        return next((fact for fact in reversed(self.facts) if fact.attribute == attribute), None)

    def with_statements(
        self, statements: Iterable[Statement], kinds: Mapping[str, AttributeKind], index: int, text: Text
    ) -> Ledger:
        """Return the ledger after one more text: each attribute it speaks of gets one fact, if anything changes.

        Args:
            statements: what the text says, by place; later ones of the same attribute win, but places and choices that
                are named side by side are alternatives.
            kinds: kind of each attribute; one that is not there is read as a flag or a plain value.
            index: of the text.
            text: it.
        """
        by_attribute: dict[str, list[Statement]] = {}
        for one in statements:
            if one.stance is not Stance.OPEN:
                by_attribute.setdefault(one.attribute, []).append(one)
        facts = list(self.facts[-MOST_FACTS:])
        for attribute, said in by_attribute.items():
            place = next((i for i in range(len(facts) - 1, -1, -1) if facts[i].attribute == attribute), None)
            before = None if place is None else facts[place].value
            value, from_one = _state(kinds.get(attribute), before, said)
            if value == before:
                continue
            fact = Fact(
                attribute=attribute,
                value=value,
                text=index,
                start=from_one.start,
                end=from_one.end,
                source=text.source,
                said_on=text.said_on,
                confidence=from_one.confidence,
                firmness=Firmness.HARD if from_one.stance is Stance.REFUSED else from_one.firmness,
                supersedes=place,
            )
            if place is not None:
                facts[place] = evolve(facts[place], superseded_by=len(facts))
            facts.append(fact)
        return evolve(self, facts=tuple(facts))


def _state(kind: AttributeKind | None, before: Json, said: Sequence[Statement]) -> tuple[Json, Statement]:
    """Return what is known of an attribute after a text, and the statement that decided it."""
    if kind in (AttributeKind.PLACE, AttributeKind.CHOICE):
        return _alternatives(before, said)
    if kind in (AttributeKind.COUNT, AttributeKind.MONEY):
        return _number(before, said)
    last = _last(said)
    if last.stance is Stance.WITHDRAWN:
        return None, last
    if last.value is True:
        return last.stance is Stance.WANTED, last
    return (last.value if last.stance is Stance.WANTED else before), last


def _last(said: Sequence[Statement]) -> Statement:
    """Return the statement that counts of several in one text: the last, but a sure one before a guess."""
    surest = max(one.confidence for one in said)
    likely = [one for one in said if one.confidence >= min(surest, 0.8)]
    return likely[-1]


def _number(before: Json, said: Sequence[Statement]) -> tuple[Json, Statement]:
    """A number wanted takes the place of another; one refused or withdrawn ends only itself."""
    value, decided = before, said[-1]
    for one in said:
        if one.stance is Stance.WANTED:
            value, decided = one.value, one
        elif value == one.value:
            value, decided = None, one
    return value, decided


def _alternatives(before: Json, said: Sequence[Statement]) -> tuple[Json, Statement]:
    """Places and choices: those wanted in one text are alternatives, and take the place of those wanted before."""
    known: Mapping[str, Json] = before if isinstance(before, Mapping) else {}
    wished, refused = _texts(known.get("any")), _texts(known.get("none"))
    decided = said[-1]
    new = [one for one in said if one.stance is Stance.WANTED]
    if new:
        wished, decided = list(dict.fromkeys(str(one.value) for one in new)), new[-1]
        refused = [name for name in refused if name not in wished]
    for one in said:
        name = str(one.value)
        if one.stance is Stance.REFUSED:
            wished = [other for other in wished if other != name]
            refused = [*refused, *([name] if name not in refused else [])]
        elif one.stance is Stance.WITHDRAWN:
            wished = [other for other in wished if other != name]
            refused = [other for other in refused if other != name]
    state: dict[str, Json] = {}
    if wished:
        state["any"] = tuple(wished)
    if refused:
        state["none"] = tuple(refused)
    return (state or None), decided


def _texts(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, tuple | list) else []
