"""What happened to a listing between the last accepted snapshot and a new one: at most one event.

`detect` is a pure function and total: it never raises for two snapshots of one listing. Source of the contract:
`mls-feeds.md` section 6.1.
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from nudge_core.model.listing import AcceptedListing, ListingSnapshot
from nudge_core.verticals.real_estate.changes.acceptance import accept
from nudge_core.verticals.real_estate.changes.change import ChangeOutcome, ChangeSettings, Detection, Gone
from nudge_core.verticals.real_estate.changes.instants import FUTURE_ALLOWANCE, moved
from nudge_core.verticals.real_estate.changes.prices import Price, PriceMove, weigh
from nudge_core.verticals.real_estate.changes.rules import ON_MARKET, Pair, Ruling, rule_on
from nudge_core.verticals.real_estate.changes.statuses import folded

DEFAULT_SETTINGS = ChangeSettings()


def detect(
    previous: AcceptedListing | None,
    new: ListingSnapshot | Gone,
    *,
    now: datetime,
    baseline: bool = False,
    settings: ChangeSettings = DEFAULT_SETTINGS,
    relist_of: AcceptedListing | None = None,
    reread: bool = False,
) -> Detection:
    """Compare a listing with what was accepted of it last.

    Args:
        previous: what is stored for the same source and key, or None.
        new: the listing as the feed says it now, or that the feed no longer has it.
        now: the present instant; for a recording, the instant at which the record was made.
        baseline: the first full load of the source: everything is stored, nothing is an event.
        settings: the source's thresholds.
        relist_of: the listing of the same home that left the market last, under any key (`Listings.off_market_at`);
            checked here once more.
        reread: the record was asked for again by its key. Like a record that was modified since, it may agree with a
            price in quarantine; the same record in an overlap or a retry may not.

    Returns:
        At most one event, what to store, and a reason code for the counters. The same input gives the same output; a
        repeated record gives no second event; an older one changes nothing.
    """
    if isinstance(new, Gone):
        return _gone(previous, None, now)
    if previous is not None:
        before = previous.snapshot
        if new == before and not previous.gone and not reread:
            return Detection(change=None, accepted=previous, outcome=ChangeOutcome.UNCHANGED)
        if new.modified_at is not None and before.modified_at is not None and new.modified_at < before.modified_at:
            return Detection(change=None, accepted=previous, outcome=ChangeOutcome.STALE)
    new = _dated(previous, new, now)
    if new.gone:
        return _gone(previous, new, now)
    if new.status is None:
        return _unknown_status(previous, new)
    pair = _pair(previous, new, now, settings, relist_of, reread)
    if baseline:
        return accept(_believing(pair), Ruling(ChangeOutcome.BASELINE))
    ruling = rule_on(pair)
    if not ruling.accept and previous is not None:
        kept = evolve(previous, snapshot=_placed(pair.before or previous.snapshot, new))
        return Detection(change=None, accepted=kept, outcome=ruling.outcome)
    return accept(pair, ruling)


def _dated(previous: AcceptedListing | None, new: ListingSnapshot, now: datetime) -> ListingSnapshot:
    """Return the snapshot with a place in time that later ones can be compared with.

    A date in the far future would make every later snapshot look old; it is dropped. A snapshot without a date is
    taken in the order of arrival and keeps the date of the one before.
    """
    at = new.modified_at
    if at is not None and at <= now + FUTURE_ALLOWANCE:
        return new
    seen_until = previous.snapshot.modified_at if previous is not None else None
    return new if at is seen_until else evolve(new, modified_at=seen_until)


def _gone(previous: AcceptedListing | None, new: ListingSnapshot | None, now: datetime) -> Detection:
    """Row 1: a tombstone, no event. Nobody knows why it went, so nothing is said of it."""
    if previous is None:
        kept = None if new is None else AcceptedListing(snapshot=new, gone=True)
        return Detection(change=None, accepted=kept, outcome=ChangeOutcome.GONE)
    snapshot = previous.snapshot if new is None else _placed(previous.snapshot, new)
    if previous.gone:
        kept = previous if snapshot == previous.snapshot else evolve(previous, snapshot=snapshot)
        return Detection(change=None, accepted=kept, outcome=ChangeOutcome.ALREADY_GONE)
    status = previous.snapshot.status or previous.snapshot.last_known_status
    left_at = now if status in ON_MARKET else previous.off_market_since
    accepted = evolve(previous, snapshot=snapshot, gone=True, held_price_cents=None, off_market_since=left_at)
    return Detection(change=None, accepted=accepted, outcome=ChangeOutcome.GONE)


def _unknown_status(previous: AcceptedListing | None, new: ListingSnapshot) -> Detection:
    """Nothing of a snapshot with an unknown status is accepted but that the status is not known now.

    It must not count as the old one: nobody may be told that the home is still for sale. The old one is remembered,
    so that the next known status is compared with it and no event is lost.
    """
    known = None if previous is None or previous.gone else previous.snapshot
    status = None if known is None else known.status or known.last_known_status
    if previous is None or known is None or status is None:
        kept = AcceptedListing(snapshot=new, transitions=previous.transitions if previous is not None else 0)
        return Detection(change=None, accepted=kept, outcome=ChangeOutcome.UNKNOWN_STATUS)
    snapshot = evolve(
        _placed(known, new),
        status=None,
        status_text=new.status_text,
        mls_status=new.mls_status,
        last_known_status=status,
    )
    kept = previous if snapshot == known else evolve(previous, snapshot=snapshot)
    return Detection(change=None, accepted=kept, outcome=ChangeOutcome.UNKNOWN_STATUS)


def _placed(accepted: ListingSnapshot, new: ListingSnapshot) -> ListingSnapshot:
    """Return what was accepted, with the place in time of a snapshot that is not: older ones are still dropped."""
    return evolve(accepted, watermark=new.watermark, modified_at=new.modified_at)


def _pair(
    previous: AcceptedListing | None,
    new: ListingSnapshot,
    now: datetime,
    settings: ChangeSettings,
    relist_of: AcceptedListing | None,
    reread: bool,
) -> Pair:
    before = _left_side(previous)
    if previous is None or before is None:
        return Pair(previous, None, new, None, relist_of, now, settings)
    price = weigh(
        before.list_price_cents,
        previous.held_price_cents,
        new.list_price_cents,
        other_type=_is_other_type(before.property_type, new.property_type),
        second_poll=reread or moved(new.modified_at, before.modified_at),
        settings=settings,
    )
    return Pair(previous, before, new, price, relist_of, now, settings)


def _left_side(previous: AcceptedListing | None) -> ListingSnapshot | None:
    """Return what is stored if it counts as a left side, with the status that was known last."""
    if previous is None or previous.gone:
        return None
    stored = previous.snapshot
    if stored.status is not None:
        return stored
    if stored.last_known_status is None:
        return None
    return evolve(stored, status=stored.last_known_status, last_known_status=None)


def _is_other_type(before: str | None, new: str | None) -> bool:
    return before != new and before is not None and new is not None and folded(before) != folded(new)


def _believing(pair: Pair) -> Pair:
    """Return the pair without a quarantine: a baseline believes what it is told."""
    if pair.price is None or pair.price.move is not PriceMove.HELD:
        return pair
    return evolve(pair, price=Price(PriceMove.SAME, pair.new.list_price_cents))
