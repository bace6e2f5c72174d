"""A PostgreSQL that can be crashed and started again on the same data."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from pathlib import Path

import psycopg

from nudge_adapters.sql.embedded import embedded_postgres
from tests.chaos.transcript import make_template
from tests.databases import for_psycopg


class Server:
    """The embedded server of the tests; its data may be lost with the machine, but not with its process."""

    def __init__(self, home: Path) -> None:
        self._home, self._running = home, ExitStack()
        self.url = self._running.enter_context(embedded_postgres(home, durable=False))
        make_template(self.url)

    def crash(self) -> None:
        """Restart as `pg_ctl restart -m immediate` does: no checkpoint, no goodbye; then recover from the log."""
        pid = int((self._home / "postgres" / "postmaster.pid").read_text().partition("\n")[0])
        os.kill(pid, signal.SIGQUIT)
        self._running.close()  # waits for it
        self.url = self._running.enter_context(embedded_postgres(self._home, durable=False))

    def cut_everybody(self) -> None:
        """End every connection but ours."""
        with psycopg.connect(for_psycopg(self.url), autocommit=True) as knife:
            knife.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    def close(self) -> None:
        """Stop it."""
        self._running.close()
