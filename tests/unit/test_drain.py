"""The drain: many at a time, never more than can start in time, stopped without doubts, kept off a failing carrier."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from nudge_adapters.llm.offline import OfflineDrafter
from nudge_adapters.memory import MemoryStore
from nudge_core.errors import Unavailable
from nudge_core.model.carrier import Accepted, Doubtful, OutgoingText, SendOutcome, TryLater
from nudge_core.model.consent import Suppression, SuppressionScope
from nudge_core.model.lane import UNPACED, Paces
from nudge_core.model.message import Delivery, Receipt
from nudge_core.policy.delivery import DeliverySettings, pause_s
from nudge_core.policy.findings import Finding
from nudge_core.ports import Store
from nudge_core.sending.moves import Moved
from nudge_core.steps import deliver
from nudge_core.verticals import VERTICALS
from nudge_core.walk import Parts, drain, send_due, tidy
from tests.clocks import MovedClock, utc
from tests.send_walk import OUR_NUMBER, RITA, AnyWords, CountingIds, Town, memory_store, town

MORNING = utc("2026-06-01 15:00")  # Monday, 10:00 in Texas
PATIENCE_S = 60


class Carrier:
    """Takes what it is told to take; remembers how many requests stood at a time."""

    def __init__(self) -> None:
        self.accepted: Counter[UUID] = Counter()
        self.asked = 0
        self.standing = self.most_standing = 0
        self.outcomes: list[SendOutcome] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, text: OutgoingText) -> SendOutcome:
        self.asked += 1
        self.standing += 1
        self.most_standing = max(self.most_standing, self.standing)
        await asyncio.sleep(0)
        await self.gate.wait()
        self.standing -= 1
        if self.outcomes:
            return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        self.accepted[text.message_id] += 1
        return Accepted(provider_sid=f"SM{text.message_id.hex}", receipt=Receipt.QUEUED)

    async def stand(self, count: int) -> None:
        """Wait until so many requests stand."""
        async with asyncio.timeout(PATIENCE_S):
            while self.standing < count:  # noqa: ASYNC110 - nothing tells when a request arrives
                await asyncio.sleep(0)

    async def find(self, sender: str, recipient: str, since: Any) -> list[Any]:
        return []

    async def fetch(self, provider_sid: str) -> None:
        return None

    async def received(self, recipient: str, since: Any) -> list[Any]:
        return []

    async def ping(self) -> str:
        return "a carrier"

    async def aclose(self) -> None:
        pass


class Here:
    """A town, its store, a carrier, and the parts of a walk over them."""

    def __init__(self, place: Town, store: Store, clock: MovedClock, **settings: Any) -> None:
        self.town, self.store, self.clock = place, store, clock
        self.carrier = Carrier()
        self.stop = asyncio.Event()
        voices = {name: vertical.voice for name, vertical in VERTICALS.items()}
        self.parts = Parts(
            store=store,
            verticals=VERTICALS,
            drafters=(OfflineDrafter(voices),),
            gateway=self.carrier,
            ids=CountingIds(),
            delivery=DeliverySettings(**{"paces": UNPACED} | settings),
        )

    async def queue(self, count: int) -> list[UUID]:
        return await self.town.queue(*(self.town.text(n, client=n) for n in range(count)))

    async def states(self) -> Counter[Delivery]:
        return Counter(row.delivery for row in await self.town.rows())

    async def drain(self, **how: Any) -> Any:
        return await asyncio.wait_for(drain(self.parts, self.clock.monotonic, self.stop, **how), PATIENCE_S)


async def here(people: int = 40, **settings: Any) -> Here:
    clock = MovedClock(MORNING)
    store = memory_store(clock)
    return Here(await town(store, MORNING, people), store, clock, **settings)


async def test_everything_that_may_go_out_goes_out_once_and_many_at_a_time() -> None:
    place = await here(concurrency=4, batch=10)
    await place.queue(40)
    told: list[Moved] = []
    done = await place.drain(told=told.append)
    assert (done.claimed, done.moved, done.failed) == (40, {Delivery.SENT: 40}, {})
    assert len(told) == 40
    assert set(place.carrier.accepted.values()) == {1}
    assert 1 < place.carrier.most_standing <= 4


async def test_no_more_is_claimed_than_can_start_while_the_carrier_hangs() -> None:
    place = await here(concurrency=4, batch=40)
    await place.queue(40)
    place.carrier.gate.clear()
    running = asyncio.create_task(place.drain())
    await place.carrier.stand(4)
    for _ in range(3):
        place.clock.move(5)  # nothing has come back: nothing more can be expected to start
        for _ in range(200):
            await asyncio.sleep(0)
    assert (await place.states())[Delivery.SENDING] <= 4 + 4
    place.carrier.gate.set()
    await running
    assert (await place.states())[Delivery.SENT] == 40


async def test_a_stop_ends_what_has_begun_and_hands_the_rest_back_without_a_doubt() -> None:
    place = await here(concurrency=4, batch=20)
    await place.queue(40)
    place.carrier.gate.clear()
    running = asyncio.create_task(place.drain())
    await place.carrier.stand(4)
    place.stop.set()
    place.carrier.gate.set()
    await running
    states = await place.states()
    assert set(states) == {Delivery.SENT, Delivery.QUEUED}
    assert states[Delivery.SENT] == len(place.carrier.accepted) >= 4


async def test_a_carrier_that_keeps_failing_is_left_alone_and_tried_again_with_one_text() -> None:
    place = await here(concurrency=1, batch=40)
    await place.queue(40)
    place.carrier.outcomes = [TryLater(why="20429", retry_after_s=1.0)]
    await place.drain()
    assert place.carrier.asked == 5  # then its circuit is open
    async with place.store.tenant(RITA) as tx:
        lane = await tx.lanes.get(OUR_NUMBER)
    assert (lane.strikes, lane.pause_reason) == (5, "5 failures in a row")
    assert lane.paused_until == MORNING + timedelta(seconds=1)
    place.clock.move(8)
    await place.drain()
    assert place.carrier.asked == 6  # one, and it failed again: twice as long
    place.clock.move(30)
    place.carrier.outcomes = []
    await place.drain()
    place.clock.move(60)
    await place.drain()
    assert (await place.states())[Delivery.SENT] == 40
    async with place.store.tenant(RITA) as tx:
        lane = await tx.lanes.get(OUR_NUMBER)
    assert (lane.strikes, lane.pause_reason) == (0, None)


async def test_a_sender_that_the_carrier_refuses_is_stopped_for_long_and_audited() -> None:
    place = await here(concurrency=1)
    await place.queue(10)
    place.carrier.outcomes = [TryLater(why="20003", retry_after_s=0.0, lane_stop=True)]
    await place.drain()
    assert place.carrier.asked == 1
    async with place.store.tenant(RITA) as tx:
        lane = await tx.lanes.get(OUR_NUMBER)
        refused = [row for row in await place_rows(tx) if row.reason == "20003"]
        audited = [entry.action for row in refused for entry in await tx.audit.of_subject(row.id)]
    assert lane.paused_until == MORNING + timedelta(seconds=900)
    assert lane.pause_reason == "the carrier refuses this sender: 20003"
    assert audited == ["lane_paused"]


async def place_rows(tx: Any) -> list[Any]:
    return [row for client in await tx.clients.book() for row in await tx.messages.of_client(client.id, 99)]


def test_the_pause_of_a_failing_lane_doubles_and_is_bounded() -> None:
    settings = DeliverySettings()
    assert [pause_s(strikes, settings) for strikes in (0, 4, 5, 6, 9, 10, 500)] == [0, 0, 1, 2, 16, 30, 30]


class Picky(AnyWords):
    """Rules that raise for one text."""

    def lint(self, text: str) -> tuple[Finding, ...]:
        if text.startswith("Text 3:"):
            raise ZeroDivisionError
        return ()


class PickyVertical:
    """A vertical of another package, with a defect."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.lint = inner, Picky().lint

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def test_a_text_that_breaks_every_attempt_stops_no_other_and_is_parked_after_five() -> None:
    place = await here(people=10)
    broken: Any = {"real_estate": PickyVertical(VERTICALS["real_estate"])}
    place.parts = evolve(place.parts, verticals=broken)
    ids = await place.queue(10)
    for _ in range(8):
        await place.drain()
        place.clock.move(120)
    parked = await place.town.message(ids[3])
    assert (parked.delivery, parked.reason, parked.attempt) == (Delivery.WITHHELD, "error:ZeroDivisionError:5", 5)
    assert (await place.states())[Delivery.SENT] == 9


