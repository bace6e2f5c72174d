"""Search over clients by HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
from attrs import evolve

from nudge_adapters.embeddings.hashing import HashingEmbedder
from nudge_core.errors import Unavailable
from nudge_core.model.vector import Vector
from nudge_core.ports import Store
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office, open_office
from tests.parts import quiet_parts
from tests.samples import SteppingClock, uid


class Away(HashingEmbedder):
    """An embedder that does not answer."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector | None]:
        raise Unavailable("embedder", "away")


async def with_embedder(store: Store, clock: SteppingClock, embedder: Any) -> Office:
    """Open an office that knows meanings."""
    return await open_office(store, clock, parts=evolve(quiet_parts(store, clock), embedder=embedder))


async def search(caller: httpx.AsyncClient, text: str, **more: object) -> Any:
    """Search, and return what was answered."""
    answer = await caller.post("/api/v1/clients/search", json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def arrange(office: Office) -> None:
    """Rita knows three people, Tom one."""
    async with office.caller(RITA) as rita, office.caller(TOM) as tom:
        for name, notes, tags in (
            ("Ana Garage", "wants a pool", ["vip"]),
            ("Ben Ortiz", "looks for a garage near the lake", []),
            ("Cleo Kim", "sells her condo", ["garage"]),
        ):
            body = {"full_name": name, "notes": notes, "tags": tags}
            assert (await rita.post("/api/v1/clients", json=body)).status_code == 201
        await tom.post("/api/v1/clients", json={"full_name": "Tom's garage friend", "notes": "garage"})


async def test_without_an_embedder_words_count_and_the_answer_says_so(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita, office.caller(TOM) as tom:
        told = await search(rita, "GARAGE")
        assert (told["by_meaning"], told["without_meaning"]) == (False, "no_embedder")
        found = {one["full_name"]: one["matched"] for one in told["items"]}
        assert found == {
            "Ana Garage": [{"field": "name", "words": ["garage"]}],
            "Ben Ortiz": [{"field": "notes", "words": ["garage"]}],
            "Cleo Kim": [{"field": "tags", "words": ["garage"]}],
        }
        assert [one["word_rank"] for one in told["items"]] == [1, 2, 3]
        narrow = await search(rita, "garage", filters={"tag": "vip"}, limit=5)
        assert [one["full_name"] for one in narrow["items"]] == ["Ana Garage"]
        assert (await search(rita, "!?"))["items"] == []
        (own,) = (await search(tom, "garage"))["items"]
        assert own["full_name"] == "Tom's garage friend"


async def test_meaning_finds_who_no_word_finds(store: Store, clock: SteppingClock) -> None:
    office = await with_embedder(store, clock, HashingEmbedder(256))
    await arrange(office)
    async with office.caller(RITA) as rita:
        told = await search(rita, "a garage near the lake")
        assert told["by_meaning"] is True
        best = told["items"][0]
        assert (best["full_name"], best["word_rank"], best["meaning_rank"]) == ("Ben Ortiz", 1, 1)
        assert 0.1 <= best["similarity"] <= 1
        ben = best["client_id"]
        await rita.patch(f"/api/v1/clients/{ben}", json={"version": 1, "notes": "collects stamps"})
        told = await search(rita, "stamps")
        assert (told["items"][0]["client_id"], told["items"][0]["meaning_rank"]) == (ben, 1)


async def test_an_embedder_that_is_away_costs_the_meaning_and_no_more(store: Store, clock: SteppingClock) -> None:
    office = await with_embedder(store, clock, Away(8))
    await arrange(office)
    async with office.caller(RITA) as rita:
        told = await search(rita, "garage")
        assert (told["without_meaning"], len(told["items"])) == ("embedder_unavailable", 3)


async def test_a_search_is_checked(office: Office) -> None:
    async with office.caller(RITA) as rita, office.caller(RITA, Scope.NUDGES_READ) as narrow:
        for wrong in ({"text": ""}, {"text": "x" * 1_001}, {"text": "x", "limit": 0}, {"text": "x", "limit": 201}, {}):
            assert (await rita.post("/api/v1/clients/search", json=wrong)).status_code in (400, 422), wrong
        assert (await narrow.post("/api/v1/clients/search", json={"text": "x"})).status_code == 403
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, 10, user_tags=("investor",)), samples.client(RITA, 11)])
    async with office.caller(RITA) as rita:
        told = await search(rita, "ben", filters={"role": "investor", "has_phone": True})
        assert [one["client_id"] for one in told["items"]] == [str(uid(10))]
