"""Staying below a vendor's limits, corrected by what the server says of its quotas.

What was sent is remembered for as long as a limit's period, so that no window of that length, wherever it begins, holds
more than the limit. A token bucket would let twice as much through at the start, and MLS Grid suspends for that.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from attrs import frozen

from nudge_core.errors import Unavailable

SHARE_OF_LIMIT = 0.9
"""We aim below a limit: other programs of the same owner may use the same key."""

LONGEST_WAIT_S = 60.0
"""A longer wait is the caller's to plan: it gets `Unavailable` instead of a sleeping adapter."""

_MINUTE_S, _HOUR_S = 60.0, 3_600.0
_QUOTAS = {  # header: the period its number of requests is for, in seconds (`mls-feeds.md` 3.4)
    "minute-quota-limit": _MINUTE_S,
    "hour-quota-limit": _HOUR_S,
    "burst-ratelimit-limit": _MINUTE_S,
    "application-ratelimit-limit": _HOUR_S,
}


class Unit(StrEnum):
    """What a limit counts."""

    REQUESTS = "requests"
    BYTES = "bytes"


@frozen(kw_only=True)
class Limit:
    """At most `amount` in every `period_s` seconds."""

    amount: float
    period_s: float
    unit: Unit = Unit.REQUESTS


def _utc_now() -> datetime:
    return datetime.now(UTC)


@frozen(kw_only=True)
class Timing:
    """Time as an adapter needs it: injected, so that no test waits.

    `now`: the present instant in UTC, for dates in headers. `monotonic`: seconds. `sleep`: waits so many seconds.
    """

    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class _Window:
    """What was spent of one limit within its last period, oldest first."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._spent: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def spend(self, now: float, amount: float) -> None:
        self._spent.append((now, amount))
        self._sum += amount

    def wait_s(self, now: float) -> float:
        """Seconds until one more request (or any byte) may go."""
        while self._spent and self._spent[0][0] <= now - self.limit.period_s:
            self._sum -= self._spent.popleft()[1]
        allowed = max(1, math.floor(self.limit.amount * SHARE_OF_LIMIT))
        excess = self._sum - allowed + (1 if self.limit.unit is Unit.REQUESTS else 0)
        if excess <= 0:
            return 0.0
        for moment, amount in self._spent:
            excess -= amount
            if excess <= 0:
                return moment + self.limit.period_s - now
        return self.limit.period_s


class Pace:
    """Lets requests through no faster than the limits of one source allow. In memory: a new process knows nothing.

    Args:
        service: whom an error names.
        limits: of the vendor; none means no pacing.
    """

    def __init__(self, service: str, limits: Sequence[Limit], timing: Timing) -> None:
        self._service, self._timing = service, timing
        self._windows = {(limit.unit, limit.period_s): _Window(limit) for limit in limits}
        self._paused_until = -math.inf

    async def take(self) -> None:
        """Wait until one more request may go.

        Raises:
            Unavailable: the source is paused, or the wait would be longer than `LONGEST_WAIT_S`.
        """
        now = self._timing.monotonic()
        if now < self._paused_until:
            raise Unavailable(self._service, "paused: it said it is too much", self._paused_until - now)
        wait_s = max((window.wait_s(now) for window in self._windows.values()), default=0.0)
        if wait_s > LONGEST_WAIT_S:
            raise Unavailable(self._service, "our own pace: the quota of this source is used up", wait_s)
        if wait_s > 0:
            await self._timing.sleep(wait_s)
        self._spend(Unit.REQUESTS, 1)

    def pause(self, seconds: float) -> None:
        """Let nothing through for so long: the source said 429."""
        self._paused_until = max(self._paused_until, self._timing.monotonic() + seconds)

    def received(self, size: int) -> None:
        """Count the bytes of an answer."""
        self._spend(Unit.BYTES, size)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Believe the server's quota over the table. Header names in lower case."""
        for name, period_s in _QUOTAS.items():
            amount = _positive(headers.get(name))
            if amount is not None:
                limit = Limit(amount=amount, period_s=period_s)
                self._windows.setdefault((limit.unit, period_s), _Window(limit)).limit = limit

    def _spend(self, unit: Unit, amount: float) -> None:
        now = self._timing.monotonic()
        for window in self._windows.values():
            if window.limit.unit is unit:
                window.spend(now, amount)


def _positive(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None
