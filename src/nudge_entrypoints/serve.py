"""`nudge serve`: the HTTP server alone, in as many processes as there are to be, on one listening socket.

The socket is this process's own, so a process that dies loses the requests it was answering and no others: the next
ones wait in the socket until another takes them. PostgreSQL is the configured one, or the embedded one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from tempfile import TemporaryDirectory

from attrs import evolve
from prometheus_client.multiprocess import mark_process_dead

from nudge_core.errors import Misconfigured, Unavailable
from nudge_entrypoints import servers
from nudge_entrypoints.http.serving import bound
from nudge_entrypoints.settings import Settings
from nudge_entrypoints.supervisor import Part, ProcessPart, ServerPart, Supervisor
from nudge_entrypoints.telling import Teller

HTTP_MODULE = "nudge_entrypoints.http.process"
MOST_WORKERS = 64


def serve(settings: Settings, *, port: int | None = None, workers: int = 1, as_json: bool = False) -> None:
    """Serve until Ctrl-C or SIGTERM; then no connection is taken any more, and what has begun is answered.

    Args:
        settings: of the installation.
        port: of loopback, instead of the setting's; 0 for any free one.
        workers: processes. Rates are counted for all of them together only where there is a Redis.
        as_json: say what happens as JSON, every request included.

    Raises:
        Misconfigured: the port is taken, or no database can be used.
    """
    if not 1 <= workers <= MOST_WORKERS:
        raise Misconfigured([f"--workers: a number from 1 to {MOST_WORKERS}"])
    teller = Teller("nudge", as_json=as_json)
    try:
        listener = bound(settings.http_port if port is None else port)
    except Unavailable as error:
        raise Misconfigured([f"NUDGE_HTTP_PORT: {error.why}"]) from error
    with listener, TemporaryDirectory(prefix="nudge-metrics-") as counters:
        settings = evolve(settings, http_port=listener.getsockname()[1])
        parts: list[Part] = []
        database = ServerPart("postgresql", lambda: servers.postgres(settings, teller.of("postgresql").say))
        if settings.database_url is None:
            parts.append(database)
        else:
            servers.migrated(settings.database_url)

        def environment() -> Mapping[str, str]:
            return {
                **os.environ,
                "NUDGE_HOME": str(settings.home.absolute()),
                "NUDGE_HTTP_PORT": str(settings.http_port),
                "DATABASE_URL": settings.database_url or database.address,
                "PROMETHEUS_MULTIPROC_DIR": counters,
            }

        def uncounted(process: int) -> None:
            """What a process that was killed has open is open no more."""
            mark_process_dead(process, counters)  # type: ignore[no-untyped-call]  # the library has no types here

        command = [
            sys.executable,
            "-m",
            HTTP_MODULE,
            "--fd",
            str(listener.fileno()),
            "--metrics",
            counters,
            *(["--json"] if as_json else []),
        ]
        parts += [
            ProcessPart(f"http-{number}", command, environment, files=[listener.fileno()], buried=uncounted)
            for number in range(1, workers + 1)
        ]
        Supervisor(parts, teller).run()
