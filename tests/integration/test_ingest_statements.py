"""A page costs a handful of statements whatever its size, and one that comes twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from nudge_adapters.sql.store import SqlStore, open_engine
from nudge_core.errors import Conflict
from nudge_core.model.feed import UnreadRecord
from tests import samples
from tests.contracts.storage import OWNER, add_user
from tests.databases import for_psycopg
from tests.samples import SOURCE, CountingIds, SteppingClock, uid


class CountingCursor(psycopg.AsyncCursor[Any]):
    """The driver's cursor, counting what it is asked to run."""

    statements = 0

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        type(self).statements += 1
        return await super().execute(*args, **kwargs)

    async def executemany(self, *args: Any, **kwargs: Any) -> None:
        raise AssertionError("ingest must not run a statement per row")


@contextmanager
def counting(url: str) -> Iterator[tuple[SqlStore, type[CountingCursor]]]:
    """Yield a store whose every statement is counted, at the driver."""

    class Counted(CountingCursor):
        statements = 0

    engine = open_engine(url)

    @event.listens_for(engine.sync_engine, "connect")
    def count(connection: Any, _record: object) -> None:
        connection.driver_connection.cursor_factory = Counted

    yield SqlStore(engine, SteppingClock(), CountingIds(9)), Counted


async def ingest(store: SqlStore, size: int) -> None:
    """What the walk does with a page of so many listings: for everybody, then for one professional."""
    keys = [f"L{n}" for n in range(size)]
    events = [samples.global_event(1_000 + n, listing_key=key) for n, key in enumerate(keys)]
    bad = [UnreadRecord(source_id=SOURCE, listing_key=key, rule="price: a number", raw="{}") for key in keys]
    async with store.system() as tx:
        cursor = await tx.feeds.cursor(SOURCE)
        await tx.listings.accepted(SOURCE, keys)
        await tx.listings.off_market_at(SOURCE, [f"1506 timber st||{n}" for n in range(size)], samples.NOON)
        await tx.listings.store([samples.listing(key, postal_code=str(n)) for n, key in enumerate(keys)])
        await tx.global_events.add(events)
        await tx.feeds.keep_unread(bad)
        await tx.feeds.count(SOURCE, {"unknown_status": size, "duplicate_key": 1})
        await tx.notes.add([samples.note(100_000 + n, OWNER) for n in range(size)])
        await tx.feeds.advance(cursor)
    async with store.tenant(OWNER) as tx:
        await tx.resources.store([samples.resource(OWNER, 1_000 + n, entity_id=key) for n, key in enumerate(keys)])
        stored = await tx.resources.by_entity(SOURCE, keys)
        mine = [
            samples.market_event(OWNER, 50_000 + n, resource_id=stored[key].id, global_event_id=events[n].id)
            for n, key in enumerate(keys)
        ]
        await tx.market_events.add(mine)


async def test_a_page_of_a_thousand_costs_as_many_statements_as_one_of_ten(sql_store: SqlStore, database: str) -> None:
    await add_user(sql_store)
    with counting(database) as (store, counted):
        spent = []
        for size in (1, 10, 1_000):  # the first one opens the connection
            before = counted.statements
            await ingest(store, size)
            spent.append(counted.statements - before)
        await store.aclose()
    assert spent[1] == spent[2]
    assert spent[1] < 20  # two transactions begun, and one statement for each call


def versions(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return, for every row that a page writes, which version of it this is: an update makes a new one."""
    with psycopg.connect(for_psycopg(url)) as connection:
        tables = ("listingsnapshot", "globalmlsevent", "resource", "marketevent", "outbox")
        return {
            name: connection.execute(f"SELECT ctid, xmin::text FROM {name} ORDER BY 1").fetchall() for name in tables
        }


async def test_the_same_page_twice_changes_no_row(sql_store: SqlStore, database: str) -> None:
    await add_user(sql_store)
    await ingest(sql_store, 25)
    before = versions(database)
    assert {name: len(rows) for name, rows in before.items()} == dict.fromkeys(before, 25)
    await ingest(sql_store, 25)
    assert versions(database) == before


async def test_a_changed_listing_changes_its_row_only(sql_store: SqlStore, database: str) -> None:
    async with sql_store.system() as tx:
        await tx.listings.store([samples.listing(f"L{n}") for n in range(5)])
    before = versions(database)["listingsnapshot"]
    async with sql_store.system() as tx:
        changed = samples.listing("L3", list_price_cents=1)
        await tx.listings.store([samples.listing("L1"), changed, samples.listing("L2")])
    after = versions(database)["listingsnapshot"]
    assert len(set(after) - set(before)) == 1
    async with sql_store.system() as tx:
        assert (await tx.listings.accepted(SOURCE, ["L3"]))["L3"] == changed


async def test_a_page_that_fails_at_its_end_leaves_nothing(sql_store: SqlStore) -> None:
    await add_user(sql_store)
    async with sql_store.system() as tx:
        stale = await tx.feeds.cursor(SOURCE)
        await tx.feeds.advance(stale)
    with pytest.raises(Conflict, match="advanced"):  # noqa: PT012 - the error is raised inside the transaction
        async with sql_store.system() as tx:
            await tx.listings.store([samples.listing("L1")])
            await tx.global_events.add([samples.global_event(5)])
            await tx.feeds.advance(stale)
    async with sql_store.system() as tx:
        assert await tx.listings.keys(SOURCE) == frozenset()
        assert await tx.global_events.get([uid(5)]) == []
