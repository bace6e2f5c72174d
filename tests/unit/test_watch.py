"""A text goes out a second time only when a process has waited the grace out itself: no clock can be set to that."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.errors import Unavailable
from nudge_core.model.carrier import Doubtful
from nudge_core.model.message import Delivery, Direction, Message, MessageClass, MessageSource, SenderType
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.sending.watch import DoubtWatch
from nudge_core.walk import tidy
from tests.clocks import MovedClock
from tests.unit.test_drain import MORNING, Carrier, Here, here

SETTINGS = DeliverySettings()
GRACE_S, LAG_S = SETTINGS.grace_s, SETTINGS.list_lag_s


class Deaf(Carrier):
    """Its list answers only when it is told to."""

    answers = True

    async def find(self, sender: str, recipient: str, since: Any) -> list[Any]:
        if not self.answers:
            raise Unavailable("sms:test", "the list does not answer")
        return []


async def doubted(*, by_hand: bool = True) -> tuple[Here, UUID, MovedClock]:
    """Return a place whose database's clock is `place.clock`, a text in doubt, and the clock of the process itself."""
    place = await here(people=1)
    carrier: Any = Deaf()
    own = MovedClock(MORNING)
    carrier.outcomes = [Doubtful(why="connection reset")]
    place.carrier = carrier
    place.parts = evolve(place.parts, gateway=carrier, doubts=DoubtWatch(own.monotonic))
    pressed: dict[str, Any] = {
        "source": MessageSource.MANUAL,
        "sender_type": SenderType.USER,
        "message_class": MessageClass.TRANSACTIONAL,
    }
    (text_id,) = await place.town.queue(place.town.text(1, **pressed if by_hand else {}))
    await place.drain()
    return place, text_id, own


async def state(place: Here, text_id: UUID) -> Delivery:
    return (await place.town.message(text_id)).delivery


async def test_a_database_clock_that_jumps_ahead_sends_nothing_twice() -> None:
    place, text_id, own = await doubted()
    await tidy(place.parts)
    place.clock.move(86_400)
    for _ in range(3):
        own.move(1)
        await tidy(place.parts)
    assert await state(place, text_id) is Delivery.IN_DOUBT
    own.move(GRACE_S)
    await tidy(place.parts)
    again = await place.town.message(text_id)
    assert (again.delivery, again.resends) == (Delivery.QUEUED, 1)


async def test_a_process_that_waited_long_still_asks_the_database_whether_the_grace_is_over() -> None:
    place, text_id, own = await doubted()
    for _ in range(3):
        own.move(GRACE_S)
        await tidy(place.parts)
    assert await state(place, text_id) is Delivery.IN_DOUBT


async def test_a_restart_only_delays() -> None:
    place, text_id, own = await doubted()
    for _ in range(3):
        place.clock.move(GRACE_S)
        own.move(GRACE_S - 1)
        place.parts = evolve(place.parts, doubts=DoubtWatch(own.monotonic))
        await tidy(place.parts)
        assert await state(place, text_id) is Delivery.IN_DOUBT
    own.move(GRACE_S)
    await tidy(place.parts)
    assert await state(place, text_id) is Delivery.QUEUED


async def test_a_list_that_failed_is_not_an_answer() -> None:
    place, text_id, own = await doubted()
    carrier: Any = place.carrier
    carrier.answers = False
    await tidy(place.parts)
    place.clock.move(2 * GRACE_S)
    own.move(2 * GRACE_S)
    carrier.answers = True
    await tidy(place.parts)
    assert await state(place, text_id) is Delivery.IN_DOUBT, "it has answered once"
    own.move(LAG_S)
    await tidy(place.parts)
    assert await state(place, text_id) is Delivery.QUEUED


@pytest.mark.parametrize("by_hand", [True, False])
async def test_where_nobody_watches_no_text_is_sent_again(by_hand: bool) -> None:
    place, text_id, _ = await doubted(by_hand=by_hand)
    place.parts = evolve(place.parts, doubts=None)
    place.clock.move(GRACE_S)
    await tidy(place.parts)
    assert await state(place, text_id) is Delivery.UNCONFIRMED


async def test_a_text_that_is_never_resent_needs_no_watcher_for_its_label() -> None:
    place, text_id, _ = await doubted(by_hand=False)
    place.clock.move(GRACE_S)
    await tidy(place.parts)
    assert await state(place, text_id) is Delivery.UNCONFIRMED


def in_doubt(attempt: int = 1) -> Message:
    return Message(
        id=UUID(int=1), user_id=UUID(int=2), client_id=UUID(int=3), content="Hello", attempt=attempt,
        direction=Direction.OUTBOUND, delivery=Delivery.IN_DOUBT, source=MessageSource.MANUAL,
        sender_type=SenderType.USER, created_at=MORNING,
    )  # fmt: skip


def test_each_attempt_is_a_doubt_of_its_own_and_what_is_in_doubt_no_more_is_forgotten() -> None:
    clock = MovedClock(MORNING)
    watch = DoubtWatch(clock.monotonic)

    def ask(message: Message) -> bool:
        watch.look([message])
        watch.answered(message, watch.now_s())
        return watch.is_over(message, SETTINGS)

    ask(in_doubt())
    clock.move(GRACE_S)
    assert not ask(in_doubt(attempt=2))
    assert not ask(in_doubt()), "it was out of doubt meanwhile"
    clock.move(GRACE_S)
    assert ask(in_doubt())
    assert not watch.is_over(in_doubt(attempt=2), SETTINGS)


@given(st.lists(st.tuples(st.floats(0, 200), st.booleans()), max_size=12))
def test_it_is_over_only_after_the_grace_and_two_answers_with_the_lag_between(steps: list[tuple[float, bool]]) -> None:
    clock, answers = MovedClock(MORNING), list[float]()
    watch, message = DoubtWatch(clock.monotonic), in_doubt()
    watch.look([message])
    for seconds, is_answered in steps:
        clock.move(seconds)
        watch.look([message])
        if is_answered:
            watch.answered(message, watch.now_s())
            answers.append(clock.monotonic())
        expected = bool(answers) and answers[-1] >= GRACE_S and answers[-1] - answers[0] >= LAG_S
        assert watch.is_over(message, SETTINGS) == expected
