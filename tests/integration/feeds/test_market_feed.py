"""The invented market, read through the real adapter over HTTP and judged by the real rule of changes."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from nudge_adapters.feeds.build import MarketSettings, build_market
from nudge_core.model.event import ListingEvent
from nudge_core.model.feed import FeedCursor
from nudge_core.model.json import plain_json
from nudge_core.model.listing import AcceptedListing
from nudge_core.verticals.real_estate.changes import detect

pytestmark = pytest.mark.enable_socket

START = datetime(2026, 11, 22, 15, tzinfo=UTC)


class Clock:
    """Simulated time."""

    def __init__(self) -> None:
        self.instant = START

    def now(self) -> datetime:
        return self.instant


async def test_thirty_days_bring_all_seven_kinds_of_event() -> None:
    clock = Clock()
    feed = build_market(MarketSettings(start=START, seed=7, size=400), clock)
    cursor = FeedCursor(source_id=feed.source_id)
    accepted: dict[str, AcceptedListing] = {}
    events, warnings = dict[object, ListingEvent](), Counter[str]()
    unread, seen, twice = 0, "", 0
    for _day in range(31):
        more = True
        while more:
            page = await feed.read(cursor, clock.now())
            left = {one.snapshot.address_key: one for one in accepted.values() if one.off_market_since and not one.gone}
            for listing in page.listings:
                new = listing.snapshot
                found = detect(
                    accepted.get(new.listing_key),
                    new,
                    now=clock.now(),
                    baseline=not cursor.baseline_done,
                    relist_of=left.get(new.address_key),
                )
                if found.accepted is not None:
                    accepted[new.listing_key] = found.accepted
                if found.change is not None:
                    twice += found.change.event_id in events
                    events[found.change.event_id] = found.change.kind
            unread += len(page.unread)
            warnings.update(page.warnings)
            seen += repr([plain_json(one.raw) for one in page.listings])
            cursor, more = page.cursor, page.more
        clock.instant += timedelta(days=1)
    counts = Counter(events.values())
    assert set(counts) == set(ListingEvent), "all seven"
    assert min(counts.values()) >= 3
    assert counts[ListingEvent.NEW_LISTING] > 50
    assert counts[ListingEvent.PRICE_DROP] > 50
    assert counts[ListingEvent.SOLD_LISTING] > 50
    assert twice == 0, "an overlap tells no event again"
    assert unread == 0
    assert "unknown_status" in warnings
    assert "Lockbox" not in seen
    await feed.aclose()


async def test_the_same_market_gives_the_same_pages_to_two_feeds() -> None:
    pages = []
    for _ in range(2):
        feed = build_market(MarketSettings(start=START, seed=3, size=50), Clock())
        pages.append(await feed.read(FeedCursor(source_id=feed.source_id), START))
        await feed.aclose()
    first, second = ([one.snapshot for one in page.listings] for page in pages)
    assert first == second
    assert len(first) == 50


async def test_nothing_runs_before_it_is_used_nor_after_it_is_closed() -> None:
    threads = threading.active_count()
    feed = build_market(MarketSettings(start=START, size=10), Clock())
    assert threading.active_count() == threads
    assert "RESO Web API at 127.0.0.1" in await feed.ping()
    assert len(await feed.keys()) == 10
    assert threading.active_count() > threads
    await feed.aclose()
    await feed.aclose()
    assert threading.active_count() == threads


async def test_who_looks_for_the_first_time_is_shown_a_week_day_by_day_and_then_the_present() -> None:
    clock = Clock()
    clock.instant = START + timedelta(days=60)
    cursor, newest = FeedCursor(source_id="market:7"), list[datetime]()
    for _look in range(9):
        feed = build_market(MarketSettings(start=START, seed=7, size=100), clock)  # anew each time, as a worker does
        seen = []
        while True:
            page = await feed.read(cursor, clock.now())
            seen += [one.snapshot.modified_at for one in page.listings if one.snapshot.modified_at is not None]
            cursor = page.cursor
            if not page.more:
                break
        await feed.aclose()
        newest.append(max([*seen, *newest[-1:]]))
        clock.instant += timedelta(minutes=5)
    days = [(START + timedelta(days=60) - at) / timedelta(days=1) for at in newest]
    assert days[0] >= 7, "the baseline is a week old"
    assert all(7 - look <= day for look, day in enumerate(days[:7])), "no look shows more than a day"
    assert days[-1] < 1, "and the present is reached"


async def test_a_cursor_of_before_goes_on_with_the_present() -> None:
    clock = Clock()
    feed = build_market(MarketSettings(start=START, seed=7, size=50), clock)
    page = await feed.read(FeedCursor(source_id=feed.source_id), clock.now())
    old = {name: value for name, value in page.cursor.state.items() if not name.startswith("market_")}
    clock.instant += timedelta(days=9)
    later = await feed.read(evolve(page.cursor, state=old), clock.now())
    await feed.aclose()
    stamps = [one.snapshot.modified_at for one in later.listings if one.snapshot.modified_at is not None]
    assert max(stamps) > START + timedelta(days=8)
