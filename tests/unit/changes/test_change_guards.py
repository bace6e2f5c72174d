"""The guards around the decision table (`mls-feeds.md` 6.1, 6.3, 6.4) and the worked vectors of `verticals.md` 3.2."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nudge_core.model.event import ListingEvent
from nudge_core.model.listing import ListingStatus
from nudge_core.verticals.real_estate.changes import ChangeOutcome, Check, Detection
from tests.unit.changes.listings import (
    AUC,
    CLOSED,
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

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def accepted_price(detection: Detection) -> int | None:
    assert detection.accepted is not None
    return detection.accepted.snapshot.list_price_cents


# Price drops: the vectors of verticals.md 3.2


@pytest.mark.parametrize(
    ("before", "new"),
    [(500_000, 496_000), (500_000, 495_000), (300_000, 297_000), (2_000_000, 1_994_000), (496_000, 494_900)],
)
def test_vector_these_drops_are_events(before: int, new: int) -> None:
    detection = seen(listing(**price(before)), later(**price(new)))
    assert kind_of(detection) is ListingEvent.PRICE_DROP
    assert detection.change is not None
    assert detection.change.drop_cents == (before - new) * 100
    assert not detection.change.needs_check


def test_vector_compared_with_the_last_accepted_price_never_with_the_original_one() -> None:
    original = {"original_list_price_cents": 550_000_00, "previous_list_price_cents": 550_000_00}
    detection = seen(listing(**original), later(**original, **price(499_900)))
    assert nothing(detection, ChangeOutcome.PRICE_BELOW_THRESHOLD)
    again = seen(listing(**original), later(**original))
    assert nothing(again, ChangeOutcome.DETAILS_ONLY), "an old cut must not fire again at each poll"


def test_vector_a_rise_is_no_event_and_is_accepted() -> None:
    detection = seen(HOME, later(**price(510_000)))
    assert nothing(detection, ChangeOutcome.PRICE_RISE)
    assert accepted_price(detection) == 510_000_00


@pytest.mark.parametrize(
    ("before", "new", "is_event"),
    [
        (100_000, 99_500, True),  # 0.5 %
        (100_000, 99_500.01, False),
        (1_000_000, 999_000, True),  # $1,000
        (1_000_000, 999_000.01, False),
        (100_000, 50_000, True),  # 50 % is not above 50 %
        (100_000, 49_999.99, False),  # quarantined
    ],
)
def test_the_thresholds_are_exact(before: float, new: float, is_event: bool) -> None:
    assert (kind_of(seen(listing(**price(before)), later(**price(new)))) is ListingEvent.PRICE_DROP) is is_event


def test_vector_active_pending_active_all_seen() -> None:
    pending = seen(HOME, later(status=PENDING))
    assert nothing(pending, ChangeOutcome.UNDER_CONTRACT)
    back = seen(pending.accepted, later(modified_at=NOW + HOUR), now=NOW + HOUR)
    assert kind_of(back) is ListingEvent.BACK_ON_MARKET


def test_vector_new_then_drop_then_sold_are_three_events_with_three_ids() -> None:
    new = seen(None, later(entered_at=NOW - HOUR))
    drop = seen(new.accepted, later(modified_at=NOW + HOUR, **price(480_000)), now=NOW + HOUR)
    sold = seen(drop.accepted, later(modified_at=NOW + DAY, status=CLOSED, **price(480_000)), now=NOW + DAY)
    kinds = [kind_of(detection) for detection in (new, drop, sold)]
    assert kinds == [ListingEvent.NEW_LISTING, ListingEvent.PRICE_DROP, ListingEvent.SOLD_LISTING]
    assert len({d.change.event_id for d in (new, drop, sold) if d.change is not None}) == 3


def test_a_second_drop_is_not_swallowed_by_the_first() -> None:
    first = seen(HOME, later(**price(480_000)))
    second = seen(first.accepted, later(modified_at=NOW + HOUR, **price(460_000)), now=NOW + HOUR)
    up = seen(second.accepted, later(modified_at=NOW + 2 * HOUR, **price(480_000)), now=NOW + 2 * HOUR)
    same_again = seen(up.accepted, later(modified_at=NOW + 3 * HOUR, **price(460_000)), now=NOW + 3 * HOUR)
    assert kind_of(up) is None
    ids = {d.change.event_id for d in (first, second, same_again) if d.change is not None}
    assert len(ids) == 3


# Price guards


@pytest.mark.parametrize("status", [AUC, PENDING, HOLD, CLOSED, SOON, INCOMPLETE, WITHDRAWN, EXPIRED])
def test_a_drop_while_not_active_is_no_event_and_is_accepted(status: ListingStatus) -> None:
    detection = seen(listing(status=status), later(status=status, **price(450_000)))
    assert nothing(detection, ChangeOutcome.PRICE_WHILE_NOT_ACTIVE)
    assert accepted_price(detection) == 450_000_00


@pytest.mark.parametrize("cents", [None, 0, -500])
def test_a_price_that_is_not_there_neither_fires_nor_replaces_the_known_one(cents: int | None) -> None:
    masked = seen(HOME, later(list_price_cents=cents))
    assert nothing(masked, ChangeOutcome.PRICE_MISSING)
    assert accepted_price(masked) == 500_000_00
    shown_again = seen(masked.accepted, later(modified_at=NOW + HOUR, **price(480_000)), now=NOW + HOUR)
    assert shown_again.change is not None
    assert shown_again.change.drop_cents == 20_000_00


def test_the_first_price_of_a_listing_is_a_baseline() -> None:
    detection = seen(listing(list_price_cents=None), later())
    assert nothing(detection, ChangeOutcome.PRICE_FIRST)
    assert accepted_price(detection) == 500_000_00
    assert nothing(seen(listing(list_price_cents=0), later()), ChangeOutcome.PRICE_FIRST)


def test_a_sale_that_becomes_a_lease_did_not_drop_in_price() -> None:
    detection = seen(HOME, later(property_type="Residential Lease", **price(2_400)))
    assert nothing(detection, ChangeOutcome.PRICE_OF_ANOTHER_TYPE)
    assert accepted_price(detection) == 2_400_00
    spelled = seen(listing(property_type="ResidentialIncome"), later(property_type="Residential Income", **price(4e5)))
    assert kind_of(spelled) is ListingEvent.PRICE_DROP


def test_an_address_that_changed_with_the_price_wants_a_look() -> None:
    detection = seen(HOME, later(address="22 Other Rd", **price(480_000)))
    assert detection.change is not None
    assert detection.change.checks == (Check.ADDRESS_CHANGED,)
    assert detection.change.facts()["needs_check"] is True
    assert detection.change.facts()["checks"] == ("address_changed",)


# Quarantine


def test_a_fall_of_more_than_half_is_held() -> None:
    detection = seen(HOME, later(price_changed_at=NOW, **price(200_000)))
    assert nothing(detection, ChangeOutcome.PRICE_HELD)
    assert detection.accepted is not None
    assert detection.accepted.held_price_cents == 200_000_00
    assert detection.accepted.snapshot.list_price_cents == 500_000_00
    assert detection.accepted.snapshot.price_changed_at is None, "that date belongs to the price not believed"
    assert detection.accepted.transitions == 1


@pytest.mark.parametrize("how", ["read_again_by_key", "modified_since"])
def test_a_second_poll_that_agrees_gives_an_event_that_a_person_must_check(how: str) -> None:
    held = seen(HOME, later(**price(200_000))).accepted
    at = NOW + DAY if how == "modified_since" else NOW
    agreed = seen(held, later(modified_at=at, **price(200_000)), now=NOW + DAY, reread=how == "read_again_by_key")
    assert agreed.outcome is ChangeOutcome.PRICE_DROP_AGREED
    assert agreed.change is not None
    assert agreed.change.kind is ListingEvent.PRICE_DROP
    assert agreed.change.checks == (Check.PRICE_STOOD_IN_QUARANTINE,)
    assert agreed.change.needs_check
    assert agreed.accepted is not None
    assert agreed.accepted.held_price_cents is None
    assert agreed.accepted.snapshot.list_price_cents == 200_000_00


def test_the_same_record_in_an_overlap_is_not_a_second_poll() -> None:
    held = seen(HOME, later(**price(200_000))).accepted
    overlap = seen(held, later(**price(200_000)), now=NOW + 10 * HOUR)
    assert nothing(overlap, ChangeOutcome.PRICE_HELD)
    assert overlap.accepted == held


def test_another_low_price_is_held_in_its_turn_and_a_plausible_one_ends_the_quarantine() -> None:
    held = seen(HOME, later(**price(500))).accepted
    other = seen(held, later(modified_at=NOW + DAY, **price(50_000)), now=NOW + DAY)
    assert nothing(other, ChangeOutcome.PRICE_HELD)
    assert other.accepted is not None
    assert other.accepted.held_price_cents == 50_000_00
    plausible = seen(other.accepted, later(modified_at=NOW + 2 * DAY, **price(480_000)), now=NOW + 2 * DAY)
    assert plausible.change is not None
    assert plausible.change.drop_cents == 20_000_00
    assert plausible.accepted is not None
    assert plausible.accepted.held_price_cents is None


def test_an_event_of_another_kind_does_not_tell_a_price_in_quarantine() -> None:
    detection = seen(listing(status=PENDING), later(**price(500)))
    assert detection.change is not None
    assert detection.change.kind is ListingEvent.BACK_ON_MARKET
    assert detection.change.new_price_cents == 500_000_00
    assert detection.change.checks == (Check.PRICE_IN_QUARANTINE,)


def test_nasty_08_typing_error_stands_for_days() -> None:
    """269,900 -> 269 -> 269,900, corrected after five days: nobody hears of it, and the correction is no event."""
    before = seen(None, later(**price(269_900))).accepted
    wrong = seen(before, later(modified_at=NOW + DAY, **price(269)), now=NOW + DAY)
    assert nothing(wrong, ChangeOutcome.PRICE_HELD)
    right = seen(wrong.accepted, later(modified_at=NOW + 6 * DAY, **price(269_900)), now=NOW + 6 * DAY)
    assert nothing(right, ChangeOutcome.DETAILS_ONLY)
    assert right.accepted is not None
    assert right.accepted.held_price_cents is None


def test_nasty_08_typing_error_that_a_second_poll_confirmed_still_needs_a_yes_and_its_correction_is_no_event() -> None:
    wrong = seen(listing(**price(199_900)), later(**price(199))).accepted
    agreed = seen(wrong, later(**price(199)), reread=True)
    assert agreed.change is not None
    assert agreed.change.needs_check
    right = seen(agreed.accepted, later(modified_at=NOW + DAY, **price(199_900)), now=NOW + DAY)
    assert nothing(right, ChangeOutcome.PRICE_RISE)


def test_nasty_08_two_properties_under_one_id() -> None:
    """A "price change" to 175,000 between sales at 605,438 and 367,500 is not believed at once."""
    detection = seen(listing(**price(605_438)), later(**price(175_000), address="9 Elsewhere Ave"))
    assert nothing(detection, ChangeOutcome.PRICE_HELD)


# Order, baseline, dates that cannot be


def test_an_older_snapshot_is_dropped() -> None:
    before = stored(later(**price(480_000)))
    detection = seen(before, listing(**price(400_000), status=CLOSED))
    assert nothing(detection, ChangeOutcome.STALE)
    assert detection.accepted is before


def test_an_equal_timestamp_is_allowed() -> None:
    assert kind_of(seen(later(), later(**price(480_000)))) is ListingEvent.PRICE_DROP


def test_nasty_03_without_a_timestamp_the_order_of_arrival_counts() -> None:
    undated = seen(HOME, listing(modified_at=None, watermark=None, **price(480_000)))
    assert kind_of(undated) is ListingEvent.PRICE_DROP
    assert undated.accepted is not None
    assert undated.accepted.snapshot.modified_at == HOME.modified_at
    older = seen(undated.accepted, listing(modified_at=LONG_AGO, **price(520_000)))
    assert nothing(older, ChangeOutcome.STALE)


def test_nasty_03_a_record_from_the_year_3000_does_not_make_all_later_ones_old() -> None:
    far = seen(HOME, listing(modified_at=NOW.replace(year=3000), **price(490_000)))
    assert kind_of(far) is ListingEvent.PRICE_DROP
    assert far.change is not None
    assert far.change.happened_at <= NOW
    after = seen(far.accepted, later(**price(470_000)))
    assert kind_of(after) is ListingEvent.PRICE_DROP


def test_nasty_04_a_change_that_does_not_move_the_timestamp_is_seen() -> None:
    detection = seen(HOME, listing(photo_urls=("https://photos.example/1.jpeg",)))
    assert nothing(detection, ChangeOutcome.DETAILS_ONLY)
    assert kind_of(seen(HOME, listing(**price(450_000)))) is ListingEvent.PRICE_DROP


def test_nasty_05_a_timestamp_that_moves_alone_is_no_event() -> None:
    """MLS Grid's sample: modified 2021-12-09, last major change 2020-12-05 ("Price Decrease")."""
    major = {"major_change_type": "Price Decrease", "major_changed_at": LONG_AGO}
    assert nothing(seen(listing(**major), later(**major)), ChangeOutcome.DETAILS_ONLY)


