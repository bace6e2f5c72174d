"""The HTTP server as a process of its own: `python -m nudge_entrypoints.http.process [--json]`, run by `nudge up`.

For now health alone answers.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

import uvicorn
from litestar import Litestar

from nudge_core.errors import Misconfigured
from nudge_entrypoints.bootstrap import opened
from nudge_entrypoints.http.health import HealthCheck, health_handlers
from nudge_entrypoints.servers import redis_address
from nudge_entrypoints.settings import Settings, load
from nudge_entrypoints.telling import Teller
from nudge_entrypoints.worker import Wake

HOST = "127.0.0.1"
LAST_REQUESTS_S = 10  # how long requests that are being answered may take at the end


async def serve(settings: Settings, url: str, teller: Teller) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        Misconfigured: the port is taken.
    """
    listener = bound(settings.http_port)
    wake = Wake(lambda: redis_address(settings))
    async with opened(settings, url) as app:
        check = HealthCheck(app.parts.store, wake.state)
        web = Litestar(route_handlers=health_handlers(check), openapi_config=None, logging_config=None)
        server = uvicorn.Server(
            uvicorn.Config(
                web,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=LAST_REQUESTS_S,
            )
        )
        teller.say(f"listens on http://{HOST}:{listener.getsockname()[1]}", "health at /health/live, /health/ready")
        try:
            await server.serve(sockets=[listener])  # ends on SIGTERM and SIGINT by itself
        finally:
            listener.close()
            await wake.aclose()


def bound(port: int) -> socket.socket:
    """Return a socket on this port of loopback, 0 for any free one. Raises Misconfigured when it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise Misconfigured([f"NUDGE_HTTP_PORT: port {port} of {HOST} cannot be had: {error.strerror}"]) from error
    return listener


def main() -> None:
    """Run as a program; needs DATABASE_URL."""
    teller = Teller("http", as_json="--json" in sys.argv)
    try:
        settings = load()
        if settings.database_url is None:
            raise Misconfigured(["DATABASE_URL: this program starts no database; `nudge up` does"])
        asyncio.run(serve(settings, settings.database_url, teller))
    except Misconfigured as error:
        teller.say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
