"""Revision 0017 over a database in use: a number that texts go out from is its professional's."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from nudge_adapters.sql import migrate
from nudge_adapters.sql.store import SqlStore, open_engine
from nudge_core.model.phone_number import NumberStatus
from tests import samples
from tests.databases import for_psycopg, scratch_database
from tests.samples import CountingIds, SteppingClock, uid

REVISION = "0017"


@pytest.fixture
def used(postgres_server: str) -> Iterator[str]:
    """Address of a database at this revision."""
    with scratch_database(postgres_server) as url:
        migrate.upgrade(url, REVISION)
        yield url


@pytest.mark.parametrize("forced", [False, True])
async def test_a_number_in_use_is_written_down_as_owned(used: str, forced: bool) -> None:
    store = SqlStore(open_engine(used, walled=False), SteppingClock(), CountingIds(1))
    async with store.system() as tx:
        await tx.users.add(samples.user(1, twilio_phone_number=samples.OUR_NUMBER))
        await tx.users.add(samples.user(2))
    await store.aclose()
    with psycopg.connect(for_psycopg(used), autocommit=True) as connection:
        kind = "FORCE" if forced else "NO FORCE"
        connection.execute(f'ALTER TABLE "user" {kind} ROW LEVEL SECURITY'.encode())
        migrate.downgrade(used, "-1")
        migrate.upgrade(used, REVISION)
        kept = connection.execute("SELECT relforcerowsecurity FROM pg_class WHERE oid = '\"user\"'::regclass")
        assert kept.fetchone() == (forced,)
    store = SqlStore(open_engine(used, walled=False), SteppingClock(), CountingIds(1))
    async with store.tenant(uid(1)) as tx:
        (held,) = await tx.held_numbers.held()
        assert (held.number, held.status) == (samples.OUR_NUMBER, NumberStatus.OWNED)
    async with store.tenant(uid(2)) as tx:
        assert await tx.held_numbers.held() == []
    await store.aclose()
