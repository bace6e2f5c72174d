"""The market: listings that appear, change and leave as time is moved on."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from nudge_adapters.feeds.market.blemishes import Blemish, blemish
from nudge_adapters.feeds.market.dice import Dice
from nudge_adapters.feeds.market.homes import home
from nudge_adapters.feeds.market.listing_record import Fields, stamp
from nudge_adapters.feeds.market.stories import Story, stories
from nudge_core.errors import Invalid

DAY = timedelta(days=1)
MOST_LISTINGS = 20_000
KEYS_PER_DAY = 50_000  # even numbers for new listings, odd ones for those listed again
FIRST_KEY = 100_000_000  # nine digits, so that keys compare as texts as they do as numbers

DAYS_IN_FEED = 90
"""Listings stay in the feed about so long (market, contract, 45 days after), so size / 90 arrive in a day."""
ARRIVALS_BY_WEEKDAY = (1.0, 1.1, 1.1, 1.4, 1.3, 0.7, 0.4)  # Monday first: homes are listed before the weekend
DIRTY_SHARE = 0.02
MASS_UPDATE_SHARE = 1 / 7  # nights on which the source writes many rows anew without a change (Trestle, 3.5)
MASS_UPDATE_ROWS = 0.3
MASS_UPDATE_HOUR = 9  # UTC


class Inventory(Protocol):
    """What a market server serves: records as they are at one instant."""

    def advance(self, to: datetime) -> None:
        """Move time on to `to`; an earlier instant changes nothing."""
        ...

    def records(self) -> Sequence[Fields]:
        """Return every record in the feed, by key. The caller changes none of them."""
        ...


class Market:
    """An invented MLS in which time is moved by hand.

    What it holds at an instant is a function of `seed`, `size`, `start`, `dirty_share` and that instant alone: two
    markets that were moved there in different steps, in different processes, hold the same bytes.

    Args:
        seed: any whole number.
        size: listings in the feed at `start`, 1 to 20,000; some of them already sold.
        start: the first instant, in UTC.
        dirty_share: of all listings whose records are dirty, from 0 to 1.

    Raises:
        Invalid: an argument is out of its range.
    """

    def __init__(self, seed: int, size: int, start: datetime, dirty_share: float = DIRTY_SHARE) -> None:
        if not 1 <= size <= MOST_LISTINGS:
            raise Invalid("market.size", f"from 1 to {MOST_LISTINGS} listings", size)
        if start.utcoffset() != timedelta(0):
            raise Invalid("market.start", "a datetime in UTC", start)
        if not 0 <= dirty_share <= 1:
            raise Invalid("market.dirty_share", "a share from 0 to 1", dirty_share)
        self._seed, self._size, self._start, self._dirty_share = seed, size, start, dirty_share
        self._midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        self._days = 0
        self._waiting: list[tuple[datetime, str, int]] = []
        self._stories: dict[str, Story] = {}
        self._blemishes: dict[str, Blemish | None] = {}
        self._records: dict[str, Fields] = {}
        self._sent: tuple[Fields, ...] = ()
        self._time = start
        for number in range(size):
            self._begin_before_start(number)
        self._apply(start)

    @property
    def time(self) -> datetime:
        """The instant the market has come to, in UTC."""
        return self._time

    def advance(self, to: datetime) -> None:
        """Move time on to `to`; an earlier instant changes nothing."""
        if to <= self._time:
            return
        while self._midnight + self._days * DAY <= to:
            self._days += 1
            self._begin_day(self._days)
        self._apply(to)
        self._time = to

    def records(self) -> Sequence[Fields]:
        """Return every record in the feed, by key, blemishes included. The caller changes none of them."""
        return self._sent

    def truth(self) -> Mapping[str, Fields]:
        """Return the same records before their blemishes, by key: what a test compares with."""
        return dict(self._records)

    def _as_sent(self, key: str) -> Fields:
        wrong, record = self._blemishes[key], self._records[key]
        return record if wrong is None else wrong(record)

    def _begin_before_start(self, number: int) -> None:
        """Choose where in its story a listing stands when the market begins."""
        told = self._tell(0, number, self._midnight)
        days = max(1, (told[0].last_on_market - self._midnight) // DAY)
        before = Dice(self._seed, "age", number).below(days + days // 6 + 1)
        self._admit(self._tell(0, number, self._midnight - before * DAY))

    def _begin_day(self, day: int) -> None:
        """Let the listings of a day arrive. `day` is counted from 1, the day of `start`."""
        midnight = self._midnight + (day - 1) * DAY
        dice = Dice(self._seed, "day", day)
        wanted = self._size / DAYS_IN_FEED * ARRIVALS_BY_WEEKDAY[midnight.weekday()]
        for number in range(int(wanted + dice.unit())):
            self._admit(self._tell(day, number, midnight))
        if dice.chance(MASS_UPDATE_SHARE):
            heapq.heappush(self._waiting, (midnight + timedelta(hours=MASS_UPDATE_HOUR), "", 0))

    def _tell(self, day: int, number: int, first_day: datetime) -> tuple[Story, ...]:
        key = FIRST_KEY + day * KEYS_PER_DAY + 2 * number
        path = (self._seed, day, number)
        return stories(home(Dice("home", *path)), Dice("story", *path), (key, key + 1), first_day)

    def _admit(self, told: tuple[Story, ...]) -> None:
        for story in told:
            if story.steps[-1].at > self._start:
                self._stories[story.key] = story
                self._blemishes[story.key] = blemish(self._seed, story.key, self._dirty_share)
                heapq.heappush(self._waiting, (story.steps[0].at, story.key, 0))

    def _apply(self, to: datetime) -> None:
        """Take every step up to `to`, in the order of time. Records are replaced, never changed in place."""
        if not self._waiting or self._waiting[0][0] > to:
            return
        records = dict(self._records)
        while self._waiting and self._waiting[0][0] <= to:
            at, key, index = heapq.heappop(self._waiting)
            if not key:
                self._update_many(records, at)
                continue
            step, more = self._stories[key].steps[index], index + 1 < len(self._stories[key].steps)
            if step.vanishes:
                records.pop(key, None)
            else:
                records[key] = records.get(key, {}) | step.changes
            if more:
                heapq.heappush(self._waiting, (self._stories[key].steps[index + 1].at, key, index + 1))
            else:
                del self._stories[key]
        self._records = records
        self._sent = tuple(self._as_sent(key) for key in sorted(records))

    def _update_many(self, records: dict[str, Fields], at: datetime) -> None:
        """Give many rows the same new timestamp, and nothing else."""
        for key, record in records.items():
            if Dice(self._seed, "mass", stamp(at), key).chance(MASS_UPDATE_ROWS):
                records[key] = record | {"ModificationTimestamp": stamp(at)}
