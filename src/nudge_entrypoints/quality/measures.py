"""The measures, from units to clients, as `match-quality.md` section 1 defines them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2, nan

import numpy as np
from attrs import field, frozen

from nudge_entrypoints.quality.folders import Prediction, Truth

DEPTHS = (1, 5, 10)
GAIN_DEPTH = 10  # nDCG@10
DRAWS = 2_000
SEED = 0
INTERVAL = (2.5, 97.5)
NDCG = "nDCG@10"


@frozen(kw_only=True)
class Figures:
    """`values`: means by the names of the referee. `ndcg`: nDCG@10 of each unit that has a suitable client."""

    queries: int
    scored: int
    values: Mapping[str, float]
    ndcg: Mapping[str, float] = field(repr=False)

    def __getitem__(self, name: str) -> float:
        return self.values[name]


@frozen(kw_only=True)
class Difference:
    """Mean difference in nDCG@10 and its paired bootstrap interval of 95 %."""

    mean: float
    low: float
    high: float


def evaluate(truth: Truth, predictions: Mapping[str, Prediction]) -> Figures:
    """Return what predictions are worth. A unit without one counts as an empty list."""
    each: dict[str, dict[str, float]] = {}
    known: list[int | None] = []
    nothing = Prediction(ranked=())
    for unit in truth.units:
        ranked: Sequence[str] = predictions.get(unit, nothing).ranked
        gains = truth.gains.get(unit, {})
        own = truth.own.get(unit)
        if own is not None:
            known.append(ranked.index(own) + 1 if own in ranked else None)
            ranked = [client for client in ranked if client != own]
            gains = {client: gain for client, gain in gains.items() if client != own}
        if gains:
            each[unit] = _of_one(ranked, gains)
    names = next(iter(each.values()), {}).keys()
    values = {name: float(np.mean([figures[name] for figures in each.values()])) for name in names}
    return Figures(
        queries=len(truth.units),
        scored=len(each),
        values=values | _known_item(known) | _flagged(truth, predictions),
        ndcg={unit: figures[NDCG] for unit, figures in each.items()},
    )


def difference(one: Figures, other: Figures) -> Difference:
    """Return by how much one method is above another in nDCG@10, paired by unit; 2,000 draws, seed 0."""
    gaps = np.array([value - other.ndcg[unit] for unit, value in one.ndcg.items()])
    chance = np.random.default_rng(SEED)
    draws = [gaps[chance.integers(0, len(gaps), len(gaps))].mean() for _ in range(DRAWS)]
    low, high = np.percentile(draws, INTERVAL)
    return Difference(mean=float(gaps.mean()), low=float(low), high=float(high))


def _of_one(ranked: Sequence[str], gains: Mapping[str, float]) -> dict[str, float]:
    suitable = len(gains)
    hits = [client in gains for client in ranked[: max(suitable, *DEPTHS)]]
    figures: dict[str, float] = {}
    for depth in DEPTHS:
        figures[f"P@{depth}"] = sum(hits[:depth]) / depth
        figures[f"R@{depth}"] = sum(hits[:depth]) / suitable
    best = sorted(gains.values(), reverse=True)
    figures[NDCG] = _discounted([gains.get(client, 0.0) for client in ranked]) / _discounted(best)
    figures["R-precision"] = sum(hits[:suitable]) / suitable
    return figures


def _discounted(grades: Sequence[float]) -> float:
    return sum((2**grade - 1) / log2(rank + 1) for rank, grade in enumerate(grades[:GAIN_DEPTH], 1))


def _known_item(ranks: Sequence[int | None]) -> dict[str, float]:
    if not ranks:
        return {}
    figures = {"known-item MRR": sum(1 / rank for rank in ranks if rank) / len(ranks)}
    for depth in DEPTHS:
        figures[f"known-item R@{depth}"] = sum(rank is not None and rank <= depth for rank in ranks) / len(ranks)
    return figures


def _flagged(truth: Truth, predictions: Mapping[str, Prediction]) -> dict[str, float]:
    if all(prediction.flagged is None for prediction in predictions.values()):
        return {}
    pairs = [(truth.gains.get(unit, {}), flags) for unit, p in predictions.items() for flags in (p.flagged or (),)]
    flagged = sum(len(flags) for _, flags in pairs)
    right = sum(client in gains for gains, flags in pairs for client in flags)
    suitable = sum(len(truth.gains.get(unit, {})) for unit in truth.units)
    return {
        "flagged share": flagged / (len(truth.units) * len(truth.clients)),
        "flagged precision": right / flagged if flagged else nan,
        "flagged recall": right / suitable,
    }
