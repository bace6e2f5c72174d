"""The worker process, and the wake-ups that make it look sooner. The only file that names arq.

PostgreSQL holds the queue and the truth; Redis and arq carry "look now" and a tick, and no data (`packages.md` 4.2).
Without Redis the worker polls; when Redis comes back, wiped or not, it goes on with wake-ups by itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from nudge_core.errors import Unavailable
from nudge_core.model.health import RedisState
from nudge_entrypoints.bootstrap import opened
from nudge_entrypoints.database import database
from nudge_entrypoints.drains import POLL_S, Shift, drain_once
from nudge_entrypoints.feeds import FeedReader
from nudge_entrypoints.servers import redis_address
from nudge_entrypoints.settings import Settings
from nudge_entrypoints.telling import Outage, Teller, brief
from nudge_entrypoints.tracing import traced

if TYPE_CHECKING:
    from arq import ArqRedis
    from arq.connections import RedisSettings

QUEUE = "nudge:wake"
WAKE = "wake"  # name and id of the one job: while it waits or runs, another wake-up is the same one
WAKE_S = 0.2  # the longest a wake-up may hold up who sends it
SULK_S = 5.0  # after one that failed, none is tried for so long: the poll finds the work
JOB_TIMEOUT_S = 30
PROBE_S = 5.0  # between two questions whether Redis still answers
ANSWER_S = 2.0
HUNG_S = 300.0  # an event loop that stands still for so long never goes on: the process ends and is started again
HUNG_STATUS = 70  # <sysexits.h> EX_SOFTWARE


def _redis_settings(url: str) -> RedisSettings:
    from arq.connections import RedisSettings

    found = RedisSettings.from_dsn(url)
    if found.unix_socket_path is not None:
        found.unix_socket_path = unquote(found.unix_socket_path)
    found.conn_retries = 0  # we pause and try again ourselves, and say so
    return found


async def _connect(url: str) -> ArqRedis:
    from arq import create_pool
    from msgspec import msgpack

    return await create_pool(
        _redis_settings(url),
        job_serializer=msgpack.encode,
        job_deserializer=msgpack.decode,
        default_queue_name=QUEUE,
    )


class Wake:
    """Tells a worker to look now. To be called after the transaction has ended; losing it costs one poll.

    Args:
        address: of the Redis at this moment, or None where there is none.
    """

    def __init__(self, address: Callable[[], str | None]) -> None:
        self._address = address
        self._redis: ArqRedis | None = None
        self._connecting = asyncio.Lock()  # two requests at once are not to open two pools
        self._not_before = 0.0

    async def send(self) -> bool:
        """Send one wake-up; return whether it was sent. Never raises, never takes longer than `WAKE_S` seconds."""
        if time.monotonic() < self._not_before:
            return False
        try:
            async with asyncio.timeout(WAKE_S):
                redis = await self._connected()
                if redis is None:
                    self._not_before = time.monotonic() + SULK_S
                    return False
                await redis.enqueue_job(WAKE, _job_id=WAKE)
        except Exception:  # whatever is wrong with Redis, the caller's work is stored and will be found
            self._not_before = time.monotonic() + SULK_S
            broken, self._redis = self._redis, None
            await _drop(broken)
            return False
        return True

    async def _connected(self) -> ArqRedis | None:
        async with self._connecting:
            if self._redis is None and (address := self._address()) is not None:
                self._redis = await _connect(address)
            return self._redis

    async def state(self) -> RedisState:
        """Return whether Redis answers now, within `WAKE_S` seconds."""
        if self._address() is None:
            return RedisState.NONE
        try:
            async with asyncio.timeout(WAKE_S):
                redis = await self._connected()
                if redis is None:
                    return RedisState.NONE
                await redis.ping()
        except Exception:
            broken, self._redis = self._redis, None
            await _drop(broken)
            return RedisState.GONE
        return RedisState.CONNECTED

    async def aclose(self) -> None:
        """Give back the connection."""
        redis, self._redis = self._redis, None
        await _drop(redis)


async def _drop(redis: ArqRedis | None) -> None:
    """Close connections whatever state they are in."""
    if redis is not None:
        with suppress(Exception):
            async with asyncio.timeout(WAKE_S):
                await redis.aclose(close_connection_pool=True)


class WakeUps:
    """Listens on Redis for a shift, and comes back by itself whatever becomes of Redis."""

    def __init__(self, shift: Shift, teller: Teller, address: Callable[[], str | None]) -> None:
        self._shift = shift
        self._address = address
        self._teller = teller
        self._outage = Outage(teller, "redis")
        self._heard = False
        self._absent = False

    async def listen(self) -> None:
        """Listen until cancelled."""
        without = f"polling every {POLL_S:g} s"
        while True:
            address = await asyncio.to_thread(self._address)
            if address is None and not self._heard:
                if not self._absent:
                    self._absent = True
                    self._teller.say("there is no redis", without)
                await asyncio.sleep(PROBE_S)
                continue
            try:
                await self._listen_on(address or "")
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self._shift.redis = RedisState.GONE
                await asyncio.sleep(self._outage.lost(type(error).__name__, f"{without} until it answers"))

    async def _listen_on(self, address: str) -> None:
        if not address:
            raise ConnectionError
        async with asyncio.timeout(ANSWER_S):
            redis = await _connect(address)
        listening = asyncio.create_task(self._worker(redis))
        try:
            while not listening.done():
                async with asyncio.timeout(ANSWER_S):  # one that is stopped, not dead, would keep us waiting for ever
                    await redis.ping()
                self._connected()
                await asyncio.wait([listening], timeout=PROBE_S)
            await listening
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await _drop(redis)

    def _connected(self) -> None:
        if self._shift.redis is not RedisState.CONNECTED:
            self._shift.redis = RedisState.CONNECTED
            if not self._outage.back("wake-ups arrive at once again"):
                self._teller.say("redis answers", "wake-ups arrive at once")
            self._heard = True
            self._shift.wake()  # what was handed on meanwhile had nobody to tell

    async def _worker(self, redis: ArqRedis) -> None:
        from arq import cron, func
        from arq.worker import Worker
        from msgspec import msgpack

        async def look(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:  # noqa: ARG001 - arq's shape
            """Drain until nothing is due: another wake-up is refused while this one runs (packages.md 4.1, fact 6)."""
            self._shift.wake()
            await self._shift.settled()

        async def tick(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:  # noqa: ARG001 - arq passes them
            self._shift.wake()

        worker = Worker(
            [func(look, name=WAKE, timeout=JOB_TIMEOUT_S, max_tries=1, keep_result=0)],
            cron_jobs=[cron(tick, name="tick", second={0, 15, 30, 45}, keep_result=0, max_tries=1)],
            redis_pool=redis,
            queue_name=QUEUE,
            job_serializer=msgpack.encode,
            job_deserializer=msgpack.decode,
            poll_delay=0.1,
            max_jobs=4,
            job_timeout=JOB_TIMEOUT_S,
            job_completion_wait=20,
            keep_result=0,
            max_tries=1,
            log_results=False,
            timezone=UTC,
            health_check_interval=10,
            health_check_key=f"nudge:health:{self._shift.worker_id}",
            handle_signals=False,
        )
        try:
            await worker.async_run()
        finally:
            for task in worker.tasks.values():
                task.cancel()
            await asyncio.gather(*worker.tasks.values(), return_exceptions=True)


def work(settings: Settings, *, once: bool = False, as_json: bool = False) -> dict[str, object] | None:
    """Be a worker until SIGTERM or Ctrl-C; with `once` do what is due and return what was done.

    Raises:
        Misconfigured: the operator must change something first.
    """
    teller = Teller("worker", as_json=as_json)
    with _database(settings, teller) as url:
        return asyncio.run(_once(settings, url, teller) if once else _serve(settings, url, teller))


@contextmanager
def _database(settings: Settings, teller: Teller) -> Iterator[str]:
    """Yield the migrated database; wait for one that does not answer yet."""
    outage = Outage(teller, "database")
    while True:
        entered = database(settings, say=teller.say)
        try:
            url = entered.__enter__()
        except Unavailable as error:
            time.sleep(outage.lost(brief(error.why), "trying again with growing pauses"))
            continue
        outage.back()
        break
    try:
        yield url
    finally:
        entered.__exit__(None, None, None)


async def _once(settings: Settings, url: str, teller: Teller) -> dict[str, object]:
    async with opened(settings, url) as app:
        return await drain_once(app.parts, FeedReader(app, teller.say).jobs())


async def _serve(settings: Settings, url: str, teller: Teller) -> None:
    async with opened(settings, url) as app:
        shift = Shift(traced(app.parts), FeedReader(app, teller.say).jobs(), teller, app.parts.ids.new())
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, _stop, shift, teller)
        listening = asyncio.create_task(WakeUps(shift, teller, lambda: redis_address(settings)).listen())
        ticking = asyncio.create_task(_watched(teller))
        teller.say(f"at work as {str(shift.worker_id)[:8]}")
        try:
            await shift.run()
        finally:
            for task in (listening, ticking):
                task.cancel()
            await asyncio.gather(listening, ticking, return_exceptions=True)
        teller.say("left")


def _stop(shift: Shift, teller: Teller) -> None:
    if not shift.is_stopping:  # Ctrl-C reaches it twice: from the terminal, and from the supervisor
        teller.say("asked to stop", f"finishing what is in flight, {shift.grace_s:g} s at most")
    shift.stop()


async def _watched(teller: Teller) -> None:
    """End the process when its event loop stands still: nothing inside it could notice."""
    ticked = [time.monotonic()]

    def watch() -> None:
        while True:
            time.sleep(PROBE_S)
            if time.monotonic() - ticked[0] > HUNG_S:
                teller.say(f"nothing moved for {HUNG_S:g} s", "ending this process; its claims run out")
                os._exit(HUNG_STATUS)

    threading.Thread(target=watch, name="watch", daemon=True).start()
    while True:
        await asyncio.sleep(1.0)
        ticked[0] = time.monotonic()
