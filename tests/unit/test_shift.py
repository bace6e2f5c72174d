"""A worker at work, without Redis: C2 (poison), T2 (clocks that jump), a database that goes and comes, a calm end."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from attrs import asdict, evolve

from nudge_adapters.feeds.replay import replay_of_pages
from nudge_adapters.feeds.shape import RecordShape
from nudge_adapters.memory import MemoryStore
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.errors import Unavailable
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import Draft
from nudge_core.model.message import Delivery
from nudge_core.model.outbox import MAX_ATTEMPTS
from nudge_core.ports import Store
from nudge_core.walk import Parts, poll, send_due, tidy
from nudge_core.walk.health import examine
from nudge_core.walk.timetable import Job
from nudge_entrypoints.drains import Shift, drain_once
from nudge_entrypoints.telling import Teller
from tests.clocks import MovedClock
from tests.parts import quiet_parts
from tests.samples import CountingIds, SteppingClock, uid
from tests.send_walk import check, memory_store, town
from tests.tour import MORNING, OWNER, SOURCE, book, record, user, write_page

PATIENCE_S = 60.0  # an end for a test that hangs; no claim about speed


def teller() -> tuple[Teller, io.StringIO]:
    """Return who speaks, and what was said."""
    said = io.StringIO()
    return Teller("worker", as_json=True, out=said), said


def lines(said: io.StringIO) -> list[str]:
    """Return what was said, each with what follows."""
    told = [json.loads(line) for line in said.getvalue().splitlines()]
    return [f"{one['what']}; {one['follows']}" for one in told]


@asynccontextmanager
async def working(shift: Shift) -> AsyncIterator[asyncio.Task[None]]:
    """Let a shift work while the block runs, then ask it to stop; it must leave by itself."""
    task = asyncio.create_task(shift.run())
    await asyncio.sleep(0)
    try:
        yield task
    finally:
        shift.stop()
        async with asyncio.timeout(PATIENCE_S):
            await task


async def settled(shift: Shift) -> None:
    """Wake a shift and wait until nothing is due."""
    shift.wake()
    async with asyncio.timeout(PATIENCE_S):
        await shift.settled()


class Poison:
    """A drafter that raises at one price, hangs at another, and has no words for the rest."""

    name = "poison"

    def __init__(self, raises: set[str], hangs: set[str]) -> None:
        self.raises, self.hangs = raises, hangs
        self.calls: list[str] = []

    async def draft(self, brief: Brief) -> Draft:
        said = str(asdict(brief))
        for price in self.raises | self.hangs:
            if price in said:
                self.calls.append(price)
                if price in self.hangs:
                    await asyncio.Event().wait()
                raise RuntimeError(f"Ana Ruiz cannot be drafted for at {price}")
        raise Unavailable(self.name, "no words")

    async def ping(self) -> str:
        return self.name

    async def aclose(self) -> None:
        """Nothing to give back."""


async def poisoned(store: Store, clock: SteppingClock, folder: Path, *, notes: int, poison: int) -> None:
    """C2: so many drafts are asked for, of which `poison` raise and as many hang; all others are written."""
    prices = [300_000 + 1_000 * number for number in range(notes)]
    raises, hangs = prices[1 : 1 + poison], prices[1 + poison : 1 + 2 * poison]
    drafter = Poison({f"{price:,}" for price in raises}, {f"{price:,}" for price in hangs})
    parts = quiet_parts(store, clock)
    parts = evolve(parts, drafters=(drafter, *parts.drafters))
    async with store.system() as system:
        await system.users.add(user())
    async with store.tenant(OWNER) as tenant:
        await tenant.clients.add(book())
    for number, price in enumerate(prices):
        key = f"K{number}"
        write_page(
            folder, [record(ListingKey=key, ListingId=key, ListPrice=price, UnparsedAddress=f"{number + 1} Oak St")]
        )
        await poll(parts, replay_of_pages(folder, SOURCE, RecordShape()))
    says, said = teller()
    shift = Shift(parts, [], says, uid(1))
    async with working(shift):
        for _ in range(MAX_ATTEMPTS + 1):
            await settled(shift)
            clock.forward(3_600)
    async with store.tenant(OWNER) as tenant:
        drafts = await tenant.briefings.waiting(10 * notes)
    async with store.system() as system:
        parked = await system.notes.parked(10 * notes)
        assert await system.notes.waiting() == {"parked": 2 * poison}
    assert len(drafts) == notes - 2 * poison, "the others are unaffected"
    assert all(drafter.calls.count(price) <= MAX_ATTEMPTS for price in drafter.raises | drafter.hangs)
    assert sorted({note.error for note in parked if note.error}) == ["TimeoutError", "unexpected RuntimeError"]
    told = [int(line.split()[0]) for line in lines(said) if "gave up" in line]
    assert sum(told) == 2 * poison, "a person hears of each"
    assert "notes_parked" in (await examine(store)).problems
    assert "Ana" not in said.getvalue()


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock(MORNING)


@pytest.fixture
def store(clock: SteppingClock) -> MemoryStore:
    return MemoryStore(clock, CountingIds(1))


async def test_c2_poison_is_parked_with_a_reason_and_harms_nobody(
    store: MemoryStore, clock: SteppingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nudge_core.walk.market.NOTE_LIMIT_S", 0.05)
    await poisoned(store, clock, tmp_path, notes=60, poison=1)


async def test_a_note_that_kills_its_process_costs_no_other_one_an_attempt(
    store: MemoryStore, clock: SteppingClock, tmp_path: Path
) -> None:
    """Out of memory, say: nothing can be caught, so notes are claimed one by one."""
    parts = quiet_parts(store, clock)
    async with store.system() as system:
        await system.users.add(user())
    async with store.tenant(OWNER) as tenant:
        await tenant.clients.add(book())
    for number in range(6):
        key = f"K{number}"
        write_page(tmp_path, [record(ListingKey=key, ListingId=key, UnparsedAddress=f"{number + 1} Oak St")])
        await poll(parts, replay_of_pages(tmp_path, SOURCE, RecordShape()))

    class Died(BaseException):
        """The process is gone."""

    class Deadly:
        name = "deadly"
        first: str | None = None

        async def draft(self, brief: Brief) -> Draft:
            self.first = self.first or str(asdict(brief))
            if str(asdict(brief)) == self.first:
                raise Died
            raise Unavailable(self.name, "no words")

        async def ping(self) -> str:
            return self.name

        async def aclose(self) -> None:
            """Nothing to give back."""

    deadly = evolve(parts, drafters=(Deadly(), *parts.drafters))
    deaths = 0
    for _ in range(3 * MAX_ATTEMPTS):
        try:
            await drain_once(deadly, [])
        except Died:
            deaths += 1
        clock.forward(3_600)
    async with store.system() as system:
        assert await system.notes.park_abandoned("its worker died every time") == 1
    assert deaths == MAX_ATTEMPTS
    async with store.tenant(OWNER) as tenant:
        assert len(await tenant.briefings.waiting(20)) == 5


class Fickle:
    """A store whose database goes away when told to."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.gone = False

    @asynccontextmanager
    async def system(self) -> AsyncIterator[Any]:
        if self.gone:
            raise Unavailable("postgresql", "connection refused: is it running?")
        async with self._store.system() as tx:
            yield tx

    def tenant(self, user_id: Any) -> Any:
        return self._store.tenant(user_id)


