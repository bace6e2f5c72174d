"""Events: what happened in the market, once for everybody, and what it is to one professional."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.json import Json, JsonObject, frozen_object
from nudge_core.model.states import StateMachine


class ListingEvent(StrEnum):
    """The seven changes of a listing that are events. Used by feed, matcher and drafter alike."""

    NEW_LISTING = "new_listing"
    PRICE_DROP = "price_drop"
    SOLD_LISTING = "sold_listing"
    BACK_ON_MARKET = "back_on_market"
    EXPIRED_LISTING = "expired_listing"
    COMING_SOON = "coming_soon"
    WITHDRAWN_LISTING = "withdrawn_listing"


class EventStatus(StrEnum):
    """Whether matching has looked at a market event."""

    UNPROCESSED = "unprocessed"
    PROCESSED = "processed"
    ERROR = "error"


MARKET_EVENT: StateMachine[EventStatus] = StateMachine(
    "market event",
    frozenset({EventStatus.UNPROCESSED}),
    MappingProxyType(
        {
            EventStatus.UNPROCESSED: {
                EventStatus.PROCESSED: "matched, whether or not anybody cares",
                EventStatus.ERROR: "could not be matched; the reason is kept",
            },
            EventStatus.ERROR: {EventStatus.UNPROCESSED: "tried again"},
            EventStatus.PROCESSED: {},
        }
    ),
)


def stable_id(*parts: str) -> UUID:
    """Return the same id for the same texts in the same order, on every machine, for ever.

    SHA-256 over a JSON array (so that ("a", "bc") and ("ab", "c") differ), its first 128 bits marked as a version 8
    UUID (RFC 9562: "custom").
    """
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()).digest()
    value = int.from_bytes(digest[:16], "big")
    value = (value & ~(0xF << 76)) | (8 << 76)  # version
    value = (value & ~(0x3 << 62)) | (2 << 62)  # variant
    return UUID(int=value)


@frozen(kw_only=True)
class GlobalMlsEvent:
    """One change of one listing, seen once for every professional in that market.

    `id` is stable: the same change seen again in an overlap, a retry or a replay has the same id. `change` says what
    was compared (previous and new price in US cents, previous and new status). `raw_payload` is the record as the
    MLS sent it, private fields removed.
    """

    id: UUID
    source_id: str = field(validator=fields.text(100, at_least=1))
    listing_key: str = field(validator=fields.text(255, at_least=1))
    kind: ListingEvent
    event_timestamp: datetime = field(validator=fields.instant)
    created_at: datetime = field(validator=fields.instant)
    change: JsonObject = field(factory=dict[str, Json], converter=frozen_object)
    raw_payload: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)


@frozen(kw_only=True)
class Activity:
    """How many events of one kind there were in one area; None: of those that name no area."""

    event_type: str
    market_area: str | None
    count: int


@frozen(kw_only=True)
class MarketEvent:
    """A global event as it concerns one professional. `payload`: the change and the listing's public facts."""

    id: UUID
    user_id: UUID
    event_type: str = field(validator=fields.text(60, at_least=1))
    entity_id: str = field(validator=fields.text(255, at_least=1))
    created_at: datetime = field(validator=fields.instant)
    status: EventStatus = EventStatus.UNPROCESSED
    source_id: str = field(default="", validator=fields.text(100))
    entity_type: str = field(default="property", validator=fields.text(60, at_least=1))
    market_area: str | None = field(default=None, validator=fields.optional(fields.text(200)))
    payload: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)
    global_event_id: UUID | None = None
    resource_id: UUID | None = None
    processed_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    error: str | None = field(default=None, validator=fields.optional(fields.text(500)))
