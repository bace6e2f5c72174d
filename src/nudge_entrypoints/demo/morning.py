"""One day of the demo, without a screen: the feed is read, nudges are drafted, texts go out, people answer.

Everything is the product's own walk; what is special is that time is moved by hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable
from uuid import UUID

from nudge_core.errors import Invalid, Unavailable
from nudge_core.model.briefing import CampaignBriefing
from nudge_core.model.carrier import CarrierNews
from nudge_core.model.user import User
from nudge_core.model.vector import Vector
from nudge_core.steps import review
from nudge_core.steps.ingest import IngestReport
from nudge_core.walk import Heard, PassReport, embed_book, hear, run_once, send_due, tidy
from nudge_entrypoints.bootstrap import App
from nudge_entrypoints.demo import people
from nudge_entrypoints.demo.clock import DemoClock, store_instants

SEND_STEP = timedelta(seconds=5)  # of the demo's time between two looks at the queue when nothing else is known
SETTLE_AT_MOST = timedelta(days=9)  # a text is of use for 14 days at most; caps make some wait for a week
ROUNDS_AT_MOST = 20_000  # of one delivery: a bound, not an expectation
QUEUE_AT_ONCE = 100


@runtime_checkable
class TellsNews(Protocol):
    """A carrier that has something to tell without being asked over the web: the simulated one."""

    def news(self, now: datetime) -> Iterator[CarrierNews]:
        """Yield what the carrier has to tell by `now`."""
        ...

    def next_news(self, now: datetime) -> datetime | None:
        """Return when it will have something to tell next."""
        ...


class Demo:
    """The demo's professional, book, clock and walk."""

    def __init__(self, app: App, clock: DemoClock, user: User) -> None:
        self.app, self.clock, self.user = app, clock, user
        self.parts = app.parts
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the wall seconds of the block to the step's."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._add(step, time.perf_counter() - started)

    def _add(self, step: str, seconds: float) -> None:
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds

    async def move_to(self, instant: datetime) -> None:
        """Go on to an instant and store it, so that a demo that is killed goes on from there."""
        self.clock.move_to(instant)
        self.user = await store_instants(self.parts.store, self.user, now=self.clock.now())

    async def remember(self, **instants: datetime) -> None:
        """Store instants under names, with the professional."""
        self.user = await store_instants(self.parts.store, self.user, **instants)

    async def meaning_of(self, briefing: CampaignBriefing) -> Vector | None:
        """Return the vector of what a briefing is about; None without an embedder or a text."""
        if self.parts.embedder is None or briefing.triggering_event_id is None:
            return None
        async with self.parts.store.tenant(self.user.id) as tx:
            events = await tx.market_events.get([briefing.triggering_event_id])
        listing = events[0].payload.get("listing") if events else None
        if not isinstance(listing, Mapping):
            return None
        text = self.parts.vertical(self.user.vertical).text_of(listing)
        return (await self.parts.embedder.embed([text]))[0]

    async def read_and_draft(self, each_page: Callable[[IngestReport], None] | None = None) -> PassReport:
        """One pass of the pipeline: poll the local market through the RESO adapter, match, draft."""
        feed = self.app.feed(self.user)
        try:
            done = await run_once(self.parts, [feed], time.monotonic, each_page)
        finally:
            await feed.aclose()
        self._add("poll", done.poll_s)
        self._add("match and draft", done.work_s)
        if done.failed:
            raise Unavailable(feed.source_id, done.failed[feed.source_id])
        return done

    async def queue(self) -> list[CampaignBriefing]:
        """Return the drafts that wait for a person, best first."""
        async with self.parts.store.tenant(self.user.id) as tx:
            return list(await tx.briefings.waiting(QUEUE_AT_ONCE))

    async def approve_all(self) -> int:
        """Approve every nudge that has somebody to send it to; dismiss what is for the professional's eyes only."""
        approved = 0
        with self.timed("review"):
            for briefing in await self.queue():
                approved += await self._approve(briefing)
        return approved

    async def _approve(self, briefing: CampaignBriefing) -> int:
        vertical = self.parts.vertical(self.user.vertical)
        async with self.parts.store.tenant(self.user.id) as tx:
            rule = vertical.events.get(briefing.campaign_type)  # a co-pilot's briefing is of no event
            if rule is None or rule.owner_only or not briefing.recipients:
                return 0
            await review.approve(tx, briefing.id, self.user.full_name, vertical)
        return 1

    async def deliver(self, until: datetime, watch: Callable[[Heard], None] | None = None) -> None:
        """Send, hear and move time on until nothing is left to happen by `until`."""
        with self.timed("deliver"):
            for _ in range(ROUNDS_AT_MOST):
                moved = [*await tidy(self.parts), *await send_due(self.parts, time.monotonic)]
                heard = await self._listen(watch)
                if moved or heard:
                    continue
                following = await self._next_instant()
                if following is None or following > until:
                    break
                await self.move_to(following)

    async def _listen(self, watch: Callable[[Heard], None] | None) -> int:
        gateway, count = self.parts.gateway, 0
        if not isinstance(gateway, TellsNews):
            return 0
        for news in gateway.news(self.clock.now()):
            heard = await hear(self.parts, news)
            count += 1
            if watch is not None:
                watch(heard)
        return count

    async def _next_instant(self) -> datetime | None:
        """Return when something happens next: a text becomes due, the carrier has news, a doubt can be closed."""
        now = self.clock.now()
        async with self.parts.store.system() as tx:
            instants = [await tx.sends.next_due()]
            in_doubt = [*await tx.sends.doubtful(1), *await tx.sends.expired_leases(1)]
        if isinstance(self.parts.gateway, TellsNews):
            instants.append(self.parts.gateway.next_news(now))
        if in_doubt:
            instants.append(now + timedelta(seconds=self.parts.delivery.list_lag_s))
        later = [max(instant, now + SEND_STEP) for instant in instants if instant is not None]
        return min(later, default=None)


async def seeded(app: App, start: datetime) -> User:
    """Return the demo's professional with their book, made at the first run only."""
    store = app.parts.store
    async with store.system() as tx:
        known = [user for user in await tx.users.all() if user.id == people.PROFESSIONAL_ID]
        if not known:
            await tx.users.add(people.professional())
    user = known[0] if known else people.professional()
    async with store.tenant(user.id) as tenant:
        if not await tenant.clients.book():
            await tenant.clients.add(people.clients(start))
            await tenant.consents.add(people.consents(start))
    await embed_book(app.parts, user.id)
    return user


async def unreadable(demo: Demo) -> dict[UUID, str]:
    """Return the clients whose preferences cannot be read, with the rule they break."""
    vertical = demo.parts.vertical(demo.user.vertical)
    broken: dict[UUID, str] = {}
    async with demo.parts.store.tenant(demo.user.id) as tx:
        for client in await tx.clients.book():
            try:
                vertical.seekers(client, ())
            except Invalid as error:
                broken[client.id] = str(error)
    return broken


async def account(demo: Demo) -> dict[str, object]:
    """Return what the demo's database holds: events by kind, briefings, texts by state, withheld by reason."""
    async with demo.parts.store.tenant(demo.user.id) as tx:
        briefings = await tx.briefings.counts()
        return {
            "events": dict(sorted((await tx.market_events.counts()).items())),
            "briefings": {status.value: count for status, count in sorted(briefings.items())},
            "messages": {state.value: count for state, count in sorted((await tx.messages.counts()).items())},
            "withheld": dict(sorted((await tx.messages.withheld()).items())),
        }
