"""What came of the nudges in a stretch of time: counts, and a share only where there is enough to count.

A share of eleven nudges is noise with a per cent sign. Below `LEAST_FOR_RATE` there are counts only; above, the share
comes with its interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from types import MappingProxyType

from attrs import field, frozen

LEAST_FOR_RATE = 30
"""Cases below which no share is told: at 30 a 95 per cent interval is still some 35 points wide. Our choice."""

Z = 1.959964
"""Of the standard normal distribution: 95 per cent lie within so many standard deviations."""


@frozen(kw_only=True)
class Rate:
    """A share with its 95 per cent interval, each 0 to 1, out of so many cases."""

    share: float
    low: float
    high: float
    of: int


def rate(part: int, whole: int) -> Rate | None:
    """Return a share with its Wilson score interval (E. B. Wilson 1927, without continuity correction).

    Args:
        part: cases that count, at most `whole`.
        whole: all cases.

    Returns:
        None when `whole` is less than `LEAST_FOR_RATE`.
    """
    if whole < LEAST_FOR_RATE:
        return None
    share, square = part / whole, Z * Z / whole
    middle = (share + square / 2) / (1 + square)
    reach = Z * sqrt(share * (1 - share) / whole + square / (4 * whole)) / (1 + square)
    low, high = max(0.0, middle - reach), min(1.0, middle + reach)
    return Rate(share=share, low=min(low, share), high=max(high, share), of=whole)  # rounding moves no bound past it


def _counts() -> Mapping[str, int]:
    return MappingProxyType({})


@frozen(kw_only=True)
class OwnerCounts:
    """Counts of one professional from an instant (included) to another (not included).

    Nudges: `proposed` were made then; `approved`, `edited` and `dismissed` (by reason) were decided then, whenever
    made, each nudge once. Plans and questions of the co-pilot are no nudges.

    Texts out: `sent` left then, `delivered` of those have a receipt that says so. `failed` and `withheld` (by reason
    code) were written then and have come to that end. Texts in: `received`.

    People: `clients_texted` got a text then; `clients_replied` of those wrote after their first one, before the end.
    `opt_outs`: phones that asked for silence then. `phones_texted`, `phones_opted_out`: of the phones that got a
    text, those that asked for silence after their first one, before the end.

    `interactions`: what happened then, by kind.
    """

    proposed: int = 0
    approved: int = 0
    edited: int = 0
    dismissed: Mapping[str, int] = field(factory=_counts)
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    withheld: Mapping[str, int] = field(factory=_counts)
    received: int = 0
    clients_texted: int = 0
    clients_replied: int = 0
    opt_outs: int = 0
    phones_texted: int = 0
    phones_opted_out: int = 0
    interactions: Mapping[str, int] = field(factory=_counts)
