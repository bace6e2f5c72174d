"""Listings and events, once for everybody; resources and events as they concern one professional.

What ingest writes is one statement whatever the number of rows, and it goes in one order for all, so that two
transactions cannot wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, any_, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.types import String, Uuid

from nudge_adapters.sql import tables
from nudge_adapters.sql.bulk import insert_arrays
from nudge_adapters.sql.ports.pages import read_page
from nudge_adapters.sql.rows.market import (
    GLOBAL_EVENT,
    LISTING,
    MARKET_EVENT,
    RESOURCE,
    global_event_from_row,
    global_events_to_columns,
    listing_from_row,
    listings_to_columns,
    market_event_from_row,
    market_events_to_columns,
    resource_from_row,
    resource_to_row,
    resources_to_columns,
)
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict, Invalid, NotFound
from nudge_core.model.event import MARKET_EVENT as MACHINE
from nudge_core.model.event import Activity, EventStatus, GlobalMlsEvent, ListingEvent, MarketEvent
from nudge_core.model.listing import AcceptedListing
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.resource import Resource, ResourceStatus, ResourceType

_listing, _event = tables.listingsnapshot, tables.globalmlsevent
_resource, _market = tables.resource, tables.marketevent

_CHANGING = [name for name in LISTING if name not in ("source_id", "listing_key")]
_AS_TEXT = {"snapshot": "snapshot::text"}  # json has no equality


def _compared(row: str, names: Sequence[str]) -> str:
    return "(" + ", ".join(f"{row}.{_AS_TEXT.get(name, name)}" for name in names) + ")"


_STORE_LISTINGS = insert_arrays(
    _listing,
    LISTING,
    "ON CONFLICT ON CONSTRAINT pk_listingsnapshot DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _CHANGING)
    + f" WHERE {_compared('stored', _CHANGING)} IS DISTINCT FROM {_compared('excluded', _CHANGING)}",
)
_ADD_GLOBAL = insert_arrays(_event, GLOBAL_EVENT, "ON CONFLICT ON CONSTRAINT pk_globalmlsevent DO NOTHING RETURNING id")
_REPLACED = ("status", "attributes", "updated_at")
_STORE_RESOURCES = insert_arrays(
    _resource,
    RESOURCE,
    "ON CONFLICT ON CONSTRAINT uq_resource_user_id_resource_type_source_id_entity_id DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _REPLACED)
    + ", version = stored.version + 1"
    + f" WHERE {_compared('stored', _REPLACED)} IS DISTINCT FROM {_compared('excluded', _REPLACED)}",
)
_ADD_MARKET = insert_arrays(_market, MARKET_EVENT, "ON CONFLICT ON CONSTRAINT pk_marketevent DO NOTHING RETURNING id")


_LISTINGS = select(
    *(cast(column, Text).label("snapshot") if column.name == "snapshot" else column for column in _listing.c)
)


class SqlListings:
    """What change detection accepted last, per source and listing."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @reading
    async def accepted(self, source_id: str, keys: Sequence[str]) -> Mapping[str, AcceptedListing]:
        """Return the stored listings among `keys`."""
        query = _LISTINGS.where(
            _listing.c.source_id == source_id, _listing.c.listing_key == any_(literal(list(keys), ARRAY(String)))
        )
        return {row["listing_key"]: listing_from_row(row) for row in await self._work.rows(query)}

    @writing
    async def store(self, listings: Sequence[AcceptedListing]) -> None:
        """Insert or replace; one statement whatever their number. A key may stand in it once only."""
        ordered = sorted(listings, key=lambda row: (row.snapshot.source_id, row.snapshot.listing_key))
        if len({(row.snapshot.source_id, row.snapshot.listing_key) for row in ordered}) < len(ordered):
            raise Invalid("listings", "each listing once", listings)
        if ordered:
            await self._work.insert(_STORE_LISTINGS, listings_to_columns(ordered))

    @reading
    async def off_market_at(
        self, source_id: str, addresses: Sequence[str], since: datetime
    ) -> Mapping[str, AcceptedListing]:
        """Return, per address key, the listing that left the market last; of two at once the one with the later key."""
        query = (
            _LISTINGS.ext(distinct_on(_listing.c.address_key))
            .where(
                _listing.c.source_id == source_id,
                _listing.c.address_key == any_(literal(list(addresses), ARRAY(String))),
                _listing.c.off_market_since >= since,
            )
            .order_by(
                _listing.c.address_key,
                _listing.c.off_market_since.desc(),
                _listing.c.listing_key.collate("C").desc(),
            )
        )
        return {row["address_key"]: listing_from_row(row) for row in await self._work.rows(query)}

    @reading
    async def held_keys(self, source_id: str) -> Sequence[str]:
        """Return the keys whose price is in quarantine, sorted."""
        held = (_listing.c.source_id == source_id, _listing.c.held_price_cents.is_not(None))
        return sorted((await self._work.run(select(_listing.c.listing_key).where(*held))).scalars())

    @reading
    async def keys(self, source_id: str) -> frozenset[str]:
        """Return the keys of all stored listings that are not tombstones."""
        there = (_listing.c.source_id == source_id, _listing.c.gone.is_(False))
        return frozenset((await self._work.run(select(_listing.c.listing_key).where(*there))).scalars())


