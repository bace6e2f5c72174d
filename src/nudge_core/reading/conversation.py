"""Texts of one client in the order they were said, read into facts.

What an answer means depends on what was said before it: "make it three" changes the number that was spoken of last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen

from nudge_core.reading.attributes import AttributeKind, Described
from nudge_core.reading.counts import Counted, bare_number, read_counts, read_same
from nudge_core.reading.ledger import Ledger, Text
from nudge_core.reading.mentions import read_choices, read_flags
from nudge_core.reading.money import read_money
from nudge_core.reading.numerals import Bounds
from nudge_core.reading.places import Gazetteer, gazetteer, read_places
from nudge_core.reading.statements import GUESSED, Stance, Statement

MOST_CHARACTERS = 20_000
"""Of one text; what is beyond is not read."""

_HOME = re.compile(
    r"\b(?:apa?r?t?ments?|apts?|flats?|houses?|homes?|condos?|propert(?:y|ies)|townhouses?|residences?|studios?|lofts?|pads?"
    r"|(?:place|somewhere)\s+to\s+(?:live|stay|rent|buy)|real\s+estate|bed\s?rooms?)\b",
    re.IGNORECASE,
)

_ROOMS = r"roo?ms?"  # of a home of so many rooms, those to sleep in are meant


@frozen(kw_only=True)
class Vocabulary:
    """What texts are read for: attributes with their words, and the one that a number alone answers to."""

    attributes: tuple[Described, ...]
    asked_first: str | None = None
    gazetteers: tuple[Gazetteer, ...] = field(default=(), repr=False)
    counted: tuple[Counted, ...] = field(default=(), repr=False)

    @property
    def kinds(self) -> Mapping[str, AttributeKind]:
        """Kind of each attribute."""
        return {one.name: one.kind for one in self.attributes}


def vocabulary(attributes: Iterable[Described], asked_first: str | None = None) -> Vocabulary:
    """Return a vocabulary. `asked_first`: the count that a number without a noun means where none was spoken of yet."""
    told = tuple(attributes)
    return Vocabulary(
        attributes=told,
        asked_first=asked_first,
        gazetteers=tuple(gazetteer(one.name, one.places) for one in told if one.kind is AttributeKind.PLACE),
        counted=tuple(
            Counted(one.name, f"{one.wording.sure}|{_ROOMS}" if one.name == asked_first else one.wording.sure)
            for one in told
            if one.kind is AttributeKind.COUNT
        ),
    )


def read(text: str, words: Vocabulary) -> tuple[Statement, ...]:
    """Return what one text says by itself, by place; never raises."""
    said = text[:MOST_CHARACTERS]
    found = read_counts(said, words.counted)
    for places in words.gazetteers:
        found += read_places(said, places)
    flags = [*read_flags(said, words.attributes), *read_choices(said, words.attributes)]
    places_taken = [one for one in found if one.attribute in {g.attribute for g in words.gazetteers}]
    found += [one for one in flags if not any(one.overlaps(other) for other in places_taken)]
    money = [one.name for one in words.attributes if one.kind is AttributeKind.MONEY]
    if money:
        found += read_money(said, money)
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.attribute)))


def read_in_order(texts: Sequence[Text], words: Vocabulary) -> Ledger:
    """Return the facts of a client's texts, oldest first: the latest of each attribute wins, the history stays."""
    ledger, talk = Ledger(), _Talk()
    for index, text in enumerate(texts):
        statements = list(read(text.text, words))
        statements += talk.follow(text.text[:MOST_CHARACTERS], statements, ledger, words)
        ledger = ledger.with_statements(statements, words.kinds, index, text)
    return ledger


class _Talk:
    """What the talk is about: whether a home was spoken of, and which number last."""

    def __init__(self) -> None:
        self._of_homes = False
        self._counted: str | None = None

    def follow(self, text: str, statements: Sequence[Statement], ledger: Ledger, words: Vocabulary) -> list[Statement]:
        """Return what a text says in the light of those before it."""
        self._of_homes = self._of_homes or bool(_HOME.search(text))
        counts = {one.attribute for one in words.counted}
        told = [one for one in statements if one.attribute in counts]
        known = {name: _bounds(fact.value) for name, fact in ledger.current.items() if name in counts}
        known |= {one.attribute: _bounds(one.value) for one in told}
        found = read_same(text, words.counted, known)
        if not told and not found:
            found = self._bare(text, known, words)
        for one in (*told, *found):
            self._counted = one.attribute
        return found

    def _bare(self, text: str, known: Mapping[str, Bounds], words: Vocabulary) -> list[Statement]:
        number = bare_number(text)
        if number is None or not self._of_homes:
            return []
        bounds, start, end, mends = number
        first = words.asked_first
        attribute = first if first is not None and first not in known else (self._counted if mends else None)
        if attribute is None:
            return []
        return [
            Statement(
                attribute=attribute,
                value=bounds.as_json,
                start=start,
                end=end,
                stance=Stance.WANTED,
                confidence=GUESSED,
            )
        ]


def _bounds(value: object) -> Bounds:
    stated = value if isinstance(value, Mapping) else {}
    return Bounds(exactly=stated.get("exactly"), least=stated.get("min"), most=stated.get("max"))
