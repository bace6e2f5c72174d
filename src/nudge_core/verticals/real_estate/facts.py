"""A listing's public facts as they may be printed in a text: by allow-list, each one checked, the rest left out.

A feed's text fields are a stranger's. A value that cannot be an address or a name of a place, or that holds a link, a
telephone number or words about people, is no fact. Source: `verticals.md` 3.5, `mls-feeds.md` sections 5 and 7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from nudge_core.model.event import ListingEvent
from nudge_core.model.json import Json, JsonObject
from nudge_core.policy.contacts import contacts
from nudge_core.policy.fair_housing import fair_housing
from nudge_core.policy.segments import GSM_BASIC, fold
from nudge_core.verticals.real_estate.switches import STRICT, Switches

LEAST_PRICE_CENTS = 100_000  # $1,000: below it stand typing errors and monthly rents (mls-feeds.md section 9, input 7)
MOST_PRICE_CENTS = 100_000_000_000  # $1,000,000,000: reference servers send larger junk
MOST_ROOMS = 20
LEAST_SQFT, MOST_SQFT = 100, 100_000
ADDRESS_CHARACTERS, PLACE_CHARACTERS = 60, 40
ADDRESS_WORDS, PLACE_WORDS = 9, 4

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "single family residence": "house",
        "single family": "house",
        "house": "house",
        "condominium": "condo",
        "condo": "condo",
        "townhouse": "townhouse",
        "townhome": "townhouse",
        "apartment": "apartment",
        "stock cooperative": "co-op",
        "duplex": "duplex",
        "triplex": "triplex",
        "quadruplex": "fourplex",
        "multi family": "multi-family home",
        "manufactured home": "manufactured home",
        "manufactured on land": "manufactured home",
        "mobile home": "mobile home",
        "cabin": "cabin",
        "villa": "villa",
        "loft": "loft",
        "farm": "farm",
        "ranch": "ranch",
        "unimproved land": "lot",
        "land": "lot",
    }
)
"""What a RESO PropertySubType or PropertyType is called in a text. One that is not here is not named."""

_NOT_STATED = frozenset(
    {"none", "na", "other", "unknown", "not available", "not applicable", "tbd", "to be determined", "no", "yes"}
    | {"subdivision", "not in subdivision", "no subdivision", "metes bounds", "unincorporated", "out of area", "null"}
    | {"see remarks", "address not disclosed", "undisclosed", "undisclosed address", "call agent"}
)
_PLACE = re.compile(r"[\w .,'#&/()-]+")
_ADDRESS_START = re.compile(r"[NSEW]?\d")
_UNIT = re.compile(r"(?:(?:unit|apt|ste|suite|bldg|lot|no)\.? ?|# ?)?[a-z0-9-]{1,6}", re.IGNORECASE)
_KEPT_CAPITALS = frozenset(
    {"N", "S", "E", "W", "NE", "NW", "SE", "SW", "FM", "CR", "US", "TX", "RR", "PR", "II", "III", "IV"}
)


def facts_of(kind: str, payload: JsonObject, switches: Switches = STRICT) -> Mapping[str, str]:
    """Return what a text about an event may state, as it may be printed.

    Args:
        kind: the event's kind.
        payload: of the market event: `listing` (public facts) and `change` (what was compared).
        switches: what the operator allows.

    Returns:
        `price` (the asking price), `previous_price` and `drop` of a price drop, `close_price` where it is allowed,
        `beds`, `baths`, `living_area`, `type`, `address`, `city`, `subdivision`, `postal_code`; what is not known or
        not usable is left out.
    """
    listing, change = _object(payload.get("listing")), _object(payload.get("change"))
    facts: dict[str, str | None] = dict(_prices(kind, listing, change, switches))
    facts["beds"] = _count(listing.get("beds"), whole=True)
    facts["baths"] = _count(listing.get("baths"))
    facts["living_area"] = _square_feet(listing.get("living_area_sqft"))
    facts["type"] = _type(listing)
    facts["address"] = _address(listing)
    facts["city"] = place(listing.get("city"))
    facts["subdivision"] = place(listing.get("subdivision"))
    facts["postal_code"] = _postal_code(listing.get("postal_code"))
    return MappingProxyType({name: value for name, value in facts.items() if value})


def _prices(kind: str, listing: JsonObject, change: JsonObject, switches: Switches) -> Mapping[str, str | None]:
    if "lease" in str(listing.get("property_type")).casefold():
        return {}  # the price of a lease is a rent, for a period the feed does not say
    before, after = _cents(change.get("previous_price_cents")), _cents(change.get("new_price_cents"))
    if kind == ListingEvent.SOLD_LISTING:
        # A closed record may carry the sale price as its list price: only the price before is an asking price.
        close = _cents(listing.get("close_price_cents")) or _cents(change.get("close_price_cents"))
        return {"price": dollars(before), "close_price": dollars(close) if switches.close_price else None}
    price = after or _cents(listing.get("list_price_cents"))
    if kind != ListingEvent.PRICE_DROP or before is None or price is None or before <= price:
        return {"price": dollars(price)}
    return {"price": dollars(price), "previous_price": dollars(before), "drop": dollars(before - price)}


def dollars(cents: int | None) -> str | None:
    """Return "$485,000", with cents only where there are some; None for None."""
    if cents is None:
        return None
    whole, rest = divmod(cents, 100)
    return f"${whole:,}.{rest:02}" if rest else f"${whole:,}"


def place(value: Json) -> str | None:
    """Return the name of a city or subdivision as it may be printed, or None when it is none.

    Names with digits ("Sec 3 Ph 2") are surveyors' and nobody says them.
    """
    name = _clean(value, PLACE_CHARACTERS, PLACE_WORDS)
    return None if name is None or any(c.isdigit() for c in name) else name


def _address(listing: JsonObject) -> str | None:
    street = _clean(listing.get("address"), ADDRESS_CHARACTERS, ADDRESS_WORDS)
    if street is None or not _ADDRESS_START.match(street):
        return None
    unit = _clean(listing.get("unit"), 12, 2) if isinstance(listing.get("unit"), str) else None
    if unit is None or not _UNIT.fullmatch(unit):
        return street
    number = re.sub(r"[^a-z0-9]", "", unit.casefold().split()[-1])
    if re.sub(r"[^a-z0-9]", "", street.casefold().split()[-1]) == number:
        return street
    return f"{street} {unit}" if not unit[0].isdigit() and len(unit) > 2 else f"{street} Unit {unit}"


def _clean(value: Json, characters: int, words: int) -> str | None:
    """Return a stranger's text as a name fit to print, or None."""
    if not isinstance(value, str):
        return None
    text = " ".join(fold(value).split()).strip(" .,-/#&")
    if not text or len(text) > characters or len(text.split()) > words or not _PLACE.fullmatch(text):
        return None
    if " ".join(re.sub(r"[^a-z ]", "", text.casefold()).split()) in _NOT_STATED and not any(c.isdigit() for c in text):
        return None
    if not (any(c.islower() for c in text) and any(c.isupper() for c in text)):
        text = fold(_capitalised(text))
    if not any(c.isalnum() for c in text) or not all(c in GSM_BASIC for c in text):
        return None
    return None if contacts(text) or fair_housing(text) else text


