"""Ids and instants of events (`mls-feeds.md` 6.5): the same change has one id, another change another one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from nudge_core.model.event import ListingEvent, stable_id
from nudge_core.verticals.real_estate.changes import ListingChange
from tests.unit.changes.listings import (
    HOME,
    LONG_AGO,
    NOW,
    PENDING,
    later,
    listing,
    price,
    seen,
    stored,
)

HOUR = timedelta(hours=1)
YESTERDAY = NOW - timedelta(days=1)


def change(*args: object, **how: object) -> ListingChange:
    found = seen(*args, **how).change  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("moved", "discriminator"),
    [
        ({"status_changed_at": YESTERDAY}, ("status_changed_at", YESTERDAY.isoformat())),
        ({"major_changed_at": YESTERDAY}, ("major_changed_at", YESTERDAY.isoformat())),
        ({"price_changed_at": YESTERDAY}, ("transitions", "8")),
        ({}, ("transitions", "8")),
    ],
)
def test_the_discriminator_of_a_change_of_status(moved: dict[str, datetime], discriminator: tuple[str, str]) -> None:
    before = stored(listing(status=PENDING, status_changed_at=LONG_AGO, major_changed_at=LONG_AGO), transitions=7)
    stands = {"status_changed_at": LONG_AGO, "major_changed_at": LONG_AGO}
    found = change(before, later(**(stands | moved)))
    assert found.event_id == stable_id("actris", "ACT1", "back_on_market", *discriminator)


@pytest.mark.parametrize(
    ("moved", "discriminator"),
    [
        ({"price_changed_at": YESTERDAY}, ("price_changed_at", YESTERDAY.isoformat())),
        ({"major_changed_at": YESTERDAY}, ("major_changed_at", YESTERDAY.isoformat())),
        ({"status_changed_at": YESTERDAY}, ("transitions", "8")),
    ],
)
def test_the_discriminator_of_a_price_drop_holds_the_price(
    moved: dict[str, datetime], discriminator: tuple[str, str]
) -> None:
    found = change(stored(transitions=7), later(**moved, **price(480_000)))
    assert found.event_id == stable_id("actris", "ACT1", "price_drop", "48000000", *discriminator)


def test_the_id_does_not_depend_on_when_the_change_is_noticed() -> None:
    new = later(**price(480_000))
    assert change(HOME, new).event_id == change(HOME, new, now=NOW + timedelta(days=300)).event_id


def test_a_source_and_a_key_have_ids_of_their_own() -> None:
    cheaper = price(480_000)
    ids = {
        change(listing(source_id=source, listing_key=key), later(source_id=source, listing_key=key, **cheaper)).event_id
        for source, key in (("actris", "ACT1"), ("actris", "ACT2"), ("bridge", "ACT1"), ("actrisACT", "1"))
    }
    assert len(ids) == 4


def test_a_server_that_never_rewrites_its_timestamps_swallows_no_later_event() -> None:
    """The RESO reference server keeps StatusChangeTimestamp for ever: two returns to the market are two events."""
    frozen = {"status_changed_at": LONG_AGO}
    found = []
    accepted = stored(listing(**frozen))
    for hours, status in enumerate([PENDING, HOME.status, PENDING, HOME.status], start=1):
        at = NOW + hours * HOUR
        detection = seen(accepted, later(status=status, modified_at=at, **frozen), now=at)
        assert detection.accepted is not None
        accepted = detection.accepted
        found += [detection.change] if detection.change else []
    assert [one.kind for one in found] == [ListingEvent.BACK_ON_MARKET] * 2
    assert found[0].event_id != found[1].event_id


@pytest.mark.parametrize("meanwhile", [None, LONG_AGO], ids=["emptied", "set_back"])
def test_a_timestamp_that_was_shown_before_does_not_make_a_new_event_an_old_one(meanwhile: datetime | None) -> None:
    first = seen(listing(status=PENDING), later(status_changed_at=YESTERDAY))
    pending = seen(first.accepted, later(status=PENDING, modified_at=NOW + HOUR, status_changed_at=meanwhile))
    second = seen(pending.accepted, later(modified_at=NOW + 2 * HOUR, status_changed_at=YESTERDAY))
    assert first.change is not None
    assert second.change is not None
    assert first.change.kind is second.change.kind is ListingEvent.BACK_ON_MARKET
    assert first.change.event_id != second.change.event_id


def test_the_count_of_transitions_rises_with_status_and_price_only() -> None:
    before = stored(transitions=7)
    counts = [
        seen(before, new).accepted
        for new in (
            later(),
            later(remarks="x"),
            later(**price(499_999)),
            later(status=PENDING),
            later(status=PENDING, **price(1)),
        )
    ]
    assert [one.transitions for one in counts if one is not None] == [7, 7, 8, 8, 8]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"price_changed_at": YESTERDAY, "major_changed_at": NOW}, YESTERDAY),
        ({"major_changed_at": YESTERDAY, "status_changed_at": NOW}, YESTERDAY),
        ({}, NOW),
        ({"price_changed_at": NOW.replace(year=3000)}, NOW),
        ({"modified_at": None}, HOME.modified_at),
    ],
)
def test_when_a_price_dropped(dates: dict[str, datetime | None], expected: datetime) -> None:
    assert change(HOME, later(**dates, **price(480_000))).happened_at == expected


def test_a_new_listing_did_not_happen_when_its_draft_was_begun() -> None:
    new = later(entered_at=LONG_AGO, status_changed_at=LONG_AGO, on_market_date=NOW.date())
    assert change(None, new).happened_at == NOW
    assert change(None, later(entered_at=YESTERDAY, status_changed_at=YESTERDAY)).happened_at == YESTERDAY
