"""The fields of one record, by their RESO names, into a `ListingSnapshot`.

An optional field that is masked or unreadable is None and is counted; nothing here raises for it. Fields and their
meaning: `mls-feeds.md` section 5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from nudge_adapters.feeds.shape import RecordShape
from nudge_adapters.feeds.values import Fields, between, cents, day, instant, prose, text, whole
from nudge_core.model.listing import ListingSnapshot
from nudge_core.verticals.real_estate.changes.statuses import folded, status_of

SQFT_PER_ACRE = 43_560.0
SQFT_PER_SQUARE_METER = 10.763_910_4
MAX_ROOMS = 200
"""Bedrooms or bathrooms of one listing: an apartment house has many (33 in a real record), a typing error thousands."""
MAX_AREA_SQFT = 10_000_000.0
MAX_LOT_SQFT = 100_000_000_000.0  # 2.3 million acres: ranches are large
FIRST_YEAR, LAST_YEAR = 1_600, 2_100

_MONTHS_OF_FEE: Mapping[str, float] = MappingProxyType(
    {
        "weekly": 12 / 52,
        "biweekly": 12 / 26,
        "semimonthly": 0.5,
        "monthly": 1,
        "bimonthly": 2,
        "quarterly": 3,
        "semiannually": 6,
        "annually": 12,
        "yearly": 12,
    }
)
_OWN_POOL = frozenset({"aboveground", "inground", "private", "gunite", "fiberglass", "vinyl", "poolspacombo"})
_NO_POOL = frozenset({"none", "nopool"})
_PHOTO = frozenset({"photo", "image", "picture", "propertyphoto"})
_OPEN_TO_ALL = frozenset({"public", "idx", "all"})
_GLUED = re.compile(r"(?<=[a-z])(?=[A-Z])")
_UNIT_AT_END = re.compile(r",?\s*(?:#|\b(?:unit|apt|apartment|suite|ste)\b\.?)\s*#?\s*(?P<unit>[\w-]+)$", re.IGNORECASE)

_read_beds = whole(0, MAX_ROOMS)
_read_baths = between(0, MAX_ROOMS)
_read_area = between(0, MAX_AREA_SQFT)
_read_lot = between(0, MAX_LOT_SQFT)
_read_year = whole(FIRST_YEAR, LAST_YEAR)
_read_garage = between(0, MAX_ROOMS)
_read_latitude = between(-90, 90)
_read_longitude = between(-180, 180)


def snapshot_of(
    record: Mapping[str, object], key: str, source_id: str, shape: RecordShape, fields: Fields
) -> ListingSnapshot:
    """Return what the record says, field by field.

    Args:
        record: the fields by their RESO names.
        key: the record's key, read already.
        fields: reads the same record and counts what it cannot read.
    """
    watermark, modified_at = _watermark(record, shape, fields)
    status_text, mls_status = fields.text("StandardStatus"), _lookup(fields, "MlsStatus", shape)
    status = status_of(status_text, mls_status, shape.mls_status)
    if status is None:
        fields.warn("unknown_status")
    address, unit = _address(fields)
    latitude, longitude = _position(record, fields)
    return ListingSnapshot(
        source_id=source_id,
        listing_key=key,
        listing_id=_listing_id(fields, shape),
        watermark=watermark,
        modified_at=modified_at,
        status=status,
        status_text=status_text or mls_status,
        mls_status=mls_status,
        list_price_cents=fields.money("ListPrice"),
        original_list_price_cents=fields.money("OriginalListPrice"),
        previous_list_price_cents=fields.money("PreviousListPrice"),
        close_price_cents=fields.money("ClosePrice"),
        close_date=fields.read("CloseDate", day),
        price_changed_at=fields.read("PriceChangeTimestamp", instant),
        status_changed_at=fields.read("StatusChangeTimestamp", instant),
        major_change_type=_lookup(fields, "MajorChangeType", shape),
        major_changed_at=fields.read("MajorChangeTimestamp", instant),
        entered_at=fields.read("OriginalEntryTimestamp", instant),
        on_market_at=fields.read("OnMarketTimestamp", instant),
        on_market_date=fields.read("OnMarketDate", day),
        listing_contract_date=fields.read("ListingContractDate", day),
        property_type=_property_type(fields, shape),
        property_subtype=_lookup(fields, "PropertySubType", shape, unglue=True),
        beds=fields.read("BedroomsTotal", _read_beds),
        baths=_baths(fields),
        living_area_sqft=_living_area(fields),
        lot_sqft=_lot(fields),
        year_built=fields.read("YearBuilt", _read_year),
        garage_spaces=_garage(fields),
        hoa_monthly_cents=_hoa(fields),
        pool=_pool(fields),
        waterfront=fields.flag("WaterfrontYN"),
        address=address,
        unit=unit,
        city=_lookup(fields, "City", shape),
        state=_lookup(fields, "StateOrProvince", shape),
        postal_code=_postal_code(record, fields),
        subdivision=fields.text("SubdivisionName"),
        latitude=latitude,
        longitude=longitude,
        remarks=fields.read("PublicRemarks", prose) or None,
        display_allowed=fields.allowed("InternetEntireListingDisplayYN"),
        address_display_allowed=fields.allowed("InternetAddressDisplayYN"),
        can_view=fields.allowed("MlgCanView"),
        uses=_uses(record, fields),
        photo_urls=_photos(fields) if shape.photos_may_be_linked else (),
    )


def _watermark(record: Mapping[str, object], shape: RecordShape, fields: Fields) -> tuple[str | None, datetime | None]:
    received = record.get(shape.watermark_field)
    modified_at = fields.read(shape.watermark_field, instant)
    if not fields.has(shape.watermark_field):
        fields.warn("no_watermark")
    return (received if isinstance(received, str) and received.strip() else None), modified_at


def _listing_id(fields: Fields, shape: RecordShape) -> str | None:
    listing_id = fields.text("ListingId")
    return listing_id.removeprefix(shape.key_prefix) if listing_id else None


def _lookup(fields: Fields, name: str, shape: RecordShape, *, unglue: bool = False) -> str | None:
    word = fields.text(name)
    if word is None:
        return None
    word = shape.lookup_names.get(word, word)
    return _GLUED.sub(" ", word) if unglue and " " not in word else word


def _property_type(fields: Fields, shape: RecordShape) -> str | None:
    word = _lookup(fields, "PropertyType", shape, unglue=True)
    return None if word is None else shape.property_types.get(word, word)


def _baths(fields: Fields) -> float | None:
    """Count a half bath as a half. BathroomsTotalInteger is a plain sum of rooms, asked only where nothing else is."""
    total = fields.read("BathroomsTotalInteger", _read_baths)
    full = fields.read("BathroomsFull", _read_baths)
    if full is None:
        return fields.read("BathsTotal", _read_baths) if total is None else total
    three_quarter = fields.read("BathroomsThreeQuarter", _read_baths) or 0
    half = fields.read("BathroomsHalf", _read_baths)
    quarter = fields.read("BathroomsOneQuarter", _read_baths) or 0
    if half is None:
        half = max(0.0, (total or 0) - full - three_quarter - quarter)
    return full + 0.75 * three_quarter + 0.5 * half + 0.25 * quarter


def _living_area(fields: Fields) -> float | None:
    area = fields.read("LivingArea", _read_area) or None  # 0 is how some servers say "absent"
    metric = folded(fields.text("LivingAreaUnits") or "") in {"squaremeters", "squaremetres", "sqm"}
    return area * SQFT_PER_SQUARE_METER if area and metric else area


def _lot(fields: Fields) -> float | None:
    if square_feet := fields.read("LotSizeSquareFeet", _read_lot):
        return square_feet
    if acres := fields.read("LotSizeAcres", _read_lot):
        return acres * SQFT_PER_ACRE
    area, units = fields.read("LotSizeArea", _read_lot), folded(fields.text("LotSizeUnits") or "")
    if not area:
        return None
    return {"acres": area * SQFT_PER_ACRE, "squarefeet": area, "squaremeters": area * SQFT_PER_SQUARE_METER}.get(units)


def _garage(fields: Fields) -> float | None:
    spaces = fields.read("GarageSpaces", _read_garage)
    return 0.0 if spaces is None and fields.flag("GarageYN") is False else spaces


def _hoa(fields: Fields) -> int | None:
    """Return the monthly fee. A fee whose period is not stated is unknown; no association is no fee."""
    association, fee = fields.flag("AssociationYN"), fields.read("AssociationFee", cents)
    if not fee:
        none_to_pay = association is False or (fee == 0 and association is None)
        return 0 if none_to_pay else None
    months = _MONTHS_OF_FEE.get(folded(fields.text("AssociationFeeFrequency") or ""))
    return None if months is None else round(fee / months)


def _pool(fields: Fields) -> bool | None:
    private = fields.flag("PoolPrivateYN")
    if private is not None:
        return private
    features = {folded(feature) for feature in fields.terms("PoolFeatures")}
    if features & _OWN_POOL:
        return True
    return False if features and features <= _NO_POOL else None


def _address(fields: Fields) -> tuple[str | None, str | None]:
    """Return the street line and the unit. UnparsedAddress may hold unit, city and postcode: only its line is kept."""
    unit, postal_code = fields.text("UnitNumber"), fields.text("PostalCode")
    line = (fields.text("UnparsedAddress") or "").partition(",")[0].strip()
    if not line or (postal_code and line.endswith(postal_code)):
        line = _composed_street(fields) or line
    found = _UNIT_AT_END.search(line)
    if found and " " in line[: found.start()] and unit in (None, found["unit"]):
        return line[: found.start()].strip(), found["unit"]
    return line or None, unit


def _composed_street(fields: Fields) -> str | None:
    number, street = fields.text("StreetNumber"), fields.text("StreetName")
    if not number or not street:
        return None
    prefix, suffix = fields.text("StreetDirPrefix"), fields.text("StreetSuffix")
    parts = (number, prefix, street, suffix, fields.text("StreetDirSuffix"))
    return " ".join(part for part in parts if part)


def _postal_code(record: Mapping[str, object], fields: Fields) -> str | None:
    code = fields.text("PostalCode")
    lost_zeros = isinstance(record.get("PostalCode"), int)  # a number where a text belongs: 02134 came as 2134
    return code.zfill(5) if code and lost_zeros else code


def _position(record: Mapping[str, object], fields: Fields) -> tuple[float | None, float | None]:
    latitude = fields.read("Latitude", _read_latitude)
    longitude = fields.read("Longitude", _read_longitude)
    point = record.get("GeoLocation")
    if latitude is None and longitude is None and isinstance(point, Mapping):
        pair = point.get("coordinates")
        if isinstance(pair, Sequence) and not isinstance(pair, str) and len(pair) == 2:
            here = Fields({"Longitude": pair[0], "Latitude": pair[1]}, fields.warn)  # GeoJSON: longitude first
            latitude, longitude = here.read("Latitude", _read_latitude), here.read("Longitude", _read_longitude)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None  # half a point is none, and (0, 0) lies in the Gulf of Guinea
    return latitude, longitude


def _uses(record: Mapping[str, object], fields: Fields) -> frozenset[str] | None:
    """Return the licence of the record: MLS Grid's MlgCanUse, else Bridge's FeedTypes and participation in IDX."""
    if "MlgCanUse" in record:
        return frozenset(use.upper() for use in fields.terms("MlgCanUse"))
    if feeds := fields.terms("FeedTypes"):
        return frozenset(use.upper() for use in feeds)
    idx = fields.flag("IDXParticipationYN")
    if idx is None:
        return frozenset() if "FeedTypes" in record else None
    return frozenset({"IDX"}) if idx else frozenset()


def _photos(fields: Fields) -> tuple[str, ...]:
    """Return the addresses of public photos in their numeric order: "10" comes after "2", no order comes last."""
    found: list[tuple[float, int, str]] = []
    for position, media in enumerate(fields.objects("Media")):
        item = Fields(media, fields.warn)
        category = folded(item.text("MediaCategory") or "photo")
        permissions = {folded(word) for word in item.terms("Permission")}
        url = item.read("MediaURL", text)
        if category not in _PHOTO or (permissions and not permissions & _OPEN_TO_ALL) or not url:
            continue
        if url.startswith(("https://", "http://")):
            order = item.read("Order", between(-1e9, 1e9))
            found.append((float("inf") if order is None else order, position, url))
    return tuple(url for _, _, url in sorted(found))
