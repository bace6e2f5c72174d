"""Least and greatest of a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.columns.column import HARD, NO_WISH, SOFT, STRENGTHS, Bytes, Miss, Rows, by_strength
from nudge_core.matching.constraints import FULL, LARGEST_STEP, NumberField, NumberWish, Subject, thousandths
from nudge_core.matching.sheet import Bools, Sheet

NO_MINIMUM, NO_MAXIMUM = -(2**31), 2**31 - 1
"""What a bound column holds where there is no bound: no offer is below the one or above the other."""

FAR_BEYOND = 2**40
"""Beyond every band around every bound, and small enough for products in int64."""


@frozen(eq=False, kw_only=True)
class NumberColumn:
    """Least and greatest per row, int32 in steps of the field; None where nobody has such a bound."""

    declared: NumberField
    strength: Bytes
    minimum: Rows | None
    maximum: Rows | None

    @classmethod
    def build(cls, declared: NumberField, wished: Sequence[tuple[int, NumberWish]], size: int) -> NumberColumn:
        """Turn wishes with their rows into a column of `size` rows. Raises Invalid for a bound beyond int32."""
        strength = np.full(size, NO_WISH, np.uint8)
        minimum, maximum = np.full(size, NO_MINIMUM, np.int32), np.full(size, NO_MAXIMUM, np.int32)
        for row, wish in wished:
            strength[row] = STRENGTHS[wish.strength]
            if wish.minimum is not None:
                minimum[row] = _bound(declared, declared.at_least(wish.minimum))
            if wish.maximum is not None:
                maximum[row] = _bound(declared, declared.at_most(wish.maximum))
        return cls(
            declared=declared,
            strength=strength,
            minimum=minimum if any(wish.minimum is not None for _, wish in wished) else None,
            maximum=maximum if any(wish.maximum is not None for _, wish in wished) else None,
        )

    @property
    def name(self) -> str:
        """Name of the field."""
        return self.declared.name

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        return self.strength.nbytes + sum(bound.nbytes for bound in bounds)

    def misses(self, subject: Subject, span: slice) -> Iterator[Miss]:
        """Yield who wanted more or less; softly, whoever finds it far too low."""
        value = subject.numbers.get(self.name)
        if value is None:
            return
        yield from by_strength(self.name, self._outside(value, span), self.strength[span])
        if self.declared.too_low is not None and self.maximum is not None:
            yield self.name, False, self._far_too_low(self.maximum[span], _step(self.declared.at_most(value)), span)

    def met(self, value: float | None, span: slice) -> Bools:
        """Return whose bounds a value lies within; nobody's when there is no value."""
        wished = self.strength[span] != NO_WISH
        return np.zeros_like(wished) if value is None else wished & ~self._outside(value, span)

    def _outside(self, value: float, span: slice) -> Bools:
        below = None if self.minimum is None else self.minimum[span] > _step(self.declared.at_most(value))
        above = None if self.maximum is None else self.maximum[span] < _step(self.declared.at_least(value))
        if below is None or above is None:
            (only,) = [mask for mask in (below, above) if mask is not None]
            return only
        return np.logical_or(below, above, out=below)

    def _far_too_low(self, maximum: Rows, low: int, span: slice) -> Bools:
        none, _ = self._too_low
        # FULL * low <= none * maximum, solved for the maximum
        least = -(-FULL * low // none) if none else NO_MAXIMUM * (low > 0)
        far: Bools = (maximum >= min(NO_MAXIMUM, max(1, least))) & (maximum != NO_MAXIMUM)
        return far if self.minimum is None else far & (self.minimum[span] == NO_MINIMUM)

    @property
    def _too_low(self) -> tuple[int, int]:
        none, full = self.declared.too_low or (0.0, 0.0)
        return thousandths(none), thousandths(full)

    def enter(self, subject: Subject, rows: Rows, sheet: Sheet) -> None:
        """Enter who is outside the bounds, and what is worth less in the bands beside them."""
        value = subject.numbers.get(self.name)
        if value is None:
            strength = self.strength[rows]
            base_rate = subject.base_rates.get(self.name, subject.default_base_rate)
            sheet.enter_unknown(strength != NO_WISH, strength == HARD, self.declared.weight, base_rate)
            return
        low = _step(self.declared.at_most(value), FAR_BEYOND)
        high = _step(self.declared.at_least(value), FAR_BEYOND)
        below = np.zeros(rows.size, np.bool_) if self.minimum is None else self.minimum[rows] > low
        if self.minimum is not None:
            sheet.enter_missed(np.flatnonzero(below), self.declared.weight)
        if self.maximum is not None:
            maximum = self.maximum[rows]
            above = np.flatnonzero((maximum < high) & ~below)
            sheet.enter_missed(above, self.declared.weight, self._above(maximum[above], rows[above], high))
            self._enter_too_low(maximum, rows, low, sheet)

    def _above(self, maximum: Rows, rows: Rows, high: int) -> NDArray[np.int64]:
        """Above a soft maximum: ((1 + band) * maximum - high) / (band * maximum), from 0 to 1; above a hard one 0."""
        worth = np.zeros(rows.size, np.int64)
        if band := thousandths(self.declared.over_band):
            soft = np.flatnonzero((self.strength[rows] == SOFT) & (maximum > 0))
            limit = maximum[soft].astype(np.int64)
            worth[soft] = _part(limit * (FULL + band) - FULL * high, limit * band)
        return worth

    def _enter_too_low(self, maximum: Rows, rows: Rows, low: int, sheet: Sheet) -> None:
        """Without a minimum, below a share of the maximum: (low - none * max) / ((full - none) * max), from 0 to 1."""
        if self.declared.too_low is None:
            return
        none, full = self._too_low
        least = min(NO_MAXIMUM, max(1, FULL * low // full))  # of a smaller maximum, `low` is more than `full`
        lower = np.flatnonzero((maximum >= least) & (maximum != NO_MAXIMUM))
        if self.minimum is not None:
            lower = lower[self.minimum[rows[lower]] == NO_MINIMUM]
        limit = maximum[lower].astype(np.int64)
        over_none = FULL * low - none * limit
        far = over_none <= 0
        sheet.enter_missed(lower[far], self.declared.weight)
        sheet.enter_part(lower[~far], self.declared.weight, _part(over_none[~far], (full - none) * limit[~far]))


def _step(value: int, beyond: int = LARGEST_STEP + 1) -> int:
    """Keep an offer within what a column can be compared with: beyond every bound is beyond every bound."""
    return min(beyond, max(-beyond, value))


def _part(numerator: NDArray[np.int64], denominator: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numerator / denominator in thousandths, halves up, from 0 to FULL. Denominators are positive."""
    part: NDArray[np.int64] = np.clip((2 * FULL * numerator + denominator) // (2 * denominator), 0, FULL)
    return part


def _bound(declared: NumberField, steps: int) -> int:
    if abs(steps) > LARGEST_STEP:
        raise Invalid(f"wish.{declared.name}", f"a bound of at most {LARGEST_STEP // declared.scale:,}", steps)
    return steps