class SqlGlobalEvents:
    """What happened, once for everybody."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def add(self, events: Sequence[GlobalMlsEvent]) -> frozenset[UUID]:
        """Store those not stored yet, one statement whatever their number; return their ids."""
        if not events:
            return frozenset()
        ordered = sorted(events, key=lambda event: event.id.int)
        return frozenset((await self._work.insert(_ADD_GLOBAL, global_events_to_columns(ordered))).scalars())

    @reading
    async def get(self, ids: Sequence[UUID]) -> Sequence[GlobalMlsEvent]:
        """Return the stored ones among `ids`, by time and id."""
        query = select(_event).where(_event.c.id == any_(literal(list(ids), ARRAY(Uuid))))
        rows = await self._work.rows(query.order_by(_event.c.event_timestamp, _event.c.id))
        return [global_event_from_row(row) for row in rows]

    @reading
    async def counts(self, source_id: str) -> Mapping[ListingEvent, int]:
        """Return how many of each kind are stored."""
        query = select(_event.c.kind, func.count()).where(_event.c.source_id == source_id).group_by(_event.c.kind)
        return {ListingEvent(kind): count for kind, count in (await self._work.pairs(query)).items()}


class SqlResources:
    """The properties and contents in one professional's world."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _resource.c.user_id == work.owner

    @reading
    async def get(self, resource_id: UUID) -> Resource:
        """Return the resource, or raise NotFound."""
        query = select(_resource).where(self._mine, _resource.c.id == resource_id)
        row = await self._work.row(query)
        if row is None:
            raise NotFound("resource", resource_id)
        return resource_from_row(row)

    @writing
    async def store(self, resources: Sequence[Resource]) -> None:
        """Insert, or where (type, source, entity) is stored already: update it and keep its id and `created_at`."""
        for resource in resources:
            self._work.own(resource.user_id, "resource.user_id")
        ordered = sorted(resources, key=lambda row: (row.resource_type, row.source_id, row.entity_id))
        if len({(row.resource_type, row.source_id, row.entity_id) for row in ordered}) < len(ordered):
            raise Invalid("resources", "each (type, source, entity) once", resources)
        if ordered:
            await self._work.insert(_STORE_RESOURCES, resources_to_columns(ordered))

    @writing
    async def add(self, resource: Resource) -> None:
        """Store a new one. Raises Conflict when its id, or its (type, source, entity), is taken."""
        self._work.own(resource.user_id, "resource.user_id")
        await self._work.run(insert(_resource), resource_to_row(resource))

    @writing
    async def save(self, resource: Resource) -> Resource:
        """Store a changed one over the version it was read at. Raises Conflict, NotFound."""
        self._work.own(resource.user_id, "resource.user_id")
        row = resource_to_row(resource)
        values = {**{name: row[name] for name in _REPLACED}, "version": resource.version + 1}
        this = (self._mine, _resource.c.id == resource.id)
        changed = update(_resource).where(*this, _resource.c.version == resource.version).values(values)
        saved = await self._work.row(changed.returning(*_resource.c))
        if saved is None:
            if await self._work.row(select(_resource.c.id).where(*this)) is None:
                raise NotFound("resource", resource.id)
            raise Conflict("resource", "somebody changed it since it was read")
        return resource_from_row(saved)

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
        query = select(_resource).where(self._mine)
        if resource_type is not None:
            query = query.where(_resource.c.resource_type == resource_type)
        if status is not None:
            query = query.where(_resource.c.status == status)
        if source_id is not None:
            query = query.where(_resource.c.source_id == source_id)
        columns = (_resource.c.updated_at, _resource.c.id)
        return await read_page(self._work, query, columns, request, resource_from_row, descending=True)

    @reading
    async def by_entity(self, source_id: str, entity_ids: Sequence[str]) -> Mapping[str, Resource]:
        """Return the stored ones, by entity id; where two types share one, the last type by name."""
        wanted = (
            _resource.c.source_id == source_id,
            _resource.c.entity_id == any_(literal(list(entity_ids), ARRAY(String))),
        )
        rows = await self._work.rows(select(_resource).where(self._mine, *wanted))
        found = sorted(map(resource_from_row, rows), key=lambda row: row.resource_type.value)
        return {row.entity_id: row for row in found}

    @reading
    async def active(self, limit: int) -> Sequence[Resource]:
        """Return active ones, newest update first."""
        query = select(_resource).where(self._mine, _resource.c.status == ResourceStatus.ACTIVE)
        newest = query.order_by(_resource.c.updated_at.desc(), _resource.c.id.desc()).limit(limit)
        return [resource_from_row(row) for row in await self._work.rows(newest)]