async def test_a_database_that_goes_is_told_once_and_work_goes_on_when_it_is_back(
    store: MemoryStore, clock: SteppingClock
) -> None:
    fickle = Fickle(store)
    ran = asyncio.Event()

    async def run(_parts: Parts) -> None:
        ran.set()

    says, said = teller()
    parts = evolve(quiet_parts(store, clock), store=cast(Store, fickle))
    shift = Shift(parts, [Job(name="job", interval_s=30, limit_s=5, run=run)], says, uid(1), poll_s=0.01)
    fickle.gone = True
    async with working(shift):
        await asyncio.sleep(0.2)
        assert not ran.is_set()
        fickle.gone = False
        async with asyncio.timeout(PATIENCE_S):
            await ran.wait()
        await settled(shift)
    assert [line.partition(";")[0] for line in lines(said)] == [
        "database is gone (connection refused)",
        "database is back",
    ]


async def test_a_job_that_fails_is_told_and_the_rest_goes_on(store: MemoryStore, clock: SteppingClock) -> None:
    ended = asyncio.Event()

    async def fail(_parts: Parts) -> None:
        ended.set()
        raise ValueError("+15125550142")

    says, said = teller()
    shift = Shift(quiet_parts(store, clock), [Job(name="odd", interval_s=30, limit_s=5, run=fail)], says, uid(1))
    async with working(shift), asyncio.timeout(PATIENCE_S):
        await ended.wait()
        await settled(shift)
    assert [line.partition(";")[0] for line in lines(said)] == ["job odd failed (unexpected ValueError)"]
    async with store.system() as tx:
        assert await tx.heartbeats.seen_since(clock.now()) == [], "a worker that leaves is forgotten"


