"""W3 of `reliability.md` 10: requests that differ from a signed one, and Twilio's own SDK as the judge of each."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlencode
from uuid import UUID

from attrs import evolve, field, frozen
from twilio.request_validator import RequestValidator

from nudge_adapters.sms.callbacks import RETRIES
from nudge_adapters.sms.signature import HEADER, sign
from tests.twilio_calls import BASE, FORM, TOKEN, Call, inbound_call, status_call

ACCEPTED = frozenset({200, 204})
_WORDS = ("STOP", "hi there", "é 😀", "a+b & c=d", "100% sure", "", "no más", "\n\t", "x" * 200, "+", "%2B")
_JUDGE = RequestValidator(TOKEN)

Pairs = Sequence[tuple[str, str]]


@frozen(kw_only=True)
class Request:
    """A request as it arrives. `may_be_unread`: it is signed, and yet may name no event any more."""

    name: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    may_be_unread: bool = False

    def is_signed(self) -> bool:
        """Say what Twilio's SDK says of it, at the address that was configured, with the fragment or without."""
        signature = self.headers.get(HEADER, "")
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not signature:
            return False
        params: Any = _Several(self.body) if kind == FORM else self.body.decode("utf-8", "replace")
        if kind != FORM and "bodySHA256=" not in self.target:
            return False
        try:
            return any(
                bool(cast("Any", _JUDGE).validate(BASE + self.target + end, params, signature)) for end in ("", RETRIES)
            )
        except UnicodeEncodeError:  # bytes that are no text: Twilio never signed those
            return False


