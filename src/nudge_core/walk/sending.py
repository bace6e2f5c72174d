"""The second half of the walk: approved texts go out once, and doubts are closed.

`drain` is for a worker: it claims while it posts and goes on until nothing more may go out now. `send_due` does one
claim, `tidy` what no claim does. A process that dies between the claim and the record leaves a text whose lease runs
out; without the posting mark it is queued again, else only the carrier's own evidence decides (`steps.deliver`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from attrs import frozen

from nudge_core.errors import NudgeError
from nudge_core.model.message import Delivery, Message
from nudge_core.sending.moves import Moved
from nudge_core.steps import deliver
from nudge_core.walk.parts import Parts
from nudge_core.walk.pipeline import Pipeline, rules_of

LOOK_S = 0.5  # a drain that waits for its lanes looks so often for a text that has become due meanwhile
POLL_S = 0.05  # between claims that found nothing while texts are under way, or are due and somebody else's
WAIT_FOR_LANE_S = 2.5  # a drain waits so long for a lane that is paced to be free, and otherwise ends
LEAST_WAIT_S = 0.005
IDLE_ROUNDS = 5  # claims in a row that found nothing, after which a drain ends whatever seems to be due
TIDY_EVERY_S = 1.0  # seconds between looks at texts that are in the way of others, and at briefings that may be over


@frozen(kw_only=True)
class Drained:
    """What a drain did. `moved`: moves by where they led; `failed`: what went wrong by the name of the error."""

    claimed: int
    moved: Mapping[Delivery, int]
    failed: Mapping[str, int]


async def send_due(parts: Parts, monotonic: Callable[[], float]) -> tuple[Moved, ...]:
    """Claim what may leave at once and hand over what may go out; return where each claimed text went.

    Args:
        parts: the walk's parts.
        monotonic: seconds that never go back; bounds the time between a claim and its request.
    """
    moves: list[Moved] = []
    pipeline = Pipeline(parts, monotonic, asyncio.Event(), moves.append)
    async with parts.store.system() as tx:
        claimed = await deliver.claim(tx, parts.delivery, monotonic)
    async with asyncio.TaskGroup() as group:
        pipeline.take(group, claimed)
    await pipeline.close_briefings()
    return tuple(moves)


async def drain(
    parts: Parts,
    monotonic: Callable[[], float],
    stop: asyncio.Event,
    told: Callable[[Moved], None] | None = None,
) -> Drained:
    """Send until nothing more may go out now, or until `stop` is set; wait for lanes that are paced.

    Args:
        parts: the walk's parts.
        monotonic: seconds that never go back.
        stop: set by somebody else: requests that have begun are brought to their end, what is claimed and not begun
            is handed back, and the drain returns. To cancel the task instead leaves doubts.
        told: called with every move, as it happens.

    Raises:
        Unavailable: the database does not answer. What had begun has come to its end by then.
    """
    counts: Counter[Delivery] = Counter()

    def note(moved: Moved) -> None:
        counts[moved.to] += 1
        if told is not None:
            told(moved)

    source = _Source(parts, monotonic, stop, Pipeline(parts, monotonic, stop, note))
    async with asyncio.TaskGroup() as group:
        group.create_task(source.run(group))
    if source.error is not None:
        raise source.error
    return Drained(claimed=source.claimed, moved=dict(counts), failed=dict(source.pipeline.failed))


class _Source:
    """Claims for a pipeline, never more than can start in time."""

    def __init__(self, parts: Parts, monotonic: Callable[[], float], stop: asyncio.Event, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.claimed = 0
        self.error: NudgeError | None = None
        self._parts, self._monotonic, self._stop = parts, monotonic, stop
        self._rules = parts.delivery.claim_rules
        self._tidied_s = monotonic()

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Claim until nothing is left; keep an error until the pipeline is empty."""
        try:
            await self._claim_all(group)
            while self.pipeline.under_way:
                await self.pipeline.progress(POLL_S)
            await self.pipeline.close_briefings()
        except NudgeError as error:
            self.error = error

    async def _claim_all(self, group: asyncio.TaskGroup) -> None:
        pipeline, batch, idle = self.pipeline, self._parts.delivery.batch, 0
        while not self._stop.is_set() and idle < IDLE_ROUNDS:
            room = pipeline.room
            if room <= 0 or (room < batch // 4 and pipeline.under_way > self._parts.delivery.concurrency):
                await pipeline.progress(POLL_S)
                continue
            async with self._parts.store.system() as tx:
                claimed = await deliver.claim(
                    tx, self._parts.delivery, self._monotonic, room, ahead=True, lead_s=pipeline.lead_s
                )
                following = None if claimed.messages else await tx.sends.next_due(self._rules)
                now = tx.now
            self.claimed += len(claimed.messages)
            pipeline.take(group, claimed)
            comes = following is not None and following > now and pipeline.under_way > 0
            idle = 0 if claimed.messages or comes else idle + 1
            if len(claimed.messages) < room:
                await self._tidy(idle > 0 and not pipeline.under_way)
            if not claimed.messages and not await self._wait(following, now):
                return

    async def _wait(self, following: datetime | None, now: datetime) -> bool:
        """Wait until a claim may find something again; False when that is too far away."""
        wait_s = None if following is None else (following - now).total_seconds()
        if self.pipeline.under_way:
            await self._pause(POLL_S if wait_s is None or wait_s <= 0 else min(wait_s, LOOK_S))
            return True
        if wait_s is None or wait_s > WAIT_FOR_LANE_S:
            return False
        await self._pause(max(wait_s, LEAST_WAIT_S) if wait_s > 0 else POLL_S)
        return True

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    async def _tidy(self, at_once: bool) -> None:
        now = self._monotonic()
        if at_once or now - self._tidied_s >= TIDY_EVERY_S:
            self._tidied_s = now
            for moved in await _withhold(self._parts):
                self.pipeline.note(moved)
            await self.pipeline.close_briefings()


async def tidy(parts: Parts) -> tuple[Moved, ...]:
    """Do what no claim does; return the moves.

    Texts that no claim will take get their reason, claims of dead senders come back, doubts are closed.

    Raises:
        NudgeError: the first of what went wrong with single texts. The others have been tidied all the same.
    """
    moves: list[Moved] = []
    pipeline = Pipeline(parts, lambda: 0.0, asyncio.Event(), moves.append)
    for moved in await _withhold(parts):
        pipeline.note(moved)
    async with parts.store.system() as tx:
        expired = await tx.sends.expired_leases(parts.delivery.batch)
    answers = await _each(parts, expired, lambda message: _expire(parts, message))
    async with parts.store.system() as tx:
        doubtful = await tx.sends.doubtful(parts.delivery.batch)
    if parts.doubts is not None:
        parts.doubts.look(doubtful)
    answers += await _each(parts, doubtful, lambda message: _settle(parts, message))
    for answer in answers:
        if isinstance(answer, Moved):
            pipeline.note(answer)
    await pipeline.close_briefings()
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return tuple(moves)


async def _each(
    parts: Parts, messages: Sequence[Message], do: Callable[[Message], Awaitable[Moved | None]]
) -> list[Moved | BaseException | None]:
    """Do something for each text, several at a time; return what came of each: one that fails stops no other."""
    slots = asyncio.Semaphore(parts.delivery.concurrency)

    async def one(message: Message) -> Moved | None:
        async with slots:
            return await do(message)

    return await asyncio.gather(*(one(message) for message in messages), return_exceptions=True)


async def _withhold(parts: Parts) -> Sequence[Moved]:
    async with parts.store.system() as tx:
        blocked = await tx.sends.blocked(parts.delivery.batch, parts.delivery.claim_rules)
    by_owner: dict[UUID, list[Message]] = {}
    for message in blocked:
        by_owner.setdefault(message.user_id, []).append(message)
    moves: list[Moved | None] = []
    for owner, messages in by_owner.items():
        async with parts.store.tenant(owner) as tenant:
            moves += await deliver.withhold_all(tenant, messages, await rules_of(parts, tenant), parts.delivery)
    return [moved for moved in moves if moved is not None]


async def _expire(parts: Parts, message: Message) -> Moved | None:
    async with parts.store.tenant(message.user_id) as tx:
        return await deliver.expire(tx, message, parts.delivery)


async def _settle(parts: Parts, message: Message) -> Moved | None:
    async with parts.store.tenant(message.user_id) as tx:
        asked_at = tx.now
    watch = parts.doubts
    asked_s = 0.0 if watch is None else watch.now_s()
    records = await deliver.look_up(parts.gateway, message, parts.delivery)
    if watch is not None and records is not None:
        watch.answered(message, asked_s)
    async with parts.store.tenant(message.user_id) as tx:
        return await deliver.settle(tx, message, records, asked_at, parts.delivery, watch)
