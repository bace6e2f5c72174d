"""Clients that come together, and are taken back together."""

from __future__ import annotations

from typing import Any

import httpx

from nudge_core.model.client_import import MOST_ROWS
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.samples import THEIR_NUMBER, uid

ROUTE = "/api/v1/client-imports"


async def imported(caller: httpx.AsyncClient, **body: Any) -> Any:
    """Import, and return what was answered."""
    answer = await caller.post(ROUTE, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def names(caller: httpx.AsyncClient) -> list[str]:
    """Return the names in the book."""
    return [one["full_name"] for one in (await caller.get("/api/v1/clients")).json()["items"]]


async def test_good_rows_become_clients_and_bad_ones_are_named_by_line(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, 10, email="ben@example.com")])
    rows = [
        {"full_name": "Ana Ruiz", "phone": "(512) 555-0123", "email": "ana@example.com", "tags": "vip; buyer"},
        {"full_name": "", "phone": "5125550124"},
        {"full_name": "Cleo", "email": "no mail"},
        {"full_name": "Dan", "phone": "512.555.0123"},
        {"full_name": "Eve", "phone": THEIR_NUMBER},
        {"full_name": "Finn", "email": "BEN@example.com"},
        {"full_name": "Gus", "phone": "ext 12 maybe", "notes": "met at the fair", "preferences": {"max_price": 9e5}},
        {"full_name": "Hal", "preferences": {"max_price": "dear"}},
        {"full_name": "Ida", "shoe_size": 44},
    ]
    async with office.caller(RITA) as rita:
        tried = await imported(rita, rows=rows, dry_run=True)
        assert (tried["state"], tried["added"], await names(rita)) == ("dry_run", 2, ["Ben Ortiz"])
        assert (await rita.get(f"{ROUTE}/{tried['id']}")).status_code == 404
        told = await imported(rita, rows=rows)
        assert (told["state"], told["rows"], told["added"]) == ("done", 9, 2)
        problems = [(one["line"], one["verdict"], one["field"]) for one in told["problems"]]
        assert problems == [
            (2, "invalid", "client.full_name"), (3, "invalid", "client.email"), (4, "repeated", "client.phone"),
            (5, "conflict", "client.phone"), (6, "conflict", "client.email"), (8, "invalid", "preferences.price.max"),
            (9, "invalid", "shoe_size"),
        ]  # fmt: skip
        assert {one["client_id"] for one in told["problems"] if one["verdict"] == "conflict"} == {str(uid(10))}
        assert told["problems"][2]["other_line"] == 1
        ana, gus = [(await rita.get(f"/api/v1/clients/{one}")).json() for one in told["client_ids"]]
        assert (ana["phone"], ana["tags"]) == ("+15125550123", ["vip", "buyer"])
        assert (gus["phone"], gus["phone_as_given"]) == (None, "ext 12 maybe")
        facts = (await rita.get(f"/api/v1/clients/{gus['id']}/facts")).json()["items"]
        assert [(one["kind"], one["source"]) for one in facts] == [("max_price", "import")]
        assert (await rita.get(f"/api/v1/clients/{gus['id']}/notes")).json()["items"][0]["text"] == "met at the fair"
        assert (await rita.get(f"{ROUTE}/{told['id']}")).json() == told
        assert (await rita.get(ROUTE)).json()["items"] == [told]


async def test_csv_is_read_with_its_lines(office: Office) -> None:
    text = (
        'full_name,phone,tags,notes\n"Ruiz, Ana",5125550123,vip;buyer,"two\nlines"\n\nBen,,,\n,x,,\nToo,many,,,cells\n'
    )
    async with office.caller(RITA) as rita:
        told = await imported(rita, csv=text)
        assert told["added"] == 2
        assert [(one["line"], one["verdict"]) for one in told["problems"]] == [(6, "invalid"), (7, "invalid")]
        assert await names(rita) == ["Ben", "Ruiz, Ana"]
        for wrong in ("a,a\n1,2", "", 'full_name\n"open'):
            assert (await rita.post(ROUTE, json={"csv": wrong})).status_code == 422, wrong
        for body in ({}, {"rows": [{}], "csv": "full_name\nx"}):
            assert (await rita.post(ROUTE, json=body)).status_code == 422


async def test_a_conflict_about_a_phone_may_be_decided(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, 10)])
    async with office.caller(RITA) as rita:
        rows = [{"full_name": "His wife", "phone": THEIR_NUMBER}]
        assert (await imported(rita, rows=rows))["added"] == 0
        assert (await imported(rita, rows=rows, add_anyway=[1]))["added"] == 1


async def test_an_import_is_taken_back_but_for_those_touched_since(office: Office) -> None:
    rows = [{"full_name": name, "phone": f"512555013{n}", "notes": "x", "preferences": {"max_price": 1e6}}
            for n, name in enumerate(("Ana", "Ben", "Cleo", "Dan"))]  # fmt: skip
    async with office.caller(RITA) as rita, office.caller(TOM) as tom:
        told = await imported(rita, rows=rows)
        ana, ben, cleo, _ = told["client_ids"]
        await rita.patch(f"/api/v1/clients/{ana}", json={"version": 1, "full_name": "Ana R."})
        await rita.post(f"/api/v1/clients/{cleo}/consents", json={"kind": "express", "source": "paper"})
        assert (await tom.post(f"{ROUTE}/{told['id']}/undo")).status_code == 404
        undone = await rita.post(f"{ROUTE}/{told['id']}/undo")
        assert (undone.status_code, undone.json()) == (200, {"removed": 2, "kept": [ana, cleo]})
        assert await names(rita) == ["Ana R.", "Cleo"]
        assert (await rita.get(f"/api/v1/clients/{ben}")).status_code == 404
        assert (await rita.post(f"{ROUTE}/{told['id']}/undo")).status_code == 409
        assert (await rita.get(f"{ROUTE}/{told['id']}")).json()["state"] == "undone"


async def test_imports_are_bounded_and_the_owner_s(office: Office) -> None:
    async with (
        office.caller(RITA) as rita,
        office.caller(TOM) as tom,
        office.caller(RITA, Scope.CLIENTS_READ) as reader,
    ):
        told = await imported(rita, rows=[{"full_name": "Ana"}])
        foreign, never = await tom.get(f"{ROUTE}/{told['id']}"), await tom.get(f"{ROUTE}/{uid(99)}")
        assert (foreign.status_code, foreign.content) == (404, never.content)
        assert (await tom.get(ROUTE)).json()["items"] == []
        assert (await reader.post(ROUTE, json={"rows": [{"full_name": "Ana"}]})).status_code == 403
        many = [{"full_name": "x"}] * (MOST_ROWS + 1)
        assert (await rita.post(ROUTE, json={"rows": many})).status_code in (400, 422)
        assert (await rita.post(ROUTE, json={"csv": "full_name\n" + "x\n" * (MOST_ROWS + 1)})).status_code == 422
