"""The end of a serving process: what has begun is answered, streams end, nothing new is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from nudge_adapters.memory import MemoryStore
from nudge_entrypoints.http.serving import serve
from tests.api.office import RITA, open_office
from tests.api.probes import Probes
from tests.samples import CountingIds, SteppingClock

PROBES = "/api/v1/probes"
AS_RITA = {"Authorization": f"Bearer {RITA}"}
PATIENCE_S = 60.0

pytestmark = pytest.mark.enable_socket


class Served:
    """A server in this process."""

    def __init__(self, origin: str, stop: asyncio.Event, running: asyncio.Task[None]) -> None:
        self.origin = origin
        self.stop = stop
        self.running = running


@asynccontextmanager
async def served(clock: SteppingClock) -> AsyncIterator[Served]:
    """Serve routes that try things; ended whatever happens."""
    office = await open_office(MemoryStore(clock, CountingIds(1)), clock, controllers=[Probes])
    origin: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    Probes.entered, Probes.gate = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(serve(office.app, 0, stop, origin.set_result))
    try:
        yield Served(await origin, stop, running)
    finally:
        Probes.gate.set()
        stop.set()
        await asyncio.wait_for(running, PATIENCE_S)


async def test_a_stream_ends_properly_when_the_server_does(clock: SteppingClock) -> None:
    async with served(clock) as server, httpx.AsyncClient(headers=AS_RITA, timeout=PATIENCE_S) as client:
        async with client.stream("GET", f"{server.origin}{PROBES}/stream") as answer:
            pieces = answer.aiter_raw()
            assert b"hello" in await anext(pieces)
            server.stop.set()
            assert [piece async for piece in pieces] == [], "an end, not a reset"
        await asyncio.wait_for(asyncio.shield(server.running), PATIENCE_S)


async def test_a_socket_is_told_to_come_again(clock: SteppingClock) -> None:
    async with served(clock) as server:
        address = server.origin.replace("http", "ws", 1) + PROBES + "/socket"
        async with connect(address, additional_headers=AS_RITA, open_timeout=PATIENCE_S) as socket:
            assert await socket.recv() == "hello"
            server.stop.set()
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(socket.recv(), PATIENCE_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code in (1001, 1012), "going away, or service restart"


async def test_what_has_begun_is_answered_and_nothing_new_is_taken(clock: SteppingClock) -> None:
    async with served(clock) as server, httpx.AsyncClient(headers=AS_RITA, timeout=PATIENCE_S) as client:
        begun = asyncio.create_task(client.get(f"{server.origin}{PROBES}/slow"))
        await asyncio.wait_for(Probes.entered.wait(), PATIENCE_S)
        server.stop.set()

        async def refused() -> None:
            while True:
                try:
                    async with httpx.AsyncClient(timeout=PATIENCE_S) as other:
                        await other.get(f"{server.origin}/metrics")
                except httpx.TransportError:
                    return
                await asyncio.sleep(0.01)

        await asyncio.wait_for(refused(), PATIENCE_S)
        assert not begun.done()
        Probes.gate.set()
        assert (await begun).text == "done"
        await asyncio.wait_for(asyncio.shield(server.running), PATIENCE_S)


async def test_a_socket_without_identity_is_not_opened(clock: SteppingClock) -> None:
    async with served(clock) as server:
        address = server.origin.replace("http", "ws", 1) + PROBES + "/socket"
        with pytest.raises(Exception, match=r"403|401|rejected"):
            async with connect(address, open_timeout=PATIENCE_S) as socket:
                await socket.recv()
