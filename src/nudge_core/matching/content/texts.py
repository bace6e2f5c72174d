"""How near texts lie to each other: by the words they share, and by meaning where vectors are there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.content.words import Floats, Rows, Weighing
from nudge_core.model.vector import Vector

MEANING_SHARE = 0.2
"""Share of meaning in nearness, the rest is words. Source: rehearsals on the development library alone, with the local
embedder; from 0.2 to 0.3 they hardly differ, above that the person a text was written for is lost sight of."""


@frozen(eq=False)
class Texts:
    """Texts ready to be compared. `meanings`: shape (texts, dim) float32, rows of length 1, or of zeros without one."""

    rows: Rows
    meanings: NDArray[np.float32]

    def near(self, one: Texts, row: int, words: int) -> Floats:
        """Return how near each of these texts lies to text `row` of `one`: 1 is the same, 0 nothing in common.

        Below 0 only by meaning. Both must come of one weighing, over `words` words, and of one embedder.
        """
        by_words = self.rows.against(one.rows.wide(row, words))
        by_meaning = self.meanings.astype(np.float64) @ one.meanings[row].astype(np.float64)
        near: Floats = (1 - MEANING_SHARE) * by_words + MEANING_SHARE * by_meaning
        return near


def ready(weighing: Weighing, texts: Sequence[str], meanings: Sequence[Vector | None], dim: int) -> Texts:
    """Return texts with their vectors (None where there is none) ready to be compared; `dim` values a vector."""
    matrix = np.zeros((len(texts), dim), np.float32)
    for row, vector in enumerate(meanings):
        if vector is not None:
            matrix[row] = vector.values
    return Texts(weighing.rows(texts), matrix)


def common_dim(meanings: Sequence[Vector | None]) -> int:
    """Return the number of values of these vectors, 0 where there are none.

    Raises:
        Invalid: they come from more than one model.
    """
    models = {(vector.model_id, vector.dim) for vector in meanings if vector is not None}
    if len(models) > 1:
        raise Invalid("meanings", "vectors of one model", sorted(models))
    return next((dim for _, dim in models), 0)
