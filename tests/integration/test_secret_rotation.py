"""E1 of `reliability.md`: keys change while secrets are in use; what is moved does not open; nothing shows."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from attrs import evolve
from sqlalchemy import insert

from nudge_adapters.sql.embedded import binary
from nudge_adapters.sql.encryption import Keyring
from nudge_adapters.sql.rotation import SECRET_TABLES
from nudge_adapters.sql.rows.people import user_to_row
from nudge_adapters.sql.store import SqlStore, open_engine
from nudge_adapters.sql.tables import METADATA, user
from nudge_core.errors import Conflict, Misconfigured
from nudge_core.model.secret import Secret
from nudge_core.model.user import User
from nudge_entrypoints.http.api.routes import CONTROLLERS
from nudge_entrypoints.secret_keys import rotate, status
from nudge_entrypoints.settings import load
from tests import samples
from tests.api.office import open_office
from tests.databases import for_psycopg
from tests.samples import CountingIds, SteppingClock, uid

OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32
OLD = Keyring({"old": OLD_KEY}, "old")
BOTH = Keyring({"old": OLD_KEY, "new": NEW_KEY}, "new")
NEW = Keyring({"new": NEW_KEY}, "new")
PLANTED = 50
USERS = 5_000  # two secrets each
READERS = 3

OpenStore = Callable[[Keyring | None], Any]


@pytest.fixture
def opened(database: str) -> OpenStore:
    """Open stores on the test's database with keyrings of the test's choice."""

    @asynccontextmanager
    async def with_keyring(keyring: Keyring | None) -> AsyncIterator[SqlStore]:
        store = SqlStore(database, SteppingClock(), CountingIds(), keyring)
        yield store
        await store.aclose()

    return with_keyring


def name_of(number: int) -> str:
    """A login that stands nowhere else."""
    return f"planted-login-{number:05}-Zq7xW"


def password_of(number: int) -> str:
    """A password that stands nowhere else."""
    return f"planted-password-{number:05}-Vk9pT"


def planted(number: int) -> User:
    """A professional with both."""
    return samples.user(
        number,
        phone_number=f"+1512{number:07}",
        mls_username=Secret(name_of(number)),
        mls_password=Secret(password_of(number)),
    )


async def plant(database: str, count: int, keyring: Keyring = OLD) -> None:
    """Store so many professionals with two secrets each."""
    engine = open_engine(database)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("RESET ROLE")  # past the walls: rows of many professionals at once
        await connection.execute(insert(user), [user_to_row(planted(n), keyring) for n in range(1, count + 1)])
    await engine.dispose()


def ask(database: str, query: str) -> list[tuple[Any, ...]]:
    """Run a statement past the store."""
    with psycopg.connect(for_psycopg(database), autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


async def test_ten_thousand_secrets_change_their_key_while_they_are_read(opened: OpenStore, database: str) -> None:
    await plant(database, USERS)
    read = 0
    async with opened(BOTH) as store:
        running = True

        async def reader(seed: int) -> None:
            nonlocal read
            while running:
                number = seed % USERS + 1
                seed = seed * 48_271 % 2_147_483_647
                async with store.tenant(uid(number)) as tx:
                    found = await tx.users.get(uid(number))
                assert (found.mls_username, found.mls_password) == (
                    Secret(name_of(number)),
                    Secret(password_of(number)),
                )
                read += 1

        readers = [asyncio.create_task(reader(seed)) for seed in range(1, READERS + 1)]
        said: list[int] = []
        try:
            done = await store.rotation().run(say=said.append)
        finally:
            running = False
            await asyncio.gather(*readers)
        assert (done.written, done.left, done.unreadable) == (2 * USERS, 0, 0)
        assert said == sorted(said)
        assert said[-1] == 2 * USERS
        assert await store.rotation().status() == {
            "contactaccount.refresh_token": {},
            "contactgrant.verifier": {},
            "optoutkey.secret": {},
            "user.mls_password": {"new": USERS},
            "user.mls_username": {"new": USERS},
        }
        assert read > 0
    async with opened(NEW) as store, store.system() as tx:
        everybody = await tx.users.all()
    assert len(everybody) == USERS
    assert all(one.mls_password == Secret(password_of(one.id.int)) for one in everybody)


async def test_a_change_that_comes_in_between_wins(opened: OpenStore, database: str) -> None:
    count = 60
    await plant(database, count)
    async with opened(BOTH) as store, opened(OLD) as behind:

        async def change(number: int, through: SqlStore) -> None:
            async with through.tenant(uid(number)) as tx:
                one = await tx.users.get(uid(number))
                await tx.users.save(evolve(one, mls_password=Secret(f"changed-{number}")))

        async def changes() -> None:
            for number in range(1, count + 1):
                try:
                    await change(number, behind if number % 2 else store)
                except Misconfigured:  # a process that does not know the new key cannot read what it wrote
                    await change(number, store)

        async def rotations() -> None:
            for _ in range(8):
                await store.rotation().run(batch=7)
                await asyncio.sleep(0)

        await asyncio.gather(changes(), rotations(), rotations())
        await store.rotation().run()
    async with opened(NEW) as store, store.system() as tx:
        assert [one.mls_password for one in await tx.users.all()] == [
            Secret(f"changed-{number}") for number in range(1, count + 1)
        ]


async def test_a_rotation_that_was_stopped_goes_on_where_it_was(opened: OpenStore, database: str) -> None:
    await plant(database, 30)
    async with opened(BOTH) as store:

        def stop(written: int) -> None:
            if written >= 20:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await store.rotation().run(batch=5, say=stop)
        before = await store.rotation().status()
        assert before["user.mls_password"] == {"new": 10, "old": 20}
        assert (await store.rotation().run(batch=5)).written == 40
        assert await store.reencrypt() == 0


async def test_a_secret_that_cannot_be_read_stops_no_other_and_is_told(opened: OpenStore, database: str) -> None:
    await plant(database, 5)
    ask(database, f"UPDATE \"user\" SET mls_password = replace(mls_password, 'old:', 'lost:') WHERE id = '{uid(2)}'")
    async with opened(BOTH) as store:
        done = await store.rotation().run()
        assert (done.written, done.unreadable, done.left) == (9, 1, 0)
        assert done.problems == ("user.mls_password is encrypted with key 'lost', which is not among the keys given",)
        with pytest.raises(Misconfigured, match="'lost'"):
            await store.reencrypt()


def test_every_encrypted_column_is_one_that_rotates() -> None:
    said = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if (column.comment or "").startswith("encrypted")
    }
    assert said == {(place.table.name, name) for place in SECRET_TABLES for name in place.columns}


def shapes(secret: str) -> Sequence[str]:
    """Return the forms in which a secret may show."""
    raw = secret.encode()
    return (
        secret,
        quote(secret),
        raw.hex(),
        raw.hex().upper(),
        base64.b64encode(raw).decode().rstrip("="),
        secret[::-1],
    )


def found_in(text: str) -> list[str]:
    """Return the planted secrets that show in a text, in any form."""
    planted_secrets = [of(number) for number in range(1, PLANTED // 2 + 1) for of in (name_of, password_of)]
    assert len(planted_secrets) == PLANTED
    return [secret for secret in planted_secrets if any(shape in text for shape in shapes(secret))]


def test_the_scan_finds_what_it_must_find() -> None:
    for shape in shapes(password_of(7)):
        assert found_in(f"before {shape} after") == [password_of(7)]


def dumped(database: str) -> str:
    """Return the whole database as PostgreSQL's own tool writes it."""
    done = subprocess.run([binary("pg_dump"), for_psycopg(database)], capture_output=True, text=True, check=False)
    if "server version mismatch" in done.stderr:
        pytest.skip("pg_dump of the embedded PostgreSQL does not read this server")
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_fifty_planted_secrets_show_in_no_dump_log_repr_error_or_answer(
    opened: OpenStore, database: str, caplog: pytest.LogCaptureFixture, clock: SteppingClock
) -> None:
    caplog.set_level(logging.DEBUG)
    half = PLANTED // 2
    said: list[str] = []
    async with opened(OLD) as store:
        for number in range(1, half + 1):
            async with store.system() as tx:
                await tx.users.add(planted(number))
        with pytest.raises(Conflict) as caught:
            async with store.system() as tx:
                await tx.users.add(planted(1))
        said += [str(caught.value), repr(caught.value), repr(caught.value.__cause__), repr(store)]
    said.append(dumped(database))
    assert "planted" not in said[-1]
    assert said[-1].count("old:") == PLANTED
    async with opened(BOTH) as store:
        async with store.system() as tx:
            said += [repr(one) for one in await tx.users.all()] + [str(one) for one in await tx.users.all()]
        said.append(repr(await store.rotation().run()))
        said.append(dumped(database))
        assert said[-1].count("new:") == PLANTED
        ask(database, f"DELETE FROM \"user\" WHERE id IN ('{uid(1)}', '{uid(2)}')")
        office = await open_office(store, clock)
        async with store.system() as tx:
            for number in (1, 2):
                stored = await tx.users.get(uid(number))
                await tx.users.save(
                    evolve(stored, mls_username=Secret(name_of(number)), mls_password=Secret(password_of(number)))
                )
        asked = 0
        for owner in (1, 2, 3):
            async with office.caller(uid(owner)) as caller:
                for path in readable():
                    answer = await caller.get(f"/api/v1{path}")
                    assert answer.status_code in (200, 400, 403, 404, 501), path
                    said += [answer.text, str(answer.headers)]
                    asked += answer.status_code == 200
        assert asked >= 3 * 10
    async with opened(Keyring({"other": b"x" * 32}, "other")) as store:
        for number in range(1, half + 1):
            with pytest.raises(Misconfigured) as refused:
                async with store.system() as tx:
                    await tx.users.get(uid(number))
            said += [str(refused.value), repr(refused.value)]
    said.append(caplog.text)
    assert found_in("\n".join(said)) == []


