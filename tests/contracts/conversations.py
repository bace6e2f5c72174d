"""UOW-650 to UOW-655: pages of texts, of conversations, of planned texts and of interactions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from nudge_core.errors import Invalid
from nudge_core.model.conversation import MessageFilter
from nudge_core.model.lines import ConversationLine
from nudge_core.model.message import Delivery, Direction, MessageStatus, ScheduledStatus
from nudge_core.model.page import Page, PageRequest
from nudge_core.ports import Reader, Store
from tests import samples
from tests.contracts.storage import (
    BEN,
    OTHER,
    OWNER,
    SteppingClock,
    StorageContract,
    add_client,
    add_practice,
    numbers,
    queue,
)
from tests.samples import later, uid


async def hear(store: Store, number: int, seconds: float, client: int = 10, **changes: Any) -> None:
    """Store an inbound text."""
    owner = changes.pop("owner", OWNER)
    async with store.tenant(owner) as tx:
        await tx.messages.receive(samples.inbound(owner, number, uid(client), created_at=later(seconds), **changes))


async def walk(page: Callable[[PageRequest], Awaitable[Page[Any]]], limit: int) -> list[Any]:
    """Return all items, page by page; no page is empty but the first, none is longer than asked."""
    found: list[Any] = []
    request = PageRequest(limit=limit)
    while True:
        one = await page(request)
        assert len(one.items) <= limit
        found += one.items
        if one.last is None:
            return found
        assert len(one.items) == limit
        request = PageRequest(limit=limit, after=one.last)


async def conversations(
    store: Store, request: PageRequest, owner: UUID = OWNER, *, unread_only: bool = False
) -> Page[ConversationLine]:
    """Return a page of a professional's conversations."""
    page = await store.screens.conversations(Reader(owner), request, unread_only)
    assert page is not None
    return page


class ConversationsContract(StorageContract):
    """Every list has a total order, ends where it ends, and shows nothing of anybody else."""

    async def test_uow_650_texts_come_in_pages_newest_first_and_equal_instants_by_id(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        await add_client(store, number=11, email=None)
        for number, seconds in ((70, 1), (71, 1), (72, 1), (73, 5)):
            await hear(store, number, seconds)
        await hear(store, 74, 3, client=11)
        clock.forward(9)
        await queue(store, 75)
        async with store.tenant(OWNER) as tx:
            for limit in (1, 2, 3, 200):
                found = await walk(lambda request: tx.messages.page(MessageFilter(), request), limit)
                assert numbers(*found) == [75, 73, 74, 72, 71, 70]
                of_ben = MessageFilter(client_id=BEN)
                found = await walk(lambda request: tx.messages.page(of_ben, request), limit)  # noqa: B023 - awaited in this turn of the loop
                assert numbers(*found) == [75, 73, 72, 71, 70]
            queued = await tx.messages.page(MessageFilter(delivery=Delivery.QUEUED), PageRequest())
            assert (numbers(*queued.items), queued.last) == ([75], None)
            with pytest.raises(Invalid, match="cursor"):
                await tx.messages.page(MessageFilter(), PageRequest(after=("never", "was")))

    async def test_uow_651_a_conversation_is_a_client_with_the_newest_text_either_way(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        for number, name in ((11, "Ana Silva"), (12, "Cy Young"), (13, "Nobody Wrote")):
            await add_client(store, number=number, full_name=name, email=None)
        await hear(store, 70, 1, content="first")
        await hear(store, 71, 4, content="second")
        await hear(store, 72, 4, client=11)
        await hear(store, 73, 2, client=12)
        clock.forward(9)
        await queue(store, 74, client_id=uid(12))
        for limit in (1, 2, 200):
            found = await walk(lambda request: conversations(store, request), limit)
            assert [(one.client_id.int, one.client_name, one.last_message_id.int, one.unread) for one in found] == [
                (12, "Cy Young", 74, 1),
                (11, "Ana Silva", 72, 1),
                (10, "Ben Ortiz", 71, 2),
            ]
        assert (found[0].last_direction, found[0].last_status) == (Direction.OUTBOUND, MessageStatus.PENDING)
        assert (found[2].last_text, found[2].last_at) == ("second", later(4))
        with pytest.raises(Invalid, match="cursor"):
            await conversations(store, PageRequest(after=("never",)))

    async def test_uow_652_only_conversations_with_an_unread_text_when_asked(self, store: Store) -> None:
        await add_practice(store)
        for number in (11, 12):
            await add_client(store, number=number, email=None)
        for number in range(6):
            await hear(store, 70 + number, number, client=10 + number % 3)
        async with store.tenant(OWNER) as tx:
            assert await tx.messages.mark_read(uid(11)) == 2
        for limit in (1, 2, 200):
            found = await walk(lambda request: conversations(store, request, unread_only=True), limit)
            shown = [(one.client_id.int, one.last_message_id.int, one.unread) for one in found]
            assert shown == [(12, 75, 2), (10, 73, 2)]
        everybody = await conversations(store, PageRequest())
        assert [one.unread for one in everybody.items] == [2, 0, 2]

    async def test_uow_653_nobody_else_s_texts_are_in_a_list(self, store: Store) -> None:
        await add_practice(store)
        await hear(store, 70, 1)
        for unread_only in (False, True):
            assert await conversations(store, PageRequest(), OTHER, unread_only=unread_only) == Page(items=())
        async with store.tenant(OTHER) as tx:
            assert await tx.messages.page(MessageFilter(client_id=BEN), PageRequest()) == Page(items=())
            assert await tx.interactions.page(BEN, PageRequest()) == Page(items=())
            assert await tx.scheduled.page(BEN, None, PageRequest()) == Page(items=())

    async def test_uow_654_planned_texts_come_in_pages_soonest_first(self, store: Store) -> None:
        await add_practice(store)
        await add_client(store, number=11, email=None)
        async with store.tenant(OWNER) as tx:
            waiting = {"status": ScheduledStatus.PENDING, "scheduled_at_utc": later(50)}
            await tx.scheduled.add([samples.scheduled(OWNER, number, BEN, **waiting) for number in (90, 91, 92)])
            await tx.scheduled.add([samples.scheduled(OWNER, 93, uid(11), scheduled_at_utc=later(20))])
            first = await tx.scheduled.get(uid(91))
            await tx.scheduled.save(evolve(first, status=ScheduledStatus.CANCELLED))
        async with store.tenant(OWNER) as tx:
            for limit in (1, 2, 200):
                found = await walk(lambda request: tx.scheduled.page(None, None, request), limit)
                assert numbers(*found) == [93, 90, 91, 92]
                found = await walk(lambda request: tx.scheduled.page(BEN, ScheduledStatus.PENDING, request), limit)
                assert numbers(*found) == [90, 92]

    async def test_uow_655_interactions_come_in_pages_the_latest_first(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.interactions.add(
                [samples.interaction(OWNER, 90 + n, BEN, at=later(-when)) for n, when in enumerate((9, 5, 5, 1))]
            )
        async with store.tenant(OWNER) as tx:
            for limit in (1, 2, 200):
                found = await walk(lambda request: tx.interactions.page(BEN, request), limit)
                assert numbers(*found) == [93, 92, 91, 90]
