"""The HTTP server as a process of its own: `python -m nudge_entrypoints.http.process [--json]`, run by `nudge up`.

Health, metrics, the API, and the carrier's webhooks where an account is set.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from nudge_core.errors import Misconfigured, Unavailable
from nudge_entrypoints.bootstrap import opened
from nudge_entrypoints.http import serving
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.http.health import HealthCheck, health_handlers
from nudge_entrypoints.http.wiring import build_api
from nudge_entrypoints.metrics import Metrics
from nudge_entrypoints.servers import redis_address
from nudge_entrypoints.settings import Settings, load
from nudge_entrypoints.telling import Teller
from nudge_entrypoints.worker import Wake


async def serve(settings: Settings, url: str, teller: Teller) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        Unavailable: the port is taken.
    """
    wake = Wake(lambda: redis_address(settings))
    async with opened(settings, url) as app:
        check = HealthCheck(app.parts.store, wake.state)
        metrics = Metrics()
        api, authenticator = build_api(app, metrics)
        web = build_app(
            app.parts,
            settings,
            handlers=health_handlers(check),
            metrics=metrics,
            heard=wake.send,
            api=api,
            authenticator=authenticator,
        )
        stop = asyncio.Event()
        for ending in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(ending, stop.set)
        try:
            await serving.serve(web, settings.http_port, stop, lambda origin: _listens(teller, origin))
        finally:
            await wake.aclose()


def _listens(teller: Teller, origin: str) -> None:
    teller.say(f"listens on {origin}", "health at /health/live, /health/ready")


def main() -> None:
    """Run as a program; needs DATABASE_URL."""
    teller = Teller("http", as_json="--json" in sys.argv)
    try:
        settings = load()
        if settings.database_url is None:
            raise Misconfigured(["DATABASE_URL: this program starts no database; `nudge up` does"])
        asyncio.run(serve(settings, settings.database_url, teller))
    except (Misconfigured, Unavailable) as error:
        teller.say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
