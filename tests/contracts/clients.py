"""UOW-600 to UOW-640: clients in lists, what is known of them, and what is left when they are erased."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve

from nudge_core.errors import Conflict, Invalid, NotFound
from nudge_core.model.carrier import InboundText
from nudge_core.model.carrier_event import arrival_of
from nudge_core.model.client import EVERYBODY, ClientFilter, ClientOrder
from nudge_core.model.client_fact import ClientFact, FactState, Span
from nudge_core.model.client_note import ClientNote
from nudge_core.model.consent import ConsentKind, SuppressionScope
from nudge_core.model.dossier import ERASED, Happening, TimelineEntry
from nudge_core.model.idempotency import FORGOTTEN, KeyVerdict, StoredAnswer
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.model.page import PageRequest
from nudge_core.model.vector import Vector
from nudge_core.ports import Reader, Store
from tests import client_samples, samples
from tests.contracts.storage import BEN, OTHER, OWNER, StorageContract, add_client, add_practice, agree, numbers, queue
from tests.samples import NOON, THEIR_NUMBER, SteppingClock, later, uid

SECOND_NUMBER = "+15125550177"


def a_note(number: int, **changes: Any) -> ClientNote:
    """A note about Ben."""
    return client_samples.note(OWNER, number, changes.pop("client_id", BEN), **changes)


def a_fact(number: int, **changes: Any) -> ClientFact:
    """A wish of Ben's."""
    return client_samples.fact(OWNER, number, changes.pop("client_id", BEN), **changes)


async def listed(store: Store, which: ClientFilter) -> list[int]:
    """Return the numbers of those on a list."""
    page = await store.screens.clients(Reader(OWNER), PageRequest(), ClientOrder.NAME, which)
    assert page is not None
    return [line.id.int for line in page.items]


async def a_whole_life(store: Store) -> None:
    """Give Ben a row in every table that knows clients."""
    text = InboundText(
        provider_sid="SM70", sender=THEIR_NUMBER, recipient=samples.OUR_NUMBER, body="My boat sank", at=NOON
    )
    async with store.tenant(OWNER) as tx:
        known = await tx.clients.for_change(BEN)
        await tx.clients.save(evolve(known, email="ben@example.com", notes="Has a boat"))
        await tx.consents.add([samples.consent(OWNER, 20, BEN, wording="Ben said yes")])
        await tx.client_notes.add([a_note(30, text="Has a boat")])
        await tx.client_facts.add([a_fact(40), a_fact(41, superseded_by=uid(40))])
        await tx.interactions.add([samples.interaction(OWNER, 50, BEN, note="talked of boats")])
        await tx.briefings.add(samples.briefing(OWNER, 60, client_id=BEN, is_plan=True, headline="Ben's plan"))
        await tx.briefings.add(
            samples.briefing(
                OWNER,
                61,
                edited_draft="Hi Ben Ortiz, look",
                matched_audience=(samples.member(BEN), samples.member(uid(11))),
            )
        )
        await tx.messages.queue([samples.approved(OWNER, 71, BEN, briefing_id=uid(61))])
        await tx.messages.receive(samples.inbound(OWNER, 70, BEN, content="My boat sank"))
        await tx.carrier_events.add(evolve(arrival_of(text).at(NOON, OWNER), handled_at=NOON))
        await tx.scheduled.add([samples.scheduled(OWNER, 80, BEN, parent_plan_id=uid(60))])
        await tx.negative_preferences.add([samples.negative_preference(OWNER, 90, BEN, uid(61))])
        await tx.market_events.add([samples.market_event(OWNER, 40)])
        await tx.exposures.add([samples.exposure(OWNER, 91, BEN, uid(40))])
        await tx.audit.add([samples.audit_entry(OWNER, 95, BEN, action="client.changed", facts={"fields": ["phone"]})])
        await tx.notes.add(
            [
                samples.note(96, OWNER, payload={"client_id": str(BEN), "words": "boat"}),
                samples.note(97, OWNER, payload={"ranking": {"members": [{"client_id": str(BEN), "text": "boat"}]}}),
            ]
        )


