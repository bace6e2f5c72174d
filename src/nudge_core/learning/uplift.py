"""What nudges bring: those who were shown against those who were held out by the same chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from math import sqrt

from attrs import frozen

from nudge_core.model.exposure import ArmCounts
from nudge_core.model.statistics import LEAST_FOR_RATE, Z


@frozen(kw_only=True)
class Difference:
    """Share of the shown less share of the held out, -1 to 1, with its 95 per cent interval.

    None each while an arm holds fewer than `LEAST_FOR_RATE` clients.
    """

    shown: int
    shown_did: int
    held_out: int
    held_out_did: int
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def uplift(arms: Sequence[ArmCounts], did: Callable[[ArmCounts], int]) -> Difference:
    """Compare the arms within each probability, then put the differences together.

    Clients are compared with those who had the same chance only; the differences are weighed as by Mantel and Haenszel
    (S. Greenland, J. Robins 1985). The interval adds one of each answer to each arm (A. Agresti, B. Caffo 2000), since
    the plain one is too narrow where an answer is rare.

    Args:
        arms: counts per probability and arm; a probability of which one arm is empty says nothing and is left out.
        did: what is compared, of one arm.
    """
    pairs = list(_pairs(arms))
    counts = Difference(
        shown=sum(one.clients for one, _ in pairs),
        shown_did=sum(did(one) for one, _ in pairs),
        held_out=sum(other.clients for _, other in pairs),
        held_out_did=sum(did(other) for _, other in pairs),
    )
    if min(counts.shown, counts.held_out) < LEAST_FOR_RATE:
        return counts
    weights = [one.clients * other.clients / (one.clients + other.clients) for one, other in pairs]
    total = sum(weights)
    plain = [did(one) / one.clients - did(other) / other.clients for one, other in pairs]
    drawn, spread = zip(*(_agresti_caffo(one, other, did) for one, other in pairs), strict=True)
    middle = _weighed(weights, drawn) / total
    reach = Z * sqrt(sum(w * w * variance for w, variance in zip(weights, spread, strict=True))) / total
    difference = _weighed(weights, plain) / total
    return Difference(
        shown=counts.shown,
        shown_did=counts.shown_did,
        held_out=counts.held_out,
        held_out_did=counts.held_out_did,
        difference=difference,
        low=max(-1.0, min(middle - reach, difference)),
        high=min(1.0, max(middle + reach, difference)),
    )


def _pairs(arms: Sequence[ArmCounts]) -> Iterator[tuple[ArmCounts, ArmCounts]]:
    """The shown and the held out of each probability that has both."""
    by_chance: dict[float, dict[bool, ArmCounts]] = defaultdict(dict)
    for arm in arms:
        if arm.clients:
            by_chance[arm.probability][arm.shown] = arm
    for _, both in sorted(by_chance.items()):
        if len(both) == 2:
            yield both[True], both[False]


def _agresti_caffo(one: ArmCounts, other: ArmCounts, did: Callable[[ArmCounts], int]) -> tuple[float, float]:
    """The difference and its variance with one of each answer added to each arm."""
    n, m = one.clients + 2, other.clients + 2
    p, q = (did(one) + 1) / n, (did(other) + 1) / m
    return p - q, p * (1 - p) / n + q * (1 - q) / m


def _weighed(weights: Sequence[float], values: Sequence[float]) -> float:
    return sum(weight * value for weight, value in zip(weights, values, strict=True))
