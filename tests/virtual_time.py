"""An event loop whose time passes only while nobody has anything to do: what waits is tested exactly, in no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

TURN_S = (
    1e-6  # what one turn of the loop takes at least: who waits for less than a float can tell must not wait for ever
)


class _Skipping(selectors.DefaultSelector):
    """Waits for nothing: it lets the loop's time jump to the next timer instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing will ever happen")
        if not ready:
            self.now_s += max(timeout or 0.0, TURN_S)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on virtual seconds, from 0 on."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Return the virtual seconds."""
        return self._skipping.now_s


class LoopClock:
    """The time of the running virtual loop, from `start` on."""

    def __init__(self, start: datetime) -> None:
        self._start = start

    def now(self) -> datetime:
        """Return the present instant."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the virtual seconds."""
        return asyncio.get_running_loop().time()


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    """Run something on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
