"""A request told twice is done once: keys, replays, refusals, races, and a process that died in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from nudge_core.model.faq import Faq
from nudge_core.model.idempotency import key_id
from nudge_core.ports import Store
from nudge_core.walk.jobs import forget_keys
from nudge_entrypoints.http.idempotency import LEASE_S, fingerprint_of, is_key
from nudge_entrypoints.http.identity import Scope
from tests.api.office import RITA, TOM, Office, open_office
from tests.api.probes import Probes
from tests.samples import SteppingClock

PAID = "/api/v1/probes/paid"
ROUTE = f"POST {PAID}"
KEY = {"Idempotency-Key": "a key"}


@pytest.fixture
async def office(store: Store, clock: SteppingClock) -> Office:
    """The application with routes that try things, on both stores."""
    return await open_office(store, clock, controllers=[Probes])


@pytest.fixture(autouse=True)
def _told() -> Iterator[None]:
    Probes.told.clear()
    yield
    Probes.told.clear()


async def paid(office: Office) -> list[str]:
    """Return what was really done."""
    async with office.store.tenant(RITA) as tx:
        return [faq.question for faq in await tx.faqs.all()]


async def test_the_second_time_is_answered_like_the_first_and_does_nothing(office: Office) -> None:
    async with office.caller(keys=False) as rita:
        first = await rita.post(PAID, json={"name": "one"}, headers=KEY)
        second = await rita.post(PAID, json={"name": "one"}, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert Probes.told == [key_id(RITA, ROUTE, "a key")]
    assert await paid(office) == ["one"]


async def test_a_refusal_is_kept_too(office: Office) -> None:
    async with office.caller(keys=False) as rita:
        answers = [await rita.post(PAID, json={"name": "refused"}, headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["content-type"] == "application/problem+json"
    assert answers[1].headers["idempotency-replayed"] == "true"


async def test_another_request_with_the_same_key_is_refused(office: Office) -> None:
    async with office.caller(keys=False) as rita:
        await rita.post(PAID, json={"name": "one"}, headers=KEY)
        for other in (rita.post(PAID, json={"name": "two"}, headers=KEY),
                      rita.post(f"{PAID}?a=b", json={"name": "one"}, headers=KEY)):  # fmt: skip
            answer = await other
            assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert await paid(office) == ["one"]


async def test_the_header_is_needed_and_bounded(office: Office) -> None:
    async with office.caller(keys=False) as rita:
        for key in (None, "", " ", "x" * 201, "k\u00e9y".encode("latin-1"), "a\tb"):
            headers = {} if key is None else {"Idempotency-Key": key}
            answer = await rita.post(PAID, json={"name": "one"}, headers=headers)  # type: ignore[arg-type]
            assert answer.status_code == 400, key
            (error,) = answer.json()["errors"]
            assert error["field"] == "Idempotency-Key"
        assert (await rita.post(PAID, json={"name": "one"}, headers={"Idempotency-Key": "x" * 200})).status_code == 201
    assert await paid(office) == ["one"]
    assert not is_key("a\nb")


async def test_who_may_not_call_uses_no_key(office: Office) -> None:
    async with office.caller(None, keys=False) as nobody, office.caller(RITA, Scope.CONTENT_READ) as narrow:
        assert (await nobody.post(PAID, json={"name": "one"}, headers=KEY)).status_code == 401
        assert (await narrow.post(PAID, json={"name": "one"}, headers=KEY)).status_code == 403
    assert Probes.told == []


async def test_the_same_words_of_somebody_else_are_another_key(office: Office) -> None:
    async with office.caller(RITA, keys=False) as rita, office.caller(TOM, keys=False) as tom:
        await rita.post(PAID, json={"name": "one"}, headers=KEY)
        answer = await tom.post(PAID, json={"name": "two"}, headers=KEY)
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers
    assert await paid(office) == ["one"]


async def test_a_failure_is_not_kept_and_its_effect_is_not_doubled(office: Office) -> None:
    async with office.caller(keys=False) as rita:
        answers = [await rita.post(PAID, json={"name": "failing"}, headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert Probes.told == [key_id(RITA, ROUTE, "a key")] * 2, "it was tried twice"
    assert await paid(office) == ["failing"], "under one id"


async def test_while_it_runs_the_next_one_waits_and_after_a_death_it_is_taken_over(
    office: Office, clock: SteppingClock
) -> None:
    """A process that dies after the effect and before the answer leaves a lease and the effect."""
    async with office.caller(keys=False) as rita:
        this = key_id(RITA, ROUTE, "a key")
        async with office.store.tenant(RITA) as tx:  # what the dead process left: its claim, its effect, no answer
            await tx.idempotency.begin(this, fingerprint_of(PAID, b"", b'{"name":"one"}'), LEASE_S)
            await tx.faqs.add(Faq(id=this, user_id=RITA, question="one", answer="paid"))
        waiting = await rita.post(PAID, json={"name": "one"}, headers=KEY)
        assert (waiting.status_code, waiting.json()["code"]) == (409, "idempotency_running")
        assert waiting.headers["retry-after"] == str(int(LEASE_S))
        clock.forward(LEASE_S + 1)
        after = await rita.post(PAID, json={"name": "one"}, headers=KEY)
        assert after.status_code == 201
        assert (await rita.post(PAID, json={"name": "one"}, headers=KEY)).headers["idempotency-replayed"] == "true"
    assert Probes.told == [this]
    assert await paid(office) == ["one"], "what the dead one did is not done again"


async def test_of_twenty_at_once_one_is_done(office: Office) -> None:
    async with office.caller(keys=False) as rita:
        answers = await asyncio.gather(*(rita.post(PAID, json={"name": "one"}, headers=KEY) for _ in range(20)))
        codes = {answer.status_code for answer in answers}
        assert codes <= {201, 409}
        assert 201 in codes
        assert len(Probes.told) == 1
        assert await paid(office) == ["one"]
        bodies = {answer.content for answer in answers if answer.status_code == 201}
        assert bodies == {(await rita.post(PAID, json={"name": "one"}, headers=KEY)).content}


async def test_keys_are_forgotten_after_a_day(office: Office, clock: SteppingClock) -> None:
    async with office.caller(keys=False) as rita:
        await rita.post(PAID, json={"name": "one"}, headers=KEY)
        await forget_keys(office.parts)
        clock.forward(timedelta(hours=23).total_seconds())
        await forget_keys(office.parts)
        assert "idempotency-replayed" in (await rita.post(PAID, json={"name": "one"}, headers=KEY)).headers
        clock.forward(timedelta(hours=1, seconds=1).total_seconds())
        await forget_keys(office.parts)
        answer = await rita.post(PAID, json={"name": "one"}, headers=KEY)
        assert "idempotency-replayed" not in answer.headers
    assert await paid(office) == ["one"], "the same id: still not done twice"
