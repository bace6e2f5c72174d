"""Codes that come after the acceptance: what each asks for, done once, in the transaction of the receipt."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.model.carrier import ReceiptNews
from nudge_core.model.event import stable_id
from nudge_core.model.lane import UNPACED, ClaimRules
from nudge_core.model.message import Delivery, Message, MessageClass, Receipt
from nudge_core.policy.receipts import MEANING, Action, Lane, again_at, meaning_of, next_midnight, strikes
from nudge_core.sending.receipts import ReceiptEffect
from nudge_core.walk import hear
from tests.clocks import MovedClock, utc
from tests.send_walk import OUR_NUMBER, RITA, CountingIds, Town, memory_store, town
from tests.twilio_calls import parts_on

MORNING = utc("2026-06-01 15:00")

ASKED_FOR = MappingProxyType(
    {
        "30001": (Action.TRY_AGAIN, None),
        "30003": (Action.TRY_AGAIN, None),
        "30004": (Action.REVIEW, None),
        "30005": (Action.PHONE_UNUSABLE, None),
        "30006": (Action.PHONE_UNUSABLE, None),
        "30007": (Action.REVIEW, None),
        "30008": (Action.TRY_AGAIN, None),
        "30022": (Action.TRY_AGAIN, Lane.SLOW_DOWN),
        "30023": (Action.TRY_AGAIN, Lane.UNTIL_MIDNIGHT),
        "30032": (Action.REVIEW, Lane.STOP),
        "30034": (Action.REVIEW, Lane.STOP),
        "30036": (Action.RESCHEDULE, None),
        "30450": (Action.FINAL, None),
        "30610": (Action.FINAL, None),
        "30640": (Action.FINAL, None),
        "21610": (Action.OPTED_OUT, None),
    }
)
"""`messaging.md` section 6, written down a second time."""


class Desk:
    """A town, and texts of it that a carrier has accepted."""

    def __init__(self, place: Town, clock: MovedClock) -> None:
        self.town, self.clock = place, clock
        self.parts = parts_on(place.store, clock, CountingIds())

    async def sent(self, number: int = 1, **changes: Any) -> Message:
        (queued,) = await self.town.queue(self.town.text(number, **changes))
        async with self.town.store.system() as tx:
            await tx.sends.claim(10, 60.0, ClaimRules(paces=UNPACED))
        async with self.town.store.tenant(RITA) as tx:
            await tx.messages.move(
                queued, attempt=1, expected=[Delivery.SENDING], to=Delivery.SENT, provider_sid=f"SM{number}"
            )
        return await self.town.message(queued)

    async def told(self, text: Message, receipt: Receipt, code: str | None = None) -> ReceiptEffect:
        assert text.provider_sid is not None
        news = ReceiptNews(provider_sid=text.provider_sid, receipt=receipt, at=self.clock.now(), error_code=code)
        heard = await hear(self.parts, news)
        assert not heard.failed
        assert heard.effect is None or isinstance(heard.effect, ReceiptEffect)
        return heard.effect or ReceiptEffect.OUTDATED

    async def second(self, text: Message) -> Message | None:
        again = stable_id("again", str(text.id))
        return next((row for row in await self.town.rows() if row.id == again), None)

    async def entries(self, text: Message) -> list[tuple[str, object]]:
        async with self.town.store.tenant(RITA) as tx:
            found = await tx.audit.of_subject(text.id)
        return [(entry.action, entry.facts.get("detail", entry.facts.get("why"))) for entry in found]


@pytest.fixture
async def desk() -> Desk:
    clock = MovedClock(MORNING)
    return Desk(await town(memory_store(clock), MORNING, 2), clock)


def test_the_table_says_what_the_reference_says() -> None:
    assert {code: (meaning.action, meaning.lane) for code, meaning in MEANING.items()} == ASKED_FOR
    assert meaning_of(None).action is Action.NOTHING
    assert meaning_of("39999").action is Action.FINAL


@given(st.integers(0, 5 * 366 * 86_400))
def test_the_carriers_day_begins_within_twenty_five_hours(seconds: int) -> None:
    now = MORNING + timedelta(seconds=seconds)
    assert timedelta(0) < next_midnight(now) - now <= timedelta(hours=25)


async def test_a_handset_that_was_not_reached_is_tried_once_more_after_four_hours(desk: Desk) -> None:
    text = await desk.sent()
    await desk.told(text, Receipt.UNDELIVERED, "30003")
    again = await desk.second(text)
    assert again is not None
    assert again.id != text.id
    assert (again.delivery, again.not_before) == (Delivery.QUEUED, MORNING + timedelta(hours=4))
    same = ("content", "recipient", "sender", "approval_id", "message_class", "not_after", "client_id", "briefing_id")
    assert [getattr(again, name) for name in same] == [getattr(text, name) for name in same]
    assert (await desk.town.message(text.id)).error_code == "30003"
    await desk.told(text, Receipt.UNDELIVERED, "30003")
    await desk.told(text, Receipt.FAILED, "30003")
    assert len(await desk.town.rows()) == 2


async def test_a_second_try_is_not_tried_a_third_time(desk: Desk) -> None:
    text = await desk.sent()
    await desk.told(text, Receipt.UNDELIVERED, "30008")
    again = await desk.second(text)
    assert again is not None
    assert again_at(again, "30008", desk.clock.now()) is None
    desk.clock.move(4 * 3_600)
    async with desk.town.store.system() as tx:
        await tx.sends.claim(10, 60.0, ClaimRules(paces=UNPACED))
    async with desk.town.store.tenant(RITA) as tx:
        await tx.messages.move(
            again.id, attempt=1, expected=[Delivery.SENDING], to=Delivery.SENT, provider_sid="SMagain"
        )
    await desk.told(await desk.town.message(again.id), Receipt.UNDELIVERED, "30008")
    assert len(await desk.town.rows()) == 2
    assert await desk.entries(again) == [("refused_later", "30008")]


async def test_three_strikes_make_a_phone_unusable(desk: Desk) -> None:
    for number in (1, 2, 3):
        text = await desk.sent(number, message_class=MessageClass.TRANSACTIONAL)  # no cap counts these
        assert await desk.town.silences() == []
        await desk.told(text, Receipt.UNDELIVERED, "30003")
    (held,) = await desk.town.silences()
    assert (held.reason, held.phone) == ("phone_unusable", text.recipient)
    waiting = [row for row in await desk.town.rows() if row.delivery is Delivery.QUEUED]
    assert waiting == []  # the second tries of the first two went with it


async def test_a_text_that_arrived_ends_the_row_of_strikes(desk: Desk) -> None:
    for number, receipt in enumerate(
        [Receipt.UNDELIVERED, Receipt.UNDELIVERED, Receipt.DELIVERED, Receipt.UNDELIVERED]
    ):
        text = await desk.sent(number + 1, message_class=MessageClass.TRANSACTIONAL)
        await desk.told(text, receipt, "30003" if receipt is Receipt.UNDELIVERED else None)
    assert await desk.town.silences() == []


def test_strikes_are_counted_from_the_newest_back() -> None:
    def row(receipt: Receipt | None, code: str | None) -> Message:
        return evolve(_ROW, receipt=receipt, error_code=code)

    struck, arrived = row(Receipt.UNDELIVERED, "30003"), row(Receipt.DELIVERED, None)
    assert strikes([struck, arrived, struck, row(None, None), struck]) == 2
    assert strikes([struck, struck, row(Receipt.FAILED, "30007")]) == 2
    assert strikes([]) == 0


_ROW = Message(
    id=UUID(int=1), user_id=RITA, client_id=UUID(int=2), content="x", direction="OUTBOUND", delivery=Delivery.SENT,  # type: ignore[arg-type]
    source="MANUAL", sender_type="USER", created_at=MORNING,  # type: ignore[arg-type]
)  # fmt: skip


@pytest.mark.parametrize("code", ["30005", "30006"])
async def test_a_landline_is_silenced_at_once(desk: Desk, code: str) -> None:
    text = await desk.sent()
    await desk.told(text, Receipt.UNDELIVERED, code)
    (held,) = await desk.town.silences()
    assert held.reason == "phone_unusable"
    assert await desk.second(text) is None


async def test_an_opt_out_that_the_carrier_knows_of_becomes_ours(desk: Desk) -> None:
    await desk.told(await desk.sent(), Receipt.FAILED, "21610")
    (held,) = await desk.town.silences()
    assert held.reason == "carrier_opt_out"


@pytest.mark.parametrize("code", ["30004", "30007", "30032", "30034"])
async def test_what_a_carrier_filtered_is_a_question_to_the_owner_and_never_repeated(desk: Desk, code: str) -> None:
    text = await desk.sent()
    await desk.told(text, Receipt.UNDELIVERED, code)
    assert await desk.entries(text) == [("ask_owner", f"refused_later:{code}")]
    assert await desk.second(text) is None


@pytest.mark.parametrize("code", ["30450", "30610", "30640", "39999"])
async def test_what_is_final_is_written_down(desk: Desk, code: str) -> None:
    text = await desk.sent()
    await desk.told(text, Receipt.FAILED, code)
    assert await desk.entries(text) == [("refused_later", code)]
    assert await desk.second(text) is None
    assert await desk.town.silences() == []


async def test_a_text_that_came_too_late_is_planned_anew_while_it_is_useful(desk: Desk) -> None:
    useful = await desk.sent(1, not_after=MORNING + timedelta(days=1))
    over = await desk.sent(2, client=1, not_after=MORNING + timedelta(minutes=1))
    desk.clock.move(3_600)
    await desk.told(useful, Receipt.FAILED, "30036")
    await desk.told(over, Receipt.FAILED, "30036")
    again = await desk.second(useful)
    assert again is not None
    assert again.not_before == desk.clock.now()
    assert await desk.second(over) is None
    assert await desk.entries(over) == [("refused_later", "30036")]


@pytest.mark.parametrize(
    ("code", "until"),
    [
        ("30022", MORNING + timedelta(minutes=1)),
        ("30023", utc("2026-06-02 07:00")),  # midnight in Los Angeles
        ("30032", None),
        ("30034", None),
    ],
)
async def test_a_lane_that_must_rest_is_paused(desk: Desk, code: str, until: datetime | None) -> None:
    await desk.told(await desk.sent(), Receipt.FAILED, code)
    async with desk.town.store.tenant(RITA) as tx:
        lane = await tx.lanes.get(OUR_NUMBER)
    assert (lane.paused_until, lane.pause_reason) == (until, code)


async def test_arrived_after_all_calls_the_second_try_back_and_is_written_down(desk: Desk) -> None:
    text = await desk.sent()
    await desk.told(text, Receipt.UNDELIVERED, "30003")
    await desk.told(text, Receipt.DELIVERED)
    again = await desk.second(text)
    assert again is not None
    assert (again.delivery, again.reason) == (Delivery.CANCELLED, "arrived_after_all")
    row = await desk.town.message(text.id)
    assert (row.receipt, row.error_code) == (Receipt.DELIVERED, None)
    assert ("receipt_replaced", "undelivered:delivered") in await desk.entries(text)


async def test_undelivered_after_delivered_wins_and_is_not_sent_again(desk: Desk) -> None:
    text = await desk.sent()
    await desk.told(text, Receipt.DELIVERED)
    await desk.told(text, Receipt.UNDELIVERED, "30003")
    assert (await desk.town.message(text.id)).receipt is Receipt.UNDELIVERED
    assert await desk.second(text) is None
    assert ("receipt_replaced", "delivered:undelivered") in await desk.entries(text)


async def test_an_old_receipt_told_again_does_not_win(desk: Desk) -> None:
    """The last of two final receipts counts, and a repetition is not the last."""
    text = await desk.sent()
    for receipt, code in ((Receipt.DELIVERED, None), (Receipt.UNDELIVERED, "30007"), (Receipt.DELIVERED, None)):
        await desk.told(text, receipt, code)
    row = await desk.town.message(text.id)
    assert (row.receipt, row.error_code) == (Receipt.UNDELIVERED, "30007")


async def test_a_confirmation_of_a_stop_is_not_sent_again_when_its_five_minutes_are_over(desk: Desk) -> None:
    text = await desk.sent(1, message_class=MessageClass.SERVICE, not_after=MORNING + timedelta(minutes=5))
    await desk.told(text, Receipt.UNDELIVERED, "30003")
    assert await desk.second(text) is None
