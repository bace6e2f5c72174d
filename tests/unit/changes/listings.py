"""Listings for the tests of change detection: one home in Austin, told as a feed would tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from nudge_core.model.event import ListingEvent
from nudge_core.model.listing import AcceptedListing, ListingSnapshot, ListingStatus
from nudge_core.verticals.real_estate.changes import ChangeOutcome, Detection, Gone, detect

NOW = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)
DOLLARS = 100
TAKEN = Gone(source_id="actris", listing_key="ACT1")

A = ListingStatus.ACTIVE
AUC = ListingStatus.ACTIVE_UNDER_CONTRACT
CANCELED = ListingStatus.CANCELED
CLOSED = ListingStatus.CLOSED
SOON = ListingStatus.COMING_SOON
DELETE = ListingStatus.DELETE
EXPIRED = ListingStatus.EXPIRED
HOLD = ListingStatus.HOLD
INCOMPLETE = ListingStatus.INCOMPLETE
PENDING = ListingStatus.PENDING
WITHDRAWN = ListingStatus.WITHDRAWN

HOME = ListingSnapshot(
    source_id="actris",
    listing_key="ACT1",
    listing_id="1",
    modified_at=NOW - timedelta(days=2),
    watermark="2026-03-08T18:00:00Z",
    status=A,
    status_text="Active",
    list_price_cents=500_000 * DOLLARS,
    entered_at=LONG_AGO,
    property_type="Residential",
    beds=3,
    address="1506 Timber St",
    city="Georgetown",
    postal_code="78626",
    remarks="A bright home.",
)


def listing(**changes: Any) -> ListingSnapshot:
    """Return the home as it was two days ago, with these fields otherwise."""
    return evolve(HOME, **changes)


def later(**changes: Any) -> ListingSnapshot:
    """Return the home as the feed tells it now."""
    told: dict[str, Any] = {"modified_at": NOW, "watermark": "2026-03-10T18:00:00Z"} | changes
    return evolve(HOME, **told)


def stored(snapshot: ListingSnapshot = HOME, **bookkeeping: Any) -> AcceptedListing:
    """Return a snapshot as it was accepted."""
    return AcceptedListing(snapshot=snapshot, **({"transitions": 1} | bookkeeping))


def price(dollars: float) -> dict[str, int]:
    """Return the list price as a field."""
    return {"list_price_cents": round(dollars * DOLLARS)}


def seen(before: AcceptedListing | ListingSnapshot | None, new: ListingSnapshot | Gone, **how: Any) -> Detection:
    """Detect at `NOW`; a bare snapshot on the left was accepted."""
    previous = stored(before) if isinstance(before, ListingSnapshot) else before
    return detect(previous, new, **({"now": NOW} | how))


def kind_of(detection: Detection) -> ListingEvent | None:
    """Return the kind of the event, or None."""
    return detection.change.kind if detection.change is not None else None


def nothing(detection: Detection, outcome: ChangeOutcome) -> bool:
    """Whether there is no event, for this reason."""
    return detection.change is None and detection.outcome is outcome
