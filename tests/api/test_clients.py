"""Clients over HTTP: the book, changes over a version, and what was agreed to."""

from __future__ import annotations

from typing import Any

import httpx

from nudge_core.model.vector import Vector
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.samples import later, uid

BEN: dict[str, Any] = {
    "full_name": "Ben Ortiz",
    "email": "ben@example.com",
    "phone": samples.THEIR_NUMBER,
    "notes": "Wants a garage",
    "tags": ["vip"],
    "preferences": {"roles": ["buyer"], "budget": {"max": 500_000}},
    "timezone": "America/Denver",
}


async def _created(rita: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await rita.post("/api/v1/clients", json=BEN | changes)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def test_a_client_is_added_read_and_changed_over_its_version(office: Office) -> None:
    async with office.caller(RITA) as rita:
        created = await _created(rita)
        address = f"/api/v1/clients/{created['id']}"
        assert {name: created[name] for name in BEN} == BEN
        assert (await rita.get(address)).json() == created
        changed = await rita.patch(address, json={"version": 1, "notes": "Wants a pool", "email": None})
        assert changed.status_code == 200
        assert changed.json() == created | {"notes": "Wants a pool", "email": None, "version": 2}
        stale = await rita.patch(address, json={"version": 1, "notes": "Wants nothing"})
        assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
        same = await rita.patch(address, json={"version": 2, "notes": "Wants a pool"})
        assert same.json()["version"] == 2
    async with office.store.tenant(RITA) as tx:
        entries = await tx.audit.of_subject(uid(int(created["id"].replace("-", ""), 16)))
    assert [entry.action for entry in entries] == ["client.added", "client.changed"]
    assert entries[1].facts == {"version": 2, "what": ("email", "notes")}


async def test_other_notes_have_no_vector_until_one_is_made(office: Office) -> None:
    vector = Vector([1.0, 0.0], "m")
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, 10, notes="old", notes_embedding=vector)])
    async with office.caller(RITA) as rita:
        await rita.patch(f"/api/v1/clients/{uid(10)}", json={"version": 1, "tags": ["vip"]})
        async with office.store.tenant(RITA) as tx:
            assert (await tx.clients.get(uid(10))).notes_embedding == vector
        await rita.patch(f"/api/v1/clients/{uid(10)}", json={"version": 2, "notes": "new"})
    async with office.store.tenant(RITA) as tx:
        assert (await tx.clients.get(uid(10))).notes_embedding is None


async def test_a_value_against_its_rule_names_field_and_rule_and_stores_nothing(office: Office) -> None:
    async with office.caller(RITA) as rita:
        for wrong in (
            {"phone": "12"}, {"email": "ben"}, {"timezone": "Mars/Base"}, {"full_name": ""}, {"tags": [""]},
            {"preferences": {"budget": {"min": 9, "max": 1}}},
        ):  # fmt: skip
            answer = await rita.post("/api/v1/clients", json=BEN | wrong)
            assert answer.status_code in (400, 422), wrong
            assert answer.json()["errors"], wrong
        assert (await rita.get("/api/v1/clients")).json()["items"] == []


async def test_an_e_mail_stands_once_in_a_book(office: Office) -> None:
    async with office.caller(RITA) as rita, office.caller(TOM) as tom:
        await _created(rita)
        assert (await rita.post("/api/v1/clients", json=BEN)).status_code == 409
        await _created(tom)


async def test_the_book_is_listed_page_by_page_by_name_tag_and_letters(office: Office) -> None:
    async with office.caller(RITA) as rita, office.caller(TOM) as tom:
        for number, name in enumerate(("Cleo", "ana", "Ben")):
            await _created(
                rita, full_name=name, email=f"{number}@example.com", tags=["even"] if number % 2 == 0 else []
            )
        first = (await rita.get("/api/v1/clients", params={"limit": 2})).json()
        second = (await rita.get("/api/v1/clients", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [one["full_name"] for one in first["items"] + second["items"]] == ["ana", "Ben", "Cleo"]
        assert second["next_cursor"] is None
        other = await rita.get("/api/v1/clients", params={"sort": "newest", "cursor": first["next_cursor"]})
        assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "cursor")
        even = (await rita.get("/api/v1/clients", params={"tag": "even", "name_has": "b"})).json()["items"]
        assert [one["full_name"] for one in even] == ["Ben"]
        assert (await rita.get("/api/v1/clients/tags")).json() == {"items": [{"name": "even", "count": 2}]}
        assert (await tom.get("/api/v1/clients")).json() == {"items": [], "next_cursor": None}
        assert (await tom.get("/api/v1/clients/tags")).json() == {"items": []}


async def test_somebody_else_s_client_and_one_that_never_was_answer_alike(office: Office) -> None:
    async with office.caller(RITA) as rita, office.caller(TOM) as tom:
        ben = (await _created(rita))["id"]
        for method, rest, body in (
            ("GET", "", None),
            ("GET", "/standing", None),
            ("PATCH", "", {"version": 1, "notes": "mine"}),
            ("POST", "/consents", {"kind": "express", "source": "paper"}),
        ):
            foreign = await tom.request(method, f"/api/v1/clients/{ben}{rest}", json=body)
            never = await tom.request(method, f"/api/v1/clients/{uid(99)}{rest}", json=body)
            assert (foreign.status_code, foreign.content) == (never.status_code, never.content)
            assert foreign.status_code == 404


async def test_consent_is_written_down_and_a_stop_stands_beside_it(office: Office) -> None:
    async with office.caller(RITA) as rita:
        ben = (await _created(rita))["id"]
        told = {"kind": "express_written", "source": "paper", "wording": "You may text me"}
        written = await rita.post(f"/api/v1/clients/{ben}/consents", json=told)
        assert written.status_code == 201
        assert told.items() <= written.json().items()
        async with office.store.tenant(RITA) as tx:
            await tx.suppressions.add(samples.suppression(RITA, 60, created_at=later(5)))
        standing = (await rita.get(f"/api/v1/clients/{ben}/standing")).json()
        assert standing["consent"] == written.json()
        assert [one["reason"] for one in standing["silences"]] == ["stop"]
        cleo = (await _created(rita, phone=None, email=None))["id"]
        assert (await rita.post(f"/api/v1/clients/{cleo}/consents", json=told)).status_code == 422
        assert (await rita.get(f"/api/v1/clients/{cleo}/standing")).json()["has_phone"] is False


async def test_reading_and_writing_are_two_scopes(office: Office) -> None:
    async with office.caller(RITA, Scope.CLIENTS_READ) as reader:
        assert (await reader.get("/api/v1/clients")).status_code == 200
        assert (await reader.post("/api/v1/clients", json=BEN)).status_code == 403
