"""The server on a loopback port, in the caller's event loop, for as long as a block runs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from nudge_adapters.sms.journal import Journal
from nudge_adapters.sms.server.app import CarrierServer
from nudge_adapters.sms.server.settings import ServerSettings
from nudge_adapters.sms.server.wire import Corked, Wires
from nudge_core.errors import Unavailable
from nudge_core.ports.services import Clock

SERVICE = "sms:server"
BACKLOG = 2_048
START_S, STOP_S = 20.0, 5.0
LOOPBACK = "127.0.0.1"


class _Server(uvicorn.Server):
    """Leaves the caller's signal handlers alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def carrier_server(
    settings: ServerSettings, journal: Journal, clock: Clock, *, port: int = 0
) -> AsyncIterator[CarrierServer]:
    """Serve a carrier while the block runs, and tell its news; afterwards the port is free, however the block ended.

    Args:
        settings: of the account, its weather and its faults.
        journal: the accept-ledger; what is in it already is known again.
        clock: the carrier's time; simulated time is as good as real.
        port: on this machine only; 0 for any free one.

    Raises:
        Unavailable: the port is taken, or the server did not come up.
    """
    listener = _bound(port)
    application = CarrierServer(settings, journal, clock)
    application.origin = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    server = _Server(_config(application))
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="carrier server")
    telling = asyncio.create_task(application.webhooks.telling(), name="carrier webhooks")
    try:
        await _started(server, serving)
        yield application
    finally:
        application.closing.set()
        telling.cancel()
        server.should_exit = True
        await asyncio.gather(telling, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(serving), STOP_S)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()


async def _started(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    async def wait() -> None:
        while not server.started:
            if serving.done():
                raise Unavailable(SERVICE, "the server did not come up")
            await asyncio.sleep(0.002)

    try:
        await asyncio.wait_for(wait(), START_S)
    except TimeoutError as error:
        raise Unavailable(SERVICE, "the server did not come up") from error


def _bound(port: int) -> socket.socket:
    # IPPROTO_TCP by name: asyncio sets TCP_NODELAY only then, and without it every answer waits 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise Unavailable(SERVICE, f"port {port} cannot be had: {error.strerror}") from error
    return listener


def _config(application: CarrierServer) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="asyncio",
        http=_protocol(application.wires),
        ws="none",
        lifespan="off",
        backlog=BACKLOG,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def _protocol(wires: Wires) -> type[asyncio.Protocol]:
    """Return the HTTP/1.1 protocol of a server that knows its connections."""

    class Watched(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            wires.opened(transport)
            self._wire = transport
            super().connection_made(cast(asyncio.Transport, Corked(transport)))

        def connection_lost(self, exc: Exception | None) -> None:
            wires.closed(self._wire)
            super().connection_lost(exc)

    return Watched
