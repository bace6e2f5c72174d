"""What notes and texts say becomes proposals with the place where it stands; what is accepted counts."""

from __future__ import annotations

from typing import Any

import httpx
from attrs import evolve

from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.walk import work_until_idle
from tests import samples
from tests.api.office import RITA, Office
from tests.samples import NOON, uid

BEN = uid(10)
ADDRESS = f"/api/v1/clients/{BEN}"
FIRST = "Met at the open house. Budget 500k, needs 3+ beds, not Ballard, no pool please."


async def arrange(office: Office) -> None:
    """Put Ben, of whom nothing is known, into Rita's book."""
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, 10, preferences={}, notes="")])
        await tx.users.save(evolve(await tx.users.get(RITA), market_focus=("Ballard", "Fremont")))


async def note(rita: httpx.AsyncClient, text: str) -> tuple[str, dict[str, Any]]:
    """Write a note; return its id and what was understood, by kind."""
    told = await rita.post(f"{ADDRESS}/notes", json={"text": text})
    assert told.status_code == 201, told.text
    return told.json()["note"]["id"], {one["kind"]: one for one in told.json()["understood"]}


async def accept(rita: httpx.AsyncClient, fact: dict[str, Any]) -> dict[str, Any]:
    """Accept a proposal; return what Ben wishes then."""
    version = (await rita.get(ADDRESS)).json()["version"]
    done = await rita.post(f"{ADDRESS}/facts/{fact['id']}/accept", json={"version": version})
    assert done.status_code == 200, done.text
    wishes: dict[str, Any] = (await rita.get(ADDRESS)).json()["preferences"]
    return wishes


async def test_a_note_is_read_with_true_spans_and_counts_when_it_is_accepted(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        note_id, said = await note(rita, FIRST)
        assert set(said) == {"price", "beds", "areas", "features"}
        assert {one["state"] for one in said.values()} == {"proposed"}
        for kind, words in (("price", "500k"), ("beds", "3+"), ("areas", "Ballard"), ("features", "pool")):
            assert said[kind]["text_id"] == note_id
            assert words in FIRST[said[kind]["start"] : said[kind]["end"]]
        assert said["areas"]["value"] == {"none": ["ballard"]}
        assert said["features"]["value"] == {"never": ["pool"]}
        assert (await rita.get(ADDRESS)).json()["preferences"] == {}, "nothing counts before it is accepted"
        assert (await accept(rita, said["price"]))["price"]["max"] == 500_000
        assert (await accept(rita, said["beds"]))["beds"]["min"] == 3


async def test_what_is_said_later_takes_its_place_and_leaves_the_rest(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        _, said = await note(rita, FIRST)
        for kind in ("price", "beds"):
            await accept(rita, said[kind])
        office.clock.forward(60)
        later_id, after = await note(rita, "We can go to 650k after all.")
        assert after["price"]["text_id"] == later_id
        assert "beds" not in after, "it is known so already"
        wishes = await accept(rita, after["price"])
        assert (wishes["price"]["max"], wishes["beds"]["min"]) == (650_000, 3)
        history = [one for one in (await rita.get(f"{ADDRESS}/facts")).json()["items"] if one["kind"] == "price"]
        assert sorted(one["is_current"] for one in history) == [False, True]


async def test_who_refused_a_proposal_is_not_asked_again(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        _, said = await note(rita, FIRST)
        version = (await rita.get(ADDRESS)).json()["version"]
        gone = await rita.post(f"{ADDRESS}/facts/{said['price']['id']}/retract", json={"version": version})
        assert gone.status_code == 200, gone.text
        office.clock.forward(60)
        _, after = await note(rita, "Called, no answer.")
        assert "price" not in after
        facts = (await rita.get(f"{ADDRESS}/facts")).json()["items"]
        assert [one["state"] for one in facts if one["kind"] == "price"] == ["retracted"]


async def test_a_text_of_the_client_is_read_by_the_worker(office: Office) -> None:
    await arrange(office)
    async with office.store.tenant(RITA) as tx:
        await tx.messages.receive(samples.inbound(RITA, 70, BEN, content="Could we look at 4 bedrooms instead?"))
        await tx.notes.add(
            [
                OutboxNote(
                    id=uid(500), topic=Topic.CONVERSE, user_id=RITA, dedupe_key="c", created_at=NOON,
                    payload={"client_id": str(BEN), "why": "reply", "message_id": str(uid(70))},
                )
            ]
        )  # fmt: skip
    await work_until_idle(office.parts)
    async with office.caller(RITA) as rita:
        (fact,) = (await rita.get(f"{ADDRESS}/facts")).json()["items"]
    assert (fact["kind"], fact["source"], fact["state"]) == ("beds", "message", "proposed")
    assert fact["text_id"] == str(uid(70))
