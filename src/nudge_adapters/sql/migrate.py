"""The schema of a database, brought to a revision and back.

The revisions lie in `migrations/` of the repository; a wheel carries them as `nudge_adapters/sql/migrations`
(`pyproject.toml`, force-include), so that an installed package can migrate too.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text

from nudge_adapters.sql import claims, walls
from nudge_adapters.sql.failures import translate
from nudge_adapters.sql.store import CONNECT_TIMEOUT_S, database_url
from nudge_adapters.sql.tables import METADATA
from nudge_core.errors import Misconfigured

_ONE_AT_A_TIME = 0x6E75646765  # "nudge": key of the advisory lock that lets one process migrate
_NOT_WITH_THIS_LOGIN = (
    f"database: the schema is not the one of this version, and {walls.APP} may not change it: "
    "run `nudge db upgrade` with DATABASE_OWNER_URL, or set it"
)
_WAIT_S = 60  # for another process that migrates


def folder() -> Path:
    """Return where the revisions lie: beside this module in a wheel, else in the repository."""
    shipped = Path(__file__).parent / "migrations"
    return shipped if shipped.is_dir() else Path(__file__).parents[3] / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema up to `revision`. Several processes may ask at once: one does it, the others find it done.

    Raises:
        Unavailable: the database does not answer, or a lock could not be had within seconds.
        Misconfigured: `url` is no address of a PostgreSQL database, or the role may not change its schema.
    """
    with _connected(url) as connection:
        if _is_ready(connection, revision):  # so that the application's own login may ask too
            return
        if connection.execute(text("SELECT current_user")).scalar_one() == walls.APP:
            raise Misconfigured([_NOT_WITH_THIS_LOGIN])
        command.upgrade(_config(connection), revision)
        if _revision(connection) == head():
            walls.hand_over(connection)
            claims.install(connection)
        connection.commit()


def downgrade(url: str, revision: str) -> None:
    """Bring the schema back to `revision`; `base` removes everything, data included."""
    with _connected(url) as connection:
        claims.remove(connection)
        connection.commit()
        command.downgrade(_config(connection), revision)


def current(url: str) -> str | None:
    """Return the revision the database is at, None for an empty one."""
    with _connected(url) as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_ready(connection: Connection, revision: str) -> bool:
    ready = revision in ("head", head()) and _revision(connection) == head() and claims.are_there(connection)
    connection.commit()
    return ready


def head() -> str:
    """Return the newest revision there is."""
    newest = ScriptDirectory(str(folder())).get_current_head()
    assert newest is not None
    return newest


def differences(url: str) -> Sequence[object]:
    """Return what alembic would change to make the database equal the tables; empty when nothing.

    Not all there is: alembic does not see predicates, generated columns or texts of checks (`packages.md` 5.3). A
    test compares dumps beside it.
    """
    with _connected(url) as connection, _no_word_on_computed_columns():
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, METADATA))


def draft_revision(url: str, message: str) -> None:
    """Write a new revision from what differs; `url` is a database at head. A person then reads and mends it."""
    with _connected(url) as connection, _no_word_on_computed_columns():
        command.revision(_config(connection), message, autogenerate=True)


@contextmanager
def _no_word_on_computed_columns() -> Iterator[None]:
    """PostgreSQL prints a computed column in words of its own, and alembic takes that for a change."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Computed default on")
        yield


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(
        database_url(url),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
    )
    try:
        with engine.connect() as connection:
            connection.execute(text(f"SET lock_timeout = '{_WAIT_S}s'"))
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
            connection.commit()
            yield connection
    except Exception as error:
        if (translated := translate(error)) is not None:
            raise translated from error
        raise
