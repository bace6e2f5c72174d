"""Briefings over HTTP: the queue, lists, decisions."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from nudge_adapters.sql.store import SqlStore
from nudge_core.model.briefing import BriefingStatus, Decision
from nudge_core.model.message import Delivery
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.desk import ANA, BEN, WORDS, actions_of, add_nudge, add_people
from tests.api.office import RITA, TOM, Office
from tests.samples import later, uid

API = "/api/v1/briefings"
ACTOR = f"user:{RITA}"


@pytest.fixture
async def desk(office: Office) -> Office:
    """Rita's clients."""
    await add_people(office)
    return office


async def test_the_queue_is_best_first_with_all_that_is_needed_to_decide(desk: Office) -> None:
    await add_nudge(desk, 60, samples.member(BEN, 40))
    await add_nudge(desk, 61, samples.member(BEN, 90), samples.member(ANA, 95, included=False, decision=Decision.ASK))
    await add_nudge(desk, 62, snoozed_until=later(60))
    async with desk.caller() as rita, desk.caller(TOM) as tom:
        first, second = (await rita.get(f"{API}/queue")).json()["items"]
        assert (await tom.get(f"{API}/queue")).json() == {"items": []}
    assert (first["id"], second["id"]) == (str(uid(61)), str(uid(60)))
    assert first["headline"] == "Price drop on Timber St"
    ben, ana = first["audience"]
    assert (ben["name"], ben["included"], ana["name"], ana["included"]) == ("Ben Ortiz", True, "Ana Lima", False)
    assert ben["reasons"][0]["text"] == "within the budget"
    assert ben["preview"]["text"].startswith("Hi Ben, the home on Timber St")
    assert ben["preview"]["text"].endswith("Reply STOP to opt out.")  # nobody has told Ben yet
    assert (ben["preview"]["segments"], ben["preview"]["encoding"], ben["preview"]["findings"]) == (1, "GSM-7", [])


async def test_the_queue_says_beforehand_what_would_refuse_an_approval(desk: Office) -> None:
    await add_nudge(desk, 60, original_draft="Hi {first_name}, no kids please.")
    async with desk.caller() as rita:
        (shown,) = (await rita.get(f"{API}/queue")).json()["items"]
        assert [one["severity"] for one in shown["findings"]] == ["block"]
        assert [one["rule"] for one in shown["audience"][0]["preview"]["findings"]] == ["sender_not_named"]
        refused = await rita.post(f"{API}/{uid(60)}/approve", json={"version": 1})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "briefing.draft")


async def statements(office: Office, path: str) -> int:
    """Return how many statements a request costs the database."""
    assert isinstance(office.store, SqlStore)
    engine, counted = office.store._engine.sync_engine, 0

    def count(*_given: Any) -> None:
        nonlocal counted
        counted += 1

    event.listen(engine, "before_cursor_execute", count)
    try:
        async with office.caller() as rita:
            assert (await rita.get(path)).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return counted


async def test_a_list_costs_as_many_statements_for_twelve_as_for_two(desk: Office) -> None:
    if not isinstance(desk.store, SqlStore):
        pytest.skip("memory runs no statements")
    paths = [f"{API}/queue", API, f"{API}/{uid(60)}", "/api/v1/plans", "/api/v1/negative-preferences", "/api/v1/audit"]
    for number in (60, 61):
        await add_nudge(desk, number, samples.member(BEN, 50), samples.member(ANA, 60))
    few = [await statements(desk, path) for path in paths]
    for number in range(62, 72):
        await add_nudge(desk, number, samples.member(BEN, 50), samples.member(ANA, 60))
    assert [await statements(desk, path) for path in paths] == few
    assert max(few) <= 8


async def test_lists_filter_page_and_refuse_another_list_s_cursor(desk: Office) -> None:
    for number in (60, 61, 62):
        await add_nudge(desk, number, samples.member(BEN, float(number)), created_at=later(number))
    await add_nudge(desk, 63, samples.member(ANA, 10), status=BriefingStatus.ACTIVE, campaign_type="new_listing")
    async with desk.caller() as rita:

        async def ids(**query: Any) -> list[int]:
            got = await rita.get(API, params=query)
            assert got.status_code == 200, got.text
            return [int(one["id"].rpartition("-")[2], 16) for one in got.json()["items"]]

        assert await ids() == [62, 61, 60, 63]
        assert await ids(order="best", status="DRAFT") == [62, 61, 60]
        assert await ids(campaign_type="new_listing") == await ids(client_id=str(ANA)) == [63]
        assert await ids(event_kind="price_drop") == []
        assert await ids(snoozed="true") == []
        for odd in ({"campaign_type": "\x00"}, {"event_kind": "x" * 61}, {"limit": 0}, {"limit": 201}, {"cursor": "?"}):
            assert (await rita.get(API, params=odd)).status_code == 422, odd
        first = (await rita.get(API, params={"limit": 3})).json()
        assert await ids(limit=3, cursor=first["next_cursor"]) == [63]
        other = await rita.get(API, params={"limit": 3, "cursor": first["next_cursor"], "order": "best"})
        assert other.status_code == 422
        mine = (await rita.get(f"/api/v1/clients/{ANA}/briefings")).json()
        assert [one["id"] for one in mine["items"]] == [str(uid(63))]


