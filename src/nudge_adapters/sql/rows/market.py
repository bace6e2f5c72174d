"""Listings, events and resources. What ingest writes goes as columns of many rows, not row by row."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nudge_adapters.sql.bulk import json_bytes
from nudge_adapters.sql.rows.values import NewRow, Row, json_from, to_object
from nudge_core.errors import Invalid
from nudge_core.model.event import EventStatus, GlobalMlsEvent, ListingEvent, MarketEvent
from nudge_core.model.listing import AcceptedListing, ListingSnapshot
from nudge_core.model.resource import Resource

Columns = tuple[list[object], ...]

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(ListingSnapshot)

LISTING = (
    "source_id",
    "listing_key",
    "address_key",
    "modified_at",
    "off_market_since",
    "held_price_cents",
    "gone",
    "transitions",
    "snapshot",
)


def listings_to_columns(listings: Sequence[AcceptedListing]) -> Columns:
    """Return the columns `LISTING`; the snapshot is JSON in UTF-8."""
    return (
        [listing.snapshot.source_id for listing in listings],
        [listing.snapshot.listing_key for listing in listings],
        [listing.snapshot.address_key for listing in listings],
        [listing.snapshot.modified_at for listing in listings],
        [listing.off_market_since for listing in listings],
        [listing.held_price_cents for listing in listings],
        [listing.gone for listing in listings],
        [listing.transitions for listing in listings],
        [_ENCODER.encode(listing.snapshot) for listing in listings],
    )


def listing_from_row(row: Row) -> AcceptedListing:
    """Return a listing; `snapshot` is JSON text."""
    try:
        snapshot = _DECODER.decode(row["snapshot"])
    except msgspec.ValidationError as error:
        raise Invalid("listingsnapshot.snapshot", f"a snapshot as this version writes it ({error})") from error
    return AcceptedListing(
        snapshot=snapshot,
        transitions=row["transitions"],
        held_price_cents=row["held_price_cents"],
        gone=row["gone"],
        off_market_since=row["off_market_since"],
    )


GLOBAL_EVENT = (
    "id",
    "source_id",
    "listing_key",
    "kind",
    "change",
    "raw_payload",
    "event_timestamp",
    "created_at",
)


def global_events_to_columns(events: Sequence[GlobalMlsEvent]) -> Columns:
    """Return the columns `GLOBAL_EVENT`."""
    return (
        [event.id for event in events],
        [event.source_id for event in events],
        [event.listing_key for event in events],
        [event.kind.value for event in events],
        [json_bytes(event.change) for event in events],
        [json_bytes(event.raw_payload) for event in events],
        [event.event_timestamp for event in events],
        [event.created_at for event in events],
    )


def global_event_from_row(row: Row) -> GlobalMlsEvent:
    """Return a global event."""
    return GlobalMlsEvent(
        id=row["id"],
        source_id=row["source_id"],
        listing_key=row["listing_key"],
        kind=ListingEvent(row["kind"]),
        change=json_from(row["change"]),
        raw_payload=json_from(row["raw_payload"]),
        event_timestamp=row["event_timestamp"],
        created_at=row["created_at"],
    )


RESOURCE = (
    "id",
    "user_id",
    "resource_type",
    "status",
    "source_id",
    "entity_id",
    "attributes",
    "created_at",
    "updated_at",
    "version",
)


def resources_to_columns(resources: Sequence[Resource]) -> Columns:
    """Return the columns `RESOURCE`."""
    return (
        [resource.id for resource in resources],
        [resource.user_id for resource in resources],
        [resource.resource_type.value for resource in resources],
        [resource.status.value for resource in resources],
        [resource.source_id for resource in resources],
        [resource.entity_id for resource in resources],
        [json_bytes(resource.attributes) for resource in resources],
        [resource.created_at for resource in resources],
        [resource.updated_at for resource in resources],
        [resource.version for resource in resources],
    )


def resource_to_row(resource: Resource) -> NewRow:
    """Return the row of one resource."""
    return {
        "id": resource.id,
        "user_id": resource.user_id,
        "resource_type": resource.resource_type,
        "status": resource.status,
        "source_id": resource.source_id,
        "entity_id": resource.entity_id,
        "attributes": to_object(resource.attributes),
        "created_at": resource.created_at,
        "updated_at": resource.updated_at,
        "version": resource.version,
    }


def resource_from_row(row: Row) -> Resource:
    """Return a resource."""
    return Resource(
        id=row["id"],
        user_id=row["user_id"],
        resource_type=row["resource_type"],
        status=row["status"],
        source_id=row["source_id"],
        entity_id=row["entity_id"],
        attributes=json_from(row["attributes"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )


MARKET_EVENT = (
    "id",
    "user_id",
    "event_type",
    "entity_id",
    "entity_type",
    "source_id",
    "payload",
    "market_area",
    "status",
    "error",
    "global_event_id",
    "resource_id",
    "created_at",
    "processed_at",
)


def market_events_to_columns(events: Sequence[MarketEvent]) -> Columns:
    """Return the columns `MARKET_EVENT`."""
    return (
        [event.id for event in events],
        [event.user_id for event in events],
        [event.event_type for event in events],
        [event.entity_id for event in events],
        [event.entity_type for event in events],
        [event.source_id for event in events],
        [json_bytes(event.payload) for event in events],
        [event.market_area for event in events],
        [event.status.value for event in events],
        [event.error for event in events],
        [event.global_event_id for event in events],
        [event.resource_id for event in events],
        [event.created_at for event in events],
        [event.processed_at for event in events],
    )


def market_event_from_row(row: Row) -> MarketEvent:
    """Return a market event."""
    return MarketEvent(
        id=row["id"],
        user_id=row["user_id"],
        event_type=row["event_type"],
        entity_id=row["entity_id"],
        entity_type=row["entity_type"],
        source_id=row["source_id"],
        payload=json_from(row["payload"]),
        market_area=row["market_area"],
        status=EventStatus(row["status"]),
        error=row["error"],
        global_event_id=row["global_event_id"],
        resource_id=row["resource_id"],
        created_at=row["created_at"],
        processed_at=row["processed_at"],
    )
