"""The drain through the real adapter: carrier, web and database are other processes, and the carrier's ledger judges.

This process is the worker. The carrier answers after 20 ms and writes down what it accepts; the web process hears its
signed status callbacks. With faults some requests fail in every way that leaves a doubt, and the doubts are closed
before anything is counted.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from attrs import evolve, frozen

from nudge_adapters.sms.build import TwilioAccount, build_twilio_gateway
from nudge_adapters.sms.callbacks import Callbacks
from nudge_adapters.sms.faults import Fault
from nudge_adapters.sql.benchmark import libpq, scratch
from nudge_adapters.sql.migrate import upgrade
from nudge_adapters.sql.seed import Town, deliveries, requeue, settle
from nudge_core.errors import Unavailable
from nudge_core.model.lane import UNPACED
from nudge_core.model.message import Delivery
from nudge_core.model.secret import Secret
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.policy.pacing import BURST_S
from nudge_core.walk import Parts, drain, tidy
from nudge_entrypoints.bench import drain as base
from nudge_entrypoints.callbacks import callbacks_of
from nudge_entrypoints.practice_carrier import MODULE, free_port
from nudge_entrypoints.settings import Settings, TwilioSettings

WEB = "nudge_entrypoints.http.process"
CALLBACKS = ("during", "after", "none")
FAULTS = (
    Fault.RATE_LIMITED, Fault.ERROR_BEFORE, Fault.ERROR_AFTER, Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.GARBAGE,
    Fault.CUT_SHORT,
)  # fmt: skip
STOP_S = 15.0
SETTLED_S = 900.0  # from the end of the drain until every doubt must be closed and every receipt told
LOOK_S = 0.5
OPEN = {Delivery.QUEUED.value, Delivery.SENDING.value, Delivery.IN_DOUBT.value}
HANDOVER_S, DELIVERY_S = ("0.5", "1"), ("1", "2")

UNHURT = DeliverySettings(paces=UNPACED)
HURT = DeliverySettings(
    paces=UNPACED, lease_s=30, send_deadline_s=10, http_timeout_s=2, provider_late_s=2, list_lag_s=2, grace_s=20,
    first_backoff_s=1,
)  # fmt: skip
"""Graces short enough for a benchmark and true of this carrier: it is never late, and lists after half a second."""


@frozen(kw_only=True)
class Peers:
    """The running carrier and how to reach it."""

    account: TwilioAccount
    callbacks: Callbacks
    control: httpx.AsyncClient

    async def ledger(self) -> Sequence[Mapping[str, Any]]:
        """Return what the carrier accepted, in order."""
        answer = await self.control.get("/_carrier/ledger")
        accepted: Sequence[Mapping[str, Any]] = answer.raise_for_status().json()["accepted"]
        return accepted

    async def counters(self) -> Mapping[str, Any]:
        """Return what the carrier counted."""
        counted: Mapping[str, Any] = (await self.control.get("/_carrier/counters")).raise_for_status().json()
        return counted

    async def mute(self, muted: bool) -> None:
        """Hold callbacks back, or let them go."""
        (await self.control.post("/_carrier/webhooks", json={"mute": muted})).raise_for_status()


def measure(town: Town, paced_s: float, callbacks: str, faults: float) -> dict[str, Any]:
    """Drain, judge by the ledger, and, where nothing fails, drain at a rate; return what was measured.

    Raises:
        ValueError: there is no such way to tell receipts.
        Unavailable: a process did not come up.
    """
    if callbacks not in CALLBACKS:
        raise ValueError(f"callbacks: one of {', '.join(CALLBACKS)}")
    told: dict[str, Any] = {
        "texts": town.due,
        "senders": town.users,
        "carrier": "http",
        "latency_s": base.LATENCY_S,
        "callbacks": callbacks,
        "faults": faults,
        "load_at_start": os.getloadavg(),
    }
    with base.database_server() as server, scratch(server) as url:
        upgrade(url)
        settle(url, town)
        told["unpaced"] = asyncio.run(_unpaced(url, town, callbacks, faults))
        if not faults:
            requeue(url, town)
            told["paced"] = asyncio.run(_paced(url, paced_s, callbacks))
    return told | {"load_at_end": os.getloadavg()}


async def _unpaced(url: str, town: Town, callbacks: str, faults: float) -> dict[str, Any]:
    clock, settings = base.MovedClock(), HURT if faults else UNHURT
    async with _peers(url, clock, callbacks, faults) as peers:
        gateway = build_twilio_gateway(peers.account, peers.callbacks, clock)
        parts = base.parts_of(url, gateway, settings, clock)
        try:
            await parts.store.ping()
            await peers.mute(callbacks != "during")
            before, cpu, began, started = base.rss_mb(), time.process_time(), clock.now(), time.perf_counter()
            done = await drain(parts, time.monotonic, asyncio.Event())
            took_s, cpu, after = time.perf_counter() - started, time.process_time() - cpu, base.rss_mb()
            told = (await peers.counters())["webhooks"]
            settling = await _settle(parts, url, town, peers, callbacks) if faults or callbacks == "after" else None
            ledger, counters = await peers.ledger(), await peers.counters()
        finally:
            await gateway.aclose()
            await parts.store.aclose()
    lasted = (max(_at(one) for one in ledger) - began).total_seconds() if not faults else took_s
    return {
        "seconds_from_first_claim_to_last_accept": round(lasted, 2),
        "drain_s": round(took_s, 2),
        "per_s": round(len(ledger) / lasted, 1),
        "worker_cpu_ms_per_text": round(1_000 * cpu / max(done.claimed, 1), 2),
        "worker_rss_mb_before_and_after": [before, after],
        "worker_rss_mb_most": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024, 1),
        "claimed": done.claimed,
        "failed": dict(done.failed),
        "settled_after_s": settling,
        "requests": counters["requests"],
        "webhooks_by_the_end_of_the_drain": told,
        "webhooks": counters["webhooks"],
    } | _judged(url, town, ledger)


def _judged(url: str, town: Town, ledger: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Compare the ledger with the rows: what was accepted is sent, or is unconfirmed and for a person to look at."""
    rows = deliveries(url, town)
    accepted = Counter(str(one["message_id"]) for one in ledger)
    sent = {one for one, state in rows.items() if state == Delivery.SENT.value}
    unconfirmed = {one for one, state in rows.items() if state == Delivery.UNCONFIRMED.value}
    return {
        "states": dict(Counter(rows.values())),
        "accepted": len(accepted),
        "duplicates": sum(accepted.values()) - len(accepted),
        "sent": len(sent),
        "unconfirmed_accepted": len(unconfirmed & accepted.keys()),
        "sent_but_not_accepted": len(sent - accepted.keys()),
        "lost": len(accepted.keys() - sent - unconfirmed),
        "ledger_equals_sent_rows": accepted.keys() == sent,
        "sum_holds": len(accepted) == len(sent) + len(unconfirmed & accepted.keys()),
    }


