"""Kinds of homes: one name for what feeds send and for what people write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from nudge_core.errors import Invalid
from nudge_core.model.json import Json, JsonObject

_OF_FEEDS: Mapping[str, str] = MappingProxyType(
    {
        "single family residence": "house",
        "condominium": "condo",
        "townhouse": "townhouse",
        "apartment": "apartment",
        "stock cooperative": "co-op",
        "own your own": "co-op",
        "duplex": "duplex",
        "triplex": "triplex",
        "quadruplex": "fourplex",
        "multi family": "multi-family home",
        "manufactured home": "manufactured home",
        "manufactured on land": "manufactured home",
        "manufactured in park": "manufactured home",
        "mobile home": "mobile home",
        "cabin": "cabin",
        "villa": "villa",
        "loft": "loft",
        "ranch": "ranch",
        "farm": "farm",
        "agriculture": "farm",
        "unimproved land": "land",
        "land": "land",
        "timeshare": "timeshare",
        "boat slip": "boat slip",
        "deeded parking": "parking space",
        "residential income": "multi-family home",
        "commercial sale": "commercial",
        "business opportunity": "commercial",
        "business": "commercial",
        "hotel motel": "commercial",
        "industrial": "commercial",
        "mixed use": "commercial",
        "office": "commercial",
        "retail": "commercial",
        "warehouse": "commercial",
    }
)
"""RESO PropertySubType, and the PropertyType of records without one. Source: RESO Data Dictionary 2.0 lookups."""

_WISHED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **{kind: frozenset({kind}) for kind in _OF_FEEDS.values()},
        **{name: frozenset({kind}) for name, kind in _OF_FEEDS.items()},
        "home": frozenset({"house"}),
        "single family": frozenset({"house"}),
        "single family home": frozenset({"house"}),
        "sfr": frozenset({"house"}),
        "sfh": frozenset({"house"}),
        "detached": frozenset({"house"}),
        "town house": frozenset({"townhouse"}),
        "townhome": frozenset({"townhouse"}),
        "row house": frozenset({"townhouse"}),
        "flat": frozenset({"apartment", "condo"}),
        "coop": frozenset({"co-op"}),
        "co op": frozenset({"co-op"}),
        "quadplex": frozenset({"fourplex"}),
        "multi family": frozenset({"multi-family home", "duplex", "triplex", "fourplex"}),
        "multifamily": frozenset({"multi-family home", "duplex", "triplex", "fourplex"}),
        "manufactured": frozenset({"manufactured home", "mobile home"}),
        "lot": frozenset({"land"}),
        "acreage": frozenset({"land"}),
    }
)

ONLY_IF_ASKED_FOR = frozenset({"land", "farm", "timeshare", "boat slip", "parking space", "commercial"})
"""Not a home to live in: of no interest to anybody who did not ask for that kind."""


def wished_types(text: str) -> frozenset[str]:
    """Return the kinds a wish means: "Condos" is condo; "multi-family" is four kinds.

    Raises:
        Invalid: no kind of home is called that.
    """
    folded = _folded(text)
    for name in (folded, folded.removesuffix("s"), folded.removesuffix("es")):
        if found := _WISHED.get(name):
            return found
    raise Invalid("preferences.types", f"kinds of homes: {', '.join(sorted(set(_OF_FEEDS.values())))}", text)


def type_of(listing: JsonObject) -> str | None:
    """Return the kind of a listing: what its sub-type says, else its type; None when neither does.

    A sub-type without a name of ours is a kind of its own: surely not one of the others.
    """
    subtype, kind = _text(listing.get("property_subtype")), _text(listing.get("property_type"))
    if subtype and subtype not in ("other", "unknown", "none", "null"):
        return _OF_FEEDS.get(subtype) or next(iter(sorted(_WISHED.get(subtype, {subtype}))))
    return _OF_FEEDS.get(kind)


def is_lease(listing: JsonObject) -> bool:
    """Say whether a listing is for rent: what we know of wishes is about buying."""
    return "lease" in _text(listing.get("property_type")) or "rental" in _text(listing.get("property_type"))


def _text(value: Json) -> str:
    return _folded(value) if isinstance(value, str) else ""


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[^a-z]", " ", text.casefold()).split())
