"""Clients who are held out are in no draft, and it is written down how likely that was."""

from __future__ import annotations

from uuid import UUID

import pytest
from attrs import evolve

from nudge_adapters.memory import MemoryStore
from nudge_core.learning.holdout import is_held_out, period_of
from nudge_core.matching.ranking import Ranking
from nudge_core.model.briefing import Decision, Draft
from nudge_core.model.json import Json
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.steps import draft
from nudge_core.verticals import VERTICALS
from tests import samples
from tests.samples import NOON, CountingIds, SteppingClock, later, uid

OWNER = uid(1)
CLIENTS = [uid(n) for n in range(10, 50)]
VERTICAL = VERTICALS["real_estate"]


async def drafted(store: MemoryStore, clients: list[UUID], percent: int, *, ask: bool = True) -> draft.Prepared:
    """Draft an event that is an offer to these clients, and to one more a question; return what was prepared."""
    listing = {"list_price_cents": 450_000_00, "city": "Georgetown", "property_type": "Residential"}
    event = samples.market_event(OWNER, 40, event_type="new_listing", payload={"listing": listing, "change": {}})
    members = [samples.member(one, 80) for one in clients]
    asked = evolve(samples.member(uid(50), 60), decision=Decision.ASK, included=False)
    ranking = Ranking(subject_id=event.id, members=(*members, *([asked] if ask else ())), considered=41)
    payload: dict[str, Json] = {"event_id": str(event.id), "ranking": ranking.as_json()}
    note = OutboxNote(id=uid(60), topic=Topic.DRAFT, user_id=OWNER, dedupe_key="d", created_at=NOON, payload=payload)
    async with store.system() as system:
        await system.users.add(samples.user(1, strategy={"holdout": {"percent": percent}}))
    async with store.tenant(OWNER) as tx:
        people = [samples.client(OWNER, one.int, phone=f"+1512555{one.int:04}") for one in (*CLIENTS, uid(50))]
        await tx.clients.add(people)
        await tx.market_events.add([event])
        await tx.notes.add([note])
    async with store.system() as system:
        (claimed,) = await system.notes.claim([Topic.DRAFT], 1, 60)
    async with store.tenant(OWNER) as tx:
        prepared = await draft.prepare(tx, claimed, VERTICAL)
        if prepared.stale is None:
            await draft.file(tx, claimed, prepared, Draft(text="Hi {first_name}", drafted_by="offline"), VERTICAL)
        else:
            await draft.drop(tx, claimed, prepared)
    return prepared


@pytest.fixture
def store(clock: SteppingClock) -> MemoryStore:
    return MemoryStore(clock, CountingIds(1))


async def counted(store: MemoryStore, clock: SteppingClock) -> dict[tuple[float, bool], int]:
    clock.forward(86_400 * 28)
    async with store.tenant(OWNER) as tx:
        arms = await tx.exposures.arms(later(-1), later(1))
    return {(one.probability, one.shown): one.clients for one in arms}


async def test_who_is_held_out_is_in_no_audience_and_counted(store: MemoryStore, clock: SteppingClock) -> None:
    held_out = {one for one in CLIENTS if is_held_out(OWNER, one, period_of(NOON), 0.5)}
    prepared = await drafted(store, CLIENTS, 50)
    assert prepared.stale is None
    audience = [member.client_id for member in prepared.ranking.members]
    assert audience == [one for one in CLIENTS if one not in held_out] + [uid(50)], "who is asked about stays"
    async with store.tenant(OWNER) as tx:
        (briefing,) = await tx.briefings.waiting(10)
    assert [member.client_id for member in briefing.matched_audience] == audience
    assert await counted(store, clock) == {(0.5, False): len(held_out), (0.5, True): 40 - len(held_out)}


async def test_without_a_hold_out_everybody_is_shown_for_certain(store: MemoryStore, clock: SteppingClock) -> None:
    await drafted(store, CLIENTS, 0)
    assert await counted(store, clock) == {(1.0, True): 40}


async def test_when_everybody_is_held_out_nothing_is_drafted_and_it_is_counted(
    store: MemoryStore, clock: SteppingClock
) -> None:
    held_out = [one for one in CLIENTS if is_held_out(OWNER, one, period_of(NOON), 0.5)][:3]
    prepared = await drafted(store, held_out, 50, ask=False)
    assert prepared.stale == draft.HELD_OUT
    async with store.tenant(OWNER) as tx:
        assert await tx.briefings.waiting(10) == []
    async with store.system() as system:
        assert await system.notes.claim([Topic.DRAFT], 1, 60) == [], "the note is done"
    assert await counted(store, clock) == {(0.5, False): 3}
