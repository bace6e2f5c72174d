"""What a vendor's records look like: the few things in which one RESO or Spark feed differs from another."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import field, frozen

from nudge_core.model.listing import ListingStatus
from nudge_core.verticals.real_estate.changes.statuses import folded


def _by_folded_name(table: Mapping[str, ListingStatus]) -> Mapping[str, ListingStatus]:
    return MappingProxyType({folded(name): status for name, status in table.items()})


def _read_only(table: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(table))


@frozen(kw_only=True)
class RecordShape:
    """How to read the records of one feed. Facts about vendors: `mls-feeds.md` section 3.

    key_field: the record's key, such as `ListingKey` or `ListingKeyNumeric`; numbers are read as their digits.
    watermark_field: what paging and ordering go by, such as `BridgeModificationTimestamp`.
    mls_status: local statuses and the standard status each belongs to; asked only where StandardStatus is missing.
    property_types: local codes and their names, such as Spark's `{"A": "Residential", "F": "Rental"}`.
    lookup_names: member names of lookups and their display names, from `$metadata` (`SaltLakeCity`: "Salt Lake City").
    key_prefix: what the vendor puts before an MLS number (`ACT`); taken off `listing_id`, never off the key.
    photos_may_be_linked: False where photo addresses are for download only (MLS Grid): then there are none.
    next_link_header: a response header that holds the next link (Bridge's replication).
    """

    key_field: str = "ListingKey"
    watermark_field: str = "ModificationTimestamp"
    mls_status: Mapping[str, ListingStatus] = field(factory=dict[str, ListingStatus], converter=_by_folded_name)
    property_types: Mapping[str, str] = field(factory=dict[str, str], converter=_read_only)
    lookup_names: Mapping[str, str] = field(factory=dict[str, str], converter=_read_only)
    key_prefix: str = ""
    photos_may_be_linked: bool = True
    next_link_header: str | None = None


RESO_SELECT: tuple[str, ...] = (
    "ListingKey",
    "ListingId",
    "ModificationTimestamp",
    "StandardStatus",
    "MlsStatus",
    "ListPrice",
    "OriginalListPrice",
    "PreviousListPrice",
    "ClosePrice",
    "CloseDate",
    "PriceChangeTimestamp",
    "StatusChangeTimestamp",
    "MajorChangeType",
    "MajorChangeTimestamp",
    "OriginalEntryTimestamp",
    "OnMarketTimestamp",
    "OnMarketDate",
    "ListingContractDate",
    "PropertyType",
    "PropertySubType",
    "BedroomsTotal",
    "BathroomsTotalInteger",
    "BathroomsFull",
    "BathroomsThreeQuarter",
    "BathroomsHalf",
    "BathroomsOneQuarter",
    "LivingArea",
    "LivingAreaUnits",
    "LotSizeSquareFeet",
    "LotSizeAcres",
    "LotSizeArea",
    "LotSizeUnits",
    "YearBuilt",
    "GarageSpaces",
    "GarageYN",
    "AssociationYN",
    "AssociationFee",
    "AssociationFeeFrequency",
    "PoolPrivateYN",
    "PoolFeatures",
    "WaterfrontYN",
    "UnparsedAddress",
    "StreetNumber",
    "StreetDirPrefix",
    "StreetName",
    "StreetSuffix",
    "StreetDirSuffix",
    "UnitNumber",
    "City",
    "StateOrProvince",
    "PostalCode",
    "SubdivisionName",
    "Latitude",
    "Longitude",
    "PublicRemarks",
    "InternetEntireListingDisplayYN",
    "InternetAddressDisplayYN",
)
"""The allow-list for `$select`: standard fields (Data Dictionary 1.7 and 2.0) that are read, and no others.

A server answers 400 to a name it does not know, so ask for those of them that its `$metadata` has, plus the feed's own
key, watermark and licence fields (`VENDOR_FIELDS`).
"""

VENDOR_FIELDS: tuple[str, ...] = (
    "ListingKeyNumeric",
    "BridgeModificationTimestamp",
    "MlgCanView",
    "MlgCanUse",
    "FeedTypes",
    "IDXParticipationYN",
    "GeoLocation",
)
"""Fields that are read where they are there, and that only some vendors have."""
