"""Twilio's webhooks on the memory store: who is let in, what is answered, and what is stored by then."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

import pytest
from attrs import evolve, field, frozen
from httpx import Response
from litestar.testing import AsyncTestClient

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sms.callbacks import INBOUND_PATH, RETRIES
from nudge_adapters.sms.signature import HEADER, sign
from nudge_core.errors import Unavailable
from nudge_core.model.carrier import ReceiptNews
from nudge_core.model.carrier_event import Arrival, EventKind, arrival_of
from nudge_core.model.message import Delivery, Direction, Message, MessageClass, Receipt
from nudge_core.model.outbox import MAX_ATTEMPTS
from nudge_core.steps import converse
from nudge_core.walk import Parts, hear_again, hear_waiting
from nudge_entrypoints.http.app import METRICS_PATH, build_app
from nudge_entrypoints.http.serving import serve
from nudge_entrypoints.metrics import Metrics
from nudge_entrypoints.settings import Settings
from tests.clocks import MovedClock, utc
from tests.send_walk import OUR_NUMBER, RITA, CountingIds, SendWalk, Town, memory_store, town
from tests.twilio_calls import (
    BASE,
    SETTINGS,
    TOKEN,
    Call,
    app_on,
    fallback_call,
    inbound_call,
    parts_on,
    status_call,
)

MORNING = utc("2026-06-01 15:00")
BEN = "+15125560000"


@frozen(kw_only=True)
class Office:
    """A town, its application, and a client that speaks to it."""

    town: Town
    walk: SendWalk
    parts: Parts
    clock: MovedClock
    client: AsyncTestClient  # type: ignore[type-arg]
    metrics: Metrics = field(repr=False)

    async def call(self, call: Call) -> Response:
        return await self.client.post(call.target, content=call.body, headers=call.all_headers)

    async def inbound_rows(self) -> list[Message]:
        return [row for row in await self.town.rows() if row.direction is Direction.INBOUND]

    async def claimed(self, number: int = 1) -> UUID:
        (queued,) = await self.town.queue(self.town.text(number))
        async with self.town.store.system() as tx:
            await tx.sends.claim(10, 60.0)
        return queued


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    clock = MovedClock(MORNING)
    store = memory_store(clock)
    place = await town(store, MORNING, 2)
    parts = parts_on(store, clock, CountingIds())
    walk = SendWalk(store=store, gateway=parts.gateway, clock=clock)  # type: ignore[arg-type]
    metrics = Metrics()
    async with AsyncTestClient(app_on(parts, clock, metrics)) as client:
        yield Office(town=place, walk=walk, parts=parts, clock=clock, client=client, metrics=metrics)


async def test_a_status_is_stored_with_its_effect_and_answered_without_words(office: Office) -> None:
    text = await office.claimed()
    answer = await office.call(status_call(text, "SM1", "sent"))
    assert (answer.status_code, answer.content) == (204, b"")
    row = await office.town.message(text)
    assert (row.delivery, row.provider_sid, row.receipt) == (Delivery.SENT, "SM1", Receipt.SENT)


async def test_an_inbound_text_is_stored_and_answered_with_an_empty_response(office: Office) -> None:
    answer = await office.call(inbound_call("SMin", BEN, "Is it still there?"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.content.endswith(b"<Response/>")
    (row,) = await office.inbound_rows()
    assert (row.content, row.provider_sid) == ("Is it still there?", "SMin")


async def test_a_stop_holds_when_the_answer_goes_out(office: Office) -> None:
    await office.town.queue(office.town.text(1))
    assert (await office.call(inbound_call("SMstop", BEN, "please stop texting me"))).status_code == 200
    (held,) = await office.town.silences()
    assert held.phone == BEN
    withheld = [row for row in await office.town.rows() if row.delivery is Delivery.WITHHELD]
    assert len(withheld) == 1


async def test_the_raw_form_is_kept_with_its_token_and_mark(office: Office) -> None:
    call = evolve(inbound_call("SMin", BEN, "hi"), headers={"I-Twilio-Idempotency-Token": "tok-1"})
    await office.call(call)
    async with office.town.store.tenant(RITA) as tx:
        assert await tx.carrier_events.unhandled(MORNING, None, 9) == []
    async with office.town.store.system() as tx:
        event = await tx.carrier_events.find(Arrival(kind=EventKind.INBOUND, provider_sid="SMin", status="received").id)
    assert event is not None
    assert (event.user_id, event.handled_at, event.arrival.token) == (RITA, MORNING, "tok-1")
    assert event.arrival.raw["FromZip"] == ""
    assert event.arrival.raw["Body"] == "hi"


async def test_the_fallback_takes_the_same_text_once(office: Office) -> None:
    assert (await office.call(fallback_call("SMin", BEN, "hello"))).status_code == 200
    assert (await office.call(inbound_call("SMin", BEN, "hello"))).status_code == 200
    assert len(await office.inbound_rows()) == 1


async def test_pictures_come_along(office: Office) -> None:
    more = {
        "NumMedia": "2",
        "MediaUrl0": "https://api.example/a",
        "MediaContentType0": "image/jpeg",
        "MediaUrl1": "https://api.example/b",
        "MediaContentType1": "image/png",
    }
    await office.call(inbound_call("MMin", BEN, "", **more))
    (row,) = await office.inbound_rows()
    assert [(one.url, one.content_type) for one in row.media] == [
        ("https://api.example/a", "image/jpeg"),
        ("https://api.example/b", "image/png"),
    ]


async def test_what_the_carrier_took_for_stop_is_one_and_was_answered_by_it(office: Office) -> None:
    await office.call(inbound_call("SMin", BEN, "genug davon", OptOutType="STOP"))
    (held,) = await office.town.silences()
    assert held.reason == "opted_out"
    services = [row for row in await office.town.rows() if row.message_class is MessageClass.SERVICE]
    assert services == []


async def test_a_start_of_the_carrier_restores_nothing_by_itself(office: Office) -> None:
    await office.call(inbound_call("SM1", BEN, "STOP", OptOutType="STOP"))
    await office.call(inbound_call("SM2", BEN, "yes", OptOutType="START"))
    assert len(await office.town.silences()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {HEADER: ""},
        {HEADER: "AAAA"},
        {HEADER: "\xe9t\xe9"},
        {"Content-Type": "application/json"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": ""},
    ],
)
async def test_what_was_not_signed_as_a_form_is_refused(office: Office, headers: dict[str, str]) -> None:
    call = inbound_call("SMin", BEN, "hi")
    sent = {name.encode(): value.encode("latin-1") for name, value in (call.all_headers | headers).items()}
    answer = await office.client.post(call.target, content=call.body, headers=sent)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"type": "about:blank", "title": "Forbidden", "status": 403, "code": "forbidden"}
    assert await office.inbound_rows() == []


async def test_a_missing_signature_is_refused(office: Office) -> None:
    call = inbound_call("SMin", BEN, "hi")
    answer = await office.client.post(call.target, content=call.body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 403


async def test_neither_host_nor_forwarded_headers_count(office: Office) -> None:
    misled = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    assert (await office.call(evolve(inbound_call("SM1", BEN, "a"), headers=misled))).status_code == 200
    assert (await office.call(evolve(inbound_call("SM2", BEN, "b"), base="https://evil.example"))).status_code == 403


@pytest.mark.parametrize("base", [BASE, BASE + ":443"])
@pytest.mark.parametrize("fragment", ["", RETRIES])
async def test_with_and_without_fragment_and_port(office: Office, base: str, fragment: str) -> None:
    call = evolve(inbound_call("SM1", BEN, "a"), base=base, fragment=fragment)
    assert (await office.call(call)).status_code == 200


async def test_another_fragment_was_not_ours(office: Office) -> None:
    assert (await office.call(evolve(inbound_call("SM1", BEN, "a"), fragment="#rc=1"))).status_code == 403


async def test_a_made_up_body_hash_does_not_help_a_form(office: Office) -> None:
    """The SDK's validator skips the fields when the query holds one."""
    target = f"{INBOUND_PATH}?bodySHA256={'0' * 64}"
    call = evolve(inbound_call("SM1", BEN, "a"), target=target)
    forged = {**call.all_headers, HEADER: sign(TOKEN, BASE + target)}
    assert (await office.client.post(target, content=call.body, headers=forged)).status_code == 403


