"""The ASGI application: who asks, what for, what goes wrong on the wire, and what the parts answer.

No web framework: one account, three resources and one error shape need none, and a drain of hundreds of texts a
second is measured through this.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from nudge_adapters.sms import codes
from nudge_adapters.sms.carrier import SimulatedCarrier
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sms.journal import Journal
from nudge_adapters.sms.ledger import UNNAMED
from nudge_adapters.sms.local_codes import sent_entry
from nudge_adapters.sms.server.control import CONTROL, Control
from nudge_adapters.sms.server.messages import Creation, Messages
from nudge_adapters.sms.server.numbers import NumberBook, Numbers
from nudge_adapters.sms.server.settings import API, NOT_FOUND, Reply, Request, ServerSettings, refusal, reply
from nudge_adapters.sms.server.verify import Verify
from nudge_adapters.sms.server.webhooks import Webhooks
from nudge_adapters.sms.server.wire import Message, Receive, Send, Wires
from nudge_core.ports.services import Clock

LARGEST_BODY = 64_000  # bytes of a request; a text of 1,600 characters is 15,000 when all of it must be encoded
OUTAGES = (500, 502, 503, 504)
RATE_LIMIT_S = "1"


class CarrierServer:
    """One account's carrier. Made by `carrier_server`, which serves it.

    `origin`: where it is reached. `carrier`: its books. `requests`: how many creations came, and what befell them.
    To be changed at any time: `faults` and `latency_s` of creations; `purchase_fault` of numbers that are bought;
    `list_fails`: everything that reads is out of order; `is_down`: everything is; `webhooks.mute`.
    """

    def __init__(self, settings: ServerSettings, journal: Journal, clock: Clock) -> None:
        self.settings = settings
        self.origin = ""
        self.faults: FaultPlan = settings.faults
        self.latency_s = settings.latency_s
        self.list_fails = self.is_down = False
        self.purchase_fault: Fault | None = None
        self.requests: Counter[str] = Counter()
        self.numbers = NumberBook()
        self.carrier = SimulatedCarrier(journal, settings.carrier, listen=self.numbers.learn)
        self.verify = Verify(settings.account, settings.carrier.seed, settings.token, self._tell_code)
        self.wires = Wires()
        self.closing = asyncio.Event()
        self._clock = clock
        self.webhooks = Webhooks(settings, self.carrier, clock, self._addresses, lambda: self.origin)
        self._messages = Messages(settings.account, self.carrier)
        self.carrier.counts(clock.now())  # reads the books, and the numbers in them
        self._owned = Numbers(settings.account, self.numbers, self.carrier)
        self._control = Control(self, clock)
        self._create = f"{API}/{settings.account}/Messages.json"
        self._purchase = f"{API}/{settings.account}/IncomingPhoneNumbers.json"
        self._keys = _keys(settings)
        self._routes: tuple[tuple[str, Callable[[Request, datetime], Reply]], ...] = (
            (f"{API}/{settings.account}/Messages", self._messages.answer),
            (f"{API}/{settings.account}/IncomingPhoneNumbers", self._owned.answer),
            (f"{API}/{settings.account}/AvailablePhoneNumbers", self._owned.answer),
            ("/v2/Services/", self.verify.answer),
            (CONTROL, self._control.answer),
        )

    def _tell_code(self, phone: str, code: str, now: datetime) -> None:
        """Write a code into the journal, where whoever tries things out reads it. It is no text of the account's."""
        self.carrier.note(sent_entry(phone, code, now), now)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        body = await _body(receive)
        if body is None:
            await _send(send, refusal(413, codes.TEXT_TOO_LONG))
            return
        if not self._knows(scope["headers"]):
            await _send(send, refusal(401, codes.UNAUTHORISED, {"WWW-Authenticate": 'Basic realm="Twilio API"'}))
            return
        request = _request(scope, body)
        if self.is_down and not request.path.startswith(CONTROL):
            await _send(send, refusal(503, codes.SERVER_ERROR))
        elif request.method == "POST" and request.path == self._purchase and self.purchase_fault is not None:
            await self._fail_purchase(self.purchase_fault, request, scope, receive, send)
        elif request.path == self._create and request.method == "POST":
            await self._creation(request, scope, receive, send)
        else:
            await _send(send, self._answer(request))

    def _answer(self, request: Request) -> Reply:
        now = self._clock.now()
        if request.path == f"{API}/{self.settings.account}.json":
            return reply({"sid": self.settings.account, "status": "active", "type": "Full"})
        if self.list_fails and request.method == "GET" and not request.path.startswith(CONTROL):
            return refusal(503, codes.SERVER_ERROR)
        for prefix, answer in self._routes:
            if request.path.startswith(prefix):
                done = answer(request, now)
                self.webhooks.wake()
                return done
        return NOT_FOUND

    async def _creation(self, request: Request, scope: Message, receive: Receive, send: Send) -> None:
        """Create a message, unless something goes wrong on the way there or back."""
        self.requests["creates"] += 1
        creation = self._messages.read(request.form, self.requests["creates"], self._senders)
        if isinstance(creation, Reply):
            await _send(send, creation)
            return
        if self.settings.owned_only and self.numbers.by_number(creation.text.sender) is None:
            await _send(send, refusal(400, codes.FROM_NOT_USABLE))
            return
        fault = self._fault(creation)
        if fault is not None:
            self.requests[fault.value] += 1
        pause_s = self.faults.slow_s if fault is Fault.SLOW else self.latency_s
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        if fault in (None, Fault.SLOW):
            await _send(send, self._accept(creation))
        else:
            await self._fail(fault, creation, scope, receive, send)

    def _accept(self, creation: Creation) -> Reply:
        answer = self._messages.accept(creation, self._clock.now())
        if creation.callback is not None:
            self.webhooks.wake()
        return answer

    async def _fail(
        self, fault: Fault | None, creation: Creation, scope: Message, receive: Receive, send: Send
    ) -> None:
        now = self._clock.now()
        if fault is Fault.RATE_LIMITED:
            await _send(send, refusal(429, codes.TOO_MANY_REQUESTS, {"Retry-After": RATE_LIMIT_S}))
        elif fault is Fault.ERROR_BEFORE:
            await _send(send, _outage(creation))
        elif fault is Fault.ERROR_AFTER:
            self._accept(creation)
            await _send(send, _outage(creation))
        elif fault is Fault.ARRIVES_LATE:
            self._messages.arrive_late(creation, now, now + timedelta(seconds=self.faults.late_s))
            self.webhooks.wake()
            await _send(send, refusal(504, codes.SERVER_ERROR))
        elif fault is Fault.GARBAGE:
            self._accept(creation)
            await _send(send, Reply(status=201, body=b"<html><body>Created</body></html>"))
        elif fault is Fault.CUT_SHORT:
            await _send(send, self._accept(creation), cut_short=True)
            self.wires.close(scope)
            await _gone(receive)
        elif fault is Fault.HANG:
            await self._hang(receive)
            self.wires.reset(scope)
        else:  # the connection breaks; one that never stood cannot be had once a request has arrived
            if fault is Fault.DROP_AFTER:
                self._accept(creation)
            self.wires.reset(scope)
            await _gone(receive)

    async def _hang(self, receive: Receive) -> None:
        """Answer nothing until the client leaves or the server ends."""
        waits = {asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(self.closing.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _fail_purchase(
        self, fault: Fault, request: Request, scope: Message, receive: Receive, send: Send
    ) -> None:
        """Let the purchase of a number go wrong: refused for now, or lost on its way there or back."""
        if fault is Fault.RATE_LIMITED:
            await _send(send, refusal(429, codes.TOO_MANY_REQUESTS, {"Retry-After": RATE_LIMIT_S}))
            return
        if fault in (Fault.DROP_AFTER, Fault.ERROR_AFTER):
            self._answer(request)
        if fault in (Fault.ERROR_BEFORE, Fault.ERROR_AFTER):
            await _send(send, refusal(500, codes.SERVER_ERROR))
        else:
            self.wires.reset(scope)
            await _gone(receive)

    def _fault(self, creation: Creation) -> Fault | None:
        text = creation.text
        if text.message_id == UNNAMED:
            return self.faults.draw_for("unnamed", text.attempt)
        return self.faults.draw(text)

    def _senders(self) -> tuple[str, ...]:
        return tuple(one.number for one in self.numbers.all())

    def _addresses(self, number: str) -> tuple[str | None, str | None]:
        owned = self.numbers.by_number(number)
        own = (None, None) if owned is None else (owned.sms_url or None, owned.fallback_url or None)
        return own[0] or self.settings.inbound_url, own[1] or self.settings.fallback_url

    def _knows(self, headers: list[tuple[bytes, bytes]]) -> bool:
        given = next((value for name, value in headers if name == b"authorization"), b"")
        return any(hmac.compare_digest(given, key) for key in self._keys)


def _keys(settings: ServerSettings) -> tuple[bytes, ...]:
    pairs = [(settings.account, settings.token)]
    if settings.api_key is not None and settings.api_secret is not None:
        pairs.append((settings.api_key, settings.api_secret))
    return tuple(b"Basic " + base64.b64encode(f"{name}:{secret.reveal()}".encode()) for name, secret in pairs)


def _outage(creation: Creation) -> Reply:
    digest = hashlib.sha256(f"{creation.text.message_id}:{creation.text.attempt}".encode()).digest()
    return refusal(OUTAGES[digest[0] % len(OUTAGES)], codes.SERVER_ERROR)


def _request(scope: Message, body: bytes) -> Request:
    query: dict[str, str] = {}
    if scope["query_string"]:
        query = dict(parse_qsl(bytes(scope["query_string"]).decode("latin-1"), keep_blank_values=True))
    form: dict[str, str] = {}
    if body and not body.startswith(b"{"):
        with contextlib.suppress(UnicodeDecodeError, ValueError):
            form = dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    path = unquote_to_bytes(bytes(scope.get("raw_path") or str(scope["path"]).encode())).decode("utf-8", "replace")
    return Request(method=str(scope["method"]), path=path, query=query, form=form, body=body)


async def _body(receive: Receive) -> bytes | None:
    """Return the whole body; None when it is too large."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            return None
    return body


async def _gone(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, answer: Reply, *, cut_short: bool = False) -> None:
    headers: list[tuple[bytes, bytes]] = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    start: dict[str, Any] = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    body = answer.body[: len(answer.body) // 2] if cut_short else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": cut_short})