class Away:
    """A database that goes away while answers are recorded."""

    def __init__(self, inner: Store, times: int) -> None:
        self._inner, self.times = inner, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @asynccontextmanager
    async def tenant(self, user_id: UUID) -> AsyncIterator[Any]:
        async with self._inner.tenant(user_id) as tx:
            yield tx
            if self.times and any(row.delivery is Delivery.SENT for row in await place_rows(tx)):
                self.times -= 1
                raise Unavailable("postgresql", "gone")


async def test_an_answer_is_kept_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nudge_core.walk.pipeline.RECORD_PAUSE_S", 0.0)
    place = await here(people=3)
    place.parts = evolve(place.parts, store=Away(place.store, 3))
    await place.queue(3)
    await place.drain()
    assert await place.states() == {Delivery.SENT: 3}
    assert set(place.carrier.accepted.values()) == {1}


async def test_what_cannot_be_recorded_at_all_becomes_a_doubt_and_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nudge_core.walk.pipeline.RECORD_PAUSE_S", 0.0)
    place = await here(people=1)
    away = Away(place.store, 10_000)
    parts = evolve(place.parts, store=away)
    await place.queue(1)
    done = await asyncio.wait_for(drain(parts, place.clock.monotonic, place.stop), PATIENCE_S)
    assert done.failed == {"Unavailable": 1}
    place.clock.move(61)
    await tidy(place.parts)
    assert await place.states() == {Delivery.IN_DOUBT: 1}
    assert sum(place.carrier.accepted.values()) == 1


