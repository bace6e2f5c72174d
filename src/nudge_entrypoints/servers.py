"""The servers of this machine: PostgreSQL and Valkey of our own where no address is set; children tied to our life."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from attrs import evolve

from nudge_adapters.embedded.server import Running, found, through_child
from nudge_entrypoints.settings import Settings


@contextmanager
def postgres(settings: Settings, say: Callable[[str], None]) -> Iterator[Running]:
    """Run the embedded PostgreSQL, or attach to it; its database is at the newest revision. In the main thread.

    The address is the application's, which may not change the schema.
    """
    from nudge_adapters.sql.embedded import application_address, postgres_server
    from nudge_adapters.sql.migrate import upgrade

    with postgres_server(settings.home / "postgres", say=say) as server:
        upgrade(server.address)
        yield evolve(server, address=application_address(server.address))


def migrated(url: str) -> None:
    """Bring a database to the newest revision."""
    from nudge_adapters.sql.migrate import upgrade

    upgrade(url)


def valkey(settings: Settings, say: Callable[[str], None]) -> AbstractContextManager[Running]:
    """Run the embedded Valkey, or attach to it. Enter it in the main thread."""
    from nudge_adapters.embedded.valkey import embedded_valkey

    return embedded_valkey(settings.home / "valkey", say=say)


def redis_address(settings: Settings) -> str | None:
    """Return the configured Redis, else the embedded one where some process runs it now, else None."""
    from nudge_adapters.embedded.valkey import VALKEY

    return settings.redis_url or found(VALKEY, settings.home / "valkey")


def tied(command: Sequence[str]) -> list[str]:
    """Return a command that becomes the given one and gets SIGTERM when this process ends, however it ends."""
    return through_child(command, signal.SIGTERM)
