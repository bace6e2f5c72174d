"""Notes, facts and preferences over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
from attrs import evolve

from nudge_core.book.facts import propose
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.client_fact import Span
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.samples import NOON, later, uid

BEN = uid(10)
ADDRESS = f"/api/v1/clients/{BEN}"


async def arrange(office: Office, **changes: Any) -> None:
    """Put Ben into Rita's book."""
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, 10, **changes)])


async def version(rita: httpx.AsyncClient) -> int:
    """Return Ben's version."""
    number: int = (await rita.get(ADDRESS)).json()["version"]
    return number


async def preferences(rita: httpx.AsyncClient) -> dict[str, Any]:
    """Return what Ben wishes."""
    wishes: dict[str, Any] = (await rita.get(ADDRESS)).json()["preferences"]
    return wishes


async def wish(rita: httpx.AsyncClient, kind: str, value: object, **more: object) -> httpx.Response:
    """State a wish of Ben's."""
    body = {"version": await version(rita), "value": value, **more}
    return await rita.put(f"{ADDRESS}/preferences/{kind}", json=body)


async def test_notes_are_added_and_their_text_is_what_matching_reads(office: Office) -> None:
    await arrange(office, notes="Met at the fair")
    async with office.caller(RITA) as rita:
        first = await rita.post(f"{ADDRESS}/notes", json={"text": " Wants a garage "})
        assert (first.status_code, first.json()["version"], first.json()["note"]["text"]) == (201, 2, "Wants a garage")
        assert (await rita.get(ADDRESS)).json()["notes"] == "Met at the fair\nWants a garage"
        office.clock.forward(5)
        await rita.patch(ADDRESS, json={"version": 2, "notes": "All anew"})
        office.clock.forward(5)
        await rita.post(f"{ADDRESS}/notes", json={"text": "And more"})
        assert (await rita.get(ADDRESS)).json()["notes"] == "All anew\nAnd more"
        page = (await rita.get(f"{ADDRESS}/notes", params={"limit": 3})).json()
        rest = (await rita.get(f"{ADDRESS}/notes", params={"limit": 3, "cursor": page["next_cursor"]})).json()
        shown = [(one["text"], one["is_whole"], one["author"]) for one in page["items"] + rest["items"]]
        rita_herself = f"user:{RITA}"
        assert shown == [
            ("And more", False, rita_herself),
            ("All anew", True, rita_herself),
            ("Wants a garage", False, rita_herself),
            ("Met at the fair", False, "before"),
        ]


async def test_a_note_of_a_death_pauses_plans_and_asks(office: Office) -> None:
    await arrange(office)
    async with office.store.tenant(RITA) as tx:
        plan = samples.briefing(RITA, 60, client_id=BEN, is_plan=True)
        await tx.briefings.add(plan)
        await tx.briefings.save(evolve(plan, status=BriefingStatus.ACTIVE))
    async with office.caller(RITA) as rita:
        told = (await rita.post(f"{ADDRESS}/notes", json={"text": "His mother passed away last week"})).json()
    assert (told["paused_plans"], told["hardship"]) == (1, "death")
    async with office.store.tenant(RITA) as tx:
        assert (await tx.briefings.get(uid(60))).status is BriefingStatus.PAUSED


async def test_a_wish_supersedes_the_one_before_and_the_history_stays(office: Office) -> None:
    await arrange(office, preferences={"roles": ["buyer"], "max_price": 400_000}, created_at=later(-500))
    async with office.caller(RITA) as rita:
        first = await wish(rita, "max_price", 500_000)
        assert (first.status_code, first.json()["source"], first.json()["is_current"]) == (200, "professional", True)
        office.clock.forward(60)
        await wish(rita, "max_price", 650_000)
        assert (await preferences(rita)) == {"roles": ["buyer"], "max_price": 650_000}
        facts = (await rita.get(f"{ADDRESS}/facts")).json()["items"]
        assert [(one["value"], one["source"], one["is_current"]) for one in facts] == [
            (400_000, "before", False),
            (500_000, "professional", False),
            (650_000, "professional", True),
        ]
        assert [one["superseded_by"] for one in facts] == [facts[1]["id"], facts[2]["id"], None]
        late = await wish(rita, "max_price", 450_000, at=later(30).isoformat())
        assert late.json()["is_current"] is False
        assert (await preferences(rita))["max_price"] == 650_000


async def test_what_is_taken_back_lets_the_one_before_count_again(office: Office) -> None:
    await arrange(office, preferences={"roles": ["buyer"]})
    async with office.caller(RITA) as rita:
        await wish(rita, "max_price", 500_000)
        office.clock.forward(60)
        second = (await wish(rita, "max_price", 650_000)).json()["id"]
        office.clock.forward(60)
        gone = await rita.post(f"{ADDRESS}/facts/{second}/retract", json={"version": await version(rita)})
        assert (gone.status_code, gone.json()["state"]) == (200, "retracted")
        assert (await preferences(rita))["max_price"] == 500_000
        again = await rita.post(f"{ADDRESS}/facts/{second}/accept", json={"version": await version(rita)})
        assert again.status_code == 409
        await rita.post(f"{ADDRESS}/preferences/max_price/retract", json={"version": await version(rita)})
        assert await preferences(rita) == {"roles": ["buyer"]}
        await rita.post(f"{ADDRESS}/preferences/roles/retract", json={"version": await version(rita)})
        assert await preferences(rita) == {}
        facts = (await rita.get(f"{ADDRESS}/facts")).json()["items"]
        assert {one["state"] for one in facts} == {"retracted"}
        nothing = await rita.post(f"{ADDRESS}/preferences/roles/retract", json={"version": await version(rita)})
        assert nothing.status_code == 404