class Leisurely(Carrier):
    """Takes longer than the send deadline for its first text."""

    def __init__(self, clock: MovedClock) -> None:
        super().__init__()
        self._clock = clock

    async def send(self, text: OutgoingText) -> SendOutcome:
        if not self.asked:
            self._clock.move(11)
        return await super().send(text)


async def test_texts_that_we_were_too_slow_for_are_no_failures_of_the_carrier() -> None:
    place = await here(people=10, concurrency=1)
    carrier: Any = Leisurely(place.clock)
    place.parts = evolve(place.parts, gateway=carrier)
    await place.queue(10)
    moves = await send_due(place.parts, place.clock.monotonic)
    assert Counter(moved.reason for moved in moves) == {None: 1, "send_deadline": 9}


async def test_a_paced_sender_keeps_to_its_rate() -> None:
    place = await here(people=20, paces=Paces(long_code=1.0))
    await place.queue(20)
    start, sent = place.clock.monotonic(), []
    for _ in range(40):
        await send_due(place.parts, place.clock.monotonic)
        sent.append((place.clock.monotonic() - start, sum(place.carrier.accepted.values())))
        place.clock.move(0.5)
    for seconds, count in sent:
        assert count <= seconds + 2  # one that was saved up, one at once
        assert count >= min(seconds, 20)


async def test_a_dead_sender_that_had_not_begun_is_replaced_and_one_that_had_is_doubted() -> None:
    place = await here(people=2)
    await place.queue(2)
    settings = place.parts.delivery
    async with place.store.system() as tx:
        claimed = await deliver.claim(tx, settings, place.clock.monotonic)
    ids = [message.id for message in claimed.messages]
    async with place.store.tenant(RITA) as tenant:
        prepared = await deliver.prepare(tenant, claimed.messages[0], AnyWords(), settings)
    assert isinstance(prepared, deliver.Prepared)
    place.clock.move(61)
    await tidy(place.parts)
    first, second = [await place.town.message(one) for one in ids]
    assert (first.delivery, first.reason) == (Delivery.IN_DOUBT, "lease_expired")
    assert (second.delivery, second.reason) == (Delivery.QUEUED, "lease_expired")
    async with place.store.tenant(RITA) as tenant:  # the sender was a zombie, and wakes up
        late = await deliver.prepare_all(tenant, list(claimed.messages), AnyWords(), settings)
    assert late == [None, None]
    await place.drain()
    assert place.carrier.accepted == {ids[1]: 1}


async def test_a_text_that_was_claimed_too_often_is_withheld_instead_of_queued_again() -> None:
    place = await here(people=1, most_attempts=1)
    (text_id,) = await place.queue(1)
    async with place.store.system() as tx:
        await deliver.claim(tx, place.parts.delivery, place.clock.monotonic)
    place.clock.move(61)
    await tidy(place.parts)
    held = await place.town.message(text_id)
    assert (held.delivery, held.reason) == (Delivery.WITHHELD, "attempts_exhausted")


