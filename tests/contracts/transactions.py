"""UOW-01 to UOW-19: what a transaction promises, and what holds for every port."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from nudge_core.errors import Conflict, Invalid, NotFound
from nudge_core.model.briefing import BriefingStatus
from nudge_core.ports import Store, TenantTransaction
from tests import samples
from tests.contracts.storage import (
    BEN,
    OTHER,
    OWNER,
    SteppingClock,
    StorageContract,
    add_client,
    add_practice,
    add_user,
    numbers,
)
from tests.samples import later, uid

Writes = tuple[Callable[[TenantTransaction], Awaitable[object]], ...]


class TransactionContract(StorageContract):
    """A block that ends commits, one that raises leaves no trace, and nobody sees what is not theirs."""

    async def test_uow_01_a_block_that_ends_commits(self, store: Store) -> None:
        await add_user(store)
        async with store.system() as tx:
            assert await tx.users.all() == [samples.user(1)]

    async def test_uow_02_a_block_that_raises_leaves_no_trace_and_the_exception_goes_on(self, store: Store) -> None:
        await add_practice(store)
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the error is raised inside the transaction
            async with store.tenant(OWNER) as tx:
                await tx.clients.save(samples.client(OWNER, 10, full_name="Changed"))
                await tx.clients.add([samples.client(OWNER, 11)])
                await tx.market_events.add([samples.market_event(OWNER, 20)])
                await tx.notes.add([samples.note(30, OWNER)])
                raise ZeroDivisionError
        async with store.tenant(OWNER) as tx:
            assert await tx.clients.book() == [samples.client(OWNER, 10)]
            assert await tx.market_events.counts() == {}
            assert await tx.notes.waiting() == {}

    async def test_uow_03_its_own_writes_can_be_read_inside(self, store: Store) -> None:
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            await tx.clients.add([samples.client(OWNER, 10)])
            assert (await tx.clients.get(BEN)).full_name == "Ben Ortiz"

    async def test_uow_04_now_is_one_instant_for_the_whole_transaction(
        self, store: Store, clock: SteppingClock
    ) -> None:
        async with store.system() as tx:
            before = tx.now
            clock.forward(60)
            assert tx.now == before == samples.NOON
        async with store.system() as tx:
            assert tx.now == later(60)

    async def test_uow_05_a_cancelled_block_leaves_no_trace(self, store: Store) -> None:
        await add_user(store)
        inside = asyncio.Event()

        async def hang() -> None:
            async with store.tenant(OWNER) as tx:
                await tx.clients.add([samples.client(OWNER, 10)])
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(hang())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with store.tenant(OWNER) as tx:
            assert await tx.clients.book() == []

    async def test_uow_06_a_write_that_fails_breaks_the_transaction(self, store: Store) -> None:
        await add_practice(store)
        with pytest.raises(Conflict, match="earlier write"):  # noqa: PT012 - the error is raised inside the transaction
            async with store.tenant(OWNER) as tx:
                await tx.clients.save(samples.client(OWNER, 10, full_name="Changed"))
                with pytest.raises(Conflict):
                    await tx.clients.add([samples.client(OWNER, 10)])
        with pytest.raises(Conflict, match="earlier write"):  # noqa: PT012 - the error is raised inside the transaction
            async with store.tenant(OWNER) as tx:
                with pytest.raises(NotFound):
                    await tx.clients.save(samples.client(OWNER, 99))
                await tx.clients.book()
        async with store.tenant(OWNER) as tx:
            assert await tx.clients.book() == [samples.client(OWNER, 10)]

    async def test_uow_07_a_read_that_finds_nothing_leaves_it_whole(self, store: Store) -> None:
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            with pytest.raises(NotFound):
                await tx.clients.get(BEN)
            await tx.clients.add([samples.client(OWNER, 10)])
        async with store.tenant(OWNER) as tx:
            assert len(await tx.clients.book()) == 1

    async def test_uow_08_a_transaction_cannot_be_used_after_its_block(self, store: Store) -> None:
        async with store.system() as tx:
            pass
        with pytest.raises(RuntimeError, match="ended"):
            await tx.users.all()

    async def test_uow_09_a_tenant_reads_and_changes_nothing_of_another(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.resources.store([samples.resource(OWNER, 40)])
            await tx.market_events.add([samples.market_event(OWNER, 50, resource_id=uid(40))])
            await tx.briefings.add(samples.briefing(OWNER, 60, triggering_resource_id=uid(40)))
            await tx.messages.queue([samples.approved(OWNER, 70, BEN)])
            await tx.scheduled.add([samples.scheduled(OWNER, 80, BEN)])
            await tx.interactions.add([samples.interaction(OWNER, 85, BEN)])
            await tx.consents.add([samples.consent(OWNER, 90, BEN)])
            await tx.suppressions.add(samples.suppression(OWNER, 100))
            await tx.negative_preferences.add([samples.negative_preference(OWNER, 110, BEN, uid(60))])
            await tx.audit.add([samples.audit_entry(OWNER, 120, uid(60))])
            await tx.contents.add(samples.content(OWNER, 130))
            await tx.faqs.add(samples.faq(OWNER, 140))
            await tx.notes.add([samples.note(150, OWNER)])
        async with store.tenant(OTHER) as tx:
            assert [user.id for user in await tx.users.all()] == [OTHER]
            assert await tx.clients.book() == []
            assert await tx.clients.by_phone(samples.THEIR_NUMBER) == []
            assert await tx.resources.by_entity(samples.SOURCE, ["L40"]) == {}
            assert await tx.resources.active(10) == []
            assert await tx.market_events.get([uid(50)]) == []
            assert await tx.market_events.counts() == {}
            assert await tx.briefings.waiting(10) == []
            assert await tx.briefings.for_resources([uid(40)], list(BriefingStatus)) == []
            assert await tx.briefings.counts() == {}
            assert await tx.messages.of_client(BEN, 10) == []
            assert await tx.messages.counts() == {}
            assert await tx.scheduled.of_client(BEN) == []
            assert await tx.interactions.of_client(BEN, 10) == []
            assert await tx.interactions.latest_contact([BEN]) == {}
            assert await tx.consents.latest([samples.THEIR_NUMBER]) == {}
            assert await tx.suppressions.active(samples.THEIR_NUMBER) == []
            assert await tx.negative_preferences.all() == []
            assert await tx.audit.of_subject(uid(60)) == []
            assert await tx.contents.all() == []
            assert await tx.faqs.all() == []
            assert await tx.notes.waiting() == {}
            missing = (
                tx.users.get(OWNER),
                tx.clients.get(BEN),
                tx.resources.get(uid(40)),
                tx.briefings.get(uid(60)),
                tx.messages.get(uid(70)),
                tx.scheduled.get(uid(80)),
            )
            for read in missing:
                with pytest.raises(NotFound):
                    await read

    async def test_uow_10_a_foreign_thing_and_a_missing_one_answer_alike(self, store: Store) -> None:
        await add_practice(store)
        answers = []
        for client_id in (BEN, uid(999)):
            with pytest.raises(NotFound) as caught:
                async with store.tenant(OTHER) as tx:
                    await tx.clients.get(client_id)
            answers.append(str(caught.value).replace(str(client_id), "X"))
            with pytest.raises(NotFound) as caught:
                async with store.tenant(OTHER) as tx:
                    await tx.messages.queue([samples.approved(OTHER, 70, client_id)])
            answers.append(str(caught.value).replace(str(client_id), "X"))
        assert answers[:2] == answers[2:]

    async def test_uow_11_a_tenant_cannot_write_for_another(self, store: Store) -> None:
        await add_practice(store)
        writes: Writes = (
            lambda tx: tx.users.save(samples.user(1)),
            lambda tx: tx.clients.add([samples.client(OWNER, 11)]),
            lambda tx: tx.clients.save(samples.client(OWNER, 10)),
            lambda tx: tx.resources.store([samples.resource(OWNER, 40)]),
            lambda tx: tx.market_events.add([samples.market_event(OWNER, 50)]),
            lambda tx: tx.briefings.add(samples.briefing(OWNER, 60)),
            lambda tx: tx.messages.queue([samples.approved(OWNER, 70, BEN)]),
            lambda tx: tx.messages.receive(samples.inbound(OWNER, 71, BEN)),
            lambda tx: tx.scheduled.add([samples.scheduled(OWNER, 80, BEN)]),
            lambda tx: tx.interactions.add([samples.interaction(OWNER, 85, BEN)]),
            lambda tx: tx.consents.add([samples.consent(OWNER, 90, BEN)]),
            lambda tx: tx.suppressions.add(samples.suppression(OWNER, 100)),
            lambda tx: tx.audit.add([samples.audit_entry(OWNER, 120, BEN)]),
            lambda tx: tx.contents.add(samples.content(OWNER, 130)),
            lambda tx: tx.faqs.add(samples.faq(OWNER, 140)),
            lambda tx: tx.notes.add([samples.note(150, OWNER)]),
        )
        for write in writes:
            with pytest.raises(Invalid, match="user of this transaction"):
                async with store.tenant(OTHER) as tx:
                    await write(tx)

    async def test_uow_12_what_a_row_speaks_of_must_be_stored(self, store: Store) -> None:
        await add_practice(store)
        nobody = uid(999)
        writes: Writes = (
            lambda tx: tx.market_events.add([samples.market_event(OWNER, 50, resource_id=nobody)]),
            lambda tx: tx.market_events.add([samples.market_event(OWNER, 50, global_event_id=nobody)]),
            lambda tx: tx.briefings.add(samples.briefing(OWNER, 60, client_id=nobody)),
            lambda tx: tx.briefings.add(samples.briefing(OWNER, 60, triggering_resource_id=nobody)),
            lambda tx: tx.briefings.add(samples.briefing(OWNER, 60, triggering_event_id=nobody)),
            lambda tx: tx.briefings.add(samples.briefing(OWNER, 60, parent_message_id=nobody)),
            lambda tx: tx.messages.queue([samples.approved(OWNER, 70, nobody)]),
            lambda tx: tx.messages.queue([samples.approved(OWNER, 70, BEN, briefing_id=nobody)]),
            lambda tx: tx.messages.receive(samples.inbound(OWNER, 71, nobody)),
            lambda tx: tx.scheduled.add([samples.scheduled(OWNER, 80, nobody)]),
            lambda tx: tx.scheduled.add([samples.scheduled(OWNER, 80, BEN, parent_plan_id=nobody)]),
            lambda tx: tx.scheduled.add([samples.scheduled(OWNER, 80, BEN, message_id=nobody)]),
            lambda tx: tx.interactions.add([samples.interaction(OWNER, 85, nobody)]),
            lambda tx: tx.consents.add([samples.consent(OWNER, 90, nobody)]),
            lambda tx: tx.negative_preferences.add([samples.negative_preference(OWNER, 110, BEN, nobody)]),
        )
        for write in writes:
            with pytest.raises(NotFound):
                async with store.tenant(OWNER) as tx:
                    await write(tx)
        with pytest.raises(NotFound, match="user"):
            async with store.tenant(nobody) as tx:
                await tx.clients.add([samples.client(nobody, 11)])

    async def test_uow_13_an_id_is_taken_once(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 60))
            await tx.scheduled.add([samples.scheduled(OWNER, 80, BEN)])
            await tx.audit.add([samples.audit_entry(OWNER, 120, BEN)])
            await tx.faqs.add(samples.faq(OWNER, 140))
        writes: Writes = (
            lambda tx: tx.clients.add([samples.client(OWNER, 10)]),
            lambda tx: tx.briefings.add(samples.briefing(OWNER, 60)),
            lambda tx: tx.scheduled.add([samples.scheduled(OWNER, 80, BEN)]),
            lambda tx: tx.audit.add([samples.audit_entry(OWNER, 120, BEN)]),
            lambda tx: tx.faqs.add(samples.faq(OWNER, 140)),
        )
        for write in writes:
            with pytest.raises(Conflict, match="taken"):
                async with store.tenant(OWNER) as tx:
                    await write(tx)

    async def test_uow_14_two_professionals_may_use_the_same_id(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, OTHER, 10, full_name="Somebody else")
        async with store.tenant(OWNER) as tx:
            assert (await tx.clients.get(BEN)).full_name == "Ben Ortiz"

    async def test_uow_15_ping_says_in_one_line_what_answers(self, store: Store) -> None:
        said = await store.ping()
        assert said
        assert "\n" not in said

    async def test_uow_16_transactions_at_the_same_time_do_not_mix(self, store: Store) -> None:
        await add_practice(store)

        async def work(owner_number: int, client_number: int) -> None:
            owner = uid(owner_number)
            async with store.tenant(owner) as tx:
                await tx.clients.add([samples.client(owner, client_number)])
                await asyncio.sleep(0)
                assert {client.user_id for client in await tx.clients.book()} == {owner}

        await asyncio.gather(*(work(1 + n % 2, 100 + n) for n in range(12)))
        async with store.tenant(OTHER) as tx:
            assert len(await tx.clients.book()) == 6

    async def test_uow_17_an_empty_write_does_nothing(self, store: Store) -> None:
        await add_practice(store)
        async with store.system() as tx:
            await tx.listings.store([])
            assert await tx.global_events.add([]) == frozenset()
            assert await tx.notes.add([]) == 0
            await tx.feeds.keep_unread([])
            await tx.feeds.count(samples.SOURCE, {})
            assert await tx.listings.accepted(samples.SOURCE, []) == {}
            assert await tx.global_events.get([]) == []
            assert await tx.listings.off_market_at(samples.SOURCE, [], samples.NOON) == {}
        async with store.tenant(OWNER) as tx:
            await tx.clients.add([])
            await tx.resources.store([])
            assert await tx.market_events.add([]) == frozenset()
            assert await tx.messages.queue([]) == []
            await tx.scheduled.add([])
            await tx.consents.add([])
            await tx.negative_preferences.add([])
            await tx.audit.add([])
            assert await tx.consents.latest([]) == {}

    async def test_uow_18_a_transaction_inside_a_transaction_is_refused(self, store: Store) -> None:
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            with pytest.raises(RuntimeError, match="inside"):
                async with store.system():
                    pass
            await tx.clients.add([samples.client(OWNER, 10)])
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.clients.book()) == [10]
