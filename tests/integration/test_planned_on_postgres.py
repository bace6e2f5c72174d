"""Planned texts on PostgreSQL: several workers at once, a STOP in between, and a death."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from nudge_adapters.sql.store import SqlStore
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.message import ScheduledStatus
from nudge_core.steps.release import Effect
from nudge_core.walk import release_due
from tests.campaign import MortalStore
from tests.clocks import MovedClock
from tests.planning import MONDAY, Practice, practice, statuses
from tests.send_walk import CountingIds, Killed

PEOPLE = 12


@pytest.fixture
async def at(database: str) -> AsyncIterator[Practice]:
    """A practice on an empty database."""
    clock = MovedClock(MONDAY)
    store = SqlStore(database, clock, CountingIds())
    yield await practice(store=store, clock=clock, people=PEOPLE)
    await store.aclose()


async def test_four_workers_release_every_text_once(at: Practice) -> None:
    for number, client in enumerate(at.town.clients):
        await at.plan(at.wish(f"one {number}", "2026-06-02", client_id=client.id))
    at.clock.move(90_000)
    reports = await asyncio.gather(*(release_due(at.parts, 4) for _ in range(4)))
    effects = sum((Counter(report.effects) for report in reports), Counter[Effect]())
    assert effects == Counter({Effect.RELEASED: PEOPLE})
    assert [report.failed for report in reports] == [()] * 4
    assert len({row.id for row in await at.town.rows()}) == PEOPLE


@pytest.mark.parametrize("place", ["tenant:before_commit", "tenant:after_commit", "system:after_commit"])
async def test_a_death_leaves_one_open_occurrence_and_one_text(at: Practice, place: str) -> None:
    await at.cadence("FREQ=WEEKLY", "2026-05-28")
    at.clock.move(4 * 86_400)

    async def die(here: str) -> None:
        if here == place:
            raise Killed(here)

    with pytest.raises(Killed):
        await release_due(at.parts_on(MortalStore(at.store, die)))
    assert len(await at.open()) == 1
    at.clock.move(at.settings.lease_s)
    await at.until(at.clock.now() + timedelta(hours=2), timedelta(hours=1))
    assert len(await at.open()) == 1
    assert len(at.ledger()) == 1


async def test_a_reply_pauses_and_a_stop_ends_a_series_for_good(at: Practice) -> None:
    first = await at.cadence("FREQ=WEEKLY", "2026-05-28")
    await at.hear("hello")
    assert await statuses(at, first) == (ScheduledStatus.PENDING, BriefingStatus.PAUSED)
    assert len(await at.copilot()) == 1
    await at.resume((await at.plan_of(first)).id)
    await at.hear("STOP")
    await at.hear("START")
    await at.until(MONDAY + timedelta(days=10), timedelta(days=1))
    assert await statuses(at, first) == (ScheduledStatus.CANCELLED, BriefingStatus.CANCELLED)
    assert {entry.body.split()[0] for entry in at.ledger()} <= {"You"}  # the one confirmation


async def test_a_stop_at_the_moment_of_release_wins(at: Practice) -> None:
    for number, client in enumerate(at.town.clients):
        await at.plan(at.wish(f"one {number}", "2026-06-02", client_id=client.id))
    at.clock.move(90_000)
    stops = [at.tell("STOP", phone=client.phone, sid=f"SMstop{n}") for n, client in enumerate(at.town.clients)]
    await asyncio.gather(release_due(at.parts), *stops, return_exceptions=True)
    for n, client in enumerate(at.town.clients):
        await at.tell("STOP", phone=client.phone, sid=f"SMstop{n}")  # the carrier tells again what was not taken
    await at.until(at.clock.now() + timedelta(days=2), timedelta(hours=8))
    assert {entry.body.split()[0] for entry in at.ledger()} <= {"You"}