async def test_every_due_text_that_no_claim_takes_gets_its_reason() -> None:
    place = await here(people=7)
    text, phones = place.town.text, [client.phone or "" for client in place.town.clients]
    await place.town.queue(text(1))
    await place.drain()
    place.clock.move(86_400)
    await place.town.queue(text(2))
    await place.drain()  # the second of seven days
    place.clock.move(3 * 86_400)
    soon = place.clock.now() + timedelta(minutes=5)
    waiting = await place.town.queue(
        text(3),
        text(4, client=1, recipient=None),
        text(5, client=2, sender=None),
        text(6, client=3, not_after=soon),
        text(7, client=4, recipient="+15125559999"),
        text(8, client=5),
    )
    async with place.store.tenant(RITA) as tx:
        await tx.suppressions.add(
            Suppression(
                id=UUID(int=5), user_id=RITA, phone=phones[5], scope=SuppressionScope.ALL, reason="opted_out",
                created_at=tx.now,
            )
        )  # fmt: skip
    place.clock.move(600)
    await tidy(place.parts)
    reasons = [(row.delivery, row.reason) for row in [await place.town.message(one) for one in waiting]]
    assert reasons == [
        (Delivery.QUEUED, "cap_7_days"),
        (Delivery.WITHHELD, "no_phone"),
        (Delivery.WITHHELD, "no_sender"),
        (Delivery.WITHHELD, "expired"),
        (Delivery.WITHHELD, "no_consent"),
        (Delivery.WITHHELD, "revoked"),
    ]
    held = await place.town.message(waiting[0])
    assert held.not_before == utc("2026-06-08 15:00")
    assert held.window_end == utc("2026-06-08 23:00")


async def test_a_window_that_was_missed_gives_way_to_the_one_that_is_open() -> None:
    place = await here(people=1)
    (text_id,) = await place.queue(1)
    async with place.store.tenant(RITA) as tx:
        closed = MORNING + timedelta(hours=1)
        await tx.messages.put_off(text_id, attempt=0, reason="quiet_hours", not_before=MORNING, window_end=closed)
    place.clock.move(7_200)
    await place.drain()
    assert (await place.town.message(text_id)).delivery is Delivery.SENT


async def test_the_best_text_wins_the_slot_also_when_a_worse_one_could_go_earlier() -> None:
    """A cap holds the better one until ten tomorrow; at half past nine the worse one is approved."""
    place = await here(people=1, gate=_from_nine())
    text = place.town.text
    await place.town.queue(text(1))
    await place.drain()
    (best,) = await place.town.queue(text(2, match_score=90.0))
    await place.drain()
    assert (await place.town.message(best)).reason == "cap_day"
    place.clock.move(23.5 * 3_600)
    (worse,) = await place.town.queue(text(3, match_score=40.0))
    await place.drain()
    held = await place.town.message(worse)
    assert (held.delivery, held.reason, held.not_before) == (Delivery.QUEUED, "cap_day", utc("2026-06-02 15:00"))
    place.clock.move(0.5 * 3_600)
    await place.drain()
    assert (await place.town.message(best)).delivery is Delivery.SENT
    assert (await place.town.message(worse)).delivery is Delivery.QUEUED


def _from_nine() -> Any:
    from nudge_core.policy.facts import GateRules
    from nudge_core.policy.hours_table import ALL_DAY

    return GateRules(owner_hours=ALL_DAY)


async def test_an_adapter_that_raises_leaves_a_doubt_and_the_drain_goes_on() -> None:
    place = await here(people=3)

    async def burst(text: OutgoingText) -> SendOutcome:
        raise ZeroDivisionError

    place.carrier.send = burst  # type: ignore[method-assign]
    await place.queue(3)
    done = await place.drain()
    assert done.failed == {"ZeroDivisionError": 3}
    assert await place.states() == {Delivery.IN_DOUBT: 3}


async def test_a_doubt_says_of_the_lane_what_a_failure_says() -> None:
    place = await here(people=8, concurrency=1)
    await place.queue(8)
    place.carrier.outcomes = [Doubtful(why="answer 500")]
    await place.drain()
    assert place.carrier.asked == 5


async def test_a_database_that_is_away_is_the_callers_to_hear_of() -> None:
    place = await here(people=1)

    class Gone(MemoryStore):
        def system(self) -> Any:
            raise Unavailable("postgresql", "gone")

    place.parts = evolve(place.parts, store=Gone(place.clock, CountingIds()))
    with pytest.raises(Unavailable):
        await place.drain()