class SqlMarketEvents:
    """Events as they concern one professional."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _market.c.user_id == work.owner

    @writing
    async def add(self, events: Sequence[MarketEvent]) -> frozenset[UUID]:
        """Store those not stored yet; return their ids. Raises NotFound when what they speak of is not stored."""
        for event in events:
            self._work.own(event.user_id, "marketevent.user_id")
        if not events:
            return frozenset()
        ordered = sorted(events, key=lambda event: event.id.int)
        return frozenset((await self._work.insert(_ADD_MARKET, market_events_to_columns(ordered))).scalars())

    @reading
    async def get(self, ids: Sequence[UUID]) -> Sequence[MarketEvent]:
        """Return the stored ones among `ids`, oldest first."""
        query = select(_market).where(self._mine, _market.c.id == any_(literal(list(ids), ARRAY(Uuid))))
        rows = await self._work.rows(query.order_by(_market.c.created_at, _market.c.id))
        return [market_event_from_row(row) for row in rows]

    @reading
    async def about(self, resource_id: UUID, limit: int) -> Sequence[MarketEvent]:
        """Return the events about a resource, newest first."""
        query = select(_market).where(self._mine, _market.c.resource_id == resource_id)
        newest = query.order_by(_market.c.created_at.desc(), _market.c.id.desc()).limit(limit)
        return [market_event_from_row(row) for row in await self._work.rows(newest)]

    @writing
    async def mark(self, ids: Sequence[UUID], status: EventStatus, error: str | None = None) -> None:
        """Move events along their machine; already there is fine. Raises NotFound, IllegalTransition."""
        wanted = set(ids)
        these = (self._mine, _market.c.id == any_(literal(sorted(wanted), ARRAY(Uuid))))
        query = select(_market).where(*these).order_by(_market.c.id).with_for_update()
        stored = [market_event_from_row(row) for row in await self._work.rows(query)]
        for missing in sorted(wanted - {event.id for event in stored}):
            raise NotFound("market event", missing)
        moving = [event for event in stored if event.status is not status]
        for event in moving:
            MACHINE.move(event.status, status)
        if moving:
            values = {
                "status": status.value,
                "error": error if status is EventStatus.ERROR else None,
                "processed_at": None if status is EventStatus.UNPROCESSED else self._work.now,
            }
            moved = [event.id for event in moving]
            await self._work.run(
                update(_market).where(self._mine, _market.c.id == any_(literal(moved, ARRAY(Uuid)))).values(values)
            )

    @reading
    async def counts(self) -> Mapping[str, int]:
        """Return how many there are per event type."""
        query = select(_market.c.event_type, func.count()).where(self._mine).group_by(_market.c.event_type)
        return await self._work.pairs(query)

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
        query = select(_market).where(self._mine)
        if event_type is not None:
            query = query.where(_market.c.event_type == event_type)
        if status is not None:
            query = query.where(_market.c.status == status.value)
        if entity_id is not None:
            query = query.where(_market.c.entity_id == entity_id)
        columns = (_market.c.created_at, _market.c.id)
        return await read_page(self._work, query, columns, request, market_event_from_row, descending=True)

    @reading
    async def activity(self, since: datetime, until: datetime, limit: int) -> Sequence[Activity]:
        """Return how many there are per kind and area, the most first."""
        kind, area, count = _market.c.event_type, _market.c.market_area, func.count()
        query = (
            select(kind, area, count.label("count"))
            .where(self._mine, _market.c.created_at >= since, _market.c.created_at < until)
            .group_by(kind, area)
            .order_by(count.desc(), kind.collate("C"), area.collate("C").nulls_last())
            .limit(limit)
        )
        return [Activity(**row) for row in await self._work.rows(query)]
