"""Every test of the API runs on both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nudge_adapters.memory import MemoryStore
from nudge_core.ports import Store
from tests.api.lobby import Lobby, open_lobby
from tests.api.office import Office, open_office
from tests.samples import CountingIds, SteppingClock


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest, clock: SteppingClock) -> Store:
    """A store of either kind, empty."""
    if request.param == "memory":
        return MemoryStore(clock, CountingIds(1))
    found: Store = request.getfixturevalue("sql_store")
    return found


@pytest.fixture
async def office(store: Store, clock: SteppingClock) -> Office:
    """The application with two professionals."""
    return await open_office(store, clock)


@pytest.fixture
async def lobby(store: Store, clock: SteppingClock, tmp_path: Path) -> AsyncIterator[Lobby]:
    """The application with its real doors and two professionals."""
    opened = await open_lobby(store, clock, tmp_path)
    yield opened
    await opened.desk.aclose()
