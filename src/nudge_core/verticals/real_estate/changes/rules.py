"""The decision table of `mls-feeds.md` section 6.2, a function for each status a listing can move to.

The rows are numbered as there. Every status has a rule, so the table is total. A rule sees a pair whose left side is
None when nothing is stored, when a tombstone is, or when what is stored never had a known status.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from attrs import frozen

from nudge_core.model.event import ListingEvent
from nudge_core.model.listing import AcceptedListing, ListingSnapshot, ListingStatus
from nudge_core.verticals.real_estate.changes.change import ChangeOutcome, ChangeSettings
from nudge_core.verticals.real_estate.changes.instants import (
    FUTURE_ALLOWANCE,
    closed_lately,
    entered_lately,
    is_day_within,
    is_within,
)
from nudge_core.verticals.real_estate.changes.prices import Price, PriceMove
from nudge_core.verticals.real_estate.changes.statuses import MajorChange, is_lease, major_change

_UNDER_CONTRACT = frozenset({ListingStatus.PENDING, ListingStatus.ACTIVE_UNDER_CONTRACT, ListingStatus.HOLD})
_WITHDRAWN = frozenset({ListingStatus.WITHDRAWN, ListingStatus.CANCELED})
ON_MARKET = _UNDER_CONTRACT | {ListingStatus.ACTIVE, ListingStatus.COMING_SOON}
"""Statuses from which a listing can expire or be withdrawn (rows 11 and 12)."""
OFF_MARKET = _WITHDRAWN | {ListingStatus.EXPIRED, ListingStatus.CLOSED}
"""Statuses of a listing that has left the market."""


@frozen
class Pair:
    """Two snapshots of one listing, and what else the table asks for.

    `previous` is what is stored, whatever it is; `before` its snapshot where it counts as a left side. `price` is of
    the two, None without a left side.
    """

    previous: AcceptedListing | None
    before: ListingSnapshot | None
    new: ListingSnapshot
    price: Price | None
    relist_of: AcceptedListing | None
    now: datetime
    settings: ChangeSettings


@frozen
class Ruling:
    """What a row says. `accept` False: the new snapshot is not believed, and the stored one stands."""

    outcome: ChangeOutcome
    kind: ListingEvent | None = None
    accept: bool = True


Rule: TypeAlias = Callable[[Pair], Ruling]


def rule_on(pair: Pair) -> Ruling:
    """Apply the table to a pair whose new status is known. Never raises."""
    return _RULES[pair.new.status or ListingStatus.INCOMPLETE](pair)


def _to_active(pair: Pair) -> Ruling:
    if pair.before is None:
        return _first_seen_active(pair)
    came_from = pair.before.status
    if came_from is ListingStatus.ACTIVE:
        return _still_active(pair, pair.before)
    if came_from in (ListingStatus.COMING_SOON, ListingStatus.INCOMPLETE):  # row 5
        return Ruling(ChangeOutcome.NEW, ListingEvent.NEW_LISTING)
    if came_from is ListingStatus.CLOSED:  # row 7
        before, new = pair.before, pair.new
        date_cleared = before.close_date is not None and new.close_date is None
        price_cleared = before.close_price_cents is not None and new.close_price_cents is None
        if date_cleared or price_cleared:
            return Ruling(ChangeOutcome.SALE_FELL_THROUGH, ListingEvent.BACK_ON_MARKET)
        return Ruling(ChangeOutcome.CLOSED_TO_ACTIVE_HELD, accept=False)
    return Ruling(ChangeOutcome.BACK, ListingEvent.BACK_ON_MARKET)  # row 6


def _first_seen_active(pair: Pair) -> Ruling:
    if _is_relist(pair):  # row 4, before row 3
        return Ruling(ChangeOutcome.RELISTED, ListingEvent.BACK_ON_MARKET)
    if entered_lately(pair.new, pair.settings.fresh_days, pair.now):  # row 3
        return Ruling(ChangeOutcome.NEW, ListingEvent.NEW_LISTING)
    return Ruling(ChangeOutcome.FIRST_SEEN)


def _is_relist(pair: Pair) -> bool:
    earlier = pair.relist_of
    if earlier is None or earlier.snapshot.listing_key == pair.new.listing_key:
        return False
    if earlier.snapshot.status is ListingStatus.CLOSED:
        return False  # sold and for sale again: a new listing, not a relist
    return (
        earlier.snapshot.source_id == pair.new.source_id
        and is_within(earlier.off_market_since, pair.settings.relist_days, pair.now)
        and pair.new.address_key is not None
        and earlier.snapshot.address_key == pair.new.address_key
    )


_STILL_ACTIVE: Mapping[PriceMove, Ruling] = MappingProxyType(
    {
        PriceMove.DROP: Ruling(ChangeOutcome.PRICE_DROP, ListingEvent.PRICE_DROP),
        PriceMove.AGREED_DROP: Ruling(ChangeOutcome.PRICE_DROP_AGREED, ListingEvent.PRICE_DROP),
        PriceMove.SMALL_DROP: Ruling(ChangeOutcome.PRICE_BELOW_THRESHOLD),
        PriceMove.RISE: Ruling(ChangeOutcome.PRICE_RISE),
        PriceMove.HELD: Ruling(ChangeOutcome.PRICE_HELD),
        PriceMove.FIRST: Ruling(ChangeOutcome.PRICE_FIRST),
        PriceMove.MISSING: Ruling(ChangeOutcome.PRICE_MISSING),
        PriceMove.SAME: Ruling(ChangeOutcome.DETAILS_ONLY),
        PriceMove.OTHER_TYPE: Ruling(ChangeOutcome.PRICE_OF_ANOTHER_TYPE),
    }
)


def _still_active(pair: Pair, before: ListingSnapshot) -> Ruling:
    move = pair.price.move if pair.price else PriceMove.SAME
    if move is PriceMove.SAME and _missed_pending(before, pair.new, pair.now):  # row 9
        return Ruling(ChangeOutcome.MISSED_PENDING, ListingEvent.BACK_ON_MARKET)
    return _STILL_ACTIVE[move]  # rows 8 and 14


def _missed_pending(before: ListingSnapshot, new: ListingSnapshot, now: datetime) -> bool:
    """Whether the MLS says "back on market" of a listing that was Active at both polls.

    Where no earlier timestamp is stored, the change must be later than what was stored: a feed that begins to fill
    the field for all its listings must not make an event of each.
    """
    changed_at, seen_until = new.major_changed_at, before.major_changed_at or before.modified_at
    return (
        major_change(new.major_change_type) is MajorChange.BACK_ON_MARKET
        and seen_until is not None
        and changed_at is not None
        and seen_until < changed_at <= now + FUTURE_ALLOWANCE
    )


def _to_coming_soon(pair: Pair) -> Ruling:  # row 2
    if pair.before is None or pair.before.status is ListingStatus.INCOMPLETE:
        return Ruling(ChangeOutcome.COMING_SOON, ListingEvent.COMING_SOON)
    return _same_or_other(pair)


def _to_closed(pair: Pair) -> Ruling:  # row 10
    new, days = pair.new, pair.settings.fresh_days
    if pair.before is not None and pair.before.status is ListingStatus.CLOSED:
        # stored as Closed on a day that was still to come: sold now, if that day has just passed
        sold_since = _sale_was_ahead(pair.before) and is_day_within(new.close_date, days, pair.now)
        if not sold_since:
            return _same_or_other(pair)
    if is_lease(new.property_type, new.mls_status):
        return Ruling(ChangeOutcome.CLOSED_LEASE)
    if new.close_date is not None and new.close_date > pair.now.date():
        return Ruling(ChangeOutcome.CLOSE_DATE_AHEAD)
    if pair.before is None and not closed_lately(new, days, pair.now):
        return Ruling(ChangeOutcome.FIRST_SEEN_CLOSED)
    return Ruling(ChangeOutcome.SOLD, ListingEvent.SOLD_LISTING)


def _sale_was_ahead(before: ListingSnapshot) -> bool:
    return (
        before.close_date is not None
        and before.modified_at is not None
        and (before.close_date > before.modified_at.date())
    )


def _to_expired(pair: Pair) -> Ruling:  # row 11
    if pair.before is not None and pair.before.status in ON_MARKET:
        return Ruling(ChangeOutcome.EXPIRED, ListingEvent.EXPIRED_LISTING)
    return _same_or_other(pair)


def _to_withdrawn(pair: Pair) -> Ruling:  # row 12
    if pair.before is None:
        return _same_or_other(pair)
    if pair.before.status in ON_MARKET:
        return Ruling(ChangeOutcome.WITHDRAWN, ListingEvent.WITHDRAWN_LISTING)
    if pair.before.status in _WITHDRAWN and pair.before.status is not pair.new.status:
        return Ruling(ChangeOutcome.WITHDRAWN_OR_CANCELED)
    return _same_or_other(pair)


def _under_contract(pair: Pair) -> Ruling:  # row 13
    if pair.before is not None and pair.before.status is pair.new.status:
        return _same_or_other(pair)
    return Ruling(ChangeOutcome.UNDER_CONTRACT)


def _same_or_other(pair: Pair) -> Ruling:  # rows 14 and 15
    if pair.before is None:
        return Ruling(ChangeOutcome.FIRST_SEEN_OFF_OFFER)
    if pair.before.status is not pair.new.status:
        return Ruling(ChangeOutcome.OTHER_PAIR)
    if pair.price is None or pair.price.move is PriceMove.SAME:
        return Ruling(ChangeOutcome.DETAILS_ONLY)
    return Ruling(ChangeOutcome.PRICE_WHILE_NOT_ACTIVE)


_RULES: Mapping[ListingStatus, Rule] = MappingProxyType(
    {
        ListingStatus.ACTIVE: _to_active,
        ListingStatus.ACTIVE_UNDER_CONTRACT: _under_contract,
        ListingStatus.CANCELED: _to_withdrawn,
        ListingStatus.CLOSED: _to_closed,
        ListingStatus.COMING_SOON: _to_coming_soon,
        ListingStatus.DELETE: _same_or_other,  # row 1 has taken it before
        ListingStatus.EXPIRED: _to_expired,
        ListingStatus.HOLD: _under_contract,
        ListingStatus.INCOMPLETE: _same_or_other,
        ListingStatus.PENDING: _under_contract,
        ListingStatus.WITHDRAWN: _to_withdrawn,
    }
)
