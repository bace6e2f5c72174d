"""From a ruling to the answer: what is stored, and which event it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from attrs import evolve

from nudge_core.model.event import ListingEvent
from nudge_core.model.listing import AcceptedListing, ListingSnapshot, ListingStatus
from nudge_core.verticals.real_estate.changes.change import ChangeOutcome, Check, Detection, ListingChange
from nudge_core.verticals.real_estate.changes.instants import event_id, happened_at, moved
from nudge_core.verticals.real_estate.changes.prices import PriceMove
from nudge_core.verticals.real_estate.changes.rules import OFF_MARKET, ON_MARKET, Pair, Ruling
from nudge_core.verticals.real_estate.changes.statuses import MajorChange, major_change

_SAYS_THE_SAME: Mapping[ListingEvent, frozenset[MajorChange]] = MappingProxyType(
    {
        ListingEvent.NEW_LISTING: frozenset({MajorChange.NEW_LISTING, MajorChange.ACTIVE}),
        ListingEvent.PRICE_DROP: frozenset({MajorChange.PRICE_CHANGE}),
        ListingEvent.SOLD_LISTING: frozenset({MajorChange.CLOSED}),
        ListingEvent.BACK_ON_MARKET: frozenset({MajorChange.BACK_ON_MARKET, MajorChange.ACTIVE}),
        ListingEvent.EXPIRED_LISTING: frozenset({MajorChange.EXPIRED}),
        ListingEvent.COMING_SOON: frozenset({MajorChange.COMING_SOON}),
        ListingEvent.WITHDRAWN_LISTING: frozenset({MajorChange.WITHDRAWN, MajorChange.CANCELED}),
    }
)


def accept(pair: Pair, ruling: Ruling) -> Detection:
    """Accept the new snapshot of a pair, except a price that is in quarantine or missing.

    The count of transitions is raised in the same write, when the accepted status or price is another one. It goes on
    through tombstones: what comes back unchanged after one has the same count, and so the same event ids.
    """
    stored, transitions = _believed(pair), 1
    if pair.previous is not None:
        earlier = pair.before or pair.previous.snapshot
        moved_on = earlier.status is not stored.status or earlier.list_price_cents != stored.list_price_cents
        transitions = pair.previous.transitions + moved_on
    accepted = AcceptedListing(
        snapshot=stored,
        transitions=transitions,
        held_price_cents=pair.price.held_cents if pair.price is not None else None,
        off_market_since=_off_market_since(pair),
    )
    return Detection(
        change=None if ruling.kind is None else _change(pair, ruling, ruling.kind, accepted),
        accepted=accepted,
        outcome=ruling.outcome,
    )


def _believed(pair: Pair) -> ListingSnapshot:
    """Return the new snapshot as it is stored: with the price that is believed and the latest dates of change seen.

    A timestamp that is emptied or set back and later shown again has not moved: with the earlier one forgotten, a new
    event would get the id of an old one and be swallowed.
    """
    before, new = pair.before, pair.new
    if before is None:
        return new
    kept: dict[str, Any] = {}
    if pair.price is not None and pair.price.accepted_cents != new.list_price_cents:
        # the date of the price goes with it: it belongs to a price that is not accepted
        kept |= {"list_price_cents": pair.price.accepted_cents, "price_changed_at": before.price_changed_at}
    elif _is_later(before.price_changed_at, new.price_changed_at):
        kept["price_changed_at"] = before.price_changed_at
    if _is_later(before.status_changed_at, new.status_changed_at):
        kept["status_changed_at"] = before.status_changed_at
    if _is_later(before.major_changed_at, new.major_changed_at):
        kept["major_changed_at"] = before.major_changed_at
    return evolve(new, **kept) if kept else new


def _is_later(before: datetime | None, new: datetime | None) -> bool:
    return before is not None and (new is None or new < before)


def _off_market_since(pair: Pair) -> datetime | None:
    """Return when the listing left the market; None while it is on it, or when that is not known."""
    previous, before, new = pair.previous, pair.before, pair.new
    if new.status in ON_MARKET:
        return None
    known = previous.off_market_since if previous is not None else None
    if new.status not in OFF_MARKET or (before is not None and before.status in OFF_MARKET):
        return known
    if before is not None:
        return happened_at(new, before, pair.now, price=False)
    said = new.status_changed_at  # first seen off the market: only what the feed says counts
    return said if said is not None and said <= pair.now else known


def _change(pair: Pair, ruling: Ruling, kind: ListingEvent, accepted: AcceptedListing) -> ListingChange:
    before, new, of_price = pair.before, pair.new, kind is ListingEvent.PRICE_DROP
    earliest = pair.now - timedelta(days=pair.settings.fresh_days) if before is None else None
    compared, earlier_key = before, None
    if ruling.outcome is ChangeOutcome.RELISTED and pair.relist_of is not None:
        compared = pair.relist_of.snapshot
        earlier_key = compared.listing_key
    return ListingChange(
        kind=kind,
        event_id=event_id(kind, new, before, accepted.snapshot.list_price_cents, accepted.transitions),
        source_id=new.source_id,
        listing_key=new.listing_key,
        happened_at=happened_at(new, before, pair.now, price=of_price, earliest=earliest),
        previous_price_cents=compared.list_price_cents if compared is not None else None,
        new_price_cents=accepted.snapshot.list_price_cents,
        previous_status=compared.status if compared is not None else None,
        new_status=new.status or ListingStatus.INCOMPLETE,
        previous_listing_key=earlier_key,
        major_change_agrees=_major_change_agrees(kind, new, before),
        checks=_checks(pair),
    )


def _major_change_agrees(kind: ListingEvent, new: ListingSnapshot, before: ListingSnapshot | None) -> bool | None:
    """Whether the MLS's own word, where it moved with this change, says the same. It confirms and decides nothing."""
    named = major_change(new.major_change_type)
    if named is None or not moved(new.major_changed_at, before.major_changed_at if before is not None else None):
        return None
    return named in _SAYS_THE_SAME[kind]


def _checks(pair: Pair) -> tuple[Check, ...]:
    checks = []
    if pair.price is not None and pair.price.move is PriceMove.AGREED_DROP:
        checks.append(Check.PRICE_STOOD_IN_QUARANTINE)
    if pair.price is not None and pair.price.move is PriceMove.HELD:
        checks.append(Check.PRICE_IN_QUARANTINE)
    if pair.before is not None and _moved_house(pair.before, pair.new):
        checks.append(Check.ADDRESS_CHANGED)
    return tuple(checks)


def _moved_house(before: ListingSnapshot, new: ListingSnapshot) -> bool:
    if (before.address, before.unit, before.postal_code, before.city) == (
        new.address,
        new.unit,
        new.postal_code,
        new.city,
    ):
        return False  # the usual case: no need to fold anything
    was, is_now = before.address_key, new.address_key
    return was is not None and is_now is not None and was != is_now
