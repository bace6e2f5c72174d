"""How near texts lie to each other: by the words they share, and by meaning where vectors are there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.content.words import Floats, Rows, Weighing
from nudge_core.model.vector import Vector


@frozen(eq=False)
class Texts:
    """Texts ready to be compared. `meanings`: shape (texts, dim) float32, rows of length 1, or of zeros without one."""

    rows: Rows
    meanings: NDArray[np.float32]


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


def all_near(ones: Texts, others: Texts, words: int, meaning_share: float) -> Floats:
    """Return how near each of `ones` lies to each of `others`, shape (ones, others): 1 the same, 0 nothing in common.

    Below 0 only by meaning, which makes `meaning_share` of it, none where there are no vectors at all; the rest are the
    words. Both must come of one weighing, over `words` words, and of one embedder.
    """
    share = meaning_share if others.meanings.shape[1] else 0.0
    near: Floats = share * (ones.meanings.astype(np.float64) @ others.meanings.astype(np.float64).T)
    for row in range(len(near)):
        near[row] += (1 - share) * others.rows.against(ones.rows.wide(row, words))
    return near