async def test_a_draft_is_changed_and_the_edit_taken_back(desk: Office) -> None:
    await add_nudge(desk, 60)
    async with desk.caller() as rita:
        changed = (await rita.patch(f"{API}/{uid(60)}", json={"version": 1, "draft": "Hi {first_name}! Rita"})).json()
        assert (changed["draft"], changed["is_edited"], changed["version"]) == ("Hi {first_name}! Rita", True, 2)
        stale = await rita.patch(f"{API}/{uid(60)}", json={"version": 1, "draft": "Hi"})
        assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
        wrong = await rita.patch(f"{API}/{uid(60)}", json={"version": 2, "draft": "Hi {nobody}"})
        assert wrong.status_code == 422
        back = (await rita.patch(f"{API}/{uid(60)}", json={"version": 2, "draft": None})).json()
        assert (back["draft"], back["is_edited"], back["version"]) == (WORDS, False, 3)
    assert await actions_of(desk, uid(60)) == [("briefing.edited", ACTOR)] * 2


async def test_the_audience_is_chosen_within_what_was_matched(desk: Office) -> None:
    await add_nudge(desk, 60, samples.member(BEN, 40), samples.member(ANA, 90))
    async with desk.caller() as rita:
        path = f"{API}/{uid(60)}/audience"
        chosen = (await rita.put(path, json={"version": 1, "client_ids": [str(ANA)]})).json()
        assert [one["included"] for one in chosen["audience"]] == [False, True]
        for stranger in (uid(20), uid(99)):
            refused = await rita.put(path, json={"version": 2, "client_ids": [str(stranger)]})
            assert refused.status_code == 422


async def test_approved_is_queued_once_and_the_outcome_says_what_became_of_it(desk: Office) -> None:
    await add_nudge(desk, 60, samples.member(BEN, 40), samples.member(ANA, 90, included=False))
    async with desk.caller() as rita:
        done = await rita.post(f"{API}/{uid(60)}/approve", json={"version": 1})
        assert (done.status_code, done.json()["status"]) == (200, "ACTIVE")
        again = await rita.post(f"{API}/{uid(60)}/approve", json={"version": 2})
        assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
        (message_id,) = done.json()["message_ids"]
        async with desk.store.tenant(RITA) as tx:
            (text,) = await tx.messages.of_briefing(uid(60))
            assert str(text.id) == message_id
            await tx.messages.withdraw(recipient=None, briefing_id=uid(60), to=Delivery.WITHHELD, reason="no_consent")
        told = (await rita.get(f"{API}/{uid(60)}/outcome")).json()
        decided = (await rita.get(f"{API}/{uid(60)}")).json()
        assert [member["preview"] for member in decided["audience"]] == [None, None]
    ben, ana = told["fates"]
    assert (ben["name"], ben["delivery"], ben["reason"]) == ("Ben Ortiz", "withheld", "no_consent")
    assert "consent" in ben["explanation"]
    assert (ana["delivery"], ana["reason"]) == (None, "not_chosen")
    assert await actions_of(desk, uid(60)) == [("briefing.approved", ACTOR)]


async def test_of_a_batch_each_stands_alone_and_foreign_answers_like_missing(desk: Office) -> None:
    await add_nudge(desk, 60)
    await add_nudge(desk, 61)
    await add_nudge(desk, 62, original_draft="Hi {first_name}, no kids please. Rita")
    async with desk.store.tenant(TOM) as tx:
        await tx.briefings.add(samples.briefing(TOM, 70, matched_audience=(samples.member(uid(20)),)))
    wanted = [(62, 1), (70, 1), (99, 1), (61, 9), (60, 1)]
    async with desk.caller() as rita:
        body = {"items": [{"id": str(uid(number)), "version": version} for number, version in wanted]}
        got = await rita.post(f"{API}/approve", json=body)
        assert got.status_code == 200, got.text
        lines = got.json()["items"]
        assert (await rita.post(f"{API}/approve", json={"items": []})).status_code in (400, 422)
    assert [line["id"] for line in lines] == [str(uid(number)) for number, _ in wanted]
    assert [line["problem"] and line["problem"]["status"] for line in lines] == [422, 404, 404, 409, None]
    assert lines[1]["problem"] == lines[2]["problem"]
    assert lines[4]["approved"]["status"] == "ACTIVE"
    async with desk.store.tenant(RITA) as tx:
        assert (await tx.briefings.get(uid(61))).status is BriefingStatus.DRAFT
        assert len(await tx.messages.of_client(BEN, 10)) == 1
    async with desk.store.tenant(TOM) as tx:
        assert (await tx.briefings.get(uid(70))).status is BriefingStatus.DRAFT


