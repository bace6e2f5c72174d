"""The database of a command: the configured one, or an embedded PostgreSQL that lives as long as the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nudge_entrypoints.settings import Settings


@contextmanager
def database(settings: Settings, name: str = "nudge", say: Callable[[str], None] = lambda _line: None) -> Iterator[str]:
    """Yield the address of a database at the newest revision, for the application.

    Args:
        settings: `database_url` if it is set, else an embedded server under `home`. What changes the schema is
            `database_owner_url`, where that is set.
        name: of the embedded server's database.
        say: told in one line when another command's server is used.

    Raises:
        Unavailable: the database does not answer.
        Misconfigured: it cannot be used, with the reason.
    """
    from nudge_adapters.sql.migrate import upgrade

    if settings.database_url is not None:
        upgrade(settings.database_owner_url or settings.database_url)
        yield settings.database_url
        return
    from nudge_adapters.sql.embedded import application_address, embedded_postgres

    with embedded_postgres(settings.home / "postgres", database=name, say=say) as url:
        upgrade(url)
        yield application_address(url)


def owner_of(settings: Settings, url: str) -> str:
    """Return the address of the same database for whoever changes its schema or looks past its walls.

    Args:
        settings: those that `database` was given.
        url: what it yielded.
    """
    from nudge_adapters.sql.embedded import owner_address

    return owner_address(url) if settings.database_url is None else settings.database_owner_url or url
