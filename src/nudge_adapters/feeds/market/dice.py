"""Chance that falls the same way on every machine: the market is a function of its seed."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Quantiles: TypeAlias = tuple[tuple[float, float], ...]
"""A distribution as `(share, value)` points from share 0 to share 1, straight lines between them."""


class Dice:
    """A stream of chance named by a path: `Dice(7, "home", 12)` always falls the same way.

    Only `random.Random.random()` is used, whose sequence Python promises not to change; the methods built on it here
    use sums and products alone, so that no library's logarithm decides a digit.
    """

    def __init__(self, *path: str | int) -> None:
        digest = hashlib.sha256(json.dumps(path).encode()).digest()
        self._random = random.Random(int.from_bytes(digest, "big"))  # noqa: S311 - no secret is made of it

    def unit(self) -> float:
        """Return a number from 0 (included) to 1 (excluded)."""
        return self._random.random()

    def chance(self, share: float) -> bool:
        """Return True in `share` of all throws."""
        return self.unit() < share

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to `limit` - 1."""
        return int(self.unit() * limit)

    def between(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def pick(self, items: Sequence[T]) -> T:
        """Return one of `items`."""
        return items[self.below(len(items))]

    def weighted(self, items: Sequence[tuple[T, float]]) -> T:
        """Return one of `(item, weight)`, each as often as its weight says."""
        mark = self.unit() * sum(weight for _item, weight in items)
        for item, weight in items:
            mark -= weight
            if mark < 0:
                return item
        return items[-1][0]

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """Return up to `count` different ones of `items`, in the order they were drawn."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]

    def along(self, quantiles: Quantiles) -> float:
        """Return a value of the distribution."""
        share = self.unit()
        for (low_share, low), (high_share, high) in pairwise(quantiles):
            if share < high_share:
                return low + (high - low) * (share - low_share) / (high_share - low_share)
        return quantiles[-1][1]
