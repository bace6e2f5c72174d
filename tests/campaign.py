"""A campaign in a town where everything goes wrong: faults, kills and people who say stop, all drawn from a seed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.fate import Answer, People, Weather, chance
from nudge_adapters.sms.faults import evenly
from nudge_adapters.sms.journal import MemoryJournal
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.model.lane import UNPACED
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.ports import Store
from nudge_core.steps import converse
from tests.clocks import MovedClock, utc
from tests.send_walk import Killed, SendWalk, Verdict, Watch, check, go_on, memory_store, run_to_the_end, town

MORNING = utc("2026-06-01 15:00")  # Monday, 10:00 in Texas
CROWD = People(
    habits=(
        (0.10, Answer(body="STOP", after_s=20)),
        (0.05, Answer(body="please stop texting me", after_s=35)),
        (0.05, Answer(body="wrong number", after_s=30)),
        (0.05, Answer(body="HELP", after_s=25)),
        (0.05, Answer(body="not interested", after_s=50)),
        (0.15, Answer(body="Yes, tell me more", after_s=60)),
    )
)
STORMY = Weather(undelivered=0.05, filtered=0.05, lost=0.2, doubled=0.1, late=0.2)


class MortalStore:
    """A store whose process may die before a transaction is opened, before it commits, and after."""

    def __init__(self, inner: Store, at: Callable[[str], Awaitable[None]]) -> None:
        self._inner, self._at = inner, at
        self.screens = inner.screens

    @asynccontextmanager
    async def system(self) -> AsyncIterator[Any]:
        async with self._inner.system() as tx:
            yield tx
            await self._at("system:before_commit")
        await self._at("system:after_commit")

    @asynccontextmanager
    async def tenant(self, user_id: UUID) -> AsyncIterator[Any]:
        async with self._inner.tenant(user_id) as tx:
            yield tx
            await self._at("tenant:before_commit")
        await self._at("tenant:after_commit")

    async def ping(self) -> str:
        return await self._inner.ping()

    async def aclose(self) -> None:
        await self._inner.aclose()


class Campaign:
    """One run: a town, texts for everybody, faults and kills drawn from a seed."""

    def __init__(
        self,
        seed: int,
        *,
        faults: float,
        kill: float,
        only: str | None = None,
        people: int = 10,
        per_person: int = 2,
        clock: MovedClock | None = None,
        store: Store | None = None,
    ) -> None:
        self.only = only
        self.nap: Callable[[str], Awaitable[None]] = go_on
        self._seed, self._faults, self._kill = seed, faults, kill
        self.people, self._per_person = people, per_person
        self.places = 0
        self.hits: Counter[str] = Counter()
        self.clock = MovedClock(MORNING) if clock is None else clock
        self.store: Store = memory_store(self.clock) if store is None else store
        self._journal = MemoryJournal()
        self.carrier_settings = CarrierSettings(
            seed=seed, refuse_after_stop=False, landlines=0.05, weather=STORMY, people=CROWD
        )

    async def _maybe_die(self, place: str) -> None:
        self.places += 1
        share = 0.0 if self.only not in (None, place) else self._kill
        if share > 0 and chance(self._seed, "kill", place, self.places) < share:
            self.hits[place] += 1
            raise Killed(place)
        nap, self.nap = self.nap, go_on  # whoever runs meanwhile does not nap too
        await nap(place)
        self.nap = nap

    def process(self) -> SendWalk:
        """Start a process: it knows nothing but the database and the carrier."""
        carrier = SimulatedCarrier(self._journal.reader(), self.carrier_settings)
        gateway = SimulatedGateway(carrier, self.clock, faults=evenly(self._faults, self._seed), pause=self.clock.pause)
        return SendWalk(
            store=MortalStore(self.store, self._maybe_die),
            gateway=gateway,
            clock=self.clock,
            settings=DeliverySettings(batch=7, paces=UNPACED),
            receiving=converse.ReceiveSettings(carrier_answers=False),
            at=self._maybe_die,
        )

    async def run(self, kills_at_most: int = 60) -> Verdict:
        """Kill and restart until the kills are spent, then let the last process finish; judge."""
        place = await town(self.store, MORNING, self.people)
        released = []
        for n in range(self.people * self._per_person):
            released += await place.queue(place.text(n, client=n % self.people))
        watch = Watch()
        while sum(self.hits.values()) < kills_at_most and self._kill > 0:
            try:
                await run_to_the_end(self.process(), watch)
                break
            except Killed:
                self.clock.move(1.0 + 20.0 * chance(self._seed, "restart", self.places))
        self._kill = 0.0
        last = self.process()
        await run_to_the_end(last, watch)
        assert last.alarms == []
        ledger = last.gateway.carrier.ledger(self.clock.now())
        return check(ledger, await place.rows(), await place.silences(), released)


async def race(campaign: Campaign) -> Verdict:
    """Let two processes deliver at the same time, a text to each person; then let a third one finish; judge."""

    async def let_others_run(_seconds: float) -> None:
        await asyncio.sleep(0)

    place = await town(campaign.store, MORNING, campaign.people)
    released = [(await place.queue(place.text(n, client=n)))[0] for n in range(campaign.people)]
    pair = [campaign.process(), campaign.process()]
    for walk in pair:
        walk.gateway.answer_s, walk.gateway.pause = 1.0, let_others_run
    while any(await asyncio.gather(*(walk.deliver() for walk in pair))):
        campaign.clock.move(3.0)
    last = campaign.process()
    await run_to_the_end(last)
    ledger = last.gateway.carrier.ledger(campaign.clock.now())
    return check(ledger, await place.rows(), await place.silences(), released)
