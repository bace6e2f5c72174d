"""Asking the carrier: texts whose webhook was lost, and bills."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.model.carrier import ReceiptNews
from nudge_core.model.message import Direction, Receipt
from nudge_core.steps import converse
from nudge_core.walk import Parts, collect_bills, hear, poll_inbound
from tests.clocks import MovedClock, utc
from tests.send_walk import OUR_NUMBER, RITA, CountingIds, SendWalk, Town, memory_store, town
from tests.twilio_calls import parts_on

MORNING = utc("2026-06-01 15:00")
BEN = "+15125560000"
SHOWN_AFTER_S = 1.0  # the carrier's list lags behind


class Desk:
    """A town whose webhooks are lost unless a test tells them."""

    def __init__(self, place: Town, clock: MovedClock) -> None:
        self.town, self.clock = place, clock
        self.parts: Parts = parts_on(place.store, clock, CountingIds())
        assert isinstance(self.parts.gateway, SimulatedGateway)
        self.gateway = self.parts.gateway

    async def inbound(self) -> list[str]:
        return [row.content for row in await self.town.rows() if row.direction is Direction.INBOUND]


@pytest.fixture
async def desk() -> Desk:
    clock = MovedClock(MORNING)
    return Desk(await town(memory_store(clock), MORNING, 2), clock)


async def test_a_stop_whose_webhook_was_lost_is_found(desk: Desk) -> None:
    desk.gateway.carrier.person_writes(BEN, OUR_NUMBER, "STOP", desk.clock.now())
    desk.clock.move(SHOWN_AFTER_S)
    polled = await poll_inbound(desk.parts)
    assert (polled.heard, polled.new, polled.failed) == (1, 1, 0)
    (held,) = await desk.town.silences()
    assert held.phone == BEN


async def test_what_a_webhook_told_is_not_heard_twice_nor_in_the_overlap(desk: Desk) -> None:
    told = desk.gateway.carrier.person_writes(BEN, OUR_NUMBER, "hello", desk.clock.now())
    await hear(desk.parts, told)
    assert (await poll_inbound(desk.parts)).new == 0
    desk.clock.move(60)
    polled = await poll_inbound(desk.parts)
    assert (polled.heard, polled.new) == (1, 0)
    assert await desk.inbound() == ["hello"]


async def test_a_text_that_shows_late_is_found_within_the_overlap_and_old_ones_are_not_read_again(desk: Desk) -> None:
    await poll_inbound(desk.parts)
    desk.clock.move(600)
    desk.gateway.carrier.person_writes(BEN, OUR_NUMBER, "late", desk.clock.now() - timedelta(seconds=700))
    assert (await poll_inbound(desk.parts)).new == 1
    desk.clock.move(3_600)
    assert (await poll_inbound(desk.parts)).heard == 1  # the mark stood at the poll before; it moves with this one
    assert (await poll_inbound(desk.parts)).heard == 0


async def test_a_carrier_that_does_not_answer_moves_no_mark(desk: Desk) -> None:
    desk.gateway.list_fails = True
    assert (await poll_inbound(desk.parts)).failed == 1
    async with desk.town.store.system() as tx:
        assert await tx.carrier_events.read_until(OUR_NUMBER) is None
    desk.gateway.list_fails = False
    desk.gateway.carrier.person_writes(BEN, OUR_NUMBER, "STOP", desk.clock.now())
    desk.clock.move(SHOWN_AFTER_S)
    await poll_inbound(desk.parts)
    assert len(await desk.town.silences()) == 1


async def test_a_text_whose_effect_fails_does_not_hold_up_the_rest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = converse.receive

    async def poisoned(tx: object, inbound: object, settings: object) -> object:
        if getattr(inbound, "body", "") == "poison":
            raise RecursionError
        return await real(tx, inbound, settings)  # type: ignore[arg-type]

    monkeypatch.setattr(converse, "receive", poisoned)
    for body in ("poison", "STOP"):
        desk.gateway.carrier.person_writes(BEN, OUR_NUMBER, body, desk.clock.now())
    desk.clock.move(SHOWN_AFTER_S)
    assert (await poll_inbound(desk.parts)).heard == 2
    assert len(await desk.town.silences()) == 1
    async with desk.town.store.tenant(RITA) as tx:
        assert await tx.notes.waiting() == {"hear": 1}


async def test_a_text_sent_is_billed_once_its_receipt_is_final(desk: Desk) -> None:
    walk = SendWalk(store=desk.town.store, gateway=desk.gateway, clock=desk.clock)
    (queued,) = await desk.town.queue(desk.town.text(1))
    await walk.deliver()
    sid = (await desk.town.message(queued)).provider_sid or ""
    desk.clock.move(3_600)
    assert await collect_bills(desk.parts, 10) == 0  # no final receipt yet
    await hear(desk.parts, ReceiptNews(provider_sid=sid, receipt=Receipt.DELIVERED, at=desk.clock.now()))
    desk.gateway.list_fails = True
    assert await collect_bills(desk.parts, 10) == 0
    desk.gateway.list_fails = False
    assert await collect_bills(desk.parts, 10) == 1
    row = await desk.town.message(queued)
    assert (row.segments, row.price_micros, row.price_currency) == (1, 7_900, "USD")
    assert await collect_bills(desk.parts, 10) == 0
