"""What every column of an audience has in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nudge_core.matching.constraints import Subject
from nudge_core.matching.sheet import Bools, Sheet
from nudge_core.model.briefing import Strength

NO_WISH, SOFT, HARD = 0, 1, 2
"""Strength of a wish in a column, one byte per row."""

STRENGTHS = {Strength.SOFT: SOFT, Strength.HARD: HARD}

Bytes: TypeAlias = NDArray[np.uint8]
Rows: TypeAlias = NDArray[np.int32]
Places: TypeAlias = NDArray[np.intp]
Miss: TypeAlias = tuple[str, bool, "Bools | Places"]
"""Name of the constraint, whether it is hard, and who of the span misses it: a mask over it, or places in it."""


class Column(Protocol):
    """One declared constraint of everybody who has it."""

    @property
    def name(self) -> str:
        """Name of the constraint."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        ...

    def misses(self, subject: Subject, span: slice) -> Iterator[Miss]:
        """Yield who of the span misses it, hard and soft apart; nothing when the offer does not state it."""
        ...

    def enter(self, subject: Subject, rows: Rows, sheet: Sheet) -> None:
        """Enter outcome and value for these rows, ascending, one line each."""
        ...


def by_strength(name: str, missed: Bools, strength: Bytes) -> Iterator[Miss]:
    """Yield a mask in two parts: those who want it hard, those who want it softly."""
    hard = strength == HARD
    yield name, True, missed & hard
    yield name, False, missed & ~hard