def readable() -> list[str]:
    """Return the paths of all routes that are read, ids of Rita's in them."""
    paths = []
    for controller in CONTROLLERS:
        for handler in vars(controller).values():
            if "GET" in getattr(handler, "http_methods", ()):
                for path in getattr(handler, "paths", ()) or {"/"}:
                    root = str(vars(controller)["path"])
                    whole = f"{root}/{str(path).strip('/')}".rstrip("/")
                    paths.append("/".join(str(uid(1)) if part.startswith("{") else part for part in whole.split("/")))
    return sorted(paths)


def settings_of(database: str, keys: str) -> dict[str, str]:
    """Return an environment with this database and these keys."""
    return {"DATABASE_URL": for_psycopg(database), "NUDGE_SECRET_KEYS": keys}


def keys(*named: tuple[str, bytes]) -> str:
    """Return keys as the setting takes them."""
    return ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in named)


def test_the_command_line_rotates_and_says_what_is_left(database: str) -> None:
    asyncio.run(plant(database, 4))
    both = settings_of(database, keys(("new", NEW_KEY), ("old", OLD_KEY)))
    assert status(load(both)) == {
        "current": "new",
        "keys": ["new", "old"],
        "missing": [],
        "secrets": {
            "contactaccount.refresh_token": {},
            "contactgrant.verifier": {},
            "optoutkey.secret": {},
            "user.mls_password": {"old": 4},
            "user.mls_username": {"old": 4},
        },
    }
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ} | both
    done = subprocess.run(
        [sys.executable, "-m", "nudge_entrypoints.cli", "secrets", "rotate", "--batch", "3", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"written": 8, "left": 0, "unreadable": 0, "problems": []}
    assert found_in(done.stdout + done.stderr) == []
    alone = load(settings_of(database, keys(("other", b"x" * 32))))
    assert status(alone)["missing"] == ["new"]
    assert rotate(alone, 100, lambda _n: None)["unreadable"] == 8
    with pytest.raises(Misconfigured, match="none are configured"):
        status(load({"DATABASE_URL": for_psycopg(database)}))
