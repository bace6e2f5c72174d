"""Inverted lists: which rows hold an entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.matching.columns.column import Places, Rows
from nudge_core.matching.sheet import Bools


@frozen(eq=False, kw_only=True)
class Postings:
    """Which rows hold which entry: those of entry k are `positions[offsets[k]:offsets[k + 1]]`, ascending."""

    entries: Mapping[str, int]
    offsets: NDArray[np.int64]
    positions: Rows

    @classmethod
    def build(cls, pairs: Sequence[tuple[str, int]]) -> tuple[Postings, Places]:
        """Turn (entry, row) pairs into lists; return with them the order in which the pairs were taken."""
        names = sorted({entry for entry, _ in pairs})
        numbers = {name: number for number, name in enumerate(names)}
        entries = np.array([numbers[entry] for entry, _ in pairs], np.int64)
        rows = np.array([row for _, row in pairs], np.int32)
        order = np.lexsort((rows, entries))
        offsets = np.searchsorted(entries[order], np.arange(len(names) + 1)).astype(np.int64)
        return cls(entries=MappingProxyType(numbers), offsets=offsets, positions=rows[order]), order

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.offsets.nbytes + self.positions.nbytes

    def of(self, entry: str) -> slice:
        """Return where the rows of an entry lie in `positions`."""
        index = self.entries.get(entry)
        return slice(0, 0) if index is None else slice(int(self.offsets[index]), int(self.offsets[index + 1]))

    def within(self, entry: str, span: slice) -> slice:
        """Return where those of its rows that lie in the span stand in `positions`."""
        found = self.of(entry)
        low, high = np.searchsorted(self.positions[found], [span.start, span.stop])
        return slice(found.start + int(low), found.start + int(high))

    def mask(self, entries: Iterable[str], span: slice) -> Bools:
        """Return which rows of the span hold any of the entries."""
        mask = np.zeros(span.stop - span.start, np.bool_)
        for entry in entries:
            mask[self.positions[self.within(entry, span)] - span.start] = True
        return mask
