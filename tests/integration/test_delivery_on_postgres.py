"""The send walk on a real PostgreSQL: the same campaign, kills and checker as on the memory store."""

from __future__ import annotations

import pytest

from nudge_adapters.sql.store import SqlStore
from tests.campaign import MORNING, Campaign, race
from tests.clocks import MovedClock
from tests.send_walk import CountingIds


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_nothing_is_lost_or_doubled_on_postgres_whenever_the_process_dies(database: str, seed: int) -> None:
    clock = MovedClock(MORNING)
    store = SqlStore(database, clock, CountingIds())
    campaign = Campaign(seed, faults=0.4, kill=0.03, people=6, clock=clock, store=store)
    try:
        verdict = await campaign.run(kills_at_most=40)
    finally:
        await store.aclose()
    assert verdict.violations == ()
    assert sum(campaign.hits.values()) > 5
    assert verdict.accepted > 0


async def test_two_processes_at_once_share_the_work_on_postgres_and_double_nothing(database: str) -> None:
    clock = MovedClock(MORNING)
    store = SqlStore(database, clock, CountingIds())
    try:
        verdict = await race(Campaign(5, faults=0.3, kill=0.0, people=20, per_person=1, clock=clock, store=store))
    finally:
        await store.aclose()
    assert verdict.violations == ()
    assert verdict.accepted > 0
