"""Named places in a worker at which it may die or be stopped, made by wrapping what is handed to the walk.

The product knows nothing of them. `after_claim`: the claim is committed. `before_deadline`: the posting mark is
committed, and the clock about to be read that the send deadline is measured with. `before_write`, `after_write`,
`after_201`: around the request, in `carrier`. `before_record_commit`, `after_record_commit`: the transaction that moves
a text whose request was answered. `in_resolver`: the list has answered, nothing is stored yet. `before_inbound`:
somebody's text has come, and nothing of it is stored.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from attrs import frozen

from nudge_core.model.carrier import InboundText, OutgoingText, ProviderRecord, SendOutcome
from nudge_core.ports import SmsGateway, Store

K2_PLACES = (
    "after_claim",
    "before_write",
    "after_write",
    "after_201",
    "before_record_commit",
    "after_record_commit",
    "in_resolver",
)
"""The failpoints of test K2 in `reliability.md` 10."""

STOP_PLACES = ("after_claim", "before_deadline", "after_201", "after_record_commit", "in_resolver")
"""Places at which no transaction is open: whoever stops here holds nobody up."""


@frozen(kw_only=True)
class Ambush:
    """What waits for one worker: at `place`, at each passing with probability `chance`, this signal to itself."""

    place: str
    chance: float = 0.3
    signal: signal.Signals = signal.SIGKILL


class Places:
    """Passed by one worker; a hit is written down before it strikes, in a file that outlives the process."""

    def __init__(self, ambush: Ambush | None, hits: Path, seed: int) -> None:
        self._ambush, self._random = ambush, random.Random(seed)
        self._file = os.open(hits, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __call__(self, place: str) -> None:
        """Pass a place; the process may not come back."""
        ambush = self._ambush
        if ambush is None or ambush.place != place or self._random.random() >= ambush.chance:
            return
        if ambush.signal is signal.SIGSTOP:
            self._ambush = None  # it strikes once: whoever wakes up goes on
        os.write(self._file, f"{place} {os.getpid()}\n".encode())
        os.kill(os.getpid(), ambush.signal)


def read_hits(hits: Path) -> Counter[str]:
    """Return how often each place struck."""
    return Counter(line.split()[0] for line in hits.read_text().splitlines()) if hits.exists() else Counter()


class Wrapped:
    """Something with some of its attributes replaced."""

    def __init__(self, inner: Any, **replaced: Any) -> None:
        self._inner, self._replaced = inner, replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced[name] if name in self._replaced else getattr(self._inner, name)


class PassedStore:
    """A store that passes the places around claims and records."""

    def __init__(self, inner: Store, at: Callable[[str], None], posted: set[UUID]) -> None:
        self._inner, self._at, self._posted = inner, at, posted
        self.screens = inner.screens
        self.marked = False
        """Whether a posting mark has been committed since this was last set to False."""

    @asynccontextmanager
    async def system(self) -> AsyncIterator[Any]:
        """Open a transaction of nobody's."""
        taken: list[object] = []
        async with self._inner.system() as tx:

            async def claim(*args: Any, **named: Any) -> Any:
                got = await tx.sends.claim(*args, **named)
                taken.extend(got)
                return got

            yield Wrapped(tx, sends=Wrapped(tx.sends, claim=claim))
        if taken:
            self._at("after_claim")

    @asynccontextmanager
    async def tenant(self, user_id: UUID) -> AsyncIterator[Any]:
        """Open a professional's transaction."""
        recorded: set[UUID] = set()
        marked: set[UUID] = set()
        async with self._inner.tenant(user_id) as tx:

            async def move(message_id: UUID, **how: Any) -> bool:
                recorded.update({message_id} & self._posted)
                return await tx.messages.move(message_id, **how)

            async def accept(proofs: Mapping[UUID, Any]) -> frozenset[UUID]:
                recorded.update(set(proofs) & self._posted)
                return await tx.messages.accept(proofs)

            async def begin_postings(attempts: Mapping[UUID, int]) -> frozenset[UUID]:
                begun = await tx.messages.begin_postings(attempts)
                marked.update(begun)
                return begun

            replaced = {"move": move, "accept": accept, "begin_postings": begin_postings}
            yield Wrapped(tx, messages=Wrapped(tx.messages, **replaced))
            if recorded:
                self._at("before_record_commit")
        self.marked = self.marked or bool(marked)
        if recorded:
            self._posted -= recorded
            self._at("after_record_commit")

    async def ping(self) -> str:
        """Ask the store."""
        return await self._inner.ping()

    async def aclose(self) -> None:
        """Close the store."""
        await self._inner.aclose()


class PassedGateway:
    """A gateway that remembers which texts were answered for, and passes `in_resolver`."""

    def __init__(self, inner: SmsGateway, at: Callable[[str], None], posted: set[UUID]) -> None:
        self._inner, self._at, self._posted = inner, at, posted

    async def send(self, text: OutgoingText) -> SendOutcome:
        """Hand one text over."""
        outcome = await self._inner.send(text)
        self._posted.add(text.message_id)
        return outcome

    async def find(self, sender: str, recipient: str, since: datetime) -> Sequence[ProviderRecord]:
        """Ask the list."""
        found = await self._inner.find(sender, recipient, since)
        self._at("in_resolver")
        return found

    async def fetch(self, provider_sid: str) -> ProviderRecord | None:
        """Ask for one text."""
        return await self._inner.fetch(provider_sid)

    async def received(self, recipient: str, since: datetime) -> Sequence[InboundText]:
        """Ask for what people wrote."""
        return await self._inner.received(recipient, since)

    async def ping(self) -> str:
        """Ask the gateway."""
        return await self._inner.ping()

    async def aclose(self) -> None:
        """Give back connections."""
        await self._inner.aclose()