class ClientsContract(StorageContract):
    """Lists, versions, notes, facts, dossiers."""

    async def test_uow_606_for_change_is_the_owner_s_alone_and_a_save_tells_when(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            first = await tx.clients.for_change(BEN)
            assert first.updated_at is None
            saved = await tx.clients.save(evolve(first, full_name="Ben O."))
            assert (saved.version, saved.updated_at) == (2, NOON)
            assert await tx.clients.get(BEN) == saved
        with pytest.raises(NotFound):
            async with store.tenant(OTHER) as tx:
                await tx.clients.for_change(BEN)

    async def test_uow_609_meanings_are_those_of_one_model(self, store: Store) -> None:
        await add_practice(store)
        vector = Vector(np.array([1.0, 0.0], dtype=np.float32), "m")
        async with store.tenant(OWNER) as tx:
            assert await tx.clients.describe(BEN, "", vector)
            assert await tx.clients.meanings("m", EVERYBODY) == {BEN: vector}
            assert await tx.clients.meanings("m", ClientFilter(tag="vip")) == {}
            assert await tx.clients.meanings("n", EVERYBODY) == {}
        async with store.tenant(OTHER) as tx:
            assert await tx.clients.meanings("m", EVERYBODY) == {}

    async def test_uow_604_a_list_is_filtered_by_reach_time_and_role(self, store: Store) -> None:
        await add_practice(store)  # 10: a phone, nothing else
        await add_client(store, OWNER, 11, full_name="Ana", phone=None, user_tags=("First-Time  Buyer",))
        await add_client(store, OWNER, 12, phone=SECOND_NUMBER, ai_tags=("vip",))
        await add_client(store, OWNER, 13, phone="+15125550178", preferences={"roles": ["Investor"]})
        await add_client(store, OWNER, 14, phone=None, preferences={"roles": "seller"}, last_interaction=later(-50))
        await agree(store, SECOND_NUMBER, client_id=uid(12))
        await agree(store, "+15125550178", client_id=uid(13))
        async with store.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 1, phone="+15125550178"))
        found = {
            (12,): [ClientFilter(tag="vip"), ClientFilter(textable=True)],
            (11, 13): [ClientFilter(role_names=frozenset({"first time buyer", "investor"}))],
            (14,): [
                ClientFilter(role_names=frozenset({"seller"})),
                ClientFilter(contacted_from=later(-50)),
                ClientFilter(contacted_until=later(-49), contacted_from=later(-60)),
            ],
            (11, 14): [ClientFilter(has_phone=False)],
            (13,): [ClientFilter(suppressed=True)],
            (10, 11, 12, 14): [ClientFilter(suppressed=False)],
            (10, 11, 13, 14): [ClientFilter(textable=False)],
            (10, 12): [ClientFilter(has_phone=True, suppressed=False)],
            (10, 11, 12, 13): [ClientFilter(contacted_until=later(-50))],
            (10, 11, 12, 13, 14): [ClientFilter(updated_from=NOON)],
            (): [ClientFilter(updated_until=NOON), ClientFilter(role_names=frozenset())],
        }
        for expected, filters in found.items():
            for which in filters:
                assert sorted(await listed(store, which)) == list(expected), which

    async def test_uow_605_a_consent_withdrawn_or_a_suppression_lifted_counts_by_the_newest_record(
        self, store: Store
    ) -> None:
        await add_practice(store)
        await agree(store, THEIR_NUMBER)
        async with store.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 1))
            await tx.suppressions.add(samples.suppression(OWNER, 2, active=False, reason="started"))
        assert await listed(store, ClientFilter(textable=True)) == [10]
        async with store.tenant(OWNER) as tx:
            await tx.consents.add([samples.consent(OWNER, 3, BEN, kind=ConsentKind.NONE)])
        assert await listed(store, ClientFilter(textable=True)) == []

    async def test_uow_607_words_are_found_in_names_tags_and_notes(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, OWNER, 11, full_name="Ana", notes="wants a GARAGE")
        await add_client(store, OWNER, 12, full_name="Garagenwart")
        await add_client(store, OWNER, 13, full_name="Cleo", user_tags=("garage door",))
        await add_client(store, OTHER, 14, full_name="garage")
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.clients.mentioning(["garage"], EVERYBODY)) == [11, 12, 13]
            assert numbers(*await tx.clients.mentioning(["door", "ben"], EVERYBODY)) == [10, 13]
            assert numbers(*await tx.clients.mentioning(["garage"], ClientFilter(tag="garage door"))) == [13]
            assert await tx.clients.mentioning([], EVERYBODY) == []
            assert await tx.clients.mentioning(["%"], EVERYBODY) == []

    async def test_uow_608_somebody_is_found_by_phone_or_email(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, OWNER, 11, phone=None, email="Ana@Example.com")
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.clients.reachable_at([THEIR_NUMBER], ["ANA@example.com"])) == [10, 11]
            assert await tx.clients.reachable_at([], []) == []

    async def test_uow_610_notes_come_back_in_order_and_are_paged(self, store: Store) -> None:
        await add_practice(store)
        notes = [a_note(31, at=later(9)), a_note(32), a_note(33, is_whole=True, text="")]
        async with store.tenant(OWNER) as tx:
            await tx.client_notes.add(notes)
            assert list(await tx.client_notes.of_client(BEN)) == [notes[1], notes[2], notes[0]]
            first = await tx.client_notes.page(BEN, PageRequest(limit=2))
            assert numbers(*first.items) == [31, 33]
            second = await tx.client_notes.page(BEN, PageRequest(limit=2, after=first.last))
            assert (numbers(*second.items), second.last) == ([32], None)
            assert (await tx.client_notes.page(uid(404), PageRequest())).items == ()
        for owner, client_id, error in ((OWNER, uid(404), NotFound), (OTHER, BEN, NotFound)):
            with pytest.raises(error):
                async with store.tenant(owner) as tx:
                    await tx.client_notes.add([a_note(34, user_id=owner, client_id=client_id)])
        with pytest.raises(Invalid):
            async with store.tenant(OWNER) as tx:
                await tx.client_notes.page(BEN, PageRequest(after=("no id",)))

    async def test_uow_611_facts_keep_their_history(self, store: Store) -> None:
        await add_practice(store)
        span = Span(text_id=uid(30), start=3, end=9)
        old = a_fact(40, value={"max": 1.5, "areas": ["Zilker", None]}, span=span, confidence=0.5, at=later(-9))
        new = a_fact(41)
        async with store.tenant(OWNER) as tx:
            await tx.client_facts.add([old, new])
            await tx.client_facts.save(evolve(old, superseded_by=uid(41), value="ignored"))
            assert await tx.client_facts.get(uid(40)) == evolve(old, superseded_by=uid(41))
            assert await tx.client_facts.current([BEN, uid(404)]) == {BEN: [new]}
            assert await tx.client_facts.current([]) == {}
            await tx.client_facts.save(evolve(new, state=FactState.RETRACTED))
            assert numbers(*await tx.client_facts.of_client(BEN)) == [40, 41]
            assert await tx.client_facts.current([BEN]) == {}, "one was superseded, one taken back"
        for owner, fact in ((OTHER, evolve(old, user_id=OTHER)), (OWNER, a_fact(404))):
            with pytest.raises(NotFound):
                async with store.tenant(owner) as tx:
                    await tx.client_facts.save(fact)
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.client_facts.add([a_fact(44, superseded_by=uid(404))])

    async def test_uow_620_a_timeline_shows_everything_newest_first(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, OWNER, 11)
        await a_whole_life(store)
        async with store.tenant(OWNER) as tx:
            whole = await tx.dossiers.timeline(BEN, PageRequest())
            kinds = {entry.kind: numbers(entry.what)[0] for entry in whole.items}
            assert set(kinds) == set(Happening)
            seen: list[TimelineEntry] = []
            after = None
            while True:
                page = await tx.dossiers.timeline(BEN, PageRequest(limit=2, after=after))
                seen += page.items
                after = page.last
                if after is None:
                    break
            assert tuple(seen) == whole.items
            assert sorted(numbers(*(entry.what for entry in whole.items))) == [30, 40, 41, 50, 60, 61, 70, 71, 95]
            (nudge,) = [entry.what for entry in whole.items if entry.what.id == uid(61)]
            assert [member.client_id for member in nudge.matched_audience] == [BEN]  # type: ignore[union-attr]  # a nudge
        async with store.tenant(OTHER) as tx:
            assert (await tx.dossiers.timeline(BEN, PageRequest())).items == ()
        with pytest.raises(Invalid):
            async with store.tenant(OWNER) as tx:
                await tx.dossiers.timeline(BEN, PageRequest(after=("2026", "note")))

    async def test_uow_621_a_dossier_holds_everything(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, OWNER, 11, phone=None)
        await a_whole_life(store)
        async with store.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 5))
            found = await tx.dossiers.of(BEN)
        held = {
            name: numbers(*getattr(found, name))
            for name in ("notes", "facts", "messages", "scheduled", "interactions", "consents")
        }
        assert held == {
            "notes": [30], "facts": [40, 41], "messages": [70, 71], "scheduled": [80], "interactions": [50],
            "consents": [20],
        }  # fmt: skip
        assert (numbers(*found.suppressions), numbers(*found.briefings)) == ([5], [60, 61])
        assert numbers(*found.negative_preferences, *found.audit) == [90, 95]
        with pytest.raises(NotFound):
            async with store.tenant(OTHER) as tx:
                await tx.dossiers.of(BEN)

    async def test_uow_630_an_erased_client_is_nowhere(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, OWNER, 11, phone=None, full_name="Ana")
        await a_whole_life(store)
        async with store.tenant(OWNER) as tx:
            claimed = await tx.notes.claim([Topic.MATCH], 9, 60)
            assert len(claimed) == 2
        async with store.tenant(OWNER) as tx:
            done = await tx.dossiers.erase(BEN)
        assert done == {
            "briefings left": 1,
            "briefings removed": 1,
            "carrier_events blanked": 1,
            "clients removed": 1,
            "consents removed": 1,
            "exposures removed": 1,
            "facts removed": 2,
            "interactions removed": 1,
            "messages removed": 2,
            "negative_preferences removed": 1,
            "notes removed": 1,
            "notes_of_work changed": 2,
            "scheduled removed": 1,
        }
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.clients.book()) == [11]
            assert (await tx.dossiers.timeline(BEN, PageRequest())).items[0].kind is Happening.DECISION
            left = await tx.briefings.get(uid(61))
            assert (left.edited_draft, [m.client_id for m in left.matched_audience]) == (
                f"Hi {ERASED}, look",
                [uid(11)],
            )
        await self._claims_again(store, claimed)
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.dossiers.erase(BEN)

    async def _claims_again(self, store: Store, claimed: Any) -> None:
        """What was being worked on meanwhile cannot be finished; what is left of it is worked anew."""
        for work in claimed:
            with pytest.raises(Conflict):
                async with store.tenant(OWNER) as tx:
                    await tx.notes.finish(work)
        async with store.tenant(OWNER) as tx:
            (again,) = await tx.notes.claim([Topic.MATCH], 9, 60)
        assert isinstance(again, OutboxNote)
        assert again.payload == {"ranking": {"members": ()}} or again.payload == {"ranking": {"members": []}}

    async def test_uow_631_erasing_is_for_the_owner_alone_and_touches_nobody_else(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, OWNER, 11)  # the same phone
        await a_whole_life(store)
        await queue(store, 72, client_id=uid(11))
        with pytest.raises(NotFound):
            async with store.tenant(OTHER) as tx:
                await tx.dossiers.erase(BEN)
        async with store.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 5))
            done = await tx.dossiers.erase(BEN)
            assert "opt_outs kept" not in done
            assert len(await tx.suppressions.active(THEIR_NUMBER)) == 1
            assert numbers(*await tx.messages.of_client(uid(11), 9)) == [72]

    async def test_uow_632_an_opt_out_outlives_its_client(self, keyed_store: Store) -> None:
        store = keyed_store
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 5, reason="opted_out"))
            await tx.suppressions.add(samples.suppression(OWNER, 6, scope=SuppressionScope.TOPIC, topic="rates"))
        async with store.tenant(OWNER) as tx:
            assert (await tx.dossiers.erase(BEN))["opt_outs kept"] == 2
            assert await tx.suppressions.active(THEIR_NUMBER) == []
        await add_client(store, OWNER, 12, phone=None)
        await add_client(store, OTHER, 13)  # another professional has the same number
        async with store.tenant(OTHER) as tx:
            assert await tx.suppressions.active(THEIR_NUMBER) == []
        async with store.tenant(OWNER) as tx:
            assert await tx.suppressions.active(THEIR_NUMBER) == []
            await tx.clients.save(samples.client(OWNER, 12, version=1))
            again = await tx.suppressions.active(THEIR_NUMBER)
            assert [(one.reason, one.topic) for one in again] == [("opted_out", ""), ("stop", "rates")]
        async with store.tenant(OWNER) as tx:
            assert (await tx.dossiers.erase(uid(12)))["opt_outs kept"] == 2
        await add_client(store, OWNER, 14)
        async with store.tenant(OWNER) as tx:
            assert len(await tx.suppressions.active(THEIR_NUMBER)) == 2

    async def test_uow_633_what_was_answered_is_forgotten_with_a_client(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        words = StoredAnswer(status=201, headers={"content-type": "application/json"}, body=b'"Ben has a boat"')
        for owner in (OWNER, OTHER):
            async with store.tenant(owner) as tx:
                for key in (901, 902, 903):
                    await tx.idempotency.begin(uid(key), "a" * 64, 60)
                await tx.idempotency.answer(uid(901), 1, words)
                await tx.idempotency.answer(uid(902), 1, StoredAnswer(status=204))
        async with store.tenant(OWNER) as tx:
            assert (await tx.dossiers.erase(BEN))["answers forgotten"] == 1
        async with store.tenant(OWNER) as tx:
            assert not await tx.idempotency.answer(uid(903), 1, words), "said before the erasure, told after it"
            found = [await tx.idempotency.begin(uid(key), "a" * 64, 60) for key in (901, 902, 903)]
            assert [one.answer for one in found] == [FORGOTTEN, StoredAnswer(status=204), None]
            assert found[2].verdict is KeyVerdict.RUNNING
        clock.forward(61)
        async with store.tenant(OWNER) as tx:
            assert (await tx.idempotency.begin(uid(903), "a" * 64, 60)).verdict is KeyVerdict.BEGIN
        async with store.tenant(OTHER) as tx:
            assert (await tx.idempotency.begin(uid(901), "a" * 64, 60)).answer == words
            assert await tx.idempotency.answer(uid(903), 1, words)

    async def test_uow_634_who_became_part_of_an_erased_client_is_erased_too(self, keyed_store: Store) -> None:
        """11 became part of 12, and 12 of Ben; 13 did too and was taken out again; 15 became part of 14."""
        store = keyed_store
        await add_practice(store)
        number = "+15125550112"
        for other in (13, 14):
            await add_client(store, OWNER, other, phone=None)
        second_hand = client_samples.merge(OWNER, 400, 12, 11)
        merges = [
            evolve(second_hand, gone=samples.client(OWNER, 11, phone=number, full_name="Zed Oz")),
            client_samples.merge(OWNER, 401, 10, 12),
            client_samples.merge(OWNER, 402, 10, 13),
            client_samples.merge(OWNER, 403, 14, 15),
        ]
        async with store.tenant(OWNER) as tx:
            for merge in merges:
                await tx.client_merges.add(merge)
            await tx.client_merges.undone(uid(402))
            await tx.suppressions.add(samples.suppression(OWNER, 5, phone=number, source_sid=None))
            audience = (samples.member(BEN), samples.member(uid(14)))
            await tx.briefings.add(samples.briefing(OWNER, 61, headline="Zed Oz, and Ben", matched_audience=audience))
            assert [one.phone for one in (await tx.dossiers.of(BEN)).suppressions] == [number]
        async with store.tenant(OWNER) as tx:
            done = await tx.dossiers.erase(BEN)
            assert (done["merges removed"], done["opt_outs kept"]) == (3, 1)
            assert (await tx.client_merges.get(uid(403))).gone.id == uid(15)
            for gone in (400, 401, 402):
                with pytest.raises(NotFound):
                    await tx.client_merges.get(uid(gone))
            assert await tx.suppressions.active(number) == []
            assert (await tx.briefings.get(uid(61))).headline == f"{ERASED}, and Ben"
            assert numbers(*await tx.clients.book()) == [13, 14]
            await tx.clients.add([samples.client(OWNER, 16, phone=number)])
            assert [one.reason for one in await tx.suppressions.active(number)] == ["stop"]

    async def test_uow_640_the_events_about_a_resource_are_told_newest_first(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.resources.store([samples.resource(OWNER, 100), samples.resource(OWNER, 101)])
            told = [
                samples.market_event(OWNER, 200 + n, resource_id=uid(100), created_at=later(n), entity_id="L100")
                for n in (2, 1, 3)
            ]
            await tx.market_events.add([*told, samples.market_event(OWNER, 210, resource_id=uid(101))])
            assert numbers(*await tx.market_events.about(uid(100), 2)) == [203, 202]
        async with store.tenant(OTHER) as tx:
            assert await tx.market_events.about(uid(100), 2) == []
