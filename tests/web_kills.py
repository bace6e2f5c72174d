"""K4 of `reliability.md` 10: the web process is killed in the middle of webhooks, again and again.

The carrier tells each text until it gets a 2xx, a few times at most, as Twilio does; then the poll asks for what nobody
took. Judged on what the carrier saw and on the rows: an answered 2xx has its row at once, and in the end every text
has exactly one, and every STOP holds.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from random import Random

import httpx
from attrs import field, frozen, mutable

from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.journal import MemoryJournal
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_adapters.sql.store import SqlStore
from nudge_adapters.system import SystemClock
from nudge_core.model.carrier import InboundText
from nudge_core.model.message import Direction
from nudge_core.walk import poll_inbound
from tests.send_walk import OUR_NUMBER, CountingIds, Town, town
from tests.twilio_calls import Call, inbound_call, parts_on

TELLINGS = 6  # the first and `rc=5` more
START_S = 60.0
ANSWER_S = 15.0  # Twilio's limit
TEXTS_AT_ONCE = 8


@frozen(kw_only=True)
class Killed:
    """What a run did and what was wrong afterwards: no line is a pass."""

    seed: int
    kills: int
    texts: int
    answered: int
    polled: int
    violations: tuple[str, ...]

    def line(self) -> str:
        """Return one line of report."""
        return (
            f"K4 seed {self.seed} kills {self.kills} texts {self.texts} answered {self.answered} "
            f"found by poll {self.polled} violations {len(self.violations)}"
        )


@mutable
class WebProcess:
    """A web process that is started anew after each kill. `origin` changes with it."""

    url: str
    origin: str = ""
    _process: subprocess.Popen[str] | None = None
    _up: asyncio.Event = field(factory=asyncio.Event)

    async def start(self) -> None:
        """Start it, and return when it answers."""
        self._process = await asyncio.to_thread(self._spawn)
        assert self._process.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(self._process.stdout.readline), START_S)
        assert line.startswith("http://"), "the web process did not come up"
        self.origin = line.strip()
        self._up.set()

    def _spawn(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.integration.web_process", self.url]
        checkout = Path(__file__).parents[1]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=checkout)

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._up.clear()
            self._process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(self._process.wait, START_S)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    async def up(self) -> str:
        """Return its address, once there is one."""
        await asyncio.wait_for(self._up.wait(), START_S)
        return self.origin


@asynccontextmanager
async def _processes(url: str) -> AsyncIterator[WebProcess]:
    web = WebProcess(url)
    try:
        await web.start()
        yield web
    finally:
        await web.kill()


class _Carrier(SimulatedGateway):
    """A carrier whose list of received texts is what people wrote in this run."""

    def __init__(self, clock: SystemClock) -> None:
        super().__init__(SimulatedCarrier(MemoryJournal(), CarrierSettings()), clock)
        self.written: list[InboundText] = []

    async def received(self, recipient: str, since: datetime) -> Sequence[InboundText]:
        return [text for text in self.written if text.recipient == recipient and text.at >= since]


async def kill_web(url: str, *, kills: int, seed: int) -> Killed:
    """Kill the web process `kills` times while people write; return what was found.

    Args:
        url: of an empty, migrated database.
        kills: so many SIGKILLs, each at a moment drawn from `seed` while requests are on their way.
        seed: of everything drawn.
    """
    draw, clock = Random(seed), SystemClock()
    store = SqlStore(url, None, CountingIds())
    carrier, answered = _Carrier(clock), set[str]()
    try:
        place = await town(store, clock.now(), 1)
        async with _processes(url) as web, httpx.AsyncClient(timeout=ANSWER_S) as client:
            for number in range(kills):
                wave = [_written(carrier, clock, number * TEXTS_AT_ONCE + n, seed) for n in range(TEXTS_AT_ONCE)]
                telling = [asyncio.create_task(_tell(client, web, call, answered)) for call in wave]
                await asyncio.sleep(draw.random() * 0.15)  # somewhere in the middle of the wave
                await web.kill()
                await web.start()
                await asyncio.gather(*telling)
        violations = [f"{n} texts got a 2xx and have no row" for n in [len(answered - await _rows(place))] if n]
        polled = await poll_inbound(parts_on(store, clock, CountingIds(), carrier))
        violations += await _judged(place, carrier)
    finally:
        await store.aclose()
    texts = len(carrier.written)
    return Killed(
        seed=seed,
        kills=kills,
        texts=texts,
        answered=len(answered),
        polled=polled.new,
        violations=tuple(violations),
    )


def _written(carrier: _Carrier, clock: SystemClock, number: int, seed: int) -> Call:
    """Let somebody new write STOP; the carrier keeps it, and this is how it tells it."""
    sid, phone = f"SM{seed:08x}{number:024x}", f"+1512{5_600_000 + number}"
    text = InboundText(provider_sid=sid, sender=phone, recipient=OUR_NUMBER, body="STOP", at=clock.now())
    carrier.written.append(text)
    return inbound_call(sid, phone, "STOP")


async def _tell(client: httpx.AsyncClient, web: WebProcess, call: Call, answered: set[str]) -> None:
    for _ in range(TELLINGS):
        try:
            answer = await client.post(await web.up() + call.target, content=call.body, headers=call.all_headers)
        except httpx.HTTPError:
            continue
        if answer.is_success:
            answered.add(dict(call.fields)["MessageSid"])
            return


async def _rows(place: Town) -> set[str]:
    return {row.provider_sid or "" for row in await place.rows() if row.direction is Direction.INBOUND}


async def _judged(place: Town, carrier: _Carrier) -> list[str]:
    rows = Counter(row.provider_sid for row in await place.rows() if row.direction is Direction.INBOUND)
    written = {text.provider_sid for text in carrier.written}
    found = [f"I8 {rows[sid]} rows of one text" for sid in written if rows[sid] != 1]
    held = {silence.phone for silence in await place.silences()}
    return found + ["a STOP was lost" for text in carrier.written if text.sender not in held]
