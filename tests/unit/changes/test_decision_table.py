"""Every row of the decision table (`mls-feeds.md` 6.2), each way into it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from attrs import evolve

from nudge_core.model.event import ListingEvent
from nudge_core.model.listing import AcceptedListing, ListingSnapshot, ListingStatus
from nudge_core.verticals.real_estate.changes import ChangeOutcome, ChangeSettings, Gone
from tests.unit.changes.listings import (
    AUC,
    CANCELED,
    CLOSED,
    DELETE,
    EXPIRED,
    HOLD,
    HOME,
    INCOMPLETE,
    LONG_AGO,
    NOW,
    PENDING,
    SOON,
    TAKEN,
    WITHDRAWN,
    A,
    kind_of,
    later,
    listing,
    nothing,
    price,
    seen,
    stored,
)

YESTERDAY = NOW - timedelta(days=1)
UNDER_CONTRACT = (PENDING, AUC, HOLD)
ON_MARKET = (A, AUC, PENDING, SOON, HOLD)


# Row 1


@pytest.mark.parametrize(
    "taken_back",
    [later(status=DELETE), later(can_view=False), later(status=CLOSED, can_view=False), TAKEN],
    ids=["delete", "cannot_view", "closed_but_cannot_view", "key_gone"],
)
@pytest.mark.parametrize("status", [status for status in ListingStatus if status is not DELETE])
def test_row_01_a_record_taken_back_is_a_tombstone_without_an_event(
    status: ListingStatus, taken_back: ListingSnapshot | Gone
) -> None:
    detection = seen(stored(listing(status=status), transitions=4), taken_back)
    assert nothing(detection, ChangeOutcome.GONE)
    assert detection.accepted is not None
    assert detection.accepted.gone
    assert detection.accepted.snapshot.status is status, "nobody knows why it went: its last status stands"
    assert detection.accepted.transitions == 4


def test_row_01_a_tombstone_again_is_nothing_to_write() -> None:
    gone = seen(HOME, TAKEN).accepted
    again = seen(gone, TAKEN)
    assert nothing(again, ChangeOutcome.ALREADY_GONE)
    assert again.accepted is gone


def test_row_01_a_key_that_was_never_stored_and_is_gone_leaves_nothing() -> None:
    assert seen(None, TAKEN).accepted is None


def test_row_01_a_record_first_seen_as_taken_back_is_kept_so_that_an_older_one_does_not_bring_it_back() -> None:
    gone = seen(None, later(can_view=False)).accepted
    assert gone is not None
    assert gone.gone
    assert nothing(seen(gone, listing(entered_at=YESTERDAY)), ChangeOutcome.STALE)


def test_row_01_an_older_version_of_what_was_taken_back_does_not_bring_it_back() -> None:
    gone = seen(HOME, later(can_view=False)).accepted
    assert nothing(seen(gone, listing(modified_at=NOW - timedelta(days=1))), ChangeOutcome.STALE)


def test_row_01_leaving_by_a_tombstone_dates_the_leaving_of_the_market() -> None:
    on_market = seen(listing(status=PENDING), TAKEN).accepted
    off_market = seen(stored(listing(status=EXPIRED), off_market_since=LONG_AGO), TAKEN).accepted
    assert on_market is not None
    assert on_market.off_market_since == NOW
    assert off_market is not None
    assert off_market.off_market_since == LONG_AGO


# Row 2


@pytest.mark.parametrize("before", [None, listing(status=INCOMPLETE)], ids=["none", "incomplete"])
def test_row_02_coming_soon(before: ListingSnapshot | None) -> None:
    detection = seen(before, later(status=SOON))
    assert kind_of(detection) is ListingEvent.COMING_SOON
    assert detection.outcome is ChangeOutcome.COMING_SOON


def test_row_02_from_active_it_is_no_event() -> None:
    assert nothing(seen(HOME, later(status=SOON)), ChangeOutcome.OTHER_PAIR)


# Row 3


@pytest.mark.parametrize(
    "evidence",
    [
        {"entered_at": YESTERDAY},
        {"on_market_at": YESTERDAY},
        {"on_market_date": date(2026, 3, 3)},
        {"on_market_date": date(2026, 3, 10)},
        {"listing_contract_date": date(2026, 3, 9)},
        {"major_change_type": "New Listing", "major_changed_at": YESTERDAY},
        {"major_change_type": "NewListing", "major_changed_at": YESTERDAY},
    ],
)
def test_row_03_first_seen_active_and_entered_within_seven_days_is_new(evidence: dict[str, object]) -> None:
    detection = seen(None, later(**evidence))
    assert kind_of(detection) is ListingEvent.NEW_LISTING
    assert detection.change is not None
    assert detection.change.previous_price_cents is None
    assert detection.change.new_price_cents == HOME.list_price_cents


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"entered_at": NOW - timedelta(days=7, seconds=1)},
        {"on_market_date": date(2026, 3, 2)},
        {"on_market_date": date(2026, 3, 11)},
        {"entered_at": NOW.replace(year=3000)},
        {"major_change_type": "New Listing", "major_changed_at": LONG_AGO},
        {"major_change_type": "New Listing"},
        {"major_change_type": "Back On Market", "major_changed_at": YESTERDAY},
    ],
)
def test_row_03_without_fresh_evidence_it_is_stored_in_silence(evidence: dict[str, object]) -> None:
    detection = seen(None, later(**evidence))
    assert nothing(detection, ChangeOutcome.FIRST_SEEN)
    assert detection.accepted is not None
    assert detection.accepted.transitions == 1


def test_row_03_a_tombstone_that_returns_counts_as_none() -> None:
    gone = stored(gone=True, transitions=3)
    assert nothing(seen(gone, later()), ChangeOutcome.FIRST_SEEN)
    returned = seen(gone, later(entered_at=YESTERDAY))
    assert kind_of(returned) is ListingEvent.NEW_LISTING
    assert returned.accepted is not None
    assert not returned.accepted.gone


def test_row_03_a_listing_that_flaps_within_its_first_days_is_new_only_once() -> None:
    first = seen(None, later(entered_at=YESTERDAY))
    gone = seen(first.accepted, TAKEN)
    again = seen(gone.accepted, later(entered_at=YESTERDAY, modified_at=NOW + timedelta(hours=1)))
    assert first.change is not None
    assert again.change is not None
    assert first.change.event_id == again.change.event_id


# Row 4


def off_market(days_ago: float, **fields: object) -> AcceptedListing:
    home = listing(**({"listing_key": "ACT0", "status": WITHDRAWN, **price(520_000)} | fields))
    return stored(home, off_market_since=NOW - timedelta(days=days_ago))


@pytest.mark.parametrize("status", [WITHDRAWN, CANCELED, EXPIRED])
def test_row_04_the_same_home_under_another_key_is_a_relist_before_it_is_new(status: ListingStatus) -> None:
    detection = seen(None, later(entered_at=YESTERDAY), relist_of=off_market(30, status=status))
    assert kind_of(detection) is ListingEvent.BACK_ON_MARKET
    assert detection.outcome is ChangeOutcome.RELISTED
    assert detection.change is not None
    assert detection.change.previous_listing_key == "ACT0"
    assert detection.change.previous_status is status
    assert detection.change.drop_cents == 20_000 * 100


def test_row_04_a_relist_needs_no_fresh_date() -> None:
    assert kind_of(seen(None, later(), relist_of=off_market(3))) is ListingEvent.BACK_ON_MARKET


@pytest.mark.parametrize(
    "candidate",
    [
        off_market(30.1),
        off_market(3, status=CLOSED),
        evolve(off_market(3, status=CLOSED), gone=True),
        off_market(3, listing_key="ACT1"),
        off_market(3, unit="B"),
        off_market(3, address="1508 Timber St"),
        off_market(3, source_id="bridge"),
        stored(listing(listing_key="ACT0", status=WITHDRAWN)),
    ],
    ids=["too_long_ago", "sold", "sold_and_gone", "same_key", "other_unit", "other_house", "other_source", "no_date"],
)
def test_row_04_what_is_no_relist_is_a_new_listing(candidate: AcceptedListing) -> None:
    detection = seen(None, later(entered_at=YESTERDAY), relist_of=candidate)
    assert kind_of(detection) is ListingEvent.NEW_LISTING
    assert detection.change is not None
    assert detection.change.previous_listing_key is None


def test_row_04_without_an_address_nothing_is_a_relist() -> None:
    detection = seen(None, later(address=None), relist_of=off_market(3, address=None))
    assert nothing(detection, ChangeOutcome.FIRST_SEEN)


# Row 5


@pytest.mark.parametrize("status", [SOON, INCOMPLETE])
def test_row_05_coming_soon_or_incomplete_to_active_is_new_whatever_its_dates(status: ListingStatus) -> None:
    assert kind_of(seen(listing(status=status), later())) is ListingEvent.NEW_LISTING


# Row 6


@pytest.mark.parametrize("status", [AUC, PENDING, HOLD, WITHDRAWN, CANCELED, EXPIRED])
def test_row_06_back_on_market(status: ListingStatus) -> None:
    detection = seen(listing(status=status), later())
    assert kind_of(detection) is ListingEvent.BACK_ON_MARKET
    assert detection.change is not None
    assert detection.change.previous_status is status


def test_row_06_a_price_change_in_the_same_pair_is_a_fact_inside_the_event() -> None:
    detection = seen(listing(status=PENDING), later(**price(480_000)))
    assert detection.change is not None
    assert detection.change.kind is ListingEvent.BACK_ON_MARKET
    assert detection.change.drop_cents == 20_000 * 100


# Row 7


@pytest.mark.parametrize("closing", [{"close_date": date(2026, 2, 1)}, {"close_price_cents": 1}])
def test_row_07_a_sale_that_fell_through_is_back_on_market(closing: dict[str, object]) -> None:
    detection = seen(listing(status=CLOSED, **closing), later())
    assert kind_of(detection) is ListingEvent.BACK_ON_MARKET
    assert detection.outcome is ChangeOutcome.SALE_FELL_THROUGH


@pytest.mark.parametrize("closing", [{"close_date": date(2026, 2, 1), "close_price_cents": 490_000_00}, {}])
def test_row_07_closed_to_active_without_anything_cleared_is_not_believed(closing: dict[str, object]) -> None:
    detection = seen(listing(status=CLOSED, **closing), later(**closing, **price(100_000)))
    assert nothing(detection, ChangeOutcome.CLOSED_TO_ACTIVE_HELD)
    assert detection.accepted is not None
    assert detection.accepted.snapshot.status is CLOSED
    assert detection.accepted.snapshot.list_price_cents == HOME.list_price_cents
    assert detection.accepted.snapshot.modified_at == NOW
    closed_again = seen(detection.accepted, later(status=CLOSED, modified_at=NOW + timedelta(hours=1), **closing))
    assert closed_again.change is None, "a correction that is taken back must not sell the home twice"


# Row 8


def test_row_08_price_drop_tells_both_prices() -> None:
    detection = seen(HOME, later(**price(485_000)))
    assert kind_of(detection) is ListingEvent.PRICE_DROP
    assert detection.change is not None
    assert (detection.change.drop_cents, detection.change.new_price_cents) == (15_000_00, 485_000_00)
    assert detection.change.facts() == {
        "previous_price_cents": 500_000_00,
        "new_price_cents": 485_000_00,
        "previous_status": "Active",
        "new_status": "Active",
        "needs_check": False,
    }


# Row 9


@pytest.mark.parametrize("word", ["Back On Market", "BackOnMarket", "BOM", "back on market"])
def test_row_09_a_pending_that_was_missed_between_two_polls(word: str) -> None:
    before = listing(major_change_type="New Listing", major_changed_at=LONG_AGO)
    detection = seen(before, later(major_change_type=word, major_changed_at=YESTERDAY))
    assert kind_of(detection) is ListingEvent.BACK_ON_MARKET
    assert detection.outcome is ChangeOutcome.MISSED_PENDING
    assert detection.change is not None
    assert detection.change.major_change_agrees
    assert detection.change.happened_at == YESTERDAY


def test_row_09_not_when_the_timestamp_stands_still() -> None:
    before = listing(major_change_type="Back On Market", major_changed_at=YESTERDAY)
    again = later(major_change_type="Back On Market", major_changed_at=YESTERDAY)
    assert nothing(seen(before, again), ChangeOutcome.DETAILS_ONLY)


def test_row_09_a_feed_that_begins_to_fill_the_field_makes_no_storm() -> None:
    old = later(major_change_type="Back On Market", major_changed_at=LONG_AGO)
    assert nothing(seen(HOME, old), ChangeOutcome.DETAILS_ONLY)
    fresh = later(major_change_type="Back On Market", major_changed_at=YESTERDAY)
    assert kind_of(seen(HOME, fresh)) is ListingEvent.BACK_ON_MARKET
    assert nothing(seen(listing(modified_at=None), fresh), ChangeOutcome.DETAILS_ONLY)


def test_row_09_not_from_the_year_3000_and_not_with_another_price() -> None:
    before = listing(major_changed_at=LONG_AGO)
    far = later(major_change_type="Back On Market", major_changed_at=NOW.replace(year=3000))
    assert nothing(seen(before, far), ChangeOutcome.DETAILS_ONLY)
    dearer = later(major_change_type="Back On Market", major_changed_at=YESTERDAY, **price(510_000))
    assert nothing(seen(before, dearer), ChangeOutcome.PRICE_RISE)


# Row 10


@pytest.mark.parametrize("status", [status for status in ListingStatus if status not in (CLOSED, DELETE)])
def test_row_10_sold(status: ListingStatus) -> None:
    detection = seen(listing(status=status), later(status=CLOSED, close_date=date(2026, 3, 10)))
    assert kind_of(detection) is ListingEvent.SOLD_LISTING


@pytest.mark.parametrize(
    "lease",
    [
        {"property_type": "Residential Lease"},
        {"property_type": "ResidentialLease"},
        {"property_type": "Rental"},
        {"property_type": "Commercial Sale Commercial Lease"},
        {"mls_status": "Leased"},
        {"property_type": "Commercial Sale Commercial Lease", "mls_status": "Leased"},
    ],
)
def test_row_10_what_was_let_is_not_sold(lease: dict[str, object]) -> None:
    detection = seen(listing(**lease), later(status=CLOSED, **lease))
    assert nothing(detection, ChangeOutcome.CLOSED_LEASE)


def test_row_10_a_type_that_is_sale_and_lease_is_sold_when_the_local_status_says_so() -> None:
    both = {"property_type": "Commercial Sale Commercial Lease"}
    assert kind_of(seen(listing(**both), later(status=CLOSED, mls_status="Sold", **both))) is ListingEvent.SOLD_LISTING


def test_row_10_a_close_date_ahead_is_not_sold_yet_and_is_when_it_has_passed() -> None:
    ahead = seen(HOME, later(status=CLOSED, close_date=date(2026, 3, 12)))
    assert nothing(ahead, ChangeOutcome.CLOSE_DATE_AHEAD)
    still = seen(
        ahead.accepted,
        later(status=CLOSED, close_date=date(2026, 3, 12), modified_at=NOW + timedelta(days=1)),
        now=NOW + timedelta(days=1),
    )
    assert nothing(still, ChangeOutcome.DETAILS_ONLY)
    passed = seen(
        still.accepted,
        later(status=CLOSED, close_date=date(2026, 3, 12), modified_at=NOW + timedelta(days=3)),
        now=NOW + timedelta(days=3),
    )
    assert kind_of(passed) is ListingEvent.SOLD_LISTING


def test_row_10_a_mistyped_year_that_is_corrected_to_one_long_ago_sells_nothing() -> None:
    before = listing(status=CLOSED, close_date=date(2031, 2, 1))
    assert nothing(seen(before, later(status=CLOSED, close_date=date(2021, 2, 1))), ChangeOutcome.DETAILS_ONLY)


@pytest.mark.parametrize(
    "evidence",
    [
        {"status_changed_at": NOW - timedelta(days=6)},
        {"major_change_type": "Closed", "major_changed_at": NOW - timedelta(days=6)},
        {"close_date": date(2026, 3, 4)},
    ],
)
def test_row_10_first_seen_closed_is_sold_only_with_a_status_change_within_seven_days(
    evidence: dict[str, object],
) -> None:
    assert kind_of(seen(None, later(status=CLOSED, **evidence))) is ListingEvent.SOLD_LISTING


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"status_changed_at": NOW - timedelta(days=8)},
        {"status_changed_at": NOW - timedelta(days=8), "close_date": date(2026, 3, 9)},
        {"close_date": date(2026, 3, 2)},
        {"major_change_type": "Price Change", "major_changed_at": YESTERDAY},
    ],
)
def test_row_10_first_seen_closed_otherwise_is_stored_in_silence(evidence: dict[str, object]) -> None:
    assert nothing(seen(None, later(status=CLOSED, **evidence)), ChangeOutcome.FIRST_SEEN_CLOSED)


# Rows 11 and 12


@pytest.mark.parametrize("status", ON_MARKET)
def test_row_11_expired(status: ListingStatus) -> None:
    assert kind_of(seen(listing(status=status), later(status=EXPIRED))) is ListingEvent.EXPIRED_LISTING


@pytest.mark.parametrize("status", ON_MARKET)
@pytest.mark.parametrize("to", [WITHDRAWN, CANCELED])
def test_row_12_withdrawn_keeps_which_of_the_two(status: ListingStatus, to: ListingStatus) -> None:
    detection = seen(listing(status=status), later(status=to))
    assert kind_of(detection) is ListingEvent.WITHDRAWN_LISTING
    assert detection.change is not None
    assert detection.change.facts()["new_status"] == to.value


@pytest.mark.parametrize(("before", "to"), [(WITHDRAWN, CANCELED), (CANCELED, WITHDRAWN)])
def test_row_12_between_withdrawn_and_canceled_nothing_happens(before: ListingStatus, to: ListingStatus) -> None:
    assert nothing(seen(listing(status=before), later(status=to)), ChangeOutcome.WITHDRAWN_OR_CANCELED)


@pytest.mark.parametrize("to", [EXPIRED, WITHDRAWN, CANCELED])
def test_rows_11_and_12_first_seen_off_the_market_is_no_event(to: ListingStatus) -> None:
    assert nothing(seen(None, later(status=to)), ChangeOutcome.FIRST_SEEN_OFF_OFFER)


def test_leaving_the_market_is_dated_and_coming_back_clears_it() -> None:
    left = seen(HOME, later(status=WITHDRAWN, status_changed_at=YESTERDAY)).accepted
    assert left is not None
    assert left.off_market_since == YESTERDAY
    canceled = seen(left, later(status=CANCELED, status_changed_at=NOW)).accepted
    assert canceled is not None
    assert canceled.off_market_since == YESTERDAY, "it left when it was withdrawn"
    back = seen(canceled, later()).accepted
    assert back is not None
    assert back.off_market_since is None


def test_a_listing_first_seen_off_the_market_has_left_it_when_the_feed_says() -> None:
    known = seen(None, later(status=WITHDRAWN, status_changed_at=YESTERDAY)).accepted
    unknown = seen(None, later(status=WITHDRAWN)).accepted
    assert known is not None
    assert known.off_market_since == YESTERDAY
    assert unknown is not None
    assert unknown.off_market_since is None


# Row 13


@pytest.mark.parametrize("to", UNDER_CONTRACT)
@pytest.mark.parametrize("status", [status for status in ListingStatus if status is not DELETE])
def test_row_13_under_contract_is_no_event(status: ListingStatus, to: ListingStatus) -> None:
    if status is to:
        assert nothing(seen(listing(status=status), later(status=to)), ChangeOutcome.DETAILS_ONLY)
        return
    detection = seen(listing(status=status), later(status=to))
    assert nothing(detection, ChangeOutcome.UNDER_CONTRACT)


@pytest.mark.parametrize("to", UNDER_CONTRACT)
def test_row_13_first_seen_under_contract_is_no_event(to: ListingStatus) -> None:
    assert nothing(seen(None, later(status=to)), ChangeOutcome.UNDER_CONTRACT)


# Rows 14 and 15


@pytest.mark.parametrize("status", [status for status in ListingStatus if status is not DELETE])
def test_row_14_only_details_changed(status: ListingStatus) -> None:
    new = later(status=status, remarks="Now with words.", photo_urls=("https://photos.example/1.jpeg",))
    detection = seen(stored(listing(status=status), transitions=5), new)
    assert nothing(detection, ChangeOutcome.DETAILS_ONLY)
    assert detection.accepted == stored(new, transitions=5)


def test_row_14_the_same_record_again_is_nothing_to_write() -> None:
    before = stored()
    detection = seen(before, listing())
    assert nothing(detection, ChangeOutcome.UNCHANGED)
    assert detection.accepted is before


EVENTS: dict[tuple[ListingStatus | None, ListingStatus], ListingEvent] = {
    (None, SOON): ListingEvent.COMING_SOON,
    (INCOMPLETE, SOON): ListingEvent.COMING_SOON,
    (SOON, A): ListingEvent.NEW_LISTING,
    (INCOMPLETE, A): ListingEvent.NEW_LISTING,
    **{(s, A): ListingEvent.BACK_ON_MARKET for s in (AUC, PENDING, HOLD, WITHDRAWN, CANCELED, EXPIRED)},
    **{(s, CLOSED): ListingEvent.SOLD_LISTING for s in ListingStatus if s is not CLOSED},
    **{(s, EXPIRED): ListingEvent.EXPIRED_LISTING for s in ON_MARKET},
    **{(s, to): ListingEvent.WITHDRAWN_LISTING for s in ON_MARKET for to in (WITHDRAWN, CANCELED)},
}


@pytest.mark.parametrize(
    ("before", "to"),
    [pair for pair in product((None, *ListingStatus), ListingStatus) if DELETE not in pair],
)
def test_row_15_the_table_is_total_and_any_other_pair_is_no_event(
    before: ListingStatus | None, to: ListingStatus
) -> None:
    left = None if before is None else listing(status=before)
    assert kind_of(seen(left, later(status=to))) is EVENTS.get((before, to))


def test_other_thresholds_are_settings() -> None:
    strict = ChangeSettings(least_drop_basis_points=500, least_drop_cents=50_000_00)
    assert nothing(seen(HOME, later(**price(480_000)), settings=strict), ChangeOutcome.PRICE_BELOW_THRESHOLD)
    assert kind_of(seen(HOME, later(**price(475_000)), settings=strict)) is ListingEvent.PRICE_DROP
    patient = ChangeSettings(fresh_days=30, relist_days=60)
    assert kind_of(seen(None, later(entered_at=NOW - timedelta(days=20)), settings=patient)) is ListingEvent.NEW_LISTING
    assert kind_of(seen(None, later(), relist_of=off_market(50), settings=patient)) is ListingEvent.BACK_ON_MARKET
