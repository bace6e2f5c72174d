"""Instants in a query: RFC 3339 or a refusal by name, on every route whose document speaks of one."""

from __future__ import annotations

import json

import pytest

from nudge_adapters.memory import MemoryStore
from nudge_entrypoints.http.document import operations
from nudge_entrypoints.http.written_instants import RULE
from nudge_entrypoints.openapi import document
from tests.api.office import Office
from tests.samples import CountingIds, SteppingClock, uid

NOT_WRITTEN = ("0", "-1", "1767225600", "1767225600.5", "null", "", "2026-07-01", "12:00:00", "20260701T120000Z", "now")
WRITTEN = ("2026-07-01T12:00:00Z", "2026-07-01t12:00:00.25z", "2026-07-01T12:00:00-05:00")
INSTANTS = sorted(
    (path, parameter["name"])
    for path, _, operation in operations(json.loads(document()))
    for parameter in operation.get("parameters", ())
    if parameter["in"] == "query" and "date-time" in json.dumps(parameter["schema"])
)


@pytest.fixture
def store() -> MemoryStore:
    """A store in memory: nothing is read before the query is."""
    return MemoryStore(SteppingClock(), CountingIds(1))


def test_there_are_such_parameters() -> None:
    assert {path.removeprefix("/api/v1") for path, _ in INSTANTS} >= {"/audit", "/statistics", "/clients"}
    assert len(INSTANTS) >= 10


async def test_what_is_no_written_instant_is_refused_by_its_name(office: Office) -> None:
    async with office.caller() as rita:
        for path, name in INSTANTS:
            for given in NOT_WRITTEN:
                answer = await rita.get(path.replace("{client_id}", str(uid(7))), params={name: given})
                assert answer.status_code == 422, f"{path} {name}={given}"
                assert answer.json()["errors"] == [{"field": name, "rule": RULE}]


async def test_a_written_instant_is_read(office: Office) -> None:
    async with office.caller() as rita:
        for given in WRITTEN:
            assert (await rita.get("/api/v1/audit", params={"from": given})).status_code == 200
            assert (await rita.get("/api/v1/clients", params={"updated_from": given})).status_code == 200


async def test_nobody_learns_about_a_query_before_saying_who_he_is(office: Office) -> None:
    async with office.caller() as rita:
        answer = await rita.get("/api/v1/audit", params={"from": "0"}, headers={"Authorization": "Bearer nobody"})
    assert answer.status_code == 401