async def _settle(parts: Parts, url: str, town: Town, peers: Peers, callbacks: str) -> float:
    """Drain, close doubts and let receipts be told until nothing is left to move; return how many seconds that took."""
    started = time.monotonic()
    await peers.mute(False)
    while time.monotonic() - started < SETTLED_S:
        await drain(parts, time.monotonic, asyncio.Event())
        await tidy(parts)
        states = set((await asyncio.to_thread(deliveries, url, town)).values())
        untold = 0 if callbacks == "none" else (await peers.counters())["untold"]
        if not untold and not states & OPEN:
            return round(time.monotonic() - started, 1)
        await asyncio.sleep(LOOK_S)
    raise Unavailable("bench", f"texts were still on their way after {SETTLED_S:g} s")


async def _paced(url: str, seconds: float, callbacks: str) -> dict[str, Any]:
    """Send at a rate per sender for a while, then stop; compare what the ledger shows with what the rate allows."""
    clock, stop = base.MovedClock(), asyncio.Event()
    async with _peers(url, clock, callbacks, 0.0) as peers:
        gateway = build_twilio_gateway(peers.account, peers.callbacks, clock)
        settings = DeliverySettings(paces=evolve(UNPACED, long_code=base.PACE_PER_S))
        parts = base.parts_of(url, gateway, settings, clock)
        try:
            asyncio.get_running_loop().call_later(seconds, stop.set)
            await drain(parts, time.monotonic, stop)
            ledger = await peers.ledger()
        finally:
            await gateway.aclose()
            await parts.store.aclose()
    times: dict[str, list[datetime]] = {}
    for one in ledger:
        times.setdefault(one["from"], []).append(_at(one))
    shares = sorted(share for own in times.values() if (share := _share_of_rate(own)) is not None)
    return {
        "segments_per_s_and_sender": base.PACE_PER_S,
        "accepted": len(ledger),
        "senders": len(times),
        "share_of_rate": round(sum(shares) / len(shares), 3) if shares else None,
        "share_of_rate_least_and_most": [round(one, 3) for one in (shares[0], shares[-1])] if shares else None,
        "most_in_one_second_of_a_sender": max(map(_most_in_one_second, times.values()), default=0),
    }


