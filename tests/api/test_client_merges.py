"""Two clients become one, and two again."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nudge_adapters.memory import MemoryStore
from nudge_core.book.facts import state
from nudge_core.book.notes import write_note
from nudge_core.model.client import Client
from nudge_core.model.dossier import Dossier
from nudge_core.model.vector import Vector
from nudge_core.ports import Store
from nudge_core.steps import book, merge
from nudge_core.verticals import VERTICALS
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.samples import CountingIds, SteppingClock, later, uid

BEN, ANA = uid(10), uid(11)
HOMES = VERTICALS["real_estate"]


async def arrange(store: Store, clock: SteppingClock) -> None:
    """Two clients with a life each, and a nudge to both."""
    ben = samples.client(
        RITA, 10, email="ben@example.com", user_tags=("vip",), notes="boat", preferences={"max_price": 400_000},
        notes_embedding=Vector(np.array([0.6, 0.8], np.float32), "m"), last_interaction=later(-99),
    )  # fmt: skip
    ana = samples.client(
        RITA, 11, full_name="Benjamin Ortiz", email="b@example.org", phone="+15125550177", timezone="America/Denver",
        user_tags=("vip", "lake"), ai_tags=("buyer",), notes="lake", created_at=later(-500),
        preferences={"max_price": 500_000, "min_beds": 3},
    )  # fmt: skip
    async with store.tenant(RITA) as tx:
        await book.add(tx, ben, "rita", HOMES)
        await book.add(tx, ana, "rita", HOMES)
        both = (samples.member(ANA, 90.0), samples.member(BEN, 70.0))
        await tx.briefings.add(samples.briefing(RITA, 60, matched_audience=both))
        await tx.briefings.add(samples.briefing(RITA, 61, matched_audience=(samples.member(ANA),)))
        await tx.briefings.add(samples.briefing(RITA, 62, client_id=ANA, is_plan=True))
        for number, client_id in ((70, BEN), (71, ANA)):
            await tx.messages.receive(samples.inbound(RITA, number, client_id))
            await tx.interactions.add([samples.interaction(RITA, number + 10, client_id)])
            await tx.scheduled.add([samples.scheduled(RITA, number + 20, client_id)])
            await tx.consents.add([samples.consent(RITA, number + 30, client_id)])
            await tx.negative_preferences.add([samples.negative_preference(RITA, number + 40, client_id, uid(60))])
        await tx.notes.add([samples.note(500, RITA, payload={"client_id": str(ANA)})])
    clock.forward(60)
    async with store.tenant(RITA) as tx:
        version = (await tx.clients.get(ANA)).version
        await state(tx, uid(300), ANA, "max_price", 650_000, "rita", HOMES, version=version)


def same(client: Client) -> Client:
    """Return a client without what rises with every write."""
    return evolve(client, version=1, updated_at=None)


def alike(dossier: Dossier) -> Dossier:
    """Return what is held without what rises with every write, and without the record of decisions."""
    return evolve(
        dossier,
        client=same(dossier.client),
        briefings=tuple(evolve(one, version=1, updated_at=one.created_at) for one in dossier.briefings),
        audit=(),
        suppressions=(),
    )


async def both(store: Store) -> tuple[Dossier, Dossier]:
    """Return what is held of the two."""
    async with store.tenant(RITA) as tx:
        return alike(await tx.dossiers.of(BEN)), alike(await tx.dossiers.of(ANA))


async def test_a_merge_loses_no_value_and_its_undo_restores_exactly(office: Office) -> None:
    await arrange(office.store, office.clock)
    before = await both(office.store)
    async with office.caller(RITA) as rita:
        told = await rita.post(f"/api/v1/clients/{BEN}/merge", json={"other_id": str(ANA)})
        assert told.status_code == 201, told.text
        assert told.json()["moved"] == {
            "messages": 1, "scheduled": 1, "interactions": 1, "notes": 1, "facts": 3, "consents": 1,
            "negative_preferences": 1, "briefings": 1, "audiences": 2,
        }  # fmt: skip
        one = (await rita.get(f"/api/v1/clients/{BEN}")).json()
        assert (one["email"], one["timezone"]) == ("ben@example.com", "America/Denver")
        assert (one["tags"], one["proposed_tags"]) == (["vip", "lake"], ["buyer"])
        assert one["preferences"] == {"max_price": 650_000, "min_beds": 3}
        for value in ("boat", "lake", "Benjamin Ortiz", "b@example.org", "+15125550177"):
            assert value in one["notes"], value
        assert (await rita.get(f"/api/v1/clients/{ANA}")).status_code == 404
        async with office.store.tenant(RITA) as tx:
            held = await tx.dossiers.of(BEN)
            assert [len(held.messages), len(held.interactions), len(held.consents), len(held.scheduled)] == [2, 2, 2, 2]
            assert [len((await tx.briefings.get(uid(n))).matched_audience) for n in (60, 61)] == [1, 1]
        merged = f"/api/v1/client-merges/{told.json()['id']}"
        assert (await rita.get(merged)).json() == told.json()
        undone = await rita.post(f"{merged}/undo")
        assert (undone.status_code, undone.json()["undone_at"] is not None) == (200, True)
        assert await both(office.store) == before
        async with office.store.tenant(RITA) as tx:
            members = (await tx.briefings.get(uid(60))).matched_audience
            assert [(one.client_id, one.score) for one in members] == [(ANA, 90.0), (BEN, 70.0)]
        assert (await rita.post(f"{merged}/undo")).status_code == 409


async def test_what_was_changed_since_stays_with_the_one_that_was_kept(office: Office) -> None:
    await arrange(office.store, office.clock)
    async with office.caller(RITA) as rita:
        told = (await rita.post(f"/api/v1/clients/{BEN}/merge", json={"other_id": str(ANA)})).json()
        office.clock.forward(60)
        version = (await rita.get(f"/api/v1/clients/{BEN}")).json()["version"]
        await rita.patch(f"/api/v1/clients/{BEN}", json={"version": version, "full_name": "Ben the Second"})
        await rita.post(f"/api/v1/clients/{BEN}/notes", json={"text": "new since"})
        version = (await rita.get(f"/api/v1/clients/{BEN}")).json()["version"]
        await rita.put(f"/api/v1/clients/{BEN}/preferences/max_price", json={"version": version, "value": 800_000})
        assert (await rita.post(f"/api/v1/client-merges/{told['id']}/undo")).status_code == 200
        ben = (await rita.get(f"/api/v1/clients/{BEN}")).json()
        assert (ben["full_name"], ben["notes"]) == ("Ben the Second", "boat\nnew since")
        assert ben["preferences"] == {"max_price": 800_000}
        ana = (await rita.get(f"/api/v1/clients/{ANA}")).json()
        assert (ana["full_name"], ana["notes"]) == ("Benjamin Ortiz", "lake")
        assert ana["preferences"]["min_beds"] == 3
        current = [f for f in (await rita.get(f"/api/v1/clients/{BEN}/facts")).json()["items"] if f["is_current"]]
        assert [(one["kind"], one["value"]) for one in current] == [("max_price", 800_000)]


async def test_wishes_that_contradict_each_other_wait_for_the_professional(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await book.add(tx, samples.client(RITA, 10, preferences={"min_price": 500_000}), "rita", HOMES)
        await book.add(tx, samples.client(RITA, 11, preferences={"max_price": 400_000}), "rita", HOMES)
    async with office.caller(RITA) as rita:
        assert (await rita.post(f"/api/v1/clients/{BEN}/merge", json={"other_id": str(ANA)})).status_code == 201
        assert (await rita.get(f"/api/v1/clients/{BEN}")).json()["preferences"] == {"min_price": 500_000}
        facts = (await rita.get(f"/api/v1/clients/{BEN}/facts")).json()["items"]
        assert [one["kind"] for one in facts if one["state"] == "proposed"] == ["max_price"]


async def test_an_erasure_takes_the_merge_with_it(office: Office) -> None:
    await arrange(office.store, office.clock)
    async with office.caller(RITA) as rita:
        told = (await rita.post(f"/api/v1/clients/{BEN}/merge", json={"other_id": str(ANA)})).json()
        assert (await rita.delete(f"/api/v1/clients/{BEN}")).status_code == 204
        assert (await rita.get(f"/api/v1/client-merges/{told['id']}")).status_code == 404


async def test_merges_are_the_owner_s(office: Office) -> None:
    await arrange(office.store, office.clock)
    async with office.store.tenant(TOM) as tx:
        await tx.clients.add([samples.client(TOM, 20)])
    async with (
        office.caller(RITA) as rita,
        office.caller(TOM) as tom,
        office.caller(RITA, Scope.CLIENTS_READ) as reader,
    ):
        assert (await rita.post(f"/api/v1/clients/{BEN}/merge", json={"other_id": str(BEN)})).status_code == 422
        for path, other in ((BEN, uid(20)), (uid(20), BEN)):
            foreign = await tom.post(f"/api/v1/clients/{path}/merge", json={"other_id": str(other)})
            never = await tom.post(f"/api/v1/clients/{uid(98)}/merge", json={"other_id": str(uid(99))})
            assert (foreign.status_code, foreign.content) == (404, never.content)
        assert (await reader.post(f"/api/v1/clients/{BEN}/merge", json={"other_id": str(ANA)})).status_code == 403
        told = (await rita.post(f"/api/v1/clients/{BEN}/merge", json={"other_id": str(ANA)})).json()
        for method, rest in (("GET", ""), ("POST", "/undo")):
            foreign = await tom.request(method, f"/api/v1/client-merges/{told['id']}{rest}")
            never = await tom.request(method, f"/api/v1/client-merges/{uid(99)}{rest}")
            assert (foreign.status_code, foreign.content) == (404, never.content)


def lives() -> st.SearchStrategy[dict[str, Any]]:
    """What may be known of somebody."""
    maybe_text = st.sampled_from(["", "boat", "lake house"])
    return st.fixed_dictionaries(
        {
            "full_name": st.sampled_from(["Ben", "Ana Ruiz"]),
            "phone": st.sampled_from([None, "+15125550177", "+15125550178"]),
            "timezone": st.sampled_from([None, "America/Denver"]),
            "notes": maybe_text,
            "user_tags": st.lists(st.sampled_from(["vip", "lake", "buyer"]), unique=True).map(tuple),
            "preferences": st.dictionaries(
                st.sampled_from(["max_price", "min_price", "min_beds"]), st.sampled_from([2, 500_000, 900_000])
            ).filter(lambda wishes: wishes.get("max_price") != 2 and wishes.get("min_price") != 2),
            "last_interaction": st.sampled_from([None, later(-5), later(-9)]),
            "created_at": st.sampled_from([later(-100), later(-50)]),
        }
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(lives(), lives(), st.booleans(), st.booleans(), st.booleans())
def test_merge_then_undo_is_identity(
    one: dict[str, Any], other: dict[str, Any], through_steps: bool, noted: bool, texted: bool
) -> None:
    async def run() -> None:
        clock = SteppingClock()
        store = MemoryStore(clock, CountingIds(1))
        async with store.system() as system:
            await system.users.add(samples.user(1))
        async with store.tenant(RITA) as tx:
            for number, life in ((10, one), (11, other)):
                client = samples.client(RITA, number, **life | {"email": f"{number}@example.com"})
                try:
                    HOMES.seekers(client, ())
                except ValueError:
                    client = evolve(client, preferences={})
                if through_steps:
                    await book.add(tx, client, "rita", HOMES)
                else:
                    await tx.clients.add([client])
            if noted:
                await write_note(tx, uid(30), ANA, "a note", "rita")
            if texted:
                await tx.messages.receive(samples.inbound(RITA, 70, ANA))
                await tx.briefings.add(samples.briefing(RITA, 60, matched_audience=(samples.member(ANA),)))
        before = await both(store)
        clock.forward(5)
        async with store.tenant(RITA) as tx:
            done = await merge.merge(tx, uid(900), BEN, ANA, "rita", HOMES)
        clock.forward(5)
        async with store.tenant(RITA) as tx:
            await merge.undo(tx, done.id, "rita")
        after = await both(store)
        if through_steps:
            assert after == before
        else:  # what had no note or fact has one now, and says the same
            assert [d.client for d in after] == [d.client for d in before]
            assert [d.messages for d in after] == [d.messages for d in before]

    asyncio.run(run())
