"""UOW-200 to UOW-219: what carriers told us, what became of it, and what texts came to."""

from __future__ import annotations

import asyncio

import pytest
from attrs import evolve

from nudge_core.errors import Invalid, NotFound
from nudge_core.model.carrier import CarrierKeyword, InboundText, ReceiptNews
from nudge_core.model.carrier_event import Arrival, EventKind, arrival_of
from nudge_core.model.message import Delivery, Media, Receipt
from nudge_core.ports import Store
from tests.contracts.storage import (
    OTHER,
    OWNER,
    SteppingClock,
    StorageContract,
    add_practice,
    claim,
    numbers,
    queue,
    stored,
)
from tests.samples import NOON, OUR_NUMBER, THEIR_NUMBER, later, uid

UNHANDLED = (NOON, None, 10)


def told(sid: str = "SM1", status: str = "sent") -> Arrival:
    """A status event."""
    news = ReceiptNews(provider_sid=sid, receipt=Receipt(status), at=NOON, sender=OUR_NUMBER, message_id=uid(70))
    return evolve(arrival_of(news), raw={"MessageSid": sid, "MessageStatus": status, "To": ""}, token="t1")


def inbound(sid: str = "SM2") -> Arrival:
    """An inbound event with everything in it."""
    news = InboundText(
        provider_sid=sid,
        sender=THEIR_NUMBER,
        recipient=OUR_NUMBER,
        body="Stop \x00 \ud83d please",
        at=NOON,
        media=(Media(url="https://api.example/m/1", content_type="image/png"),),
        keyword=CarrierKeyword.STOP,
    )
    return evolve(arrival_of(news), account="AC1")


