"""An ASGI application on a loopback port, in a thread and an event loop of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from nudge_core.errors import Unavailable

Message: TypeAlias = MutableMapping[str, Any]  # as ASGI defines it
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

START_S = 20.0  # how long a start may take on a busy machine
STOP_S = 5.0


class Listener:
    """A bound port that has not begun to serve: its address is known before the application is."""

    def __init__(self, port: int = 0) -> None:
        """Bind `port` of this machine, 0 for any free one. Raises Unavailable when it is taken."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("127.0.0.1", port))
        except OSError as error:
            self._socket.close()
            raise Unavailable("market", f"port {port} cannot be had: {error.strerror}") from error
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @contextmanager
    def serving(self, application: Application) -> Iterator[None]:
        """Serve while the block runs; afterwards thread and port are gone, however the block ended.

        The server answers whatever the caller's event loop is doing and leaves the caller's signal handlers alone.

        Raises:
            Unavailable: the server did not come up.
        """
        import uvicorn  # late: only whoever starts a server needs it

        server = uvicorn.Server(
            uvicorn.Config(
                application,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [self._socket]}, name="market-server", daemon=True
        )
        thread.start()
        try:
            deadline = time.monotonic() + START_S
            while not server.started:
                if not thread.is_alive() or time.monotonic() > deadline:
                    raise Unavailable("market", "the server did not come up")
                time.sleep(0.002)
            yield
        finally:
            server.should_exit = True
            thread.join(STOP_S)
            self._socket.close()
