"""What a test, a benchmark or the chaos harness may see and do: everything under `/_carrier/`.

    GET  ledger?after=N   the accepted texts, from the Nth on; what was sent is judged by this and by nothing else
    GET  received         what people wrote
    GET  counters         texts, requests by fault, webhooks
    GET  codes            the one-time codes that people hold
    POST faults           {"shares": {"drop_after": 0.1}, "slow_s": 3, "late_s": 1.5, "latency_s": 0,
                           "list_fails": false, "is_down": false}; what is left out stays, but for the shares
    POST person           {"from": "+1...", "to": "+1...", "body": "STOP", "media": [["https://...", "image/png"]]}
    POST webhooks         {"mute": true}

Opened by the account's own credentials: the books hold texts and phones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sms.ledger import UNNAMED, AcceptedText
from nudge_adapters.sms.server.settings import NOT_FOUND, Reply, Request, reply
from nudge_core.errors import Invalid
from nudge_core.model.carrier import InboundText
from nudge_core.ports.services import Clock

if TYPE_CHECKING:
    from nudge_adapters.sms.server.app import CarrierServer

CONTROL = "/_carrier/"


class Control:
    """The endpoints, over the server they belong to."""

    def __init__(self, server: CarrierServer, clock: Clock) -> None:
        self._server, self._clock = server, clock

    def answer(self, request: Request, now: datetime) -> Reply:
        """Answer one request."""
        name = request.path.removeprefix(CONTROL)
        try:
            if request.method == "POST":
                return self._change(name, _object(request.body), now)
            return self._show(name, request, now)
        except (KeyError, TypeError, ValueError, Invalid) as error:
            return reply({"error": f"{type(error).__name__}: not what this endpoint takes"}, 400)

    def _show(self, name: str, request: Request, now: datetime) -> Reply:
        server = self._server
        if name == "ledger":
            after = int(request.query.get("after", "0"))
            return reply({"accepted": [_line(text) for text in server.carrier.ledger(now)[after:]]})
        if name == "received":
            texts = [t for t in server.carrier.matching(None, None, now)[::-1] if isinstance(t, InboundText)]
            rows = [
                {"sid": t.provider_sid, "from": t.sender, "to": t.recipient, "body": t.body, "at": t.at.isoformat()}
                for t in texts
            ]
            return reply({"received": rows})
        if name == "counters":
            accepted, received, untold = server.carrier.counts(now)
            counted = {"accepted": accepted, "received": received, "untold": untold}
            return reply(counted | {"requests": dict(server.requests), "webhooks": dict(server.webhooks.counts)})
        return reply({"codes": dict(server.verify.codes())}) if name == "codes" else NOT_FOUND

    def _change(self, name: str, asked: Mapping[str, Any], now: datetime) -> Reply:
        server = self._server
        if name == "faults":
            shares = {Fault(kind): float(share) for kind, share in dict(asked.get("shares", {})).items()}
            server.faults = FaultPlan(
                seed=int(asked.get("seed", server.faults.seed)),
                shares=MappingProxyType(shares),
                slow_s=float(asked.get("slow_s", server.faults.slow_s)),
                late_s=float(asked.get("late_s", server.faults.late_s)),
            )
            server.latency_s = float(asked.get("latency_s", server.latency_s))
            server.list_fails = bool(asked.get("list_fails", server.list_fails))
            server.is_down = bool(asked.get("is_down", server.is_down))
            return reply({"shares": {kind.value: share for kind, share in shares.items()}})
        if name == "person":
            media = [(str(url), str(kind)) for url, kind in asked.get("media", [])]
            text = server.carrier.person_writes(asked["from"], asked["to"], str(asked["body"]), now, media)
            return reply({"sid": text.provider_sid}, 201)
        if name == "webhooks":
            server.webhooks.mute = bool(asked["mute"])
            return reply({"mute": server.webhooks.mute})
        return NOT_FOUND


def _line(text: AcceptedText) -> Mapping[str, Any]:
    return {
        "sid": text.sid,
        "at": text.at.isoformat(),
        "message_id": None if text.message_id == UNNAMED else str(text.message_id),
        "attempt": text.attempt,
        "from": text.sender,
        "to": text.recipient,
        "body": text.body,
        "valid_for_s": text.valid_for_s,
        "service": text.service,
    }


def _object(body: bytes) -> Mapping[str, Any]:
    decoded = json.loads(body)
    if not isinstance(decoded, dict):
        raise TypeError
    return decoded
