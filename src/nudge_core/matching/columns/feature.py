"""Features wished and refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.matching.columns.column import Bytes, MissedBy, Rows
from nudge_core.matching.columns.postings import Postings
from nudge_core.matching.constraints import FEATURE, FULL, FeatureWish, Subject
from nudge_core.matching.sheet import MISSED, UNKNOWN, Bools, Sheet
from nudge_core.model.briefing import Strength

HARD, REFUSED = 1, 2
"""Bits of a wish's code."""


@frozen(eq=False, kw_only=True)
class FeatureColumn:
    """Features wished and refused, twice: by feature for the misses, by row for the sums.

    `names`: every feature, sorted; `numbers`: the place of each. `lists`: for each strength (hard or not) and sense
    (wanted or not) the rows of each feature. `row_offsets`, `row_features`, `row_codes`: the same by row; in order of
    the features; a code is made of HARD and REFUSED.
    """

    weight: int
    names: tuple[str, ...]
    numbers: Mapping[str, int]
    lists: Mapping[tuple[bool, bool], Postings]
    row_offsets: Rows
    row_features: NDArray[np.uint16] | Rows
    row_codes: Bytes

    @classmethod
    def build(cls, wished: Sequence[tuple[int, FeatureWish]], size: int, weight: int) -> FeatureColumn:
        """Turn wishes with their rows, ascending, into a column of `size` rows."""
        names = sorted({wish.feature for _, wish in wished})
        number = {name: place for place, name in enumerate(names)}
        rows = np.array([row for row, _ in wished], np.int64)
        features = np.array([number[wish.feature] for _, wish in wished], np.int64)
        codes = [HARD * (wish.strength is Strength.HARD) + REFUSED * (not wish.wanted) for _, wish in wished]
        order = np.lexsort((features, rows))
        sorted_features: NDArray[np.uint16] | Rows = features[order].astype(np.int32)
        if len(names) <= np.iinfo(np.uint16).max:
            sorted_features = sorted_features.astype(np.uint16)
        pairs: dict[tuple[bool, bool], list[tuple[str, int]]] = {}
        for row, wish in wished:
            pairs.setdefault((wish.strength is Strength.HARD, wish.wanted), []).append((wish.feature, row))
        return cls(
            weight=weight,
            names=tuple(names),
            numbers=MappingProxyType(number),
            lists={kind: Postings.build(listed) for kind, listed in pairs.items()},
            row_offsets=np.searchsorted(rows, np.arange(size + 1)).astype(np.int32),
            row_features=sorted_features,
            row_codes=np.array(codes, np.uint8)[order],
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
        for feature in sorted(self.numbers.keys() & (subject.has | subject.lacks)):
            absent = feature in subject.lacks
            for hard in (True, False):
                listed = self.lists.get((hard, absent))
                if listed is not None and (rows := listed.of(feature)).size:
                    yield f"{FEATURE}:{feature}", hard, rows

    def enter(self, subject: Subject, rows: Rows, sheet: Sheet, at: int) -> None:  # noqa: ARG002 - as every column
        """Enter all features of these rows. A line may have several and gets no code: `outcomes` tells of each."""
        line, feature, code = self._of(rows)
        if not line.size:
            return
        refused = (code & REFUSED) != 0
        there, stated, has_rate, lacks_rate = self._states(subject)
        unknown = ~stated[feature]
        rate = np.where(refused, lacks_rate[feature], has_rate[feature])
        if not sheet.clean:
            missed = ~unknown & (there[feature] == refused)
            lost = np.where(unknown, FULL - rate, np.where(missed, FULL, 0))
            sheet.missed[line[missed]] = True
        else:
            lost = np.where(unknown, FULL - rate, 0)
        summed = np.bincount(line, weights=lost, minlength=rows.size).astype(np.int32)  # exact: small whole numbers
        sheet.lost += self.weight * summed
        if unknown.any():
            unknowns = np.bincount(line[unknown], minlength=rows.size).astype(np.int32)
            hard = np.zeros(rows.size, np.bool_)
            hard[line[unknown & ((code & HARD) != 0)]] = True
            sheet.enter_unknowns(unknowns, self.weight * unknowns, hard)

    def outcomes(self, subject: Subject, row: int) -> tuple[tuple[str, int], ...]:
        """Return the features of one row, by name, with what became of each: 0 (met), `MISSED` or `UNKNOWN`."""
        _, feature, code = self._of(np.array([row], np.int32))
        found = []
        for number, bits in zip(feature.tolist(), code.tolist(), strict=True):
            name = self.names[number]
            stated = name in subject.has or name in subject.lacks
            missed = stated and (name in subject.has) == bool(bits & REFUSED)
            found.append((name, MISSED if missed else 0 if stated else UNKNOWN))
        return tuple(found)

    def _of(self, rows: Rows) -> tuple[NDArray[np.intp], NDArray[np.uint16] | Rows, Bytes]:
        """Return the features of these rows: for each its line, its number and its code."""
        starts = self.row_offsets[rows]
        counts = self.row_offsets[rows + 1] - starts
        line = np.repeat(np.arange(rows.size), counts)
        index = np.arange(line.size) + np.repeat(starts - np.cumsum(counts) + counts, counts)
        return line, self.row_features[index], self.row_codes[index]

    def _states(self, subject: Subject) -> tuple[Bools, Bools, NDArray[np.int64], NDArray[np.int64]]:
        size, default = len(self.names), subject.default_base_rate
        there, stated = np.zeros((2, size), np.bool_)
        for known, names in ((there, subject.has), (stated, subject.lacks)):
            known[[self.numbers[name] for name in names if name in self.numbers]] = True
        stated |= there
        has_rate, lacks_rate = np.full((2, size), default, np.int64)
        for name, number in self.numbers.items() if subject.base_rates else ():
            rate = subject.base_rates.get(f"{FEATURE}:{name}")
            if rate is not None:
                has_rate[number], lacks_rate[number] = rate, FULL - rate
        return there, stated, has_rate, lacks_rate