def test_the_first_full_load_is_stored_without_events() -> None:
    loaded = seen(None, later(entered_at=NOW - HOUR), baseline=True)
    assert nothing(loaded, ChangeOutcome.BASELINE)
    changed = seen(loaded.accepted, later(modified_at=NOW + HOUR, **price(100_000)), baseline=True)
    assert nothing(changed, ChangeOutcome.BASELINE)
    assert accepted_price(changed) == 100_000_00
    assert changed.accepted is not None
    assert changed.accepted.held_price_cents is None
    masked = seen(loaded.accepted, later(modified_at=NOW + HOUR, list_price_cents=None), baseline=True)
    assert accepted_price(masked) == 500_000_00
    gone = seen(loaded.accepted, TAKEN, baseline=True)
    assert nothing(gone, ChangeOutcome.GONE)


# Unknown status


def test_nasty_09_an_unknown_status_is_no_event_and_hides_the_old_one() -> None:
    unknown = seen(HOME, later(status=None, status_text="Under Agreement", **price(100_000)))
    assert nothing(unknown, ChangeOutcome.UNKNOWN_STATUS)
    assert unknown.accepted is not None
    kept = unknown.accepted.snapshot
    assert kept.status is None, "nobody may be told that it is still for sale"
    assert (kept.last_known_status, kept.status_text) == (A, "Under Agreement")
    assert (kept.list_price_cents, kept.modified_at) == (500_000_00, NOW)
    assert unknown.accepted.transitions == 1


