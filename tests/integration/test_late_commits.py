"""Changes whose transactions commit in any order: a reader who goes on from place to place skips none, repeats none.

Real transactions, opened and ended in the order that Hypothesis chooses, while a reader reads between any two of them.
The same runs read by the highest number seen, as one is tempted to, skip changes: the test of the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nudge_adapters.sql.store import SqlStore
from nudge_core.model.change import Change, Place
from tests import samples
from tests.contracts.storage import OTHER, OWNER, add_practice
from tests.databases import empty, for_psycopg
from tests.samples import CountingIds, SteppingClock

WRITERS = 4
STEPS = st.lists(
    st.tuples(st.integers(0, WRITERS - 1), st.sampled_from(["write", "write", "commit", "roll back", "read"])),
    min_size=8,
    max_size=40,
)
_WRITE = (
    "INSERT INTO change (user_id, kind, subject_id, state, at) "
    "VALUES (%s, 'briefing.created', %s, 'DRAFT', now()) RETURNING id"
)


class Race:
    """Writers with a transaction each, and a reader. `by_number`: what a reader of the highest number would see."""

    def __init__(self, store: SqlStore, writers: Sequence[psycopg.AsyncConnection]) -> None:
        self.store = store
        self.writers = writers
        self.open: dict[int, list[int]] = {}
        self.committed: list[int] = []
        self.read: list[int] = []
        self.by_number: list[int] = []
        self.place: Place | None = None
        self.written = 0

    async def write(self, writer: int) -> None:
        """Write a change in the writer's transaction; every third is another professional's."""
        self.written += 1
        owner = OTHER if self.written % 3 == 0 else OWNER
        cursor = await self.writers[writer].execute(_WRITE, (owner, samples.uid(self.written)))
        row = await cursor.fetchone()
        assert row is not None
        mine = self.open.setdefault(writer, [])
        if owner == OWNER:
            mine.append(self.written)

    async def end(self, writer: int, commit: bool) -> None:
        """End the writer's transaction."""
        mine = self.open.pop(writer, [])
        if commit:
            await self.writers[writer].commit()
            self.committed += mine
        else:
            await self.writers[writer].rollback()

    async def look(self, limit: int = 2) -> None:
        """Read to the end, in small pages."""
        while True:
            async with self.store.tenant(OWNER) as tx:
                happened = await tx.changes.after(self.place, limit)
            assert not happened.lost
            self.place = happened.place
            self.read += [change.subject_id.int for change in happened.changes]
            if len(happened.changes) < limit:
                break
        seen = max(self.by_number, default=0)
        self.by_number += sorted(one for one in self.committed if one > seen)


async def _run(database: str, steps: Sequence[tuple[int, str]]) -> Race:
    empty(database)
    store = SqlStore(database, None, CountingIds(1))
    async with AsyncExitStack() as opened:
        opened.push_async_callback(store.aclose)
        await add_practice(store)
        writers = [
            await opened.enter_async_context(await psycopg.AsyncConnection.connect(for_psycopg(database)))
            for _ in range(WRITERS)
        ]
        race = Race(store, writers)
        await race.look()
        for writer, action in steps:
            if action == "write":
                await race.write(writer)
            elif action == "read":
                await race.look()
            else:
                await race.end(writer, action == "commit")
        for writer in range(WRITERS):
            await race.end(writer, commit=True)
        await race.look()
    return race


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_nothing_is_skipped_and_nothing_comes_twice(database: str, steps: list[tuple[int, str]]) -> None:
    race = asyncio.run(_run(database, steps))
    assert sorted(race.read) == sorted(race.committed)
    assert len(set(race.read)) == len(race.read)


async def test_a_late_commit_is_waited_for_and_a_reader_of_numbers_skips_it(database: str) -> None:
    steps = [(0, "write"), (1, "write"), (1, "commit"), (0, "read"), (0, "commit"), (0, "read")]
    race = await _run(database, steps)
    assert race.read == [1, 2], "in the order of their transactions, and only when the first has ended"
    assert race.by_number == [2], "the first is never seen"


async def test_an_open_transaction_holds_back_what_comes_after_it_and_no_more(
    sql_store: SqlStore, database: str, clock: SteppingClock
) -> None:
    await add_practice(sql_store)

    async def read(place: Place | None) -> tuple[tuple[Change, ...], Place]:
        async with sql_store.tenant(OWNER) as tx:
            happened = await tx.changes.after(place, 10)
        return happened.changes, happened.place

    _, place = await read(None)
    async with sql_store.tenant(OWNER) as tx:
        await tx.briefings.add(samples.briefing(OWNER, 60))
    async with await psycopg.AsyncConnection.connect(for_psycopg(database)) as slow:
        await slow.execute(_WRITE, (OTHER, samples.uid(61)))
        async with sql_store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 62))
        before, place = await read(place)
        held, place = await read(place)
        assert [one.subject_id.int for one in before] == [60]
        assert held == ()
        async with sql_store.system() as system:
            news = await system.change_news.since(None)
    then, _ = await read(place)
    assert [one.subject_id.int for one in then] == [62]
    async with sql_store.system() as system:
        assert (await system.change_news.since(news.until)).owners == {OWNER, OTHER}
