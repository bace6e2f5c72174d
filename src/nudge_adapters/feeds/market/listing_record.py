"""A listing as the server sends it: RESO Data Dictionary names, JSON values."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeAlias

from nudge_adapters.feeds.market.dice import Dice
from nudge_adapters.feeds.market.homes import CONDO, SQFT_PER_ACRE, Home
from nudge_adapters.feeds.market.places import STATE, UTC_OFFSET_HOURS
from nudge_adapters.feeds.market.remarks import private_remarks, public_remarks

Fields: TypeAlias = dict[str, Any]
"""Field name to JSON value. Any: what a record may hold is exactly what a client must not rely on."""

SYSTEM_NAME = "sample_hills"
"""OriginatingSystemName of this market. There is no such MLS."""

PHOTO_ADDRESS = "https://photos.example.com"
OFFICES = ("Lantana Realty", "Three Rivers Homes", "Bluestem Property Group", "Hill & Harbor Brokers")


def stamp(at: datetime) -> str:
    """Return an instant in UTC as RESO writes it, to the millisecond."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1_000:03d}Z"


def media(number: int, count: int, at: datetime) -> list[Fields]:
    """Return the photos of a listing, the first one with order 0."""
    return [
        {
            "MediaKey": f"{number}-{order}",
            "MediaURL": f"{PHOTO_ADDRESS}/{number}/{order}.jpg",
            "MediaCategory": "Photo",
            "Order": order,
            "PreferredPhotoYN": order == 0,
            "ResourceName": "Property",
            "ResourceRecordKey": str(number),
            "ModificationTimestamp": stamp(at),
            "MediaModificationTimestamp": stamp(at),
        }
        for order in range(min(count, MOST_MEDIA))
    ]


MOST_MEDIA = 6  # photos that are listed; PhotosCount tells how many there are


def first_record(home: Home, dice: Dice, number: int, *, entered: datetime, expires: datetime, photos: int) -> Fields:
    """Return the record of a home whose agent begins to enter it at `entered`, without status and price."""
    signed = entered + timedelta(hours=UTC_OFFSET_HOURS) - timedelta(days=dice.between(0, 4))
    return {
        "ListingKey": str(number),
        "ListingKeyNumeric": number,
        "ListingId": f"SH{number % 10_000_000:07d}",
        "OriginatingSystemName": SYSTEM_NAME,
        "MlgCanView": True,
        "MlgCanUse": ["IDX", "VOW"],
        "PropertyType": "Residential Lease" if home.lease else "Residential",
        "PropertySubType": home.subtype,
        "OriginalEntryTimestamp": stamp(entered),
        "ListingContractDate": signed.date().isoformat(),
        "ExpirationDate": expires.date().isoformat(),
        "PhotosCount": photos,
        "PhotosChangeTimestamp": stamp(entered),
        "Media": media(number, photos, entered),
        "ListOfficeName": dice.pick(OFFICES),
        "InternetEntireListingDisplayYN": not dice.chance(0.01),
        "InternetAddressDisplayYN": not dice.chance(0.02),
        "PublicRemarks": public_remarks(home, dice),
        "PrivateRemarks": private_remarks(dice),
        "ShowingInstructions": dice.pick(("Go and show", "Appointment only", "Call the listing agent")),
        **_facts(home, dice),
        **_whereabouts(home),
        **dict.fromkeys(FILLED_LATER),
    }


FILLED_LATER = (
    "PreviousListPrice",
    "PriceChangeTimestamp",
    "ClosePrice",
    "CloseDate",
    "OnMarketTimestamp",
    "OnMarketDate",
    "OffMarketTimestamp",
    "OffMarketDate",
    "PendingTimestamp",
    "WithdrawnDate",
    "CancellationDate",
    "BackOnMarketDate",
    "ActivationDate",
)


def _facts(home: Home, dice: Dice) -> Fields:
    """Return what the home is. Agents leave fields empty although the remarks tell: so does this."""
    garage = "garage" in home.features
    return {
        "BedroomsTotal": home.beds,
        "BathroomsFull": home.full_baths,
        "BathroomsHalf": home.half_baths,
        "BathroomsTotalInteger": home.full_baths + home.half_baths,
        "LivingArea": home.area_sqft,
        "LivingAreaUnits": None if dice.chance(0.3) else "Square Feet",
        "LotSizeSquareFeet": home.lot_sqft,
        "LotSizeAcres": None if home.lot_sqft is None else round(home.lot_sqft / SQFT_PER_ACRE, 3),
        "YearBuilt": home.year_built,
        "Stories": home.stories,
        "GarageYN": None if dice.chance(0.1) else garage,
        "GarageSpaces": None if dice.chance(0.15) else home.garage_spaces,
        "ParkingFeatures": ["Attached", "Garage"] if garage else ["Driveway"],
        "PoolPrivateYN": None if dice.chance(0.2) else "pool" in home.features,
        "PoolFeatures": ["In Ground", "Private"] if "pool" in home.features else ["None"],
        "WaterfrontYN": "waterfront" in home.features,
        "FireplaceYN": "fireplace" in home.features,
        "Fencing": ["Back Yard", "Privacy"] if "fenced_yard" in home.features else None,
        "AssociationYN": None if home.hoa_usd is None else home.hoa_usd > 0,
        "AssociationFee": home.hoa_usd,
        "AssociationFeeFrequency": "Monthly" if home.hoa_usd else None,
        "NewConstructionYN": False,
    }


def _whereabouts(home: Home) -> Fields:
    return {
        "StreetNumber": str(home.street_number),
        "StreetName": home.street,
        "StreetSuffix": home.suffix,
        "UnitNumber": home.unit,
        "UnparsedAddress": f"{home.address} # {home.unit}" if home.subtype == CONDO else home.address,
        "City": home.place.city,
        "CountyOrParish": home.place.county,
        "StateOrProvince": STATE,
        "PostalCode": home.place.postal_code,
        "SubdivisionName": home.place.subdivision,
        "Country": "US",
        "Latitude": home.latitude,
        "Longitude": home.longitude,
    }
