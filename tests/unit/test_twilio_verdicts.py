"""Each row of messaging.md section 5, over real connections to a peer that misbehaves to the letter."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from attrs import evolve

from nudge_adapters.sms import twilio_http
from nudge_adapters.sms.build import TwilioAccount, build_twilio_gateway
from nudge_adapters.sms.twilio_http import NeverSent, NoAnswer, TwilioWire
from nudge_core.errors import Misconfigured, Unavailable
from nudge_core.model.carrier import Accepted, Doubtful, NotSent, TryLater
from nudge_core.model.message import Receipt
from nudge_core.model.secret import Secret
from nudge_core.ports.services import SmsGateway
from tests.carrier_peer import ACCOUNT, CALLBACKS, START, TOKEN
from tests.clocks import MovedClock
from tests.contracts.gateway_contract import PERSON, SENDER, text

SID = "SM" + "1" * 32
pytestmark = pytest.mark.enable_socket
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class TcpPeer:
    """Reads one request per connection, keeps it, and then does what it was told to. `greeting` is said first."""

    def __init__(self, then: Behaviour, greeting: bytes = b"") -> None:
        self.then, self.greeting = then, greeting
        self.requests: list[bytes] = []
        self.asked = asyncio.Event()
        self.connections = 0
        self._talks: set[asyncio.Task[None]] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        await asyncio.wait([talk])

    async def end(self) -> None:
        """Break off every conversation."""
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            writer.write(self.greeting)
            head = await reader.readuntil(b"\r\n\r\n")
            sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(sizes[0].partition(b":")[2])) if sizes else b""
            self.requests.append(head + body)
            self.asked.set()
            await self.then(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def facing(
    then: Behaviour, *, scheme: str = "http", greeting: bytes = b"", **account: Any
) -> AsyncIterator[tuple[SmsGateway, TcpPeer]]:
    peer = TcpPeer(then, greeting)
    listener = await asyncio.start_server(peer, "127.0.0.1", 0)
    async with listener:
        address = f"{scheme}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        gateway = build_twilio_gateway(_account(address, **account), CALLBACKS, MovedClock(START))
        try:
            yield gateway, peer
        finally:
            await gateway.aclose()
            await peer.end()


def _account(address: str, **changes: Any) -> TwilioAccount:
    return evolve(TwilioAccount(account_sid=ACCOUNT, auth_token=TOKEN, api_base_url=address), **changes)


def answering(status: int, body: bytes | dict[str, Any], headers: str = "", promised: int | None = None) -> Behaviour:
    """Answer so; `promised` bytes of body are announced, where that is another number."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def then(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = len(raw) if promised is None else promised
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {size}\r\n{headers}\r\n".encode() + raw)
        await writer.drain()

    return then


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()  # until the client leaves


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def no_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await writer.drain()


async def half_a_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Crea")
    await writer.drain()


async def broken_gzip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")
    await writer.drain()


async def test_a_connection_that_cannot_be_had_is_surely_not_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and never listening: refused
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        gateway = build_twilio_gateway(_account(address), CALLBACKS, MovedClock(START))
        outcome = await gateway.send(text(1))
        await gateway.aclose()
    assert isinstance(outcome, TryLater)
    assert not outcome.lane_stop
    assert outcome.retry_after_s > 0


async def test_a_name_that_leads_nowhere_is_surely_not_sent() -> None:
    gateway = build_twilio_gateway(_account("https://nowhere.invalid"), CALLBACKS, MovedClock(START))
    outcome = await gateway.send(text(1))
    await gateway.aclose()
    assert isinstance(outcome, TryLater)


async def test_a_handshake_that_fails_is_surely_not_sent() -> None:
    async with facing(end, scheme="https", greeting=b"SSH-2.0-OpenSSH_9.6\r\n") as (gateway, peer):
        outcome = await gateway.send(text(1))
    assert isinstance(outcome, TryLater)
    assert peer.connections == 1
    assert peer.requests == []


@pytest.mark.parametrize("then", [reset, end, no_http, half_a_head, broken_gzip], ids=lambda then: then.__name__)
async def test_a_connection_that_breaks_after_the_request_leaves_a_doubt_and_is_not_tried_again(
    then: Behaviour,
) -> None:
    async with facing(then) as (gateway, peer):
        outcome = await gateway.send(text(1))
    assert isinstance(outcome, Doubtful)
    assert len(peer.requests) == peer.connections == 1


@pytest.mark.parametrize("then", [silence, drip], ids=lambda then: then.__name__)
async def test_an_answer_that_does_not_come_whole_in_time_leaves_a_doubt(
    then: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_http, "READ_S", 0.2)
    monkeypatch.setattr(twilio_http, "EXCHANGE_S", 0.5)
    async with facing(then) as (gateway, peer):
        outcome = await gateway.send(text(1))
    assert isinstance(outcome, Doubtful)
    assert len(peer.requests) == 1