class CarrierEventsContract(StorageContract):
    """Nothing that a carrier told us is lost, and nothing counts twice."""

    async def test_uow_200_an_event_is_stored_once_and_comes_back_as_it_went_in(self, store: Store) -> None:
        await add_practice(store)
        mine, unread = told().at(NOON, OWNER), Arrival(kind=EventKind.INBOUND, provider_sid="SM3", status="received")
        async with store.tenant(OWNER) as tx:
            assert await tx.carrier_events.add(mine)
            assert await tx.carrier_events.add(inbound().at(NOON, OWNER))
        async with store.system() as tx:
            assert not await tx.carrier_events.add(told().at(later(5), None))
            assert await tx.carrier_events.add(told(status="delivered").at(later(5), None))
            assert await tx.carrier_events.add(evolve(unread, unread="inbound.from: E.164").at(NOON, None))
        async with store.tenant(OWNER) as tx:
            assert await tx.carrier_events.find(mine.id) == mine
            read = await tx.carrier_events.find(inbound().id)
            assert read == inbound().at(NOON, OWNER)
            assert read is not None
            assert isinstance(read.arrival.news, InboundText)
            assert read.arrival.news.body == "Stop \ufffd \ufffd please"
            assert await tx.carrier_events.find(uid(9)) is None

    async def test_uow_201_a_mark_says_whose_it_is_and_what_became_of_it(self, store: Store) -> None:
        await add_practice(store)
        event = told().at(NOON, None)
        async with store.system() as tx:
            await tx.carrier_events.add(event)
            await tx.carrier_events.mark(event.id, handled=False, error="later")
            assert await tx.carrier_events.find(event.id) == evolve(event, error="later")
        async with store.tenant(OWNER) as tx:
            await tx.carrier_events.mark(event.id, handled=True)
            assert await tx.carrier_events.find(event.id) == evolve(event, user_id=OWNER, handled_at=NOON)
        with pytest.raises(NotFound):
            async with store.system() as tx:
                await tx.carrier_events.mark(uid(9), handled=True)

    async def test_uow_202_a_tenant_sees_their_own_events_and_nobodys(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.carrier_events.add(told().at(NOON, OWNER))
        async with store.system() as tx:
            await tx.carrier_events.add(told(status="delivered").at(later(1), None))
        async with store.tenant(OTHER) as tx:
            assert await tx.carrier_events.find(told().id) is None
            assert not await tx.carrier_events.add(told().at(NOON, OTHER))
            waiting = await tx.carrier_events.waiting_for(["SM1"])
            assert [event.arrival.status for event in waiting] == ["delivered"]
            assert len(await tx.carrier_events.unhandled(*UNHANDLED)) == 1
        with pytest.raises(NotFound):
            async with store.tenant(OTHER) as tx:
                await tx.carrier_events.mark(told().id, handled=True)
        with pytest.raises(Invalid):
            async with store.tenant(OTHER) as tx:
                await tx.carrier_events.add(told("SM9").at(NOON, OWNER))
        with pytest.raises(NotFound):
            async with store.system() as tx:
                await tx.carrier_events.add(told("SM9").at(NOON, uid(99)))

    async def test_uow_203_what_waits_for_a_text_in_order_of_arrival(self, store: Store) -> None:
        await add_practice(store)
        async with store.system() as tx:
            for seconds, status in ((3, "sent"), (1, "delivered"), (2, "sending")):
                await tx.carrier_events.add(told(status=status).at(later(seconds), None))
            await tx.carrier_events.add(told("SM9").at(NOON, None))
            await tx.carrier_events.add(inbound("SM1").at(NOON, None))
            await tx.carrier_events.mark(told(status="sending").id, handled=True)
            waiting = await tx.carrier_events.waiting_for(["SM1"])
        assert [event.arrival.status for event in waiting] == ["delivered", "sent"]

    async def test_uow_204_unhandled_events_page_by_page_without_those_that_failed(self, store: Store) -> None:
        sids = [f"SM{number}" for number in range(5)]
        async with store.system() as tx:
            for number, sid in enumerate(sids):
                await tx.carrier_events.add(told(sid).at(later(number // 2), None))
            await tx.carrier_events.mark(told("SM0").id, handled=True)
            await tx.carrier_events.mark(told("SM1").id, handled=False, error="it failed")
            first = await tx.carrier_events.unhandled(NOON, None, 2)
            last = (first[-1].received_at, first[-1].id)
            rest = await tx.carrier_events.unhandled(NOON, last, 9)
            assert await tx.carrier_events.unhandled(later(3), None, 9) == []
        found = [event.arrival.provider_sid for event in (*first, *rest)]
        assert (len(first), sorted(found)) == (2, ["SM2", "SM3", "SM4"])

    async def test_uow_205_until_when_a_number_was_asked_never_goes_back(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            assert await tx.carrier_events.read_until(OUR_NUMBER) is None
            await tx.carrier_events.advance(OUR_NUMBER, later(10))
            await tx.carrier_events.advance(OUR_NUMBER, later(5))
        async with store.system() as tx:
            assert await tx.carrier_events.read_until(OUR_NUMBER) == later(10)
            assert await tx.carrier_events.read_until(THEIR_NUMBER) is None

    async def test_uow_206_of_the_same_event_at_once_one_is_new(self, store: Store) -> None:
        await add_practice(store)

        async def tell() -> bool:
            async with store.tenant(OWNER) as tx:
                return await tx.carrier_events.add(told().at(tx.now, OWNER))

        assert sorted(await asyncio.gather(*(tell() for _ in range(4)))) == [False, False, False, True]

    async def test_uow_207_a_receipt_brings_its_error_code_and_takes_it_away(self, store: Store) -> None:
        await add_practice(store)
        await _sent(store, 70)
        for receipt, code, wanted in (
            (Receipt.UNDELIVERED, "30003", "30003"),
            (Receipt.UNDELIVERED, None, "30003"),
            (Receipt.SENT, "30008", "30003"),
            (Receipt.DELIVERED, None, None),
        ):
            async with store.tenant(OWNER) as tx:
                await tx.messages.note_receipt("SM70", receipt, code)
            assert (await stored(store, 70)).error_code == wanted

    async def test_uow_208_a_bill_is_stored_piece_by_piece(self, store: Store) -> None:
        await add_practice(store)
        await _sent(store, 70)
        async with store.tenant(OWNER) as tx:
            assert await tx.messages.bill("SM70", segments=2, price_micros=None, price_currency=None)
            assert await tx.messages.bill("SM70", segments=None, price_micros=15_800, price_currency="USD")
            assert not await tx.messages.bill("SM9", segments=1, price_micros=1, price_currency="USD")
        async with store.tenant(OTHER) as tx:
            assert not await tx.messages.bill("SM70", segments=9, price_micros=1, price_currency="USD")
        row = await stored(store, 70)
        assert (row.segments, row.price_micros, row.price_currency) == (2, 15_800, "USD")

    async def test_uow_209_texts_without_a_bill_those_never_asked_about_first(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        for number in range(70, 75):
            clock.forward(10)
            await _sent(store, number)
        async with store.tenant(OWNER) as tx:
            for number in (70, 71, 72, 73):
                await tx.messages.note_receipt(f"SM{number}", Receipt.DELIVERED)
            await tx.messages.bill("SM73", segments=1, price_micros=None, price_currency=None)
            await tx.messages.bill("SM72", segments=1, price_micros=8_000, price_currency="USD")
        async with store.system() as tx:
            assert numbers(*await tx.sends.unbilled(later(99), NOON, 9)) == [71, 70, 73]
            assert numbers(*await tx.sends.unbilled(later(99), NOON, 1)) == [71]
            assert numbers(*await tx.sends.unbilled(later(15), later(5), 9)) == [70]


async def _sent(store: Store, number: int) -> None:
    """Let a text have been sent under the provider's id SMnumber."""
    await queue(store, number, recipient=f"+15125550{number:03}")
    await claim(store)
    async with store.tenant(OWNER) as tx:
        assert await tx.messages.move(
            uid(number), attempt=1, expected=[Delivery.SENDING], to=Delivery.SENT, provider_sid=f"SM{number}"
        )