async def test_a_proposal_counts_for_nothing_until_it_is_accepted(office: Office) -> None:
    await arrange(office)
    async with office.store.tenant(RITA) as tx:
        told: dict[str, Any] = {
            "source": "note", "recorded_by": "nudge:read", "confidence": 0.8,
            "span": Span(text_id=uid(30), start=0, end=9), "at": NOON,
        }  # fmt: skip
        one = await propose(tx, BEN, "max_price", 500_000, **told)
        assert (await propose(tx, BEN, "max_price", 500_000, **told)).id == one.id
        other = await propose(tx, BEN, "max_price", 700_000, **told)
    async with office.caller(RITA) as rita:
        assert await preferences(rita) == {}
        accepted = await rita.post(f"{ADDRESS}/facts/{one.id}/accept", json={"version": 1})
        assert (accepted.json()["is_current"], accepted.json()["text_id"]) == (True, str(uid(30)))
        assert await preferences(rita) == {"max_price": 500_000}
        refused = await rita.post(f"{ADDRESS}/facts/{other.id}/retract", json={"version": 2})
        assert refused.json()["state"] == "retracted"
        assert await preferences(rita) == {"max_price": 500_000}


async def test_a_whole_set_of_preferences_becomes_facts_too(office: Office) -> None:
    await arrange(office, preferences={"max_price": 400_000, "min_beds": 2})
    async with office.caller(RITA) as rita:
        await rita.patch(ADDRESS, json={"version": 1, "preferences": {"min_beds": 3, "areas": ["Zilker"]}})
        facts = (await rita.get(f"{ADDRESS}/facts")).json()["items"]
        current = {one["kind"]: one["value"] for one in facts if one["is_current"]}
        assert current == await preferences(rita) == {"min_beds": 3, "areas": ["Zilker"]}
        assert sorted((one["kind"], one["state"]) for one in facts if not one["is_current"]) == [
            ("max_price", "retracted"), ("min_beds", "accepted"),
        ]  # fmt: skip
        created = (await rita.post("/api/v1/clients", json={"full_name": "Ana", "preferences": {"min_beds": 1}})).json()
        (fact,) = (await rita.get(f"/api/v1/clients/{created['id']}/facts")).json()["items"]
        assert (fact["kind"], fact["value"], fact["is_current"]) == ("min_beds", 1, True)


async def test_what_cannot_be_read_or_is_stale_changes_nothing(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        for kind, value, status in (
            ("max_price", "dear", 422), ("no_such_wish", 1, 422), ("Max-Price", 1, 422), ("max_price", None, 422),
        ):  # fmt: skip
            assert (await wish(rita, kind, value)).status_code == status, kind
        assert (await wish(rita, "max_price", 500_000, at=later(99).isoformat())).status_code == 422
        assert (await wish(rita, "max_price", 500_000, at="2026-07-01T00:00:00")).status_code == 422
        stale = await rita.put(f"{ADDRESS}/preferences/max_price", json={"version": 7, "value": 500_000})
        assert stale.status_code == 409
        assert (await rita.post(f"{ADDRESS}/notes", json={"text": "  "})).status_code in (400, 422)
        assert (await rita.get(f"{ADDRESS}/facts")).json() == {"items": []}
        assert await version(rita) == 1


async def test_a_foreign_client_and_none_answer_alike(office: Office) -> None:
    await arrange(office)
    async with office.store.tenant(RITA) as tx:
        fact = await propose(
            tx, BEN, "max_price", 1, source="note", recorded_by="x", confidence=1, span=None, at=NOON
        )  # fmt: skip
    async with office.caller(TOM) as tom, office.caller(RITA, Scope.CLIENTS_READ) as reader:
        for method, rest, body in (
            ("GET", "/notes", None),
            ("POST", "/notes", {"text": "mine"}),
            ("GET", "/facts", None),
            ("PUT", "/preferences/max_price", {"version": 1, "value": 1}),
            ("POST", "/preferences/max_price/retract", {"version": 1}),
            ("POST", f"/facts/{fact.id}/accept", {"version": 1}),
            ("POST", f"/facts/{fact.id}/retract", {"version": 1}),
        ):
            foreign = await tom.request(method, f"{ADDRESS}{rest}", json=body)
            never = await tom.request(method, f"/api/v1/clients/{uid(99)}{rest}", json=body)
            assert (foreign.status_code, foreign.content) == (404, never.content), rest
            narrow = await reader.request(method, f"{ADDRESS}{rest}", json=body)
            assert narrow.status_code == (200 if method == "GET" else 403), rest