async def test_a_json_body_is_taken_when_its_hash_is_signed(office: Office) -> None:
    body = json.dumps(dict(inbound_call("SM1", BEN, "a").fields)).encode()
    target = f"{INBOUND_PATH}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"Content-Type": "application/json", HEADER: sign(TOKEN, BASE + target)}
    assert (await office.client.post(target, content=body, headers=headers)).status_code == 200
    assert (await office.client.post(target, content=body + b" ", headers=headers)).status_code == 403


async def test_an_address_with_a_wrong_mark_is_refused(office: Office) -> None:
    text = await office.claimed()
    right = status_call(text, "SM1", "sent")
    other = status_call(UUID(int=9), "SM1", "sent")
    for target in (
        right.target.replace("a=1", "a=2"),
        right.target[:-1] + ("0" if right.target[-1] != "0" else "1"),
        right.target.partition("?")[0],
        right.target.partition("?")[0] + "?" + other.target.partition("?")[2],
        right.target.replace(str(text), "nonsense"),
        right.target.replace("a=1", "a=%F0%9F"),
    ):
        assert (await office.call(evolve(right, target=target))).status_code == 403
    assert (await office.town.message(text)).delivery is Delivery.SENDING


async def test_a_body_beyond_its_bound_is_refused_unread(office: Office) -> None:
    answer = await office.call(inbound_call("SM1", BEN, "x" * 70_000))
    assert answer.status_code == 413
    assert answer.json()["title"] == "Request Entity Too Large"


