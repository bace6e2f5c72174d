"""What dismissals teach, over HTTP: visible, reversible, and after the undo as if it had never been."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from attrs import evolve

from nudge_adapters.embeddings.hashing import HashingEmbedder
from nudge_core.errors import Unavailable
from nudge_core.matching.ranking import Ranking
from nudge_core.model.event import EventStatus
from nudge_core.model.json import Json
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.model.vector import Vector
from nudge_core.ports import Store
from nudge_core.steps import match
from nudge_core.verticals import VERTICALS
from tests import samples
from tests.api.desk import ANA, BEN, actions_of, add_nudge, add_people
from tests.api.office import RITA, TOM, Office, open_office
from tests.parts import quiet_parts
from tests.samples import NOON, SteppingClock, uid

API = "/api/v1/negative-preferences"
REMARKS = ("A sunny garden with old oak trees and a quiet porch", "A loft downtown with brick walls and big windows")


def listing_event(number: int, remarks: str) -> object:
    """A new listing that Ben and Ana could like."""
    listing = {
        "list_price_cents": 450_000_00, "beds": 3, "baths": 2.0, "city": "Georgetown", "postal_code": "78626",
        "property_type": "Residential", "property_sub_type": "SingleFamilyResidence", "remarks": remarks,
    }  # fmt: skip
    return samples.market_event(RITA, number, event_type="new_listing", payload={"listing": listing, "change": {}})


async def open_desk(store: Store, clock: SteppingClock) -> Office:
    """An office that understands texts, with two events and two clients who look for a home."""
    parts = quiet_parts(store, clock, embedder=HashingEmbedder())
    office = await open_office(store, clock, parts=parts)
    await add_people(office)
    async with store.tenant(RITA) as tx:
        for person in (BEN, ANA):
            client = await tx.clients.get(person)
            wishes: dict[str, Json] = {
                "max_budget": 500_000,
                "beds": 2,
                "locations": ["Georgetown"],
                "roles": ["buyer"],
            }
            await tx.clients.save(evolve(client, preferences=wishes))
        await tx.market_events.add([listing_event(50 + n, words) for n, words in enumerate(REMARKS)])  # type: ignore[misc]
    return office


async def rankings(office: Office) -> Mapping[UUID, Ranking]:
    """Match both events anew, storing nothing."""
    note = OutboxNote(
        id=uid(1_000), topic=Topic.MATCH, user_id=RITA, dedupe_key="m", created_at=NOON,
        payload={"event_ids": [str(uid(50)), str(uid(51))]},
    )  # fmt: skip
    vertical = VERTICALS["real_estate"]
    async with office.store.tenant(RITA) as tx:
        found = await match.gather(tx, note, vertical)
    assert all(event.status is EventStatus.UNPROCESSED for event in found.events)
    return await match.rank_events(found, vertical, office.parts.embedder)


def offered(ranked: Mapping[UUID, Ranking], number: int) -> list[UUID]:
    """Return who would be offered an event."""
    return [member.client_id for member in ranked[uid(number)].members] if uid(number) in ranked else []


async def test_a_dismissal_teaches_its_meaning_and_the_undo_unteaches_it(store: Store, clock: SteppingClock) -> None:
    office = await open_desk(store, clock)
    before = await rankings(office)
    assert sorted(offered(before, 50)) == sorted(offered(before, 51)) == [BEN, ANA]
    await add_nudge(office, 60, triggering_event_id=uid(50))
    async with office.caller() as rita, office.caller(TOM) as tom:
        gone = await rita.post(f"/api/v1/briefings/{uid(60)}/dismiss", json={"version": 1, "reason": "not_a_fit"})
        assert (gone.status_code, gone.json()["status"]) == (200, "DISMISSED")
        taught = await rankings(office)
        assert offered(taught, 50) == [ANA], "the like of what was dismissed is not offered to Ben"
        assert sorted(offered(taught, 51)) == [BEN, ANA]
        (shown,) = (await rita.get(API)).json()["items"]
        assert (shown["client_name"], shown["reason"], shown["has_meaning"]) == ("Ben Ortiz", "not_a_fit", True)
        assert (shown["briefing_id"], shown["briefing_headline"]) == (str(uid(60)), "Price drop on Timber St")
        foreign, missing = await tom.delete(f"{API}/{shown['id']}"), await tom.delete(f"{API}/{uid(99)}")
        assert (foreign.status_code, foreign.content) == (404, missing.content)
        assert (await tom.get(API)).json()["items"] == []
        for _ in range(2):
            assert (await rita.delete(f"{API}/{shown['id']}")).status_code == 204
        assert await rankings(office) == before
        assert (await rita.get(API, params={"retracted": "false"})).json()["items"] == []
        (kept,) = (await rita.get(API, params={"retracted": "true", "client_id": str(BEN)})).json()["items"]
        assert (kept["retracted_by"], kept["retracted_at"]) == (f"user:{RITA}", "2026-07-01T12:00:00Z")
    assert await actions_of(office, UUID(shown["id"])) == [("preference.retracted", f"user:{RITA}")]


@pytest.mark.parametrize("seed", range(4))
async def test_after_the_undo_the_scores_are_those_before_whatever_else_was_taught(
    store: Store, clock: SteppingClock, seed: int
) -> None:
    office = await open_desk(store, clock)
    await add_nudge(office, 60)
    chance = random.Random(seed)
    words = ["garden", "loft", "oak", "porch", "brick", "windows", "pool", *REMARKS]
    vectors = await HashingEmbedder().embed(words)

    async def teach(number: int) -> UUID:
        lesson = samples.negative_preference(RITA, number, chance.choice([BEN, ANA]), uid(60))
        async with store.tenant(RITA) as tx:
            await tx.negative_preferences.add([evolve(lesson, dismissed_embedding=chance.choice(vectors))])
        return lesson.id

    for number in range(chance.randrange(3)):
        await teach(100 + number)
    before = await rankings(office)
    lessons = [await teach(200 + number) for number in range(chance.randrange(1, 5))]
    chance.shuffle(lessons)
    async with office.caller() as rita:
        for lesson in lessons:
            await rita.delete(f"{API}/{lesson}")
    assert await rankings(office) == before


async def test_wording_teaches_nothing_and_an_embedder_that_is_away_stops_no_dismissal(
    store: Store, clock: SteppingClock
) -> None:
    class Away(HashingEmbedder):
        """An embedder whose service does not answer."""

        async def embed(self, texts: object) -> list[Vector]:
            raise Unavailable("embedder", "it is away")

    parts = quiet_parts(store, clock, embedder=Away())
    office = await open_office(store, clock, parts=parts)
    await add_people(office)
    async with store.tenant(RITA) as tx:
        await tx.market_events.add([listing_event(50, REMARKS[0])])  # type: ignore[list-item]
    await add_nudge(office, 60)
    await add_nudge(office, 61, triggering_event_id=uid(50))
    async with office.caller() as rita:
        for number, reason in ((60, "wording"), (61, "price")):
            path = f"/api/v1/briefings/{uid(number)}/dismiss"
            assert (await rita.post(path, json={"version": 9, "reason": reason})).status_code == 409
            assert (await rita.post(path, json={"version": 1, "reason": reason})).status_code == 200
            assert (await rita.post(path, json={"version": 2, "reason": reason})).status_code == 409
        (only,) = (await rita.get(API)).json()["items"]
    assert (only["briefing_id"], only["reason"], only["has_meaning"]) == (str(uid(61)), "price", False)


TYPED = [
    ("price", {"dismissed_price"}, "price", "nothing at $450,000 or above", 180),
    ("area", {"dismissed_area"}, "area", "nothing in 78626", 360),
    ("not_now", {"resting"}, "rest", "no offers about listings", 30),
    ("timing", {"resting"}, "rest", "no offers about listings", 90),
]


@pytest.mark.parametrize(("reason", "counted", "effect", "words", "days"), TYPED)
async def test_each_reason_has_its_own_effect_that_is_visible_fades_and_can_be_undone(
    store: Store, clock: SteppingClock, reason: str, counted: set[str], effect: str, words: str, days: int
) -> None:
    office = await open_desk(store, clock)
    await add_nudge(office, 60, triggering_event_id=uid(50))
    async with office.caller() as rita:
        await rita.post(f"/api/v1/briefings/{uid(60)}/dismiss", json={"version": 1, "reason": reason})
        (shown,) = (await rita.get(API)).json()["items"]
        assert (shown["effect"], shown["effect_text"], shown["strength"], shown["ended"]) == (effect, words, 1.0, None)
        assert datetime.fromisoformat(shown["until"]) == NOON + timedelta(days=days)
        taught = await rankings(office)
        for number in (50, 51):
            assert offered(taught, number) == [ANA], "both are at that price, in that area and on that topic"
            assert counted <= set(taught[uid(number)].not_offered)
    clock.forward(days // 2 * 86_400)
    async with office.caller() as rita:
        (half,) = (await rita.get(API)).json()["items"]
        assert (half["strength"], half["ended"]) == (0.5, None)
        assert sorted(offered(await rankings(office), 50)) == ([BEN, ANA] if reason == "price" else [ANA])
    clock.forward((days - days // 2) * 86_400)
    async with office.caller() as rita:
        (gone,) = (await rita.get(API)).json()["items"]
        assert gone["ended"] == "faded"
        assert sorted(offered(await rankings(office), 50)) == [BEN, ANA]


@pytest.mark.parametrize(
    ("reason", "kind", "value"),
    [
        ("price", "price", {"min": 100_000, "hard": True}),
        ("area", "locations", {"any": ["Georgetown"], "hard": True}),
        ("not_now", "beds", {"min": 2, "hard": True}),
        ("not_a_fit", "beds", {"min": 2, "hard": True}),
    ],
)
async def test_a_hard_wish_that_is_stated_later_is_never_hidden(
    store: Store, clock: SteppingClock, reason: str, kind: str, value: Json
) -> None:
    office = await open_desk(store, clock)
    await add_nudge(office, 60, triggering_event_id=uid(50))
    async with office.caller() as rita:
        await rita.post(f"/api/v1/briefings/{uid(60)}/dismiss", json={"version": 1, "reason": reason})
        assert offered(await rankings(office), 50) == [ANA]
        clock.forward(60)
        version = (await rita.get(f"/api/v1/clients/{BEN}")).json()["version"]
        stated = await rita.put(f"/api/v1/clients/{BEN}/preferences/{kind}", json={"value": value, "version": version})
        assert stated.status_code == 200, stated.text
        assert sorted(offered(await rankings(office), 50)) == [BEN, ANA]
        (shown,) = (await rita.get(API)).json()["items"]
        assert shown["ended"] == "later_wish"