async def test_no_more_connections_are_opened_than_requests_may_be_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_http, "EXCHANGE_S", 0.5)
    async with facing(silence, concurrency=2) as (gateway, peer):
        outcomes = await asyncio.gather(*(gateway.send(text(number)) for number in range(1, 6)))
    assert peer.connections == 2
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Doubtful"] * 2 + ["TryLater"] * 3


async def test_a_slot_that_does_not_come_in_time_is_surely_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_http, "EXCHANGE_S", 0.5)
    async with facing(silence, concurrency=1) as (gateway, peer):
        first = asyncio.create_task(gateway.send(text(1)))
        await peer.asked.wait()
        monkeypatch.setattr(twilio_http, "EXCHANGE_S", 0.05)
        second = await gateway.send(text(2))
        assert isinstance(await first, Doubtful)
    assert isinstance(second, TryLater)
    assert len(peer.requests) == 1


GOOD = {"sid": SID, "status": "queued", "num_segments": "1"}
READS_AS = [
    (answering(201, GOOD), Accepted(provider_sid=SID, receipt=Receipt.QUEUED)),
    (answering(201, GOOD | {"status": "accepted"}), Accepted(provider_sid=SID, receipt=Receipt.ACCEPTED)),
    (answering(201, GOOD | {"status": "invented"}), Accepted(provider_sid=SID, receipt=Receipt.ACCEPTED)),
    (answering(201, {"sid": "MM" + "a" * 32}), Accepted(provider_sid="MM" + "a" * 32, receipt=Receipt.ACCEPTED)),
    (answering(201, {"sid": "SM12"}), Doubtful),
    (answering(201, {"sid": 5}), Doubtful),
    (answering(201, {"status": "queued"}), Doubtful),
    (answering(201, b"[]"), Doubtful),
    (answering(201, b"<html>"), Doubtful),
    (answering(201, b""), Doubtful),
    (answering(201, b"[" * 100_000), Doubtful),
    (answering(201, json.dumps(GOOD).encode()[:-1]), Doubtful),
    (answering(201, GOOD, promised=5_000), Doubtful),
    (answering(200, GOOD), Doubtful),
    (answering(204, b""), Doubtful),
    (answering(302, b"", "Location: /elsewhere\r\n"), Doubtful),
    (answering(500, b""), Doubtful),
    (answering(500, {"code": 20500}), Doubtful),
    (answering(502, b"<html>"), Doubtful),
    (answering(503, b"", "Retry-After: 5\r\n"), Doubtful),
    (answering(504, b""), Doubtful),
    (answering(400, {"code": 20500}), Doubtful),
    (answering(400, b"<html>"), Doubtful),
    (answering(404, b""), Doubtful),
    (answering(418, {"code": 21610}), Doubtful),
    (answering(429, {"code": 20429}), TryLater(why="20429", retry_after_s=1.0)),
    (answering(429, b""), TryLater(why="20429", retry_after_s=1.0)),
    (answering(429, {"code": 20429}, "Retry-After: 7\r\n"), TryLater(why="20429", retry_after_s=7.0)),
    (answering(429, b"", "Retry-After: 99999\r\n"), TryLater(why="20429", retry_after_s=3_600.0)),
    (answering(429, b"", "Retry-After: nan\r\n"), TryLater(why="20429", retry_after_s=1.0)),
    (
        answering(429, b"", "Retry-After: Mon, 01 Jun 2026 15:00:09 GMT\r\n"),
        TryLater(why="20429", retry_after_s=9.0),
    ),
    (answering(400, {"code": 21611}), TryLater(why="21611", retry_after_s=600.0)),
    (answering(401, b""), TryLater(why="20003", retry_after_s=300.0, lane_stop=True)),
    (answering(403, {"code": 20005}), TryLater(why="20005", retry_after_s=300.0, lane_stop=True)),
    (answering(400, {"code": 20003}), TryLater(why="20003", retry_after_s=300.0, lane_stop=True)),
    (answering(404, {"code": 20404}), NotSent(code="20404", lane_stop=True)),
    (answering(400, {"code": 21606}), NotSent(code="21606", lane_stop=True)),
    (answering(400, {"code": 21609}), NotSent(code="21609", lane_stop=True)),
    (answering(400, {"code": 21610}), NotSent(code="21610", opted_out=True)),
    (answering(400, {"code": 21211}), NotSent(code="21211", phone_unusable=True)),
    (answering(400, {"code": 21614}), NotSent(code="21614", phone_unusable=True)),
    (answering(400, {"code": 21635}), NotSent(code="21635", phone_unusable=True)),
    (answering(400, {"code": "21408"}), NotSent(code="21408")),
    (answering(400, {"code": 99999}), NotSent(code="99999")),
]


