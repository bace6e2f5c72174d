"""What every `ListingFeed` promises. An adapter author writes a `Source` and a fixture, and inherits the tests.

    FEED-01  A first load brings every listing and ends; only then is `baseline_done` set, and it stays set.
    FEED-02  Reading consumes nothing: the same cursor gives the same rows again (a crash before storing).
    FEED-03  A cursor is small JSON; a feed made anew goes on from it.
    FEED-04  After a pass has ended, a change comes with the next one, and the rest does not come again.
    FEED-05  A row that changes while pages are read is not lost, nor is any other.
    FEED-06  More rows than a page with one timestamp all come.
    FEED-07  A date in the future hides no later change, and is counted as `future_watermark`.
    FEED-08  A record that cannot be read comes back in `unread`, and no other is lost with it.
    FEED-09  A page holds each key once.
    FEED-10  Nothing private is in a snapshot, a raw record or an unread one.
    FEED-11  `reread` brings listings as they are now, in the order asked, and tells which are gone.
    FEED-12  `keys` tells every key the source still has.
    FEED-13  `keys` raises Unavailable rather than tell too few.
    FEED-14  An outage or a rate limit is Unavailable with seconds from 0 to 3,600; the next call goes on, nothing lost.
    FEED-15  A refusal is Refused; no error tells the token.
    FEED-16  A listing removed from the source is told by a tombstone, or by its key's absence from `keys`.
    FEED-17  `ping` is one line; `aclose` may be called twice.
    FEED-18  The cursor of another source is Invalid.

A source that cannot change while it is read (a recording) sets `living` to False. It starts at nothing, so its first
load is one empty page; it has no present, so it can be asked for nothing again and nothing of it is ever gone. The
promises about changes, failures and removal are then skipped with that reason.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

import pytest
from attrs import evolve

from nudge_core.errors import Invalid, Refused, Unavailable
from nudge_core.model.feed import FeedCursor, FeedPage
from nudge_core.model.json import plain_json
from nudge_core.ports.services import ListingFeed
from tests.peers.table import CANARY

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = "CANARYtokenCANARYtokenCANARY"
LARGEST_STATE = 8_192  # characters of JSON; a group of one timestamp is remembered by its keys
MOST_PAGES = 200


class Failure(Enum):
    """What a living source can be told to do wrong, once, with the next request for data."""

    RATE_LIMIT = auto()  # with Retry-After: 7
    OUTAGE = auto()
    CUT_SHORT = auto()
    HTML = auto()
    REFUSAL = auto()


class Source(ABC):
    """A source a test writes into, and the feed that reads it."""

    page = 5
    """Rows of a page the feed under test asks for."""
    living = True
    counts_keys = True
    """Whether the source tells how many keys it has, so that a list of them can be seen to be short."""

    @abstractmethod
    def feed(self) -> ListingFeed:
        """Return a feed over this source, made anew, with the same `source_id`."""

    @abstractmethod
    def put(self, key: str, at: datetime | str | None, price_usd: int = 500_000) -> None:
        """Add a listing or change it; `at`: its watermark."""

    @abstractmethod
    def put_unreadable(self, at: datetime) -> None:
        """Add a record without a usable key."""

    @abstractmethod
    def remove(self, key: str, at: datetime) -> None:
        """Take a listing away, in the source's manner."""

    @abstractmethod
    def fail(self, failure: Failure) -> None:
        """Answer the next request for data wrongly."""

    @abstractmethod
    def shorten_keys(self) -> None:
        """Let the next list of keys be shorter than what the source itself counts, if it does."""


