"""What would suit one client, and a text about it."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from nudge_adapters.embeddings.hashing import HashingEmbedder
from nudge_core.model.event import ListingEvent
from nudge_core.model.listing import ListingStatus
from nudge_core.model.resource import ResourceType
from nudge_core.ports import Store
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office, open_office
from tests.parts import quiet_parts
from tests.samples import NOON, SteppingClock, later, uid

ADDRESS = f"/api/v1/clients/{uid(10)}"


def home(number: int, price: int, **facts: Any) -> Any:
    """A home on offer."""
    attributes = {
        "status": ListingStatus.ACTIVE.value, "list_price_cents": price * 100, "beds": 3, "city": "Austin",
        "subdivision": "Zilker",
        "address": f"{number} Timber St", "remarks": "A garage and a garden near the lake.",
    }  # fmt: skip
    return samples.resource(RITA, number, attributes=attributes | facts)


async def arrange(office: Office) -> None:
    """Ben wishes a home in Zilker below 500,000; four are stored."""
    wishes = {"roles": ["buyer"], "max_price": 500_000, "min_beds": 3, "areas": ["Zilker"]}
    homes = [
        home(100, 480_000),
        home(101, 650_000),
        home(102, 400_000, status=ListingStatus.CLOSED.value),
        home(103, 450_000, subdivision="Far away", city="Elgin"),
        evolve(home(104, 450_000), resource_type=ResourceType.WEB_CONTENT),
    ]
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, 10, preferences=wishes, notes="loves a garden near the lake")])
        await tx.clients.add([samples.client(RITA, 11, phone=None)])
        await tx.resources.store(homes)
        event = samples.market_event(
            RITA,
            200,
            event_type=ListingEvent.NEW_LISTING.value,
            entity_id="L100",
            resource_id=uid(100),
            payload={"listing": homes[0].attributes, "change": {}},
        )
        old = evolve(event, id=uid(201), created_at=later(-90 * 86_400), resource_id=uid(103), entity_id="L103")
        other = evolve(event, id=uid(202), resource_id=uid(101), entity_id="L101", payload={
            "listing": homes[1].attributes, "change": {},
        })  # fmt: skip
        await tx.market_events.add([event, old, other])


async def test_what_suits_comes_with_reasons_and_what_does_not_is_counted(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        answer = await rita.post(f"{ADDRESS}/matches", json={})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert [one["resource_id"] for one in told["items"]] == [str(uid(100))]
        best = told["items"][0]
        assert (best["decision"], best["role"]) == ("offer", "buyer")
        assert {one["constraint"]: one["outcome"] for one in best["reasons"]}["price"] == "met"
        assert told["considered"] == 3
        assert sum(told["excluded"].values()) + sum(told["not_offered"].values()) == 2
        assert (told["nothing_known"], told["by_meaning"]) == (False, False)
        nobody = (await rita.post(f"/api/v1/clients/{uid(11)}/matches", json={})).json()
        assert (nobody["items"], nobody["nothing_known"]) == ([], True)


async def test_with_an_embedder_meaning_counts_too(store: Store, clock: SteppingClock) -> None:
    parts = evolve(quiet_parts(store, clock), embedder=HashingEmbedder(64))
    office = await open_office(store, clock, parts=parts)
    await arrange(office)
    async with office.caller(RITA) as rita:
        await rita.post(f"{ADDRESS}/notes", json={"text": "a garage and a garden near the lake"})
        told = (await rita.post(f"{ADDRESS}/matches", json={"limit": 1})).json()
    assert (told["by_meaning"], [one["resource_id"] for one in told["items"]]) == (True, [str(uid(100))])


async def test_a_draft_is_written_and_neither_stored_nor_sent(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        answer = await rita.post(f"{ADDRESS}/drafts", json={"resource_id": str(uid(100))})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert "Ben" in told["text"]
        assert "{" not in told["text"]
        assert "480,000" in told["text"]
        assert (told["drafted_by"], told["event_id"], told["message_class"]) == ("offline", str(uid(200)), "marketing")
        assert 1 <= told["parts"] <= 2
        assert told["findings"] == []
    async with office.store.tenant(RITA) as tx:
        assert await tx.briefings.waiting(9) == []
        assert await tx.messages.of_client(uid(10), 9) == []


async def test_nothing_untrue_and_nothing_unwished_is_drafted(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        for number, what in ((101, "match"), (102, "resource"), (103, "resource")):
            answer = await rita.post(f"{ADDRESS}/drafts", json={"resource_id": str(uid(number))})
            assert (answer.status_code, answer.json()["title"].partition(":")[0]) == (409, what), number
        unknown = await rita.post(
            f"/api/v1/clients/{uid(11)}/drafts", json={"resource_id": str(uid(100))}
        )  # fmt: skip
        assert unknown.status_code == 409
        assert (await rita.post(f"{ADDRESS}/drafts", json={"resource_id": str(uid(999))})).status_code == 404


async def test_a_foreign_client_or_resource_and_none_answer_alike(office: Office) -> None:
    await arrange(office)
    async with office.store.tenant(TOM) as tx:
        await tx.clients.add([samples.client(TOM, 20, created_at=NOON)])
    body = {"resource_id": str(uid(100))}
    async with office.caller(TOM) as tom, office.caller(RITA, Scope.MESSAGES_READ) as narrow:
        for rest, given in (("matches", {}), ("drafts", body)):
            foreign = await tom.post(f"{ADDRESS}/{rest}", json=given)
            never = await tom.post(f"/api/v1/clients/{uid(99)}/{rest}", json=given)
            assert (foreign.status_code, foreign.content) == (404, never.content)
            assert (await narrow.post(f"{ADDRESS}/{rest}", json=given)).status_code == 403
        theirs = await tom.post(f"/api/v1/clients/{uid(20)}/drafts", json=body)
        nobody = await tom.post(f"/api/v1/clients/{uid(20)}/drafts", json={"resource_id": str(uid(9_999))})
        assert (theirs.status_code, theirs.content) == (404, nobody.content)
