"""The invented market, read through the real adapter over HTTP and judged by the real rule of changes."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

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
