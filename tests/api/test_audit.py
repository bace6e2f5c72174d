"""The audit trail over HTTP: read, filtered, and verified."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from attrs import evolve

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.store import SqlStore
from nudge_core.model.audit_trail import GENESIS, ChainHead, link_hash
from nudge_core.steps import verify
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.desk import add_nudge, add_people
from tests.api.office import RITA, TOM, Office
from tests.databases import for_psycopg
from tests.samples import later, uid

API = "/api/v1/audit"


async def decide(office: Office, count: int = 5) -> None:
    """Write decisions 1 to `count`, each in a transaction of its own."""
    for number in range(1, count + 1):
        entry = samples.audit_entry(RITA, number, uid(60 + number % 2), at=later(number), facts={"n": number})
        async with office.store.tenant(RITA) as tx:
            await tx.audit.add([entry])


async def test_decisions_are_listed_newest_first_filtered_and_paged(office: Office) -> None:
    await decide(office)
    async with office.caller() as rita, office.caller(TOM) as tom:

        async def listed(**query: Any) -> list[int]:
            got = await rita.get(API, params=query)
            assert got.status_code == 200, got.text
            return [one["facts"]["n"] for one in got.json()["items"]]

        assert await listed() == [5, 4, 3, 2, 1]
        assert await listed(subject_id=str(uid(60))) == [4, 2]
        assert await listed(action="nothing") == await listed(actor="tom") == await listed(subject_type="x") == []
        assert await listed(**{"from": "2026-07-01T12:00:02Z", "to": "2026-07-01T12:00:04Z"}) == [3, 2]
        page = (await rita.get(API, params={"limit": 3})).json()
        assert await listed(limit=3, cursor=page["next_cursor"]) == [2, 1]
        refused = await rita.get(API, params={"limit": 3, "cursor": page["next_cursor"], "actor": "rita"})
        assert refused.status_code == 422
        assert (await rita.get(API, params={"from": "2026-07-01T12:00:02"})).status_code == 422
        for odd in ("actor", "action", "subject_type"):
            for value in ("\x00", "x" * 101):
                assert (await rita.get(API, params={odd: value})).status_code == 422
        assert (await tom.get(API)).json()["items"] == []
    async with office.caller(RITA, Scope.NUDGES_READ) as narrow:
        assert (await narrow.get(API)).status_code == 403


async def test_a_decision_made_over_http_names_who_made_it(office: Office) -> None:
    await add_people(office)
    await add_nudge(office, 60)
    async with office.caller() as rita:
        await rita.post(f"/api/v1/briefings/{uid(60)}/approve", json={"version": 1})
        (entry,) = (await rita.get(API, params={"action": "briefing.approved"})).json()["items"]
    assert (entry["actor"], entry["subject_id"]) == (f"user:{RITA}", str(uid(60)))


async def verified(office: Office, after: int = 0) -> dict[str, Any]:
    """Return what the verification says."""
    async with office.caller() as rita:
        got = await rita.get(f"{API}/verification", params={"after": after})
        assert got.status_code == 200, got.text
        found: dict[str, Any] = got.json()
        return found


async def test_a_chain_that_nobody_touched_holds_whole_and_in_parts(office: Office) -> None:
    empty = await verified(office)
    assert (empty["is_intact"], empty["entries"], empty["hash"]) == (True, 0, GENESIS.hex())
    await decide(office)
    whole = await verified(office)
    assert (whole["is_intact"], whole["verified_to"], whole["entries"], whole["next_after"]) == (True, 5, 5, None)
    assert (await verified(office, after=3))["hash"] == whole["hash"]
    async with office.store.tenant(RITA) as tx:
        part = await verify.verify(tx, at_once=2)
        assert (part.fault, part.verified_to, part.is_complete) == (None, 2, False)
        assert (await verify.verify(tx, 4, at_once=2)).is_complete
    async with office.caller() as rita:
        for after in (-1, 6, 2**63, 2**80):
            assert (await rita.get(f"{API}/verification", params={"after": after})).status_code in (400, 422)


Tamper = Callable[[Office], Awaitable[None]]


def sql(*statements: str) -> Callable[[str], None]:
    """Return what somebody with the rights of a superuser could do to the database at an address."""

    def run(url: str) -> None:
        with psycopg.connect(for_psycopg(url)) as connection:
            connection.execute("SET LOCAL session_replication_role = replica")  # no foreign keys
            for statement in statements:
                connection.execute(statement.encode())

    return run


def _changed(store: MemoryStore) -> None:
    entries = store._world.book(RITA).audit
    entries.put(uid(3), evolve(entries.need(uid(3), "entry"), actor="somebody else"))


def _removed(store: MemoryStore) -> None:
    book = store._world.book(RITA)
    book.audit.drop(uid(3))
    book.audit_links.drop(3)


def _swapped(store: MemoryStore) -> None:
    links = store._world.book(RITA).audit_links
    second, third = links.need(2, "link"), links.need(3, "link")
    links.put(2, evolve(second, entry=third.entry))
    links.put(3, evolve(third, entry=second.entry))


def _cut(store: MemoryStore) -> None:
    book = store._world.book(RITA)
    for number in (4, 5):
        book.audit.drop(uid(number))
        book.audit_links.drop(number)


def _slipped_in(store: MemoryStore) -> None:
    store._world.book(RITA).audit.put(uid(9), samples.audit_entry(RITA, 9, uid(60)))


_COPY = "user_id, at, actor, action, subject_type, subject_id, facts"
TAMPERINGS: dict[str, tuple[Callable[[MemoryStore], None], Callable[[str], None], str, int | None]] = {
    "an actor is changed": (
        _changed, sql(f"UPDATE auditentry SET actor = 'somebody else' WHERE id = '{uid(3)}'"), "changed", 3,
    ),
    "an entry is taken out": (
        _removed,
        sql(f"DELETE FROM auditlink WHERE id = '{uid(3)}'", f"DELETE FROM auditentry WHERE id = '{uid(3)}'"),
        "gap", 3,
    ),
    "two entries change places": (
        _swapped,
        sql(
            f"UPDATE auditlink SET id = '{uid(99)}' WHERE id = '{uid(2)}'",
            f"UPDATE auditlink SET id = '{uid(2)}' WHERE id = '{uid(3)}'",
            f"UPDATE auditlink SET id = '{uid(3)}' WHERE id = '{uid(99)}'",
        ),
        "changed", 2,
    ),
    "the end is cut off": (
        _cut,
        sql("DELETE FROM auditlink WHERE position > 3", "DELETE FROM auditentry WHERE at > '2026-07-01 12:00:03Z'"),
        "cut_off", 4,
    ),
    "an entry is slipped in": (
        _slipped_in,
        sql(f"INSERT INTO auditentry (id, {_COPY}) SELECT '{uid(9)}', {_COPY} FROM auditentry WHERE id = '{uid(1)}'"),
        "unlinked", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_what_was_done_behind_the_api_s_back_is_found(
    office: Office, name: str, request: pytest.FixtureRequest
) -> None:
    await decide(office)
    in_memory, in_sql, fault, place = TAMPERINGS[name]
    if isinstance(office.store, MemoryStore):
        in_memory(office.store)
    elif isinstance(office.store, SqlStore):
        in_sql(request.getfixturevalue("database"))
    found = await verified(office)
    assert (found["is_intact"], found["fault"], found["broken_at"]) == (False, fault, place)


async def test_writers_at_the_same_time_make_one_chain(office: Office) -> None:
    async def write(number: int) -> None:
        async with office.store.tenant(RITA) as tx:
            await tx.audit.add([samples.audit_entry(RITA, number, uid(60))])
            await asyncio.sleep(0)
            await tx.audit.add([samples.audit_entry(RITA, 100 + number, uid(60))])

    await asyncio.gather(*(write(number) for number in range(1, 25)))
    found = await verified(office)
    assert (found["is_intact"], found["entries"]) == (True, 48)


def test_the_hash_is_that_of_format_one_for_ever() -> None:
    entry = samples.audit_entry(RITA, 1, uid(60), facts={"score": 3.0, "b": [1, None, "\u00e9"], "a": {"x": True}})
    same = samples.audit_entry(RITA, 1, uid(60), facts={"a": {"x": True}, "b": [1, None, "\u00e9"], "score": 3})
    first = link_hash(GENESIS, 1, entry)
    assert first.hex() == "09c544a11440afaa18c7fe38832887cb24e8112d8cc01b889f3dab87f9d78ee8"
    assert first == link_hash(GENESIS, 1, same)
    assert len({first, link_hash(GENESIS, 2, entry), link_hash(first, 1, entry)}) == 3
    assert ChainHead().hash == GENESIS