@pytest.mark.parametrize("sid", ["", "é" * 4, "S" * 65, "S\x00"])
async def test_a_signed_form_that_names_no_event_is_bad(office: Office, sid: str) -> None:
    assert (await office.call(inbound_call(sid, BEN, "hi", SmsSid=sid))).status_code == 400


@pytest.mark.parametrize("body", ["nul \x00 here", "half \udc80 byte", "😀é" * 400, " "])
async def test_whatever_words_come_are_stored(office: Office, body: str) -> None:
    call = inbound_call("SM1", BEN, body)
    raw = "&".join(
        f"{name}={''.join(f'%{byte:02X}' for byte in value.encode('utf-8', 'surrogateescape'))}"
        for name, value in call.fields
    )
    answer = await office.client.post(call.target, content=raw.encode(), headers=call.all_headers)
    assert answer.status_code == 200
    assert len(await office.inbound_rows()) == 1


async def test_an_event_that_is_not_understood_is_kept_for_a_person(office: Office) -> None:
    text = await office.claimed()
    assert (await office.call(status_call(text, "SM1", "partially_delivered"))).status_code == 204
    assert (await office.call(inbound_call("SMin", "40404", "your code is 1"))).status_code == 200
    assert await office.inbound_rows() == []
    assert b'outcome="unread"' in office.metrics.page()


async def test_a_text_to_a_number_that_gets_an_owner_later_is_heard_then(office: Office) -> None:
    other = "+15125550777"
    assert (await office.call(inbound_call("SMin", BEN, "hi", To=other))).status_code == 200
    assert await hear_waiting(office.parts) == 0
    async with office.town.store.system() as tx:
        await tx.users.save(evolve(await tx.users.get(RITA), twilio_phone_number=other))
    assert await hear_waiting(office.parts) == 1
    assert await hear_waiting(office.parts) == 0
    assert len(await office.inbound_rows()) == 1


