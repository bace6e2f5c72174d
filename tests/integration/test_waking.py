"""An approval over HTTP wakes the worker: over real sockets, with the product's own wake-ups on a Valkey."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from nudge_adapters.embedded.valkey import embedded_valkey
from nudge_adapters.memory import MemoryStore
from nudge_core.model.health import RedisState
from nudge_core.model.message import Delivery
from nudge_entrypoints.drains import Shift
from nudge_entrypoints.http.serving import serve
from nudge_entrypoints.telling import Teller
from nudge_entrypoints.worker import QUEUE, Wake, WakeUps
from tests.api.desk import WORDS, add_nudge, add_people
from tests.api.office import RITA, Office, open_office
from tests.samples import CountingIds, SteppingClock, uid

pytestmark = pytest.mark.enable_socket

PATIENCE_S = 60.0  # an end for a test that hangs; no claim about speed
NEVER_S = 3_600.0  # between two looks of the worker: what it does, it was woken for
LAWFUL_S = 6 * 3_600  # from the office's noon, which is seven in the morning in Austin
BRIEFINGS = "/api/v1/briefings"
SIGNED = f"{WORDS} Vega, Bluebonnet Realty. Reply STOP to stop."


@asynccontextmanager
async def served(redis: str | None, clock: SteppingClock) -> AsyncIterator[tuple[Office, httpx.AsyncClient]]:
    """Serve an office on a socket of loopback, told of a Redis or of none; ended whatever happens."""
    wake = Wake(lambda: redis)
    office = await open_office(MemoryStore(clock, CountingIds(1)), clock, heard=wake.send)
    await add_people(office)
    origin: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    running = asyncio.create_task(serve(office.app, 0, stop, origin.set_result))
    headers = {"Authorization": f"Bearer {RITA}"}
    try:
        async with httpx.AsyncClient(base_url=await origin, headers=headers, timeout=PATIENCE_S) as rita:
            yield office, rita
    finally:
        stop.set()
        await asyncio.wait_for(running, PATIENCE_S)
        await wake.aclose()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens behind a socket
            await asyncio.sleep(0.01)


async def approved(rita: httpx.AsyncClient, number: int) -> httpx.Response:
    """Approve a nudge as it was stored."""
    key = {"Idempotency-Key": f"approve-{number}"}
    return await rita.post(f"{BRIEFINGS}/{uid(number)}/approve", json={"version": 1}, headers=key)


async def test_what_changes_wakes_and_what_reads_or_is_refused_does_not(clock: SteppingClock, tmp_path: Path) -> None:
    with embedded_valkey(tmp_path / "valkey") as valkey:
        redis = Redis.from_url(valkey.address)
        try:
            async with served(valkey.address, clock) as (office, rita):
                await add_nudge(office, 60, original_draft=SIGNED)
                assert (await rita.get(f"{BRIEFINGS}/queue")).status_code == 200
                assert (await approved(rita, 61)).status_code == 404
                assert (await rita.post(f"{BRIEFINGS}/{uid(60)}/approve", json={"version": 1})).status_code == 400
                stranger = {"Authorization": "Bearer nobody", "Idempotency-Key": "k"}
                answer = await rita.post(f"{BRIEFINGS}/{uid(60)}/approve", json={"version": 1}, headers=stranger)
                assert answer.status_code == 401
                assert await redis.zcard(QUEUE) == 0
                assert (await approved(rita, 60)).status_code == 200

                async def is_queued() -> bool:
                    return bool(await redis.zcard(QUEUE) == 1)

                await until(is_queued)
        finally:
            await redis.aclose()


async def test_an_approval_is_acted_upon_without_waiting_for_a_poll(clock: SteppingClock, tmp_path: Path) -> None:
    with embedded_valkey(tmp_path / "valkey") as valkey:
        async with served(valkey.address, clock) as (office, rita):
            teller = Teller("worker", as_json=True, out=io.StringIO())
            shift = Shift(office.parts, (), teller, uid(9_500), poll_s=NEVER_S)
            working = asyncio.create_task(shift.run())
            listening = asyncio.create_task(WakeUps(shift, teller, lambda: valkey.address).listen())
            try:

                async def is_listening() -> bool:
                    return shift.redis is RedisState.CONNECTED

                await until(is_listening)
                await shift.settled()
                clock.forward(LAWFUL_S)
                await add_nudge(office, 60, original_draft=SIGNED)
                started = time.monotonic()
                answer = await approved(rita, 60)
                assert answer.status_code == 200, answer.text

                async def is_sent() -> bool:
                    async with office.store.tenant(RITA) as tx:
                        return [text.delivery for text in await tx.messages.of_briefing(uid(60))] == [Delivery.SENT]

                await until(is_sent)
                print(f"sent {time.monotonic() - started:.3f} s after the approval was asked for")  # noqa: T201 - this is the terminal's program
            finally:
                shift.stop()
                listening.cancel()
                await asyncio.gather(working, listening, return_exceptions=True)


async def test_without_redis_an_approval_is_answered_all_the_same(clock: SteppingClock) -> None:
    async with served(None, clock) as (office, rita):
        await add_nudge(office, 60, original_draft=SIGNED)
        assert (await approved(rita, 60)).status_code == 200
