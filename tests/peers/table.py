"""A source whose rows a test writes one by one, in the ways of each vendor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from nudge_adapters.feeds.market import Links, Manner
from nudge_adapters.feeds.market.listing_record import stamp

Fields = dict[str, Any]

CANARY = "Lockbox code 4711"
"""Stands in the private fields of every row: found anywhere behind the feed, it has leaked."""

SYSTEM = "testmls"


def row(key: str, at: datetime | str | None, price_usd: float = 500_000, **more: object) -> Fields:
    """Return a record of a listing that was last changed at `at`."""
    written = at if at is None or isinstance(at, str) else stamp(at)
    return {
        "ListingKey": key,
        "ListingKeyNumeric": int(key) if key.isdigit() else None,
        "ListingId": f"ID{key}",
        "OriginatingSystemName": SYSTEM,
        "MlgCanView": True,
        "MlgCanUse": ["IDX"],
        "ModificationTimestamp": written,
        "StandardStatus": "Active",
        "MlsStatus": "Active",
        "ListPrice": price_usd,
        "PropertyType": "Residential",
        "UnparsedAddress": f"{key} Test St",
        "City": "O'Fallon",
        "PostalCode": "02134",
        "PublicRemarks": "Garage.",
        "PrivateRemarks": CANARY,
        "ShowingInstructions": CANARY,
        "Media": [{"MediaKey": f"{key}-0", "MediaURL": f"https://photos.example.com/{key}/0.jpg", "Order": 0}],
    } | more


class Table:
    """An `Inventory` written by hand. Rows are replaced whole, so the server's thread never sees half of one."""

    def __init__(self, rows: Sequence[Fields] = ()) -> None:
        self._rows: dict[str, Fields] = {str(one["ListingKey"]): one for one in rows}
        self.advanced_to: datetime | None = None

    def put(self, record: Fields) -> None:
        """Add or replace a row."""
        self._rows = {**self._rows, str(record["ListingKey"]): record}

    def clear(self) -> None:
        """Take all rows away."""
        self._rows = {}

    def remove(self, key: str) -> None:
        """Take a row away without a sign."""
        self._rows = {name: one for name, one in self._rows.items() if name != key}

    def advance(self, to: datetime) -> None:
        """Remember the instant."""
        self.advanced_to = to

    def records(self) -> Sequence[Fields]:
        """Return the rows by key."""
        return [self._rows[key] for key in sorted(self._rows)]


# What servers of each vendor do, from `mls-feeds.md` section 3, written down apart from the adapter's own profiles.
MLS_GRID = Manner(
    default_page=500,
    largest_page=1_000,
    largest_is_error=True,
    top_is_page_size=True,
    links=Links.SKIP,
    default_order="ModificationTimestamp",
    may_order=False,
    searchable=frozenset(
        {
            "OriginatingSystemName",
            "ModificationTimestamp",
            "StandardStatus",
            "PropertyType",
            "ListingId",
            "MlgCanView",
            "ListOfficeName",
        }
    ),
    most_ors=5,
    required_filter="OriginatingSystemName",
    demands_gzip=True,
)
BRIDGE = Manner(
    watermark_field="BridgeModificationTimestamp",
    default_page=10,
    largest_page=200,
    links=Links.HEADER,
    inline_media=True,
)
TRESTLE = Manner(default_page=10, largest_page=1_000, links=Links.SKIP, html_token_errors=True)
SPARK_RESO = Manner(default_page=10, largest_page=1_000, links=Links.SKIPTOKEN, top_is_page_size=True, may_order=False)
WFRMLS = Manner(key_field="ListingKeyNumeric", largest_page=200, links=Links.NONE, default_order="ListingKeyNumeric")


class BridgeTable(Table):
    """Bridge's own timestamp moves with every change; the MLS's stays where it was (`mls-feeds.md` 3.3)."""

    STALE = "2020-01-01T00:00:00.000Z"

    def put(self, record: Fields) -> None:
        """Add or replace a row."""
        moved = {
            "BridgeModificationTimestamp": record["ModificationTimestamp"],
            "ModificationTimestamp": self.STALE,
        }
        super().put(record | moved)
