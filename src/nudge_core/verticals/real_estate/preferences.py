"""`client.preferences` of real estate: JSON a person can write, read into wishes.

What cannot be read, contradicts itself or stands under a name nobody knows is an error that names the field. A limit
that was overlooked would be a limit that is broken. The form: `docs/reference/preferences.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import field, frozen

from nudge_core.errors import Invalid
from nudge_core.matching.constraints import FARTHEST_KM, NearWish, Wish
from nudge_core.model.client import Role
from nudge_core.model.json import Json, JsonObject
from nudge_core.verticals.real_estate.roles import stated_role
from nudge_core.verticals.real_estate.schema import RURAL_D0_KM
from nudge_core.verticals.real_estate.stated.lists import read_areas, read_features_wished, read_types
from nudge_core.verticals.real_estate.stated.numbers import NUMBERS, read_numbers
from nudge_core.verticals.real_estate.stated.values import is_rural, number_of, object_of, strength_of, texts_of

KM_PER_MILE = 1.609_344

OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "budget": "price",
        "max_budget": "max_price",
        "monthly_payment": "payment",
        "bedrooms": "beds",
        "bathrooms": "baths",
        "living_area": "size",
        "living_area_sqft": "size",
        "sqft": "size",
        "year_built": "year",
        "type": "types",
        "locations": "areas",
    }
)
NOT_COMPARED = frozenset({"timing", "reason", "financing", "closing", "notes", "rent", "source"})
"""Facts about a client that matter to the professional and say nothing a listing could be compared with."""

_NAMES = sorted({*NUMBERS, *NOT_COMPARED, "roles", "areas", "types", "features", "near", "own_home"})


@frozen(kw_only=True)
class Preferences:
    """What a client's preferences say. `wishes`: about a home to buy. `own_home`: as it was stated, or None."""

    roles: frozenset[Role]
    wishes: tuple[Wish, ...]
    own_home: JsonObject | None = field(repr=False)


def read_preferences(stored: JsonObject) -> Preferences:
    """Read preferences.

    Raises:
        Invalid: naming the field and the rule it breaks.
    """
    given: dict[str, Json] = {}
    for name, value in stored.items():
        known = OTHER_NAMES.get(name, name)
        if known in given:
            raise Invalid(f"preferences.{name}", f"either {name} or {known}, not both", value)
        if value is not None:
            given[known] = value
    roles = frozenset(stated_role(role) for role in texts_of("roles", given.pop("roles", ())))
    own_home = given.pop("own_home", None)
    if own_home is not None and not isinstance(own_home, Mapping):
        raise Invalid("preferences.own_home", "an object", own_home)
    wishes: list[Wish] = []
    refused_hoa, features = read_features_wished(given.pop("features", None))
    if refused_hoa:
        given["hoa"] = _no_hoa(given.get("hoa"))
    wishes += read_numbers(given)
    wishes += [wish for wish in (read_areas(given.pop("areas", None)), read_types(given.pop("types", None))) if wish]
    if (near := given.pop("near", None)) is not None:
        wishes.append(_near(near))
    if unknown := sorted(given.keys() - NOT_COMPARED):
        raise Invalid(f"preferences.{unknown[0][:40]}", f"one of {', '.join(_NAMES)}", given[unknown[0]])
    return Preferences(roles=roles, wishes=(*wishes, *features), own_home=own_home)


def _no_hoa(stated: Json) -> Json:
    if stated is not None:
        raise Invalid("preferences.hoa", "either hoa or a refused feature, not both", stated)
    return {"max": 0, "hard": True}


def _near(value: Json) -> NearWish:
    """Read a point and a radius: latitude, longitude, radius_km or radius_miles, hard, setting."""
    stated = object_of("near", value, {"latitude", "longitude", "radius_km", "radius_miles", "hard", "setting"})
    if ("radius_km" in stated) == ("radius_miles" in stated):
        raise Invalid("preferences.near", "either radius_km or radius_miles", stated)
    radius = (
        number_of("near.radius_km", stated["radius_km"], 0, FARTHEST_KM)
        if "radius_km" in stated
        else KM_PER_MILE * number_of("near.radius_miles", stated["radius_miles"], 0, FARTHEST_KM / KM_PER_MILE)
    )
    return NearWish(
        field="near",
        strength=strength_of("near", stated),
        latitude=number_of("near.latitude", stated.get("latitude"), -90, 90),
        longitude=number_of("near.longitude", stated.get("longitude"), -180, 180),
        radius_km=radius,
        d0_km=RURAL_D0_KM if is_rural("near", stated) else None,
    )
