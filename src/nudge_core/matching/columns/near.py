"""A point and a radius."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.matching.columns.column import MissedBy, Places, Rows
from nudge_core.matching.constraints import FULL, NearField, NearWish, Subject
from nudge_core.matching.distance import EARTH_KM, Position, distance_km
from nudge_core.matching.sheet import Bools, Sheet
from nudge_core.model.briefing import Strength

SETTLE = 1e-6
"""A distance nearer than a millimetre to a radius, or a value as near to a rounding step, is computed once more by
the scalar formula; up to `FARTHEST_KM` the vectorised one agrees with it far better than that."""


@frozen(eq=False, kw_only=True)
class NearColumn:
    """Points and radii of the few rows that have them: every array has one entry per such row.

    `rows`: int32, ascending. `points`: shape (3, n) float64, on the unit sphere. `degrees`: shape (2, n).
    """

    declared: NearField
    rows: Rows
    hard: Bools
    points: NDArray[np.float64]
    degrees: NDArray[np.float64]
    radius_km: NDArray[np.float64]
    d0_km: NDArray[np.float64]

    @classmethod
    def build(cls, declared: NearField, wished: Sequence[tuple[int, NearWish]]) -> NearColumn:
        """Turn wishes with their rows, ascending, into a column."""
        degrees = np.array([(wish.latitude, wish.longitude) for _, wish in wished], np.float64).T
        return cls(
            declared=declared,
            rows=np.array([row for row, _ in wished], np.int32),
            hard=np.array([wish.strength is Strength.HARD for _, wish in wished], np.bool_),
            points=_on_sphere(degrees[0], degrees[1]),
            degrees=degrees,
            radius_km=np.array([wish.radius_km for _, wish in wished], np.float64),
            d0_km=np.array([wish.d0_km or declared.d0_km for _, wish in wished], np.float64),
        )

    @property
    def name(self) -> str:
        """Name of the field."""
        return self.declared.name

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.rows, self.hard, self.points, self.degrees, self.radius_km, self.d0_km)
        return sum(array.nbytes for array in arrays)

    def missed_by(self, subject: Subject) -> Iterator[MissedBy]:
        """Yield who is too far away."""
        if subject.position is not None:
            far = self._distances(subject.position, slice(None)) > self.radius_km
            yield self.name, True, self.rows[far & self.hard]
            yield self.name, False, self.rows[far & ~self.hard]

    def enter(self, subject: Subject, rows: Rows, sheet: Sheet, at: int) -> None:
        """Enter it: within the radius exp(-d / d0), beyond it nothing."""
        found = np.minimum(np.searchsorted(self.rows, rows), self.rows.size - 1)
        wished = self.rows[found] == rows
        if subject.position is None:
            base_rate = subject.base_rates.get(self.name, subject.default_base_rate)
            sheet.enter_unknown(at, wished, self.hard[found], self.declared.weight, base_rate)
            return
        lines = np.flatnonzero(wished)
        places = found[lines]
        distance = self._distances(subject.position, places)
        near = distance <= self.radius_km[places]
        scaled = FULL * np.exp(-distance / self.d0_km[places])
        value = np.rint(scaled).astype(np.int64)
        for index in np.flatnonzero(near & (np.abs(scaled - np.floor(scaled) - 0.5) < SETTLE)):
            exact = distance_km(self._point(places[index]), subject.position)
            value[index] = round(FULL * math.exp(-exact / self.d0_km[places[index]]))
        sheet.enter_part(at, lines[near], self.declared.weight, value[near])
        sheet.enter_missed(at, lines[~near], self.declared.weight)

    def _distances(self, position: Position, places: slice | Places) -> NDArray[np.float64]:
        """Return kilometres, exact to SETTLE, and where that would decide, by the scalar formula."""
        apart = self.points[:, places] - _on_sphere(*position)[:, np.newaxis]
        chord = np.sqrt(np.einsum("ij,ij->j", apart, apart))
        distance: NDArray[np.float64] = 2 * EARTH_KM * np.arcsin(np.minimum(1.0, chord / 2))
        chosen = np.arange(self.rows.size)[places]
        for index in np.flatnonzero(np.abs(distance - self.radius_km[places]) < SETTLE):
            distance[index] = distance_km(self._point(chosen[index]), position)
        return distance

    def _point(self, place: np.intp) -> Position:
        latitude, longitude = self.degrees[:, place].tolist()
        return latitude, longitude


def _on_sphere(latitude: float | NDArray[np.float64], longitude: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points given in degrees on the unit sphere, shape (3,) or (3, n)."""
    phi, theta = np.radians(latitude), np.radians(longitude)
    return np.array([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)])
