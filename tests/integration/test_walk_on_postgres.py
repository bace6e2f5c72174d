"""The tour of the walk, on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from nudge_adapters.sql.store import SqlStore
from tests.samples import CountingIds, SteppingClock
from tests.tour import Tour


class TestOnPostgres(Tour):
    @pytest.fixture
    async def store(self, database: str, clock: SteppingClock) -> AsyncIterator[SqlStore]:
        store = SqlStore(database, clock, CountingIds(1))
        yield store
        await store.aclose()
