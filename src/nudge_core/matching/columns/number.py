"""Least and greatest of a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.columns.column import Miss, Rows, taken
from nudge_core.matching.constraints import FULL, LARGEST_STEP, NumberField, NumberWish, Subject, thousandths
from nudge_core.matching.sheet import Bools, Sheet
from nudge_core.model.briefing import Strength

NO_MINIMUM, NO_MAXIMUM = -(2**31), 2**31 - 1
"""Beyond every bound there can be."""

FAR_BEYOND = 2**40
"""Beyond every band around every bound, and small enough for products in int64."""

Bounds: TypeAlias = NDArray[np.int8] | NDArray[np.int16] | NDArray[np.int32]


@frozen(eq=False, kw_only=True)
class NumberColumn:
    """Least and greatest per row, in steps of the field; None where nobody has such a bound.

    Both are of the narrowest type that holds them. The ends of its range mean "no bound": no offer is below the one
    or above the other.
    """

    declared: NumberField
    hard: Bools
    minimum: Bounds | None
    maximum: Bounds | None

    @classmethod
    def build(cls, declared: NumberField, wished: Sequence[tuple[int, NumberWish]], size: int) -> NumberColumn:
        """Turn wishes with their rows into a column of `size` rows. Raises Invalid for a bound beyond int32."""
        hard = np.zeros(size, np.bool_)
        minimum, maximum = np.full(size, NO_MINIMUM, np.int32), np.full(size, NO_MAXIMUM, np.int32)
        for row, wish in wished:
            hard[row] = wish.strength is Strength.HARD
            if wish.minimum is not None:
                minimum[row] = _bound(declared, declared.at_least(wish.minimum))
            if wish.maximum is not None:
                maximum[row] = _bound(declared, declared.at_most(wish.maximum))
        return cls(
            declared=declared,
            hard=hard,
            minimum=_narrow(minimum, NO_MINIMUM) if any(wish.minimum is not None for _, wish in wished) else None,
            maximum=_narrow(maximum, NO_MAXIMUM) if any(wish.maximum is not None for _, wish in wished) else None,
        )

    @property
    def name(self) -> str:
        """Name of the field."""
        return self.declared.name

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        return self.hard.nbytes + sum(bound.nbytes for bound in bounds)

    def misses(self, subject: Subject, span: slice) -> Iterator[Miss]:
        """Yield who wanted more or less; softly, whoever finds it far too low."""
        value = subject.numbers.get(self.name)
        if value is None:
            return
        yield self.name, self._outside(value, span), self.hard[span]
        if self.declared.too_low is not None and self.maximum is not None:
            yield self.name, self._far_too_low(self.maximum[span], self.declared.at_most(value), span), None

    def met(self, value: float | None, span: slice) -> Bools:
        """Return whose bounds a value lies within; nobody's when there is no value."""
        wished = self._wished(span)
        return np.zeros_like(wished) if value is None else wished & ~self._outside(value, span)

    def _wished(self, rows: slice | Rows) -> Bools:
        wished: Bools = np.zeros_like(self.hard[rows])
        if self.minimum is not None:
            wished |= self.minimum[rows] != _lowest(self.minimum)
        if self.maximum is not None:
            wished |= self.maximum[rows] != _highest(self.maximum)
        return wished

    def _outside(self, value: float, span: slice) -> Bools:
        below = None if self.minimum is None else self._below(self.minimum[span], self.declared.at_most(value))
        above = None if self.maximum is None else self._above(self.maximum[span], self.declared.at_least(value))
        if below is None or above is None:
            (only,) = [mask for mask in (below, above) if mask is not None]
            return only
        return np.logical_or(below, above, out=below)

    @staticmethod
    def _below(minimum: Bounds, low: int) -> Bools:
        below: Bools = minimum > _comparable(low, minimum)
        return below

    @staticmethod
    def _above(maximum: Bounds, high: int) -> Bools:
        above: Bools = maximum < _comparable(high, maximum)
        return above

    def _far_too_low(self, maximum: Bounds, low: int, span: slice) -> Bools:
        none, _ = self._too_low
        # FULL * low <= none * maximum, solved for the maximum
        least = -(-FULL * low // none) if none else NO_MAXIMUM * (low > 0)
        far: Bools = (maximum >= _comparable(max(1, least), maximum)) & (maximum != _highest(maximum))
        return far if self.minimum is None else far & (self.minimum[span] == _lowest(self.minimum))

    @property
    def _too_low(self) -> tuple[int, int]:
        none, full = self.declared.too_low or (0.0, 0.0)
        return thousandths(none), thousandths(full)

    def enter(self, subject: Subject, rows: Rows, sheet: Sheet, at: int) -> None:
        """Enter who is outside the bounds, and what is worth less in the bands beside them."""
        value = subject.numbers.get(self.name)
        weight = self.declared.weight
        if value is None:
            base_rate = subject.base_rates.get(self.name, subject.default_base_rate)
            sheet.enter_unknown(at, self._wished(rows), taken(self.hard, rows), weight, base_rate)
            return
        low, high = _finite(self.declared.at_most(value)), _finite(self.declared.at_least(value))
        if self.minimum is not None and not sheet.clean:
            sheet.enter_missed(at, np.flatnonzero(self._below(taken(self.minimum, rows), low)), weight)
        if self.maximum is not None and not sheet.clean:
            maximum = taken(self.maximum, rows)
            above = np.flatnonzero(self._above(maximum, high))
            sheet.enter_missed(at, above, weight, self._beyond(maximum[above], self.hard[rows[above]], high))
        if self.maximum is not None and self.declared.too_low is not None:
            self._enter_too_low(taken(self.maximum, rows), rows, low, sheet, at)

    def _beyond(self, maximum: Bounds, hard: Bools, high: int) -> NDArray[np.int64]:
        """Above a soft maximum: ((1 + band) * maximum - high) / (band * maximum), from 0 to 1; above a hard one 0."""
        worth = np.zeros(maximum.size, np.int64)
        if band := thousandths(self.declared.over_band):
            soft = np.flatnonzero(~hard & (maximum > 0))
            limit = maximum[soft].astype(np.int64)
            worth[soft] = _part(limit * (FULL + band) - FULL * high, limit * band)
        return worth

    def _enter_too_low(self, maximum: Bounds, rows: Rows, low: int, sheet: Sheet, at: int) -> None:
        """Without a minimum, below a share of the maximum: (low - none * max) / ((full - none) * max), from 0 to 1."""
        none, full = self._too_low
        least = _comparable(max(1, FULL * low // full), maximum)  # of a smaller maximum, `low` is more than `full`
        maybe = (maximum >= least) & (maximum != _highest(maximum))
        if self.minimum is not None:
            maybe &= taken(self.minimum, rows) == _lowest(self.minimum)
        lower = np.flatnonzero(maybe)
        if not lower.size:
            return
        limit = maximum[lower].astype(np.int64)
        over_none = FULL * low - none * limit
        if not sheet.clean:
            far = over_none <= 0
            sheet.enter_missed(at, lower[far], self.declared.weight)
            lower, limit, over_none = lower[~far], limit[~far], over_none[~far]
        sheet.enter_part(at, lower, self.declared.weight, _part(over_none, (full - none) * limit))


def _lowest(bounds: Bounds) -> int:
    return -(1 << (8 * bounds.itemsize - 1))


def _highest(bounds: Bounds) -> int:
    return (1 << (8 * bounds.itemsize - 1)) - 1


def _comparable(value: int, bounds: Bounds) -> int:
    """Keep an offer within what a column can be compared with: beyond every bound is beyond every bound."""
    return min(_highest(bounds), max(_lowest(bounds), value))


def _finite(value: int) -> int:
    return min(FAR_BEYOND, max(-FAR_BEYOND, value))


def _part(numerator: NDArray[np.int64], denominator: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numerator / denominator in thousandths, halves up, from 0 to FULL. Denominators are positive."""
    part: NDArray[np.int64] = np.clip((2 * FULL * numerator + denominator) // (2 * denominator), 0, FULL)
    return part


def _narrow(bounds: NDArray[np.int32], none: int) -> Bounds:
    """Return the bounds in the narrowest type within whose ends they lie."""
    stated = bounds[bounds != none]
    least, most = int(stated.min()), int(stated.max())
    narrow: Bounds
    for narrow in (np.empty(bounds.size, np.int8), np.empty(bounds.size, np.int16)):
        if _lowest(narrow) < least and most < _highest(narrow):
            narrow[:] = _lowest(narrow) if none == NO_MINIMUM else _highest(narrow)
            narrow[bounds != none] = stated
            return narrow
    return bounds


def _bound(declared: NumberField, steps: int) -> int:
    if abs(steps) > LARGEST_STEP:
        raise Invalid(f"wish.{declared.name}", f"a bound of at most {LARGEST_STEP // declared.scale:,}", steps)
    return steps
