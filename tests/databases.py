"""A PostgreSQL for tests: one embedded cluster per worker, or a scratch database on the server of DATABASE_URL.

Made once per session and migrated; emptied before each test that uses it, which costs a few milliseconds.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from nudge_adapters.sql.embedded import application_address, create_cluster, embedded_postgres
from nudge_adapters.sql.migrate import upgrade
from nudge_adapters.sql.store import SqlStore, database_url
from nudge_adapters.sql.tables import METADATA
from tests.samples import CountingIds, SteppingClock


def for_psycopg(url: str) -> str:
    """Return the address as libpq takes it."""
    return database_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def scratch_database(server: str) -> Iterator[str]:
    """Make an empty database on a server, yield its address, and drop it."""
    name = f"nudge_test_{uuid4().hex[:12]}"
    with psycopg.connect(for_psycopg(server), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield for_psycopg(database_url(server).set(database=name).render_as_string(hide_password=False))
    finally:
        with psycopg.connect(for_psycopg(server), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def empty(url: str) -> None:
    """Delete every row. One statement, so that the order of the references does not matter."""
    parts = sql.SQL(", ").join(
        sql.SQL("{} AS (DELETE FROM {})").format(sql.Identifier(f"no_{name}"), sql.Identifier(name))
        for name in METADATA.tables
    )
    with psycopg.connect(for_psycopg(url), autocommit=True) as connection:
        connection.execute(sql.SQL("WITH {} SELECT").format(parts))


@pytest.fixture(scope="session")
def cluster_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster that was never started, to be copied: made once for all workers."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    create_cluster(shared / "postgres-template", durable=False)
    return shared / "postgres-template"


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server on which databases can be made."""
    external = os.environ.get("DATABASE_URL")
    if external:
        yield external
        return
    template: Path = request.getfixturevalue("cluster_template")
    home = tmp_path_factory.mktemp("postgres")
    with embedded_postgres(home, durable=False, template=template) as url:
        yield url


@pytest.fixture(scope="session")
def migrated(postgres_server: str) -> Iterator[str]:
    """Address of a migrated database that the tests of this worker share."""
    with scratch_database(postgres_server) as url:
        upgrade(url)
        yield url


@pytest.fixture
def database(migrated: str, request: pytest.FixtureRequest) -> str:
    """Address of a migrated database without a row."""
    if os.environ.get("DATABASE_URL"):
        request.getfixturevalue("socket_enabled")
    empty(migrated)
    return migrated


@pytest.fixture
def clock() -> SteppingClock:
    """A clock that the test moves."""
    return SteppingClock()


@pytest.fixture
async def sql_store(database: str, clock: SteppingClock) -> AsyncIterator[SqlStore]:
    """A store on an empty database, with the test's clock, logged in as the application.

    On an external server, where that login may have no password, a more powerful one steps down to it.
    """
    store = SqlStore(application_address(database), clock, CountingIds(1))
    yield store
    await store.aclose()
