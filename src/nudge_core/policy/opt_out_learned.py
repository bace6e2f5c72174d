"""The last layer of the opt-out reader: two linear scores with learned weights, asked only when the rules say no STOP.

One score says how much a text reads as "no more texts", the other how much it reads as no usual answer. The weights
stand beside this module, `opt_out_weights.npy` and `.json`; `python -m tests.opt_out_training.train` makes them.
Form: the array is `int8` of shape (2, `PLACES`), stop then quiet; the JSON holds for each
the factor `scale` of a unit, the `bias` and the `threshold`, and what the weights were made from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.policy.opt_out_features import features, names

_ROOM = "nudge_core.policy"
_WEIGHTS = "opt_out_weights.npy"
_FACTS = "opt_out_weights.json"


@frozen(eq=False)
class Head:
    """One score: the weight of every place, the bias, and the threshold above which it speaks."""

    weights: NDArray[np.float64]
    bias: float
    threshold: float

    def score(self, found: dict[int, float]) -> float:
        """Return the score of a text's features; texts without any word score nothing."""
        places = np.fromiter(found, dtype=np.intp, count=len(found))
        values = np.fromiter(found.values(), dtype=np.float64, count=len(found))
        return float(values @ self.weights[places]) + self.bias

    def speaks(self, found: dict[int, float]) -> bool:
        """Say whether the score is above the threshold."""
        return bool(found) and self.score(found) > self.threshold


@frozen(eq=False)
class Learned:
    """Both scores."""

    stop: Head
    quiet: Head


@cache
def shipped() -> Learned:
    """Return the weights of the package, read once."""
    with files(_ROOM).joinpath(_WEIGHTS).open("rb") as file:
        table = np.load(file, allow_pickle=False)
    facts = json.loads(files(_ROOM).joinpath(_FACTS).read_text(encoding="utf-8"))
    stop, quiet = (
        Head(row.astype(np.float64) * facts[name]["scale"], facts[name]["bias"], facts[name]["threshold"])
        for name, row in zip(("stop", "quiet"), table, strict=True)
    )
    return Learned(stop, quiet)


def strongest(words: Sequence[str], most: int) -> tuple[tuple[str, float], ...]:
    """Return the features that speak most for or against a stop, strongest first, with their weights.

    Names: `w:` words, `p:` part of a word, the rest concepts. They hold parts of the text: never to be logged or kept.
    """
    found = features(words)
    weights = shipped().stop.weights
    worth = {name: found[place] * float(weights[place]) for name, place in names(words).items()}
    return tuple(sorted(worth.items(), key=lambda entry: (-abs(entry[1]), entry[0]))[:most])
