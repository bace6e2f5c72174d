"""Opt-outs that outlive their client: a change of keys does not lose them, and the database alone does not tell."""

from __future__ import annotations

import hashlib

import psycopg
import pytest

from nudge_adapters.sql.encryption import Keyring
from nudge_adapters.sql.store import SqlStore
from nudge_core.errors import Misconfigured
from tests import samples
from tests.databases import for_psycopg
from tests.samples import THEIR_NUMBER, CountingIds, SteppingClock, uid

OLD, NEW = Keyring({"a": bytes(32)}, "a"), Keyring({"a": bytes(32), "b": b"b" * 32}, "b")


async def silenced_and_erased(store: SqlStore) -> None:
    """Let somebody opt out and be erased."""
    async with store.system() as system:
        await system.users.add(samples.user(1))
    async with store.tenant(uid(1)) as tx:
        await tx.clients.add([samples.client(uid(1), 10)])
        await tx.suppressions.add(samples.suppression(uid(1), 5))
    async with store.tenant(uid(1)) as tx:
        await tx.dossiers.erase(uid(10))


async def test_a_kept_opt_out_survives_a_change_of_keys(database: str, clock: SteppingClock) -> None:
    store = SqlStore(database, clock, CountingIds(1), OLD)
    await silenced_and_erased(store)
    await store.aclose()
    between = SqlStore(database, clock, CountingIds(1), NEW)
    assert (await between.rotation().run()).written == 1
    assert (await between.rotation().status())["optoutkey.secret"] == {"b": 1}
    await between.aclose()
    after = SqlStore(database, clock, CountingIds(1), Keyring({"b": b"b" * 32}, "b"))
    async with after.tenant(uid(1)) as tx:
        await tx.clients.add([samples.client(uid(1), 11)])
        assert [one.reason for one in await tx.suppressions.active(THEIR_NUMBER)] == ["stop"]
    await after.aclose()


async def test_the_database_alone_does_not_tell_whose_opt_out_is_kept(database: str, clock: SteppingClock) -> None:
    store = SqlStore(database, clock, CountingIds(1), OLD)
    await silenced_and_erased(store)
    await store.aclose()
    with psycopg.connect(for_psycopg(database)) as connection:
        rows = connection.execute("SELECT k.mark, o.secret FROM keptoptout k, optoutkey o").fetchall()
    ((mark, secret),) = rows
    assert mark != hashlib.sha256(THEIR_NUMBER.encode()).hexdigest()
    assert secret.startswith("a:")


async def test_without_a_key_an_opt_out_is_not_lost_but_the_erasure_refused(sql_store: SqlStore) -> None:
    with pytest.raises(Misconfigured):
        await silenced_and_erased(sql_store)
    async with sql_store.tenant(uid(1)) as tx:
        assert len(await tx.suppressions.active(THEIR_NUMBER)) == 1
        assert (await tx.clients.get(uid(10))).id == uid(10)
