"""What is refused, and how: the field and the rule, never the value, never a stack trace."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from nudge_adapters.memory import MemoryStore
from tests.api.office import RITA, TOM, Office, open_office
from tests.api.probes import BODY_LIMIT, CANARY, Probes
from tests.samples import CountingIds, SteppingClock, uid

PROBES = "/api/v1/probes"
PHONE = "+15125550100"


@pytest.fixture
async def office(clock: SteppingClock) -> Office:
    """The application with routes that try things; what all routes share does not depend on the store."""
    return await open_office(MemoryStore(clock, CountingIds(1)), clock, controllers=[Probes])


@pytest.fixture
async def rita(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    """A caller."""
    async with office.caller(RITA) as client:
        yield client


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """Return a problem, which is one in form."""
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["type"] == "about:blank"
    assert said["status"] == answer.status_code
    assert said["title"]
    assert CANARY not in answer.text
    assert "Traceback" not in answer.text
    return said


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": "is needed"}),
        ({"name": "a", "count": "1"}, {"count": "expected int, not str"}),
        ({"name": "a", "count": True}, {"count": "expected int, not bool"}),
        ({"name": CANARY * 3}, {"name": "a text of 1 to 20 characters"}),
        ({"name": "a", "people": [{"phone": PHONE}, {"phone": CANARY}]},
         {"people[1].phone": "E.164: + and 7 to 15 digits"}),
        ({"name": "a", "people": [{"phone": PHONE, "colour": CANARY}]},
         {"people[0].colour": "one of the values that the document lists"}),
        ({"name": "a", "people": [{}]}, {"people[0].phone": "is needed"}),
        ({"name": "a", "paint": CANARY}, {"paint": "no such member"}),
        ({"name": "a", CANARY: 1}, {"?": "no such member"}),
        ({"name": "a", "people": [{"phone": PHONE, "paint": 1}], "size": 2},
         {"people[0].paint": "no such member", "size": "no such member"}),
        ({"name": "a", "by_name": {CANARY: {"phone": PHONE, "paint": 1}}}, {"by_name.*.paint": "no such member"}),
        ([1], {"body": "expected object, not array"}),
        ("text", {"body": "expected object, not str"}),
        (None, {"body": "is needed"}),
    ],
)  # fmt: skip
async def test_a_body_that_breaks_a_rule_names_the_field_and_the_rule(
    rita: httpx.AsyncClient, body: object, errors: dict[str, str]
) -> None:
    answer = await rita.post(PROBES, json=body)
    assert answer.status_code == 400
    said = problem_of(answer)
    assert said["code"] == "invalid"
    assert {one["field"]: one["rule"] for one in said["errors"]} == errors


@pytest.mark.parametrize(
    "body", [b"{", b"", b"\xff\xfe", b"{'a': 1}", b"NaN", b"[" * 9_000, b'{"name": "\\ud800"}', b"1 2"]
)
async def test_what_is_no_json_is_refused(rita: httpx.AsyncClient, body: bytes) -> None:
    answer = await rita.post(PROBES, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert problem_of(answer)["errors"]


async def test_a_good_body_is_read_and_an_absent_member_is_not_null(rita: httpx.AsyncClient) -> None:
    whole = {"name": "a", "count": 2, "people": [{"phone": PHONE, "colour": "blue"}], "by_name": {}, "note": None}
    answer = await rita.post(PROBES, json=whole)
    assert (answer.status_code, answer.json()) == (201, whole)
    assert "note" not in (await rita.post(PROBES, json={"name": "a"})).json()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/msgpack", ""])
async def test_another_kind_of_body_is_415(rita: httpx.AsyncClient, kind: str) -> None:
    answer = await rita.post(PROBES, content=b'{"name": "a"}', headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert problem_of(answer)["code"] == "unsupported_media_type"


async def test_a_body_that_is_too_large_is_413_announced_or_not(rita: httpx.AsyncClient) -> None:
    large = json.dumps({"name": "a", "note": "x" * BODY_LIMIT}).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 1_000):
            yield large[start : start + 1_000]

    for content in (large, pieces()):
        answer = await rita.post(PROBES, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert problem_of(answer)["code"] == "too_large"


async def test_a_parameter_that_cannot_be_read_names_itself_and_not_its_value(rita: httpx.AsyncClient) -> None:
    for query, field in ((f"limit={CANARY}", "limit"), (f"colour={CANARY}", "colour")):
        answer = await rita.get(f"{PROBES}?{query}")
        assert answer.status_code == 400
        assert [one["field"] for one in problem_of(answer)["errors"]] == [field]
    answer = await rita.get(f"{PROBES}?limit=9999")
    assert (answer.status_code, problem_of(answer)["code"]) == (422, "invalid")


async def test_a_method_that_a_route_does_not_have_is_405_with_those_it_has(rita: httpx.AsyncClient) -> None:
    for method in ("DELETE", "PUT", "TRACE", "BREW"):
        answer = await rita.request(method, PROBES)
        assert answer.status_code == 405
        assert {one.strip() for one in answer.headers["allow"].split(",")} == {"GET", "POST", "OPTIONS"}


async def test_every_way_of_not_being_there_has_the_same_bytes(office: Office, rita: httpx.AsyncClient) -> None:
    async with office.caller(TOM) as tom:
        answers = [
            await rita.get(f"{PROBES}/{uid(1)}"),
            await tom.get(f"{PROBES}/{uid(2)}"),
            await rita.patch(f"{PROBES}/{uid(1)}", json={"name": "a"}),
            await rita.get("/api/v1/no/such/route"),
            await rita.get(f"{PROBES}/no-uuid"),
            await rita.get("/elsewhere"),
        ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert len({answer.content for answer in answers}) == 1
    shown = [{name: value for name, value in one.headers.items() if not _of_one_request(name)} for one in answers]
    assert all(headers == shown[0] for headers in shown)


def _of_one_request(header: str) -> bool:
    return header == "x-request-id" or header.startswith("ratelimit")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("invalid", 422, "invalid"),
        ("transition", 409, "illegal_transition"),
        ("not_found", 404, "not_found"),
        ("conflict", 409, "conflict"),
        ("broken", 409, "conflict"),
        ("unavailable", 503, "unavailable"),
        ("refused", 502, "refused"),
        ("misconfigured", 501, "not_configured"),
        ("unknown", 500, None),
        ("surprise", 500, None),
    ],
)
async def test_an_error_of_the_core_is_answered_by_the_table(
    rita: httpx.AsyncClient, kind: str, status: int, code: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    given = "00000000-0000-4000-8000-000000000001"
    answer = await rita.get(f"{PROBES}/failures/{kind}", headers={"X-Request-Id": given})
    said = problem_of(answer)
    assert (answer.status_code, said.get("code")) == (status, code)
    assert answer.headers["x-request-id"] == given
    assert said.get("instance") == (f"urn:uuid:{given}" if status >= 500 else None)
    assert ("retry-after" in answer.headers) == (status == 503)
    if kind == "unavailable":
        assert answer.headers["retry-after"] == "7"
    if kind in ("unknown", "surprise"):
        assert CANARY not in caplog.text


async def test_a_request_has_an_id_of_its_own_unless_it_brings_a_uuid(rita: httpx.AsyncClient) -> None:
    answers = [await rita.get(PROBES, headers={"X-Request-Id": CANARY}) for _ in range(2)]
    first, second = (UUID(answer.headers["x-request-id"]) for answer in answers)
    assert first != second


async def test_an_answer_that_breaks_off_is_logged_without_its_words(
    rita: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(AssertionError):  # httpx's own: the answer has no end
        await rita.get(f"{PROBES}/broken-off")
    assert "broke off" in caplog.text
    assert CANARY not in caplog.text