def test_nasty_09_the_same_unknown_status_again_is_nothing_to_write() -> None:
    unknown = seen(HOME, later(status=None, status_text="Odd")).accepted
    again = seen(unknown, later(status=None, status_text="Odd"))
    assert nothing(again, ChangeOutcome.UNKNOWN_STATUS)
    assert again.accepted is unknown


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        ({}, None),
        (price(480_000), ListingEvent.PRICE_DROP),
        ({"status": CLOSED}, ListingEvent.SOLD_LISTING),
        ({"status": PENDING}, None),
    ],
)
def test_nasty_09_after_an_unknown_status_no_event_is_lost(after: dict[str, object], kind: ListingEvent | None) -> None:
    unknown = seen(HOME, later(status=None, status_text="Odd"))
    still = seen(unknown.accepted, later(status=None, status_text="Odder", modified_at=NOW + HOUR))
    known = seen(still.accepted, later(modified_at=NOW + 2 * HOUR, **after), now=NOW + 2 * HOUR)
    assert kind_of(known) is kind
    assert known.accepted is not None
    assert known.accepted.snapshot.last_known_status is None
    assert known.accepted.transitions == (2 if after else 1)
    if known.change is not None:
        assert known.change.previous_status is A


def test_nasty_09_a_listing_that_goes_while_its_status_is_unknown_left_the_market() -> None:
    unknown = seen(HOME, later(status=None, status_text="Odd"))
    gone = seen(unknown.accepted, TAKEN).accepted
    assert gone is not None
    assert gone.off_market_since == NOW


