"""A served application, and followers of its live updates over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
from attrs import field, frozen
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from nudge_core.model.change import ChangeKind
from nudge_core.ports import Store
from nudge_entrypoints.http.api.events import SUBPROTOCOL, TOKEN_PREFIX
from nudge_entrypoints.http.serving import serve
from nudge_entrypoints.http.streams import StreamLimits
from tests import samples

PATIENCE_S = 60.0
QUICK = StreamLimits(poll_s=0.01, beat_s=0.05, stalled_s=PATIENCE_S)
"""Streams that notice soon: how soon is no claim of the tests that use it."""

CHANGES = frozenset(kind.value for kind in ChangeKind)


@frozen(kw_only=True)
class Heard:
    """What a follower was told."""

    id: str
    name: str
    data: dict[str, Any] = field(factory=dict)

    @property
    def about(self) -> tuple[str, str | None]:
        """What happened and to what."""
        return self.name, self.data.get("subject_id")


@frozen
class Server:
    """A server in this process."""

    origin: str
    stop: asyncio.Event
    running: asyncio.Task[None]

    async def ended(self) -> None:
        """Stop, and wait for the end."""
        self.stop.set()
        await asyncio.wait_for(asyncio.shield(self.running), PATIENCE_S)


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[Server]:
    """Serve an application on loopback; ended whatever happens."""
    origin: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    running = asyncio.create_task(serve(app, 0, stop, origin.set_result))
    try:
        yield Server(await origin, stop, running)
    finally:
        stop.set()
        await asyncio.wait_for(running, PATIENCE_S)


@frozen
class Follower:
    """Somebody who follows: takes one thing after the other. `after`: where they stand. None at the end."""

    _things: AsyncIterator[Heard]
    codes: list[int | None] = field(factory=list)

    async def next(self) -> Heard | None:
        """Return the next thing, or None when the stream has ended."""
        with suppress(StopAsyncIteration):
            return await asyncio.wait_for(anext(self._things), PATIENCE_S)
        return None

    async def until(self, name: str) -> list[Heard]:
        """Return everything up to the first thing of this name, it included."""
        found: list[Heard] = []
        while (one := await self.next()) is not None:
            found.append(one)
            if one.name == name:
                return found
        raise AssertionError(f"it ended before {name}: {[thing.name for thing in found]}")

    async def changes(self, count: int) -> list[Heard]:
        """Return the next so many changes, signs left out."""
        found: list[Heard] = []
        while len(found) < count:
            one = await self.next()
            assert one is not None, f"it ended after {len(found)} changes"
            if one.name in CHANGES:
                found.append(one)
        return found

    async def rest(self) -> list[Heard]:
        """Return what comes until the end."""
        found: list[Heard] = []
        while (one := await self.next()) is not None:
            found.append(one)
        return found


@asynccontextmanager
async def by_events(origin: str, token: str, after: str | None = None, **query: str) -> AsyncIterator[Follower]:
    """Follow by server-sent events."""
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": after} if after else {})
    async with (
        httpx.AsyncClient(timeout=PATIENCE_S) as client,
        client.stream("GET", f"{origin}/api/v1/events", headers=headers, params=query) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            await answer.aread()
            answer.raise_for_status()
        yield Follower(_events(answer.aiter_lines()))


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[Heard]:
    given: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(": ")
            given[name] = value
        else:
            if "data" in given:
                yield Heard(id=given.get("id", ""), name=given["event"], data=json.loads(given["data"]))
            given = {}


@asynccontextmanager
async def by_socket(origin: str, token: str, after: str | None = None) -> AsyncIterator[Follower]:
    """Follow over a WebSocket, as a browser does."""
    address = origin.replace("http", "ws", 1) + "/api/v1/live" + (f"?after={after}" if after else "")
    offered = [Subprotocol(SUBPROTOCOL), Subprotocol(TOKEN_PREFIX + token)]
    codes: list[int | None] = []
    async with connect(address, subprotocols=offered, open_timeout=PATIENCE_S, ping_interval=None) as socket:
        assert socket.subprotocol == SUBPROTOCOL, "the token is not said again"

        async def things() -> AsyncIterator[Heard]:
            try:
                while True:
                    told = json.loads(await socket.recv())
                    yield Heard(id=told["id"], name=told["event"], data=told["data"])
            except ConnectionClosed as closed:
                codes.append(None if closed.rcvd is None else closed.rcvd.code)

        yield Follower(things(), codes)


async def happen(store: Store, owner: Any, *numbers: int) -> list[tuple[str, str]]:
    """Store a briefing for each number, each in a transaction of its own; return what a follower is to hear."""
    for number in numbers:
        async with store.tenant(owner) as tx:
            assert await tx.briefings.add(samples.briefing(owner, number))
    return [("briefing.created", str(samples.uid(number))) for number in numbers]
