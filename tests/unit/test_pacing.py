"""Texts leave a paced sender at its rate: never faster, and not slower when claims are late or a machine is busy."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.memory import MemoryStore
from nudge_core.model.carrier import Accepted, OutgoingText
from nudge_core.model.lane import UNPACED, ClaimRules, Paces, SenderLane
from nudge_core.model.message import Delivery, Receipt
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.policy.pacing import BURST_S, PROBES_PER_S, allowance, instants, rate_of, served_at
from nudge_core.steps.deliver import Claimed
from nudge_core.verticals import VERTICALS
from nudge_core.walk import Drained, Parts, drain
from tests.clocks import utc
from tests.send_walk import OUR_NUMBER, RITA, CountingIds, Town, memory_store, town
from tests.virtual_time import LoopClock, run_virtually

MORNING = utc("2026-06-01 15:00")  # Monday, 10:00 in Texas
ROUNDING = 1e-3  # seconds: instants are stored in microseconds


@frozen
class Posted:
    """A request that left."""

    at_s: float
    segments: int


def most_above(posted: Sequence[Posted], rate: float) -> float:
    """Return by how many segments the busiest stretch of time exceeds `rate * (its length + BURST_S)` and one text."""
    ordered = sorted(posted, key=lambda one: one.at_s)
    worst = float("-inf")
    for first, one in enumerate(ordered):
        sent, largest = 0, 0
        for last in ordered[first:]:
            sent, largest = sent + last.segments, max(largest, last.segments)
            worst = max(worst, sent - largest - rate * (last.at_s - one.at_s + BURST_S + ROUNDING))
    return worst


class Lane:
    """A lane that claimers take from, each at its instant, and post late as they like."""

    def __init__(self, rate: float, rules: ClaimRules) -> None:
        self.state = SenderLane(user_id=RITA, sender=OUR_NUMBER, rate_per_s=rate)
        self.rules = rules
        self.posted: list[Posted] = []
        self.missed = 0

    def claim(self, at_s: float, waiting: Sequence[int], late_s: Sequence[float]) -> int:
        """Claim at an instant from texts of so many segments each; return how many were taken."""
        now = MORNING + timedelta(seconds=at_s)
        given = allowance(self.state, now, self.rules)
        if given is None:
            return 0
        assert given.segments is not None
        taken: list[int] = []
        for parts in waiting:
            if sum(taken) > given.segments or (given.at_once is not None and len(taken) >= given.at_once):
                break
            taken.append(parts)
        assert given.rate is not None
        free_at = given.since + timedelta(seconds=sum(taken) / given.rate)
        leaves = instants(given, taken)
        claimed = Claimed(
            messages=(),
            at_s=at_s,
            leaves_s={UUID(int=n): (one - MORNING).total_seconds() for n, one in enumerate(leaves)},
        )
        for number, (parts, late) in enumerate(zip(taken, late_s, strict=False)):
            leaves_s = claimed.leaves_s[UUID(int=number)]
            assert leaves_s >= at_s - ROUNDING
            if claimed.is_missed(UUID(int=number), leaves_s + late):
                self.missed += 1
            else:
                self.posted.append(Posted(leaves_s + late, parts))
        self.state = evolve(self.state, free_at=free_at)
        return len(taken)


@given(
    rate=st.sampled_from([0.2, 1.0, 3.0, 5.0, 80.0]),
    ahead_s=st.sampled_from([0.0, 1.0, 4.0]),
    refill=st.sampled_from([None, 0.0, 2.0]),
    gaps=st.lists(st.floats(0.0, 6.0), min_size=1, max_size=40),
    seed=st.integers(0, 1_000_000),
)
def test_no_stretch_of_time_has_more_than_its_rate_and_one_burst(
    rate: float, ahead_s: float, refill: float | None, gaps: list[float], seed: int
) -> None:
    """Claimers of any number of processes, texts of any length, each posted late by up to what is allowed, or more."""
    chance = random.Random(seed)
    lane, at_s = Lane(rate, ClaimRules(ahead_s=ahead_s, refill_s=refill)), 0.0
    for gap in gaps:
        at_s += gap
        strikes = chance.choice([0, 0, 0, 7])
        lane.state = evolve(lane.state, strikes=strikes)
        waiting = [chance.choice([1, 1, 2, 6]) for _ in range(chance.choice([0, 3, 60]))]
        lane.claim(at_s, waiting, [chance.uniform(0.0, BURST_S * 1.2) for _ in waiting])
    assert most_above(lane.posted, rate) <= 0


@given(late=st.lists(st.floats(1.0, 2.0), min_size=20, max_size=30), rate=st.sampled_from([1.0, 3.0, 5.0]))
def test_claims_that_come_one_to_two_seconds_late_cost_nothing(late: list[float], rate: float) -> None:
    rules = DeliverySettings().claim_rules
    lane, at_s = Lane(rate, rules), 0.0
    for extra in late:
        lane.claim(at_s, [1] * 200, [0.0] * 200)
        served = served_at(lane.state, rules)
        assert served is not None
        at_s = max(at_s, (served - MORNING).total_seconds()) + extra
    lasted = lane.posted[-1].at_s - lane.posted[0].at_s
    assert lasted > 20
    assert (len(lane.posted) - 1) / lasted == pytest.approx(rate, rel=0.001)


def test_nothing_is_saved_up_and_a_probe_reserves_nothing() -> None:
    rules = ClaimRules(paces=Paces(), ahead_s=4.0, refill_s=2.0)
    lane = SenderLane(user_id=RITA, sender=OUR_NUMBER, free_at=MORNING - timedelta(hours=1))
    given = allowance(lane, MORNING, rules)
    assert given is not None
    assert (given.since, given.segments, given.at_once) == (MORNING, 4.0, None)
    probed = allowance(evolve(lane, strikes=5), MORNING, rules)
    assert probed is not None
    assert (probed.rate, probed.segments, probed.at_once) == (PROBES_PER_S, 0.0, 1)
    soon = evolve(lane, free_at=MORNING + timedelta(seconds=2))
    assert allowance(soon, MORNING, rules) is not None
    assert allowance(evolve(soon, strikes=5), MORNING, rules) is None
    assert allowance(evolve(soon, free_at=MORNING + timedelta(seconds=2.1)), MORNING, rules) is None
    assert rate_of(evolve(lane, strikes=5, rate_per_s=0.5), rules) == 0.5
    assert allowance(evolve(soon, strikes=5), MORNING, evolve(rules, paces=UNPACED)) is None


class Ledger:
    """A carrier that takes every text after a while, at most so many at a time, and writes down when it was asked."""

    def __init__(self, takes_s: float) -> None:
        self._takes_s = takes_s
        self.asked: dict[str, list[Posted]] = {}
        self.ids: Counter[UUID] = Counter()

    async def send(self, text: OutgoingText) -> Accepted:
        at_s = asyncio.get_running_loop().time()
        self.asked.setdefault(text.sender, []).append(Posted(at_s, 1))
        self.ids[text.message_id] += 1
        await asyncio.sleep(self._takes_s)
        return Accepted(provider_sid=f"SM{text.message_id.hex}", receipt=Receipt.QUEUED)


class BusyStore:
    """A store on a machine that has more to do: every transaction is late, claims by more."""

    def __init__(self, inner: MemoryStore, claims: tuple[float, float], others: tuple[float, float], seed: int) -> None:
        self._inner, self._claims, self._others = inner, claims, others
        self._chance = random.Random(seed)

    @asynccontextmanager
    async def system(self) -> AsyncIterator[Any]:
        await asyncio.sleep(self._chance.uniform(*self._claims))
        async with self._inner.system() as tx:
            yield tx

    @asynccontextmanager
    async def tenant(self, user_id: UUID) -> AsyncIterator[Any]:
        await asyncio.sleep(self._chance.uniform(*self._others))
        async with self._inner.tenant(user_id) as tx:
            yield tx


class Here:
    """What a drain on virtual time did."""

    def __init__(
        self, place: Town, carrier: Ledger, done: Drained, reasons: Counter[str | None], took_s: float
    ) -> None:
        self.town, self.carrier, self.done, self.reasons, self.took_s = place, carrier, done, reasons, took_s


async def drained(
    senders: Sequence[str], each: int, seconds: float, *, takes_s: float = 0.02, busy: Any = None, **settings: Any
) -> Here:
    """Drain texts of some senders for so many seconds."""
    clock = LoopClock(MORNING)
    store = memory_store(clock)
    place = await town(store, MORNING, len(senders) * each)
    texts = [
        place.text(n, client=n, sender=senders[n % len(senders)], content=f"Text {n}: a home near Zilker is back.")
        for n in range(len(senders) * each)
    ]
    await place.queue(*texts)
    carrier, reasons = Ledger(takes_s), Counter[str | None]()
    gateway: Any = carrier
    parts = Parts(
        store=store if busy is None else busy(store),
        verticals=VERTICALS,
        drafters=(),
        gateway=gateway,
        ids=CountingIds(),
        delivery=DeliverySettings(**settings),
    )
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    done = await drain(parts, clock.monotonic, stop, lambda moved: reasons.update([moved.reason]))
    return Here(place, carrier, done, reasons, clock.monotonic())


def share_of_rate(posted: Sequence[Posted], rate: float) -> float:
    """Return the rate of posts over the one allowed."""
    return (len(posted) - 1) / (posted[-1].at_s - posted[0].at_s) / rate


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_drain_keeps_its_pace_though_every_claim_is_one_to_two_seconds_late(seed: int) -> None:
    def busy(store: MemoryStore) -> BusyStore:
        return BusyStore(store, (1.0, 2.0), (0.05, 0.4), seed)

    here = run_virtually(drained([OUR_NUMBER], 120, 22.0, busy=busy, paces=Paces(long_code=5.0)))
    (posted,) = here.carrier.asked.values()
    assert share_of_rate(posted, 5.0) >= 0.95
    assert most_above(posted, 5.0) <= 0
    assert here.done.moved.keys() <= {Delivery.SENT, Delivery.QUEUED}
    assert "pace_missed" not in here.reasons


def test_a_drain_waits_for_each_instant_and_ends_with_its_last_text() -> None:
    here = run_virtually(drained([OUR_NUMBER], 12, 60.0, paces=Paces(long_code=2.0)))
    (posted,) = here.carrier.asked.values()
    assert [one.at_s for one in posted] == pytest.approx([n / 2 for n in range(12)], abs=0.01)
    assert here.done.moved == {Delivery.SENT: 12}
    assert here.took_s < 10


def test_texts_that_are_reserved_ahead_are_handed_back_without_a_doubt_by_a_stop() -> None:
    here = run_virtually(drained([OUR_NUMBER], 12, 1.2, paces=Paces(long_code=2.0)))
    assert set(here.done.moved) == {Delivery.SENT, Delivery.QUEUED}
    assert here.done.moved[Delivery.SENT] == 3 == sum(here.carrier.ids.values())
    assert here.done.claimed > 3


def test_more_senders_than_the_carrier_serves_keep_it_busy_and_miss_few_instants() -> None:
    """Twenty senders at one a second, and a carrier that takes eight a second of all of them."""
    senders = [f"+1737555{n:04}" for n in range(20)]
    here = run_virtually(
        drained(senders, 15, 20.0, takes_s=0.5, concurrency=4, paces=Paces(long_code=1.0), first_backoff_s=1.0)
    )
    asked = [one for posted in here.carrier.asked.values() for one in posted]
    assert len(asked) >= 0.9 * 8 * 20
    assert here.reasons["pace_missed"] <= 0.2 * len(asked)
    assert all(most_above(posted, 1.0) <= 0 for posted in here.carrier.asked.values())
    assert set(here.carrier.ids.values()) == {1}
