"""What row-level security does and does not do, each an observation to keep (`reliability.md` 8.2); and a hammer."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import errors, sql
from sqlalchemy import create_engine, text

from nudge_adapters.sql import store as sql_store_module
from nudge_adapters.sql.catalogue import breaches
from nudge_adapters.sql.embedded import application_address
from nudge_adapters.sql.encryption import Keyring
from nudge_adapters.sql.migrate import current, downgrade, folder, upgrade
from nudge_adapters.sql.store import SqlStore, database_url, open_engine
from nudge_adapters.sql.walls import APP
from nudge_core.errors import Misconfigured
from nudge_core.model.outbox import Topic
from tests import samples
from tests.databases import for_psycopg, scratch_database
from tests.samples import CountingIds, SteppingClock, uid
from tests.two_practices import MINE, ONE, OTHER, QUEUED, THEIRS, settle, without_filters

Application = psycopg.AsyncConnection[tuple[object, ...]]

KEYRING = Keyring({"test": bytes(32)}, "test")
BIND = "SELECT set_config('app.tenant_id', %s, true)"
CLIENTS = "SELECT count(*) FROM client"


@pytest.fixture
async def store(database: str, clock: SteppingClock) -> AsyncIterator[SqlStore]:
    """Two practices."""
    store = SqlStore(database, clock, CountingIds(), KEYRING)
    for practice in (MINE, THEIRS):
        await settle(store, practice)
    yield store
    await store.aclose()


@pytest.fixture
async def application(database: str, store: SqlStore) -> AsyncIterator[Application]:
    """A connection of the application, outside every transaction."""
    async with await psycopg.AsyncConnection.connect(for_psycopg(database), autocommit=True) as connection:
        await connection.execute(f"SET ROLE {APP}".encode())
        yield connection


async def first(connection: Application, query: str, values: list[object] | None = None) -> object:
    """Return the first value of the first row."""
    row = await (await connection.execute(query.encode(), values)).fetchone()
    return row and row[0]


async def test_without_the_setting_there_is_no_row(application: Application) -> None:
    assert await first(application, CLIENTS) == 0
    assert await first(application, 'SELECT count(*) FROM "user"') == 0


async def test_after_its_first_use_the_setting_is_empty_and_the_next_transaction_still_works(
    application: Application,
) -> None:
    async with application.transaction():
        await application.execute(BIND, [str(ONE)])
        assert await first(application, CLIENTS) == 1
    assert await first(application, "SELECT current_setting('app.tenant_id', true)") == ""
    assert await first(application, CLIENTS) == 0
    with pytest.raises(errors.InvalidTextRepresentation):  # what a policy with a plain cast would do
        await first(application, "SELECT current_setting('app.tenant_id', true)::uuid")


async def test_a_setting_of_the_session_would_leak_and_ours_does_not(database: str, store: SqlStore) -> None:
    engine = open_engine(application_address(database))
    async with engine.begin() as connection:
        await connection.execute(text("SELECT set_config('app.tenant_id', :one, true)"), {"one": str(ONE)})
    async with engine.connect() as connection:
        assert (await connection.execute(text(CLIENTS))).scalar_one() == 0
        await connection.execute(text("SELECT set_config('app.tenant_id', :one, false)"), {"one": str(ONE)})
        await connection.commit()
    async with engine.connect() as connection:  # the next user of the pooled connection
        assert (await connection.execute(text(CLIENTS))).scalar_one() == 1
    await engine.dispose()


async def test_nothing_is_written_into_another_tenant(application: Application) -> None:
    async with application.transaction(force_rollback=True):
        await application.execute(BIND, [str(ONE)])
        foreign = f"INSERT INTO faq VALUES ('{uid(1)}', '{OTHER}', 'q', 'a', true)"
        for statement in (foreign, f"UPDATE faq SET user_id = '{OTHER}'"):
            with pytest.raises(errors.InsufficientPrivilege):
                async with application.transaction():
                    await application.execute(statement.encode())
        for statement in (
            f"UPDATE faq SET answer = 'x' WHERE user_id = '{OTHER}'",
            f"DELETE FROM faq WHERE user_id = '{OTHER}'",
        ):
            assert (await application.execute(statement.encode())).rowcount == 0
        assert (await application.execute(b"UPDATE faq SET answer = 'x'")).rowcount == 1


async def test_a_claim_works_while_the_application_sees_nothing(application: Application, store: SqlStore) -> None:
    assert await first(application, "SELECT count(*) FROM outbox") == 0
    assert await first(application, "SELECT count(*) FROM claims.all_users()") == 2
    async with store.system() as tx:
        assert {text.user_id for text in await tx.sends.claim(10, 60)} == set()  # silenced, both
        blocked = await tx.sends.blocked(10)
        assert {text.id for text in blocked} == {MINE.id(QUEUED), THEIRS.id(QUEUED)}
        notes = await tx.notes.claim([Topic.MATCH], 10, 60)
        assert {note.user_id for note in notes} == {ONE, OTHER}
        assert {user.id for user in await tx.users.all()} == {ONE, OTHER}
        left = text("SELECT current_setting('app.tenant_id')")
        assert (await tx.sends._work.run(left)).scalar_one() == ""  # nobody stays bound


@pytest.mark.parametrize("table", ["client", "message"])
async def test_the_application_cannot_step_over_the_wall(database: str, store: SqlStore, table: str) -> None:
    async with await psycopg.AsyncConnection.connect(application_address(database), autocommit=True) as connection:
        for statement in ("SET ROLE nudge_owner", "SET ROLE nudge_claim", "SET SESSION AUTHORIZATION postgres"):
            with pytest.raises((errors.InsufficientPrivilege, errors.InvalidParameterValue)):
                await connection.execute(statement.encode())
        await connection.execute(b"SET row_security = off")
        with pytest.raises(errors.InsufficientPrivilege):
            await connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
        for statement in (
            f"TRUNCATE {table} CASCADE",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            f"DROP TABLE {table}",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                await connection.execute(statement.encode())


async def test_the_owner_is_held_by_the_wall_too(database: str, store: SqlStore) -> None:
    async with await psycopg.AsyncConnection.connect(for_psycopg(database), autocommit=True) as connection:
        assert await first(connection, CLIENTS) == 2
        await connection.execute(b"SET ROLE nudge_owner")
        assert await first(connection, CLIENTS) == 0


async def test_keys_that_do_not_belong_together_find_no_row(application: Application) -> None:
    query = "SELECT count(*) FROM claims.message_rows_seen(ARRAY[%s]::uuid[], ARRAY[%s]::uuid[])"
    assert await first(application, query, [ONE, MINE.id(QUEUED)]) == 1
    assert await first(application, query, [ONE, THEIRS.id(QUEUED)]) == 0


async def test_a_login_with_more_rights_steps_down(database: str, store: SqlStore) -> None:
    query = text("SELECT session_user <> current_user, current_user")
    engine = open_engine(database)
    async with engine.connect() as connection:
        assert tuple((await connection.execute(query)).one()) == (True, APP)
    await engine.dispose()
    engine = open_engine(application_address(database))
    async with engine.connect() as connection:
        assert tuple((await connection.execute(query)).one()) == (False, APP)
    await engine.dispose()


async def test_a_login_that_may_not_become_the_application_is_misconfigured(database: str, store: SqlStore) -> None:
    with psycopg.connect(for_psycopg(database), autocommit=True) as owner:
        owner.execute("CREATE ROLE nudge_test_stranger LOGIN")
    try:
        stranger = database_url(database).set(username="nudge_test_stranger").render_as_string(hide_password=False)
        away = SqlStore(stranger, None, CountingIds())
        with pytest.raises(Misconfigured, match="nor a member"):
            async with away.system():
                pass
        await away.aclose()
    finally:
        with psycopg.connect(for_psycopg(database), autocommit=True) as owner:
            owner.execute("DROP ROLE nudge_test_stranger")


def test_the_application_may_ask_for_the_newest_schema_but_not_make_it(postgres_server: str) -> None:
    with scratch_database(postgres_server) as url:
        with psycopg.connect(for_psycopg(url), autocommit=True) as owner:
            exists = owner.execute("SELECT FROM pg_roles WHERE rolname = 'nudge_app'").fetchone()
        if exists is not None:
            with pytest.raises(Misconfigured, match="DATABASE_OWNER_URL"):
                upgrade(application_address(url))
        upgrade(url)
        upgrade(application_address(url))


def test_an_owner_who_is_no_superuser_migrates(postgres_server: str, migrated: str) -> None:
    """As on a managed server; the roles exist, and this login is a member of them."""
    admin = "nudge_test_admin"
    with psycopg.connect(for_psycopg(migrated), autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {admin} LOGIN PASSWORD 'nudge'".encode())
        owner.execute(f"GRANT nudge_owner, nudge_app, nudge_claim TO {admin}".encode())
    try:
        with scratch_database(postgres_server) as url:
            name = sql.Identifier(database_url(url).database or "")
            with psycopg.connect(for_psycopg(url), autocommit=True) as owner:
                owner.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(admin)))
            theirs = database_url(url).set(username=admin, password="nudge").render_as_string(hide_password=False)
            upgrade(theirs)
            engine = create_engine(database_url(url))
            with engine.connect() as connection:
                assert breaches(connection) == []
            engine.dispose()
            downgrade(theirs, "base")
            upgrade(theirs)
    finally:
        with psycopg.connect(for_psycopg(migrated), autocommit=True) as owner:
            owner.execute(f"DROP ROLE {admin}".encode())


def test_an_owner_who_may_not_make_roles_is_told_what_is_missing(postgres_server: str, migrated: str) -> None:
    stranger = "nudge_test_poor"
    with psycopg.connect(for_psycopg(migrated), autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {stranger} LOGIN PASSWORD 'nudge'".encode())
    try:
        with scratch_database(postgres_server) as url:
            name = sql.Identifier(database_url(url).database or "")
            with psycopg.connect(for_psycopg(url), autocommit=True) as owner:
                owner.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(stranger)))
            theirs = database_url(url).set(username=stranger, password="nudge").render_as_string(hide_password=False)
            with pytest.raises(Misconfigured):
                upgrade(theirs)
            walls = ScriptDirectory(str(folder())).get_revision("0019")
            assert walls is not None
            assert current(url) == walls.down_revision
    finally:
        with psycopg.connect(for_psycopg(migrated), autocommit=True) as owner:
            owner.execute(f"DROP ROLE {stranger}".encode())


TENANTS, TASKS, CONNECTIONS, AT_ONCE = 5, 300, 3, 12
ROWS = 4


class _OursError(Exception):
    """An error of the application, in the middle of a transaction."""


async def test_hammered_pooled_connections_never_show_a_foreign_row(
    database: str, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random tenants on few connections, with errors of ours, errors of SQL and cancellations: the wall alone holds."""
    monkeypatch.setattr(sql_store_module, "POOL_SIZE", CONNECTIONS)
    engine = open_engine(application_address(database))
    store = SqlStore(engine, clock, CountingIds())
    owners = [uid(number) for number in range(1, TENANTS + 1)]
    for owner in owners:
        async with store.system() as system:
            await system.users.add(samples.user(owner.int))
        async with store.tenant(owner) as tx:
            await tx.clients.add([samples.client(owner, owner.int * 100 + n) for n in range(ROWS)])
    without_filters(engine)
    chance, slots, seen = random.Random(4711), asyncio.Semaphore(AT_ONCE), Counter[str]()

    async def read(owner: object, tx: object) -> None:
        book = await tx.clients.book()  # type: ignore[attr-defined]
        assert len(book) == ROWS
        assert {client.user_id for client in book} == {owner}
        seen["right"] += 1

    async def one(ends: float, pauses: int) -> None:
        owner = chance.choice(owners)
        async with slots:
            try:
                async with store.tenant(owner) as tx:
                    await read(owner, tx)
                    for _ in range(pauses):
                        await asyncio.sleep(0)
                    if ends < 0.15:
                        raise _OursError
                    if ends < 0.25:
                        await tx.clients._work.run(text("SELECT 1 / 0"))
                    await read(owner, tx)
            except _OursError:
                seen["ours"] += 1
            except AssertionError:
                raise
            except Exception:
                seen["sql"] += 1

    async def cancelled(task: asyncio.Task[None], after: int) -> None:
        for _ in range(after):
            await asyncio.sleep(0)
        seen["cancelled"] += task.cancel()

    async with asyncio.TaskGroup() as group:
        for _ in range(TASKS):
            task = group.create_task(one(chance.random(), chance.randrange(4)))
            if chance.random() < 0.14:
                group.create_task(cancelled(task, chance.randrange(400)))
    assert seen["right"] > TASKS
    assert min(seen[how] for how in ("ours", "sql", "cancelled")) >= TASKS // 50, seen
    async with engine.connect() as connection:
        assert (await connection.execute(text(CLIENTS))).scalar_one() == 0
    await store.aclose()
