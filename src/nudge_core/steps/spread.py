"""Step 2b: what changed in a source becomes one professional's events and resources.

A page of a feed is stored once for everybody (`ingest`); each professional who watches the source then gets, in a
transaction of their own, the listings of their market as resources and the events as market events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from attrs import frozen

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.event import EventStatus, GlobalMlsEvent, MarketEvent, stable_id
from nudge_core.model.json import Json, text_in, texts_in
from nudge_core.model.listing import AcceptedListing, ListingStatus, public_facts
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.model.resource import Resource, ResourceStatus, ResourceType
from nudge_core.ports import TenantTransaction
from nudge_core.verticals.base import Vertical
from nudge_core.verticals.real_estate.areas import in_market, market_area
from nudge_core.verticals.real_estate.changes import GateSettings, may_nudge
from nudge_core.withdrawal import withdraw

NOT_NUDGED = "not_nudged"  # in a market event's payload: why nobody may be told, as `changes.GateReason`
COMING_SOON_SWITCH = "nudge_coming_soon"  # in `user.strategy`: the source's rules allow texts about Coming Soon

_OFFERED = frozenset({ListingStatus.ACTIVE, ListingStatus.COMING_SOON})
_HELD = frozenset({ListingStatus.ACTIVE_UNDER_CONTRACT, ListingStatus.PENDING, ListingStatus.HOLD})


@frozen(kw_only=True)
class SpreadReport:
    """What one page was to one professional. `withdrawn`: unsent nudges that are no longer true."""

    resources: int
    events: int
    withdrawn: int


async def spread(tx: TenantTransaction, note: OutboxNote, vertical: Vertical) -> SpreadReport:
    """Store the note's listings and events for the professional of this transaction, and note "match this".

    Taking the same note twice stores nothing twice: ids follow from what they identify.
    """
    source_id = text_in(note.payload, "source_id")
    listings = await tx.listings.accepted(source_id, texts_in(note.payload, "listing_keys"))
    happened = await tx.global_events.get([UUID(event_id) for event_id in texts_in(note.payload, "event_ids")])
    user = await tx.users.get(tx.user_id)
    mine = {key: listing for key, listing in listings.items() if in_market(user.market_focus, listing.snapshot)}

    resources = {key: _resource(tx, listing) for key, listing in mine.items()}
    await tx.resources.store(list(resources.values()))
    stored = await tx.resources.by_entity(source_id, list(resources))
    switches = GateSettings(coming_soon=user.strategy.get(COMING_SOON_SWITCH) is True)
    concerning = [event for event in happened if event.listing_key in mine]
    events = [_market_event(tx, event, mine[event.listing_key], stored, switches) for event in concerning]
    new = await tx.market_events.add(events)
    silent = [event.id for event in events if event.id in new and NOT_NUDGED in event.payload]
    await tx.market_events.mark(silent, EventStatus.PROCESSED)
    to_match = [event.id for event in events if event.id in new and event.id not in silent]
    if to_match:
        await tx.notes.add([_match_note(tx, note, to_match)])
    withdrawn = await withdraw_untrue(tx, list(stored.values()), vertical)
    await tx.notes.finish(note)
    return SpreadReport(resources=len(resources), events=len(new), withdrawn=withdrawn)


async def withdraw_untrue(tx: TenantTransaction, resources: Sequence[Resource], vertical: Vertical) -> int:
    """Cancel what waits about these resources and is no longer true; return how many briefings that concerned.

    Drafts are cancelled; of an approved briefing only the texts that still wait in the queue are withdrawn.
    """
    by_id = {resource.id: resource for resource in resources}
    open_ones = await tx.briefings.for_resources(list(by_id), [BriefingStatus.DRAFT, BriefingStatus.ACTIVE])
    about = [b for b in open_ones if b.triggering_event_id and b.triggering_resource_id]
    events = {
        e.id: e for e in await tx.market_events.get([b.triggering_event_id for b in about if b.triggering_event_id])
    }
    withdrawn = 0
    for briefing in about:
        event = events.get(briefing.triggering_event_id) if briefing.triggering_event_id else None
        resource = by_id.get(briefing.triggering_resource_id) if briefing.triggering_resource_id else None
        why = vertical.still_true(event, resource) if event and resource else None
        if why is not None:
            withdrawn += await withdraw(tx, briefing, why)
    return withdrawn


def resource_status(listing: AcceptedListing) -> ResourceStatus:
    """ACTIVE while it can be offered, INACTIVE while somebody else is buying it, ARCHIVED after that."""
    status = listing.snapshot.status
    if listing.gone or status is None:
        return ResourceStatus.ARCHIVED
    if status in _OFFERED:
        return ResourceStatus.ACTIVE
    return ResourceStatus.INACTIVE if status in _HELD else ResourceStatus.ARCHIVED


def _resource(tx: TenantTransaction, listing: AcceptedListing) -> Resource:
    snapshot = listing.snapshot
    return Resource(
        id=stable_id("resource", str(tx.user_id), snapshot.source_id, snapshot.listing_key),
        user_id=tx.user_id,
        resource_type=ResourceType.PROPERTY,
        status=resource_status(listing),
        source_id=snapshot.source_id,
        entity_id=snapshot.listing_key,
        attributes=public_facts(snapshot),
        created_at=tx.now,
        updated_at=tx.now,
    )


def _market_event(
    tx: TenantTransaction,
    event: GlobalMlsEvent,
    listing: AcceptedListing,
    stored: Mapping[str, Resource],
    switches: GateSettings,
) -> MarketEvent:
    payload: dict[str, Json] = {"listing": public_facts(listing.snapshot), "change": event.change}
    silent = may_nudge(listing.snapshot, switches)
    if silent is not None:
        payload[NOT_NUDGED] = silent.value
    return MarketEvent(
        id=stable_id("market event", str(event.id), str(tx.user_id)),
        user_id=tx.user_id,
        event_type=event.kind.value,
        source_id=event.source_id,
        entity_id=event.listing_key,
        market_area=market_area(listing.snapshot),
        payload=payload,
        global_event_id=event.id,
        resource_id=stored[event.listing_key].id,
        created_at=event.event_timestamp,
    )


def _match_note(tx: TenantTransaction, note: OutboxNote, event_ids: Sequence[UUID]) -> OutboxNote:
    return OutboxNote(
        id=stable_id("match", str(note.id)),
        topic=Topic.MATCH,
        user_id=tx.user_id,
        dedupe_key=f"match:{note.id}",
        created_at=tx.now,
        payload={"event_ids": tuple(str(event_id) for event_id in event_ids)},
    )
