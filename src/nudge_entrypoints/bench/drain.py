"""Texts a second through the whole sending walk: claim, gate, posting mark, request, record; as fast as it goes, paced.

    nudge bench drain [--quick] [--carrier http|ledger] [--callbacks during|after|none] [--faults SHARE]

PostgreSQL is real, with fsync. The carrier is the simulated one in a process of its own (`carrier_drain.py`), or, with
`ledger` and in the quick size, a stand-in in this process that takes every text after 20 ms and keeps a ledger of ids;
it costs next to nothing itself. The clock is moved to a Monday morning, as texts go out at lawful hours only.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from attrs import evolve

from nudge_adapters.llm.offline import OfflineDrafter
from nudge_adapters.sql.benchmark import RandomIds, scratch
from nudge_adapters.sql.embedded import embedded_postgres
from nudge_adapters.sql.migrate import upgrade
from nudge_adapters.sql.seed import Town, requeue, settle
from nudge_adapters.sql.store import SqlStore
from nudge_core.model.carrier import Accepted, InboundText, OutgoingText, ProviderRecord, SendOutcome
from nudge_core.model.lane import UNPACED
from nudge_core.model.message import Receipt
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.ports import SmsGateway
from nudge_core.verticals import VERTICALS
from nudge_core.walk import Parts, drain

TOWN = Town(users=10, texts=10_000, due=10_000)
QUICK_TOWN = Town(users=4, texts=200, due=200)
LATENCY_S = 0.02
PACE_PER_S = 5.0  # per sender, for the paced run
PACED_S = 30.0
QUICK_PACED_S = 3.0
MONDAY, MORNING_UTC = 0, 16  # 10:00 or 11:00 in Texas, by season


class MovedClock:
    """The machine's time, moved on to the next Monday morning."""

    def __init__(self) -> None:
        now = datetime.now(UTC)
        start = (now + timedelta(days=(MONDAY - now.weekday()) % 7)).replace(hour=MORNING_UTC, minute=0)
        self.ahead = (start if start > now else start + timedelta(days=7)) - now

    def now(self) -> datetime:
        """Return the present instant, moved."""
        return datetime.now(UTC) + self.ahead


class LedgerGateway:
    """Takes every text after a while and remembers whose it was."""

    def __init__(self) -> None:
        self.accepted: Counter[UUID] = Counter()
        self.first_s: float | None = None
        self.last_s = 0.0

    async def send(self, text: OutgoingText) -> SendOutcome:
        """Accept a text."""
        await asyncio.sleep(LATENCY_S)
        self.accepted[text.message_id] += 1
        self.last_s = time.perf_counter()
        self.first_s = self.last_s if self.first_s is None else self.first_s
        return Accepted(provider_sid=f"SM{text.message_id.hex}", receipt=Receipt.QUEUED)

    async def find(self, sender: str, recipient: str, since: datetime) -> Sequence[ProviderRecord]:  # noqa: ARG002 - as the port has them
        """Nothing is ever asked for: no request is in doubt."""
        return []

    async def fetch(self, provider_sid: str) -> None:  # noqa: ARG002 - as the port has them
        """No bill is ever asked for."""
        return

    async def received(self, recipient: str, since: datetime) -> Sequence[InboundText]:  # noqa: ARG002 - as the port has them
        """Nobody answers."""
        return []

    async def ping(self) -> str:
        """Return one line."""
        return f"a ledger of {len(self.accepted)} texts"

    async def aclose(self) -> None:
        """Hold nothing."""


def measure(
    *, quick: bool = False, carrier: str | None = None, callbacks: str = "during", faults: float = 0.0
) -> dict[str, Any]:
    """Measure on the server of DATABASE_URL, else on an embedded one with fsync on, removed at the end.

    Args:
        quick: small sizes.
        carrier: `http` or `ledger`; None: `ledger` in the quick size without faults, else `http`.
        callbacks: when a web process hears of receipts: `during` the drain, `after` it, or not at all (`none`).
        faults: share of requests that go wrong; `http` only.
    """
    if (carrier or ("ledger" if quick and not faults else "http")) == "http":
        from nudge_entrypoints.bench import carrier_drain

        return carrier_drain.measure(
            QUICK_TOWN if quick else TOWN, QUICK_PACED_S if quick else PACED_S, callbacks, faults
        )
    town, paced_s = (QUICK_TOWN, QUICK_PACED_S) if quick else (TOWN, PACED_S)
    with database_server() as server, scratch(server) as url:
        upgrade(url)
        settle(url, town)
        unpaced = asyncio.run(_drained(url, DeliverySettings(paces=UNPACED)))
        requeue(url, town)
        paced = asyncio.run(_paced(url, town, paced_s))
    return {"texts": town.texts, "senders": town.users, "latency_s": LATENCY_S, "unpaced": unpaced, "paced": paced}


@contextmanager
def database_server() -> Iterator[str]:
    """Yield the server of DATABASE_URL, else an embedded one with fsync on."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="nudge-bench-") as home, embedded_postgres(Path(home)) as own:
        yield own


def parts_of(url: str, gateway: SmsGateway, settings: DeliverySettings, clock: MovedClock) -> Parts:
    """Return the parts of a walk that sends."""
    voices = {name: vertical.voice for name, vertical in VERTICALS.items()}
    return Parts(
        store=SqlStore(url, clock, RandomIds()),
        verticals=VERTICALS,
        drafters=(OfflineDrafter(voices),),
        gateway=gateway,
        ids=RandomIds(),
        delivery=settings,
    )


async def _drained(url: str, settings: DeliverySettings) -> dict[str, Any]:
    gateway = LedgerGateway()
    parts = parts_of(url, gateway, settings, MovedClock())
    await parts.store.ping()
    before, started, cpu = rss_mb(), time.perf_counter(), time.process_time()
    done = await drain(parts, time.monotonic, asyncio.Event())
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    await parts.store.aclose()
    sent = sum(gateway.accepted.values())
    return {
        "accepted": len(gateway.accepted),
        "doubles": sent - len(gateway.accepted),
        "claimed": done.claimed,
        "moved": {state.value: count for state, count in done.moved.items()},
        "failed": dict(done.failed),
        "seconds": round(seconds, 2),
        "per_s": round(sent / seconds, 1),
        "own_cpu_ms_per_text": round(1_000 * cpu / max(sent, 1), 2),
        "rss_mb_before_and_after": [before, rss_mb()],
        "rss_mb_most": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024, 1),
    }


async def _paced(url: str, town: Town, seconds: float) -> dict[str, Any]:
    """Send at a rate per sender for a while, then stop; compare with what the rate allows."""
    gateway = LedgerGateway()
    settings = DeliverySettings(paces=evolve(UNPACED, long_code=PACE_PER_S))
    parts = parts_of(url, gateway, settings, MovedClock())
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    await drain(parts, time.monotonic, stop)
    await parts.store.aclose()
    sent = sum(gateway.accepted.values())
    lasted = gateway.last_s - (gateway.first_s or 0.0)
    wanted = PACE_PER_S * town.users
    return {
        "segments_per_s_and_sender": PACE_PER_S,
        "accepted": sent,
        "seconds": round(lasted, 2),
        "share_of_rate": round((sent - 1) / lasted / wanted, 3) if lasted > 0 else None,
    }


def rss_mb() -> float:
    """Return the memory of this process that is resident now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 2**20, 1)


def table(measured: dict[str, Any]) -> str:
    """Return the report as indented JSON."""
    return json.dumps(measured, indent=2)