async def test_a_receipt_stored_while_its_text_was_being_learned_is_joined_later(office: Office) -> None:
    """Two transactions that did not see each other: the one stored the event, the other the text's id."""
    text = await office.claimed()
    news = ReceiptNews(provider_sid="SM1", receipt=Receipt.DELIVERED, at=MORNING)
    async with office.town.store.tenant(RITA) as tx:
        await tx.messages.move(
            text, attempt=1, expected=[Delivery.SENDING], to=Delivery.SENT, provider_sid="SM1", receipt=Receipt.QUEUED
        )
        await tx.carrier_events.add(arrival_of(news).at(tx.now, RITA))
    assert await hear_waiting(office.parts) == 1
    assert (await office.town.message(text)).receipt is Receipt.DELIVERED
    assert await hear_waiting(office.parts) == 0


async def test_a_made_up_number_of_pictures_is_no_error(office: Office) -> None:
    for sid, count in (("SM1", "9" * 5_000), ("SM2", "\u00b2"), ("SM3", "-1"), ("SM4", "99")):
        assert (await office.call(inbound_call(sid, BEN, "hi", NumMedia=count))).status_code == 200
    assert [row.media for row in await office.inbound_rows()] == [()] * 4


async def test_an_effect_that_fails_takes_nothing_with_it_and_is_tried_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = converse.receive

    async def broken(*_: object) -> object:
        raise ZeroDivisionError("a bug that quotes " + BEN)

    monkeypatch.setattr(converse, "receive", broken)
    with caplog.at_level(logging.DEBUG, logger="nudge_entrypoints"):
        assert (await office.call(inbound_call("SMin", BEN, "STOP"))).status_code == 200
    assert BEN not in caplog.text
    assert await office.inbound_rows() == []
    assert await hear_again(office.parts) == 0  # not due yet
    office.clock.move(31)
    assert await hear_again(office.parts) == 1
    monkeypatch.setattr(converse, "receive", real)
    office.clock.move(61)
    assert await hear_again(office.parts) == 1
    assert len(await office.town.silences()) == 1
    office.clock.move(10_000)
    assert await hear_again(office.parts) == 0


async def test_an_effect_that_always_fails_is_parked_with_its_reason(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(converse, "receive", broken)
    await office.call(inbound_call("SMin", BEN, "STOP"))
    for _ in range(MAX_ATTEMPTS + 2):
        office.clock.move(3_600)
        await hear_again(office.parts)
    async with office.town.store.tenant(RITA) as tx:
        assert await tx.notes.waiting() == {"parked": 1}


async def test_a_store_that_does_not_answer_is_told_to_the_carrier(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: MemoryStore) -> object:
        raise Unavailable("postgresql", "read only")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "system", gone)
        answer = await office.call(inbound_call("SMin", BEN, "STOP"))
        assert (answer.status_code, answer.json()["status"]) == (503, 503)
        assert answer.headers["retry-after"] == "5"
    assert (await office.call(inbound_call("SMin", BEN, "STOP"))).status_code == 200
    assert len(await office.town.silences()) == 1


async def test_a_captured_request_replayed_for_ever_changes_nothing(office: Office) -> None:
    text = await office.claimed()
    calls = [status_call(text, "SM1", "sent"), inbound_call("SM2", BEN, "STOP"), inbound_call("SM3", BEN, "START")]
    for call in calls:
        await office.call(call)
    rows, silences = await office.town.rows(), await office.town.silences()
    for _ in range(5):
        for call in calls:
            assert (await office.call(call)).status_code < 300
    assert await office.town.rows() == rows
    assert await office.town.silences() == silences == []


async def test_other_methods_and_paths_have_problems_too(office: Office) -> None:
    for method, path, status in (("GET", INBOUND_PATH, 405), ("POST", "/nowhere", 404), ("PUT", METRICS_PATH, 405)):
        answer = await office.client.request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_metrics_are_counted_and_hold_no_value_of_a_request(office: Office) -> None:
    text = await office.claimed()
    await office.call(status_call(text, "SM1", "delivered"))
    await office.call(inbound_call("SM2", BEN, "STOP"))
    await office.call(evolve(inbound_call("SM3", BEN, "STOP"), token="wrong"))
    page = (await office.client.get(METRICS_PATH)).text
    assert 'nudge_webhook_requests_total{outcome="heard",webhook="status"} 1.0' in page
    assert 'nudge_webhook_requests_total{outcome="forged",webhook="inbound"} 1.0' in page
    assert 'nudge_receipts_total{status="delivered"} 1.0' in page
    assert 'nudge_carrier_effects_total{effect="stop"} 1.0' in page
    for value in (BEN, OUR_NUMBER, "SM1", str(text), "STOP"):
        assert value not in page


