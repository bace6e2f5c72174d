"""Wished and refused terms, such as areas and types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from attrs import frozen

from nudge_core.errors import Invalid
from nudge_core.matching.columns.column import Bytes, Miss, Rows
from nudge_core.matching.columns.postings import Postings
from nudge_core.matching.constraints import Subject, TermsField, TermsWish, kind_of
from nudge_core.matching.sheet import Bools, Sheet
from nudge_core.model.briefing import Strength

REMEMBERED = 2**10  # sets of offered terms whose kinds are kept: events of a poll share their areas
MOST_KINDS = 8  # kinds of term per field: a bit each of one byte


@frozen(eq=False, kw_only=True)
class TermsColumn:
    """Wished terms, any one of which is enough. `kinds`: per row, a bit for each kind of term it wishes; 0: none."""

    declared: TermsField
    hard: Bools
    kinds: Bytes
    kind_bits: Mapping[str, int]
    wished: Postings

    @classmethod
    def build(cls, declared: TermsField, wished: Sequence[tuple[int, TermsWish]], size: int) -> TermsColumn:
        """Turn wishes with their rows into a column of `size` rows. Raises Invalid for too many kinds of term."""
        hard = np.zeros(size, np.bool_)
        hard[[row for row, wish in wished if wish.strength is Strength.HARD]] = True
        terms = [(term, row) for row, wish in wished for term in wish.any_of]
        kinds, kind_bits = _kinds(declared, terms, size)
        wishes = Postings.build(terms)
        return cls(declared=declared, hard=hard, kinds=kinds, kind_bits=kind_bits, wished=wishes)

    @property
    def name(self) -> str:
        """Name of the field."""
        return self.declared.name

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.hard.nbytes + self.kinds.nbytes + self.wished.nbytes

    def misses(self, subject: Subject, span: slice) -> Iterator[Miss]:
        """Yield who wished other terms, all of kinds that the offer states."""
        offered = subject.terms.get(self.name, frozenset())
        if not offered:
            return
        missed = self.kinds[span] != 0
        if silent := _silent(self.kind_bits, offered):
            missed &= (self.kinds[span] & np.uint8(silent)) == 0
        self.wished.mark(offered, span, missed, False)
        yield self.name, missed, self.hard[span]

    def met(self, subject: Subject, span: slice) -> Bools:
        """Return who wished one of the offer's terms."""
        return self.wished.mask(subject.terms.get(self.name, frozenset()), span)

    def enter(self, subject: Subject, rows: Rows, sheet: Sheet, at: int) -> None:
        """Enter it."""
        offered = subject.terms.get(self.name, frozenset())
        silent = _silent(self.kind_bits, offered)
        if sheet.clean and not silent:  # everybody who wished any has one
            return
        open_ = (self.kinds[rows] != 0) & ~self.wished.among(offered, rows)
        if silent:
            unknown = open_ & ((self.kinds[rows] & np.uint8(silent)) != 0)
            base_rate = subject.base_rates.get(self.name, subject.default_base_rate)
            sheet.enter_unknown(at, unknown, self.hard[rows], self.declared.weight, base_rate)
            open_ &= ~unknown
        if not sheet.clean:
            sheet.enter_missed(at, np.flatnonzero(open_), self.declared.weight)


@frozen(eq=False, kw_only=True)
class RefusalColumn:
    """Refused terms of a field, none of which may be there. Always hard."""

    declared: TermsField
    weight: int
    kinds: Bytes
    kind_bits: Mapping[str, int]
    refused: Postings

    @classmethod
    def build(
        cls, declared: TermsField, wished: Sequence[tuple[int, TermsWish]], size: int, weight: int
    ) -> RefusalColumn:
        """Turn wishes with their rows into a column of `size` rows. Raises Invalid for too many kinds of term."""
        terms = [(term, row) for row, wish in wished for term in wish.none_of]
        kinds, kind_bits = _kinds(declared, terms, size)
        refusals = Postings.build(terms)
        return cls(declared=declared, weight=weight, kinds=kinds, kind_bits=kind_bits, refused=refusals)

    @property
    def name(self) -> str:
        """Name of the field."""
        return self.declared.name

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.kinds.nbytes + self.refused.nbytes

    def misses(self, subject: Subject, span: slice) -> Iterator[Miss]:
        """Yield who refused one of the offer's terms."""
        if offered := subject.terms.get(self.name, frozenset()):
            there = self.refused.mask(offered, span)
            yield self.name, there, there

    def enter(self, subject: Subject, rows: Rows, sheet: Sheet, at: int) -> None:
        """Enter it."""
        offered = subject.terms.get(self.name, frozenset())
        silent = _silent(self.kind_bits, offered)
        if sheet.clean and not silent:
            return
        there = self.refused.among(offered, rows)
        if not sheet.clean:
            sheet.enter_missed(at, np.flatnonzero(there), self.weight)
        if silent:
            unknown = ~there & ((self.kinds[rows] & np.uint8(silent)) != 0)
            sheet.enter_unknown(at, unknown, unknown, self.weight, subject.default_base_rate)


def _silent(kind_bits: Mapping[str, int], offered: frozenset[str]) -> int:
    """Return the bits of the kinds of which the offer states nothing."""
    stated = _kinds_of(offered)
    return sum(bit for kind, bit in kind_bits.items() if kind not in stated)


@lru_cache(maxsize=REMEMBERED)
def _kinds_of(offered: frozenset[str]) -> frozenset[str]:
    return frozenset(kind_of(term) for term in offered)


def _kinds(declared: TermsField, terms: Sequence[tuple[str, int]], size: int) -> tuple[Bytes, Mapping[str, int]]:
    """Return a bit for each kind of term, and per row those it has."""
    names = sorted({kind_of(term) for term, _ in terms})
    if len(names) > MOST_KINDS:
        raise Invalid(f"wish.{declared.name}", f"at most {MOST_KINDS} kinds of term", names)
    bits = {name: 1 << place for place, name in enumerate(names)}
    kinds = np.zeros(size, np.uint8)
    for term, row in terms:
        kinds[row] |= bits[kind_of(term)]
    return kinds, MappingProxyType(bits)
