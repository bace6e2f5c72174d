"""The carrier over HTTP: the product's server of it, Twilio's adapter in the workers, and a web process that hears.

Status callbacks are lost, doubled and out of order as the weather says; each that is told is signed, and stored by the
product's own web application before it is answered. What people write comes as webhooks too, and by the poll.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from nudge_adapters.sms.build import TwilioAccount, build_twilio_gateway
from nudge_adapters.sms.callbacks import INBOUND_PATH
from nudge_adapters.sms.carrier import CarrierSettings
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sms.server import ServerSettings, carrier_server
from nudge_core.model.carrier import CarrierNews
from nudge_core.model.secret import Secret
from nudge_core.ports import Clock, SmsGateway
from nudge_core.walk import Parts
from nudge_entrypoints.callbacks import callbacks_of
from nudge_entrypoints.settings import Settings, TwilioSettings
from tests.chaos.carrier import DatedJournal, Place
from tests.chaos.ledger import Ledger, Wrote, read

ACCOUNT = "AC" + "0" * 32
TOKEN = Secret("a token for chaos")
HOST = "127.0.0.1"
AT_ONCE = 6  # connections of a worker: as many as the harness's settings use
ASK_S = 10.0


@frozen
class AheadClock:
    """The machine's clock, so far ahead: the town's."""

    ahead: timedelta

    def now(self) -> datetime:
        """Return the town's time."""
        return datetime.now(UTC) + self.ahead


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@frozen(eq=False)
class HttpCarrier:
    """`Carrier` over loopback. `hangs` are left out of its faults: the adapter waits 15 s for an answer."""

    folder: Path
    ahead: timedelta
    carrier_port: int = field(factory=free_port)
    web_port: int = field(factory=free_port)

    @property
    def origin(self) -> str:
        """The carrier's address."""
        return f"http://{HOST}:{self.carrier_port}"

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        twilio = TwilioSettings(account_sid=ACCOUNT, auth_token=TOKEN, api_base_url=self.origin)
        return Settings(home=self.folder, public_base_url=f"http://{HOST}:{self.web_port}", twilio=twilio)

    async def serve(self, settings: CarrierSettings, faults: FaultPlan) -> None:
        """Be the carrier until the process is ended."""
        journal = DatedJournal(self.folder / "ledger.jsonl", exclusive=True)
        journal.ahead = self.ahead
        told = ServerSettings(
            account=ACCOUNT,
            token=TOKEN,
            inbound_url=f"http://{HOST}:{self.web_port}{INBOUND_PATH}",
            carrier=settings,
            faults=without_hangs(faults),
        )
        async with carrier_server(told, journal, AheadClock(self.ahead), port=self.carrier_port):
            (self.folder / "carrier").touch()
            await asyncio.Event().wait()

    async def hear_all(self, parts: Parts) -> None:
        """Be the web process until it is ended."""
        from nudge_entrypoints.http.app import build_app
        from nudge_entrypoints.http.serving import serve

        app = build_app(parts, self.settings, clock=AheadClock(self.ahead))
        await serve(app, self.web_port, asyncio.Event(), lambda _origin: (self.folder / "web").touch())

    def gateway(self, _clock: Clock, at: Place) -> SmsGateway:
        """Return Twilio's adapter; `before_write` and `after_201` are passed around each request."""
        callbacks = callbacks_of(self.settings)
        assert callbacks is not None
        account = TwilioAccount(account_sid=ACCOUNT, auth_token=TOKEN, api_base_url=self.origin, concurrency=AT_ONCE)
        return _Watched(build_twilio_gateway(account, callbacks, AheadClock(self.ahead)), at)

    async def hear(self, _take: Callable[[CarrierNews], Awaitable[None]], *, too_early: bool = False) -> int:
        """Nothing: webhooks bring the news."""
        return 0

    def person_writes(self, sender: str, recipient: str, body: str) -> None:
        """Let somebody text one of our numbers."""
        self._ask("POST", "person", {"from": sender, "to": recipient, "body": body})

    def behave(self, faults: FaultPlan) -> None:
        """Change what goes wrong from now on."""
        plan = without_hangs(faults)
        shares = {kind.value: share for kind, share in plan.shares.items()}
        self._ask("POST", "faults", {"shares": shares, "seed": plan.seed, "slow_s": plan.slow_s, "late_s": plan.late_s})

    def move_clock(self, ahead: timedelta) -> None:
        """Not to be had here."""
        raise NotImplementedError("the carrier's clock over HTTP cannot be moved")

    def is_idle(self) -> bool:
        """Say whether nothing is left to be told. A request that is stuck shows as a text in doubt."""
        return int(self._ask("GET", "counters")["untold"]) == 0

    def ledger(self) -> Ledger:
        """Return what was accepted, from the server's journal, and what people wrote, from the server."""
        accepted = read(self.folder / "ledger.jsonl").accepts
        wrote = [
            Wrote(
                sid=row["sid"],
                sender=row["from"],
                recipient=row["to"],
                is_stop=row["body"].strip().lower() == "stop",
                told=True,
            )
            for row in self._ask("GET", "received")["received"]
        ]
        return Ledger(accepts=accepted, wrote=wrote)

    def _ask(self, method: str, name: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection(HOST, urlsplit(self.origin).port, timeout=ASK_S)
        secret = base64.b64encode(f"{ACCOUNT}:{TOKEN.reveal()}".encode()).decode()
        try:
            connection.request(method, f"/_carrier/{name}", json.dumps(body), {"Authorization": f"Basic {secret}"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"the carrier answered {answer.status} to {name}")
            return json.loads(said)
        finally:
            connection.close()


def without_hangs(faults: FaultPlan) -> FaultPlan:
    """Return the plan with the share of HANG given to resets."""
    shares = dict(faults.shares)
    shares[Fault.DROP_BEFORE] = shares.get(Fault.DROP_BEFORE, 0.0) + shares.pop(Fault.HANG, 0.0)
    return evolve(faults, shares=shares)


class _Watched:
    """The adapter, with the places before and after each request."""

    def __init__(self, inner: SmsGateway, at: Place) -> None:
        self._inner, self._at = inner, at

    async def send(self, text: Any) -> Any:
        self._at("before_write")
        outcome = await self._inner.send(text)
        self._at("after_201")
        return outcome

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