async def test_without_an_account_there_is_nothing_to_call(office: Office) -> None:
    bare = build_app(office.parts, Settings(home=SETTINGS.home))
    async with AsyncTestClient(bare) as client:
        call = inbound_call("SM1", BEN, "hi")
        assert (await client.post(call.target, content=call.body, headers=call.all_headers)).status_code == 404


def raw(call: Call, *, drop: str = "", extra: bytes = b"", body: bytes | None = None) -> bytes:
    """Return a request as bytes, with further header lines, or without one."""
    given = {"Host": "evil.example", "Content-Length": str(len(call.body)), **call.all_headers}
    lines = [f"{name}: {value}".encode() for name, value in given.items() if name != drop]
    head = b"\r\n".join([f"POST {call.target} HTTP/1.1".encode(), *lines])
    return head + b"\r\n" + extra + b"Connection: close\r\n\r\n" + (call.body if body is None else body)


@pytest.mark.enable_socket
async def test_over_a_socket_nothing_strange_is_our_error_and_no_log_holds_a_value(
    office: Office, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests that no client library makes, to a real server; canaries in every field of them."""
    canary, words = "+15125566778", "canary-words"
    text = await office.claimed()
    good, status = inbound_call("SMgood", canary, words), status_call(text, "SMcanary", "sent")
    big = b"5000\r\n" + b"x" * 0x5000 + b"\r\n"
    requests = {
        raw(good): b"200",
        raw(status): b"204",
        raw(good, extra=b"X-Twilio-Signature: AAAA\r\n"): None,
        raw(good, drop="Content-Length", extra=b"Transfer-Encoding: chunked\r\n", body=big * 4 + b"0\r\n\r\n"): b"413",
        raw(good, drop=HEADER, extra=HEADER.encode() + b": \xff\xfe\r\n"): b"403",
        raw(evolve(good, target=INBOUND_PATH + "?%zz=%")): b"200",
        raw(evolve(good, target=INBOUND_PATH.replace("inbound", "%69nbound"))): b"200",
        raw(evolve(good, target=INBOUND_PATH + "\x7f")): None,
        raw(evolve(status, target=status.target.replace("status", "status/../status"))): None,
        b"GET " + INBOUND_PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n": b"405",
        f"POST {canary} HTTP/1.1\r\n\r\n".encode(): b"400",
    }
    stop, up = asyncio.Event(), asyncio.Future[str]()
    with caplog.at_level(logging.DEBUG):
        running = asyncio.create_task(serve(app_on(office.parts, office.clock), 0, stop, up.set_result))
        port = int((await up).rpartition(":")[2])
        for request, wanted in requests.items():
            answered = await _spoken(port, request)
            assert wanted is None or answered == wanted, request[:60]
            assert answered[:1] in (b"2", b"4"), request[:60]
        monkeypatch.setattr(MemoryStore, "tenant", _broken)
        assert await _spoken(port, raw(inbound_call("SMlast", canary, words))) == b"503"
        stop.set()
        await running
    told = caplog.text + "".join(capfd.readouterr())
    for secret in (canary, words, "SMcanary", TOKEN, status.target.rpartition("=")[2], str(text)):
        assert secret not in told
    assert "webhook not stored" in told


def _broken(self: MemoryStore, user_id: UUID) -> object:
    raise ZeroDivisionError("+15125566778 canary-words")


async def _spoken(port: int, request: bytes) -> bytes:
    """Send bytes and return the status of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        line = await asyncio.wait_for(reader.readline(), 30.0)
        return line.split(b" ")[1]
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
