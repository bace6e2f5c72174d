"""The local market as a feed: a server of its own on loopback, read through the same RESO adapter as any vendor's.

Who reads it for the first time is shown the market of a week ago, and a day more of it at each further look, until it
is today's: an invented market that began with the present would have nothing to tell for hours. A reader who looks at
least once a day of the market, as the demo does from its first day on, sees no difference.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

from attrs import evolve

from nudge_adapters.feeds.build import MarketSettings, ResoSettings, build_reso
from nudge_adapters.feeds.market import Market, market_server
from nudge_core.model.feed import FeedCursor, FeedPage
from nudge_core.model.secret import Secret
from nudge_core.ports.services import Clock, ListingFeed

BEHIND = timedelta(days=7)  # the market of the first look: some 30 listings change a day, of which a dozen make news
STEP = timedelta(days=1)  # more of the market that each further look shows
_SHOWN, _MORE = "market_shown", "market_more"  # in the cursor: how far the market was shown, and whether in part


class MarketFeed:
    """A `ListingFeed` over an invented market. The server is started by the first call and stopped by `aclose`.

    Args:
        settings: which market.
        clock: tells its time.
    """

    def __init__(self, settings: MarketSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._source_id = settings.source_id or f"market:{settings.seed}"
        self._running = ExitStack()
        self._feed: ListingFeed | None = None
        self._shown: datetime | None = None

    @property
    def source_id(self) -> str:
        """Name of the source."""
        return self._source_id

    async def read(self, cursor: FeedCursor, now: datetime) -> FeedPage:
        """Return the page after `cursor`; see `ListingFeed.read`."""
        state = dict(cursor.state)
        shown, unfinished = state.pop(_SHOWN, None), state.pop(_MORE, False)
        if not isinstance(shown, str):
            self._shown = now if cursor.baseline_done else max(self._settings.start, now - BEHIND)
        elif unfinished:
            self._shown = datetime.fromisoformat(shown)
        else:
            self._shown = max(datetime.fromisoformat(shown), min(now, datetime.fromisoformat(shown) + STEP))
        page = await self._served().read(evolve(cursor, state=state), self._shown)
        told = {**page.cursor.state, _SHOWN: self._shown.isoformat(), _MORE: page.more}
        return evolve(page, cursor=evolve(page.cursor, state=told))

    def _now(self) -> datetime:
        """Return the market's present: as far as it was shown here, or that of the clock."""
        return self._clock.now() if self._shown is None else self._shown

    async def reread(self, keys: Sequence[str], now: datetime) -> FeedPage:
        """Return these listings as they are now; see `ListingFeed.reread`."""
        return await self._served().reread(keys, now)

    async def keys(self) -> frozenset[str]:
        """Return the keys of every listing in the market; see `ListingFeed.keys`."""
        return await self._served().keys()

    async def ping(self) -> str:
        """Return one line about the market's server, or raise."""
        return await self._served().ping()

    async def aclose(self) -> None:
        """Give back connections and stop the server. The next call would start it again."""
        if self._feed is not None:
            await self._feed.aclose()
        self._feed = None
        self._running.close()

    def _served(self) -> ListingFeed:
        if self._feed is None:
            chosen = self._settings
            market = Market(chosen.seed, chosen.size, chosen.start, chosen.dirty_share)
            token = Secret(secrets.token_urlsafe(16))
            server = self._running.enter_context(market_server(market, self._now, token=token))
            address = server.base_address
            self._feed = build_reso(
                ResoSettings(profile="market", base_address=address, token=token, source_id=self._source_id)
            )
        return self._feed
