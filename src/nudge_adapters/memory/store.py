"""The reference meaning of the storage ports, in this process's memory: no server, nothing kept on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from attrs import Factory, field, frozen

from nudge_adapters.memory.access import MemoryApiKeys, MemoryAttempts, MemoryOverviews, MemorySessions
from nudge_adapters.memory.audit import MemoryAudit
from nudge_adapters.memory.carrier_events import MemoryCarrierEvents
from nudge_adapters.memory.changes import MemoryChangeNews, MemoryChanges
from nudge_adapters.memory.consent import MemoryConsents, MemorySuppressions
from nudge_adapters.memory.contacts import MemoryContactAccounts, MemoryContactImports
from nudge_adapters.memory.contents import MemoryContents, MemoryFaqs
from nudge_adapters.memory.dossiers import MemoryDossiers
from nudge_adapters.memory.exposures import MemoryExposures
from nudge_adapters.memory.held_numbers import MemoryHeldNumbers
from nudge_adapters.memory.idempotency import MemoryIdempotencyKeys
from nudge_adapters.memory.journal import Work
from nudge_adapters.memory.knowledge import MemoryClientFacts, MemoryClientImports, MemoryClientNotes
from nudge_adapters.memory.lanes import MemoryLanes
from nudge_adapters.memory.market import MemoryGlobalEvents, MemoryListings, MemoryMarketEvents, MemoryResources
from nudge_adapters.memory.meanings import MemoryMeanings
from nudge_adapters.memory.merging import MemoryClientMerges
from nudge_adapters.memory.messages import MemoryMessages
from nudge_adapters.memory.nudges import MemoryBriefings, MemoryNegativePreferences
from nudge_adapters.memory.operations import MemoryHeartbeats, MemoryTimetable, MemoryVitals
from nudge_adapters.memory.outbox import MemoryNotes, MemoryRuns
from nudge_adapters.memory.people import MemoryClients, MemoryUsers
from nudge_adapters.memory.planned import MemoryInteractions, MemoryScheduled, MemorySchedules
from nudge_adapters.memory.screens import MemoryScreens
from nudge_adapters.memory.sends import MemorySends
from nudge_adapters.memory.sources import MemoryFeeds
from nudge_adapters.memory.statistics import MemoryStatistics
from nudge_adapters.memory.style import MemoryStyle
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict
from nudge_core.ports import Clock, Ids


@frozen(eq=False)
class MemorySystemTransaction:
    """Work that belongs to no tenant."""

    now: datetime
    users: MemoryUsers
    feeds: MemoryFeeds
    listings: MemoryListings
    global_events: MemoryGlobalEvents
    meanings: MemoryMeanings
    runs: MemoryRuns
    notes: MemoryNotes
    sends: MemorySends
    timetable: MemoryTimetable
    heartbeats: MemoryHeartbeats
    vitals: MemoryVitals
    carrier_events: MemoryCarrierEvents
    schedules: MemorySchedules
    attempts: MemoryAttempts
    change_news: MemoryChangeNews


@frozen(eq=False)
class MemoryTenantTransaction:
    """Work for one professional."""

    now: datetime
    user_id: UUID
    users: MemoryUsers
    listings: MemoryListings
    global_events: MemoryGlobalEvents
    notes: MemoryNotes
    clients: MemoryClients
    client_notes: MemoryClientNotes
    client_facts: MemoryClientFacts
    client_imports: MemoryClientImports
    client_merges: MemoryClientMerges
    contact_imports: MemoryContactImports
    contact_accounts: MemoryContactAccounts
    dossiers: MemoryDossiers
    resources: MemoryResources
    market_events: MemoryMarketEvents
    briefings: MemoryBriefings
    messages: MemoryMessages
    scheduled: MemoryScheduled
    interactions: MemoryInteractions
    consents: MemoryConsents
    suppressions: MemorySuppressions
    lanes: MemoryLanes
    negative_preferences: MemoryNegativePreferences
    style: MemoryStyle
    exposures: MemoryExposures
    audit: MemoryAudit
    statistics: MemoryStatistics
    contents: MemoryContents
    faqs: MemoryFaqs
    held_numbers: MemoryHeldNumbers
    sessions: MemorySessions
    api_keys: MemoryApiKeys
    overviews: MemoryOverviews
    carrier_events: MemoryCarrierEvents
    idempotency: MemoryIdempotencyKeys
    changes: MemoryChanges


@frozen(eq=False)
class MemoryStore:
    """A store in memory. Transactions take turns: one is open at a time, and the next waits for it.

    Args:
        clock: what `transaction.now` is read from.
        ids: where the ids come from that the store itself gives (unread records).
    """

    _clock: Clock
    _ids: Ids
    _world: World = field(factory=World, init=False, repr=False)
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False, repr=False)
    _inside: set[asyncio.Task[object] | None] = field(factory=set, init=False, repr=False)
    screens: MemoryScreens = field(
        default=Factory(lambda self: MemoryScreens(self.tenant), takes_self=True), init=False, repr=False
    )

    @asynccontextmanager
    async def _work(self, user_id: UUID | None) -> AsyncIterator[Work]:
        task = asyncio.current_task()
        if task in self._inside:
            raise RuntimeError("a transaction inside a transaction: leave the first one before opening the next")
        async with self._turn:
            self._inside.add(task)
            work = Work(self._clock.now(), user_id, self._ids)
            self._world.moment.begin(work.now)
            try:
                yield work
                if work.broken:
                    raise Conflict("transaction", "an earlier write in it failed, so nothing of it is stored")
            except BaseException:
                self._world.journal.undo()
                raise
            finally:
                self._world.journal.forget()
                work.ended = True
                self._inside.discard(task)

    @asynccontextmanager
    async def system(self) -> AsyncIterator[MemorySystemTransaction]:
        """Open a transaction that belongs to no tenant."""
        async with self._work(None) as work:
            world = self._world
            yield MemorySystemTransaction(
                work.now,
                MemoryUsers(work, world),
                MemoryFeeds(work, world),
                MemoryListings(work, world),
                MemoryGlobalEvents(work, world),
                MemoryMeanings(work, world),
                MemoryRuns(work, world),
                MemoryNotes(work, world),
                MemorySends(work, world),
                MemoryTimetable(work, world),
                MemoryHeartbeats(work, world),
                MemoryVitals(work, world),
                MemoryCarrierEvents(work, world),
                MemorySchedules(work, world),
                MemoryAttempts(work, world),
                MemoryChangeNews(work, world),
            )

    @asynccontextmanager
    async def tenant(self, user_id: UUID) -> AsyncIterator[MemoryTenantTransaction]:
        """Open a transaction of one professional."""
        async with self._work(user_id) as work:
            world = self._world
            yield MemoryTenantTransaction(
                now=work.now,
                user_id=user_id,
                users=MemoryUsers(work, world),
                listings=MemoryListings(work, world),
                global_events=MemoryGlobalEvents(work, world),
                notes=MemoryNotes(work, world),
                clients=MemoryClients(work, world),
                client_notes=MemoryClientNotes(work, world),
                client_facts=MemoryClientFacts(work, world),
                client_imports=MemoryClientImports(work, world),
                client_merges=MemoryClientMerges(work, world),
                contact_imports=MemoryContactImports(work, world),
                contact_accounts=MemoryContactAccounts(work, world),
                dossiers=MemoryDossiers(work, world),
                resources=MemoryResources(work, world),
                market_events=MemoryMarketEvents(work, world),
                briefings=MemoryBriefings(work, world),
                messages=MemoryMessages(work, world),
                scheduled=MemoryScheduled(work, world),
                interactions=MemoryInteractions(work, world),
                consents=MemoryConsents(work, world),
                suppressions=MemorySuppressions(work, world),
                lanes=MemoryLanes(work, world),
                negative_preferences=MemoryNegativePreferences(work, world),
                style=MemoryStyle(work, world),
                exposures=MemoryExposures(work, world),
                audit=MemoryAudit(work, world),
                statistics=MemoryStatistics(work, world),
                contents=MemoryContents(work, world),
                faqs=MemoryFaqs(work, world),
                held_numbers=MemoryHeldNumbers(work, world),
                sessions=MemorySessions(work, world),
                api_keys=MemoryApiKeys(work, world),
                overviews=MemoryOverviews(work, world),
                carrier_events=MemoryCarrierEvents(work, world),
                idempotency=MemoryIdempotencyKeys(work, world),
                changes=MemoryChanges(work, world),
            )

    async def ping(self) -> str:
        """Return one line that says what answered."""
        return f"memory: {len(self._world.users)} users, kept until this process ends"

    async def aclose(self) -> None:
        """Nothing to give back."""
