"""What a request about clients costs in statements does not grow with what is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from nudge_adapters.sql.store import SqlStore
from nudge_core.model.client import EVERYBODY, ClientOrder
from nudge_core.model.page import PageRequest
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.ports import Reader
from nudge_core.steps.bring_in import Row, bring_in
from nudge_core.steps.consent import standing
from nudge_core.steps.overview import overview
from nudge_core.verticals import VERTICALS
from tests import samples
from tests.samples import uid

OWNER = uid(1)


@contextmanager
def counted(store: SqlStore) -> Iterator[list[str]]:
    """Collect the statements that run."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    engine = store._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def arrange(store: SqlStore, first: int, count: int) -> None:
    """Store clients with a life."""
    async with store.tenant(OWNER) as tx:
        numbers = range(first, first + count)
        await tx.clients.add([samples.client(OWNER, n, phone=f"+1512555{n:04}") for n in numbers])
        for n in numbers:
            await tx.messages.receive(samples.inbound(OWNER, 5_000 + n, uid(n)))
            await tx.interactions.add([samples.interaction(OWNER, 6_000 + n, uid(n))])
            await tx.briefings.add(samples.briefing(OWNER, 7_000 + n, client_id=uid(n), is_plan=True))
            await tx.messages.receive(samples.inbound(OWNER, 8_000 + n, uid(10)))


@pytest.mark.parametrize("what", ["overview", "timeline", "dossier", "standing", "words", "import"])
async def test_the_number_of_statements_is_constant(sql_store: SqlStore, what: str) -> None:
    vertical = VERTICALS["real_estate"]
    async with sql_store.system() as system:
        await system.users.add(samples.user(1))
    async with sql_store.tenant(OWNER) as tx:  # the first decision of all begins the chain: one statement more
        await tx.audit.add([samples.audit_entry(OWNER, 9_999, uid(10))])
    await arrange(sql_store, 10, 2)
    counts = []
    for round_, more in enumerate((0, 20)):
        if more:
            await arrange(sql_store, 100, more)
        page = await sql_store.screens.clients(Reader(OWNER), PageRequest(), ClientOrder.NAME, EVERYBODY)
        assert page is not None
        with counted(sql_store) as seen:
            async with sql_store.tenant(OWNER) as tx:
                if what == "overview":
                    await overview(tx, page.items)
                elif what == "timeline":
                    await tx.dossiers.timeline(uid(10), PageRequest())
                elif what == "dossier":
                    await tx.dossiers.of(uid(10))
                elif what == "standing":
                    await standing(tx, uid(10), vertical, DeliverySettings())
                elif what == "words":
                    await tx.clients.mentioning(["ben"], EVERYBODY)
                else:
                    rows = [Row(line=n, values={"full_name": f"Row {n}", "notes": "x"}) for n in range(1, 3 + more)]
                    await bring_in(tx, uid(9_000 + round_), rows, "rita", vertical)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 20, counts
