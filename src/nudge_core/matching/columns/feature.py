"""Features wished and refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.matching.columns.column import HARD, STRENGTHS, Bytes, MissedBy, Rows
from nudge_core.matching.columns.postings import Postings
from nudge_core.matching.constraints import FEATURE, FULL, FeatureWish, Subject
from nudge_core.matching.sheet import Bools, Sheet
from nudge_core.model.briefing import Strength

REFUSED = 4
"""Added to the strength of a posting that is a refusal."""


@frozen(eq=False, kw_only=True)
class FeatureColumn:
    """Features wished and refused, twice: by feature for the misses, by row for the sums.

    `names`: every feature, sorted; its number is its place. `lists`: for each strength (hard or not) and sense
    (wanted or not) the rows of each feature. `row_offsets`, `row_features`, `row_codes`: the same by row; a code is
    the strength, REFUSED added where it is a refusal.
    """

    weight: int
    names: tuple[str, ...]
    lists: Mapping[tuple[bool, bool], Postings]
    row_offsets: NDArray[np.int64]
    row_features: NDArray[np.int32]
    row_codes: Bytes

    @classmethod
    def build(cls, wished: Sequence[tuple[int, FeatureWish]], size: int, weight: int) -> FeatureColumn:
        """Turn wishes with their rows, ascending, into a column of `size` rows."""
        names = sorted({wish.feature for _, wish in wished})
        number = {name: place for place, name in enumerate(names)}
        rows = np.array([row for row, _ in wished], np.int64)
        pairs: dict[tuple[bool, bool], list[tuple[str, int]]] = {}
        for row, wish in wished:
            pairs.setdefault((wish.strength is Strength.HARD, wish.wanted), []).append((wish.feature, row))
        return cls(
            weight=weight,
            names=tuple(names),
            lists={kind: Postings.build(listed) for kind, listed in pairs.items()},
            row_offsets=np.searchsorted(rows, np.arange(size + 1)).astype(np.int64),
            row_features=np.array([number[wish.feature] for _, wish in wished], np.int32),
            row_codes=np.array(
                [STRENGTHS[wish.strength] + REFUSED * (not wish.wanted) for _, wish in wished], np.uint8
            ),
        )

    @property
    def name(self) -> str:
        """Prefix of the constraints' names."""
        return FEATURE

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.row_offsets, self.row_features, self.row_codes)
        return sum(listed.nbytes for listed in self.lists.values()) + sum(array.nbytes for array in arrays)

    def missed_by(self, subject: Subject) -> Iterator[MissedBy]:
        """Yield, by feature in order of name, who wished it where it is absent or refused it where it is there."""
        for feature in sorted((subject.has | subject.lacks).intersection(self.names)):
            absent = feature in subject.lacks
            for hard in (True, False):
                listed = self.lists.get((hard, absent))
                if listed is not None and (rows := listed.of(feature)).size:
                    yield f"{FEATURE}:{feature}", hard, rows

    def enter(self, subject: Subject, rows: Rows, sheet: Sheet) -> None:
        """Enter all features of these rows."""
        starts = self.row_offsets[rows]
        counts = self.row_offsets[rows + 1] - starts
        line = np.repeat(np.arange(rows.size), counts)
        index = np.arange(line.size) + np.repeat(starts - np.cumsum(counts) + counts, counts)
        feature, code = self.row_features[index], self.row_codes[index]
        refused, hard = (code & REFUSED) != 0, (code & HARD) != 0
        there, stated, has_rate, lacks_rate = self._states(subject)
        unknown = ~stated[feature]
        missed = ~unknown & (there[feature] == refused)
        rate = np.where(refused, lacks_rate[feature], has_rate[feature])
        lost = np.where(unknown, FULL - rate, np.where(missed, FULL, 0))
        unknowns = np.bincount(line[unknown], minlength=rows.size).astype(np.int32)
        np.add(sheet.unknown, unknowns, out=sheet.unknown)
        np.add(sheet.unknown_weight, self.weight * unknowns, out=sheet.unknown_weight)
        summed = np.bincount(line, weights=lost, minlength=rows.size).astype(np.int32)  # exact: small whole numbers
        np.add(sheet.lost, self.weight * summed, out=sheet.lost)
        sheet.missed[line[missed]] = True
        sheet.hard_unknown[line[unknown & hard]] = True

    def _states(self, subject: Subject) -> tuple[Bools, Bools, NDArray[np.int64], NDArray[np.int64]]:
        names = self.names
        there = np.array([name in subject.has for name in names], np.bool_)
        stated = there | np.array([name in subject.lacks for name in names], np.bool_)
        rates = [subject.base_rates.get(f"{FEATURE}:{name}") for name in names]
        default = subject.default_base_rate
        has_rate = np.array([default if rate is None else rate for rate in rates], np.int64)
        lacks_rate = np.array([default if rate is None else FULL - rate for rate in rates], np.int64)
        return there, stated, has_rate, lacks_rate
