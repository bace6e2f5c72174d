"""The schema from empty to head, back, and up again; and no drift between the revisions and the tables."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, inspect, text

from nudge_adapters.sql import migrate
from nudge_adapters.sql.embedded import binary
from nudge_adapters.sql.store import database_url
from nudge_adapters.sql.tables import METADATA
from nudge_core.errors import Misconfigured, Unavailable
from tests.databases import scratch_database


@pytest.fixture
def blank(postgres_server: str) -> Iterator[str]:
    """Address of a database with nothing in it."""
    with scratch_database(postgres_server) as url:
        yield url


def dump(url: str) -> list[str]:
    """Return the schema as PostgreSQL's own tool writes it, lines sorted: the order of columns does not matter."""
    command = [binary("pg_dump"), "--schema-only", "--no-owner", "--restrict-key=nudge", "-T", "alembic_version", url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "server version mismatch" in done.stderr:
        pytest.skip(f"pg_dump of the embedded PostgreSQL does not read this server: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    lines = (line.rstrip(",") for line in done.stdout.splitlines())  # the last column of a table has no comma
    return sorted(line for line in lines if line and not _WALL.search(line))


_WALL = re.compile(r"^--|ROW LEVEL SECURITY|CREATE POLICY")
"""Row-level security is made by revisions, not by tables; comments name it, so they are left out as well."""


def create_all(url: str) -> None:
    """Make the schema from the tables."""
    engine = create_engine(database_url(url))
    METADATA.create_all(engine)
    engine.dispose()


def leftovers(url: str) -> tuple[list[str], list[str]]:
    """Return the tables and the enum types there are."""
    engine = create_engine(database_url(url))
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        enums = [
            str(name) for name in connection.execute(text("SELECT typname FROM pg_type WHERE typtype = 'e'")).scalars()
        ]
    engine.dispose()
    return tables, enums


def test_up_to_head_back_to_nothing_and_up_again(blank: str) -> None:
    assert migrate.current(blank) is None
    migrate.upgrade(blank)
    assert migrate.current(blank) == migrate.head()
    first = dump(blank)
    migrate.downgrade(blank, "base")
    assert migrate.current(blank) is None
    assert leftovers(blank) == (["alembic_version"], [])
    migrate.upgrade(blank)
    assert dump(blank) == first


def test_every_revision_goes_back_and_up_by_itself(blank: str) -> None:
    revisions = sorted(file.name[:4] for file in migrate.folder().glob("versions/0*.py"))
    for revision in revisions:
        migrate.upgrade(blank, revision)
        before = dump(blank)
        migrate.downgrade(blank, "-1")
        migrate.upgrade(blank, revision)
        assert dump(blank) == before
    assert migrate.current(blank) == migrate.head() == revisions[-1]


def test_alembic_sees_no_difference_between_head_and_the_tables(migrated: str) -> None:
    assert migrate.differences(migrated) == []


def test_alembic_sees_a_missing_column(blank: str) -> None:
    migrate.upgrade(blank)
    engine = create_engine(database_url(blank))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE client DROP COLUMN notes"))
    engine.dispose()
    assert len(migrate.differences(blank)) == 1


def test_the_migrated_schema_is_the_one_the_tables_make(postgres_server: str, migrated: str) -> None:
    with scratch_database(postgres_server) as made:
        create_all(made)
        assert dump(migrated) == dump(made)


def test_several_processes_may_migrate_at_once(blank: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _n: migrate.upgrade(blank), range(4)))
    assert migrate.current(blank) == migrate.head()


def test_a_wrong_address_is_named_without_repeating_it() -> None:
    with pytest.raises(Misconfigured) as caught:
        migrate.upgrade("mysql://me:hunter2@localhost/x")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(Misconfigured) as caught:
        migrate.upgrade("hunter2 is no url")
    assert "hunter2" not in str(caught.value)


def test_a_database_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        migrate.upgrade("postgresql://postgres@/nudge?host=/nonexistent")
