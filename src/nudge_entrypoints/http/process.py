"""The HTTP server as a process of its own, run by `nudge up` and `nudge serve`.

    python -m nudge_entrypoints.http.process [--json] [--fd N] [--metrics FOLDER]

The API with its document, health, metrics, and the carrier's webhooks where an account is set. `--fd`: the listening
socket that the process above opened, which several of us share; without it, `NUDGE_HTTP_PORT` of loopback. `--metrics`:
where several processes keep their counters.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence

from nudge_core.errors import Misconfigured, Unavailable
from nudge_entrypoints.bootstrap import opened
from nudge_entrypoints.http import serving
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.http.buckets import RedisBuckets
from nudge_entrypoints.http.edge import UNROUTED, Answered, EdgeSettings
from nudge_entrypoints.http.health import HealthCheck, health_handlers
from nudge_entrypoints.http.wiring import build_api
from nudge_entrypoints.logs import told_by
from nudge_entrypoints.metrics import Metrics
from nudge_entrypoints.servers import redis_address
from nudge_entrypoints.settings import Settings, load
from nudge_entrypoints.telling import Teller
from nudge_entrypoints.worker import Wake

FAILED = 500
ASKED_ALL_THE_TIME = ("/health", "/health/live", "/health/ready", "/ready", "/metrics")


async def serve(settings: Settings, url: str, teller: Teller, fd: int | None = None, shared: str | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: of the installation.
        url: of its database.
        teller: is told what happens.
        fd: of a listening socket; None: `settings.http_port`.
        shared: folder of the counters of all processes.

    Raises:
        Unavailable: the port is taken.
    """
    wake = Wake(lambda: redis_address(settings))
    buckets = RedisBuckets(lambda: redis_address(settings))
    listener = serving.bound(settings.http_port) if fd is None else serving.inherited(fd)
    async with opened(settings, url) as app:
        metrics, check = Metrics(shared), HealthCheck(app.parts.store, wake.state)
        api, authenticator = build_api(app, metrics)
        web = build_app(
            app.parts,
            settings,
            handlers=health_handlers(check),
            clock=app.clock,
            heard=wake.send,
            health=check,
            metrics=metrics,
            api=api,
            authenticator=authenticator,
            buckets=buckets,
            edge=EdgeSettings(metrics=metrics, tell=lambda one: tell(teller, one)),
        )
        stop = asyncio.Event()
        for ending in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(ending, stop.set)
        try:
            await serving.serve_on(web, listener, stop, lambda origin: _listens(teller, origin))
        finally:
            await buckets.aclose()
            await wake.aclose()


def tell(teller: Teller, answered: Answered) -> None:
    """Say what was answered: everything to programs, failures alone to a person."""
    if answered.status < FAILED and (not teller.speaks_json or answered.route in ASKED_ALL_THE_TIME):
        return
    teller.record(
        "answered",
        request_id=answered.request_id,
        method=answered.method,
        route=answered.route or UNROUTED,
        status=answered.status,
        duration_ms=round(answered.seconds * 1000, 1),
    )


def _listens(teller: Teller, origin: str) -> None:
    teller.say(f"listens on {origin}", "API at /api/v1, its document at /api/v1/docs, health at /health, /ready")


def _given(words: Sequence[str], name: str) -> str | None:
    return words[words.index(name) + 1] if name in words else None


def main() -> None:
    """Run as a program; needs DATABASE_URL."""
    teller = Teller("http", as_json="--json" in sys.argv)
    try:
        settings = load()
        if settings.database_url is None:
            raise Misconfigured(["DATABASE_URL: this program starts no database; `nudge up` does"])
        fd, shared = _given(sys.argv, "--fd"), _given(sys.argv, "--metrics")
        with told_by(teller):
            asyncio.run(serve(settings, settings.database_url, teller, int(fd) if fd else None, shared))
    except (Misconfigured, Unavailable) as error:
        teller.say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
