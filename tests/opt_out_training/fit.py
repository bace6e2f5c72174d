"""Logistic regression on hashed features, in numpy alone: deterministic, a few seconds for ten thousand texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.policy.opt_out_features import PLACES, features

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@frozen(eq=False)
class Table:
    """The features of many texts, as one row of entries: whose, where, how much."""

    texts: int
    owner: Ints
    place: Ints
    value: Floats

    def scores(self, weights: Floats) -> Floats:
        """Return the score of every text; the last weight is the bias."""
        found = np.bincount(self.owner, weights=self.value * weights[self.place], minlength=self.texts)
        return np.asarray(found + weights[-1], dtype=np.float64)


def tabulated(texts: Sequence[Sequence[str]]) -> Table:
    """Look at every text, given as folded words."""
    found = [features(tokens) for tokens in texts]
    return Table(
        texts=len(texts),
        owner=np.repeat(np.arange(len(found)), [len(one) for one in found]).astype(np.int64),
        place=np.fromiter((place for one in found for place in one), dtype=np.int64),
        value=np.fromiter((value for one in found for value in one.values()), dtype=np.float64),
    )


def picked(table: Table, chosen: NDArray[np.bool_]) -> Table:
    """Return the table of some of its texts."""
    renumbered = np.cumsum(chosen) - 1
    kept = chosen[table.owner]
    return Table(int(chosen.sum()), renumbered[table.owner[kept]], table.place[kept], table.value[kept])


def fitted(table: Table, labels: Floats, counts: Floats, *, penalty: float, rounds: int = 300) -> Floats:
    """Return the weights that fit the labels (0 or 1), by accelerated gradient descent.

    `counts` is how much each text weighs. `penalty` is the weight of the squared weights, per text. The step is the
    inverse of a bound on the curvature, so it needs no search.
    """
    share = counts / counts.sum()
    squares = np.bincount(table.owner, weights=table.value**2, minlength=table.texts)
    step = 1.0 / (0.25 * float((squares + 1.0).max()) + penalty)
    weights, ahead = np.zeros(PLACES + 1), np.zeros(PLACES + 1)
    for number in range(rounds):
        wrong = share * (1.0 / (1.0 + np.exp(-table.scores(ahead))) - labels)
        slope = np.zeros(PLACES + 1)
        slope[:-1] = np.bincount(table.place, weights=table.value * wrong[table.owner], minlength=PLACES)
        slope[:-1] += penalty * ahead[:-1]
        slope[-1] = wrong.sum()
        last, weights = weights, ahead - step * slope
        ahead = weights + number / (number + 3) * (weights - last)
    return weights
