"""MLS credentials in the database: encrypted, bound to their row, and moved to a new key while in use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from nudge_adapters.sql.encryption import Keyring, key_of
from nudge_adapters.sql.store import SqlStore
from nudge_core.errors import Misconfigured
from nudge_core.model.secret import Secret
from tests import samples
from tests.databases import for_psycopg
from tests.samples import CountingIds, SteppingClock, uid

OLD = Keyring({"old": b"o" * 32}, "old")
BOTH = Keyring({"old": b"o" * 32, "new": b"n" * 32}, "new")
NEW = Keyring({"new": b"n" * 32}, "new")
NAME, PASSWORD = Secret("rita@mls"), Secret("hunter2-hunter2")


@pytest.fixture
def opened(database: str) -> Callable[[Keyring | None], Any]:
    """Open stores on the test's database with keyrings of the test's choice."""

    @asynccontextmanager
    async def with_keyring(keyring: Keyring | None) -> AsyncIterator[SqlStore]:
        store = SqlStore(database, SteppingClock(), CountingIds(), keyring)
        yield store
        await store.aclose()

    return with_keyring


def rita(number: int = 1) -> Any:
    """A professional with MLS credentials."""
    return samples.user(number, mls_username=NAME, mls_password=PASSWORD)


async def read(store: SqlStore, number: int = 1) -> Any:
    """Read a professional."""
    async with store.system() as tx:
        return await tx.users.get(uid(number))


async def add(store: SqlStore, *users: Any) -> None:
    """Store professionals."""
    async with store.system() as tx:
        for user in users:
            await tx.users.add(user)


def ask(database: str, query: str) -> list[tuple[Any, ...]]:
    """Run a statement past the store."""
    with psycopg.connect(for_psycopg(database), autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


async def test_secrets_come_back_and_do_not_lie_open(opened: Any, database: str) -> None:
    async with opened(OLD) as store:
        await add(store, rita())
        assert await read(store) == rita()
    (row,) = ask(database, 'SELECT mls_username, mls_password FROM "user"')
    for stored in row:
        assert key_of(stored) == "old"
        assert "rita" not in stored
        assert "hunter2" not in stored


async def test_without_a_keyring_secrets_are_neither_written_nor_read(opened: Any) -> None:
    async with opened(None) as store:
        with pytest.raises(Misconfigured, match="encryption keys"):
            await add(store, rita())
        await add(store, samples.user(1))
        assert (await read(store)).mls_password is None
    async with opened(OLD) as store:
        await add(store, rita(2))
    async with opened(None) as store:
        with pytest.raises(Misconfigured, match="encryption keys"):
            await read(store, 2)
        with pytest.raises(Misconfigured, match="none are configured"):
            await store.reencrypt()


async def test_a_ciphertext_moved_to_another_row_does_not_decrypt(opened: Any, database: str) -> None:
    async with opened(OLD) as store:
        await add(store, rita(1), rita(2))
        ask(database, f'UPDATE "user" SET mls_password = (SELECT mls_password FROM "user" WHERE id = \'{uid(1)}\')')
        assert await read(store, 1) == rita(1)
        with pytest.raises(Misconfigured, match="changed or moved"):
            await read(store, 2)


async def test_rotation_writes_everything_anew_with_the_current_key(opened: Any, database: str) -> None:
    async with opened(OLD) as store:
        await add(store, *(rita(number) for number in range(1, 6)), samples.user(9))
    async with opened(BOTH) as store:
        await add(store, rita(6))
        assert await read(store, 3) == rita(3)
        assert await store.reencrypt() == 10
        assert await store.reencrypt() == 0
    stored = ask(database, 'SELECT mls_username, mls_password FROM "user" WHERE mls_username IS NOT NULL')
    assert {key_of(text) for row in stored for text in row} == {"new"}
    async with opened(NEW) as store:
        for number in range(1, 7):
            assert await read(store, number) == rita(number)
    async with opened(OLD) as store:
        with pytest.raises(Misconfigured, match="'new'"):
            await read(store)


async def test_a_rotation_that_cannot_read_a_secret_says_so(opened: Any) -> None:
    async with opened(OLD) as store:
        await add(store, rita())
    async with opened(NEW) as store:
        with pytest.raises(Misconfigured, match="'old'"):
            await store.reencrypt()