def _share_of_rate(times: Sequence[datetime]) -> float | None:
    """Return the rate of a sender's accepts over the one allowed, without the first `BURST_S`."""
    steady = [at for at in times if at - min(times) >= timedelta(seconds=BURST_S)]
    lasted = (max(steady) - min(steady)).total_seconds() if steady else 0.0
    return (len(steady) - 1) / lasted / base.PACE_PER_S if lasted > 0 else None


def _most_in_one_second(times: Sequence[datetime]) -> int:
    """Return the most accepts of a sender in any stretch of less than a second."""
    ordered = sorted(times)
    return max(sum(timedelta() <= at - first < timedelta(seconds=1) for at in ordered) for first in ordered)


def _at(accepted: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(accepted["at"])


@asynccontextmanager
async def _peers(url: str, clock: base.MovedClock, callbacks: str, faults: float) -> AsyncIterator[Peers]:
    """Run the carrier, and the web process where receipts are told; end them with the block."""
    account, token, port = f"AC{secrets.token_hex(16)}", secrets.token_hex(16), free_port()
    web = f"http://127.0.0.1:{port}"
    own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    own |= {"TWILIO_AUTH_TOKEN": token, "TWILIO_ACCOUNT_SID": account, "PUBLIC_BASE_URL": web}
    carrier = [
        sys.executable, "-m", MODULE, "--account", account, "--latency-ms", str(1_000 * base.LATENCY_S),
        "--ahead-s", str(clock.ahead.total_seconds()), "--handover-s", *HANDOVER_S, "--delivery-s", *DELIVERY_S,
        *(["--no-reports"] if callbacks == "none" else []),
        *(word for kind in FAULTS if faults for word in ("--fault", f"{kind.value}={faults / len(FAULTS)}")),
    ]  # fmt: skip
    with ExitStack() as stack:
        address = json.loads(stack.enter_context(_process(carrier, own)))["address"]
        if callbacks != "none":
            more = {"DATABASE_URL": libpq(url), "NUDGE_HTTP_PORT": str(port), "NUDGE_EMBEDDER": "none"}
            said = json.loads(stack.enter_context(_process([sys.executable, "-m", WEB, "--json"], own | more)))["what"]
            if not said.startswith("listens"):
                raise Unavailable("bench", f"the web process did not come up: {said}")
        given = TwilioAccount(account_sid=account, auth_token=Secret(token), api_base_url=address)
        settings = Settings(
            home=Path("unused"), public_base_url=web,
            twilio=TwilioSettings(account_sid=account, auth_token=Secret(token)),
        )  # fmt: skip
        marks = callbacks_of(settings)
        assert marks is not None
        async with httpx.AsyncClient(base_url=address, auth=(account, token), trust_env=False) as control:
            yield Peers(account=given, callbacks=marks, control=control)


@contextmanager
def _process(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Run a process that says one line when it answers; yield the line and end the process with the block."""
    process = subprocess.Popen(  # noqa: S603 - our own modules
        command, env=dict(environment), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise Unavailable("bench", f"{command[2]} did not come up")
        yield line
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
