"""Claims under several claimers: never double, nobody waits for another, and a STOP is never overtaken."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from attrs import evolve

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports import claiming, sends
from nudge_adapters.sql.store import SqlStore
from nudge_core.errors import Conflict, Unavailable
from nudge_core.model.message import Delivery, Message
from nudge_core.model.outbox import Topic
from tests import samples
from tests.contracts.storage import (
    BEN,
    OWNER,
    add_client,
    add_practice,
    add_user,
    claim,
    numbers,
    queue,
    stored,
)
from tests.databases import for_psycopg
from tests.samples import THEIR_NUMBER, CountingIds, SteppingClock, uid

TEXTS = 200
PATIENCE_S = 120  # an end for a test that hangs; no claim about speed


def phone(number: int) -> str:
    """Return a phone of its own."""
    return f"+1512555{number:04}"


async def queue_many(store: SqlStore, count: int) -> None:
    """Queue texts to as many phones."""
    async with store.tenant(OWNER) as tx:
        rows = [samples.approved(OWNER, 1_000 + n, BEN, recipient=phone(n)) for n in range(count)]
        await tx.consents.add([samples.consent(OWNER, 9_000 + n, BEN, phone=phone(n)) for n in range(count)])
        await tx.messages.queue(rows)


async def test_four_processes_claim_each_text_once_though_one_is_killed(
    sql_store: SqlStore, database: str, tmp_path: Path
) -> None:
    await add_practice(sql_store)
    await queue_many(sql_store, TEXTS)
    ledgers = [tmp_path / f"ledger{n}" for n in range(3)]
    with start(database, Path("-"), "hang") as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "7\n"
        workers = [start(database, ledger, "work") for ledger in ledgers]
        give_up = time.monotonic() + PATIENCE_S
        while len(lines_of(ledgers)) < TEXTS - 7:  # nobody waits for what the victim holds
            assert time.monotonic() < give_up
            assert [worker.poll() for worker in workers] == [None] * len(workers)
            await asyncio.sleep(0.01)
        victim.kill()
    for worker in workers:
        with worker:
            assert worker.wait(PATIENCE_S) == 0
    lines = lines_of(ledgers)
    assert len(lines) == TEXTS
    assert set(Counter(line.split()[0] for line in lines).values()) == {1}
    assert {line.split()[1] for line in lines} == {"1"}


@pytest.mark.parametrize("claimers", [2, 4, 8])
async def test_racing_claimers_double_nothing_and_every_tenant_gets_its_share(
    sql_store: SqlStore, database: str, tmp_path: Path, claimers: int
) -> None:
    """C1 of reliability.md: one of them is killed on the way; no tenant waits more than twice its share."""
    tenants, each = 4, RACED // 4
    await fill(sql_store, tenants, each)
    ledgers = [tmp_path / f"ledger{n}" for n in range(claimers)]
    workers = [start(database, ledger, "work") for ledger in ledgers]
    give_up = time.monotonic() + PATIENCE_S
    while len(lines_of(ledgers)) < RACED // 4:
        assert time.monotonic() < give_up
        await asyncio.sleep(0.01)
    workers[0].kill()
    for worker in workers:
        with worker:
            worker.wait(PATIENCE_S)
    async with sql_store.system() as tx:
        assert await tx.sends.claim(RACED, 60) == []
    lines = lines_of(ledgers)
    assert set(Counter(line.split()[0] for line in lines).values()) == {1}
    async with await psycopg.AsyncConnection.connect(for_psycopg(database)) as connection:
        rows = await (await connection.execute(_IN_ORDER)).fetchall()
    assert len(rows) == RACED
    # After each claim that took anything while all tenants had texts left: who has got how many.
    got: Counter[str] = Counter()
    for owners in rows_by_claim(rows):
        got.update(owners)
        if max(got.values()) < each:
            assert min(got[owner] for owner in got) * 2 + BATCH >= max(got.values())
            assert len(got) == tenants


RACED = 1_000
BATCH = 7
_IN_ORDER = "SELECT claimed_at, user_id::text FROM message WHERE delivery = 'sending' ORDER BY claimed_at"


def rows_by_claim(rows: list[tuple[object, str]]) -> list[list[str]]:
    """Return the owners of the texts of each claim: those of one instant."""
    claims: dict[object, list[str]] = {}
    for instant, owner in rows:
        claims.setdefault(instant, []).append(owner)
    return list(claims.values())


async def fill(store: SqlStore, tenants: int, each: int) -> None:
    """Queue texts of several professionals, one after the other: the first one's are the oldest."""
    for number in range(1, tenants + 1):
        owner = await add_user(store, number)
        await add_client(store, owner)
        sender = f"+1737555{number:04}"
        async with store.tenant(owner) as tx:
            rows = [
                samples.approved(owner, 1_000 * number + n, BEN, recipient=phone(n), sender=sender) for n in range(each)
            ]
            await tx.consents.add([samples.consent(owner, 9_000 + n, BEN, phone=phone(n)) for n in range(each)])
            await tx.messages.queue(rows)


