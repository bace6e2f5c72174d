"""Whether drafts come nearer to what is sent: the distance between the two, early and late."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import sqrt

from attrs import frozen

from nudge_core.model.statistics import LEAST_FOR_RATE, Z


class Direction(StrEnum):
    """TOO_FEW: not enough drafts to say. UNCLEAR: the 95 per cent interval of the difference holds zero."""

    FALLING = "falling"
    RISING = "rising"
    UNCLEAR = "unclear"
    TOO_FEW = "too_few"


@frozen(kw_only=True)
class Trend:
    """The mean distance of the earlier and of the later half, 0 to 1, and what may be said of their difference.

    The means are None while a half holds fewer than `LEAST_FOR_RATE` drafts.
    """

    direction: Direction
    earlier: float | None = None
    later: float | None = None


def trend_of(distances: Sequence[float]) -> Trend:
    """Compare the earlier half with the later half of distances, oldest first.

    The interval is Welch's (B. L. Welch 1947) with the normal quantile, which at 30 and more a side differs little
    from Student's.
    """
    half = len(distances) // 2
    early, late = distances[:half], distances[len(distances) - half :]
    if half < LEAST_FOR_RATE:
        return Trend(direction=Direction.TOO_FEW)
    before, after = _mean(early), _mean(late)
    reach = Z * sqrt(_variance(early) / half + _variance(late) / half)
    if after - before + reach < 0:
        direction = Direction.FALLING
    elif after - before - reach > 0:
        direction = Direction.RISING
    else:
        direction = Direction.UNCLEAR
    return Trend(direction=direction, earlier=before, later=after)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    mean = _mean(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)
