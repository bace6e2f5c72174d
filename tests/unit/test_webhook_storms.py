"""W1 and W3 in their quick sizes, on the memory store; the full sizes are run by `make chaos`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from attrs import frozen
from litestar import Litestar
from litestar.testing import AsyncTestClient
from twilio.request_validator import RequestValidator

from nudge_adapters.sms.callbacks import INBOUND_PATH
from nudge_adapters.sms.signature import HEADER, is_body_signed, is_form_signed
from nudge_core.model.secret import Secret
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.settings import Settings, TwilioSettings
from tests.clocks import MovedClock, utc
from tests.send_walk import CountingIds, Town, memory_store, town
from tests.shared_data import shared
from tests.twilio_calls import FORM, SETTINGS, Call, app_on, parts_on
from tests.webhook_forgeries import mutations, verdict_on
from tests.webhook_storms import inbound_storm, receipts_storm, unknown_storm

MORNING = utc("2026-06-01 15:00")


@frozen(kw_only=True)
class Place:
    town: Town
    client: AsyncTestClient  # type: ignore[type-arg]

    async def post(self, call: Call) -> int:
        return (await self.client.post(call.target, content=call.body, headers=call.all_headers)).status_code


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    clock = MovedClock(MORNING)
    store = memory_store(clock)
    people = await town(store, MORNING, 60)
    async with AsyncTestClient(app_on(parts_on(store, clock, CountingIds()), clock)) as client:
        yield Place(town=people, client=client)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_w1_receipts_in_every_disorder_end_at_the_highest_told(place: Place, seed: int) -> None:
    storm = await receipts_storm(place.town, place.post, texts=60, seed=seed)
    assert storm.violations == ()
    assert storm.calls > 300


async def test_w1_receipts_before_their_text_is_known_count_when_it_is(place: Place) -> None:
    assert (await unknown_storm(place.town, place.post, events=40, seed=1)).violations == ()


async def test_w2_the_same_text_five_times_at_once_is_one_row_and_one_reply(place: Place) -> None:
    assert (await inbound_storm(place.town, place.post, texts=10, at_once=5, seed=1)).violations == ()


async def test_w3_generated_mutations_are_judged_as_the_sdk_judges_them(place: Place) -> None:
    wrong, seen, accepted = [], Counter[str](), 0
    for request in mutations(seed=1, count=800):
        headers = {name.encode(): value.encode("utf-8") for name, value in request.headers.items()}
        answer = await place.client.post(request.target, content=request.body, headers=headers)
        found = verdict_on(request, answer.status_code)
        wrong += [] if found is None else [found]
        seen[request.name] += 1
        accepted += answer.status_code < 300
    assert wrong == []
    assert len(seen) == 17
    assert accepted > 200


def test_w3_the_sixteen_vectors_are_judged_alike_by_us_and_by_the_sdk() -> None:
    vectors = json.loads(shared("vectors/twilio_signature_vectors.json").read_text())["vectors"]
    assert len(vectors) == 16
    for vector in vectors:
        ours: bool
        if vector["params"] is None:
            ours = is_body_signed(vector["token"], vector["url"], vector["body"].encode(), vector["signature"])
            given = vector["body"]
        else:
            pairs = [(name, value) for name, value in vector["params"]]
            ours = is_form_signed(vector["token"], vector["url"], pairs, vector["signature"])
            given = _Form(pairs)
        sdk = RequestValidator(vector["token"])
        theirs = bool(sdk.validate(vector["url"], given, vector["signature"]))
        assert (ours, theirs) == (vector["valid"], vector["valid"]), vector["name"]


async def test_w3_the_vectors_that_name_our_address_are_answered_so(place: Place) -> None:
    vectors = json.loads(shared("vectors/twilio_signature_vectors.json").read_text())["vectors"]
    here = [vector for vector in vectors if vector["url"].startswith(f"https://app.example{INBOUND_PATH}")]
    assert len(here) == 4
    clock = MovedClock(MORNING)
    settings = Settings(
        home=SETTINGS.home, public_base_url="https://app.example", twilio=TwilioSettings(auth_token=Secret("12345"))
    )
    app: Litestar = build_app(parts_on(memory_store(clock), clock, CountingIds()), settings, clock=clock)
    async with AsyncTestClient(app) as client:
        for vector in here:
            target = vector["url"].removeprefix("https://app.example")
            body = urlencode([(name, value) for name, value in vector["params"]])
            headers = {"Content-Type": FORM, HEADER: vector["signature"]}
            answer = await client.post(target, content=body, headers=headers)
            assert (answer.status_code == 200) == vector["valid"], vector["name"]
            assert answer.status_code in (200, 403)


class _Form(dict[str, list[str]]):
    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        return self[name]
