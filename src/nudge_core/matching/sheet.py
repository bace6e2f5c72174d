"""What is known of many pairs of one offer: the sums from which score, coverage and decision follow."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.matching.constraints import FULL, MatchSchema, thousandths

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@frozen(eq=False)
class Sheet:
    """One line per row of the audience that was looked at; every array has the shape (rows,).

    `known`: constraints that could be compared. `known_weight`: their weight. `earned`: weight times value, in
    thousandths, unknown ones at their base rate. `missed`: whether any was missed. `hard_unknown`: whether a hard one
    could not be compared. `weight`: of all constraints of the row.
    """

    weight: Ints
    known: Ints
    known_weight: Ints
    earned: Ints
    missed: Bools
    hard_unknown: Bools

    @classmethod
    def empty(cls, weight: Ints) -> Sheet:
        """Return a sheet on which nothing has been entered."""
        rows = weight.size
        return cls(
            weight=weight,
            known=np.zeros(rows, np.int64),
            known_weight=np.zeros(rows, np.int64),
            earned=np.zeros(rows, np.int64),
            missed=np.zeros(rows, np.bool_),
            hard_unknown=np.zeros(rows, np.bool_),
        )

    def enter_known(self, wished: Bools, weight: int, value: Ints | int, missed: Bools | None = None) -> None:
        """Enter a constraint that could be compared for the `wished` lines. `value`: thousandths."""
        np.add(self.known, wished, out=self.known)
        worth = wished * np.int64(weight)
        np.add(self.known_weight, worth, out=self.known_weight)
        np.add(self.earned, worth * value, out=self.earned)
        if missed is not None:
            np.logical_or(self.missed, missed & wished, out=self.missed)

    def enter_unknown(self, wished: Bools, hard: Bools, weight: int, base_rate: int) -> None:
        """Enter a constraint that could not be compared for the `wished` lines, at its base rate in thousandths."""
        np.add(self.earned, wished * np.int64(weight * base_rate), out=self.earned)
        np.logical_or(self.hard_unknown, hard & wished, out=self.hard_unknown)

    def decide(self, schema: MatchSchema) -> tuple[Bools, Bools]:
        """Return which lines are an offer and which a question; the rules are those of `verticals.md` 3.3, 5 and 6.

        An offer: at least `least_known` compared, coverage not below `least_coverage`, no hard constraint unknown,
        nothing missed (or, by the operator's choice, a score of `soft_miss_score` in spite of it). A question:
        nothing missed and something met, but a hard constraint unknown or the coverage too low.
        """
        low = self.known_weight * FULL < self.weight * thousandths(schema.least_coverage)
        clear = ~low & ~self.hard_unknown & (self.known >= schema.least_known)
        good = ~self.missed
        if schema.soft_miss_score is not None:
            good = good | (self.earned >= self.weight * thousandths(schema.soft_miss_score))
        return clear & good, ~self.missed & (low | self.hard_unknown) & (self.known > 0)
