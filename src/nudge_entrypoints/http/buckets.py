"""Token buckets: how often something may happen, counted in Redis for all processes, or in this one.

A bucket holds at most `burst` tokens and gains `per_minute` of them a minute; a request takes one of each of its
buckets, or none where one is empty. Losing the counters gives everybody a full bucket, so nothing depends on keeping
them.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

from nudge_core.errors import Unavailable
from nudge_core.model import fields

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

MOST_BUCKETS = 100_000  # of one process: some 20 MB; the one that was asked for longest ago goes first
ANSWER_S = 0.2  # the longest that Redis may hold up a request
SULK_S = 5.0  # after it did not answer, it is not asked for so long
PREFIX = "nudge:rate:"


@frozen(kw_only=True)
class Rate:
    """So many a minute, and at most so many at once."""

    per_minute: float = field(validator=fields.between(0.001, 1e9))
    burst: int = field(validator=fields.between(1, 1e9))


@frozen(kw_only=True)
class Level:
    """How a bucket stands. `remaining`: whole tokens. `reset_s`: until it is full. `wait_s`: until it has one."""

    limit: int
    remaining: int
    reset_s: float
    wait_s: float

    @classmethod
    def of(cls, rate: Rate, tokens: float) -> Level:
        """Return the level of a bucket that holds so many tokens."""
        a_second = rate.per_minute / 60
        return cls(
            limit=rate.burst,
            remaining=max(0, int(tokens)),
            reset_s=max(0.0, (rate.burst - tokens) / a_second),
            wait_s=max(0.0, (1 - tokens) / a_second),
        )


class Buckets(Protocol):
    """Counters of rates."""

    async def take(self, wanted: Mapping[str, Rate]) -> tuple[bool, tuple[Level, ...]]:
        """Take a token of each, or none of any; return whether they were taken, and how each stands now.

        Raises Unavailable when the counters do not answer.
        """
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


class ProcessBuckets:
    """Counters of this process. `seconds`: a clock that never goes back."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, at what second

    async def take(self, wanted: Mapping[str, Rate]) -> tuple[bool, tuple[Level, ...]]:
        """Take a token of each, or none of any."""
        now = self._seconds()
        tokens = {name: self._tokens(name, rate, now) for name, rate in wanted.items()}
        taken = all(held >= 1 for held in tokens.values())
        for name, held in tokens.items():
            self._held[name] = (held - 1 if taken else held, now)
            self._held.move_to_end(name)
        while len(self._held) > MOST_BUCKETS:
            self._held.popitem(last=False)
        return taken, tuple(Level.of(rate, self._held[name][0]) for name, rate in wanted.items() if name in self._held)

    def _tokens(self, name: str, rate: Rate, now: float) -> float:
        held, at = self._held.get(name, (float(rate.burst), now))
        return min(float(rate.burst), held + max(0.0, now - at) * rate.per_minute / 60)

    async def aclose(self) -> None:
        """Nothing to give back."""


# One round trip, and nothing else happens in Redis meanwhile. Its own clock, so that processes need not agree.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local held, taken = {}, 1
for i, key in ipairs(KEYS) do
    local a_second, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local found = redis.call('HMGET', key, 'tokens', 'at')
    local tokens = burst
    if found[1] then
        tokens = math.min(burst, tonumber(found[1]) + math.max(0, now - tonumber(found[2])) * a_second)
    end
    held[i] = tokens
    if tokens < 1 then taken = 0 end
end
local answer = { taken }
for i, key in ipairs(KEYS) do
    local a_second, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local tokens = held[i] - taken
    redis.call('HSET', key, 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
    redis.call('PEXPIRE', key, math.ceil(1000 * (burst - tokens) / a_second) + 1000)
    answer[i + 1] = string.format('%.6f', tokens)
end
return answer
"""


class RedisBuckets:
    """Counters that all processes share.

    Args:
        address: of the Redis at this moment; None where there is none: then `otherwise` counts.
        otherwise: counters of this process.
    """

    def __init__(self, address: Callable[[], str | None], otherwise: Buckets | None = None) -> None:
        self._address = address
        self._otherwise = otherwise or ProcessBuckets()
        self._redis: Redis | None = None
        self._script: AsyncScript | None = None
        self._not_before = 0.0

    async def take(self, wanted: Mapping[str, Rate]) -> tuple[bool, tuple[Level, ...]]:
        """Take a token of each, or none of any."""
        if time.monotonic() < self._not_before:
            raise Unavailable("redis", "the counters of rates do not answer", SULK_S)
        if self._script is None:
            address = self._address()
            if address is None:
                return await self._otherwise.take(wanted)
            self._open(address)
        assert self._script is not None
        arguments = [number for rate in wanted.values() for number in (rate.per_minute / 60, rate.burst)]
        try:
            async with asyncio.timeout(ANSWER_S):
                taken, *tokens = await self._script(keys=[PREFIX + name for name in wanted], args=arguments)
        except Exception as error:  # whatever is wrong with Redis: who calls decides what that means
            self._not_before = time.monotonic() + SULK_S
            await self.aclose()
            raise Unavailable("redis", type(error).__name__, SULK_S) from error
        levels = (Level.of(rate, float(held)) for rate, held in zip(wanted.values(), tokens, strict=True))
        return bool(taken), tuple(levels)

    def _open(self, address: str) -> None:
        from redis.asyncio import Redis

        self._redis = Redis.from_url(address, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)
        self._script = self._redis.register_script(_TAKE)

    async def aclose(self) -> None:
        """Give back connections, whatever state they are in."""
        redis, self._redis, self._script = self._redis, None, None
        if redis is not None:
            try:
                async with asyncio.timeout(ANSWER_S):
                    await redis.aclose(close_connection_pool=True)
            except Exception:  # noqa: S110 - it is gone
                pass
