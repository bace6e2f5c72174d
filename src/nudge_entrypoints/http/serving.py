"""uvicorn on loopback: quiet, bounded, and ended by whoever started it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar

from nudge_core.errors import Unavailable
from nudge_entrypoints.http.app import Application

HOST = "127.0.0.1"
WAITING_CONNECTIONS = 512
LAST_REQUESTS_S = 10  # how long requests that are being answered may take at the end; Twilio waits 15
LARGEST_FRAME = 64_000  # bytes of one WebSocket message: a screen only says what it has seen
PING_S = 20.0  # between two signs of life of a WebSocket; proxies close what is silent for a minute


class _Server(uvicorn.Server):
    """A server that leaves signals to the process it runs in, and says when it answers."""

    def __init__(self, config: uvicorn.Config, answers: Callable[[], object]) -> None:
        super().__init__(config)
        self._answers = answers

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._answers()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bound(port: int) -> socket.socket:
    """Return a socket on this port of loopback (0: any free one), listening. Raises Unavailable when it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(WAITING_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise Unavailable("http", f"port {port} cannot be had: {error.strerror}") from error
    return listener


def inherited(number: int) -> socket.socket:
    """Return the listening socket that the process above us opened. Raises Unavailable when there is none."""
    try:
        return socket.socket(fileno=number)
    except OSError as error:
        raise Unavailable("http", f"no socket was handed down: {error.strerror}") from error


def origin_of(listener: socket.socket) -> str:
    """Return the address of a listening socket, such as http://127.0.0.1:8000."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


async def serve(
    app: Litestar, port: int, stop: asyncio.Event, ready: Callable[[str], object] = lambda _origin: None
) -> None:
    """Serve on a port of loopback (0: any free one) as `serve_on` does. Raises Unavailable when it is taken."""
    await serve_on(app, bound(port), stop, ready)


async def serve_on(
    app: Litestar, listener: socket.socket, stop: asyncio.Event, ready: Callable[[str], object] = lambda _origin: None
) -> None:
    """Serve until `stop` is set; then end streams, answer what has begun, at most `LAST_REQUESTS_S`, and give back.

    Args:
        app: the application.
        listener: a listening socket; closed at the end.
        stop: set by whoever minds the process's signals.
        ready: told the address, such as http://127.0.0.1:8000, once requests are answered.
    """
    server = _Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="websockets-sansio",
            ws_max_size=LARGEST_FRAME,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            lifespan="off",
            log_config=None,
            access_log=False,  # it would write addresses with their marks
            proxy_headers=False,  # signatures are checked against the configured address
            server_header=False,
            timeout_graceful_shutdown=LAST_REQUESTS_S,
        ),
        lambda: ready(origin_of(listener)),
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        if isinstance(app, Application):
            app.drain()
        stopped.cancel()
        await running
        listener.close()
