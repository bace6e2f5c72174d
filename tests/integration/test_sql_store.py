"""What only PostgreSQL can get wrong: connections, sessions, its clock, its errors, and what they might give away."""

from __future__ import annotations

import asyncio
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from nudge_adapters.sql.failures import translate
from nudge_adapters.sql.store import SqlStore, database_url, open_engine
from nudge_core.errors import Conflict, Invalid, Misconfigured, NotFound, NudgeError, Unavailable
from nudge_core.model.feed import UnreadRecord
from tests import samples, strategies
from tests.contracts.storage import BEN, OTHER, OWNER, add_client, add_practice, add_user, claim, queue
from tests.databases import empty, for_psycopg, scratch_database
from tests.samples import CountingIds, SteppingClock, uid


def ask(url: str, query: str) -> Any:
    """Run a statement past the store and return the first value of its first row."""
    with psycopg.connect(for_psycopg(url), autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        return row and row[0]


BUSY = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND (state LIKE 'idle in%' OR state = 'active')"
)


async def test_without_a_clock_the_time_is_the_databases(database: str) -> None:
    store = SqlStore(database, None, CountingIds())
    async with store.system() as tx:
        first = tx.now
        await asyncio.sleep(0)
        assert tx.now == first
        assert first.tzinfo is UTC
        assert abs(first - datetime.now(UTC)) < timedelta(hours=12)
    async with store.system() as tx:
        assert tx.now > first
    await store.aclose()


async def test_no_transaction_is_open_between_blocks(sql_store: SqlStore, database: str) -> None:
    await add_user(sql_store)
    assert ask(database, BUSY) == 0
    async with sql_store.system() as tx:
        await tx.users.all()
        assert ask(database, BUSY) == 1
    assert ask(database, BUSY) == 0
    with pytest.raises(NotFound):
        async with sql_store.system() as tx:
            await tx.users.get(uid(9))
    assert ask(database, BUSY) == 0


async def test_the_tenant_is_bound_for_the_transaction_only(database: str) -> None:
    engine = open_engine(database)
    store = SqlStore(engine, None, CountingIds())
    query = text("SELECT current_setting('app.tenant_id', true)")
    async with store.tenant(OWNER) as tx:
        assert (await tx.clients._work.run(query)).scalar_one() == str(OWNER)
    async with engine.connect() as connection:
        assert (await connection.execute(query)).scalar_one() in (None, "")
    async with store.system() as system:
        assert (await system.users._work.run(query)).scalar_one() == ""
    await store.aclose()


async def test_instants_are_utc_whatever_zone_the_server_prefers(postgres_server: str) -> None:
    from nudge_adapters.sql.migrate import upgrade

    with scratch_database(postgres_server) as url:
        name = database_url(url).database
        ask_nothing = f"ALTER DATABASE \"{name}\" SET TimeZone = 'America/Denver'"
        with psycopg.connect(for_psycopg(url), autocommit=True) as connection:
            connection.execute(ask_nothing)
        upgrade(url)
        store = SqlStore(url, None, CountingIds())
        await add_user(store)
        await add_client(store)
        async with store.tenant(OWNER) as tx:
            assert tx.now.utcoffset() == timedelta(0)
            assert await tx.clients.get(BEN) == samples.client(OWNER, 10)
        await store.aclose()


@pytest.mark.enable_socket
async def test_a_server_that_does_not_answer_is_unavailable() -> None:
    for address in ("postgresql://postgres@/x?host=/nonexistent", "postgresql://u:hunter2@127.0.0.1:1/x"):
        store = SqlStore(address, None, CountingIds())
        with pytest.raises(Unavailable) as caught:
            async with store.system():
                pass
        assert "hunter2" not in str(caught.value)
        with pytest.raises(Unavailable):
            await store.ping()
        await store.aclose()


async def test_a_database_without_the_schema_is_misconfigured(postgres_server: str) -> None:
    with scratch_database(postgres_server) as url:
        store = SqlStore(url, None, CountingIds())
        with pytest.raises(Misconfigured, match="schema"):
            async with store.system() as tx:
                await tx.users.all()
        assert "PostgreSQL" in await store.ping()
        await store.aclose()


async def test_a_restarted_server_costs_no_step(sql_store: SqlStore, database: str) -> None:
    await add_user(sql_store)
    kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
    ask(database, kill + "current_database()")
    async with sql_store.system() as tx:
        assert len(await tx.users.all()) == 1


async def test_a_lost_connection_breaks_the_transaction(sql_store: SqlStore, database: str) -> None:
    await add_user(sql_store)
    kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
    with pytest.raises(Conflict, match="earlier"):  # noqa: PT012 - the error is raised inside the transaction
        async with sql_store.tenant(OWNER) as tx:
            ask(database, kill + "current_database()")
            with pytest.raises(Unavailable):
                await tx.clients.book()
            await tx.clients.book()
    assert ask(database, "SELECT count(*) FROM client") == 0


async def test_two_that_wait_for_each_other_are_told_to_try_again(
    sql_store: SqlStore, database: str, clock: SteppingClock
) -> None:
    await add_practice(sql_store)
    await add_client(sql_store, OWNER, 11)
    other = SqlStore(database, clock, CountingIds(3))
    met = asyncio.Barrier(2)

    async def save(store: SqlStore, first: int, second: int) -> None:
        async with store.tenant(OWNER) as tx:
            await tx.clients.save(samples.client(OWNER, first))
            await met.wait()
            await tx.clients.save(samples.client(OWNER, second))

    ended = await asyncio.gather(save(sql_store, 10, 11), save(other, 11, 10), return_exceptions=True)
    (told,) = [error for error in ended if error is not None]
    assert isinstance(told, Unavailable)
    assert told.retry_after_s == 0
    await other.aclose()


