"""UOW-20 to UOW-39: professionals, clients, consent, silence, contents, decisions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve

from nudge_core.errors import Conflict, Invalid, NotFound
from nudge_core.model.client import ClientFilter, ClientOrder
from nudge_core.model.consent import ConsentKind, SuppressionScope
from nudge_core.model.page import PageRequest
from nudge_core.model.vector import Vector
from nudge_core.ports import Reader, Store
from tests import samples
from tests.contracts.storage import BEN, OTHER, OWNER, StorageContract, add_client, add_practice, add_user, numbers
from tests.samples import THEIR_NUMBER, later, uid


class PeopleContract(StorageContract):
    """Who there is, and who may be texted."""

    async def test_uow_20_a_user_comes_back_as_it_went_in(self, store: Store) -> None:
        rita = samples.user(
            1,
            market_focus=("Austin", "78704"),
            specialties=("condos",),
            strategy={"follow_up": {"days": [1, 3]}},
            onboarding_state={"step": 2},
            license_number="TX-1",
            twilio_phone_number=samples.OUR_NUMBER,
            faq_auto_responder_enabled=True,
        )
        async with store.system() as tx:
            await tx.users.add(rita)
        async with store.system() as tx:
            assert await tx.users.get(rita.id) == rita

    async def test_uow_21_phone_and_sending_number_belong_to_one_user(self, store: Store) -> None:
        await add_user(store, 1, twilio_phone_number=samples.OUR_NUMBER)
        first = samples.user(1)
        for second in (
            samples.user(1),
            samples.user(2, phone_number=first.phone_number),
            samples.user(2, twilio_phone_number=samples.OUR_NUMBER),
        ):
            with pytest.raises(Conflict, match="taken"):
                async with store.system() as tx:
                    await tx.users.add(second)
        await add_user(store, 2)
        with pytest.raises(Conflict, match="taken"):
            async with store.system() as tx:
                await tx.users.save(samples.user(2, phone_number=first.phone_number))

    async def test_uow_22_a_user_is_replaced_or_not_found(self, store: Store) -> None:
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            await tx.users.save(samples.user(1, business_name="Vega Homes"))
        async with store.system() as tx:
            assert (await tx.users.get(OWNER)).business_name == "Vega Homes"
        with pytest.raises(NotFound):
            async with store.system() as tx:
                await tx.users.save(samples.user(2))
        with pytest.raises(NotFound):
            async with store.system() as tx:
                await tx.users.get(OTHER)

    async def test_uow_23_all_users_by_id(self, store: Store) -> None:
        for number in (3, 1, 2):
            await add_user(store, number)
        async with store.system() as tx:
            assert numbers(*await tx.users.all()) == [1, 2, 3]

    async def test_uow_24_a_client_comes_back_as_it_went_in(self, store: Store) -> None:
        await add_user(store)
        ben = samples.client(
            OWNER,
            10,
            email="ben@example.com",
            phone=None,
            phone_as_given="call me maybe",
            notes="Wants a garage. 😀 O'Fallon",
            notes_embedding=Vector(np.array([0.1, -0.7, 0.3, 1e-7], dtype=np.float32), "static-256"),
            ai_tags=("buyer",),
            user_tags=("vip", "buyer"),
            preferences={"budget": {"max": 500_000}, "areas": ["Zilker"], "share": 0.25},
            last_interaction=later(-3600),
            timezone="America/Denver",
        )
        async with store.tenant(OWNER) as tx:
            await tx.clients.add([ben])
        async with store.tenant(OWNER) as tx:
            assert await tx.clients.get(BEN) == ben

    async def test_uow_25_clients_are_added_all_or_none(self, store: Store) -> None:
        await add_practice(store)
        with pytest.raises(Conflict):
            async with store.tenant(OWNER) as tx:
                await tx.clients.add([samples.client(OWNER, 11), samples.client(OWNER, 10)])
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.clients.book()) == [10]

    async def test_uow_26_an_email_is_unique_in_a_book_and_free_in_another(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, OWNER, 11, email="ben@example.com")
        await add_client(store, OTHER, 11, email="ben@example.com")
        with pytest.raises(Conflict, match="e-mail"):
            await add_client(store, OWNER, 12, email="ben@example.com")
        with pytest.raises(Conflict, match="e-mail"):
            async with store.tenant(OWNER) as tx:
                await tx.clients.save(samples.client(OWNER, 10, email="ben@example.com"))
        await add_client(store, OWNER, 13, email=None)
        async with store.tenant(OWNER) as tx:
            await tx.clients.save(samples.client(OWNER, 11, email="ben@example.com", full_name="Ben O."))

    async def test_uow_27_the_book_and_a_phone_by_id(self, store: Store) -> None:
        await add_user(store)
        for number in (12, 10, 11):
            await add_client(store, OWNER, number, phone=None if number == 11 else THEIR_NUMBER)
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.clients.book()) == [10, 11, 12]
            assert numbers(*await tx.clients.by_phone(THEIR_NUMBER)) == [10, 12]
            assert await tx.clients.by_phone("+15125550000") == []
            with pytest.raises(NotFound):
                await tx.clients.get(uid(99))

    async def test_uow_28_the_newest_consent_counts(self, store: Store) -> None:
        await add_practice(store)
        records = [
            samples.consent(OWNER, 1, BEN, recorded_at=later(10), kind=ConsentKind.EXPRESS),
            samples.consent(OWNER, 2, BEN, recorded_at=later(0)),
            samples.consent(OWNER, 3, BEN, phone="+15125550001"),
        ]
        async with store.tenant(OWNER) as tx:
            await tx.consents.add(records)
            assert await tx.consents.latest([THEIR_NUMBER, "+15125550002"]) == {THEIR_NUMBER: records[0]}
            same_instant = samples.consent(OWNER, 4, BEN, recorded_at=later(10), kind=ConsentKind.NONE)
            await tx.consents.add([same_instant])
        async with store.tenant(OWNER) as tx:
            latest = await tx.consents.latest([THEIR_NUMBER, "+15125550001"])
            assert numbers(latest[THEIR_NUMBER], latest["+15125550001"]) == [4, 3]

    async def test_uow_29_the_newest_suppression_per_scope_and_topic_holds_while_active(self, store: Store) -> None:
        await add_practice(store)
        stop = samples.suppression(OWNER, 1)
        start = samples.suppression(OWNER, 2, active=False, created_at=later(5), reason="start")
        listings = samples.suppression(OWNER, 3, scope=SuppressionScope.TOPIC, topic="listings")
        async with store.tenant(OWNER) as tx:
            assert await tx.suppressions.add(stop)
            assert await tx.suppressions.active(THEIR_NUMBER) == [stop]
            assert await tx.suppressions.add(start)
            assert await tx.suppressions.add(listings)
            assert await tx.suppressions.active(THEIR_NUMBER) == [listings]
            again = evolve(stop, id=uid(4), created_at=later(5))
            assert await tx.suppressions.add(again)
            assert await tx.suppressions.active(THEIR_NUMBER) == [again, listings]
            assert await tx.suppressions.active("+15125550001") == []

    async def test_uow_30_one_inbound_text_suppresses_once(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            assert await tx.suppressions.add(samples.suppression(OWNER, 1, source_sid="SM1"))
            assert not await tx.suppressions.add(samples.suppression(OWNER, 2, source_sid="SM1"))
        async with store.tenant(OTHER) as tx:
            assert await tx.suppressions.add(samples.suppression(OTHER, 1, source_sid="SM1"))
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.suppressions.active(THEIR_NUMBER)) == [1]

    async def test_uow_31_contents_newest_first_and_answers_by_id(self, store: Store) -> None:
        await add_user(store)
        old = samples.content(OWNER, 3, categories=("loans",), usage_count=4)
        new = samples.content(OWNER, 2, created_at=later(9))
        async with store.tenant(OWNER) as tx:
            await tx.contents.add(old)
            await tx.contents.add(new)
            await tx.faqs.add(samples.faq(OWNER, 6))
            await tx.faqs.add(samples.faq(OWNER, 5))
        async with store.tenant(OWNER) as tx:
            assert await tx.contents.all() == [new, old]
            assert await tx.faqs.all() == [samples.faq(OWNER, 5), samples.faq(OWNER, 6)]

    async def test_uow_32_decisions_about_a_thing_oldest_first(self, store: Store) -> None:
        await add_user(store)
        entries = [
            samples.audit_entry(OWNER, 9, BEN, at=later(3)),
            samples.audit_entry(OWNER, 8, BEN, facts={"price_cents": 1, "who": {"clients": ["a"]}}),
            samples.audit_entry(OWNER, 7, BEN),
            samples.audit_entry(OWNER, 6, uid(11)),
        ]
        async with store.tenant(OWNER) as tx:
            await tx.audit.add(entries)
        async with store.tenant(OWNER) as tx:
            assert await tx.audit.of_subject(BEN) == [entries[1], entries[2], entries[0]]

    async def test_uow_600_a_client_is_changed_over_the_version_it_was_read_at(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            read = await tx.clients.get(BEN)
            await tx.clients.touch([BEN], later(60))
            saved = await tx.clients.save(evolve(read, notes="Wants a garage"))
        assert (saved.version, saved.notes, saved.last_interaction) == (read.version + 1, "Wants a garage", later(60))
        with pytest.raises(Conflict, match="changed"):
            async with store.tenant(OWNER) as tx:
                await tx.clients.save(evolve(read, notes="Wants a pool"))
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.clients.save(samples.client(OWNER, 99))

    async def test_uow_601_the_vector_of_notes_that_have_changed_since_is_not_stored(self, store: Store) -> None:
        await add_practice(store)
        vector = Vector(np.array([0.6, 0.8], dtype=np.float32), "m")
        async with store.tenant(OWNER) as tx:
            before = await tx.clients.get(BEN)
            assert await tx.clients.describe(BEN, before.notes, vector)
            assert not await tx.clients.describe(BEN, "other notes", None)
            assert not await tx.clients.describe(uid(99), before.notes, vector)
            assert await tx.clients.get(BEN) == evolve(before, notes_embedding=vector)
        async with store.tenant(OTHER) as tx:
            assert not await tx.clients.describe(BEN, before.notes, None)

    @pytest.mark.parametrize("order", list(ClientOrder))
    async def test_uow_602_pages_in_every_order_hold_each_client_once(self, store: Store, order: ClientOrder) -> None:
        await add_user(store)
        await add_user(store, 2)
        for number, name in ((10, "ben Ortiz"), (11, "Ben Ortiz"), (12, "Ána"), (13, "ben Ortiz"), (14, "Zoe_%")):
            contact = later(number) if number % 2 else None
            await add_client(
                store, OWNER, number, full_name=name, created_at=later(number // 2), last_interaction=contact
            )
        await add_client(store, OTHER, 20)
        seen: list[int] = []
        after: tuple[str, ...] | None = None
        while True:
            page = await store.screens.clients(Reader(OWNER), PageRequest(limit=2, after=after), order, ClientFilter())
            assert page is not None
            seen += [client.id.int for client in page.items]
            if (after := page.last) is None:
                break
        with pytest.raises(Invalid, match="cursor"):
            await store.screens.clients(Reader(OWNER), PageRequest(after=("x",)), order, ClientFilter())
        wanted = {
            ClientOrder.NAME: [10, 11, 13, 14, 12],
            ClientOrder.NEWEST: [14, 13, 12, 11, 10],
            ClientOrder.LAST_CONTACT: [13, 11, 14, 12, 10],
        }
        assert seen == wanted[order]

    async def test_uow_603_a_page_of_those_with_a_tag_or_letters_in_the_name(self, store: Store) -> None:
        await add_user(store)
        await add_client(store, OWNER, 10, full_name="Ben Ortiz", user_tags=("vip",))
        await add_client(store, OWNER, 11, full_name="100% Zoe", ai_tags=("vip", "buyer"))
        await add_client(store, OWNER, 12, full_name="Vip Ito")

        async def found(**which: Any) -> list[int]:
            page = await store.screens.clients(Reader(OWNER), PageRequest(), ClientOrder.NAME, ClientFilter(**which))
            assert page is not None
            return [client.id.int for client in page.items]

        assert await found(tag="vip") == [11, 10]
        assert await found(name_has="IT") == [12]
        assert await found(name_has="%") == [11]
        assert await found(tag="vip", name_has="ben") == [10]
        async with store.tenant(OWNER) as tx:
            assert await tx.clients.tags() == {"vip": 2, "buyer": 1}