@pytest.mark.parametrize(("then", "expected"), READS_AS, ids=range(len(READS_AS)))
async def test_an_answer_means_what_the_table_says(then: Behaviour, expected: Any) -> None:
    async with facing(then) as (gateway, peer):
        outcome = await gateway.send(text(1))
    if isinstance(expected, type):
        assert isinstance(outcome, expected)
    else:
        assert outcome == expected
    assert len(peer.requests) == peer.connections == 1


@pytest.mark.parametrize(("status", "alarm"), [(500, False), (503, False), (302, True), (418, True), (200, True)])
async def test_only_an_answer_that_no_rule_foresees_is_an_alarm(status: int, alarm: bool) -> None:
    async with facing(answering(status, b"")) as (gateway, _):
        assert await gateway.send(text(1)) == Doubtful(why=f"answer {status}", alarm=alarm)


async def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_http, "MAX_BODY_BYTES", 1_000)
    async with facing(answering(201, b" " * 5_000)) as (gateway, _):
        assert isinstance(await gateway.send(text(1)), Doubtful)


async def test_half_a_character_is_refused_before_anything_is_sent() -> None:
    async with facing(answering(201, GOOD)) as (gateway, peer):
        assert isinstance(await gateway.send(text(1, body="half \ud83d")), NotSent)
    assert peer.requests == []


async def test_a_request_holds_what_twilio_asks_for_and_nothing_else() -> None:
    service = "MG" + "0" * 32
    async with facing(answering(201, GOOD), messaging_service_sid=service, discard_content=True) as (gateway, peer):
        await gateway.send(text(1, body="Café & more: 100 %"))
    head, _, body = peer.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(f"POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1\r\n".encode())
    fields = dict(httpx.QueryParams(body.decode()).multi_items())
    callback = fields.pop("StatusCallback")
    assert callback == CALLBACKS.status(text(1).message_id, 1)
    assert fields == {
        "To": PERSON,
        "From": SENDER,
        "MessagingServiceSid": service,
        "Body": "Café & more: 100 %",
        "ValidityPeriod": "3600",
        "ContentRetention": "discard",
        "AddressRetention": "obfuscate",
    }


async def test_an_api_key_signs_requests_instead_of_the_token() -> None:
    key = "SK" + "0" * 32
    async with facing(answering(201, GOOD), api_key=key, api_secret=Secret("key secret")) as (gateway, peer):
        await gateway.send(text(1))
    assert httpx.BasicAuth(key, "key secret")._auth_header.encode() in peer.requests[0]


async def test_a_list_that_leads_elsewhere_is_not_followed() -> None:
    for elsewhere in ("https://example.com/x", "//example.com/x", "/2010-04-01/Accounts.json", 5):
        page: dict[str, Any] = {"messages": [], "next_page_uri": elsewhere}
        async with facing(answering(200, page)) as (gateway, peer):
            with pytest.raises(Unavailable):
                await gateway.find(SENDER, PERSON, START)
        assert len(peer.requests) == 1


ROW = {
    "sid": SID,
    "from": SENDER,
    "to": PERSON,
    "body": "x",
    "status": "delivered",
    "date_created": "Mon, 01 Jun 2026 15:00:00 +0000",
    "direction": "outbound-api",
}


@pytest.mark.parametrize(
    "page",
    [
        {"messages": [ROW | {"date_created": None}]},
        {"messages": [ROW | {"date_created": "yesterday"}]},
        {"messages": [ROW | {"sid": None}]},
        {"messages": ["x"]},
        {"messages": None},
        {},
    ],
    ids=range(6),
)
async def test_a_list_that_cannot_be_read_is_no_empty_list(page: dict[str, Any]) -> None:
    async with facing(answering(200, page)) as (gateway, _):
        with pytest.raises(Unavailable):
            await gateway.find(SENDER, PERSON, START)


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_a_list_that_is_refused_raises_and_names_nobody(status: int) -> None:
    async with facing(answering(status, {"code": 20003, "message": PERSON}, "Retry-After: 9\r\n")) as (gateway, _):
        with pytest.raises(Unavailable) as raised:
            await gateway.find(SENDER, PERSON, START)
    assert raised.value.retry_after_s == 9
    assert PERSON not in repr(raised.value) + str(raised.value.__cause__)


@pytest.mark.parametrize("then", [reset, end, silence], ids=lambda then: then.__name__)
async def test_a_list_that_breaks_off_raises(then: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_http, "EXCHANGE_S", 0.3)
    async with facing(then) as (gateway, _):
        with pytest.raises(NoAnswer):
            await gateway.find(SENDER, PERSON, START)


