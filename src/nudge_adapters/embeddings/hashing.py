"""For unit tests only: vectors from hashed words. They rank paraphrases no better than chance.

Deterministic, without weights and at once there; texts that share words get vectors that lie closer. It must never be
offered as similarity of meaning (`packages.md` 8.2: first place for 4 % of 24 pairs, which is chance).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from attrs import frozen

from nudge_core.model.vector import Vector

_WORD = re.compile(r"\w+")


@frozen
class HashingEmbedder:
    """Each word adds or subtracts one at a place that follows from its hash."""

    dim: int = 64

    @property
    def model_id(self) -> str:
        """Says what it is."""
        return f"hashing-{self.dim}-for-tests"

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector | None]:
        """Return one vector per text, in order; None for a text without words."""
        return [self._vector(text) for text in texts]

    async def ping(self) -> str:
        """Return one line that says what it is."""
        return "hashed words: for unit tests only"

    async def aclose(self) -> None:
        """Nothing to give back."""

    def _vector(self, text: str) -> Vector | None:
        values = np.zeros(self.dim, np.float32)
        for word in _WORD.findall(text.casefold()):
            digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
            values[digest % self.dim] += 1 if digest >> 63 else -1
        return Vector(values, self.model_id) if values.any() else None
