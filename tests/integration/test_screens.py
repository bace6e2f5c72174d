"""The lists past the transactions: each wall alone holds them, every page is read down an index, the bytes are one."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from litestar.serialization import encode_json

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.ports import screen_statements
from nudge_adapters.sql.ports.client_filter import asked
from nudge_adapters.sql.practices_seed import OWNER as RICH
from nudge_adapters.sql.practices_seed import SESSION, Practices, settle_practices
from nudge_adapters.sql.read_pool import ReadPool
from nudge_adapters.sql.store import SqlStore, open_engine
from nudge_core.model.client import EVERYBODY, ClientFilter, ClientOrder
from nudge_core.model.page import PageRequest
from nudge_core.ports import Reader, Store
from tests import samples
from tests.contracts import access
from tests.contracts.storage import OTHER, OWNER, add_client, add_user
from tests.databases import for_psycopg
from tests.integration.test_message_lists import nodes
from tests.samples import CountingIds, SteppingClock, later, uid

ALL = ClientFilter()
_FILTER = re.compile(r"(?:\w+\.)?user_id = %\(user_id\)s(?:::UUID)?")


async def furnish(store: Store) -> None:
    """Store two practices with texts and a session each."""
    for owner, number in ((OWNER, 1), (OTHER, 2)):
        await add_user(store, number)
        for nth in range(3):
            await add_client(
                store, owner, number * 100 + nth, full_name=f"Name {nth} of {number}", email=None,
                preferences={"none": None, "areas": ["Ä", "b"], "price_max": 5.5}, user_tags=("vip",),
                last_interaction=later(nth) if nth else None,
            )  # fmt: skip
        async with store.tenant(owner) as tx:
            for nth in range(3):
                text = samples.inbound(owner, number * 1_000 + nth, uid(number * 100 + nth), created_at=later(nth))
                await tx.messages.receive(text)
            await tx.sessions.add(access.session(number * 10_000, owner))


async def shown(store: Store, reader: Reader) -> dict[str, bytes]:
    """Return the bytes of every list, each page of it."""
    found = {}
    for order in ClientOrder:
        for which in (ALL, ClientFilter(tag="vip"), ClientFilter(name_has="NAME 1")):
            page = await store.screens.clients(reader, PageRequest(limit=2), order, which)
            rest = page and await store.screens.clients(reader, PageRequest(after=page.last), order, which)
            found[f"clients {order} {which}"] = encode_json([page, rest])
    for unread in (False, True):
        texts = await store.screens.conversations(reader, PageRequest(limit=2), unread)
        more = texts and await store.screens.conversations(reader, PageRequest(after=texts.last), unread)
        found[f"conversations {unread}"] = encode_json([texts, more])
    return found


async def test_both_stores_show_the_very_same_bytes(sql_store: SqlStore, clock: SteppingClock) -> None:
    memory = MemoryStore(clock, CountingIds(1))
    for store in (memory, sql_store):
        await furnish(store)
    for reader in (Reader(OWNER), Reader(OWNER, uid(10_000)), Reader(OTHER)):
        assert await shown(sql_store, reader) == await shown(memory, reader)


@pytest.mark.parametrize("session", [uid(20_000), uid(77)], ids=["another's", "no"])
async def test_nothing_is_shown_without_a_session_that_stands(sql_store: SqlStore, session: Any) -> None:
    await furnish(sql_store)
    assert set((await shown(sql_store, Reader(OWNER, session))).values()) == {b"[null,null]"}


async def test_an_empty_list_of_a_session_that_stands_is_a_list(sql_store: SqlStore) -> None:
    await add_user(sql_store)
    async with sql_store.tenant(OWNER) as tx:
        await tx.sessions.add(access.session(10_000, OWNER))
    page = await sql_store.screens.clients(Reader(OWNER, uid(10_000)), PageRequest(), ClientOrder.NAME, ALL)
    assert page is not None
    assert page.items == ()


@pytest.mark.parametrize("session", [None, uid(10_000)], ids=["key", "session"])
@pytest.mark.parametrize(
    ("filters", "policies"),
    [(True, True), (False, True), (True, False), (False, False)],
    ids=["both", "policies alone", "filters alone", "neither"],
)
async def test_each_wall_alone_hides_the_other_practice(
    database: str, monkeypatch: pytest.MonkeyPatch, filters: bool, policies: bool, session: Any
) -> None:
    alone = MemoryStore(SteppingClock(), CountingIds())
    store = SqlStore(open_engine(database, walled=policies), SteppingClock(), CountingIds())
    for one in (alone, store):
        await furnish(one)
    if not filters:
        run = ReadPool._run

        async def unfiltered(self: Any, connection: Any, user_id: Any, statements: Any) -> Any:
            bare = [(_FILTER.sub("true", sql), values) for sql, values in statements]
            assert bare != statements
            return await run(self, connection, user_id, bare)

        monkeypatch.setattr(ReadPool, "_run", unfiltered)
    same = await shown(store, Reader(OWNER, session)) == await shown(alone, Reader(OWNER, session))
    await store.aclose()
    assert same == (filters or policies)  # with neither the other practice shows: the switches work


async def test_a_connection_that_broke_while_it_was_kept_is_replaced(sql_store: SqlStore, database: str) -> None:
    await furnish(sql_store)
    assert await sql_store.screens.conversations(Reader(OWNER), PageRequest(), False)
    with psycopg.connect(for_psycopg(database), autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    assert await sql_store.screens.conversations(Reader(OWNER), PageRequest(), False)


@pytest.fixture
async def rich(database: str) -> AsyncIterator[psycopg.Connection[Any]]:
    """A database with a large practice, asked as the application."""
    settle_practices(database, Practices(tenants=5, clients=3_000, texts=30_000))
    with psycopg.connect(for_psycopg(database), autocommit=True) as connection:
        connection.execute("SET ROLE nudge_app")
        connection.execute("SELECT set_config('app.tenant_id', %s, false)", [str(RICH)])
        yield connection


def read_by(connection: psycopg.Connection[Any], sql: str, values: dict[str, object]) -> dict[str, float]:
    """Return how many rows a statement read of each table, by kind of scan; those that a filter removed among them."""
    given = {"user_id": RICH, "limit": 51, "session_id": SESSION, "now": None, **values}
    (told,) = connection.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", given).fetchone() or ("",)
    found: dict[str, float] = {}
    for node in nodes((json.loads(told) if isinstance(told, str) else told)[0]["Plan"]):
        if node.get("Relation Name") in ("client", "message"):
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            found[node["Node Type"]] = found.get(node["Node Type"], 0) + rows * node["Actual Loops"]
    return found


DEEP = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=1_500)
CLIENT_KEYS = {ClientOrder.NAME: "ida lima 1508", ClientOrder.NEWEST: DEEP, ClientOrder.LAST_CONTACT: DEEP}


@pytest.mark.enable_socket
async def test_first_and_deep_pages_are_read_down_an_index(rich: psycopg.Connection[Any]) -> None:
    deep_text = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=30, minutes=28_500)
    for plans in ("force_custom_plan", "force_generic_plan"):
        rich.execute(f"SET plan_cache_mode = {plans}".encode())
        for goes_on in (False, True):
            for order in ClientOrder:
                written = screen_statements.clients(order, asked(EVERYBODY), goes_on=goes_on)
                values = {**written.constants, **({"value": CLIENT_KEYS[order], "id": RICH} if goes_on else {})}
                proved = screen_statements.proved(written.sql, screen_statements.CLIENT_ORDER[order])
                found = read_by(rich, proved, values)
                assert found == {"Index Scan": 51}, (plans, order, goes_on)
            for unread in (False, True):
                page = screen_statements.conversations(unread_only=unread, goes_on=goes_on)
                values = {"at": deep_text, "id": RICH} if goes_on else {}
                proved = screen_statements.proved(page, screen_statements.CONVERSATION_ORDER)
                found = read_by(rich, proved, values)
                assert "Seq Scan" not in found, (plans, unread, goes_on)
                assert sum(found.values()) <= 51 * 20, (plans, unread, goes_on, found)
