"""Every list of the API costs as many statements for two hundred rows as for ten."""

from __future__ import annotations

from typing import Any

import pytest

from nudge_adapters.sql.store import SqlStore
from nudge_core.model.phone_number import HELD, HeldNumber
from nudge_entrypoints.http.api.content_readers import MOST_READERS
from nudge_entrypoints.http.document import build_document
from tests import client_samples, samples
from tests.api.office import RITA, open_office
from tests.contracts import access
from tests.integration.statement_count import count_statements
from tests.samples import SteppingClock, later, uid

FEW, MANY = 10, 200
MOST = 10
"""Statements of the dearest list: the queue, which shows everything that is needed to decide."""

_HELD = min(HELD)

NOT_GROWN = {
    "/api/v1/clients/{client_id}/copilot-actions",
    "/api/v1/messages/unconfirmed",
    "/api/v1/client-duplicates",
    "/api/v1/contact-imports",
}
"""What makes their rows is the walk: a reply, a doubt that was not settled, two who may be one, a book that is read in.
Their own tests have some; how many statements they take for many is not counted here."""

SHORTER = {"/api/v1/content-resources/{content_id}/readers": MOST_READERS}

NOT_STORED = frozenset({"/api/v1/phone-numbers/available"})
"""Asks a service."""


async def add_rows(store: SqlStore, first: int, last: int) -> None:
    """Store so many of everything that a list shows."""
    async with store.tenant(RITA) as tx:
        for n in range(first, last):
            at = {"created_at": later(n)}
            one = uid(10_000 + n)
            await tx.clients.add([samples.client(RITA, one.int, email=None, user_tags=(f"tag {n}",), **at)])
            await tx.resources.store([samples.resource(RITA, 20_000 + n, **at)])
            await tx.market_events.add([samples.market_event(RITA, 30_000 + n, **at)])
            about = {"triggering_event_id": uid(30_000 + n), "matched_audience": (samples.member(one),)}
            await tx.briefings.add(samples.briefing(RITA, 40_000 + n, original_draft="Hi", **about, **at))
            plan = {"is_plan": True, "client_id": one, "campaign_type": "anniversary"}
            await tx.briefings.add(samples.briefing(RITA, 50_000 + n, **plan, **at))
            whose = {"original_draft": "Hi", "client_id": uid(10_000)}
            await tx.briefings.add(samples.briefing(RITA, 60_000 + n, **whose, **at))
            for number, client in ((70_000, one), (80_000, uid(10_000))):
                await tx.messages.receive(samples.inbound(RITA, number + n, client, **at))
            await tx.messages.queue([samples.approved(RITA, 90_000 + n, one, recipient=f"+1512555{n:04}")])
            plans = {"parent_plan_id": uid(50_000 + n)}
            await tx.scheduled.add([samples.scheduled(RITA, 100_000 + n, one, **plans)])
            await tx.interactions.add([samples.interaction(RITA, 110_000 + n, uid(10_000))])
            taught = samples.negative_preference(RITA, 120_000 + n, one, uid(40_000 + n))
            await tx.negative_preferences.add([taught])
            await tx.audit.add([samples.audit_entry(RITA, 130_000 + n, one)])
            await tx.contents.add(samples.content(RITA, 140_000 + n, categories=(f"kind {n}",)))
            await tx.faqs.add(samples.faq(RITA, 150_000 + n))
            await tx.sessions.add(access.session(160_000 + n, RITA))
            await tx.api_keys.add(access.key(170_000 + n, RITA))
            await tx.held_numbers.add(_number(180_000 + n))
            await tx.client_notes.add([client_samples.note(RITA, 200_000 + n, uid(10_000))])
            await tx.client_facts.add([client_samples.fact(RITA, 210_000 + n, uid(10_000))])
            await tx.client_imports.add(client_samples.imported(RITA, 220_000 + n, one))
    async with store.system() as tx:
        for n in range(first, last):
            await tx.runs.add(samples.run(190_000 + n, started_at=later(n)))


def _number(number: int) -> HeldNumber:
    return HeldNumber(
        id=uid(number), user_id=RITA, number=f"+1737{number:07}", status=_HELD,
        created_at=samples.NOON, changed_at=samples.NOON,
    )  # fmt: skip


def lists_of(document: dict[str, Any]) -> dict[str, bool]:
    """Return the path of every route that answers with items, and whether it takes a limit."""
    found = {}
    for path, methods in document["paths"].items():
        asked = methods.get("get", {})
        content = asked.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if "items" in document["components"]["schemas"].get(name, {}).get("properties", {}):
            found[path] = any(one["name"] == "limit" for one in asked.get("parameters", ()))
    return {path: limited for path, limited in found.items() if path not in NOT_STORED}


async def test_every_list_costs_as_many_statements_for_two_hundred_rows_as_for_ten(
    sql_store: SqlStore, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await open_office(sql_store, clock)
    lists = lists_of(build_document(office.api))
    assert len(lists) >= 20
    counted = count_statements(monkeypatch)

    async def costs() -> dict[str, tuple[int, int]]:
        found = {}
        async with office.caller() as rita:
            for path, limited in lists.items():
                where = path.format(client_id=uid(10_000), content_id=uid(140_000))
                ask = {"limit": str(SHORTER.get(path, 200))} if limited else {}
                await rita.get(where, params=ask)  # connections are opened
                before = counted()
                answer = await rita.get(where, params=ask)
                assert answer.status_code == 200, (path, answer.text)
                found[path] = (counted() - before, len(answer.json()["items"]))
        return found

    await add_rows(sql_store, 0, FEW)
    few = await costs()
    await add_rows(sql_store, FEW, MANY)
    many = await costs()
    assert {path: cost for path, (cost, _) in many.items()} == {path: cost for path, (cost, _) in few.items()}
    grown = {path for path, (_, items) in many.items() if items > few[path][1]}
    assert lists.keys() - grown == NOT_GROWN
    assert max(cost for cost, _ in many.values()) <= MOST
