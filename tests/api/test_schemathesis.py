"""A1 of reliability.md: the whole document against the application, with every check of schemathesis that makes sense.

What the document allows is tried, and what it does not: nothing is a failure of ours, nothing is answered that the
document does not say. The size is bounded and nothing is left to chance, so that two runs are equal;
`NUDGE_SCHEMATHESIS_EXAMPLES=200` is the size of the reliability document.

The office has everything an installation can have: keys for secrets, one-time codes, a feed, contacts at Google, and a
carrier on loopback that sells numbers. So no answer may say that something is not set up (501) or does not answer
(503).

Not every rule can be stated in a schema (a phone, a cursor, 3.0 for a whole number): data of the right shape may be
refused for a rule (400, 422), if the answer names the field and the rule; for the state of things (409); for the pace
(429).
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Iterator
from concurrent.futures import Future
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response

from nudge_adapters.contacts.practice_google import PracticeGoogle
from nudge_adapters.feeds.replay import replay_of_pages
from nudge_adapters.feeds.shape import RecordShape
from nudge_adapters.memory import MemoryStore
from nudge_adapters.sms.build import build_twilio_numbers
from nudge_adapters.sms.local_codes import LocalCodes
from nudge_entrypoints.http.api.context import Access
from nudge_entrypoints.http.api.routes import CONTROLLERS
from nudge_entrypoints.http.document_pages import DOCUMENT_PATH
from nudge_entrypoints.http.sign_in_desk import Prints, SignInDesk
from nudge_entrypoints.http.tokens import AccessTokens
from nudge_entrypoints.metrics import Metrics
from nudge_entrypoints.settings import load
from tests.api.office import RITA, open_office
from tests.api.probes import Probes
from tests.carrier_peer import CALLBACKS, Peer, peer
from tests.contracts.test_google_contacts import google_at
from tests.parts import quiet_parts
from tests.samples import CountingIds, SteppingClock
from tests.tour import record

pytestmark = pytest.mark.enable_socket

PATIENCE_S = 60.0  # an end for a test that hangs; no claim about speed

EXAMPLES = int(os.environ.get("NUDGE_SCHEMATHESIS_EXAMPLES", "8"))
REFUSED = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429"]
EXPECTED = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", *sorted({*REFUSED} - {"405", "415"})]},
    "negative_data_rejection": {"expected-statuses": REFUSED},
}
"""Of data that has the right shape, and of data that has not. 400 and 422 must name the field: `_names_the_field`.
413: notes of 100,000 characters may be 1.2 million bytes, and no body is read that far."""

SET_UP = {
    ("POST /api/v1/sign-in/codes", 202),
    ("POST /api/v1/contact-accounts/google/ask", 200),
    ("GET /api/v1/phone-numbers/available", 200),
    ("PUT /api/v1/mls-connection", 422),
    ("POST /api/v1/mls-connection/test", 200),
}
"""Answers from behind the doors that were 501 without codes, a carrier and keys. 422: there is no such provider."""

AS_RITA = {"Authorization": f"Bearer {RITA}"}

load_all_checks()


@pytest.fixture
def carrier() -> Iterator[Peer]:
    """A carrier that sells numbers, served in a thread of its own: the tests' calls have an event loop each."""
    told: Future[Peer] = Future()
    ended, loop = asyncio.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        async with peer() as served:
            told.set_result(served)
            await ended.wait()

    thread = Thread(target=loop.run_until_complete, args=(serve(),), name="carrier")
    thread.start()
    try:
        yield told.result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(PATIENCE_S)
        loop.close()


def _page(folder: Path) -> Path:
    (folder / "000.json").write_text(json.dumps({"value": [record()]}))
    return folder


@pytest.fixture
def described(carrier: Peer, tmp_path: Path) -> schemathesis.BaseSchema:
    """The application's own document, and the application with all that an installation can have."""
    clock = SteppingClock()
    store = MemoryStore(clock, CountingIds(1))
    parts = quiet_parts(store, clock)
    codes = LocalCodes(tmp_path / "codes.jsonl", clock)
    keys = {"a": b"A" * 32}
    desk = SignInDesk(parts=parts, prints=Prints.under(keys), open_codes=lambda: codes, metrics=Metrics())
    office = asyncio.run(
        open_office(
            store,
            clock,
            controllers=[*CONTROLLERS, Probes],
            parts=parts,
            settings=load({"NUDGE_SECRET_KEYS": f"a:{base64.b64encode(keys['a']).decode()}"}),
            numbers=lambda: build_twilio_numbers(carrier.account, CALLBACKS, carrier.clock),
            codes=lambda: codes,
            open_google=lambda: google_at(PracticeGoogle()),
            feed=lambda user: replay_of_pages(_page(tmp_path), user.feed_source, RecordShape()),
            access=Access(desk=desk, tokens=AccessTokens(keys, clock.now)),
        )
    )
    config = SchemathesisConfig.from_dict(
        {"headers": AS_RITA, "generation": {"mode": "all", "deterministic": True}, "checks": EXPECTED}
    )
    return schemathesis.openapi.from_asgi(DOCUMENT_PATH, office.app, config=config)


def test_the_application_keeps_what_its_document_says(described: schemathesis.BaseSchema) -> None:
    failed: list[str] = []
    tried, seen = 0, set[tuple[str, int]]()
    for found in described.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # the document is a good one
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                tried += _tried(operation, mode, seen)
            except Unsatisfiable:
                continue  # there is no wrong way to call it
            except FailureGroup as error:
                failed += [f"{operation.label} ({mode.value}): {one}" for one in error.exceptions]
    assert not failed, "\n\n".join(failed)
    assert tried > EXAMPLES
    assert seen >= SET_UP, "what needs an account or a key has one here"


def _tried(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, seen: set[tuple[str, int]]) -> int:
    tried = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_it(case: Case[Any]) -> None:
        nonlocal tried
        tried += 1
        answer = case.call(headers=AS_RITA)
        seen.add((operation.label, int(answer.status_code)))
        case.validate_response(answer, headers=AS_RITA)
        assert _names_the_field(answer), f"{operation.label}: {answer.status_code} without a field and a rule"

    try_it()
    return tried


def _names_the_field(answer: Response) -> bool:
    """Say whether a refusal for a rule names what broke it."""
    if answer.status_code not in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
        return True
    told = answer.json()
    if told["code"] == "idempotency_mismatch":
        return True  # no field is wrong: the key belongs to another request
    return bool(told.get("errors")) and all(one["field"] and one["rule"] for one in told["errors"])
