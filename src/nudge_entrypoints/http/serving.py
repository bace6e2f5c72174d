"""uvicorn on loopback: quiet, bounded, and ended by whoever started it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar

from nudge_core.errors import Unavailable

HOST = "127.0.0.1"
WAITING_CONNECTIONS = 512
LAST_REQUESTS_S = 10  # how long requests that are being answered may take at the end; Twilio waits 15


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


async def serve(
    app: Litestar, port: int, stop: asyncio.Event, ready: Callable[[str], object] = lambda _origin: None
) -> None:
    """Serve on loopback until `stop` is set; then answer what has begun, at most `LAST_REQUESTS_S`, and give back.

    Args:
        app: the application.
        port: of loopback; 0 for any free one.
        stop: set by whoever minds the process's signals.
        ready: told the address, such as http://127.0.0.1:8000, once requests are answered.

    Raises:
        Unavailable: the port is taken.
    """
    listener = bound(port)
    origin = f"http://{HOST}:{listener.getsockname()[1]}"
    server = _Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # it would write addresses with their marks
            proxy_headers=False,  # signatures are checked against the configured address
            server_header=False,
            timeout_graceful_shutdown=LAST_REQUESTS_S,
        ),
        lambda: ready(origin),
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        stopped.cancel()
        await running
        listener.close()