class _Several(dict[str, list[str]]):
    """A form with several values under one name, as the SDK takes it."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        pairs = parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape")
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        return self[name]


def verdict_on(request: Request, status: int) -> str | None:
    """Return None when this status was the right answer, else what was wrong with it."""
    if status >= 500:
        return f"5xx: {request.name} -> {status}"
    if request.is_signed():
        fine = status in ACCEPTED or (request.may_be_unread and status == 400)
        return None if fine else f"false reject: {request.name} -> {status}"
    return f"false accept: {request.name} -> {status}" if status < 400 else None


def mutations(seed: int, count: int) -> Sequence[Request]:
    """Return so many requests, each a signed one with one thing done to it."""
    draw = Random(seed)
    return [draw.choice(_KINDS)(_original(draw, number), draw) for number in range(count)]


def _original(draw: Random, number: int) -> Call:
    sid = f"SM{number:08x}{draw.getrandbits(96):024x}"
    if draw.random() < 0.5:
        phone = f"+1512{5_600_000 + draw.randrange(50)}"
        call = inbound_call(sid, phone, draw.choice(_WORDS), FromCity=draw.choice(["", "Austin"]))
    else:
        status = draw.choice(["queued", "sent", "delivered", "undelivered"])
        call = status_call(UUID(int=draw.getrandbits(120)), sid, status, attempt=draw.randrange(1, 9))
    return evolve(call, fragment=draw.choice(["", RETRIES]))


def _request(name: str, call: Call, **changes: Any) -> Request:
    values: dict[str, Any] = {"target": call.target, "headers": call.all_headers, "body": call.body}
    return Request(name=name, **values | changes)


def _untouched(call: Call, draw: Random) -> Request:
    return _request("untouched", call)


def _path(call: Call, draw: Random) -> Request:
    path, mark, query = call.target.partition("?")
    last = path[-1]
    changed = draw.choice(
        [
            path + "/",
            path + "x",
            path[:-1],
            path[:-1] + f"%{ord(last):02X}",
            path.swapcase(),
            path.replace("/", "//", 1),
        ]
    )
    return _request("path", call, target=changed + mark + query)


def _query(call: Call, draw: Random) -> Request:
    path, _, query = call.target.partition("?")
    pairs = query.split("&") if query else []
    changed = draw.choice(
        [
            "&".join([*pairs, "x=1"]),
            "&".join(reversed(pairs)) if len(pairs) > 1 else "a=1",
            query[:-1] if query else "%",
            query.replace("a=", "a=0", 1) if query else "&",
            query.replace("=", "%3D", 1) if query else "%ff%fe",
            query + "&" if query else "bodySHA256=" + "0" * 64,
        ]
    )
    return _request("query", call, target=f"{path}?{changed}")


def _form(name: str, call: Call, pairs: Pairs, **changes: Any) -> Request:
    return _request(name, call, body=urlencode(list(pairs)).encode(), **changes)


def _value(call: Call, draw: Random) -> Request:
    pairs = list(call.fields)
    at = draw.randrange(len(pairs))
    name, value = pairs[at]
    pairs[at] = (name, draw.choice([value + " ", value[:-1], value.swapcase(), value + "\x00", "é", value * 2]))
    return _form("value", call, pairs)


def _dropped(call: Call, draw: Random) -> Request:
    pairs = list(call.fields)
    del pairs[draw.randrange(len(pairs))]
    return _form("dropped", call, pairs)


def _blanks_dropped(call: Call, draw: Random) -> Request:
    return _form("blanks dropped", call, [pair for pair in call.fields if pair[1]])


def _added(call: Call, draw: Random) -> Request:
    extra = draw.choice([("Extra", "1"), ("Body", "STOP"), ("", ""), ("To", "+15125550999"), ("bodySHA256", "0")])
    return _form("added", call, [*call.fields, extra], may_be_unread=True)


def _shuffled(call: Call, draw: Random) -> Request:
    pairs = list(call.fields)
    draw.shuffle(pairs)
    return _form("shuffled", call, pairs)


def _doubled(call: Call, draw: Random) -> Request:
    return _form("doubled", call, [*call.fields, draw.choice(call.fields)])


def _boundary(call: Call, draw: Random) -> Request:
    """Move a letter between a name and its value: the scheme joins them, so the signature may still hold."""
    pairs = list(call.fields)
    at = draw.randrange(len(pairs))
    name, value = pairs[at]
    pairs[at] = (name + value[:1], value[1:]) if draw.random() < 0.5 else (name[:-1], name[-1:] + value)
    return _form("boundary", call, pairs, may_be_unread=True)


def _bytes(call: Call, draw: Random) -> Request:
    body = bytearray(call.body)
    at = draw.randrange(len(body))
    kind = draw.randrange(5)
    if kind == 0:
        body[at] ^= 1 << draw.randrange(8)
    elif kind == 1:
        del body[at:]
    elif kind == 2:
        body[at:at] = b"%"
    elif kind == 3:
        body += draw.choice([b"&", b"&&", b"=", b"\x00", b"\xff", b";x=1"])
    else:
        body[at] = draw.randrange(256)
    return _request("bytes", call, body=bytes(body), may_be_unread=True)


def _recoded(call: Call, draw: Random) -> Request:
    """The same form written otherwise: every byte escaped, or blanks as %20."""
    if draw.random() < 0.5:
        body = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in call.fields)
    else:
        escaped = [(name, "".join(f"%{byte:02x}" for byte in value.encode())) for name, value in call.fields]
        body = "&".join(f"{name}={value}" for name, value in escaped)
    return _request("recoded", call, body=body.encode())


def _signature(call: Call, draw: Random) -> Request:
    good = call.signature
    at = draw.randrange(len(good) - 1)
    made_up = base64.b64encode(draw.randbytes(20)).decode()
    changed = draw.choice(
        [
            "",
            good[:at],
            good + "=",
            good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :],
            good.swapcase(),
            made_up,
            sign("another token", BASE + call.target, call.fields),
            sign(TOKEN, BASE + call.target),
            "é",
        ]
    )
    return _request("signature", call, headers={**call.all_headers, HEADER: changed})


def _unsigned(call: Call, draw: Random) -> Request:
    headers = {name: value for name, value in call.all_headers.items() if name != HEADER}
    return _request("unsigned", call, headers=headers)


def _content_type(call: Call, draw: Random) -> Request:
    kind = draw.choice(
        [
            FORM + "; charset=UTF-8",
            FORM.upper(),
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencodedx",
            "",
        ]
    )
    return _request("content type", call, headers={**call.all_headers, "Content-Type": kind})


def _misled(call: Call, draw: Random) -> Request:
    extra = draw.choice(
        [
            {"X-Forwarded-Proto": "http"},
            {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
            {"X-Original-URL": "/metrics"},
            {"I-Twilio-Idempotency-Token": "x" * 300},
        ]
    )
    return _request("misled", call, headers={**call.all_headers, **extra})


def _elsewhere(call: Call, draw: Random) -> Request:
    base = draw.choice(["https://evil.example", "http://nudge.example", BASE + ":443", BASE + ":8443"])
    return _request("elsewhere", call, headers=evolve(call, base=base).all_headers)


_KINDS: Sequence[Callable[[Call, Random], Request]] = (
    _untouched, _path, _query, _value, _dropped, _blanks_dropped, _added, _shuffled, _doubled, _boundary, _bytes,
    _recoded, _signature, _unsigned, _content_type, _misled, _elsewhere,
)  # fmt: skip
