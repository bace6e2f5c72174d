"""What the columns of an audience have in common.

Every column has `name`, `nbytes` and `enter(subject, rows, sheet, at)`, which enters what these rows, ascending, do not
get in full; `at` is the column's place among those of the audience. A constraint most clients have is
compared row by row: `misses(subject, span)`. Constraints few clients have each are lists of rows: `missed_by(subject)`.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from nudge_core.matching.sheet import Bools

Bytes: TypeAlias = NDArray[np.uint8]
Rows: TypeAlias = NDArray[np.int32]
Places: TypeAlias = NDArray[np.intp]
Miss: TypeAlias = tuple[str, Bools, Bools | None]
"""Name of the constraint; a mask over a span, who misses it; a mask over the span, for whom that is hard, or None."""

MissedBy: TypeAlias = tuple[str, bool, Rows]
"""Name of the constraint, whether it is hard, and the rows that miss it, each once."""

Kind = TypeVar("Kind", bound=np.dtype[Any])


def taken(array: np.ndarray[Any, Kind], rows: Rows) -> np.ndarray[Any, Kind]:
    """Return the entries of these rows, ascending: a view, not to be changed, where they are a whole stretch."""
    if rows.size and int(rows[-1]) - int(rows[0]) + 1 == rows.size:
        return array[int(rows[0]) : int(rows[-1]) + 1]
    return array[rows]