async def test_errors_tell_nothing_personal_not_even_in_a_traceback(sql_store: SqlStore) -> None:
    await add_practice(sql_store)
    canaries = ("canary@example.com", "+15125559876", "Canary Name", "canary words", "canary \ud83d")
    ben = {"email": canaries[0], "phone": canaries[1], "full_name": canaries[2], "notes": canaries[3]}
    async with sql_store.tenant(OWNER) as tx:
        await tx.clients.add([samples.client(OWNER, 11, **ben)])
    seen: list[BaseException] = []
    for client in (
        samples.client(OWNER, 12, **ben),
        samples.client(OWNER, 11, **ben),
        samples.client(OWNER, 13, full_name=canaries[4]),
    ):
        with pytest.raises(NudgeError) as caught:
            async with sql_store.tenant(OWNER) as tx:
                await tx.clients.add([client])
        seen.append(caught.value)
    assert [type(error) for error in seen] == [Conflict, Conflict, Invalid]
    for error in seen:
        assert error.__cause__ is not None
        told = "".join(traceback.format_exception(error)) + repr(error.__cause__)
        assert "canary" not in told.lower()
        assert canaries[1] not in told


async def test_the_database_itself_refuses_what_the_entities_refuse(sql_store: SqlStore, database: str) -> None:
    await add_practice(sql_store)
    await queue(sql_store, 70)
    await claim(sql_store)
    for statement in (
        "UPDATE client SET phone = '555'",
        "UPDATE client SET notes_embedding = '\\x00'",
        "UPDATE message SET approval_id = NULL",
        "UPDATE message SET lease_until = NULL",
        "UPDATE message SET delivery = 'received'",
        "UPDATE message SET attempt = -1",
        "UPDATE message SET status = 'SENT'",
    ):
        with pytest.raises(psycopg.Error):
            ask(database, statement)


async def test_a_value_no_database_can_hold_is_invalid(sql_store: SqlStore) -> None:
    await add_user(sql_store)
    for broken in ("nul \x00", "half \ud83d"):
        with pytest.raises(Invalid):
            async with sql_store.system() as tx:
                await tx.feeds.count(broken, {"x": 1})
        with pytest.raises(Invalid):
            async with sql_store.system() as tx:
                await tx.listings.store([samples.listing("L1", address_display_allowed=True, city="half \ud83d")])


def test_what_is_not_the_databases_doing_is_not_translated() -> None:
    assert translate(ValueError("x")) is None
    assert translate(KeyboardInterrupt()) is None


@given(st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_entity_comes_back_as_it_went_in(migrated: str, data: st.DataObject) -> None:
    empty(migrated)

    async def round_trip() -> None:
        store = SqlStore(migrated, None, CountingIds())
        user = data.draw(strategies.users(id=OWNER))
        clients = data.draw(
            st.lists(strategies.clients(user_id=OWNER), max_size=2, unique_by=lambda c: c.email or c.id)
        )
        listing = data.draw(strategies.accepted_listings())
        happened = data.draw(strategies.global_events())
        resource = data.draw(strategies.resources(user_id=OWNER))
        event = data.draw(strategies.market_events(user_id=OWNER))
        briefing = data.draw(strategies.briefings(user_id=OWNER))
        entry = data.draw(strategies.audit_entries(user_id=OWNER))
        unread: UnreadRecord = data.draw(strategies.unread_records())
        content = data.draw(strategies.contents(user_id=OWNER))
        faq = data.draw(strategies.faqs(user_id=OWNER))
        run = data.draw(strategies.runs())
        source, key = listing.snapshot.source_id, listing.snapshot.listing_key
        async with store.system() as tx:
            await tx.users.add(user)
            await tx.listings.store([listing])
            await tx.global_events.add([happened])
            await tx.feeds.keep_unread([unread])
            await tx.runs.add(run)
            assert await tx.users.get(OWNER) == user
            assert await tx.listings.accepted(source, [key]) == {key: listing}
            assert list(await tx.global_events.get([happened.id])) == [happened]
            assert [kept.record for kept in await tx.feeds.unread(unread.source_id, 9)] == [unread]
            assert list(await tx.runs.latest(1)) == [run]
        async with store.tenant(OWNER) as mine:
            await mine.clients.add(clients)
            await mine.resources.store([resource])
            await mine.market_events.add([event])
            await mine.briefings.add(briefing)
            await mine.audit.add([entry])
            await mine.contents.add(content)
            await mine.faqs.add(faq)
            assert list(await mine.clients.book()) == sorted(clients, key=lambda client: client.id)
            assert await mine.resources.get(resource.id) == resource
            assert list(await mine.market_events.get([event.id])) == [event]
            assert await mine.briefings.get(briefing.id) == briefing
            assert list(await mine.audit.of_subject(entry.subject_id)) == [entry]
            assert list(await mine.contents.all()) == [content]
            assert list(await mine.faqs.all()) == [faq]
        async with store.tenant(OTHER) as theirs:
            assert await theirs.clients.book() == []
        await store.aclose()

    asyncio.run(round_trip())