def start(database: str, ledger: Path, what: str) -> subprocess.Popen[str]:
    """Start a claimer."""
    command = [sys.executable, "-m", "tests.integration.claimer", database, str(ledger), what]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def lines_of(ledgers: list[Path]) -> list[str]:
    """Return what is written in ledgers, complete lines only."""
    texts = [ledger.read_text() for ledger in ledgers if ledger.exists()]
    return [line for text in texts for line in text[: text.rfind("\n") + 1].splitlines()]


async def test_claimers_at_the_same_time_share_without_waiting(
    sql_store: SqlStore, database: str, clock: SteppingClock
) -> None:
    await add_practice(sql_store)
    await queue_many(sql_store, 40)
    stores = [SqlStore(database, clock, CountingIds(n)) for n in range(2, 6)]
    inside = asyncio.Barrier(4)

    async def hold(store: SqlStore) -> list[int]:
        async with store.system() as tx:
            claimed = await tx.sends.claim(10, 60)
            await inside.wait()  # all four are in their transactions now, with ten texts each
            return numbers(*claimed)

    taken = await asyncio.wait_for(asyncio.gather(*(hold(store) for store in stores)), PATIENCE_S)
    assert sorted(number for batch in taken for number in batch) == list(range(1_000, 1_040))
    for store in stores:
        await store.aclose()


async def test_notes_claimed_at_the_same_time_are_shared(
    sql_store: SqlStore, database: str, clock: SteppingClock
) -> None:
    async with sql_store.system() as tx:
        await tx.notes.add([samples.note(number) for number in range(1, 21)])
    stores = [SqlStore(database, clock, CountingIds(n)) for n in range(2, 6)]
    inside = asyncio.Barrier(4)

    async def hold(store: SqlStore) -> list[int]:
        async with store.system() as tx:
            claimed = await tx.notes.claim(list(Topic), 5, 60)
            await inside.wait()
            return numbers(*claimed)

    taken = await asyncio.wait_for(asyncio.gather(*(hold(store) for store in stores)), PATIENCE_S)
    assert sorted(number for batch in taken for number in batch) == list(range(1, 21))
    for store in stores:
        await store.aclose()


async def test_a_claim_that_rolls_back_gives_its_texts_back(sql_store: SqlStore) -> None:
    await add_practice(sql_store)
    await queue(sql_store, 70)
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the error is raised inside the transaction
        async with sql_store.system() as tx:
            assert len(await tx.sends.claim(10, 60)) == 1
            raise ZeroDivisionError
    (again,) = await claim(sql_store)
    assert again.attempt == 1


async def test_a_pair_of_phones_stays_single_when_claimers_cannot_see_each_other(
    sql_store: SqlStore, database: str, clock: SteppingClock
) -> None:
    """The second, better text is queued and claimed while a first claimer has not committed the other one."""
    await add_practice(sql_store)
    await queue(sql_store, 70)
    other = SqlStore(database, clock, CountingIds(2))
    async with sql_store.system() as tx:
        assert numbers(*await tx.sends.claim(10, 60)) == [70]
        await queue(other, 71, time_bound=True)
        second = asyncio.create_task(claim(other))  # its index entry waits for ours
        while not await _waiting_for_a_lock(database):
            assert not second.done()
    assert await asyncio.wait_for(second, PATIENCE_S) == []
    assert (await stored(sql_store, 71)).delivery is Delivery.QUEUED
    await other.aclose()


