"""What is known of many pairs of one offer: the sums from which score, coverage and decision follow."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from attrs import define
from numpy.typing import NDArray

from nudge_core.matching.constraints import FULL, MatchSchema, thousandths

Bools: TypeAlias = NDArray[np.bool_]
Sums: TypeAlias = NDArray[np.int32]
Places: TypeAlias = NDArray[np.intp]

PART, MISSED, UNKNOWN = 1, 2, 3
"""What `Sheet.codes` holds; 0: met in full, or not wished. PART: met, but worth less."""


@define(eq=False)
class Sheet:
    """One line per row of the audience that is looked at; every array has the shape (rows,).

    A line begins with all its wishes known and met; columns then enter what is unknown or worth less. What is met in
    full needs no entry, and most is. `weight` and `wishes`: of all constraints of the line, and how many they are.
    `clean`: whether nothing on these lines is missed, as whoever took the sheet has made sure: columns then need not
    look. `lost`: weight times what is missing to the full value, in thousandths. `missed`: whether any was missed.
    `unknown`, `unknown_weight`: constraints that could not be compared; they lose what is missing to their base rate.
    `hard_unknown`: whether one of them is hard. These three are None until one is entered. `codes`: shape (columns,
    rows), what became of each column's constraint; None where nobody will ask.
    """

    weight: Sums
    wishes: NDArray[np.uint16]
    clean: bool
    lost: Sums
    missed: Bools
    codes: NDArray[np.uint8] | None
    unknown: Sums | None = None
    unknown_weight: Sums | None = None
    hard_unknown: Bools | None = None

    @classmethod
    def blank(cls, weight: NDArray[np.integer], wishes: NDArray[np.integer], columns: int, *, clean: bool) -> Sheet:
        """Return a sheet on which nothing has been entered, with codes for so many columns (0: without)."""
        size = weight.size
        codes = np.zeros((columns, size), np.uint8) if columns else None
        sums = weight.astype(np.int32, copy=False)
        return cls(
            sums, wishes.astype(np.uint16, copy=False), clean, np.zeros(size, np.int32), np.zeros(size, np.bool_), codes
        )

    def enter_unknown(self, at: int, which: Bools, hard: Bools, weight: int, base_rate: int) -> None:
        """Enter a constraint that cannot be compared on these lines (a mask), at its base rate in thousandths."""
        self.enter_unknowns(which, which * np.int32(weight), hard & which)
        self.lost += which * np.int32(weight * (FULL - base_rate))
        if self.codes is not None:
            self.codes[at][which] = UNKNOWN

    def enter_unknowns(self, number: Bools | Sums, weight: Sums, hard: Bools) -> None:
        """Enter how many constraints of each line cannot be compared, their weight, and whether one is hard."""
        if self.unknown is None or self.unknown_weight is None or self.hard_unknown is None:
            self.unknown, self.unknown_weight, self.hard_unknown = number.astype(np.int32), weight, hard
            return
        self.unknown += number
        self.unknown_weight += weight
        self.hard_unknown |= hard

    def enter_part(self, at: int, places: Places, weight: int, value: NDArray[np.int64] | int) -> None:
        """Enter a constraint that is worth `value` thousandths at these places, each of them once."""
        self.lost[places] += np.asarray(weight * (FULL - value), np.int32)
        if self.codes is not None:
            self.codes[at][places] = PART

    def enter_missed(self, at: int, places: Places, weight: int, value: NDArray[np.int64] | int = 0) -> None:
        """Enter a constraint that is missed at these places, each of them once."""
        self.enter_part(at, places, weight, value)
        self.missed[places] = True
        if self.codes is not None:
            self.codes[at][places] = MISSED

    def at(self, places: Places | Bools) -> Sheet:
        """Return the sheet of these lines only."""

        def chosen(sums: Sums | None) -> Sums | None:
            return None if sums is None else sums[places]

        return Sheet(
            self.weight[places],
            self.wishes[places],
            self.clean,
            self.lost[places],
            self.missed[places],
            None if self.codes is None else self.codes[:, places],
            chosen(self.unknown),
            chosen(self.unknown_weight),
            None if self.hard_unknown is None else self.hard_unknown[places],
        )

    @property
    def known(self) -> NDArray[np.int64]:
        """How many constraints could be compared."""
        counted = self.wishes.astype(np.int64)
        return counted if self.unknown is None else counted - self.unknown

    @property
    def known_weight(self) -> Sums:
        """The weight of those that could be compared."""
        return self.weight if self.unknown_weight is None else self.weight - self.unknown_weight

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
        if self.unknown is None or self.hard_unknown is None:  # everything could be compared: nothing to ask about
            doubtful, clear = np.zeros(self.weight.size, np.bool_), self.wishes >= schema.least_known
            asks = doubtful
        else:
            known = self.wishes - self.unknown
            low = self.known_weight * np.int32(FULL) < self.weight * np.int32(thousandths(schema.least_coverage))
            doubtful = low | self.hard_unknown
            clear = ~doubtful & (known >= schema.least_known)
            asks = doubtful & (known > 0)
        if self.clean:
            return clear, asks
        good = ~self.missed
        asks = good & asks
        if schema.soft_miss_score is not None:
            good |= self.earned >= self.weight * np.int32(thousandths(schema.soft_miss_score))
        return clear & good, asks
