"""Inverted lists: which rows hold an entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.matching.columns.column import Rows
from nudge_core.matching.sheet import Bools


@frozen(eq=False, kw_only=True)
class Postings:
    """Which rows hold which entry: those of entry k are `positions[offsets[k]:offsets[k + 1]]`, ascending."""

    entries: Mapping[str, int]
    offsets: NDArray[np.int64]
    positions: Rows

    @classmethod
    def build(cls, pairs: Sequence[tuple[str, int]]) -> Postings:
        """Turn (entry, row) pairs into lists."""
        names = sorted({entry for entry, _ in pairs})
        numbers = {name: number for number, name in enumerate(names)}
        entries = np.array([numbers[entry] for entry, _ in pairs], np.int64)
        rows = np.array([row for _, row in pairs], np.int32)
        order = np.lexsort((rows, entries))
        offsets = np.searchsorted(entries[order], np.arange(len(names) + 1)).astype(np.int64)
        return cls(entries=MappingProxyType(numbers), offsets=offsets, positions=rows[order])

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.offsets.nbytes + self.positions.nbytes

    def of(self, entry: str) -> Rows:
        """Return the rows of an entry, ascending; none of one that nobody has."""
        index = self.entries.get(entry)
        return self.positions[:0] if index is None else self.positions[self.offsets[index] : self.offsets[index + 1]]

    def mark(self, entries: Iterable[str], span: slice, mask: Bools, value: bool) -> None:
        """Put `value` into a mask over the span wherever a row holds any of the entries."""
        for entry in entries:
            rows = self.of(entry)
            if rows.size:
                low, high = rows.searchsorted((span.start, span.stop))
                mask[rows[low:high] - span.start] = value

    def mask(self, entries: Iterable[str], span: slice) -> Bools:
        """Return which rows of the span hold any of the entries."""
        mask = np.zeros(span.stop - span.start, np.bool_)
        self.mark(entries, span, mask, True)
        return mask

    def among(self, entries: Iterable[str], rows: Rows) -> Bools:
        """Return which of these rows, ascending, hold any of the entries."""
        found = np.zeros(rows.size, np.bool_)
        for entry in entries:
            listed = self.of(entry)
            if listed.size:
                found |= listed[np.minimum(listed.searchsorted(rows), listed.size - 1)] == rows
        return found
