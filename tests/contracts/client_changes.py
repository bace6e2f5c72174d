"""UOW-641 to UOW-646: clients that come together, become one, become two again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import pytest
from attrs import evolve

from nudge_core.errors import Conflict, NotFound
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.client_fact import FactState
from nudge_core.model.client_import import ClientImport, RowProblem, RowVerdict
from nudge_core.model.client_merge import AudienceMove, ClientMerge, FactChange, Moved
from nudge_core.model.page import PageRequest
from nudge_core.model.vector import Vector
from nudge_core.ports import Store
from tests import samples
from tests.contracts.clients import a_fact, a_note, a_whole_life
from tests.contracts.storage import BEN, OTHER, OWNER, StorageContract, add_client, add_practice, numbers
from tests.samples import NOON, later, uid


class ClientChangesContract(StorageContract):
    """Imports, merges, and what they rest on."""

    async def test_uow_641_imports_come_back_and_are_undone_once(self, store: Store) -> None:
        await add_practice(store)
        problem = RowProblem(line=2, verdict=RowVerdict.CONFLICT, field="client.phone", rule="taken", client_id=BEN)
        done = [
            ClientImport(
                id=uid(number),
                user_id=OWNER,
                created_by="rita",
                created_at=later(number),
                rows=3,
                added=(BEN,),
                problems=(problem, evolve(problem, line=3, client_id=None, other_line=2)),
            )
            for number in (300, 301, 302)
        ]
        async with store.tenant(OWNER) as tx:
            for one in done:
                await tx.client_imports.add(one)
            assert await tx.client_imports.get(uid(300)) == done[0]
            page = await tx.client_imports.page(PageRequest(limit=2))
            assert numbers(*page.items) == [302, 301]
            rest = await tx.client_imports.page(PageRequest(limit=2, after=page.last))
            assert (numbers(*rest.items), rest.last) == ([300], None)
            await tx.client_imports.undone(uid(300))
            assert (await tx.client_imports.get(uid(300))).undone_at == NOON
        for owner, number, error in ((OWNER, 300, Conflict), (OTHER, 301, NotFound)):
            with pytest.raises(error):
                async with store.tenant(owner) as tx:
                    await tx.client_imports.undone(uid(number))

    async def test_uow_642_only_who_is_untouched_is_taken_back(self, store: Store) -> None:
        await add_practice(store)
        for number in (11, 12, 13, 14):
            await add_client(store, OWNER, number, phone=f"+151255501{number}")
        await add_client(store, OTHER, 15)
        async with store.tenant(OWNER) as tx:
            await tx.client_notes.add([a_note(30, client_id=uid(11))])
            await tx.client_facts.add([a_fact(40, client_id=uid(11))])
            await tx.clients.save(await tx.clients.get(uid(12)))
            await tx.messages.receive(samples.inbound(OWNER, 70, uid(13)))
            await tx.briefings.add(samples.briefing(OWNER, 60, matched_audience=(samples.member(uid(14)),)))
            assert await tx.dossiers.take_back([uid(n) for n in (11, 12, 13, 14, 15, 99)]) == {uid(11)}
            assert numbers(*await tx.clients.book()) == [10, 12, 13, 14]
            assert await tx.dossiers.take_back([]) == frozenset()

    async def test_uow_643_what_belongs_to_a_client_moves_and_moves_back(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, OWNER, 11, phone=None)
        await a_whole_life(store)
        async with store.tenant(OWNER) as tx:
            before = await tx.dossiers.of(BEN)
            moved = await tx.dossiers.reassign(BEN, uid(11), None)
            assert {name: numbers_of(ids) for name, ids in moved.rows.items()} == {
                "scheduled": [80], "messages": [70, 71], "interactions": [50], "notes": [30], "facts": [40, 41],
                "consents": [20], "negative_preferences": [90], "briefings": [60],
            }  # fmt: skip
            assert [(move.place, move.other_too) for move in moved.audiences] == [(0, True)]
            left = await tx.dossiers.of(BEN)
            assert (left.messages, left.notes, left.briefings) == ((), (), ())
            await tx.client_notes.add([a_note(31, client_id=uid(11))])
            await tx.dossiers.reassign(uid(11), BEN, moved)
            after = await tx.dossiers.of(BEN)
            assert evolve(after, briefings=()) == evolve(before, briefings=())
            assert [one.matched_audience for one in after.briefings] == [b.matched_audience for b in before.briefings]
            assert numbers(*(await tx.dossiers.of(uid(11))).notes) == [31]
        for owner, target in ((OTHER, uid(11)), (OWNER, uid(404))):
            with pytest.raises(NotFound):
                async with store.tenant(owner) as tx:
                    await tx.dossiers.reassign(BEN, target, None)

    async def test_uow_644_a_merge_comes_back_as_it_went_in(self, store: Store) -> None:
        await add_practice(store)
        vector = Vector(np.array([0.1, -0.7, 0.3], dtype=np.float32), "m")
        async with store.tenant(OWNER) as tx:
            ben = evolve(await tx.clients.get(BEN), notes_embedding=vector, preferences={"a": [1, {"b": None}]})
            merge = ClientMerge(
                id=uid(400),
                user_id=OWNER,
                merged_by="rita",
                merged_at=NOON,
                kept=ben,
                gone=evolve(ben, id=uid(11), last_interaction=later(1)),
                after=evolve(ben, version=2, updated_at=NOON),
                moved=Moved(
                    rows={"messages": (uid(70),)},
                    audiences=(AudienceMove(briefing_id=uid(60), place=1, member=samples.member(BEN), other_too=True),),
                ),
                facts=(
                    FactChange(
                        fact_id=uid(40),
                        state=FactState.ACCEPTED,
                        superseded_by=None,
                        state_after=FactState.PROPOSED,
                        superseded_after=uid(41),
                    ),
                ),
            )
            await tx.client_merges.add(merge)
        async with store.tenant(OWNER) as tx:
            assert await tx.client_merges.get(uid(400)) == merge
            await tx.client_merges.undone(uid(400))
        for owner, error in ((OWNER, Conflict), (OTHER, NotFound)):
            with pytest.raises(error):
                async with store.tenant(owner) as tx:
                    await tx.client_merges.undone(uid(400))

    async def test_uow_645_a_client_is_put_back_exactly_and_above_its_version(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            first = await tx.clients.get(BEN)
            await tx.clients.touch([BEN], later(9))
            await tx.clients.save(evolve(await tx.clients.get(BEN), full_name="Other"))
            await tx.dossiers.put_back(first)
            assert await tx.clients.get(BEN) == evolve(first, version=3)
            await tx.dossiers.drop(BEN)
            assert await tx.clients.book() == []
            await tx.dossiers.put_back(evolve(first, version=7))
            assert await tx.clients.get(BEN) == evolve(first, version=7)
            await tx.client_notes.add([a_note(30)])
            await tx.dossiers.drop_note(uid(30))
            await tx.dossiers.drop_note(uid(30))
        with pytest.raises(NotFound):
            async with store.tenant(OTHER) as tx:
                await tx.dossiers.drop(BEN)

    async def test_uow_646_plans_are_counted_by_client_and_state(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 60, client_id=BEN, is_plan=True))
            await tx.briefings.add(samples.briefing(OWNER, 61, client_id=BEN, is_plan=True))
            await tx.briefings.add(samples.briefing(OWNER, 62, client_id=BEN))
            assert await tx.dossiers.plans([BEN, uid(11)]) == {BEN: {BriefingStatus.DRAFT: 2}}
            assert await tx.dossiers.plans([]) == {}


def numbers_of(ids: Sequence[UUID]) -> list[int]:
    """Return the numbers that ids were made of."""
    return [one.int for one in ids]