async def test_snoozed_until_its_time_and_shown_again_at_once(desk: Office) -> None:
    await add_nudge(desk, 60)
    path = f"{API}/{uid(60)}/snooze"
    async with desk.caller() as rita:
        hidden = await rita.post(path, json={"version": 1, "until": "2026-07-02T08:00:00-05:00"})
        assert hidden.json()["snoozed_until"] == "2026-07-02T13:00:00Z"
        assert (await rita.get(f"{API}/queue")).json() == {"items": []}
        for until in ("2026-06-01T00:00:00Z", "2026-07-02T08:00:00"):
            assert (await rita.post(path, json={"version": 2, "until": until})).status_code == 422
        assert (await rita.post(path, json={"version": 2, "until": None})).json()["snoozed_until"] is None
        assert len((await rita.get(f"{API}/queue")).json()["items"]) == 1


async def test_reasons_of_one_person_with_the_facts_that_were_compared(desk: Office) -> None:
    await add_nudge(desk, 60)
    async with desk.caller() as rita:
        why = (await rita.get(f"{API}/{uid(60)}/reasons", params={"client_id": str(BEN)})).json()
        nobody = await rita.get(f"{API}/{uid(60)}/reasons", params={"client_id": str(ANA)})
    assert why["reasons"] == [
        {
            "constraint": "price",
            "outcome": "met",
            "strength": "hard",
            "wanted": "at most $500,000",
            "actual": "$450,000",
            "text": "within the budget",
        }
    ]
    assert nobody.status_code == 404


READS = ("/{id}", "/{id}/outcome", "/{id}/reasons?client_id=00000000-0000-0000-0000-00000000000a")
WRITES: dict[str, dict[str, object]] = {
    "/{id}/approve": {"version": 1},
    "/{id}/dismiss": {"version": 1, "reason": "price"},
    "/{id}/snooze": {"version": 1, "until": "2026-07-02T08:00:00Z"},
}


async def test_somebody_else_s_briefing_answers_in_bytes_like_none_and_stays_as_it_was(desk: Office) -> None:
    theirs = samples.briefing(TOM, 70, matched_audience=(samples.member(uid(20)),))
    async with desk.store.tenant(TOM) as tx:
        await tx.briefings.add(theirs)
    async with desk.caller() as rita:
        for path in READS:
            foreign, missing = [await rita.get(API + path.replace("{id}", str(uid(n)))) for n in (70, 99)]
            assert (foreign.status_code, foreign.content) == (404, missing.content), path
        for path, body in WRITES.items():
            foreign, missing = [await rita.post(API + path.replace("{id}", str(uid(n))), json=body) for n in (70, 99)]
            assert (foreign.status_code, foreign.content) == (404, missing.content), path
        for method, path, body in (
            ("PATCH", "", {"version": 1, "draft": "Hi"}),
            ("PUT", "/audience", {"version": 1, "client_ids": []}),
        ):
            foreign, missing = [await rita.request(method, f"{API}/{uid(n)}{path}", json=body) for n in (70, 99)]
            assert (foreign.status_code, foreign.content) == (404, missing.content), path
        clients = [await rita.get(f"/api/v1/clients/{uid(n)}/briefings") for n in (20, 99)]
        assert (clients[0].status_code, clients[0].content) == (404, clients[1].content)
    async with desk.store.tenant(TOM) as tx:
        assert await tx.briefings.get(uid(70)) == theirs


async def test_a_key_that_reads_does_not_decide_and_one_that_decides_does_not_send(desk: Office) -> None:
    await add_nudge(desk, 60)
    async with desk.caller(RITA, Scope.NUDGES_READ) as reader, desk.caller(RITA, Scope.NUDGES_WRITE) as decider:
        assert (await reader.get(f"{API}/queue")).status_code == 200
        for path, body in WRITES.items():
            assert (await reader.post(API + path.replace("{id}", str(uid(60))), json=body)).status_code == 403
        assert (await decider.post(f"{API}/{uid(60)}/approve", json={"version": 1})).status_code == 403
        assert (await decider.post(f"{API}/approve", json={"items": []})).status_code == 403
        assert (await decider.get(f"{API}/queue")).status_code == 403


async def test_a_text_that_was_withheld_told_nobody_how_to_stop(desk: Office) -> None:
    await add_nudge(desk, 60)
    await add_nudge(desk, 61)
    async with desk.caller() as rita:
        await rita.post(f"{API}/{uid(60)}/approve", json={"version": 1})
        (shown,) = (await rita.get(f"{API}/queue")).json()["items"]
        assert "STOP" not in shown["audience"][0]["preview"]["text"]  # the queued one says it
        async with desk.store.tenant(RITA) as tx:
            await tx.messages.withdraw(recipient=None, briefing_id=uid(60), to=Delivery.WITHHELD, reason="no_consent")
        (shown,) = (await rita.get(f"{API}/queue")).json()["items"]
        assert "STOP" in shown["audience"][0]["preview"]["text"]
