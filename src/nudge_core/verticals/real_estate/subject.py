"""A listing event as an offer: what of it can be compared, and whom it concerns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from nudge_core.errors import Invalid
from nudge_core.matching.constraints import Subject
from nudge_core.model.event import ListingEvent, MarketEvent
from nudge_core.model.json import Json, JsonObject, object_in
from nudge_core.policy.fair_housing import fair_housing
from nudge_core.reading.features import read_features
from nudge_core.verticals.real_estate.areas import folded
from nudge_core.verticals.real_estate.events import RULES
from nudge_core.verticals.real_estate.facts import (
    LEAST_PRICE_CENTS,
    LEAST_SQFT,
    MOST_PRICE_CENTS,
    MOST_ROOMS,
    MOST_SQFT,
)
from nudge_core.verticals.real_estate.home_types import ONLY_IF_ASKED_FOR, is_lease, type_of

LEAST_DROP_SHARE = 100  # a drop of a hundredth of the price is a nudge
LEAST_DROP_CENTS = 500_000  # and so is one of $5,000; verticals.md 3.2
MOST_LOT_SQFT = 2_000_000_000
MOST_HOA_CENTS = 100_000_000  # a month; more is a typing error
YEARS = (1_600, 2_200)

_POSTCODE = re.compile(r"([0-9]{5})(?:-?[0-9]{4})?")
_NO_PLACE = frozenset(
    {"none", "n/a", "na", "other", "unknown", "not applicable", "not available", "tbd", "no subdivision", "null"}
    | {"not in subdivision", "subdivision", "see remarks", "out of area", "unincorporated", "-", "."}
)
"""What agents write into a field of place when they have nothing to write."""


def subject(event: MarketEvent, wished_features: frozenset[str]) -> Subject | None:
    """Read an event into what it offers; None when no client is nudged about it, however well it fits.

    None for events that are the professional's alone, for leases, and for a price drop that is none. A drop below 1 %
    and below $5,000 concerns only those whose limit it crosses. What is no home to live in (land, a shop) concerns
    only those who asked for that kind. Values out of all proportion are not stated.

    Raises:
        Invalid: an unknown kind of event, a payload without a listing.
    """
    rule = RULES.get(event.event_type)
    if rule is None:
        raise Invalid("marketevent.event_type", f"one of {', '.join(RULES)}", event.event_type)
    listing = object_in(event.payload, "listing")
    changed = event.payload.get("change")
    change: JsonObject = changed if isinstance(changed, Mapping) else {}
    if rule.owner_only or is_lease(listing):
        return None
    numbers = _numbers(listing)
    requires: set[str] = set()
    before: dict[str, float] = {}
    if event.event_type == ListingEvent.PRICE_DROP:
        previous, new = _cents(change.get("previous_price_cents")), _cents(change.get("new_price_cents"))
        if previous is None or new is None or new >= previous:
            return None
        numbers["price"] = new / 100  # the price the event tells of, whatever the listing says by now
        if (previous - new) * LEAST_DROP_SHARE < previous and previous - new < LEAST_DROP_CENTS:
            requires.add("price")
            before["price"] = previous / 100
    kind = type_of(listing)
    if kind in ONLY_IF_ASKED_FOR:
        requires.add("type")
    has, lacks = _features(listing, wished_features)
    return Subject(
        id=event.id,
        considers=rule.considers,
        numbers=MappingProxyType(numbers),
        terms=MappingProxyType({"area": _places(listing), "type": frozenset({f"type:{kind}"} if kind else ())}),
        has=has,
        lacks=lacks,
        position=_position(listing),
        requires=frozenset(requires),
        before=MappingProxyType(before),
        topic=rule.topic,
    )


def text_of(facts: JsonObject) -> str:
    """Return the public description, whose meaning is compared with clients' notes; empty when there is none.

    What a description says of people (who should live there, a church or schools nearby) is cut out: whom to tell of a
    home may not turn on such words. Source: `verticals.md` 3.5, selection.
    """
    remarks = _remarks(facts)
    kept: list[str] = []
    end = 0
    for finding in sorted(fair_housing(remarks), key=lambda found: found.start):
        kept.append(remarks[end : finding.start])
        end = max(end, finding.end)
    return " ".join(" ".join([*kept, remarks[end:]]).split())


def _remarks(facts: JsonObject) -> str:
    remarks = facts.get("remarks")
    return remarks if isinstance(remarks, str) else ""


def _numbers(listing: JsonObject) -> dict[str, float]:
    price = _cents(listing.get("list_price_cents"))
    hoa = _within(listing.get("hoa_monthly_cents"), 0, MOST_HOA_CENTS)
    if hoa is None and "hoa" in read_features(_remarks(listing), ["hoa"]).lacks:
        hoa = 0
    numbers = {
        "price": None if price is None else price / 100,
        "beds": _within(listing.get("beds"), 0, MOST_ROOMS),
        "baths": _within(listing.get("baths"), 0, MOST_ROOMS),
        "size": _within(listing.get("living_area_sqft"), LEAST_SQFT, MOST_SQFT),
        "lot": _within(listing.get("lot_sqft"), 1, MOST_LOT_SQFT),
        "year": _within(listing.get("year_built"), *YEARS),
        "hoa": None if hoa is None else hoa / 100,
    }
    return {name: value for name, value in numbers.items() if value is not None}


def _places(listing: JsonObject) -> frozenset[str]:
    """Return where it is, by kind of name. A plain name (`place`) is only comparable where the city is stated."""
    city, subdivision = _place(listing.get("city")), _place(listing.get("subdivision"))
    state, postcode = listing.get("state"), listing.get("postal_code")
    terms: set[str] = set()
    if subdivision:
        terms.add(f"subdivision:{subdivision}")
    if city:
        terms |= {f"city:{city}", f"place:{city}"}
        terms |= {f"place:{subdivision}"} if subdivision else set()
        if isinstance(state, str) and len(state.strip()) == 2:
            terms.add(f"city_state:{city}, {folded(state)}")
    if isinstance(postcode, str) and (match := _POSTCODE.fullmatch(postcode.strip())):
        terms.add(f"postcode:{match.group(1)}")
    return frozenset(terms)


def _place(value: Json) -> str | None:
    name = folded(value) if isinstance(value, str) else ""
    return name if name and name not in _NO_PLACE else None


def _position(listing: JsonObject) -> tuple[float, float] | None:
    latitude = _within(listing.get("latitude"), -90, 90)
    longitude = _within(listing.get("longitude"), -180, 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):  # 0, 0 is what servers send for "?"
        return None
    return latitude, longitude


def _features(listing: JsonObject, wished: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return which wished features are there and which are not, by fields and remarks; where they disagree, neither."""
    read = read_features(_remarks(listing), wished)
    has, lacks = set(read.has), set(read.lacks)
    garage = _within(listing.get("garage_spaces"), 0, 1_000)
    for name, stated in (
        ("garage", None if garage is None else garage > 0),
        ("pool", listing.get("pool")),
        ("waterfront", listing.get("waterfront")),
    ):
        if stated is True:
            has.add(name)
        elif stated is False:
            lacks.add(name)
    if "garage" in has:
        has.add("parking")
    open_ = has & lacks
    return frozenset((has - open_) & wished), frozenset((lacks - open_) & wished)


def _cents(value: Json) -> int | None:
    number = _within(value, LEAST_PRICE_CENTS, MOST_PRICE_CENTS)
    return None if number is None else int(number)


def _within(value: Json, least: float, greatest: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= greatest:
        return None
    return value
