"""The benchmarks of sending measure what they say: everything claimed once, everything accepted once, the rate kept."""

from __future__ import annotations

import asyncio

import pytest

from nudge_adapters.sql import claim_benchmark
from nudge_adapters.sql.seed import Town, requeue, settle
from nudge_core.model.lane import UNPACED
from nudge_core.policy.delivery import DeliverySettings
from nudge_entrypoints.bench import carrier_drain, claims, drain

SMALL = Town(users=3, texts=120, due=60)


def test_claims_of_a_small_town(postgres_server: str) -> None:
    told = claim_benchmark.measure(postgres_server, SMALL, repeats=1)
    claimed = told["claimed_by_workers"]  # the killed one may have kept what it had just claimed
    assert isinstance(claimed, int)
    assert SMALL.due // 4 <= claimed <= SMALL.due
    assert told["double_claims"] == 0
    for figure in ("update_rows_per_s", "claim_1000_rows_per_s", "claim_of_one_ms", "claim_of_nothing_ms"):
        value = told[figure]
        assert isinstance(value, float)
        assert value > 0
    assert '"double_claims": 0' in claims.table(told)


@pytest.fixture
def small_town(database: str) -> tuple[str, Town]:
    """A town all of whose texts are due."""
    everything = Town(users=2, texts=40, due=40)
    settle(database, everything)
    return database, everything


def test_a_drain_of_a_small_town(small_town: tuple[str, Town]) -> None:
    url, everything = small_town
    unpaced = asyncio.run(drain._drained(url, DeliverySettings(paces=UNPACED)))
    assert (unpaced["accepted"], unpaced["doubles"], unpaced["failed"]) == (40, 0, {})
    assert unpaced["moved"]["sent"] == 40
    requeue(url, everything)
    paced = asyncio.run(drain._paced(url, everything, 1.2))
    most = everything.users * drain.PACE_PER_S * (1.2 + 1.0) + 2 * everything.users
    assert 0 < paced["accepted"] <= most
    assert drain.table(paced).startswith("{")


@pytest.mark.enable_socket
@pytest.mark.parametrize(("callbacks", "faults"), [("during", 0.0), ("none", 0.3)])
def test_a_drain_through_the_adapter(small_town: tuple[str, Town], callbacks: str, faults: float) -> None:
    url, everything = small_town
    told = asyncio.run(carrier_drain._unpaced(url, everything, callbacks, faults))
    assert (told["duplicates"], told["lost"], told["sent_but_not_accepted"], told["failed"]) == (0, 0, 0, {})
    assert told["sum_holds"]
    assert told["states"].keys() <= {"sent", "unconfirmed"}
    assert told["ledger_equals_sent_rows"] or faults