class FeedContract:
    """The promises. A subclass provides the fixture `source`."""

    async def pages(self, feed: ListingFeed, cursor: FeedCursor, now: datetime) -> tuple[list[FeedPage], FeedCursor]:
        """Read until there is no more; the cursor goes through JSON at every page, as it does through a database."""
        found: list[FeedPage] = []
        more = True
        while more:
            page = await feed.read(cursor, now)
            found.append(page)
            assert len(found) < MOST_PAGES, "a pass without an end"
            text = json.dumps(plain_json(page.cursor.state))
            assert len(text) <= LARGEST_STATE
            cursor, more = evolve(page.cursor, state=json.loads(text)), page.more
        return found, cursor

    def fresh(self, feed: ListingFeed) -> FeedCursor:
        """Return the cursor of a source that was never read."""
        return FeedCursor(source_id=feed.source_id)

    def prices(self, pages: Sequence[FeedPage]) -> dict[str, int | None]:
        """Return the last price told of each key, in dollars."""
        return {
            one.snapshot.listing_key: one.snapshot.list_price_cents and one.snapshot.list_price_cents // 100
            for page in pages
            for one in page.listings
        }

    def fill(self, source: Source, count: int, apart: timedelta = timedelta(seconds=1)) -> list[str]:
        """Put `count` listings, the last one at `START`; return their keys, oldest first."""
        keys = [str(1_000 + number) for number in range(count)]
        for number, key in enumerate(keys):
            source.put(key, START - (count - 1 - number) * apart)
        return keys

    async def test_feed_01_a_first_load_brings_all_and_ends(self, source: Source) -> None:
        keys = self.fill(source, 3 * source.page + 2)
        feed = source.feed()
        pages, cursor = await self.pages(feed, self.fresh(feed), START + timedelta(hours=1))
        assert set(self.prices(pages)) == set(keys)
        ended = [page.cursor.baseline_done for page in pages]
        assert ended == ([False] * (len(pages) - 1) + [True] if source.living else [True] * len(pages))
        if not source.living:
            assert pages[0].listings == ()
        assert all(page.source_id == feed.source_id for page in pages)
        assert all(one.snapshot.source_id == feed.source_id for page in pages for one in page.listings)
        _, again = await self.pages(feed, cursor, START + timedelta(hours=2))
        assert again.baseline_done
        await feed.aclose()

    async def test_feed_02_the_same_cursor_gives_the_same_rows(self, source: Source) -> None:
        self.fill(source, 2 * source.page + 1)
        feed, now = source.feed(), START + timedelta(hours=1)
        first = await feed.read(self.fresh(feed), now)
        assert await feed.read(self.fresh(feed), now) == first
        assert await feed.read(first.cursor, now) == await feed.read(first.cursor, now)
        await feed.aclose()

    async def test_feed_03_a_feed_made_anew_goes_on_from_a_stored_cursor(self, source: Source) -> None:
        keys = self.fill(source, 3 * source.page)
        now, seen = START + timedelta(hours=1), set[str]()
        feed = source.feed()
        cursor, more, rounds = self.fresh(feed), True, 0
        while more:
            page = await feed.read(cursor, now)
            seen |= {one.snapshot.listing_key for one in page.listings}
            cursor, more, rounds = page.cursor, page.more, rounds + 1
            await feed.aclose()
            feed = source.feed()
            assert rounds < MOST_PAGES
        assert seen == set(keys)
        await feed.aclose()

    async def test_feed_04_a_change_comes_with_the_next_pass_and_the_rest_does_not(self, source: Source) -> None:
        if not source.living:
            pytest.skip("a recording does not change")
        keys = self.fill(source, 2 * source.page, timedelta(hours=1))
        feed, later = source.feed(), START + timedelta(days=2)
        _, cursor = await self.pages(feed, self.fresh(feed), START + timedelta(hours=1))
        source.put(keys[0], later, 450_000)
        source.put("9999", later + timedelta(seconds=1), 300_000)
        pages, cursor = await self.pages(feed, cursor, later + timedelta(hours=1))
        told = self.prices(pages)
        assert told[keys[0]] == 450_000
        assert told["9999"] == 300_000
        assert len(told) < len(keys), "only what changed, and the overlap"
        pages, _ = await self.pages(feed, cursor, later + timedelta(hours=2))
        assert set(self.prices(pages)) <= {keys[0], "9999"}
        await feed.aclose()

    async def test_feed_05_rows_that_change_while_pages_are_read_are_not_lost(self, source: Source) -> None:
        if not source.living:
            pytest.skip("a recording does not change")
        keys = self.fill(source, 4 * source.page)
        feed, now = source.feed(), START + timedelta(hours=1)
        page = await feed.read(self.fresh(feed), now)
        first = [one.snapshot.listing_key for one in page.listings]
        moved = first[: max(1, len(first) - 1)]
        for number, key in enumerate(moved):
            source.put(key, now + timedelta(seconds=number), 111_000)
        now += timedelta(minutes=1)
        rest, cursor = await self.pages(feed, page.cursor, now)
        following, _ = await self.pages(feed, cursor, now + timedelta(minutes=1))
        told = self.prices([page, *rest, *following])
        assert set(told) == set(keys)
        assert {told[key] for key in moved} == {111_000}
        await feed.aclose()

    async def test_feed_06_a_group_of_one_timestamp_larger_than_a_page_comes_whole(self, source: Source) -> None:
        keys = self.fill(source, 2)
        group = [str(2_000 + number) for number in range(3 * source.page + 1)]
        for key in group:
            source.put(key, START + timedelta(seconds=30))
        source.put("5000", START + timedelta(seconds=60))
        feed = source.feed()
        pages, _ = await self.pages(feed, self.fresh(feed), START + timedelta(hours=1))
        assert set(self.prices(pages)) == {*keys, *group, "5000"}
        await feed.aclose()

    async def test_feed_07_a_date_in_the_future_hides_nothing(self, source: Source) -> None:
        if not source.living:
            pytest.skip("a recording has no present")
        keys = self.fill(source, source.page + 1)
        for number in range(source.page + 2):  # more than a page of them
            source.put(str(7_000 + number), "3000-01-01T00:00:00Z")
        feed, now = source.feed(), START + timedelta(hours=1)
        pages, cursor = await self.pages(feed, self.fresh(feed), now)
        assert set(keys) <= set(self.prices(pages))
        assert "future_watermark" in [code for page in pages for code in page.warnings]
        source.put(keys[0], now + timedelta(minutes=30), 450_000)
        pages, _ = await self.pages(feed, cursor, now + timedelta(hours=1))
        assert self.prices(pages)[keys[0]] == 450_000
        await feed.aclose()

    async def test_feed_08_an_unreadable_record_is_kept(self, source: Source) -> None:
        keys = self.fill(source, source.page + 1)
        source.put_unreadable(START - timedelta(seconds=2))
        feed = source.feed()
        pages, _ = await self.pages(feed, self.fresh(feed), START + timedelta(hours=1))
        assert set(self.prices(pages)) == set(keys)
        unread = [record for page in pages for record in page.unread]
        assert len({record.raw for record in unread}) == 1
        assert unread[0].rule
        await feed.aclose()

    async def test_feed_09_a_page_holds_each_key_once(self, source: Source) -> None:
        self.fill(source, 3 * source.page)
        feed = source.feed()
        pages, _ = await self.pages(feed, self.fresh(feed), START + timedelta(hours=1))
        for page in pages:
            told = Counter(one.snapshot.listing_key for one in page.listings)
            assert set(told.values()) <= {1}
        await feed.aclose()

    async def test_feed_10_nothing_private_passes(self, source: Source) -> None:
        self.fill(source, source.page)
        source.put_unreadable(START)
        feed = source.feed()
        pages, _ = await self.pages(feed, self.fresh(feed), START + timedelta(hours=1))
        pages.append(await feed.reread(["1000"], START + timedelta(hours=1)))
        text = repr([(one.snapshot, plain_json(one.raw)) for page in pages for one in page.listings])
        text += repr([record.raw for page in pages for record in page.unread])
        assert "O'Fallon" in text
        assert CANARY not in text
        await feed.aclose()

    async def test_feed_11_reread_tells_how_listings_are_now(self, source: Source) -> None:
        keys = self.fill(source, 30)
        feed, now = source.feed(), START + timedelta(hours=1)
        if not source.living:
            page = await feed.reread(keys, now)
            assert (page.listings, page.gone_keys) == ((), ())
            return
        source.put(keys[3], now, 333_000)
        asked = [keys[3], "4711", keys[0], keys[3], *keys[5:29]]
        page = await feed.reread(asked, now)
        told = [one.snapshot.listing_key for one in page.listings]
        assert told == [keys[3], keys[0], *keys[5:29]]
        assert page.gone_keys == ("4711",)
        assert not page.more
        assert self.prices([page])[keys[3]] == 333_000
        assert (await feed.reread([], now)).listings == ()
        await feed.aclose()

    async def test_feed_12_keys_tells_every_key(self, source: Source) -> None:
        keys = self.fill(source, 4 * source.page + 1)
        feed = source.feed()
        assert await feed.keys() == set(keys)
        await feed.aclose()

    async def test_feed_13_keys_never_tells_too_few(self, source: Source) -> None:
        if not source.living:
            pytest.skip("a recording does not fail")
        self.fill(source, 4 * source.page)
        feed = source.feed()
        await feed.keys()
        for failure in (Failure.OUTAGE, Failure.CUT_SHORT, Failure.HTML):
            source.fail(failure)
            with pytest.raises(Unavailable):
                await feed.keys()
        if source.counts_keys:
            source.shorten_keys()
            with pytest.raises(Unavailable, match="not whole"):
                await feed.keys()
        await feed.aclose()

    async def test_feed_13_an_empty_source_has_no_list_of_keys(self, source: Source) -> None:
        if not source.living:
            pytest.skip("an empty recording is no recording")
        feed = source.feed()
        with pytest.raises(Unavailable, match="not whole"):
            await feed.keys()
        await feed.aclose()

    @pytest.mark.parametrize("failure", [Failure.RATE_LIMIT, Failure.OUTAGE, Failure.CUT_SHORT, Failure.HTML])
    async def test_feed_14_an_outage_is_for_later_and_loses_nothing(self, source: Source, failure: Failure) -> None:
        if not source.living:
            pytest.skip("a recording does not fail")
        keys = self.fill(source, 3 * source.page)
        feed, now = source.feed(), START + timedelta(hours=1)
        page = await feed.read(self.fresh(feed), now)
        source.fail(failure)
        with pytest.raises(Unavailable) as caught:
            await feed.read(page.cursor, now)
        wait_s = caught.value.retry_after_s
        assert wait_s is None or 0 <= wait_s <= 3_600
        if failure is Failure.RATE_LIMIT:
            assert wait_s == 7
            await feed.aclose()
            feed = source.feed()  # the old one rests
        rest, _ = await self.pages(feed, page.cursor, now)
        assert set(self.prices([page, *rest])) == set(keys)
        await feed.aclose()

    async def test_feed_15_a_refusal_is_final_and_tells_no_token(self, source: Source) -> None:
        if not source.living:
            pytest.skip("a recording does not refuse")
        self.fill(source, source.page)
        feed, now = source.feed(), START + timedelta(hours=1)
        await feed.read(self.fresh(feed), now)
        source.fail(Failure.REFUSAL)
        with pytest.raises(Refused) as caught:
            await feed.read(self.fresh(feed), now)
        error: BaseException | None = caught.value
        while error is not None:
            assert TOKEN not in f"{error} {error!r} {error.__dict__}"
            error = error.__cause__
        await feed.aclose()

    async def test_feed_16_a_removed_listing_can_be_told(self, source: Source) -> None:
        if not source.living:
            pytest.skip("a recording does not change")
        keys = self.fill(source, 2 * source.page)
        feed, now = source.feed(), START + timedelta(hours=1)
        _, cursor = await self.pages(feed, self.fresh(feed), now)
        source.remove(keys[1], now + timedelta(minutes=5))
        pages, _ = await self.pages(feed, cursor, now + timedelta(hours=1))
        tombstones = {one.snapshot.listing_key for page in pages for one in page.listings if one.snapshot.gone}
        assert keys[1] in tombstones or keys[1] not in await feed.keys()
        page = await feed.reread([keys[1]], now + timedelta(hours=1))
        assert page.gone_keys == (keys[1],) or [one.snapshot.gone for one in page.listings] == [True]
        await feed.aclose()

    async def test_feed_17_ping_is_one_line_and_close_may_come_twice(self, source: Source) -> None:
        self.fill(source, 1)
        feed = source.feed()
        told = await feed.ping()
        assert told
        assert "\n" not in told
        assert TOKEN not in told
        await feed.aclose()
        await feed.aclose()

    async def test_feed_18_the_cursor_of_another_source_is_invalid(self, source: Source) -> None:
        self.fill(source, 1)
        feed = source.feed()
        with pytest.raises(Invalid, match=r"cursor\.source_id"):
            await feed.read(FeedCursor(source_id="somebody else"), START)
        await feed.aclose()
