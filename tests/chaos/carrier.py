"""The carrier as the harness needs it: a process of its own that survives every kill.

`Carrier` is the seam: the simulated carrier behind a Unix socket here, and over HTTP in `carrier_http`.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, cast

from attrs import field, frozen

from nudge_adapters.sms.carrier import CarrierSettings, Rejected, SimulatedCarrier, Taken
from nudge_adapters.sms.faults import FaultPlan
from nudge_adapters.sms.journal import Entry, FileJournal
from nudge_adapters.sms.news import Envelope
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.model.carrier import CarrierNews, InboundText, OutgoingText, ProviderRecord
from nudge_core.ports import Clock, SmsGateway
from tests.chaos.ledger import Ledger, read

Place = Callable[[str], None]
"""Called with the name of a place; the process may not come back from it."""

NEWS_AT_ONCE = 10
LENT_S = 1.5
"""News that was handed out and is not handled by then is told again, as a carrier repeats a webhook."""

ANSWER_S = 0.005
_HEAD = 4  # bytes: the length of what follows


class Carrier(Protocol):
    """A carrier for a run. The first two are called in a worker, the others by the run itself."""

    def gateway(self, clock: Clock, at: Place) -> SmsGateway:
        """Return what the walk sends through; it passes `before_write`, `after_write`, `after_201`."""
        ...

    async def hear(self, take: Callable[[CarrierNews], Awaitable[None]], *, too_early: bool = False) -> int:
        """Give waiting news to `take`, and acknowledge each after it; 0 when webhooks bring it.

        `too_early`: acknowledge first (mutant M5).
        """
        ...

    def person_writes(self, sender: str, recipient: str, body: str) -> None:
        """Let somebody text one of our numbers."""
        ...

    def behave(self, faults: FaultPlan) -> None:
        """Change what goes wrong from now on."""
        ...

    def is_idle(self) -> bool:
        """Say whether nothing is left to be told, or on its way."""
        ...

    def ledger(self) -> Ledger:
        """Return what was accepted and written, read from what the carrier keeps."""
        ...


class DatedJournal(FileJournal):
    """A journal that notes how far ahead the carrier's clock was, and is not flushed: this carrier is never killed."""

    def __init__(self, path: Path, *, exclusive: bool = False) -> None:
        super().__init__(path, exclusive=exclusive)
        self.ahead = timedelta(0)

    def append(self, entry: Entry, *, durable: bool) -> None:
        """Write one entry."""
        super().append({**entry, "ahead_s": self.ahead.total_seconds()}, durable=False)


@frozen(kw_only=True)
class Asked:
    """A request to the carrier's process."""

    name: str
    values: tuple[object, ...] = ()


class CarrierProcess:
    """The carrier's side: one request at a time, by the carrier's own clock."""

    def __init__(self, folder: Path, settings: CarrierSettings, faults: FaultPlan, ahead: timedelta) -> None:
        self._journal = DatedJournal(folder / "ledger.jsonl")
        self._journal.ahead = ahead
        self._carrier = SimulatedCarrier(self._journal, settings)
        self._faults = faults
        self._lent: dict[str, float] = {}
        self._noted: set[str] = set()

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._journal.ahead

    def submit(self, text: OutgoingText) -> Taken | Rejected:
        return self._carrier.submit(text, self._now())

    def submit_late(self, text: OutgoingText, late_s: float) -> None:
        self._carrier.submit_late(text, self._now(), self._now() + timedelta(seconds=late_s))

    def listing(self, sender: str, recipient: str, since: datetime) -> Sequence[ProviderRecord]:
        return self._carrier.listing(sender, recipient, since, self._now())

    def person_writes(self, sender: str, recipient: str, body: str) -> None:
        self._carrier.person_writes(sender, recipient, body, self._now())

    def news(self, count: int) -> list[Envelope]:
        """Lend so many items that nobody has now."""
        free = [e for e in self._carrier.due(self._now()) if self._lent.get(e.key, 0.0) <= time.monotonic()][:count]
        for envelope in free:
            self._lent[envelope.key] = time.monotonic() + LENT_S
            self._note(envelope.news)
        return free

    def _note(self, news: CarrierNews) -> None:
        """Write down what somebody answered: until it is told, it exists only in the fate of the text before it."""
        if isinstance(news, InboundText) and news.provider_sid not in self._noted:
            self._noted.add(news.provider_sid)
            who = {"sid": news.provider_sid, "sender": news.sender, "recipient": news.recipient, "body": news.body}
            with self._journal.turn():
                self._journal.append({"kind": "answered", "at": news.at.isoformat(), **who}, durable=False)

    def handled(self, envelope: Envelope) -> None:
        self._carrier.handled(envelope, self._now())
        self._lent.pop(envelope.key, None)

    def is_idle(self) -> bool:
        return self._carrier.next_news(self._now()) is None

    def orders(self) -> FaultPlan:
        return self._faults

    def behave(self, faults: FaultPlan) -> None:
        self._faults = faults

    def set_ahead(self, ahead: timedelta) -> None:
        self._journal.ahead = ahead

    async def serve(self, path: Path) -> None:
        """Answer until the process is ended."""
        async with await asyncio.start_unix_server(self._answer, path):
            await asyncio.Event().wait()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readexactly(_HEAD)
                asked: Asked = pickle.loads(await reader.readexactly(int.from_bytes(head, "big")))
                writer.write(_framed(getattr(self, asked.name)(*asked.values)))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):  # who asked was killed
            writer.close()


