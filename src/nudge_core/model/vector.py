"""A vector of meaning with the name of the model that made it. Vectors of different models are never compared."""

from __future__ import annotations

import hashlib

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid

_UNIT = 1e-6
"""How far from 1 the length of a normalised float32 vector may lie: rounding of its values, with room to spare."""


def _normalised(values: object) -> NDArray[np.float32]:
    array = np.asarray(values, dtype=np.float32)
    if array.ndim != 1 or array.size == 0:
        raise Invalid("vector.values", "one dimension, at least one value", values)
    length = float(np.linalg.norm(array.astype(np.float64)))
    if not np.isfinite(length) or length == 0.0:
        raise Invalid("vector.values", "finite and not all zero: a failed embedding is absent, never zeros", values)
    normalised = abs(length - 1.0) <= _UNIT  # left alone then: a stored vector comes back bit for bit
    array = array.copy() if normalised else (array.astype(np.float64) / length).astype(np.float32)
    array.flags.writeable = False
    return array


def digest_of(text: str) -> bytes:
    """Return by what a text is known where its vector is kept: SHA-256, 32 bytes; how its blanks stand is no matter."""
    return hashlib.sha256(" ".join(text.split()).encode()).digest()


@frozen(eq=False)
class Vector:
    """`values`: shape (dim,) float32, read-only, of length 1. `model_id`: which model made it."""

    values: NDArray[np.float32] = field(converter=_normalised, repr=False)
    model_id: str

    @property
    def dim(self) -> int:
        """Number of values."""
        return int(self.values.size)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Vector)
            and self.model_id == other.model_id
            and bool(np.array_equal(self.values, other.values))
        )

    def __hash__(self) -> int:
        return hash((self.model_id, self.values.tobytes()))

    def cosine(self, other: Vector) -> float:
        """Return the cosine of the angle between the two, from -1 to 1.

        Raises:
            Invalid: the two come from different models.
        """
        if (self.model_id, self.dim) != (other.model_id, other.dim):
            raise Invalid("vector", f"made by {self.model_id} with {self.dim} values", other)
        return float(self.values.astype(np.float64) @ other.values.astype(np.float64))
