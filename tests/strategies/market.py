"""Listings, events, resources, and how far a feed has been read."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from nudge_core.model.event import GlobalMlsEvent, ListingEvent, MarketEvent
from nudge_core.model.feed import FeedCursor, UnreadRecord
from nudge_core.model.listing import AcceptedListing, ListingSnapshot, ListingStatus
from nudge_core.model.resource import Resource, ResourceStatus, ResourceType
from tests.strategies.values import entity, instants, json_objects, maybe, texts, words


def snapshots(**fixed: Any) -> st.SearchStrategy[ListingSnapshot]:
    """What a feed said about a listing."""
    cents, measures = maybe(st.integers(0, 10**12)), maybe(st.floats(0, 10**6, allow_nan=False))
    dates = maybe(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
    defaults = {
        "source_id": words(),
        "listing_key": texts(20, at_least=1),
        "listing_id": maybe(texts()),
        "watermark": maybe(texts()),
        "modified_at": maybe(instants()),
        "status": maybe(st.sampled_from(ListingStatus)),
        "status_text": maybe(texts()),
        "last_known_status": maybe(st.sampled_from(ListingStatus)),
        "list_price_cents": cents,
        "original_list_price_cents": cents,
        "close_price_cents": cents,
        "close_date": dates,
        "on_market_date": dates,
        "price_changed_at": maybe(instants()),
        "beds": maybe(st.integers(0, 20)),
        "baths": measures,
        "living_area_sqft": measures,
        "pool": maybe(st.booleans()),
        "address": maybe(texts()),
        "unit": maybe(words()),
        "city": maybe(texts()),
        "postal_code": maybe(st.from_regex(r"[0-9]{5}", fullmatch=True)),
        "latitude": maybe(st.floats(-90, 90)),
        "longitude": maybe(st.floats(-180, 180)),
        "remarks": maybe(texts(200)),
        "display_allowed": st.booleans(),
        "can_view": st.booleans(),
        "uses": maybe(st.frozensets(st.sampled_from(["IDX", "VOW", "BO"]))),
        "photo_urls": st.lists(words(), max_size=2).map(tuple),
    }
    return entity(ListingSnapshot, defaults, fixed)


def accepted_listings(snapshot: st.SearchStrategy[ListingSnapshot] | None = None) -> st.SearchStrategy[AcceptedListing]:
    """A listing as change detection keeps it."""
    return st.builds(
        AcceptedListing,
        snapshot=snapshots() if snapshot is None else snapshot,
        transitions=st.integers(0, 2**31 - 1),
        held_price_cents=maybe(st.integers(0, 10**12)),
        gone=st.booleans(),
        off_market_since=maybe(instants()),
    )


def global_events(**fixed: Any) -> st.SearchStrategy[GlobalMlsEvent]:
    """A change of a listing."""
    defaults = {
        "id": st.uuids(),
        "source_id": words(),
        "listing_key": texts(20, at_least=1),
        "kind": st.sampled_from(ListingEvent),
        "event_timestamp": instants(),
        "created_at": instants(),
        "change": json_objects(),
        "raw_payload": json_objects(),
    }
    return entity(GlobalMlsEvent, defaults, fixed)


def market_events(**fixed: Any) -> st.SearchStrategy[MarketEvent]:
    """An event as it concerns one professional, not looked at yet; it speaks of nothing stored unless asked to."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "event_type": st.sampled_from(ListingEvent).map(str),
        "entity_id": texts(20, at_least=1),
        "created_at": instants(),
        "source_id": words(),
        "market_area": maybe(texts()),
        "payload": json_objects(),
    }
    return entity(MarketEvent, defaults, fixed)


def resources(**fixed: Any) -> st.SearchStrategy[Resource]:
    """A property or a piece of content."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "resource_type": st.sampled_from(ResourceType),
        "status": st.sampled_from(ResourceStatus),
        "entity_id": texts(20, at_least=1),
        "created_at": instants(),
        "updated_at": instants(),
        "source_id": st.just("") | words(),
        "attributes": json_objects(),
    }
    return entity(Resource, defaults, fixed)


def cursors(**fixed: Any) -> st.SearchStrategy[FeedCursor]:
    """How far a source has been read."""
    defaults = {
        "source_id": words(),
        "state": json_objects(),
        "baseline_done": st.booleans(),
        "read_until": maybe(instants()),
    }
    return entity(FeedCursor, defaults, fixed)


def unread_records(**fixed: Any) -> st.SearchStrategy[UnreadRecord]:
    """A record that could not be read; its raw text may hold anything."""
    defaults = {
        "source_id": words(),
        "listing_key": maybe(st.text(max_size=10)),
        "rule": texts(at_least=1),
        "raw": st.text(max_size=60),
    }
    return entity(UnreadRecord, defaults, fixed)
