"""Listings and events, once for everybody; resources and events as they concern one professional."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.pages import page_of
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict, Invalid
from nudge_core.model.event import (
    MARKET_EVENT,
    Activity,
    EventStatus,
    GlobalMlsEvent,
    ListingEvent,
    MarketEvent,
)
from nudge_core.model.listing import AcceptedListing
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.resource import Resource, ResourceStatus, ResourceType


class MemoryListings:
    """What change detection accepted last, per source and listing."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._listings = world.listings

    def _of(self, source_id: str) -> Sequence[AcceptedListing]:
        return [row for row in self._listings.rows() if row.snapshot.source_id == source_id]

    @reading
    async def accepted(self, source_id: str, keys: Sequence[str]) -> Mapping[str, AcceptedListing]:
        """Return the stored listings among `keys`."""
        return {key: row for key in keys if (row := self._listings.get((source_id, key))) is not None}

    @writing
    async def store(self, listings: Sequence[AcceptedListing]) -> None:
        """Insert or replace. A key may stand in it once only."""
        keys = [(listing.snapshot.source_id, listing.snapshot.listing_key) for listing in listings]
        if len(set(keys)) < len(keys):
            raise Invalid("listings", "each listing once", listings)
        for key, listing in zip(keys, listings, strict=True):
            self._listings.put(key, listing)

    @reading
    async def off_market_at(
        self, source_id: str, addresses: Sequence[str], since: datetime
    ) -> Mapping[str, AcceptedListing]:
        """Return, per address key, the listing that left the market last; of two at once the one with the later key."""
        left: dict[str, tuple[datetime, str, AcceptedListing]] = {}
        wanted = set(addresses)
        for row in self._of(source_id):
            address, when = row.snapshot.address_key, row.off_market_since
            if address is not None and address in wanted and when is not None and when >= since:
                candidate = (when, row.snapshot.listing_key, row)
                if address not in left or candidate[:2] > left[address][:2]:
                    left[address] = candidate
        return {address: row for address, (_, _, row) in left.items()}

    @reading
    async def held_keys(self, source_id: str) -> Sequence[str]:
        """Return the keys whose price is in quarantine, sorted."""
        return sorted(row.snapshot.listing_key for row in self._of(source_id) if row.held_price_cents is not None)

    @reading
    async def keys(self, source_id: str) -> frozenset[str]:
        """Return the keys of all stored listings that are not tombstones."""
        return frozenset(row.snapshot.listing_key for row in self._of(source_id) if not row.gone)


class MemoryGlobalEvents:
    """What happened, once for everybody."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._events = world.global_events

    @writing
    async def add(self, events: Sequence[GlobalMlsEvent]) -> frozenset[UUID]:
        """Store those not stored yet; return their ids."""
        new = {event.id: event for event in reversed(events) if event.id not in self._events}
        for event in new.values():
            self._events.put(event.id, event)
        return frozenset(new)

    @reading
    async def get(self, ids: Sequence[UUID]) -> Sequence[GlobalMlsEvent]:
        """Return the stored ones among `ids`, by time and id."""
        found = (event for event in map(self._events.get, set(ids)) if event is not None)
        return sorted(found, key=lambda event: (event.event_timestamp, event.id))

    @reading
    async def counts(self, source_id: str) -> Mapping[ListingEvent, int]:
        """Return how many of each kind are stored."""
        return dict(Counter(event.kind for event in self._events.rows() if event.source_id == source_id))


class MemoryResources:
    """The properties and contents in one professional's world."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._resources = world.book(work.user_id).resources
        self._ids = world.book(work.user_id).resource_ids

    @reading
    async def get(self, resource_id: UUID) -> Resource:
        """Return the resource, or raise NotFound."""
        return self._resources.need(resource_id, "resource")

    @writing
    async def store(self, resources: Sequence[Resource]) -> None:
        """Insert, or where (type, source, entity) is stored already: update it and keep its id and `created_at`."""
        keys = [(r.resource_type, r.source_id, r.entity_id) for r in resources]
        if len(set(keys)) < len(keys):
            raise Invalid("resources", "each (type, source, entity) once", resources)
        for key, resource in zip(keys, resources, strict=True):
            self._work.own(resource.user_id, "resource.user_id")
            known = self._ids.get(key)
            if known is None:
                self._resources.add(resource.id, resource, "resource")
                self._ids.put(key, resource.id)
            else:
                stored = self._resources.need(known, "resource")
                replaced = evolve(resource, id=known, created_at=stored.created_at, version=stored.version)
                if replaced != stored:
                    self._resources.put(known, evolve(replaced, version=stored.version + 1))
        if resources:
            self._users.need(resources[0].user_id, "user")

    @writing
    async def add(self, resource: Resource) -> None:
        """Store a new one. Raises Conflict when its id, or its (type, source, entity), is taken."""
        self._work.own(resource.user_id, "resource.user_id")
        key = (resource.resource_type, resource.source_id, resource.entity_id)
        if key in self._ids:
            raise Conflict("resource", "its entity is stored")
        self._resources.add(resource.id, resource, "resource")
        self._ids.put(key, resource.id)
        self._users.need(resource.user_id, "user")

    @writing
    async def save(self, resource: Resource) -> Resource:
        """Store a changed one over the version it was read at. Raises Conflict, NotFound."""
        self._work.own(resource.user_id, "resource.user_id")
        stored = self._resources.need(resource.id, "resource")
        if stored.version != resource.version:
            raise Conflict("resource", "somebody changed it since it was read")
        saved = evolve(
            stored,
            status=resource.status,
            attributes=resource.attributes,
            updated_at=resource.updated_at,
            version=stored.version + 1,
        )
        self._resources.put(saved.id, saved)
        return saved

    @reading
    async def page(
        self,
        request: PageRequest,
        *,
        resource_type: ResourceType | None = None,
        status: ResourceStatus | None = None,
        source_id: str | None = None,
    ) -> Page[Resource]:
        """Return a page of those that fit, the newest update first."""
        rows = [
            row
            for row in self._resources.rows()
            if resource_type in (None, row.resource_type)
            and status in (None, row.status)
            and source_id in (None, row.source_id)
        ]
        return page_of(rows, request, lambda row: (row.updated_at, row.id), (datetime, UUID), descending=True)

    @reading
    async def by_entity(self, source_id: str, entity_ids: Sequence[str]) -> Mapping[str, Resource]:
        """Return the stored ones, by entity id; where two types share one, the last type by name."""
        wanted = set(entity_ids)
        found = [r for r in self._resources.rows() if r.source_id == source_id and r.entity_id in wanted]
        return {row.entity_id: row for row in sorted(found, key=lambda row: row.resource_type.value)}

    @reading
    async def active(self, limit: int) -> Sequence[Resource]:
        """Return active ones, newest update first."""
        rows = [row for row in self._resources.rows() if row.status is ResourceStatus.ACTIVE]
        return sorted(rows, key=lambda row: (row.updated_at, row.id), reverse=True)[:limit]


