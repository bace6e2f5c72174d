"""Why a client is, or is not, told of an event: over HTTP, with facts, sources and what would change the answer."""

from __future__ import annotations

from typing import Any

import pytest

from nudge_core.model.client_fact import Span
from nudge_core.model.feedback import DismissReason
from nudge_core.steps.explain import lines
from nudge_core.walk import why
from tests import client_samples, samples
from tests.api.desk import add_nudge, add_people
from tests.api.office import RITA, TOM, Office
from tests.samples import NOON, uid

CLIENT, EVENT, NOTE = uid(210), uid(250), uid(230)
HOME = {"list_price_cents": 450_000_00, "beds": 3, "city": "Georgetown", "postal_code": "78626", "remarks": "A porch."}
WISHES: dict[str, Any] = {"roles": ["buyer"], "max_price": 500_000, "min_beds": 3, "areas": ["Georgetown"]}


async def arrange(office: Office, *, listing: dict[str, Any] | None = None, **wishes: Any) -> None:
    """A buyer with facts from a note and from the professional, and a new listing."""
    stated = {kind: value for kind, value in (WISHES | wishes).items() if value is not None}
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, 210, preferences=stated, phone=None)])
        span = Span(text_id=NOTE, start=3, end=19)
        facts = [
            client_samples.fact(
                RITA,
                240 + n,
                CLIENT,
                kind=kind,
                value=value,
                source="note" if n == 1 else "professional",
                span=span if n == 1 else None,
            )
            for n, (kind, value) in enumerate(stated.items())
        ]
        await tx.client_facts.add(facts)
        event = samples.market_event(
            RITA, 250, event_type="new_listing", payload={"listing": HOME | (listing or {}), "change": {}}
        )
        await tx.market_events.add([event])


async def asked(office: Office) -> dict[str, Any]:
    async with office.caller(RITA) as rita:
        answer = await rita.get(f"/api/v1/clients/{CLIENT}/why/{EVENT}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_an_offer_is_explained_with_the_facts_it_rests_on(office: Office) -> None:
    await arrange(office)
    told = await asked(office)
    assert (told["answer"], told["because"], told["role"], told["changes"]) == ("offer", "", "buyer", [])
    price = next(one for one in told["wishes"] if one["constraint"] == "price")
    assert (price["outcome"], price["wanted"], price["actual"]) == ("met", "at most $500,000", "$450,000")
    (fact,) = price["facts"]
    assert (fact["kind"], fact["value"], fact["source"], fact["at"]) == (
        "max_price",
        500_000,
        "note",
        "2026-07-01T12:00:00Z",
    )
    assert (fact["text_id"], fact["start"], fact["end"]) == (str(NOTE), 3, 19)
    assert {one["constraint"]: one["facts"][0]["source"] for one in told["wishes"]}["beds"] == "professional"


async def test_what_would_change_a_no_is_said_for_the_fact_and_for_the_listing(office: Office) -> None:
    await arrange(
        office, listing={"list_price_cents": 520_000_00}, max_price=None, price={"max": 500_000, "hard": True}
    )
    told = await asked(office)
    assert (told["answer"], told["because"]) == ("no", "excluded_price")
    assert {(one["side"], one["text"], one["leads_to"], one["changes_answer"]) for one in told["changes"]} == {
        ("listing", "if it were $500,000", "offer", True),
        ("fact", "if up to $520,000 were wished", "offer", True),
    }


async def test_one_question_that_decides_is_named(office: Office) -> None:
    await arrange(office, features={"must": ["garage"]})
    told = await asked(office)
    assert (told["answer"], told["question"]) == ("ask", "Does it have garage?")


async def test_a_dismissal_that_took_it_out_is_named_with_its_end(office: Office) -> None:
    await arrange(office)
    await add_people(office)
    await add_nudge(office, 60)
    async with office.store.tenant(RITA) as tx:
        await tx.negative_preferences.add(
            [
                samples_dismissal(DismissReason.PRICE, {"field": "price", "at_least": 450_000}),
            ]
        )
    told = await asked(office)
    assert (told["answer"], told["because"]) == ("no", "dismissed_price")
    (one,) = told["dismissals"]
    assert (one["counted"], one["text"]) == (True, "nothing at $450,000 or above")
    assert [(change["side"], change["leads_to"]) for change in told["changes"]] == [("dismissal", "offer")]
    said = lines(await why(office.parts, RITA, CLIENT, EVENT))
    assert any("took this out" in line for line in said)
    assert any("from note, 2026-07-01: max_price, text" in line for line in said)


def samples_dismissal(reason: DismissReason, about: dict[str, Any]) -> Any:
    from attrs import evolve

    taught = samples.negative_preference(RITA, 270, CLIENT, uid(60))
    return evolve(taught, reason=reason, about=about, created_at=NOON)


@pytest.mark.parametrize("foreign", [True, False])
async def test_a_foreign_client_or_event_answers_as_one_that_is_not_there(office: Office, foreign: bool) -> None:
    await arrange(office)
    async with office.caller(TOM if foreign else RITA) as caller:
        one = await caller.get(f"/api/v1/clients/{CLIENT if foreign else uid(999)}/why/{EVENT}")
        other = await caller.get(f"/api/v1/clients/{uid(998)}/why/{uid(997)}")
    assert (one.status_code, one.content) == (404, other.content)