async def test_a_job_in_flight_at_the_end_is_given_back_and_is_due_at_once_for_another(
    store: MemoryStore, clock: SteppingClock
) -> None:
    begun = asyncio.Event()

    async def hang(_parts: Parts) -> None:
        begun.set()
        await asyncio.Event().wait()

    says, _said = teller()
    job = Job(name="long", interval_s=30, limit_s=900, run=hang)
    shift = Shift(quiet_parts(store, clock), [job], says, uid(1), grace_s=0.05)
    async with working(shift), asyncio.timeout(PATIENCE_S):
        await begun.wait()
    async with store.system() as tx:
        (entry,) = await tx.timetable.claim(["long"], 60)
    assert (entry.failures, entry.last_outcome) == (0, None)


@pytest.mark.parametrize("seed", range(5))
async def test_t2_clock_jumps_send_nothing_early_and_nothing_twice(seed: int) -> None:
    """T2: the installation's clock jumps by an hour or a day, to and fro, while texts are due at several times."""
    dice = Random(seed)
    start = datetime(2026, 7, 1, 15, tzinfo=UTC)
    clock = MovedClock(start)
    store = memory_store(clock)
    those = await town(store, start, 12)
    parts = quiet_parts(store, clock)
    due = [start + timedelta(hours=dice.uniform(-1, 48)) for _ in range(12)]
    released = await those.queue(*(those.text(n, n, not_before=at) for n, at in enumerate(due)))
    gateway = parts.gateway
    assert isinstance(gateway, SimulatedGateway)
    for _ in range(50):
        clock.move(dice.choice([3_600, -3_600, 86_400, -86_400, 60, 60, 60, 600]))
        seen = {entry.message_id for entry in gateway.carrier.ledger(clock.now())}
        await tidy(parts)
        await send_due(parts, lambda: 0.0)
        for entry in gateway.carrier.ledger(clock.now()):
            if entry.message_id not in seen:
                assert clock.now() >= due[released.index(entry.message_id)], "early"
    clock.move((start + timedelta(days=30) - clock.now()).total_seconds())
    for _ in range(40):
        clock.move(3_600)
        await tidy(parts)
        await send_due(parts, lambda: 0.0)
    verdict = check(gateway.carrier.ledger(clock.now()), await those.rows(), await those.silences(), released)
    assert [found for found in verdict.violations if not found.startswith("I6")] == []
    assert verdict.states[Delivery.SENT] == verdict.accepted == 12