async def test_no_text_is_claimed_after_the_stop_has_committed(
    sql_store: SqlStore, database: str, clock: SteppingClock
) -> None:
    """While a STOP is being stored, queued texts to that phone are passed over, and new ones wait to be queued."""
    await add_practice(sql_store)
    await queue(sql_store, 70)
    other = SqlStore(database, clock, CountingIds(2))
    async with sql_store.tenant(OWNER) as tx:
        await tx.suppressions.add(samples.suppression(OWNER, 1))
        assert await claim(other) == []
        late = asyncio.create_task(queue(other, 71))
        while not await _waiting_for_a_lock(database):
            assert not late.done()
    await asyncio.wait_for(late, PATIENCE_S)
    assert await claim(other) == []
    async with other.system() as tx:
        assert numbers(*await tx.sends.blocked(10)) == [70, 71]
    await other.aclose()


async def test_a_claim_that_began_before_a_stop_committed_takes_nothing_of_its_phone(
    sql_store: SqlStore, database: str, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I3: the claim's statement has its snapshot, the STOP commits, and only then does the claim reach the text."""
    await add_practice(sql_store)
    await queue(sql_store, 70)
    await queue(sql_store, 71, recipient=phone(1))
    body = claiming.CLAIM.statement.replace(
        "WITH lane AS", "WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock(4711) AS passed), lane AS", 1
    )
    slow = evolve(claiming.CLAIM, name="slow_claim", statement=body.replace("FROM unnest(", "FROM gate, unnest(", 1))
    async with await psycopg.AsyncConnection.connect(for_psycopg(database), autocommit=True) as owner:
        await owner.execute(slow.definition("public").encode())
    monkeypatch.setattr(claiming, "TAKE", slow.rows(tables.message))
    other = SqlStore(database, clock, CountingIds(2))
    async with await psycopg.AsyncConnection.connect(for_psycopg(database), autocommit=True) as held:
        await held.execute("SELECT pg_advisory_lock(4711)")
        beginning = asyncio.create_task(claim(other))
        while not await _waiting_for_a_lock(database):
            assert not beginning.done()
        async with sql_store.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 1))
        await held.execute("SELECT pg_advisory_unlock(4711)")
        taken = await asyncio.wait_for(beginning, PATIENCE_S)
        await held.execute("DROP FUNCTION claims.slow_claim")
    assert numbers(*taken) == [71]
    assert (await stored(sql_store, 70)).delivery is Delivery.QUEUED
    await other.aclose()