def _framed(value: object) -> bytes:
    body = pickle.dumps(value)
    return len(body).to_bytes(_HEAD, "big") + body


def _no_place(_place: str) -> None:
    """Nothing happens here."""


@frozen(eq=False)
class SocketCarrier:
    """`Carrier` over a Unix socket. Each process opens a connection of its own when it first asks."""

    folder: Path
    _connections: dict[int, socket.socket] = field(factory=dict, init=False)

    @property
    def path(self) -> Path:
        """The socket."""
        return self.folder / "carrier"

    def ask(self, name: str, *values: object, at: Place = _no_place) -> Any:
        """Ask the carrier's process, and wait for its answer."""
        connection = self._connection()
        at("before_write")
        connection.sendall(_framed(Asked(name=name, values=values)))
        at("after_write")
        size = int.from_bytes(_exactly(connection, _HEAD), "big")
        answer = pickle.loads(_exactly(connection, size))
        at("after_201")
        return answer

    def _connection(self) -> socket.socket:
        if os.getpid() not in self._connections:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(self.path))
            self._connections[os.getpid()] = connection
        return self._connections[os.getpid()]

    def gateway(self, clock: Clock, at: Place) -> SmsGateway:
        """Return the product's simulated gateway, with its faults, in front of the carrier's process."""
        return ObedientGateway(_Remote(self, at), clock)

    async def hear(self, take: Callable[[CarrierNews], Awaitable[None]], *, too_early: bool = False) -> int:
        """Give waiting news to `take`, several at a time as webhooks come."""

        async def tell(envelope: Envelope) -> None:
            if too_early:
                self.ask("handled", envelope)
            await take(envelope.news)
            if not too_early:
                self.ask("handled", envelope)

        lent = self.ask("news", NEWS_AT_ONCE)
        answers = await asyncio.gather(*(tell(envelope) for envelope in lent), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return len(lent)

    def person_writes(self, sender: str, recipient: str, body: str) -> None:
        """Let somebody text one of our numbers."""
        self.ask("person_writes", sender, recipient, body)

    def behave(self, faults: FaultPlan) -> None:
        """Change what goes wrong from now on."""
        self.ask("behave", faults)

    def move_clock(self, ahead: timedelta) -> None:
        """Set how far the carrier's clock is ahead of the machine's."""
        self.ask("set_ahead", ahead)

    def is_idle(self) -> bool:
        """Say whether nothing is left to be told, or on its way."""
        return bool(self.ask("is_idle"))

    def ledger(self) -> Ledger:
        """Return what was accepted and written."""
        return read(self.folder / "ledger.jsonl")


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise ConnectionError("the carrier's process has gone")
        parts += part
    return bytes(parts)


class _Remote:
    """The methods of `SimulatedCarrier` that its gateway uses. The caller's idea of the time is not asked for."""

    def __init__(self, carrier: SocketCarrier, at: Place) -> None:
        self.ask, self._at = carrier.ask, at

    def submit(self, text: OutgoingText, _now: datetime) -> Taken | Rejected:
        return cast("Taken | Rejected", self.ask("submit", text, at=self._at))

    def submit_late(self, text: OutgoingText, now: datetime, arrives: datetime) -> None:
        self.ask("submit_late", text, (arrives - now).total_seconds(), at=self._at)

    def listing(self, sender: str, recipient: str, since: datetime, _now: datetime) -> Sequence[ProviderRecord]:
        return cast("Sequence[ProviderRecord]", self.ask("listing", sender, recipient, since))


class ObedientGateway(SimulatedGateway):
    """The simulated gateway, whose faults are those that the carrier's process orders at the time of each request."""

    def __init__(self, remote: _Remote, clock: Clock) -> None:
        super().__init__(cast("SimulatedCarrier", remote), clock, answer_s=ANSWER_S)
        self._remote = remote

    async def send(self, text: OutgoingText) -> Any:
        """Hand one text over."""
        self.faults = self._remote.ask("orders")
        return await super().send(text)


def wait_until_up(path: Path, patience_s: float = 60.0) -> None:
    """Wait until a process listens on a socket at `path`."""
    give_up = time.monotonic() + patience_s
    while not path.exists():
        if time.monotonic() > give_up:
            raise TimeoutError(f"nobody listens at {path.name}")
        time.sleep(0.01)
