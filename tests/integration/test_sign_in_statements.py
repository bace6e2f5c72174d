"""What an identity costs: one statement inside the transaction; and a known phone costs what an unknown one does."""

from __future__ import annotations

from nudge_adapters.sql.store import SqlStore
from nudge_core.model.sign_in import AttemptKind, Origin
from nudge_core.steps import sign_in
from nudge_core.steps.sign_in import NewToken
from tests import samples
from tests.contracts.storage import OWNER, add_user
from tests.integration.test_ingest_statements import CountingCursor, counting
from tests.samples import CountingIds, uid

BEGIN = 2
"""The ping of the pool, and the statement that opens every transaction of the store."""

TURNS, RECENT, LOCKS, ADD, LOOK_UP = 3, 1, 1, 1, 1


async def asked(store: SqlStore, counted: type[CountingCursor], phone: str, kind: AttemptKind, series: int) -> int:
    origin = Origin(phone=f"print of {phone}", source=f"source {series}", device=f"device {series}")
    counted.statements = 0
    async with store.system() as tx:
        await sign_in.ask(tx, kind, phone, origin, CountingIds(series))
    return counted.statements


async def test_known_and_unknown_phones_cost_the_same_statements(database: str) -> None:
    with counting(database) as (store, counted):
        await add_user(store)
        series = 20
        for kind in AttemptKind:
            costs = []
            for phone in (samples.user(1).phone_number, "+15125559999"):
                series += 1
                costs.append(await asked(store, counted, phone, kind, series))
            assert costs == [BEGIN + TURNS + RECENT + LOCKS + ADD + LOOK_UP] * 2
        await store.aclose()


async def test_a_session_is_looked_up_in_one_statement(database: str) -> None:
    with counting(database) as (store, counted):
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            token = NewToken(id=uid(2), secret_hash=b"h" * 32)
            session = await sign_in.open_session(tx, uid(1), token, "laptop", CountingIds(30))
        counted.statements = 0
        async with store.tenant(OWNER) as tx:
            assert await tx.sessions.standing(session.id) is not None
        assert counted.statements == BEGIN + 1
        await store.aclose()
