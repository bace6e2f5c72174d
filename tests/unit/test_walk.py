"""The tour of the walk, on the memory adapters: read it beside `nudge_core.__doc__`."""

from __future__ import annotations

import pytest

from nudge_adapters.memory.store import MemoryStore
from tests.samples import CountingIds, SteppingClock
from tests.tour import Tour


class TestInMemory(Tour):
    @pytest.fixture
    def store(self, clock: SteppingClock) -> MemoryStore:
        return MemoryStore(clock, CountingIds(1))
