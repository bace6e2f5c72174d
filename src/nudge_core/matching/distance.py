"""Distance on the globe."""

from __future__ import annotations

import math

EARTH_KM = 6_371.0088
"""Mean Earth radius (IUGG). Source: `verticals.md` section 0."""


Position = tuple[float, float]
"""Degrees of latitude and longitude."""


def distance_km(here: Position, there: Position) -> float:
    """Return the great-circle distance of two points, in kilometres (haversine)."""
    phi, to_phi = math.radians(here[0]), math.radians(there[0])
    half = math.sin((to_phi - phi) / 2) ** 2
    half += math.cos(phi) * math.cos(to_phi) * math.sin(math.radians(there[1] - here[1]) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
