"""Staying below a vendor's limits: token buckets, corrected by what the server says of its quotas."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from attrs import define, frozen

from nudge_core.errors import Unavailable

SHARE_OF_LIMIT = 0.9
"""We aim below a limit: other programs of the same owner may use the same key."""

LONGEST_WAIT_S = 30.0
"""A longer wait for a bucket is the caller's to plan: it gets `Unavailable` instead of a sleeping adapter."""

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


@define
class _Bucket:
    limit: Limit
    level: float
    seen_at: float

    def refill(self, now: float) -> None:
        self.level = min(self.capacity, self.level + (now - self.seen_at) * self.rate)
        self.seen_at = now

    @property
    def capacity(self) -> float:
        return max(1.0, self.limit.amount * SHARE_OF_LIMIT)

    @property
    def rate(self) -> float:
        return self.limit.amount * SHARE_OF_LIMIT / self.limit.period_s

    def wait_s(self) -> float:
        """Seconds until one request (or any byte) may go."""
        need = 1.0 if self.limit.unit is Unit.REQUESTS else 0.0
        return max(0.0, (need - self.level) / self.rate)


class Pace:
    """Lets requests through no faster than the limits of one source allow. In memory: a new process starts full.

    Args:
        service: whom an error names.
        limits: of the vendor; none means no pacing.
    """

    def __init__(self, service: str, limits: Sequence[Limit], timing: Timing) -> None:
        self._service, self._timing = service, timing
        self._buckets: dict[tuple[Unit, float], _Bucket] = {}
        self._paused_until = -math.inf
        for limit in limits:
            self._set(limit)

    async def take(self) -> None:
        """Wait until one more request may go.

        Raises:
            Unavailable: the source is paused, or the wait would be longer than `LONGEST_WAIT_S`.
        """
        now = self._timing.monotonic()
        if now < self._paused_until:
            raise Unavailable(self._service, "paused: it said it is too much", self._paused_until - now)
        for bucket in self._buckets.values():
            bucket.refill(now)
        wait_s = max((bucket.wait_s() for bucket in self._buckets.values()), default=0.0)
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
                self._set(Limit(amount=amount, period_s=period_s))

    def _set(self, limit: Limit) -> None:
        place = (limit.unit, limit.period_s)
        known = self._buckets.get(place)
        if known is None:
            bucket = _Bucket(limit, 0.0, self._timing.monotonic())
            bucket.level = bucket.capacity
            self._buckets[place] = bucket
        elif known.limit != limit:
            known.limit = limit
            known.level = min(known.level, known.capacity)

    def _spend(self, unit: Unit, amount: float) -> None:
        for bucket in self._buckets.values():
            if bucket.limit.unit is unit:
                bucket.level -= amount


def _positive(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None
