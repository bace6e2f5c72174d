"""The health page: what fails, what is only late, and that it holds nothing of anybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from attrs import evolve
from litestar import Litestar
from litestar.testing import AsyncTestClient

from nudge_adapters.memory import MemoryStore
from nudge_core.errors import Unavailable
from nudge_core.model.feed import FeedCursor
from nudge_core.model.health import Heartbeat, ProcessKind, RedisState
from nudge_core.model.outbox import MAX_ATTEMPTS, Topic
from nudge_core.model.timetable import RunOutcome
from nudge_core.ports import Store
from nudge_core.walk.health import Condition, examine
from nudge_core.walk.timetable import ALARM_AFTER
from nudge_entrypoints.http import health as page
from nudge_entrypoints.http.health import HealthCheck, health_handlers
from tests import samples
from tests.contracts.storage import OWNER, add_practice, claim, queue
from tests.samples import NOON, CountingIds, SteppingClock, later, uid


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def store(clock: SteppingClock) -> MemoryStore:
    return MemoryStore(clock, CountingIds(1))


async def beat(store: Store, number: int = 1, **changes: Any) -> None:
    """Let a worker say that it lives."""
    heartbeat = Heartbeat(worker_id=uid(number), kind=ProcessKind.WORKER, started_at=NOON, seen_at=NOON)
    async with store.system() as tx:
        await tx.heartbeats.beat(evolve(heartbeat, **changes))


class Gone:
    """A store whose database is gone, in one way or another."""

    def __init__(self, hangs: bool) -> None:
        self._hangs = hangs

    @asynccontextmanager
    async def system(self) -> AsyncIterator[None]:
        if not self._hangs:
            raise Unavailable("postgresql", "password of +15125550142 refused")
        await asyncio.Event().wait()
        yield


async def test_an_installation_at_rest_is_ready(store: MemoryStore) -> None:
    await beat(store)
    health = await examine(store)
    assert (health.condition, health.problems, health.workers) == (Condition.READY, (), 1)
    assert (health.redis, health.oldest_due_s) == ("none", None)


async def test_without_a_worker_nothing_goes_out(store: MemoryStore, clock: SteppingClock) -> None:
    assert (await examine(store)).problems == ("no_worker",)
    await beat(store, kind=ProcessKind.HTTP)
    assert not (await examine(store)).is_ready
    await beat(store, 2)
    clock.forward(60)
    assert (await examine(store)).is_ready
    clock.forward(1)
    assert not (await examine(store)).is_ready, "a minute of silence"


async def test_redis_gone_is_degraded_never_failing(store: MemoryStore) -> None:
    await beat(store, redis=RedisState.CONNECTED)
    await beat(store, 2, redis=RedisState.GONE)
    health = await examine(store)
    assert (health.condition, health.problems, health.redis) == (Condition.DEGRADED, ("redis",), "gone")
    assert (await examine(store, redis=RedisState.CONNECTED)).condition is Condition.READY, "who asks knows better"


async def test_what_is_late_stuck_or_given_up_is_named_and_nobody_is(store: MemoryStore, clock: SteppingClock) -> None:
    await add_practice(store)
    await queue(store, 71)
    await claim(store, lease_s=10)
    await queue(store, 72, recipient="+15125550177")
    async with store.system() as tx:
        await tx.feeds.advance(FeedCursor(source_id=f"mlsgrid:{OWNER}"))
        await tx.feeds.advance(FeedCursor(source_id="mlsgrid"))
        await tx.timetable.ensure({"poll_feeds": 300, "tidy": 15})
    for _ in range(ALARM_AFTER):
        async with store.system() as tx:
            (entry,) = await tx.timetable.claim(["poll_feeds"], 60)
            await tx.timetable.put_back(entry, RunOutcome.FAILED, "Unavailable: reso:actris", later(0))
    async with store.system() as tx:
        await tx.notes.add([samples.note(5, OWNER, topic=Topic.MATCH)])
    for _ in range(MAX_ATTEMPTS):
        async with store.system() as tx:
            (note,) = await tx.notes.claim([Topic.MATCH], 1, 60)
            await tx.notes.put_back(note, "openai is unavailable: Ben Ortiz +15125550142", later(0))
    clock.forward(4_000)
    await beat(store)
    health = await examine(store)
    assert health.condition is Condition.DEGRADED
    assert health.problems == (
        "texts_late",
        "stuck_leases",
        "notes_parked",
        "jobs_failing",
        "jobs_late",
        "feed_lag",
    )
    assert (health.texts_due, health.oldest_due_s, health.stuck_leases) == (1, 4_000, 1)
    assert health.feed_lag_s == {"mlsgrid": 4_000}
    assert health.jobs_failing == {"poll_feeds": "Unavailable: reso:actris"}
    assert health.parked == ("match: openai is unavailable",)
    shown = json.dumps(health.as_json())
    for personal in ("Ben", "+1512", str(OWNER)):
        assert personal not in shown


@pytest.mark.parametrize("hangs", [False, True])
async def test_without_a_database_it_fails_in_bounded_time_and_says_no_more_than_that(
    hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "ANSWER_S", 0.05)
    health = await HealthCheck(Gone(hangs))()  # type: ignore[arg-type]  # only `system` is asked
    assert (health.is_ready, health.problems) == (False, ("database",))
    assert "+1512" not in json.dumps(health.as_json())


async def test_the_routes(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "KEPT_S", 0.0)

    async def redis() -> RedisState:
        return RedisState.CONNECTED

    app = Litestar(route_handlers=health_handlers(HealthCheck(store, redis)), openapi_config=None, logging_config=None)
    async with AsyncTestClient(app) as client:
        live = await client.get("/health/live")
        assert (live.status_code, live.json()) == (200, {"status": "live"})
        failing = await client.get("/health/ready")
        assert (failing.status_code, failing.json()["problems"]) == (503, ["no_worker"])
        await beat(store)
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"], ready.json()["redis"]) == (200, "ready", "connected")
        assert ready.headers["content-type"].startswith("application/json")
        assert ready.headers["cache-control"] == "no-store"
