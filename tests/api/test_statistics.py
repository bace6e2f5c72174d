"""Figures over HTTP: counts that are true, shares only where there is enough to count."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.model.interaction import InteractionKind
from nudge_core.model.statistics import LEAST_FOR_RATE, Z, rate
from tests import samples
from tests.api.desk import BEN, add_nudge, add_people
from tests.api.office import RITA, TOM, Office
from tests.samples import SteppingClock, later, uid

API = "/api/v1/statistics"
JULY = {"from": "2026-07-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"}


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_share_lies_in_its_interval_and_few_cases_have_none(one: int, other: int) -> None:
    part, whole = sorted((one, other))
    found = rate(part, whole)
    if whole < LEAST_FOR_RATE:
        assert found is None
        return
    assert found is not None
    assert 0 <= found.low <= found.share <= found.high <= 1
    for bound in (found.low, found.high):  # Wilson: the bounds are where the share lies Z standard errors away
        if 1e-9 < bound < 1 - 1e-9:
            error = math.sqrt(bound * (1 - bound) / whole)
            assert abs(found.share - bound) == pytest.approx(Z * error, rel=1e-6, abs=1e-9)


def test_the_interval_is_the_one_in_the_books() -> None:
    found = rate(81, 263)  # Newcombe 1998, table I: 0.2553 to 0.3662
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


async def test_few_are_counted_and_many_have_a_share(office: Office) -> None:
    await add_people(office)
    for number in range(60, 92):
        await add_nudge(office, number)
    async with office.caller() as rita, office.caller(TOM) as tom:
        for number in range(60, 89):
            body = {"version": 1, "reason": "price" if number % 2 else "area"}
            assert (await rita.post(f"/api/v1/briefings/{uid(number)}/dismiss", json=body)).status_code == 200
        few = (await rita.get(API, params=JULY)).json()
        assert (few["proposed"], few["approved"]) == (32, {"count": 0, "of": 29, "rate": None})
        assert few["dismissed"] == {"area": 15, "price": 14}
        await rita.post(f"/api/v1/briefings/{uid(90)}/approve", json={"version": 1})
        many = (await rita.get(API, params=JULY)).json()["approved"]
        assert (many["count"], many["of"], round(many["rate"]["share"], 4)) == (1, 30, 0.0333)
        assert 0 < many["rate"]["low"] < 1 / 30 < many["rate"]["high"] < 0.2
        assert (await tom.get(API, params=JULY)).json()["proposed"] == 0
        before = {"from": "2026-06-01T00:00:00Z", "to": "2026-07-01T12:00:00Z"}
        assert (await rita.get(API, params=before)).json()["proposed"] == 0, "the end is not included"


async def test_appointments_replies_and_what_was_withheld(office: Office) -> None:
    await add_people(office)
    async with office.store.tenant(RITA) as tx:
        await tx.messages.receive(samples.inbound(RITA, 7, BEN))
        meeting = samples.interaction(RITA, 1, BEN, kind=InteractionKind.MEETING)
        await tx.interactions.add([meeting, samples.interaction(RITA, 2, BEN, at=later(-3600 * 24))])
    async with office.caller() as rita:
        told = (await rita.get(API, params=JULY)).json()
    assert (told["texts_received"], told["appointments"], told["interactions"]) == (1, 1, {"meeting": 1})
    assert (told["texts_sent"], told["delivered"], told["clients_replied"]["of"]) == (
        0,
        {"count": 0, "of": 0, "rate": None},
        0,
    )


@pytest.mark.parametrize(
    "stretch",
    [
        {},
        {"from": "2026-07-01T00:00:00Z"},
        {"from": "2026-07-01T00:00:00", "to": "2026-08-01T00:00:00Z"},
        {"from": "2026-08-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"},
        {"from": "2020-08-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"},
        {"from": "0001-01-01T00:00:00+23:00", "to": "2026-08-01T00:00:00Z"},
        {"from": "9999-12-31T00:00:00Z", "to": "9999-12-31T23:59:59-23:00"},
        {"from": "9999-12-31T00:00:00Z", "to": "9999-12-30T00:00:00Z"},
        {"from": "yesterday", "to": "today"},
    ],
)
async def test_a_stretch_that_is_none_is_refused(office: Office, stretch: dict[str, str]) -> None:
    async with office.caller() as rita:
        assert (await rita.get(API, params=stretch)).status_code in (400, 422)


async def test_uplift_compares_those_who_were_shown_with_those_held_out(office: Office, clock: SteppingClock) -> None:
    await add_people(office)
    async with office.store.tenant(RITA) as tx:
        await tx.market_events.add([samples.market_event(RITA, 40)])
        await tx.exposures.add(
            [
                samples.exposure(RITA, 1, BEN, uid(40)),
                samples.exposure(RITA, 2, uid(11), uid(40), shown=False),
            ]
        )
        await tx.messages.receive(samples.inbound(RITA, 70, BEN, created_at=later(60)))
    clock.forward(86_400 * 29)
    async with office.caller() as rita, office.caller(TOM) as tom:
        shown = (await rita.get(f"{API}/uplift", params=JULY)).json()
        few = {"difference": None, "low": None, "high": None}
        assert shown["replied"] == {"shown": 1, "shown_did": 1, "held_out": 1, "held_out_did": 0, **few}
        assert shown["held_out_share"] == 0
        none = {"shown": 0, "shown_did": 0, "held_out": 0, "held_out_did": 0, **few}
        assert (await tom.get(f"{API}/uplift", params=JULY)).json()["replied"] == none
        wrong = await rita.get(f"{API}/uplift", params={"from": JULY["to"], "to": JULY["from"]})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "to")
        account = (await rita.get("/api/v1/users/me")).json()
        change = {"version": account["version"], "strategy": {"holdout": {"percent": 80}}}
        assert (await rita.patch("/api/v1/users/me", json=change)).status_code == 422
        change["strategy"] = {"holdout": {"percent": 10}}
        assert (await rita.patch("/api/v1/users/me", json=change)).status_code == 200
        assert (await rita.get(f"{API}/uplift", params=JULY)).json()["held_out_share"] == 0.1
