"""Decisions that were written before there was a chain are linked by the revision that brings it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import psycopg
import pytest

from nudge_adapters.sql import migrate
from nudge_adapters.sql.store import SqlStore, open_engine
from nudge_core.model.audit import AuditEntry
from nudge_core.steps import verify
from nudge_entrypoints.audits import verify_one
from tests import samples
from tests.databases import for_psycopg, scratch_database
from tests.samples import CountingIds, SteppingClock, later, uid

BEFORE = "0017"
INSERT = (
    "INSERT INTO auditentry (id, user_id, at, actor, action, subject_type, subject_id, facts) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)


@pytest.fixture
def old(postgres_server: str) -> Iterator[str]:
    """Address of a database at the revision before the chain."""
    with scratch_database(postgres_server) as url:
        migrate.upgrade(url, BEFORE)
        yield url


def write(url: str, *entries: AuditEntry) -> None:
    """Write decisions past the store, in this order."""
    with psycopg.connect(for_psycopg(url)) as connection:
        for one in entries:
            facts = json.dumps(dict(one.facts))
            values = (one.id, one.user_id, one.at, one.actor, one.action, one.subject_type, one.subject_id, facts)
            connection.execute(INSERT, values)


def test_what_was_decided_before_is_linked_and_the_chain_goes_on(old: str) -> None:
    store = SqlStore(open_engine(old, walled=False), SteppingClock(), CountingIds(1))

    async def begin() -> None:
        async with store.system() as tx:
            for number in (1, 2, 3):
                await tx.users.add(samples.user(number))

    async def go_on() -> list[dict[str, object]]:
        async with store.tenant(uid(1)) as tx:
            assert [one.entry.id.int for one in await tx.audit.chain(0, 9_999)][:3] == [3, 1, 2]
            await tx.audit.add([samples.audit_entry(uid(1), 9_999, uid(60))])
        async with store.tenant(uid(1)) as tx:
            assert (await verify.verify(tx, at_once=700)).verified_to == 700
        found = [await verify_one(store, uid(number)) for number in (1, 2, 3)]
        await store.aclose()
        return found

    with asyncio.Runner() as runner:
        runner.run(begin())
        facts = {"n": 1.5, "whole": 2.0, "small": 1e-9, "text": "\u00e9"}
        first = [samples.audit_entry(uid(1), 1, uid(60)), samples.audit_entry(uid(1), 2, uid(60), facts=facts)]
        many = [samples.audit_entry(uid(1), number, uid(60), at=later(number)) for number in range(10, 2_210)]
        write(old, *first, samples.audit_entry(uid(1), 3, uid(60), at=later(-1)), *many)
        write(old, samples.audit_entry(uid(2), 1, uid(60)))
        migrate.upgrade(old)
        found = runner.run(go_on())
    assert [(one["entries"], one["fault"]) for one in found] == [(2_204, None), (1, None), (0, None)]
