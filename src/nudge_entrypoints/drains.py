"""A worker at work: it drains the queues, keeps the timetable and gives signs of life, by looking into the database.

Wake-ups only make it look sooner (`worker.py`); without any it looks every `POLL_S` seconds. It outlives its database:
it says once that it is gone, tries again with growing pauses, and goes on where the rows say.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from attrs import field, frozen

from nudge_core import walk
from nudge_core.errors import NudgeError, Unavailable
from nudge_core.model.health import Heartbeat, ProcessKind, RedisState
from nudge_core.model.timetable import RunOutcome, TimetableEntry
from nudge_core.walk import Parts, code_of
from nudge_core.walk.timetable import (
    Job,
    Ran,
    claim_due,
    give_back,
    keep,
    next_run_at,
    run_claimed,
    run_due,
    write_timetable,
)
from nudge_entrypoints.telling import Outage, Teller, brief

R = TypeVar("R")

POLL_S = 15.0  # the longest a due row waits when every wake-up is lost (reliability.md 2)
RECHECK_S = 1.0  # a due text that could not be claimed waits for another one to the same phone
BEAT_S = 10.0
LONGEST_DATABASE_PAUSE_S = 5.0
STOP_MARGIN_S = 5.0  # beside the send deadline and the longest request: to record what came of it
FAREWELL_S = 3.0  # for giving claims back; a database that does not answer sees the leases run out instead


async def bounded(work: Awaitable[R], limit_s: float) -> R:
    """End work that takes longer than it may (`nudge_core.walk.Bounded`)."""
    async with asyncio.timeout(limit_s):
        return await work


@frozen(kw_only=True)
class Drain:
    """A queue that every worker empties. `round` does what is due, returns how much; `pause_s`: till the next look."""

    name: str
    round: Callable[[], Awaitable[int]]
    pause_s: Callable[[], Awaitable[float]]
    waking: asyncio.Event = field(factory=asyncio.Event)
    """Set: look now."""
    idle: asyncio.Event = field(factory=asyncio.Event)
    """Set: nothing was due when it looked after the last wake-up."""


class Shift:
    """One worker from its start to its end.

    Args:
        parts: of the walk.
        jobs: of the timetable.
        teller: is told what happens.
        worker_id: of this process.
        redis: how it stands with Redis at first; whoever knows better sets `redis`.
        poll_s: seconds between two looks when nothing wakes it.
        grace_s: seconds that what is in flight may take after `stop`; None: until a send that has begun has ended.
    """

    def __init__(
        self,
        parts: Parts,
        jobs: Sequence[Job],
        teller: Teller,
        worker_id: UUID,
        redis: RedisState = RedisState.NONE,
        poll_s: float = POLL_S,
        grace_s: float | None = None,
    ) -> None:
        self.redis = redis
        self.worker_id = worker_id
        last_send_s = parts.delivery.send_deadline_s + parts.delivery.http_timeout_s + STOP_MARGIN_S
        self.grace_s = last_send_s if grace_s is None else grace_s
        self._parts = parts
        self._jobs = {job.name: job for job in jobs}
        self._teller = teller
        self._poll_s = poll_s
        self._database = Outage(teller, "database", longest_s=LONGEST_DATABASE_PAUSE_S)
        self._stopping = asyncio.Event()
        self._drains = (
            Drain(name="notes", round=self._do_notes, pause_s=self._poll_pause),
            Drain(name="texts", round=self._send_texts, pause_s=self._until_due),
        )
        self._timetable_waking = asyncio.Event()
        self._claims: dict[str, tuple[TimetableEntry, asyncio.Task[None]]] = {}
        self._draining: set[str] = set()
        self._started_at: datetime | None = None

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Claim nothing more, finish what is in flight, leave."""
        self._stopping.set()
        self.wake()

    def wake(self) -> None:
        """Look now: something may be due."""
        for drain in self._drains:
            drain.idle.clear()
            drain.waking.set()
        self._timetable_waking.set()

    async def settled(self) -> None:
        """Wait until both queues were looked through after the last `wake` and nothing was due."""
        for drain in self._drains:
            await drain.idle.wait()

    async def run(self) -> None:
        """Work until `stop`. Raises only what is a mistake of ours."""
        drains = [asyncio.create_task(self._empty(drain)) for drain in self._drains]
        timetable = asyncio.create_task(self._keep_timetable())
        beats = asyncio.create_task(self._beat())
        stopping = asyncio.create_task(self._asked_to_stop())
        loops = {*drains, timetable, beats, stopping}
        try:
            await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            self.stop()
            in_flight = {*drains, timetable, *(task for _, task in self._claims.values())}
            _, late = await asyncio.wait(in_flight, timeout=self.grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*in_flight, return_exceptions=True)
        finally:
            for task in loops:
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await self._farewell()
        for task in (*drains, timetable, beats):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _asked_to_stop(self) -> None:
        await self._stopping.wait()

    async def _wait(self, waking: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.0)):
                await waking.wait()

    async def _empty(self, drain: Drain) -> None:
        failing = Outage(self._teller, f"the work on {drain.name}", gone="failed", back="goes well again")
        while not self._stopping.is_set():
            drain.waking.clear()
            try:
                while not self._stopping.is_set() and await self._round(drain):
                    failing.back("")
                pause_s = await drain.pause_s()
                failing.back("")
                self._is_back()
            except Unavailable as error:
                pause_s = self._lost(error)
            except Exception as error:  # whatever it was, the rows are as they were and the next look may go well
                pause_s = failing.lost(code_of(error), "trying again")
            if not drain.waking.is_set():
                drain.idle.set()
            await self._wait(drain.waking, min(pause_s, self._poll_s))

    async def _round(self, drain: Drain) -> int:
        self._draining.add(drain.name)
        try:
            return await drain.round()
        finally:
            self._draining.discard(drain.name)

    async def _do_notes(self) -> int:
        report = await walk.work(self._parts, bounded=bounded, go_on=lambda: not self._stopping.is_set())
        if report.parked:
            self._teller.say(f"{report.parked} of the notes gave up", "a person should look; the others go on")
        return report.done + await walk.hear_again(self._parts)

    async def _send_texts(self) -> int:
        return (await walk.drain(self._parts, time.monotonic, self._stopping)).claimed

    async def _poll_pause(self) -> float:
        return self._poll_s

    async def _until_due(self) -> float:
        async with self._parts.store.system() as tx:
            due = await tx.sends.next_due(self._parts.delivery.claim_rules)
            if due is None:
                return self._poll_s
            seconds = (due - tx.now).total_seconds()
        return seconds if seconds > 0 else RECHECK_S

    async def _keep_timetable(self) -> None:
        waking, written, jobs = self._timetable_waking, False, list(self._jobs.values())
        while not self._stopping.is_set():
            waking.clear()
            try:
                if not written:
                    await write_timetable(self._parts, jobs)
                    written = True
                for entry in await claim_due(self._parts, jobs, busy=self._claims):
                    task = asyncio.create_task(self._run(entry))
                    self._claims[entry.name] = (entry, task)
                now, soonest = await next_run_at(self._parts, [job for job in jobs if job.name not in self._claims])
                pause_s = self._poll_s if soonest is None else max((soonest - now).total_seconds(), RECHECK_S)
                self._is_back()
            except Unavailable as error:
                pause_s = self._lost(error)
            await self._wait(waking, min(pause_s, self._poll_s))

    async def _run(self, entry: TimetableEntry) -> None:
        try:
            ran = await run_claimed(self._parts, self._jobs[entry.name], entry, bounded)
        except Unavailable as error:
            self._lost(error)  # how it ended could not be stored: the lease runs out and it comes again
        except asyncio.CancelledError:
            with suppress(NudgeError, TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    await give_back(self._parts, entry)
            raise
        else:
            self._tell(entry, ran)
            self.wake()  # what it made may be due
        finally:
            self._claims.pop(entry.name, None)

    def _tell(self, entry: TimetableEntry, ran: Ran) -> None:
        if ran.outcome is RunOutcome.DONE and entry.failures:
            self._teller.say(f"job {ran.name} works again")
        elif ran.outcome not in (RunOutcome.DONE, None) and (ran.failures == 1 or ran.alarming):
            alarm = "a person should look; " if ran.alarming else ""
            again = f"again at {ran.next_run_at:%H:%M:%S} UTC" if ran.next_run_at else ""
            self._teller.say(f"job {ran.name} failed ({ran.error})", f"{alarm}{again}")

    async def _beat(self) -> None:
        while True:
            try:
                async with asyncio.timeout(BEAT_S):
                    await self._beat_once()
            except (NudgeError, TimeoutError):
                pass  # the loops that work say so
            await asyncio.sleep(BEAT_S)

    async def _beat_once(self) -> None:
        async with self._parts.store.system() as tx:
            self._started_at = self._started_at or tx.now
            doing = ", ".join(sorted({*self._draining, *self._claims}))[:200]
            await tx.heartbeats.beat(
                Heartbeat(
                    worker_id=self.worker_id,
                    kind=ProcessKind.WORKER,
                    started_at=self._started_at,
                    seen_at=tx.now,
                    doing=doing,
                    redis=self.redis,
                )
            )
        claims = dict(self._claims)
        if claims:
            ours = await keep(self._parts, [entry for entry, _ in claims.values()])
            for name, (entry, task) in claims.items():
                if name not in ours and not task.done() and self._claims.get(name, (None,))[0] is entry:
                    task.cancel()  # another worker took it over while this one could not say that it lives

    async def _farewell(self) -> None:
        with suppress(NudgeError, TimeoutError):
            async with asyncio.timeout(FAREWELL_S), self._parts.store.system() as tx:
                await tx.heartbeats.forget(self.worker_id)

    def _lost(self, error: Unavailable) -> float:
        return self._database.lost(brief(error.why), "trying again with growing pauses; nothing is lost meanwhile")

    def _is_back(self) -> None:
        if self._database.back():
            self.wake()


async def drain_once(parts: Parts, jobs: Sequence[Job]) -> dict[str, object]:
    """Run the jobs that are due, then empty the queues; return what was done."""
    await write_timetable(parts, jobs)
    ran = await run_due(parts, jobs, bounded)
    notes, failed, texts = 0, 0, 0
    while (report := await walk.work(parts, bounded=bounded)).done:
        notes, failed = notes + report.done, failed + len(report.failed)
    notes += await walk.hear_again(parts)
    while (drained := await walk.drain(parts, time.monotonic, asyncio.Event())).claimed:
        texts += drained.claimed
    outcomes = {one.name: one.outcome.value if one.outcome else "taken over" for one in ran}
    return {"jobs": outcomes, "notes": notes, "notes_failed": failed, "texts": texts}
