"""What is known of many pairs of one offer: the sums from which score, coverage and decision follow."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.matching.constraints import FULL, MatchSchema, thousandths

Bools: TypeAlias = NDArray[np.bool_]
Sums: TypeAlias = NDArray[np.int32]
Places: TypeAlias = NDArray[np.intp]


@frozen(eq=False)
class Sheet:
    """One line per row of the audience that is looked at; every array has the shape (rows,).

    A line begins with all its wishes known and met; columns then enter what is unknown or worth less. What is met in
    full needs no entry, and most is. `weight` and `wishes`: of all constraints of the line, and how many they are.
    `lost`: weight times what is missing to the full value, in thousandths. `unknown`, `unknown_weight`: constraints
    that could not be compared; they lose what is missing to their base rate. `hard_unknown`: whether one of them is
    hard. `missed`: whether any was missed.
    """

    weight: Sums
    wishes: NDArray[np.uint16]
    lost: Sums
    unknown: Sums
    unknown_weight: Sums
    hard_unknown: Bools
    missed: Bools

    @classmethod
    def blank(cls, weight: Sums, wishes: NDArray[np.uint16]) -> Sheet:
        """Return a sheet on which nothing has been entered."""
        lost, unknown, unknown_weight = np.zeros((3, weight.size), np.int32)
        hard_unknown, missed = np.zeros((2, weight.size), np.bool_)
        return cls(weight, wishes, lost, unknown, unknown_weight, hard_unknown, missed)

    def enter_unknown(self, which: Bools, hard: Bools, weight: int, base_rate: int) -> None:
        """Enter a constraint that cannot be compared on these lines (a mask), at its base rate in thousandths."""
        np.add(self.unknown, which, out=self.unknown)
        np.add(self.unknown_weight, which * np.int32(weight), out=self.unknown_weight)
        np.add(self.lost, which * np.int32(weight * (FULL - base_rate)), out=self.lost)
        np.logical_or(self.hard_unknown, hard & which, out=self.hard_unknown)

    def enter_part(self, places: Places, weight: int, value: NDArray[np.int64] | int) -> None:
        """Enter a constraint that is worth `value` thousandths at these places, each of them once."""
        self.lost[places] += np.asarray(weight * (FULL - value), np.int32)

    def enter_missed(self, places: Places, weight: int, value: NDArray[np.int64] | int = 0) -> None:
        """Enter a constraint that is missed at these places, each of them once."""
        self.enter_part(places, weight, value)
        self.missed[places] = True

    @property
    def known(self) -> Sums:
        """How many constraints could be compared."""
        return self.wishes - self.unknown

    @property
    def known_weight(self) -> Sums:
        """The weight of those that could be compared."""
        return self.weight - self.unknown_weight

    @property
    def earned(self) -> Sums:
        """Weight times value of all constraints, in thousandths."""
        return self.weight * np.int32(FULL) - self.lost

    def decide(self, schema: MatchSchema) -> tuple[Bools, Bools]:
        """Return which lines are an offer and which a question; the rules are those of `verticals.md` 3.3, 5 and 6.

        An offer: at least `least_known` compared, coverage not below `least_coverage`, no hard constraint unknown,
        nothing missed (or, by the operator's choice, a score of `soft_miss_score` in spite of it). A question:
        nothing missed and something met, but a hard constraint unknown or the coverage too low.
        """
        known = self.known
        low = self.known_weight * np.int32(FULL) < self.weight * np.int32(thousandths(schema.least_coverage))
        clear = ~(low | self.hard_unknown) & (known >= schema.least_known)
        good = ~self.missed
        asks = good & (low | self.hard_unknown) & (known > 0)
        if schema.soft_miss_score is not None:
            good |= self.earned >= self.weight * np.int32(thousandths(schema.soft_miss_score))
        return clear & good, asks
