"""The storage contract, kept by every store. A new one needs a fixture here and nothing else."""

from __future__ import annotations

import pytest

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.store import SqlStore
from nudge_core.ports import Store
from tests.contracts.market import MarketContract
from tests.contracts.messages import MessagesContract
from tests.contracts.nudges import NudgesContract
from tests.contracts.outbox import OutboxContract
from tests.contracts.people import PeopleContract
from tests.contracts.sends import SendsContract
from tests.contracts.transactions import TransactionContract
from tests.samples import CountingIds, SteppingClock


class StoreContract(
    TransactionContract,
    PeopleContract,
    MarketContract,
    NudgesContract,
    OutboxContract,
    MessagesContract,
    SendsContract,
):
    """Every promise of the storage ports."""


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, clock: SteppingClock) -> Store:
        return MemoryStore(clock, CountingIds(1))


class TestSqlStore(StoreContract):
    @pytest.fixture
    def store(self, sql_store: SqlStore) -> Store:
        return sql_store


def test_every_promise_has_a_number_of_its_own() -> None:
    promised = [name.split("_")[2] for name in dir(StoreContract) if name.startswith("test_uow_")]
    assert len(promised) == len(set(promised))
