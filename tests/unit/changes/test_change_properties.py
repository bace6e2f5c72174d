"""What must hold for any pair and any sequence of snapshots of one listing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.model.event import ListingEvent
from nudge_core.model.listing import AcceptedListing, ListingSnapshot, ListingStatus
from nudge_core.verticals.real_estate.changes import ChangeOutcome, Detection, Gone, detect
from tests.unit.changes.listings import HOME, NOW, TAKEN

HOURS = st.integers(-24 * 40, 24 * 2).map(lambda hours: NOW + timedelta(hours=hours))
INSTANTS = st.one_of(
    st.none(), HOURS, st.just(datetime(3000, 1, 1, tzinfo=UTC)), st.just(datetime(1900, 1, 1, tzinfo=UTC))
)
DATES = st.one_of(st.none(), st.dates(date(2026, 1, 20), date(2026, 3, 20)), st.just(date(2031, 1, 1)))
CENTS = st.one_of(
    st.none(),
    st.sampled_from([0, -1, 1, 26_900, 26_990_000, 49_999_999, 50_000_000, 50_100_000, 100_000_000_000]),
    st.integers(-10, 10**11),
)
STATUSES = st.one_of(
    st.sampled_from([ListingStatus.ACTIVE, ListingStatus.PENDING]), st.sampled_from(ListingStatus), st.none()
)
WORDS = st.sampled_from([None, "Back On Market", "New Listing", "Price Decrease", "Closed", "Kitchen"])


@st.composite
def snapshots(draw: st.DrawFn, /, **fixed: object) -> ListingSnapshot:
    fields: dict[str, object] = {
        "modified_at": draw(INSTANTS),
        "status": draw(STATUSES),
        "mls_status": draw(st.sampled_from([None, "Leased", "Sold"])),
        "list_price_cents": draw(CENTS),
        "close_price_cents": draw(CENTS),
        "close_date": draw(DATES),
        "price_changed_at": draw(INSTANTS),
        "status_changed_at": draw(INSTANTS),
        "major_change_type": draw(WORDS),
        "major_changed_at": draw(INSTANTS),
        "entered_at": draw(INSTANTS),
        "on_market_at": draw(INSTANTS),
        "on_market_date": draw(DATES),
        "listing_contract_date": draw(DATES),
        "property_type": draw(st.sampled_from([None, "Residential", "Residential Lease"])),
        "address": draw(st.sampled_from([None, "1506 Timber St", "9 Elsewhere Ave"])),
        "can_view": draw(st.sampled_from([True, True, True, False])),
    }
    return evolve(HOME, **(fields | fixed))  # type: ignore[arg-type]


@st.composite
def stored_listings(draw: st.DrawFn) -> AcceptedListing:
    return AcceptedListing(
        snapshot=evolve(draw(snapshots()), last_known_status=draw(STATUSES)),
        transitions=draw(st.integers(0, 100)),
        held_price_cents=draw(CENTS),
        gone=draw(st.booleans()),
        off_market_since=draw(INSTANTS),
    )


ANYTHING_STORED = st.one_of(st.none(), stored_listings())
NEWS = st.one_of(snapshots(), st.just(TAKEN))


@settings(max_examples=400)
@given(ANYTHING_STORED, NEWS, st.booleans(), st.booleans(), ANYTHING_STORED)
def test_any_pair_has_one_answer_and_the_same_again(
    previous: AcceptedListing | None,
    new: ListingSnapshot | Gone,
    baseline: bool,
    reread: bool,
    relist_of: AcceptedListing | None,
) -> None:
    def answer() -> Detection:
        return detect(previous, new, now=NOW, baseline=baseline, reread=reread, relist_of=relist_of)

    first = answer()
    assert first == answer()
    if first.change is not None:
        assert first.change.happened_at <= NOW
        assert first.accepted is not None
        assert first.change.new_status is first.accepted.snapshot.status
        assert first.change.facts()["new_status"] == first.change.new_status.value
    if baseline or isinstance(new, Gone) or new.gone:
        assert first.change is None
    if previous is not None and first.accepted is not None:
        assert first.accepted.transitions >= previous.transitions


@given(ANYTHING_STORED, snapshots())
def test_a_price_drop_is_always_a_drop_while_active(previous: AcceptedListing | None, new: ListingSnapshot) -> None:
    change = detect(previous, new, now=NOW).change
    if change is not None and change.kind is ListingEvent.PRICE_DROP:
        assert change.previous_status is change.new_status is ListingStatus.ACTIVE
        assert change.previous_price_cents is not None
        assert change.new_price_cents is not None
        assert 0 < change.new_price_cents < change.previous_price_cents
        assert change.drop_cents >= 100_000 or change.drop_cents * 200 >= change.previous_price_cents


@given(snapshots(status=ListingStatus.ACTIVE, can_view=True), st.integers(1, 10**11))
def test_a_price_rise_is_never_an_event(before: ListingSnapshot, rise: int) -> None:
    if before.list_price_cents is None or before.list_price_cents <= 0:
        return
    new = evolve(before, list_price_cents=before.list_price_cents + rise, major_changed_at=NOW)
    assert detect(AcceptedListing(snapshot=before), new, now=NOW).change is None


@given(ANYTHING_STORED, snapshots(status=None, can_view=True))
def test_an_unknown_status_is_never_an_event_and_never_stored_as_the_old_one(
    previous: AcceptedListing | None, new: ListingSnapshot
) -> None:
    detection = detect(previous, new, now=NOW)
    assert detection.change is None
    if detection.outcome is ChangeOutcome.UNKNOWN_STATUS:
        assert detection.accepted is not None
        assert detection.accepted.snapshot.status is None


# Sequences

STEP = timedelta(hours=7)


@st.composite
def histories(draw: st.DrawFn) -> list[ListingSnapshot]:
    """Return what a feed says of one listing over time, each time with a later place in time."""
    told = draw(st.lists(snapshots(), min_size=1, max_size=8))
    return [evolve(one, modified_at=NOW + STEP * place) for place, one in enumerate(told)]


def events_of(told: list[ListingSnapshot]) -> list[UUID]:
    """Return the ids of the events of a sequence; the clock stands where the latest snapshot so far was made."""
    accepted: AcceptedListing | None = None
    clock, found = NOW, []
    for one in told:
        assert one.modified_at is not None
        clock = max(clock, one.modified_at)
        detection = detect(accepted, one, now=clock)
        accepted = detection.accepted if detection.accepted is not None else accepted
        if detection.change is not None:
            found.append(detection.change.event_id)
    return found


@settings(max_examples=400)
@given(histories(), st.data())
def test_repeats_and_older_snapshots_change_nothing(told: list[ListingSnapshot], data: st.DataObject) -> None:
    noisy: list[ListingSnapshot] = []
    for place, one in enumerate(told):
        noisy.append(one)
        again = data.draw(st.lists(st.integers(0, place), max_size=3))
        noisy += [told[earlier] for earlier in again]
    assert events_of(noisy) == events_of(told)


@settings(max_examples=400)
@given(histories())
def test_no_event_is_swallowed_by_an_earlier_one(told: list[ListingSnapshot]) -> None:
    """Without tombstones (what returns from one is announced once) every event has an id of its own."""
    found = events_of([one for one in told if not one.gone])
    assert len(set(found)) == len(found)


@given(histories())
def test_after_a_crash_the_rest_gives_the_same_events(told: list[ListingSnapshot]) -> None:
    """The page was read, nothing was stored: reading it again from the same state gives the same ids."""
    accepted: AcceptedListing | None = None
    for one in told:
        assert one.modified_at is not None
        lost = detect(accepted, one, now=one.modified_at)
        again = detect(accepted, one, now=one.modified_at + timedelta(minutes=5))
        if lost.change is not None and again.change is not None:
            assert lost.change.event_id == again.change.event_id
        accepted = again.accepted
