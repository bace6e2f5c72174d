"""The storage contract, kept by every store. A new one needs a fixture here and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.encryption import Keyring
from nudge_adapters.sql.store import SqlStore
from nudge_core.ports import Store
from tests.contracts.access import AccessContract
from tests.contracts.account import AccountContract
from tests.contracts.carrier_events import CarrierEventsContract
from tests.contracts.changes import ChangesContract
from tests.contracts.client_changes import ClientChangesContract
from tests.contracts.clients import ClientsContract
from tests.contracts.contacts import ContactsContract
from tests.contracts.conversations import ConversationsContract
from tests.contracts.decisions import DecisionsContract
from tests.contracts.idempotency import IdempotencyContract
from tests.contracts.lanes import LanesContract
from tests.contracts.market import MarketContract
from tests.contracts.messages import MessagesContract
from tests.contracts.nudges import NudgesContract
from tests.contracts.operations import OperationsContract
from tests.contracts.outbox import OutboxContract
from tests.contracts.people import PeopleContract
from tests.contracts.planned import PlannedContract
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
    OperationsContract,
    CarrierEventsContract,
    PlannedContract,
    LanesContract,
    IdempotencyContract,
    AccountContract,
    DecisionsContract,
    ContactsContract,
    ConversationsContract,
    AccessContract,
    ChangesContract,
    ClientsContract,
    ClientChangesContract,
):
    """Every promise of the storage ports."""


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, clock: SteppingClock) -> Store:
        return MemoryStore(clock, CountingIds(1))

    @pytest.fixture
    def keyed_store(self, store: Store) -> Store:
        return store


class TestSqlStore(StoreContract):
    @pytest.fixture
    def store(self, sql_store: SqlStore) -> Store:
        return sql_store

    @pytest.fixture
    async def keyed_store(self, database: str, clock: SteppingClock) -> AsyncIterator[Store]:
        """One that can keep secrets."""
        store = SqlStore(database, clock, CountingIds(1), Keyring({"test": bytes(32)}, "test"))
        yield store
        await store.aclose()


def test_every_promise_has_a_number_of_its_own_and_stands_in_the_reference() -> None:
    names = [name.removeprefix("test_uow_") for name in dir(StoreContract) if name.startswith("test_uow_")]
    promises = {
        f"UOW-{int(number):02} {words.replace('_', ' ')}" for number, _, words in (n.partition("_") for n in names)
    }
    assert len({promise.split()[0] for promise in promises}) == len(names)
    reference = (Path(__file__).parents[2] / "docs" / "reference" / "storage.md").read_text()
    assert promises == {line.removeprefix("- ") for line in reference.splitlines() if line.startswith("- UOW-")}
