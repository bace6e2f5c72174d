"""Which building a home is in, so that one client is not offered three homes of one building at once."""

from __future__ import annotations

import re

from nudge_core.model.json import Json, JsonObject

_UNIT = re.compile(r"(?:\b(?:apt|apartment|unit|suite|ste|no|condo)\b\W*|#\s*)[\w-]+$")
"""A unit at the end of a street address: `apt 4b`, `unit 12`, `#3`."""

_BLANKS = re.compile(r"[^\w#]+")


def names_of(facts: JsonObject) -> frozenset[str]:
    """Return names of the building; two homes that share one are in the same.

    One name is the street address without the unit, with the postcode, else the city; it needs a house number. The
    other is the very position together with the name of the building or subdivision. Empty when neither is known:
    such a home is like no other.
    """
    street, place = _street(facts), _folded(facts.get("postal_code"))[:5] or _folded(facts.get("city"))
    names = {f"street:{street}|{place}"} if street and place else set()
    latitude, longitude, name = facts.get("latitude"), facts.get("longitude"), _folded(facts.get("subdivision"))
    if _is_number(latitude) and _is_number(longitude) and name:
        names.add(f"point:{latitude},{longitude}|{name}")
    return frozenset(names)


def _street(facts: JsonObject) -> str:
    address, unit = _folded(facts.get("address")), _folded(facts.get("unit"))
    if unit and address.endswith(f" {unit}"):
        address = address[: -len(unit)].rstrip(" #")
        address = re.sub(r"\b(?:apt|apartment|unit|suite|ste|no|condo)$", "", address).strip()
    address = _UNIT.sub("", address).strip(" #")
    return address if any(letter.isdigit() for letter in address) and " " in address else ""


def _folded(value: Json) -> str:
    return _BLANKS.sub(" ", value.casefold()).strip() if isinstance(value, str) else ""


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
