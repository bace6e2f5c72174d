"""Who follows live in this process: how many may, and who is woken when something new can be read.

One poller a process asks the store whose changes became readable, in one statement however many follow; it rests while
nobody does. Not LISTEN and NOTIFY: a notice comes with its commit, but a change can be read only when every transaction
that began before it has ended, so a notice may come too early and one would have to poll behind it. NOTIFY would also
make all commits of the database wait for one lock. A stream waits for its bell and holds no connection meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from attrs import field, frozen
from litestar.exceptions import TooManyRequestsException

from nudge_core.errors import NudgeError, Unavailable
from nudge_core.model import fields
from nudge_core.ports import Store

AGAIN_S = 30
"""Seconds after which somebody with too many streams may try again: a dead one is noticed within two heartbeats."""

_log = logging.getLogger(__name__)


class StreamKind(StrEnum):
    """How somebody follows."""

    SSE = "sse"
    WEBSOCKET = "websocket"


class Gauge(Protocol):
    """Counts who follows."""

    def followed(self, kind: StrEnum, by: int) -> None:
        """Count one more, or one less."""
        ...


@frozen(kw_only=True)
class StreamLimits:
    """How streams are bounded. Ours; a browser opens at most six connections to one origin by HTTP/1.1.

    `per_professional`: screens of one at once, in one process. `per_process`: of everybody. `poll_s`: between two
    questions for news. `beat_s`: of silence until a sign of life, and between two looks at the credential. `longest_s`:
    then a stream ends, to be taken up again. `stalled_s`: how long a reader may leave what is sent unread.
    """

    per_professional: int = field(default=8, validator=fields.between(1, 1_000))
    per_process: int = field(default=1_000, validator=fields.between(1, 100_000))
    poll_s: float = field(default=0.5, validator=fields.between(0, 60))
    beat_s: float = field(default=15.0, validator=fields.between(0, 300))
    longest_s: float = field(default=3_600.0, validator=fields.between(0, 86_400))
    stalled_s: float = field(default=30.0, validator=fields.between(0, 300))


class Hub:
    """The streams of one process.

    Args:
        store: asked for news.
        limits: of streams.
        gauge: counts them; None: nobody does.
    """

    def __init__(self, store: Store, limits: StreamLimits | None = None, gauge: Gauge | None = None) -> None:
        self._store = store
        self.limits = limits or StreamLimits()
        self._gauge = gauge
        self._bells: dict[UUID, set[asyncio.Event]] = {}
        self._open = 0
        self._poller: asyncio.Task[None] | None = None

    @property
    def open(self) -> int:
        """How many follow."""
        return self._open

    @contextmanager
    def seat(self, user_id: UUID, kind: StreamKind) -> Iterator[asyncio.Event]:
        """Take a place among the streams; yield the bell that rings when this professional has something to read.

        Raises:
            TooManyRequestsException: this professional has as many as they may: 429.
            Unavailable: the process has: 503.
        """
        bells = self._bells.get(user_id, set())
        if len(bells) >= self.limits.per_professional:
            raise TooManyRequestsException(headers={"Retry-After": str(AGAIN_S)})
        if self._open >= self.limits.per_process:
            raise Unavailable("streams", "this process has as many as it may", AGAIN_S)
        bell = asyncio.Event()
        self._bells.setdefault(user_id, set()).add(bell)
        self._count(kind, 1)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        try:
            yield bell
        finally:
            self._bells[user_id].discard(bell)
            if not self._bells[user_id]:
                del self._bells[user_id]
            self._count(kind, -1)
            if not self._open:
                self._poller.cancel()
                self._poller = None

    def _count(self, kind: StreamKind, by: int) -> None:
        self._open += by
        if self._gauge is not None:
            self._gauge.followed(kind, by)

    def _ring(self, owners: frozenset[UUID]) -> None:
        for owner in owners & self._bells.keys():
            for bell in self._bells[owner]:
                bell.set()

    async def _poll(self) -> None:
        until: int | None = None
        while True:
            try:
                async with self._store.system() as tx:
                    news = await tx.change_news.since(until)
            except NudgeError as error:  # streams look by themselves at every heartbeat besides
                _log.warning("no news of changes: %s", type(error).__name__)
            else:
                if until is None:  # who came before the first answer may have missed what it does not name
                    self._ring(frozenset(self._bells))
                until = news.until
                self._ring(news.owners)
            await asyncio.sleep(self.limits.poll_s)
