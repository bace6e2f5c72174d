"""Kills at every boundary, a carrier that misbehaves, people who say stop: nothing lost, nothing twice.

The process that sends is killed at named places and around every transaction, again and again; what survives is what a
database and a carrier would keep. The judge is the checker in `tests/send_walk.py`, and it is judged too: mutants of
the protocol (`reliability.md` 6) must be caught by it, and by the invariant that is meant to catch them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.fate import Weather, chance
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sms.journal import MemoryJournal
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.model.carrier import Doubtful, OutgoingText, SendOutcome, TryLater
from nudge_core.model.lane import UNPACED
from nudge_core.model.message import Delivery, MessageClass, MessageSource, SenderType
from nudge_core.policy import gate
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.policy.facts import GateRules
from nudge_core.policy.hours_table import ALL_DAY
from nudge_core.ports import Store
from nudge_core.steps import deliver
from nudge_core.steps.deliver import Prepared
from tests.campaign import Campaign, MortalStore, race
from tests.clocks import MovedClock, utc
from tests.send_walk import (
    FAILPOINTS,
    OUR_NUMBER,
    OUTSIDE,
    RITA,
    AnyWords,
    SendWalk,
    Town,
    Verdict,
    Watch,
    check,
    go_on,
    memory_store,
    run_to_the_end,
    town,
)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.floats(0.0, 0.9), st.floats(0.0, 0.08))
def test_nothing_is_lost_or_sent_twice_whenever_the_process_dies(seed: int, faults: float, kill: float) -> None:
    verdict = asyncio.run(Campaign(seed, faults=faults, kill=kill).run())
    assert verdict.violations == ()


K2_DEATHS = 50  # every failpoint at least so often: test K2 of reliability.md
BOUNDARIES = tuple(f"{kind}:{when}_commit" for kind in ("system", "tenant") for when in ("before", "after"))


@pytest.mark.parametrize("place", [*FAILPOINTS, *BOUNDARIES])
def test_dying_again_and_again_at_one_place_loses_and_doubles_nothing(place: str) -> None:
    deaths = 0
    for seed in range(30):
        campaign = Campaign(seed, faults=0.4, kill=0.6, only=place)
        verdict = asyncio.run(campaign.run(kills_at_most=25))
        assert verdict.violations == ()
        deaths += campaign.hits[place]
        if deaths >= K2_DEATHS:
            return
    raise AssertionError(f"died only {deaths} times")


def test_every_end_is_reached() -> None:
    """The property would be hollow if all texts ended alike."""
    states: Counter[Delivery] = Counter()
    for seed in range(6):
        verdict = asyncio.run(Campaign(seed, faults=0.5, kill=0.02).run())
        assert verdict.violations == ()
        states += verdict.states
    assert set(states) == {Delivery.SENT, Delivery.FAILED, Delivery.WITHHELD, Delivery.UNCONFIRMED}
    assert states[Delivery.SENT] > states[Delivery.UNCONFIRMED] > 0


def test_without_faults_and_kills_everything_that_may_go_out_goes_out() -> None:
    campaign = Campaign(1, faults=0.0, kill=0.0, per_person=1)
    campaign.carrier_settings = CarrierSettings(seed=1)
    verdict = asyncio.run(campaign.run())
    assert verdict.violations == ()
    assert verdict.states == {Delivery.SENT: 10}
    assert verdict.accepted == 10


@pytest.mark.parametrize("place", OUTSIDE)
def test_a_process_that_sleeps_past_its_lease_and_wakes_doubles_nothing(place: str) -> None:
    """K3 of reliability.md: stopped for up to 200 seconds anywhere, while another process goes on, then continued."""

    async def sleepy(seed: int) -> Verdict:
        campaign = Campaign(seed, faults=0.2, kill=0.0)
        other = campaign.process()
        naps = 0

        async def nap(here: str) -> None:
            nonlocal naps
            if here != place or naps >= 12 or chance(seed, "nap", campaign.places) < 0.3:
                return
            naps += 1
            campaign.clock.move(200.0 * chance(seed, "nap length", naps))
            await other.deliver()
            await other.recover()
            campaign.clock.move(7.0)
            await other.deliver()

        campaign.nap = nap
        verdict = await campaign.run()
        assert naps > 0
        return verdict

    for seed in range(5):
        assert asyncio.run(sleepy(seed)).violations == ()


def test_two_processes_at_once_share_the_work_and_double_nothing() -> None:
    assert asyncio.run(race(Campaign(4, faults=0.4, kill=0.0, people=30, per_person=1))).violations == ()


# Mutants: the protocol with one guard taken out. Each scenario is run as it should be, and must pass, then as a mutant.


class Bare:
    """Something with some of its attributes replaced."""

    def __init__(self, inner: Any, **replaced: Any) -> None:
        self._inner, self._replaced = inner, replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced[name] if name in self._replaced else getattr(self._inner, name)


class StoreWithoutAttempts(MortalStore):
    """M1: a move back to the queue asks for the state alone."""

    @asynccontextmanager
    async def tenant(self, user_id: UUID) -> AsyncIterator[Any]:
        async with self._inner.tenant(user_id) as tx:

            async def move(message_id: UUID, **how: Any) -> bool:
                attempt = None if how["to"] is Delivery.QUEUED else how["attempt"]
                return await tx.messages.move(message_id, **(how | {"attempt": attempt}))

            yield Bare(tx, messages=Bare(tx.messages, move=move))


class ResendingGateway(SimulatedGateway):
    """M7: an answer 500, or none at all, is taken for "not sent"."""

    async def send(self, text: OutgoingText) -> SendOutcome:
        outcome = await super().send(text)
        return TryLater(why="again", retry_after_s=1.0) if isinstance(outcome, Doubtful) else outcome


class Scene:
    """A small town with one carrier, for a scripted course of events."""

    def __init__(self, place: Town, store: Store, clock: MovedClock, **settings: Any) -> None:
        self.town, self.store, self.clock = place, store, clock
        silent = Weather(lost=1.0)  # no receipt comes to the rescue of a mutant
        self.carrier = SimulatedCarrier(MemoryJournal(), CarrierSettings(refuse_after_stop=False, weather=silent))
        self.settings = DeliverySettings(**{"paces": UNPACED} | settings)

    def process(self, gateway: type[SimulatedGateway] = SimulatedGateway, faults: FaultPlan | None = None) -> SendWalk:
        return SendWalk(
            store=self.store,
            gateway=gateway(self.carrier, self.clock, faults=faults, pause=self.clock.pause),
            clock=self.clock,
            settings=self.settings,
        )

    async def verdict(self, released: list[UUID]) -> tuple[str, ...]:
        ledger = self.carrier.ledger(self.clock.now())
        return check(ledger, await self.town.rows(), await self.town.silences(), released).violations


async def scene(start: str = "2026-06-01 15:00", *, area: str = "512", people: int = 1, **settings: Any) -> Scene:
    clock = MovedClock(utc(start))
    store = memory_store(clock)
    return Scene(await town(store, clock.now(), people, area=area), store, clock, **settings)


async def _a_sleeper_wakes(mutant: bool) -> tuple[str, ...]:
    """A stalls after its claim; the text is handed on and accepted for B; then A wakes and gives "its" claim back."""
    here = await scene()
    store = StoreWithoutAttempts(here.store, go_on) if mutant else here.store
    released = await here.town.queue(
        here.town.text(
            1, source=MessageSource.MANUAL, sender_type=SenderType.USER, message_class=MessageClass.TRANSACTIONAL
        )
    )
    gateway, rules = here.process().gateway, AnyWords()

    async def begin() -> tuple[deliver.Claimed, Prepared]:
        async with here.store.system() as tx:
            claimed = await deliver.claim(tx, here.settings, here.clock.monotonic)
        async with here.store.tenant(RITA) as tenant:
            prepared = await deliver.prepare(tenant, claimed.messages[0], rules, here.settings)
        assert isinstance(prepared, Prepared)
        return claimed, prepared

    async def post(claimed: deliver.Claimed, prepared: Prepared) -> SendOutcome:
        return await deliver.post(gateway, prepared, claimed, here.settings, here.clock.monotonic)

    a_claimed, a_prepared = await begin()
    watcher = here.process()
    for _ in range(2):  # the lease is over, and the grace too under the watcher's eyes: handed on once
        here.clock.move(121)
        await watcher.recover()
    b_claimed, b_prepared = await begin()
    b_outcome = await post(b_claimed, b_prepared)
    a_outcome = await post(a_claimed, a_prepared)
    async with store.tenant(RITA) as tx:
        await deliver.record(tx, a_prepared.message, a_outcome, here.settings)
    here.clock.move(6)
    await here.process().deliver()
    async with store.tenant(RITA) as tx:
        await deliver.record(tx, b_prepared.message, b_outcome, here.settings)
    return await here.verdict(released)


async def test_m1_without_the_attempt_in_the_requeue_a_text_goes_out_twice() -> None:
    assert await _a_sleeper_wakes(mutant=False) == ()
    assert any(found.startswith("I2") for found in await _a_sleeper_wakes(mutant=True))


async def _queued_after_a_stop() -> tuple[str, ...]:
    here = await scene()
    here.carrier.person_writes(here.town.clients[0].phone or "", OUR_NUMBER, "leave me alone", here.clock.now())
    walk = here.process()
    await walk.listen()
    here.clock.move(30)
    released = await here.town.queue(here.town.text(1))
    await run_to_the_end(walk)
    return await here.verdict(released)


async def test_m2_without_the_suppression_check_in_the_claim_a_text_is_claimed_after_a_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await _queued_after_a_stop() == ()
    monkeypatch.setattr("nudge_adapters.memory.world.Book.silenced", lambda _book, _message: False)
    assert set(await _queued_after_a_stop()) == {"I3 claimed after a STOP"}
    open_gate = tuple(one for one in gate.CHECKS if one is not gate.not_revoked)
    monkeypatch.setattr(gate, "CHECKS", open_gate)
    assert "I3 accepted after a STOP" in await _queued_after_a_stop()


async def _on_a_summer_evening() -> tuple[str, ...]:
    here = await scene("2026-07-02 02:30", gate=GateRules(owner_hours=ALL_DAY))  # 21:30 in Texas
    released = await here.town.queue(here.town.text(1))
    await run_to_the_end(here.process())
    return await here.verdict(released)


async def test_m3_with_the_offset_of_winter_a_text_goes_out_at_night(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _on_a_summer_evening() == ()
    winter = timezone(timedelta(hours=-6))

    def naive_local(instant: datetime, _zone: str) -> datetime:
        return instant.astimezone(winter)

    def naive_at(day: date, clock: Any, _zone: str) -> datetime:
        return datetime.combine(day, clock, winter).astimezone(UTC)

    monkeypatch.setattr("nudge_core.policy.quiet_hours.to_local", naive_local)
    monkeypatch.setattr("nudge_core.policy.quiet_hours.at", naive_at)
    assert any(found.startswith("I4") for found in await _on_a_summer_evening())


async def _one_round() -> tuple[str, ...]:
    """Judged before anything recovers: the list and the receipts would heal a result that was not stored."""
    here = await scene(people=3)
    released = [(await here.town.queue(here.town.text(n, client=n)))[0] for n in range(3)]
    await here.process().deliver()
    return await here.verdict(released)


async def test_m4_a_result_that_is_not_committed_leaves_texts_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _one_round() == ()

    async def forget(*_args: object) -> None:
        """The transaction is opened, and nothing of it is kept."""

    monkeypatch.setattr(deliver, "record", forget)
    found = await _one_round()
    assert {one.split()[0] for one in found} == {"I1", "I7"}


async def _against_errors(gateway: type[SimulatedGateway]) -> tuple[str, ...]:
    here = await scene(people=20)
    released = [(await here.town.queue(here.town.text(n, client=n)))[0] for n in range(20)]
    faults = FaultPlan(seed=5, shares=MappingProxyType({Fault.ERROR_AFTER: 0.3, Fault.ERROR_BEFORE: 0.3}))
    await run_to_the_end(here.process(gateway, faults))
    return await here.verdict(released)


async def test_m7_to_send_again_after_a_500_is_to_send_twice() -> None:
    assert await _against_errors(SimulatedGateway) == ()
    assert any(found.startswith("I2") for found in await _against_errors(ResendingGateway))


async def _late_in_california() -> tuple[str, ...]:
    here = await scene("2026-06-01 23:30", area="415")  # 16:30 there
    walk = here.process()
    released = await here.town.queue(here.town.text(1))
    await walk.deliver()
    here.clock.move(3_600)  # 17:30 there, and another day in UTC
    released += await here.town.queue(here.town.text(2))
    await run_to_the_end(walk)
    return await here.verdict(released)


async def test_m8_a_cap_by_the_date_of_utc_lets_two_through_on_one_local_day(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _late_in_california() == ()
    monkeypatch.setattr("nudge_core.policy.caps.local_date", lambda instant, _zone: instant.astimezone(UTC).date())
    assert any(found.startswith("I6") for found in await _late_in_california())


def test_the_checker_sees_what_it_is_there_for() -> None:
    """A ledger and rows made up to break one invariant each."""
    campaign = Campaign(9, faults=0.0, kill=0.0, people=2, per_person=1)
    campaign.carrier_settings = CarrierSettings(seed=9)

    async def honest() -> tuple[Any, ...]:
        assert (await campaign.run()).violations == ()
        place = Town(store=campaign.store, clients=())
        walk = campaign.process()
        return walk.gateway.carrier.ledger(campaign.clock.now()), await place.rows()

    ledger, rows = asyncio.run(honest())
    released = [row.id for row in rows]
    by_id = {row.id: row for row in rows}

    def found(entries: Any, changed: Any) -> set[str]:
        return {violation.split()[0] for violation in check(entries, changed, [], released).violations}

    lost = [evolve(row, delivery=Delivery.QUEUED) for row in rows]
    assert found(ledger, lost) == {"I1", "I7"}
    assert found([*ledger, evolve(ledger[0], sid="SMtwo")], rows) == {"I2", "I6"}
    assert found([evolve(ledger[0], at=utc("2026-06-02 04:00")), *ledger[1:]], rows) == {"I4"}
    assert found(ledger[1:], rows) == {"I7"}
    assert Watch().look(rows) == []
    watch = Watch()
    watch.look(rows)
    other = evolve(by_id[released[0]], provider_sid="SMnew", receipt=None)
    assert len(watch.look([other])) == 2
