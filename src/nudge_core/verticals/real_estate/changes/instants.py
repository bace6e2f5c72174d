"""When a change happened, whether that is lately, and the id that follows from it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from nudge_core.model.event import ListingEvent, stable_id
from nudge_core.model.listing import ListingSnapshot
from nudge_core.verticals.real_estate.changes.statuses import MajorChange, major_change

FUTURE_ALLOWANCE = timedelta(days=1)
"""How far a feed's clock may run ahead of ours before its instants are disbelieved (a feed had the year 3000)."""


def moved(new: datetime | None, before: datetime | None) -> bool:
    """Whether a timestamp of the record moved on with this change. One that stands still says nothing about it."""
    return new is not None and (before is None or new > before)


def is_within(moment: datetime | None, days: int, now: datetime) -> bool:
    """Whether `moment` lies in the last `days` days; a feed's clock may run ahead a little."""
    return moment is not None and now - timedelta(days=days) <= moment <= now + FUTURE_ALLOWANCE


def is_day_within(day: date | None, days: int, now: datetime) -> bool:
    """Whether a date, typed in by a person, is today or lies at most `days` days back."""
    return day is not None and 0 <= (now.date() - day).days <= days


def entered_lately(new: ListingSnapshot, days: int, now: datetime) -> bool:
    """Whether anything says that the listing entered the market lately (row 3)."""
    announced = major_change(new.major_change_type) is MajorChange.NEW_LISTING
    return (
        is_within(new.entered_at, days, now)
        or is_within(new.on_market_at, days, now)
        or is_day_within(new.on_market_date, days, now)
        or is_day_within(new.listing_contract_date, days, now)
        or (announced and is_within(new.major_changed_at, days, now))
    )


def closed_lately(new: ListingSnapshot, days: int, now: datetime) -> bool:
    """Whether anything says that a listing never seen before closed lately (row 10).

    StatusChangeTimestamp decides where the feed fills it; else the last major change, else the day of closing.
    """
    if new.status_changed_at is not None:
        return is_within(new.status_changed_at, days, now)
    if major_change(new.major_change_type) is MajorChange.CLOSED and new.major_changed_at is not None:
        return is_within(new.major_changed_at, days, now)
    return is_day_within(new.close_date, days, now)


def happened_at(
    new: ListingSnapshot,
    before: ListingSnapshot | None,
    now: datetime,
    *,
    price: bool,
    earliest: datetime | None = None,
) -> datetime:
    """Return when a change happened, as well as the feed says: not after `now`, and not before `earliest`.

    Args:
        price: the change is one of the price, not of the status.
        earliest: older timestamps are of something else, such as the day a draft was begun.
    """
    for at, seen in _dates_of_change(new, before, price=price):
        if at is not None and moved(at, seen) and at <= now and (earliest is None or at >= earliest):
            return at
    return min(new.modified_at or now, now)


def _dates_of_change(
    new: ListingSnapshot, before: ListingSnapshot | None, *, price: bool
) -> tuple[tuple[datetime | None, datetime | None], ...]:
    """Return the record's own timestamp of the change, then that of its last major change, each with the one before."""
    if price:
        own = (new.price_changed_at, before.price_changed_at if before is not None else None)
    else:
        own = (new.status_changed_at, before.status_changed_at if before is not None else None)
    return own, (new.major_changed_at, before.major_changed_at if before is not None else None)


def event_id(
    kind: ListingEvent, new: ListingSnapshot, before: ListingSnapshot | None, price_cents: int | None, transitions: int
) -> UUID:
    """Return the stable id of an event: the hash of source, key, kind and a discriminator (`mls-feeds.md` 6.5).

    The discriminator is the record's own timestamp of the change where it moved with it, else the last major change
    where that moved, else the count of accepted changes; for a price drop the new price as well. A timestamp that did
    not move is not used: some servers never rewrite it, and a later event would be taken for the earlier one.
    """
    of_price = kind is ListingEvent.PRICE_DROP
    parts = [new.source_id, new.listing_key, kind.value, *([str(price_cents)] if of_price else [])]
    names = ("price_changed_at" if of_price else "status_changed_at", "major_changed_at")
    for name, (at, seen) in zip(names, _dates_of_change(new, before, price=of_price), strict=True):
        if at is not None and moved(at, seen):
            return stable_id(*parts, name, at.isoformat())
    return stable_id(*parts, "transitions", str(transitions))