class MemoryMarketEvents:
    """Events as they concern one professional."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._world = world
        self._book = world.book(work.user_id)
        self._events = self._book.market_events

    @writing
    async def add(self, events: Sequence[MarketEvent]) -> frozenset[UUID]:
        """Store those not stored yet; return their ids. Raises NotFound when what they speak of is not stored."""
        new: dict[UUID, MarketEvent] = {}
        for event in events:
            self._work.own(event.user_id, "marketevent.user_id")
            if event.id not in self._events:
                new[event.id] = event
                self._events.put(event.id, event)
        for event in new.values():
            self._world.users.need(event.user_id, "user")
            if event.global_event_id is not None:
                self._world.global_events.need(event.global_event_id, "global event")
            if event.resource_id is not None:
                self._book.resources.need(event.resource_id, "resource")
        return frozenset(new)

    @reading
    async def get(self, ids: Sequence[UUID]) -> Sequence[MarketEvent]:
        """Return the stored ones among `ids`, oldest first."""
        found = (event for event in map(self._events.get, set(ids)) if event is not None)
        return sorted(found, key=lambda event: (event.created_at, event.id))

    @reading
    async def about(self, resource_id: UUID, limit: int) -> Sequence[MarketEvent]:
        """Return the events about a resource, newest first."""
        found = [event for event in self._events.rows() if event.resource_id == resource_id]
        return sorted(found, key=lambda event: (event.created_at, event.id), reverse=True)[:limit]

    @writing
    async def mark(self, ids: Sequence[UUID], status: EventStatus, error: str | None = None) -> None:
        """Move events along their machine; already there is fine. Raises NotFound, IllegalTransition."""
        waiting = status is EventStatus.UNPROCESSED
        rows = [self._events.need(event_id, "market event") for event_id in sorted(set(ids))]
        for row in rows:
            if row.status is not status:
                moved = evolve(
                    row,
                    status=MARKET_EVENT.move(row.status, status),
                    error=error if status is EventStatus.ERROR else None,
                    processed_at=None if waiting else self._work.now,
                )
                self._events.put(row.id, moved)

    @reading
    async def counts(self) -> Mapping[str, int]:
        """Return how many there are per event type."""
        return dict(Counter(event.event_type for event in self._events.rows()))

    @reading
    async def page(
        self,
        request: PageRequest,
        *,
        event_type: str | None = None,
        status: EventStatus | None = None,
        entity_id: str | None = None,
    ) -> Page[MarketEvent]:
        """Return a page of those that fit, the newest first."""
        rows = [
            row
            for row in self._events.rows()
            if event_type in (None, row.event_type)
            and status in (None, row.status)
            and entity_id in (None, row.entity_id)
        ]
        return page_of(rows, request, lambda row: (row.created_at, row.id), (datetime, UUID), descending=True)

    @reading
    async def activity(self, since: datetime, until: datetime, limit: int) -> Sequence[Activity]:
        """Return how many there are per kind and area, the most first."""
        counted = Counter(
            (row.event_type, row.market_area) for row in self._events.rows() if since <= row.created_at < until
        )
        rows = [Activity(event_type=kind, market_area=area, count=count) for (kind, area), count in counted.items()]
        rows.sort(key=lambda row: (-row.count, row.event_type, row.market_area is None, row.market_area or ""))
        return rows[:limit]
