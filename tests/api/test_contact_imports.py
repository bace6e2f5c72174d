"""Files of contacts and contacts at Google over the API, and duplicates."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from nudge_adapters.contacts.practice_google import PracticeGoogle
from nudge_adapters.memory.store import MemoryStore
from nudge_adapters.sql.encryption import Keyring
from nudge_adapters.sql.store import SqlStore
from nudge_core.model.client_import import MOST_ROWS
from nudge_core.ports import Store
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office, open_office
from tests.contracts.test_google_contacts import google_at, person
from tests.samples import CountingIds, SteppingClock, uid

ROUTE = "/api/v1/contact-imports"
GOOGLE = "/api/v1/contact-accounts/google"
FILE = (
    "Name;Handy;E-Mail;Notes\nZoë Lee;(512) 555-0142;zoe@example.com;likes lofts\n;512;;\nBob Day;call me;;\n"
    "ZOE LEE;5125550142;;\n"
)


def upload(content: str | bytes = FILE, **more: Any) -> dict[str, Any]:
    raw = content.encode() if isinstance(content, str) else content
    return {"content": base64.b64encode(raw).decode(), **more}


async def names(caller: httpx.AsyncClient) -> list[str]:
    return sorted(one["full_name"] for one in (await caller.get("/api/v1/clients")).json()["items"])


async def test_a_file_is_looked_into_brought_in_and_taken_back(office: Office) -> None:
    async with office.caller(RITA) as rita:
        looked = (await rita.post(f"{ROUTE}/preview", json=upload())).json()
        assert [one["meaning"] for one in looked["columns"]] == ["full_name", "phone", "email", "notes"]
        assert looked["delimiter"] == ";"
        assert looked["contacts"][0]["phones"] == ["+15125550142"]
        tried = await rita.post(ROUTE, json=upload(dry_run=True))
        assert (tried.status_code, tried.json()["id"], await names(rita)) == (201, None, [])
        told = (await rita.post(ROUTE, json=upload())).json()
        assert told["counts"] == tried.json()["counts"] == {"added": 2, "invalid": 1, "repeated": 1, "noticed": 1}
        assert [(one["line"], one["verdict"]) for one in told["problems"]] == [
            (3, "invalid"), (4, "noticed"), (5, "repeated"),
        ]  # fmt: skip
        assert await names(rita) == ["Bob Day", "Zoë Lee"]
        again = (await rita.post(ROUTE, json=upload())).json()
        assert (again["counts"]["added"], again["counts"]["known"]) == (0, 2)
        listed = (await rita.get(f"{ROUTE}?limit=1")).json()
        assert ([one["id"] for one in listed["items"]], bool(listed["next_cursor"])) == ([again["id"]], True)
        assert (await rita.get(f"{ROUTE}/{told['id']}")).json() == told
        undone = await rita.post(f"{ROUTE}/{told['id']}/undo")
        assert (undone.status_code, undone.json()) == (200, {"removed": 2, "kept": []})
        assert await names(rita) == []
        assert (await rita.post(f"{ROUTE}/{told['id']}/undo")).status_code == 409
        async with office.caller(TOM) as tom:
            for method, path in (("GET", ""), ("POST", "/undo")):
                foreign = await tom.request(method, f"{ROUTE}/{told['id']}{path}")
                never = await tom.request(method, f"{ROUTE}/{uid(77)}{path}")
                assert (foreign.status_code, foreign.content) == (404, never.content)


async def test_what_cannot_be_a_file_is_refused(office: Office) -> None:
    many = "Name\n" + "\n".join(f"Person Number{number}" for number in range(MOST_ROWS + 1))
    async with office.caller(RITA) as rita:
        for body in ({"content": "*"}, upload(columns={"Fax": "phone"}), upload(columns={"Name": "fax"}), upload(many)):
            answer = await rita.post(ROUTE, json=body)
            assert 400 <= answer.status_code < 500, answer.text
        assert await names(rita) == []
    async with office.caller(RITA, Scope.CLIENTS_READ) as reader:
        assert (await reader.post(ROUTE, json=upload())).status_code == 403


async def test_duplicates_are_shown_with_reasons_and_merged_by_a_person(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add(
            [
                samples.client(RITA, 10, full_name="William Gray", phone="+15125550142", email=None),
                samples.client(RITA, 11, full_name="Bill Gray", phone="+15125550142", email=None),
                samples.client(RITA, 12, full_name="Ann Lee", phone="+15125550177", email=None),
            ]
        )
    async with office.caller(RITA) as rita:
        (pair,) = (await rita.get("/api/v1/client-duplicates")).json()["items"]
        assert {pair["kept_id"], pair["other_id"]} == {str(uid(10)), str(uid(11))}
        assert {(one["field"], one["how"]) for one in pair["reasons"]} >= {
            ("phone", "same"),
            ("given name", "short_form"),
        }
        merged = await rita.post(f"/api/v1/clients/{pair['kept_id']}/merge", json={"other_id": pair["other_id"]})
        assert merged.status_code == 201
        assert (await rita.get("/api/v1/client-duplicates")).json() == {"items": [], "total": 0}
        assert (await rita.get("/api/v1/client-duplicates?limit=0")).status_code == 422
    async with office.caller(TOM) as tom:
        assert (await tom.get("/api/v1/client-duplicates")).json()["total"] == 0


class TestGoogle:
    @pytest.fixture
    def practice(self) -> PracticeGoogle:
        practice = PracticeGoogle(most_of_a_page=2)
        for name in ("Ann Lee", "Bob Day", "Cy Fox"):
            practice.put(name, person(name))
        return practice

    @pytest.fixture(params=["memory", "postgres"])
    def store(self, request: pytest.FixtureRequest, clock: SteppingClock) -> Store:
        """A store that can keep secrets."""
        if request.param == "memory":
            return MemoryStore(clock, CountingIds(1))
        database: str = request.getfixturevalue("database")
        return SqlStore(database, clock, CountingIds(1), Keyring({"test": bytes(32)}, "test"))

    @pytest.fixture(autouse=True)
    async def closed(self, store: Store) -> AsyncIterator[None]:
        """Give the store's connections back, whoever used it."""
        yield
        await store.aclose()

    @pytest.fixture
    async def wired(self, store: Store, clock: SteppingClock, practice: PracticeGoogle) -> Office:
        return await open_office(store, clock, open_google=lambda: google_at(practice))

    async def test_asked_answered_read_and_given_back(self, wired: Office, practice: PracticeGoogle) -> None:
        async with wired.caller(RITA) as rita, wired.caller(TOM) as tom:
            assert (await rita.post(f"{GOOGLE}/import", json={})).status_code == 404
            url = (await rita.post(f"{GOOGLE}/ask")).json()["url"]
            back = parse_qs(urlsplit(practice.consent(url)).query)
            answered = {"code": back["code"][0], "state": back["state"][0]}
            assert (await tom.post(f"{GOOGLE}/connect", json=answered)).status_code == 404
            assert (await rita.post(f"{GOOGLE}/connect", json=answered | {"state": "x"})).status_code == 404
            connected = await rita.post(f"{GOOGLE}/connect", json=answered)
            assert (connected.status_code, connected.json()["is_connected"]) == (200, True)
            assert (await rita.post(f"{GOOGLE}/connect", json=answered)).status_code == 404
            tried = (await rita.post(f"{GOOGLE}/import", json={"dry_run": True})).json()
            assert (tried["counts"], await names(rita)) == ({"added": 3}, [])
            assert (await rita.post(f"{GOOGLE}/import", json={})).json()["counts"] == {"added": 3}
            assert await names(rita) == ["Ann Lee", "Bob Day", "Cy Fox"]
            practice.put("Di Gil", person("Di Gil"))
            practice.remove("Ann Lee")
            second = (await rita.post(f"{GOOGLE}/import", json={})).json()
            assert (second["rows"], second["counts"]) == (1, {"added": 1})
            assert "Ann Lee" in await names(rita), "what is removed there stays here"
            practice.faults.append((503, {"retry-after": "9"}))
            down = await rita.post(f"{GOOGLE}/import", json={})
            assert (down.status_code, down.headers["retry-after"]) == (503, "9")
            assert (await rita.delete(GOOGLE)).status_code == 204
            assert not (await rita.get(GOOGLE)).json()["is_connected"]

    async def test_without_an_oauth_client_it_says_what_is_missing(self, office: Office) -> None:
        async with office.caller(RITA) as rita:
            answer = await rita.post(f"{GOOGLE}/ask")
            assert answer.status_code >= 500
            assert not (await rita.get(GOOGLE)).json()["is_connected"]
