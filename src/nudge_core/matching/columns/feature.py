"""Features wished and refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.matching.columns.column import HARD, STRENGTHS, Bytes, Miss, Rows
from nudge_core.matching.columns.postings import Postings
from nudge_core.matching.constraints import FEATURE, FULL, FeatureWish, Subject
from nudge_core.matching.sheet import Bools, Ints, Sheet

REFUSED = 4
"""Added to the strength of a posting that is a refusal."""


@frozen(eq=False, kw_only=True)
class FeatureColumn:
    """Features wished and refused, twice: by feature for the misses, by row for the sums.

    `by_feature`: the rows of each feature; `codes`: strength of each posting, REFUSED added where it is a refusal.
    `row_offsets`, `row_features`, `row_codes`: the same by row.
    """

    weight: int
    by_feature: Postings
    codes: Bytes
    row_offsets: NDArray[np.int64]
    row_features: NDArray[np.int32]
    row_codes: Bytes

    @classmethod
    def build(cls, wished: Sequence[tuple[int, FeatureWish]], size: int, weight: int) -> FeatureColumn:
        """Turn wishes with their rows, ascending, into a column of `size` rows."""
        codes = np.array([STRENGTHS[wish.strength] + REFUSED * (not wish.wanted) for _, wish in wished], np.uint8)
        postings, order = Postings.build([(wish.feature, row) for row, wish in wished])
        rows = np.array([row for row, _ in wished], np.int64)
        return cls(
            weight=weight,
            by_feature=postings,
            codes=codes[order],
            row_offsets=np.searchsorted(rows, np.arange(size + 1)).astype(np.int64),
            row_features=np.array([postings.entries[wish.feature] for _, wish in wished], np.int32),
            row_codes=codes,
        )

    @property
    def name(self) -> str:
        """Prefix of the constraints' names."""
        return FEATURE

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.codes, self.row_offsets, self.row_features, self.row_codes)
        return self.by_feature.nbytes + sum(array.nbytes for array in arrays)

    def misses(self, subject: Subject, span: slice) -> Iterator[Miss]:
        """Yield, by feature in order of name, who wished it where it is absent or refused it where it is there."""
        for feature in sorted((subject.has | subject.lacks) & self.by_feature.entries.keys()):
            places = self.by_feature.within(feature, span)
            rows, codes = self.by_feature.positions[places] - span.start, self.codes[places]
            missed = ((codes & REFUSED) != 0) == (feature in subject.has)
            hard = (codes & HARD) != 0
            yield f"{FEATURE}:{feature}", True, rows[missed & hard].astype(np.intp)
            yield f"{FEATURE}:{feature}", False, rows[missed & ~hard].astype(np.intp)

    def enter(self, subject: Subject, rows: Rows, sheet: Sheet) -> None:
        """Enter all features of these rows."""
        starts = self.row_offsets[rows]
        counts = self.row_offsets[rows + 1] - starts
        line = np.repeat(np.arange(rows.size), counts)
        index = np.arange(line.size) + np.repeat(starts - np.cumsum(counts) + counts, counts)
        feature, code = self.row_features[index], self.row_codes[index]
        refused, hard = (code & REFUSED) != 0, (code & HARD) != 0
        there, stated, has_rate, lacks_rate = self._states(subject)
        known = stated[feature]
        met = known & (there[feature] != refused)
        rate = np.where(refused, lacks_rate[feature], has_rate[feature])
        value = np.where(known, np.where(met, FULL, 0), rate)
        lines = rows.size
        np.add(sheet.known, np.bincount(line[known], minlength=lines), out=sheet.known)
        np.add(sheet.known_weight, self.weight * np.bincount(line[known], minlength=lines), out=sheet.known_weight)
        summed = np.bincount(line, weights=value, minlength=lines).astype(np.int64)  # exact: small whole numbers
        np.add(sheet.earned, self.weight * summed, out=sheet.earned)
        sheet.missed[line[known & ~met]] = True
        sheet.hard_unknown[line[~known & hard]] = True

    def _states(self, subject: Subject) -> tuple[Bools, Bools, Ints, Ints]:
        names = self.by_feature.entries
        there = np.array([name in subject.has for name in names], np.bool_)
        stated = there | np.array([name in subject.lacks for name in names], np.bool_)
        rates = [subject.base_rates.get(f"{FEATURE}:{name}") for name in names]
        default = subject.default_base_rate
        has_rate = np.array([default if rate is None else rate for rate in rates], np.int64)
        lacks_rate = np.array([default if rate is None else FULL - rate for rate in rates], np.int64)
        return there, stated, has_rate, lacks_rate
