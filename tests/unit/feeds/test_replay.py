"""Replays: real histories through change detection, pages as recorded, and what a recording cannot do."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attrs import define, field

from nudge_adapters.feeds.records import RecordShape
from nudge_adapters.feeds.replay import ReplayFeed, replay_of_histories, replay_of_pages
from nudge_core.errors import Refused
from nudge_core.model.feed import FeedCursor, FeedPage
from nudge_core.model.listing import AcceptedListing
from nudge_core.ports import ListingFeed
from nudge_core.verticals.real_estate.changes import detect
from tests.shared_data import shared

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@define
class Ledger:
    """What a store would hold after pages were ingested one by one."""

    listings: dict[str, AcceptedListing] = field(factory=dict[str, AcceptedListing])
    events: dict[object, str] = field(factory=dict[object, str])
    outcomes: Counter[str] = field(factory=Counter[str])
    warnings: Counter[str] = field(factory=Counter[str])

    def take(self, page: FeedPage) -> None:
        """Ingest a page as a set: what is stored is looked up once, before any of its rows."""
        before = dict(self.listings)
        left = sorted(
            (one for one in before.values() if one.off_market_since is not None),
            key=lambda one: str(one.off_market_since),
        )
        left_last = {one.snapshot.address_key: one for one in left}
        for listing in page.listings:
            new = listing.snapshot
            assert new.modified_at is not None
            found = detect(
                before.get(new.listing_key),
                new,
                now=new.modified_at if page.recorded else NOW,
                relist_of=left_last.get(new.address_key),
            )
            self.outcomes[found.outcome.value] += 1
            if found.accepted is not None:
                self.listings[new.listing_key] = found.accepted
            if found.change is not None:
                self.events[found.change.event_id] = found.change.kind.value
        self.warnings.update(page.warnings)


async def play(feed: ReplayFeed, ledger: Ledger, cursor: FeedCursor | None = None) -> tuple[list[FeedPage], FeedCursor]:
    """Read a feed to its end."""
    cursor = cursor or FeedCursor(source_id=feed.source_id)
    pages: list[FeedPage] = []
    while True:
        page = await feed.read(cursor, NOW)
        ledger.take(page)
        pages.append(page)
        cursor = page.cursor
        if not page.more:
            return pages, cursor


async def test_the_real_histories_give_the_events_of_the_data_folder() -> None:
    """Equal to the table in `data/README.md`, row for row; where a row of it has two names here, their sum.

    "Rise or same price" (58) is 56 rises and 2 of the 6 `details_only`; the other 4 are removals of a home that was
    removed already, and with the 5 `first_seen_off_offer` they are the 9 "removed while not on the market".
    """
    feed = replay_of_histories(shared("mls/listing_histories_500.jsonl"), "portal")
    ledger = Ledger()
    pages, _ = await play(feed, ledger)
    assert Counter(ledger.events.values()) == {
        "new_listing": 405 + 104,
        "back_on_market": 48 + 11 + 8,
        "price_drop": 315,
        "sold_listing": 344 + 33,
        "withdrawn_listing": 177,
    }
    assert ledger.outcomes == {
        "new_listing": 405 + 104,
        "back_on_market": 48 + 8,
        "relisted": 11,
        "price_drop": 315,
        "sold_listing": 344 + 33,
        "withdrawn_listing": 177,
        "price_held": 2,
        "price_below_threshold": 5,
        "price_rise": 56,
        "details_only": 2 + 4,
        "price_first": 5,
        "under_contract": 264 + 32,
        "first_seen_off_offer": 5,
    }
    assert ledger.warnings == {
        "sold_without_listing": 662,
        "rental_row": 400,
        "price_change_without_price": 1,
        "price_change_while_off_market": 1,
    }
    assert sum(ledger.outcomes.values()) + sum(ledger.warnings.values()) == 2_884
    assert not any(page.unread for page in pages)


async def test_a_second_replay_over_the_same_store_adds_nothing() -> None:
    feed = replay_of_histories(shared("mls/listing_histories_500.jsonl"), "portal")
    ledger = Ledger()
    await play(feed, ledger)
    events, listings = dict(ledger.events), dict(ledger.listings)
    _, end = await play(feed, ledger)
    assert (ledger.events, ledger.listings) == (events, listings)
    page = await feed.read(end, NOW)
    assert (page.listings, page.more) == ((), False)


@pytest.mark.parametrize("page_size", [30, 1_000])
async def test_the_size_of_pages_does_not_matter(page_size: int) -> None:
    path = shared("mls/listing_histories_500.jsonl")
    usual, other = Ledger(), Ledger()
    await play(replay_of_histories(path, "portal"), usual)
    await play(replay_of_histories(path, "portal", page_size), other)
    assert usual.events == other.events


LINE = {
    "zpid": "1",
    "UnparsedAddress": "1 Elm St",
    "City": "Provo",
    "PostalCode": "84601",
    "homeType": "CONDO",
    "Bathrooms": 1.5,
    "LivingArea": None,
    "events": [
        {"date": "2024-01-05", "event": "Listed for sale", "price": 300_000, "rental": False},
        {"date": "2024-01-05", "event": "Price change", "price": 290_000, "rental": False},
        {"date": "2024-01-09", "event": "Listed for rent", "price": 1_900, "rental": True},
        {"date": "2024-02-01", "event": "Sold", "price": 285_000, "rental": False},
    ],
}


def write(folder: Path, *lines: object) -> Path:
    path = folder / "histories.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


async def test_a_history_becomes_snapshots_in_the_order_of_time(tmp_path: Path) -> None:
    other = LINE | {"zpid": 2, "UnparsedAddress": "2 Elm St", "events": [LINE["events"][0]]}  # type: ignore[index]
    pages, _ = await play(replay_of_histories(write(tmp_path, other, LINE), "portal"), Ledger())
    assert [[one.snapshot.listing_key for one in page.listings] for page in pages] == [
        [],
        ["2-1", "1-1"],
        ["1-1"],
        ["1-1"],
    ]
    listed, dropped, sold = (page.listings[-1].snapshot for page in pages[1:])
    assert listed.modified_at == listed.entered_at == datetime(2024, 1, 5, 12, tzinfo=UTC)
    assert dropped.modified_at == dropped.price_changed_at == datetime(2024, 1, 5, 12, 0, 1, tzinfo=UTC)
    assert (listed.list_price_cents, dropped.list_price_cents) == (300_000_00, 290_000_00)
    assert (listed.property_subtype, listed.baths, listed.living_area_sqft) == ("Condominium", 1.5, None)
    assert (sold.close_date, sold.close_price_cents) == (datetime(2024, 2, 1, tzinfo=UTC).date(), 285_000_00)
    assert [page.warnings for page in pages] == [(), (), ("rental_row",), ()]
    assert all(page.recorded for page in pages)


async def test_nothing_that_cannot_be_read_is_lost(tmp_path: Path) -> None:
    bad_event = LINE | {
        "zpid": "3",
        "events": [
            {"date": "last May", "event": "Sold", "price": 1},
            {"date": "2024-01-01", "event": "Burned down", "price": 1},
            {"date": "2024-01-01", "event": "Listed for sale", "price": "cheap"},
            "Sold",
            {"date": "2024-01-02", "event": "Listed for sale", "price": "475,000"},
        ],
    }
    lines: list[object] = ["{", "[]", "", {"events": []}, {"zpid": "4"}, {"zpid": "5", "events": {}}, bad_event]
    pages, _ = await play(replay_of_histories(write(tmp_path, *lines), "portal"), Ledger())
    rules = [record.rule for page in pages for record in page.unread]
    assert rules == [
        "line 1: JSON: one object a line",
        "line 2: line: an object (got list of 0)",
        "line 4: zpid: a text or a number (got nothing)",
        "line 5: events: a list (got nothing)",
        "line 6: events: a list (got dict of 0)",
        "line 7: events[0].date: YYYY-MM-DD (got str of 8 characters)",
        "line 7: events[1].event: one of Listed for sale, Price change, Contingent, Pending sale, Listing removed, "
        "Sold (got str of 11 characters)",
        "line 7: events[2].price: a number or null (got str of 5 characters)",
        "line 7: events[3]: an object (got str of 4 characters)",
    ]
    assert [one.snapshot.list_price_cents for page in pages for one in page.listings] == [475_000_00]


async def test_a_cursor_goes_on_where_it_stopped_and_is_not_used_for_another_file(tmp_path: Path) -> None:
    feed = replay_of_histories(write(tmp_path, LINE), "portal")
    start = await feed.read(FeedCursor(source_id="portal", version=3), NOW)
    assert (start.listings, start.more, start.cursor.baseline_done) == ((), True, True)
    assert start.cursor.version == 3
    first = await feed.read(start.cursor, NOW)
    again = await feed.read(start.cursor, NOW)
    assert first.listings == again.listings
    _, end = await play(feed, Ledger(), first.cursor)
    assert (await feed.read(end, NOW)).listings == ()
    changed = replay_of_histories(write(tmp_path, LINE, LINE | {"zpid": "2"}), "portal")
    assert (await changed.read(end, NOW)).listings == first.listings


async def test_a_recording_has_no_present(tmp_path: Path) -> None:
    feed: ListingFeed = replay_of_histories(write(tmp_path, LINE), "portal")
    page = await feed.reread(["1-1"], NOW)
    assert (page.listings, page.gone_keys) == ((), ())
    assert page.warnings == ("recording_cannot_be_read_again",)
    assert await feed.keys() == {"1-1"}
    assert await feed.ping() == "replay of histories.jsonl: 3 snapshots on 3 pages"
    await feed.aclose()


async def test_a_missing_recording_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"absent\.jsonl"):
        await replay_of_histories(tmp_path / "absent.jsonl", "portal").ping()
    with pytest.raises(Refused, match="no recorded page"):
        await replay_of_pages(tmp_path, "refserver", RecordShape()).ping()


async def test_recorded_pages_of_the_reference_server() -> None:
    folder = shared("mls/payloads/refserver")
    feed = replay_of_pages(sorted(folder.glob("property_page_*.json")), "refserver", RecordShape())
    pages, _ = await play(feed, Ledger())
    assert [len(page.listings) for page in pages] == [0, 100, 100, 51]
    assert len(await feed.keys()) == 251


async def test_a_recorded_failure_does_not_end_the_replay(tmp_path: Path) -> None:
    error = {"status": 429, "headers": {}, "body": {"error": {"code": "429", "message": "slow down"}}}
    record = {"ListingKey": "a1", "StandardStatus": "Active", "ModificationTimestamp": "2026-01-01T00:00:00Z"}
    for name, content in enumerate([error, "no json", [], {"body": {}, "status": "ok"}, {"value": [record]}]):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / f"{name}.json").write_text(text, "utf-8")
    pages, _ = await play(replay_of_pages(tmp_path, "vendor", RecordShape()), Ledger())
    assert [len(page.unread) for page in pages] == [0, 1, 1, 1, 1, 0]
    assert [page.warnings for page in pages[1:5]] == [("unread_page",)] * 4
    assert pages[5].listings[0].snapshot.listing_key == "a1"


async def test_recorded_spark_pages(tmp_path: Path) -> None:
    fixture = shared("mls/payloads/spark/listings_multiple.json")
    feed = replay_of_pages([fixture], "flexmls", RecordShape(key_field="Id"), spark=True)
    pages, _ = await play(feed, Ledger())
    assert [len(page.listings) for page in pages] == [0, 2]