def test_nasty_09_a_listing_never_known_counts_as_none() -> None:
    unknown = seen(None, later(status=None, status_text="Pre-Market"))
    assert nothing(unknown, ChangeOutcome.UNKNOWN_STATUS)
    assert nothing(seen(unknown.accepted, later(modified_at=NOW + HOUR)), ChangeOutcome.FIRST_SEEN)
    fresh = later(modified_at=NOW + HOUR, entered_at=NOW - HOUR)
    assert kind_of(seen(unknown.accepted, fresh)) is ListingEvent.NEW_LISTING


def test_nasty_11_a_listing_that_vanishes_and_comes_back() -> None:
    gone = seen(HOME, TAKEN)
    assert gone.change is None, "never say sold or withdrawn of it"
    cheaper = later(modified_at=NOW + DAY, **price(450_000))
    back = seen(gone.accepted, cheaper, now=NOW + DAY)
    assert nothing(back, ChangeOutcome.FIRST_SEEN)
    assert back.accepted is not None
    assert back.accepted.transitions == 2


def test_nasty_12_a_sold_record_whose_list_date_is_after_its_close_date() -> None:
    odd = later(status=CLOSED, close_date=(NOW - DAY).date(), on_market_date=NOW.date(), **price(490_000))
    detection = seen(HOME, odd)
    assert kind_of(detection) is ListingEvent.SOLD_LISTING
    assert detection.change is not None
    assert detection.change.previous_price_cents == 500_000_00, "the list price was overwritten by the sold price"


def test_the_major_change_confirms_and_decides_nothing() -> None:
    before = listing(major_change_type="New Listing", major_changed_at=LONG_AGO)
    agreed = seen(before, later(major_change_type="Price Decrease", major_changed_at=NOW, **price(480_000)))
    differs = seen(before, later(major_change_type="Sold", major_changed_at=NOW, **price(480_000)))
    stale = seen(before, later(major_change_type="Sold", major_changed_at=LONG_AGO, **price(480_000)))
    local = seen(before, later(major_change_type="Kitchen", major_changed_at=NOW, **price(480_000)))
    said = [d.change.major_change_agrees for d in (agreed, differs, stale, local) if d.change is not None]
    assert said == [True, False, None, None]
    alone = seen(before, later(major_change_type="Price Decrease", major_changed_at=NOW))
    assert nothing(alone, ChangeOutcome.DETAILS_ONLY)
