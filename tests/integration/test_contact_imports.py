"""Imports of contacts on both stores: twice adds nothing, undo gives the book back, a kill loses no part."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nudge_adapters.contacts.phones import LibPhoneNumbers
from nudge_adapters.memory.store import MemoryStore
from nudge_adapters.sql.store import SqlStore
from nudge_core.book.incoming import Incoming, incoming
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.client import Client
from nudge_core.model.client_import import RowVerdict
from nudge_core.model.contact_import import ROWS_OF_A_PART, ContactImport, ImportState
from nudge_core.model.written import ContactField, Written
from nudge_core.ports import Store
from nudge_core.walk import Parts, import_contacts, problems_of_import, rehearse_contacts, undo_import
from tests import samples
from tests.parts import quiet_parts
from tests.samples import NOON, CountingIds, SteppingClock, uid

RITA = uid(1)
F = ContactField
MARK = "m" * 64


@frozen
class Desk:
    """A professional with a book."""

    parts: Parts

    async def bring(self, came: Incoming, mark: str = MARK, **options: Any) -> ContactImport:
        return await import_contacts(self.parts, RITA, came, by="rita", source="table", mark=mark, **options)

    async def book(self) -> dict[UUID, Client]:
        """Return the clients without what counts changes."""
        async with self.parts.store.tenant(RITA) as tx:
            return {one.id: evolve(one, version=1, updated_at=None) for one in await tx.clients.book()}

    async def add(self, *clients: Client) -> None:
        async with self.parts.store.tenant(RITA) as tx:
            await tx.clients.add(clients)


@pytest.fixture(params=["memory", "sql"])
def any_store(request: pytest.FixtureRequest, clock: SteppingClock) -> Store:
    if request.param == "sql":
        found = request.getfixturevalue("sql_store")
        assert isinstance(found, SqlStore)
        return found
    return MemoryStore(clock, CountingIds(1))


@pytest.fixture
async def desk(any_store: Store, clock: SteppingClock) -> Desk:
    return await opened(any_store, clock)


async def opened(store: Store, clock: SteppingClock) -> Desk:
    async with store.system() as tx:
        await tx.users.add(samples.user(1))
    return Desk(quiet_parts(store, clock))


def row(line: int, name: str, phone: str = "", email: str = "", notes: str = "", birthday: str = "") -> Written:
    values = {F.FULL_NAME: name, F.PHONE: phone, F.EMAIL: email, F.NOTES: notes, F.BIRTHDAY: birthday}
    return Written(line=line, values={meaning: (value,) for meaning, value in values.items() if value})


def came(*rows: Written) -> Incoming:
    return incoming(rows, LibPhoneNumbers(), "US", month_first=True)


def known(number: int, name: str, **values: Any) -> Client:
    return Client(id=uid(number), user_id=RITA, full_name=name, created_at=NOON, **values)


JOHN = known(11, "John Smith", phone="+15125550142", notes="Old friend")
JOAN = known(12, "Joan Smith", phone="+15125550142")
LIST = (
    row(2, "John Smith", "512-555-0142", "J.Smith@work.example", "Met at the fair", "3/5/1980"),
    row(3, "JOHN SMITH", "+1 512 555 0142"),
    row(4, "Mary Smith", "512-555-0142"),
    row(5, "", "512-555-0177"),
    row(6, "Ann Lee", "call me", "ann@example.com"),
    row(7, "Bob Day", "", "ann@example.com"),
    Written(line=8, broken="a quote that is closed again"),
    row(9, "Ann Lee", "", "Ann@Example.com"),
)


async def test_each_row_gets_its_verdict_and_nothing_is_overwritten(desk: Desk) -> None:
    await desk.add(JOHN, JOAN)
    before = await desk.book()
    rehearsal = await rehearse_contacts(desk.parts, RITA, came(*LIST))
    assert await desk.book() == before, "a rehearsal changes nothing"
    imported = await desk.bring(came(*LIST))
    assert imported.state is ImportState.DONE
    assert imported.counts == rehearsal.counts
    verdicts = {(one.line, one.verdict): one for one in await problems_of_import(desk.parts, RITA, imported.id)}
    assert set(verdicts) == {
        (2, RowVerdict.MERGED), (3, RowVerdict.REPEATED), (5, RowVerdict.INVALID), (6, RowVerdict.NOTICED),
        (8, RowVerdict.INVALID), (9, RowVerdict.REPEATED),
    }  # fmt: skip
    assert verdicts[2, RowVerdict.MERGED].client_id == JOHN.id
    assert "phone: same" in verdicts[2, RowVerdict.MERGED].rule
    after = await desk.book()
    john = after[JOHN.id]
    assert (john.full_name, john.phone, john.email) == (JOHN.full_name, JOHN.phone, "J.Smith@work.example")
    for told in ("Old friend", "Met at the fair", "Birthday: March 5, 1980"):
        assert told in john.notes
    assert after[JOAN.id] == before[JOAN.id], "one letter and a shared telephone make no one person"
    names = sorted(one.full_name for one in after.values())
    assert names == ["Ann Lee", "Bob Day", "Joan Smith", "John Smith", "Mary Smith"]
    bob = next(one for one in after.values() if one.full_name == "Bob Day")
    assert (bob.email, bob.notes) == (None, "E-mail that another client has too: ann@example.com")


async def test_twice_adds_nothing_and_undo_gives_the_book_back(desk: Desk) -> None:
    await desk.add(JOHN, JOAN)
    before = await desk.book()
    first = await desk.bring(came(*LIST))
    once = await desk.book()
    second = await desk.bring(came(*LIST))
    assert await desk.book() == once
    assert (second.counts["added"], second.counts.get("merged")) == (0, None)
    await undo_import(desk.parts, RITA, second.id, "rita")
    assert await desk.book() == once
    back = await undo_import(desk.parts, RITA, first.id, "rita")
    assert (back.kept, back.imported.state) == ((), ImportState.UNDONE)
    assert await desk.book() == before
    with pytest.raises(Conflict):
        await undo_import(desk.parts, RITA, first.id, "rita")
    with pytest.raises(NotFound):
        await undo_import(desk.parts, RITA, uid(77), "rita")


async def test_who_was_changed_since_stays_when_an_import_is_undone(desk: Desk) -> None:
    imported = await desk.bring(came(*LIST))
    async with desk.parts.store.tenant(RITA) as tx:
        ann = next(one for one in await tx.clients.book() if one.full_name == "Ann Lee")
        await tx.clients.save(evolve(ann, user_tags=("VIP",)))
    back = await undo_import(desk.parts, RITA, imported.id, "rita")
    assert back.kept == (ann.id,)
    assert set(await desk.book()) == {ann.id}


async def test_a_kill_costs_at_most_one_part_and_the_next_call_goes_on(desk: Desk) -> None:
    rows = came(*(row(line, f"Person Number{line}", "", f"p{line}@example.com") for line in range(2, 602)))
    assert rows.parts == -(-600 // ROWS_OF_A_PART) == 3

    def killed_after_two(done: int, _whole: int) -> None:
        if done == 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await desk.bring(rows, say=killed_after_two)
    assert len(await desk.book()) == 2 * ROWS_OF_A_PART
    async with desk.parts.store.tenant(RITA) as tx:
        left = await tx.contact_imports.unfinished(MARK)
    assert left is not None
    assert (left.state, left.parts_done, left.counts["added"]) == (ImportState.RUNNING, 2, 2 * ROWS_OF_A_PART)
    ended = await desk.bring(rows)
    assert (ended.id, ended.state, ended.counts["added"]) == (left.id, ImportState.DONE, 600)
    assert len(await desk.book()) == 600


async def test_what_was_never_ended_is_taken_back_as_far_as_it_came(desk: Desk) -> None:
    rows = came(*(row(line, f"Person Number{line}") for line in range(2, 402)))

    def killed(done: int, _whole: int) -> None:
        if done:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await desk.bring(rows, say=killed)
    async with desk.parts.store.tenant(RITA) as tx:
        left = await tx.contact_imports.unfinished(MARK)
    assert left is not None
    assert (await undo_import(desk.parts, RITA, left.id, "rita")).removed == ROWS_OF_A_PART
    assert await desk.book() == {}


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["John Smith", "JOHN SMITH", "Jon Smith", "Joan Smith", "Smith John", "Bill Gray",
                         "William Gray", "Mum", "", "A. Lee", "Ann Lee"]),
        st.sampled_from(["", "512-555-0142", "512-555-0177", "555", "+44 20 7946 0958"]),
        st.sampled_from(["", "john@example.com", "JOHN@example.com", "ann@example.com", "x"]),
        st.sampled_from(["", "A note", "Another note"]),
        st.sampled_from(["", "3/5/1980", "March 5", "soon"]),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(there=ROWS, coming=ROWS)
async def test_whatever_comes_twice_adds_nothing_and_undone_leaves_no_trace(
    there: Sequence[tuple[str, ...]], coming: Sequence[tuple[str, ...]]
) -> None:
    clock = SteppingClock()
    desk = await opened(MemoryStore(clock, CountingIds(1)), clock)
    await desk.bring(came(*(row(line, *cells) for line, cells in enumerate(there, 2))), mark="t" * 64)
    before = await desk.book()
    rows = came(*(row(line, *cells) for line, cells in enumerate(coming, 2)))
    first = await desk.bring(rows)
    once = await desk.book()
    for client_id, client in before.items():
        now = once[client_id]
        assert client.full_name == now.full_name, "a name is never overwritten"
        assert client.phone in (now.phone, None)
        assert client.email in (now.email, None)
        assert all(line in now.notes for line in client.notes.splitlines())
    second = await desk.bring(rows)
    assert second.counts.get("added", 0) == 0
    assert await desk.book() == once
    await undo_import(desk.parts, RITA, second.id, "rita")
    await undo_import(desk.parts, RITA, first.id, "rita")
    assert await desk.book() == before
