"""Worker processes: the product's own walk in a loop, forked from a parent that has already done it once.

A forked worker has every module loaded and every statement compiled, so that killing a thousand costs minutes.
"""

from __future__ import annotations

import asyncio
import ctypes
import mmap
import os
import random
import signal
import struct
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NoReturn
from uuid import UUID

from attrs import evolve, field, frozen, mutable

from nudge_adapters.sql.store import SqlStore
from nudge_core.errors import Conflict, Unavailable
from nudge_core.model.carrier import CarrierNews, InboundText
from nudge_core.sending.watch import DoubtWatch
from nudge_core.walk import Parts, drain, hear, hear_again, hear_waiting, poll_inbound, tidy
from tests.chaos import mutants
from tests.chaos.carrier import Carrier
from tests.chaos.failpoints import Ambush, PassedGateway, PassedStore, Places

IDLE_S, TIDY_S, JOIN_S, ASK_INBOUND_S, SORRY_S = 0.1, 0.4, 1.5, 2.0, 0.1
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LIBC = ctypes.CDLL(None)


class WallClock:
    """The machine's clock as one worker shows it; the run may set it wrong. The walk must not care."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)

    def set_wrong(self, seconds: float) -> None:
        """Let it be wrong by so many seconds, in every process that shares it."""
        struct.pack_into("d", self._memory, 0, seconds)

    def now(self) -> datetime:
        """Return what it shows."""
        return datetime.now(UTC) + timedelta(seconds=struct.unpack_from("d", self._memory, 0)[0])


@frozen(kw_only=True)
class Post:
    """Where a worker works. `folder`: transcripts of hits, deaths and probes."""

    store: SqlStore
    parts: Parts
    carrier: Carrier
    folder: Path
    wall: WallClock
    mutant: str | None = None
    polls: bool = False
    """Ask the carrier for what people wrote, as the timetable does: a webhook may have been lost."""


async def one_round(post: Post, parts: Parts) -> None:
    """Send what is due, tidy, hear what the carrier tells: each once, to have everything compiled."""
    await drain(parts, time.monotonic, asyncio.Event())
    await tidy(parts)
    await post.carrier.hear(partial(_take, parts))


async def _take(parts: Parts, news: CarrierNews) -> None:
    await hear(parts, news)


async def work(post: Post, ambush: Ambush | None, seed: int) -> None:
    """Do the walk until killed, as the product's worker does: drain, tidy and hear beside each other."""
    at, posted = Places(ambush, post.folder / "hits", seed), set[UUID]()
    store = PassedStore(post.store, at, posted)
    gateway = PassedGateway(mutants.gateway(post.mutant, post.carrier.gateway(post.wall, at)), at, posted)
    parts = evolve(post.parts, store=store, gateway=gateway, doubts=DoubtWatch(time.monotonic))
    ears = evolve(parts, store=PassedStore(post.store, at, set()))
    probe = mutants.Probe(post.store, post.folder / "probes")

    def monotonic() -> float:
        if store.marked:
            store.marked = False
            at("before_deadline")
        return time.monotonic()

    async def send() -> int:
        return (await drain(parts, monotonic, asyncio.Event())).claimed

    async def clean() -> int:
        await probe.look()
        return len(await tidy(parts)) + await hear_again(ears)

    async def join() -> int:
        return await hear_waiting(ears)

    async def take(news: CarrierNews) -> None:
        if isinstance(news, InboundText):
            at("before_inbound")
        await hear(ears, news)

    async def listen() -> int:
        return await post.carrier.hear(take, too_early=post.mutant == "M5")

    async def poll() -> int:
        await poll_inbound(ears)
        return 0

    async with asyncio.TaskGroup() as group:
        if post.polls:
            group.create_task(_for_ever(poll, ASK_INBOUND_S))
        group.create_task(_for_ever(send, 2 * IDLE_S))
        group.create_task(_for_ever(clean, TIDY_S))
        group.create_task(_for_ever(join, JOIN_S))
        group.create_task(_for_ever(listen, IDLE_S))


async def _for_ever(do: Callable[[], Awaitable[int]], idle_s: float) -> None:
    """Do something again and again; what the store or the carrier cannot do now is tried again."""
    while True:
        try:
            busy = await do()
        except Unavailable:
            await asyncio.sleep(SORRY_S)
        except Conflict:
            await asyncio.sleep(0)  # somebody else was first
        else:
            await asyncio.sleep(0.0 if busy else idle_s)


def run_forked(name: str, folder: Path, task: Callable[[], object]) -> int:
    """Fork a process that runs `task` and ends; return its pid. It dies with its parent; an error is written down."""
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if not pid:
        _child(name, folder, parent, task)
    return pid


def _close_locks() -> None:
    """Let go of the lock on the server's files: it belongs to who runs the server, and a fork inherits it."""
    for entry in list(Path("/proc/self/fd").iterdir()):
        with suppress(OSError):
            if entry.readlink().name == "lock":
                os.close(int(entry.name))


def _child(name: str, folder: Path, parent: int, task: Callable[[], object]) -> NoReturn:
    status = 1
    try:
        _close_locks()
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() == parent:
            task()
            status = 0
    except BaseException as raised:
        error: BaseException = raised
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]  # of tasks beside each other the first that failed
        lines = traceback.format_tb(error.__traceback__)
        with (folder / "deaths").open("a") as out:
            out.write(f"{name}: {type(error).__name__}: {error}\n{''.join(lines)}\n")
    finally:
        os._exit(status)


@mutable
class Fleet:
    """The workers of a run. Every one that ends is waited for by its own pid."""

    post: Post
    seed: int
    pids: list[int] = field(factory=list)
    stopped: set[int] = field(factory=set)
    kills: int = 0
    _started: int = 0

    def start(self, ambush: Ambush | None = None) -> int:
        """Start one."""
        self._started += 1
        seed = self.seed * 1_000_003 + self._started

        def task() -> None:
            mutants.plant(self.post.mutant)
            asyncio.run(work(self.post, ambush, seed))

        pid = run_forked("worker", self.post.folder, task)
        self.pids.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        """SIGKILL one, and wait until it is gone."""
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self._forget(pid)
        self.kills += 1

    def _forget(self, pid: int) -> None:
        self.pids.remove(pid)
        self.stopped.discard(pid)

    def ended(self) -> Iterator[int]:
        """Yield those that ended by themselves since, and note which have stopped themselves."""
        for pid in list(self.pids):
            found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
            if found and os.WIFSTOPPED(status):
                self.stopped.add(pid)
            elif found:
                self._forget(pid)
                self.kills += os.WIFSIGNALED(status)
                yield pid

    def stop(self, pid: int) -> None:
        """SIGSTOP one."""
        os.kill(pid, signal.SIGSTOP)
        self.stopped.add(pid)

    def go_on(self, pid: int) -> None:
        """SIGCONT one."""
        os.kill(pid, signal.SIGCONT)
        self.stopped.discard(pid)

    def end(self) -> None:
        """Kill what is left; these do not count."""
        for pid in list(self.pids):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self._forget(pid)

    def any(self, chance: random.Random) -> int:
        """Return one of those that run."""
        return chance.choice([pid for pid in self.pids if pid not in self.stopped])