async def test_a_text_that_moves_while_it_is_looked_for_is_seen_as_it_was_found(
    sql_store: SqlStore, database: str, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys are found by one function and the rows read by another; between them a text may come to its end."""
    await add_practice(sql_store)
    await queue(sql_store, 70)
    await claim(sql_store)
    clock.forward(120)
    statement = (
        f"WITH found AS MATERIALIZED ({sends._EXPIRED.statement}), "
        "gate AS MATERIALIZED (SELECT pg_advisory_xact_lock(4711), count(*) FROM found) SELECT f.* FROM found f, gate"
    )
    slow = evolve(sends._EXPIRED, name="slow_look", statement=statement)
    monkeypatch.setattr(sends, "_ASK_EXPIRED", slow.rows(tables.message))
    other = SqlStore(database, clock, CountingIds(2))

    async def look() -> list[Message]:
        async with other.system() as tx:
            return list(await tx.sends.expired_leases(10))

    async with await psycopg.AsyncConnection.connect(for_psycopg(database), autocommit=True) as held:
        await held.execute(slow.definition("public").encode())
        await held.execute("SELECT pg_advisory_lock(4711)")
        looking = asyncio.create_task(look())
        while not await _waiting_for_a_lock(database):
            assert not looking.done()
        async with sql_store.tenant(OWNER) as tx:
            assert await tx.messages.move(uid(70), attempt=1, expected=[Delivery.SENDING], to=Delivery.IN_DOUBT)
        await held.execute("SELECT pg_advisory_unlock(4711)")
        (found,) = await asyncio.wait_for(looking, PATIENCE_S)
        await held.execute("DROP FUNCTION claims.slow_look")
    assert (found.id, found.delivery) == (uid(70), Delivery.SENDING)
    await other.aclose()


@pytest.mark.parametrize("marks_first", [True, False])
async def test_of_a_mark_and_a_rescue_at_the_same_moment_exactly_one_succeeds(
    sql_store: SqlStore, database: str, clock: SteppingClock, marks_first: bool
) -> None:
    """A zombie wakes up past its lease and marks while its text is being taken from it: adr 0011."""
    await add_practice(sql_store)
    await queue(sql_store, 70)
    await claim(sql_store)
    other = SqlStore(database, clock, CountingIds(2))

    async def mark(store: SqlStore) -> bool:
        async with store.tenant(OWNER) as tx:
            return await tx.messages.begin_posting(uid(70), 1)

    async def rescue(store: SqlStore) -> bool:
        async with store.tenant(OWNER) as tx:
            return await tx.messages.move(
                uid(70), attempt=1, expected=[Delivery.SENDING], to=Delivery.QUEUED, unposted=True
            )

    second = rescue if marks_first else mark
    async with sql_store.tenant(OWNER) as tx:
        if marks_first:
            assert await tx.messages.begin_posting(uid(70), 1)
        else:
            assert await tx.messages.move(
                uid(70), attempt=1, expected=[Delivery.SENDING], to=Delivery.QUEUED, unposted=True
            )
        racing = asyncio.create_task(second(other))  # waits for the row
        while not await _waiting_for_a_lock(database):
            assert not racing.done()
    assert await asyncio.wait_for(racing, PATIENCE_S) is False
    after = await stored(sql_store, 70)
    assert after.delivery is (Delivery.SENDING if marks_first else Delivery.QUEUED)
    assert after.posting_attempt == int(marks_first)
    await other.aclose()


async def test_a_stop_waits_for_a_claim_that_was_first(
    sql_store: SqlStore, database: str, clock: SteppingClock
) -> None:
    await add_practice(sql_store)
    await queue(sql_store, 70)
    other = SqlStore(database, clock, CountingIds(2))

    async def stop() -> int:
        async with other.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 1))
            return await tx.messages.withdraw(
                recipient=THEIR_NUMBER, briefing_id=None, to=Delivery.WITHHELD, reason="stop"
            )

    async with sql_store.system() as tx:
        await tx.sends.claim(10, 60)
        stopping = asyncio.create_task(stop())
        while not await _waiting_for_a_lock(database):
            assert not stopping.done()
    assert await asyncio.wait_for(stopping, PATIENCE_S) == 0
    assert (await stored(sql_store, 70)).delivery is Delivery.SENDING
    await other.aclose()


async def test_the_loser_of_a_cursor_conflicts_however_close_the_race(
    sql_store: SqlStore, database: str, clock: SteppingClock
) -> None:
    other = SqlStore(database, clock, CountingIds(2))
    async with sql_store.system() as tx:
        cursor = await tx.feeds.cursor(samples.SOURCE)
        await tx.feeds.advance(cursor)

        async def second() -> None:
            async with other.system() as rival:
                await rival.feeds.advance(cursor)

        racing = asyncio.create_task(second())
        while not await _waiting_for_a_lock(database):
            assert not racing.done()
    with pytest.raises(Conflict, match="advanced"):
        await asyncio.wait_for(racing, PATIENCE_S)
    await other.aclose()


async def test_a_connection_cut_in_the_middle_of_a_claim_loses_nothing(sql_store: SqlStore, database: str) -> None:
    await add_practice(sql_store)
    await queue(sql_store, 70)
    with pytest.raises(Unavailable):  # noqa: PT012 - the error is raised inside the transaction
        async with sql_store.system() as tx:
            await tx.sends.claim(10, 60)
            with psycopg.connect(for_psycopg(database), autocommit=True) as knife:
                knife.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
    assert numbers(*await claim(sql_store)) == [70]
    assert (await stored(sql_store, 70)).attempt == 1
    assert uid(70) == (await stored(sql_store, 70)).id


async def _waiting_for_a_lock(database: str) -> bool:
    """Say whether some transaction waits for a lock; gives the others a turn first."""
    await asyncio.sleep(0)
    async with await psycopg.AsyncConnection.connect(for_psycopg(database), autocommit=True) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        row = await (await connection.execute(query)).fetchone()
        return row is not None and row[0] > 0
