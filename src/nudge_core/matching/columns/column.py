"""What the columns of an audience have in common.

Every column has `name`, `nbytes` and `enter(subject, rows, sheet)`, which enters what these rows, ascending, do not
get in full. A constraint most clients have is compared row by row: `misses(subject, span)`. Constraints few clients
have each are lists of rows: `missed_by(subject)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nudge_core.matching.sheet import Bools
from nudge_core.model.briefing import Strength

NO_WISH, SOFT, HARD = 0, 1, 2
"""Strength of a wish in a column, one byte per row."""

STRENGTHS = {Strength.SOFT: SOFT, Strength.HARD: HARD}

Bytes: TypeAlias = NDArray[np.uint8]
Rows: TypeAlias = NDArray[np.int32]
Places: TypeAlias = NDArray[np.intp]
Miss: TypeAlias = tuple[str, bool, Bools]
"""Name of the constraint, whether it is hard, and a mask over a span: who misses it."""

MissedBy: TypeAlias = tuple[str, bool, Rows]
"""Name of the constraint, whether it is hard, and the rows that miss it, each once."""


def by_strength(name: str, missed: Bools, strength: Bytes) -> Iterator[Miss]:
    """Yield a mask in two parts: those who want it hard, those who want it softly."""
    hard = strength == HARD
    yield name, True, missed & hard
    yield name, False, missed & ~hard