async def test_a_list_without_end_is_no_answer() -> None:
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1"
    async with facing(answering(200, {"messages": [ROW], "next_page_uri": path})) as (gateway, peer):
        with pytest.raises(Unavailable):
            await gateway.find(SENDER, PERSON, START)
    assert len(peer.requests) == 51


async def test_reading_stops_at_the_first_page_on_which_everything_is_older() -> None:
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1"
    old = ROW | {"date_created": "Mon, 01 Jun 2026 14:00:00 +0000"}
    async with facing(answering(200, {"messages": [old], "next_page_uri": path})) as (gateway, peer):
        assert await gateway.find(SENDER, PERSON, START) == []
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    ("price", "unit", "micros", "currency"),
    [
        ("-0.00790", "USD", 7_900, "USD"),
        ("-0.0079", "usd", 7_900, "USD"),
        ("0", "USD", 0, "USD"),
        (None, "USD", None, None),
        ("free", "USD", None, None),
        ("NaN", "USD", None, None),
        ("-1e40", "USD", None, None),
        ("-0.01", 5, 10_000, None),
    ],
)
async def test_a_price_is_what_it_cost_in_millionths(
    price: object, unit: object, micros: int | None, currency: str | None
) -> None:
    row = ROW | {"price": price, "price_unit": unit, "num_segments": "2", "error_code": 30003}
    async with facing(answering(200, row)) as (gateway, _):
        record = await gateway.fetch(SID)
    assert record is not None
    assert (record.price_micros, record.price_currency) == (micros, currency)
    assert (record.segments, record.error_code, record.receipt) == (2, "30003", Receipt.DELIVERED)


async def test_texts_that_no_person_wrote_are_left_out() -> None:
    inbound = ROW | {"direction": "inbound", "from": PERSON, "to": SENDER}
    rows = [inbound, inbound | {"from": "12345"}, inbound | {"from": "AMAZON"}, ROW | {"to": SENDER}]
    async with facing(answering(200, {"messages": rows})) as (gateway, _):
        assert [one.sender for one in await gateway.received(SENDER, START)] == [PERSON]


async def test_nothing_is_logged_of_whom_it_was_about(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    async with facing(answering(201, GOOD)) as (gateway, peer):
        await gateway.send(text(1, body="canary"))
        peer.then = answering(200, {"messages": []})
        await gateway.find(SENDER, PERSON, START)
    logged = " ".join(record.getMessage() for record in caplog.records if record.name != "asyncio")
    assert peer.requests
    assert not any(part in logged for part in ("canary", PERSON[1:], SENDER[1:], "Messages.json"))


def test_without_the_builder_the_library_would_log_phones(caplog: pytest.LogCaptureFixture) -> None:
    """The check above can fail: this is what it guards against."""
    logging.getLogger("httpx").setLevel(logging.NOTSET)
    caplog.set_level(logging.INFO)
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with httpx.Client(transport=transport) as client:
        client.get("http://127.0.0.1/x", params={"To": PERSON})
    assert PERSON[1:] in " ".join(record.getMessage() for record in caplog.records)


def test_every_setting_that_is_unusable_is_named() -> None:
    broken = TwilioAccount(
        account_sid="AC1",
        auth_token=TOKEN,
        api_key="SK1",
        api_base_url="http://example.com",
        messaging_service_sid="MG1",
        concurrency=0,
    )
    with pytest.raises(Misconfigured) as raised:
        build_twilio_gateway(broken, evolve(CALLBACKS, base="https://our_host"), MovedClock(START))
    assert len(raised.value.problems) == 6
    assert TOKEN.reveal() not in repr(broken)


def test_what_never_left_and_what_may_have_arrived_are_both_unavailable() -> None:
    assert issubclass(NeverSent, Unavailable)
    assert issubclass(NoAnswer, Unavailable)


def _errors() -> list[type[Exception]]:
    """Return every exception that httpx defines."""
    defined = [one for one in vars(httpx).values() if isinstance(one, type) and issubclass(one, Exception)]
    return sorted(defined, key=lambda one: one.__name__)


@pytest.mark.parametrize("kind", _errors(), ids=lambda kind: kind.__name__)
async def test_every_failure_of_the_library_is_one_of_two_and_only_three_are_surely_not_sent(
    kind: type[Exception],
) -> None:
    error = kind.__new__(kind)
    error.args = ("broken",)

    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    client = httpx.AsyncClient(transport=httpx.MockTransport(fail), base_url="http://127.0.0.1")
    wire = TwilioWire("sms:twilio", [client])
    never = kind in (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    with pytest.raises(NeverSent if never else NoAnswer) as raised:
        await wire.post("/x", {"To": PERSON})
    assert raised.value.__cause__ is error
    await wire.aclose()
