"""What each kind of listing event is to a professional, and when a text about it is no longer true.

Source: `verticals.md` 3.2 (who is considered), 1.6 (latest useful instant), `mls-feeds.md` 6.2 rows 1 and 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from nudge_core.errors import Invalid
from nudge_core.model.client import Role
from nudge_core.model.event import ListingEvent, MarketEvent, stable_id
from nudge_core.model.json import object_in
from nudge_core.model.listing import ListingStatus
from nudge_core.model.message import MessageClass
from nudge_core.model.resource import Resource, ResourceStatus, ResourceType
from nudge_core.policy.topics import LISTINGS, MARKET
from nudge_core.verticals.base import EventRule

DAY_S = 24 * 60 * 60

_SEEKING = frozenset({Role.BUYER, Role.INVESTOR})
_OWNING = frozenset({Role.SELLER_PROSPECT, Role.PAST_CLIENT})
_OFFERS = frozenset(
    {
        ListingEvent.NEW_LISTING.value,
        ListingEvent.PRICE_DROP.value,
        ListingEvent.BACK_ON_MARKET.value,
        ListingEvent.COMING_SOON.value,
    }
)

RULES: Mapping[str, EventRule] = MappingProxyType(
    {
        ListingEvent.NEW_LISTING.value: EventRule(
            considers=_SEEKING,
            topic=LISTINGS,
            message_class=MessageClass.MARKETING,
            useful_for_s=7 * DAY_S,
            asks=_SEEKING,
            withdraws=_OFFERS - {ListingEvent.NEW_LISTING.value},
        ),
        ListingEvent.COMING_SOON.value: EventRule(
            topic=LISTINGS,
            considers=_SEEKING,
            message_class=MessageClass.MARKETING,
            useful_for_s=7 * DAY_S,
            asks=_SEEKING,
        ),
        ListingEvent.PRICE_DROP.value: EventRule(
            considers=_SEEKING | _OWNING,
            topic=LISTINGS,
            message_class=MessageClass.MARKETING,
            useful_for_s=7 * DAY_S,  # "until the next change of that listing or 7 days"
            asks=_SEEKING,
            withdraws=_OFFERS,
        ),
        ListingEvent.BACK_ON_MARKET.value: EventRule(
            considers=_SEEKING,
            topic=LISTINGS,
            message_class=MessageClass.MARKETING,
            useful_for_s=3 * DAY_S,
            asks=_SEEKING,
            withdraws=_OFFERS,
        ),
        ListingEvent.SOLD_LISTING.value: EventRule(
            considers=_OWNING,
            topic=MARKET,
            message_class=MessageClass.INFORMATIONAL,
            useful_for_s=14 * DAY_S,
            withdraws=_OFFERS,
        ),
        ListingEvent.EXPIRED_LISTING.value: EventRule(
            considers=frozenset(),
            message_class=MessageClass.INFORMATIONAL,
            useful_for_s=7 * DAY_S,
            owner_only=True,
            withdraws=_OFFERS,
        ),
        ListingEvent.WITHDRAWN_LISTING.value: EventRule(
            considers=frozenset(),
            message_class=MessageClass.INFORMATIONAL,
            useful_for_s=7 * DAY_S,
            owner_only=True,
            withdraws=_OFFERS,
        ),
    }
)
"""Every kind of event there is, and nothing else: an unknown kind is an error."""

_TRUE_WHILE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        ListingEvent.NEW_LISTING.value: frozenset({ListingStatus.ACTIVE.value}),
        ListingEvent.COMING_SOON.value: frozenset({ListingStatus.COMING_SOON.value}),
        ListingEvent.PRICE_DROP.value: frozenset({ListingStatus.ACTIVE.value}),
        ListingEvent.BACK_ON_MARKET.value: frozenset({ListingStatus.ACTIVE.value}),
        ListingEvent.SOLD_LISTING.value: frozenset({ListingStatus.CLOSED.value}),
        ListingEvent.EXPIRED_LISTING.value: frozenset({ListingStatus.EXPIRED.value}),
        ListingEvent.WITHDRAWN_LISTING.value: frozenset({ListingStatus.WITHDRAWN.value, ListingStatus.CANCELED.value}),
    }
)

_KIND_ON_OFFER: Mapping[str, ListingEvent] = MappingProxyType(
    {
        ListingStatus.ACTIVE.value: ListingEvent.NEW_LISTING,
        ListingStatus.COMING_SOON.value: ListingEvent.COMING_SOON,
    }
)

LISTING_MOVED = "listing_moved"
PRICE_CHANGED = "price_changed"


def still_true(event: MarketEvent, resource: Resource) -> str | None:
    """Return None while the listing is in the state the event told of, else a reason code.

    `listing_moved`: it has another status now (or was taken back). `price_changed`: its price is not the one a text
    would state.
    """
    is_offer = event.event_type in _OFFERS
    if resource.attributes.get("status") not in _TRUE_WHILE[_known(event)]:
        return LISTING_MOVED
    if is_offer and resource.status is not ResourceStatus.ACTIVE:  # taken back without a word
        return LISTING_MOVED
    told = object_in(event.payload, "listing").get("list_price_cents")
    if is_offer and told != resource.attributes.get("list_price_cents"):
        return PRICE_CHANGED
    return None


def offered(resource: Resource) -> MarketEvent | None:
    """Return a home as it is on offer now, as if it were new; None for anything else, and when it is off the market."""
    kind = _KIND_ON_OFFER.get(str(resource.attributes.get("status")))
    is_home = resource.resource_type is ResourceType.PROPERTY and resource.status is ResourceStatus.ACTIVE
    if kind is None or not is_home:
        return None
    return MarketEvent(
        id=stable_id("offered", str(resource.id)),
        user_id=resource.user_id,
        event_type=kind.value,
        entity_id=resource.entity_id[:255],
        created_at=resource.updated_at,
        source_id=resource.source_id,
        payload={"listing": resource.attributes, "change": {}},
        resource_id=resource.id,
    )


def expires_at(event: MarketEvent) -> datetime:
    """Return the latest instant at which a text about the event is useful, in UTC."""
    return event.created_at + timedelta(seconds=RULES[_known(event)].useful_for_s)


def _known(event: MarketEvent) -> str:
    if event.event_type not in RULES:
        raise Invalid("marketevent.event_type", f"one of {', '.join(RULES)}", event.event_type)
    return event.event_type
