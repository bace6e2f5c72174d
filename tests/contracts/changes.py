"""UOW-660 to UOW-669: what happened is written with what happened, and read without a gap."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from attrs import evolve

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.change import KEPT_FOR, RESUMED_WITHIN, Change, ChangeKind, Happened, Place
from nudge_core.model.message import Delivery, Receipt
from nudge_core.ports import Store
from tests import client_samples, samples
from tests.contracts.storage import BEN, OTHER, OWNER, SteppingClock, StorageContract, add_practice, claim, queue
from tests.samples import NOON, uid

MANY = 100


async def place_of_now(store: Store, owner: Any = OWNER) -> Place:
    """Return where the changes stand."""
    async with store.tenant(owner) as tx:
        return (await tx.changes.after(None, 1)).place


async def happened(store: Store, place: Place | None, owner: Any = OWNER, limit: int = MANY) -> Happened:
    """Read what happened after a place."""
    async with store.tenant(owner) as tx:
        return await tx.changes.after(place, limit)


def told(happened: Happened) -> list[tuple[str, int, str]]:
    """Return kinds, subjects and states."""
    return [(one.kind.value, one.subject_id.int, one.state) for one in happened.changes]


class ChangesContract(StorageContract):
    """What happened."""

    async def test_uow_660_a_text_tells_when_it_comes_is_queued_and_gets_on(self, store: Store) -> None:
        await add_practice(store)
        place = await place_of_now(store)
        await queue(store, 50)
        async with store.tenant(OWNER) as tx:
            assert await tx.messages.receive(samples.inbound(OWNER, 51, BEN))
            assert not await tx.messages.receive(samples.inbound(OWNER, 51, BEN)), "twice is once"
        (taken,) = await claim(store)
        async with store.tenant(OWNER) as tx:
            assert await tx.messages.move(
                taken.id, attempt=1, expected=[Delivery.SENDING], to=Delivery.SENT, provider_sid="SM50"
            )
        async with store.tenant(OWNER) as tx:
            assert await tx.messages.note_receipt("SM50", Receipt.DELIVERED)
            await tx.messages.note_receipt("SM50", Receipt.DELIVERED)
            await tx.messages.bill("SM50", segments=1, price_micros=7_900, price_currency="USD")
            await tx.messages.mark_read(BEN)
        found = await happened(store, place)
        assert told(found) == [
            ("message.queued", 50, "queued"),
            ("message.received", 51, "received"),
            ("message.delivery", 50, "sent"),
            ("message.receipt", 50, "delivered"),
        ]
        assert {(one.client_id, one.at) for one in found.changes} == {(BEN, NOON)}
        assert not found.lost

    async def test_uow_661_every_version_of_a_briefing_tells(self, store: Store) -> None:
        await add_practice(store)
        place = await place_of_now(store)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 60))
            read = await tx.briefings.get(uid(60))
            await tx.briefings.save(evolve(read, status=BriefingStatus.DISMISSED))
        assert told(await happened(store, place)) == [
            ("briefing.created", 60, "DRAFT"),
            ("briefing.changed", 60, "DISMISSED"),
        ]

    async def test_uow_662_an_import_tells_when_it_is_done_and_undone(self, store: Store) -> None:
        await add_practice(store)
        place = await place_of_now(store)
        async with store.tenant(OWNER) as tx:
            await tx.client_imports.add(client_samples.imported(OWNER, 70, BEN))
            await tx.client_imports.undone(uid(70))
        assert told(await happened(store, place)) == [
            ("import.progress", 70, "done"),
            ("import.progress", 70, "undone"),
        ]

    async def test_uow_663_what_is_rolled_back_did_not_happen(self, store: Store) -> None:
        await add_practice(store)
        place = await place_of_now(store)
        try:
            async with store.tenant(OWNER) as tx:
                await tx.briefings.add(samples.briefing(OWNER, 60))
                raise asyncio.CancelledError
        except asyncio.CancelledError:
            pass
        assert told(await happened(store, place)) == []

    async def test_uow_664_going_on_from_any_place_skips_nothing_and_repeats_nothing(self, store: Store) -> None:
        await add_practice(store)
        place = await place_of_now(store)
        for first in (50, 53, 56):
            await queue(store, first, first + 1, first + 2)
        whole = (await happened(store, place)).changes
        assert [one.subject_id.int for one in whole] == list(range(50, 59))
        for limit in (1, 2, 4):
            read: list[Change] = []
            here = place
            while (page := await happened(store, here, limit=limit)).changes:
                read += page.changes
                here = page.place
            assert read == list(whole)
        for number, one in enumerate(whole):
            assert Place.read(one.place.text) == evolve(one.place, at=one.place.at.replace(microsecond=0))
            assert (await happened(store, Place.read(one.place.text))).changes == whole[number + 1 :]

    async def test_uow_665_nobody_hears_of_what_is_another_s(self, store: Store) -> None:
        await add_practice(store)
        theirs, mine = await place_of_now(store, OTHER), await place_of_now(store)
        await queue(store, 50)
        assert told(await happened(store, theirs, OTHER)) == []
        assert told(await happened(store, mine, OTHER)) == []
        async with store.tenant(OTHER) as tx:
            assert await tx.changes.forget_before(NOON + KEPT_FOR) == 0
        assert len((await happened(store, mine)).changes) == 1

    async def test_uow_666_a_place_too_old_or_not_of_this_store_is_lost(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        place = await place_of_now(store)
        await queue(store, 50)
        clock.forward(RESUMED_WITHIN.total_seconds())
        assert told(await happened(store, place)) == [("message.queued", 50, "queued")]
        clock.forward(1)
        found = await happened(store, place)
        assert (found.lost, found.changes) == (True, ())
        assert not (await happened(store, found.place)).lost
        ahead = evolve(found.place, transaction=2**62)
        assert (await happened(store, ahead)).lost

    async def test_uow_667_old_changes_are_forgotten(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await queue(store, 50)
        clock.forward(60)
        place = await place_of_now(store)
        await queue(store, 51)
        async with store.tenant(OWNER) as tx:
            assert await tx.changes.forget_before(tx.now - timedelta(seconds=59)) == 1
        assert told(await happened(store, place)) == [("message.queued", 51, "queued")]

    async def test_uow_668_the_news_name_whose_changes_can_be_read(self, store: Store) -> None:
        await add_practice(store)
        async with store.system() as tx:
            begun = await tx.change_news.since(None)
        assert not begun.owners
        await queue(store, 50)
        async with store.system() as tx:
            first = await tx.change_news.since(begun.until)
            again = await tx.change_news.since(first.until)
        assert first.owners == {OWNER}
        assert not again.owners
        async with store.tenant(OTHER) as tx:
            await tx.briefings.add(samples.briefing(OTHER, 61))
        async with store.system() as tx:
            assert (await tx.change_news.since(again.until)).owners == {OTHER}
            assert (await tx.change_news.since(begun.until)).owners == {OWNER, OTHER}

    def test_a_text_that_is_no_place_is_none(self) -> None:
        for text in (
            "",
            "1",
            "1-2",
            "1-2-3-4",
            "-1-2-3",
            "g-1-1",
            "1-1-" + "f" * 11,
            "f" * 16 + "-1-1",
            "1-1-ffffffffff",
        ):
            assert Place.read(text) is None, text
        assert {kind.value.split(".")[0] for kind in ChangeKind} == {"message", "briefing", "import"}