def _capitalised(text: str) -> str:
    """Write SHOUTED or small names as names: "MAIN ST NW" becomes "Main St NW"."""
    words = []
    for word in text.split():
        if word.upper() in _KEPT_CAPITALS:
            words.append(word.upper())
        elif word[0].isdigit():
            words.append(word.lower() if word[-2:].lower() in {"st", "nd", "rd", "th"} else word.upper())
        else:
            words.append(re.sub(r"[^\W\d_]+", lambda part: part.group().capitalize(), word.lower()))
    return re.sub(r"'S\b", "'s", " ".join(words))


def _type(listing: JsonObject) -> str | None:
    for name in ("property_subtype", "property_type"):
        value = listing.get(name)
        if isinstance(value, str) and (kind := TYPES.get(" ".join(re.sub(r"[^a-z]", " ", value.casefold()).split()))):
            return kind
    return None


def _cents(value: Json) -> int | None:
    number = _number(value)
    return int(number) if number is not None and LEAST_PRICE_CENTS <= number <= MOST_PRICE_CENTS else None


def _count(value: Json, *, whole: bool = False) -> str | None:
    number = _number(value)
    if number is None or not 0 < number <= MOST_ROOMS or (whole and number % 1) or number * 4 % 1:
        return None
    return f"{number:g}"


def _square_feet(value: Json) -> str | None:
    number = _number(value)
    return f"{round(number):,} sq ft" if number is not None and LEAST_SQFT <= number <= MOST_SQFT else None


def _postal_code(value: Json) -> str | None:
    match = re.fullmatch(r"(\d{5})(?:-\d{4})?", value.strip()) if isinstance(value, str) and value.isascii() else None
    return match.group(1) if match else None


def _number(value: Json) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, Mapping) else {}
