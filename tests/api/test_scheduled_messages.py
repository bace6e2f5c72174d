"""Planned texts over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from nudge_core.model.message import ScheduledStatus
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.api.test_conversations import pages
from tests.api.texts import ANA, BEN, MUTE, RANDOM, STRANGER, add_clients
from tests.samples import later, uid

API = "/api/v1/scheduled-messages"


@pytest.fixture
async def desk(office: Office) -> Office:
    """An office with clients; it is Wednesday, 1 July 2026, 7:00 in Texas."""
    await add_clients(office)
    return office


def wish(**changes: object) -> Mapping[str, Any]:
    """Return a body that is accepted."""
    return {
        "client_id": str(BEN),
        "text": "How do you like the new home?",
        "day": "2026-07-07",
        "at": "14:30:00",
    } | changes


async def test_a_text_is_planned_on_the_recipient_s_clock(desk: Office) -> None:
    async with desk.caller(RITA) as rita:
        answer = await rita.post(API, json=wish())
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert (made["status"], made["local_at"], made["scheduled_at"]) == (
            "PENDING", "2026-07-07T14:30:00", "2026-07-07T19:30:00Z",
        )  # fmt: skip
        assert (made["timezone"], made["version"], made["is_approved"]) == ("America/Chicago", 1, True)
        assert (await rita.get(f"{API}/{made['id']}")).json() == made
    async with desk.store.tenant(RITA) as tx:
        (planned,) = await tx.scheduled.of_client(BEN)
    assert (planned.approved_by, planned.automatic) == (f"user:{RITA}", False)


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"at": "03:00:00"}, 422, "schedule.at"),
        ({"day": "2026-06-30"}, 422, "schedule.at"),
        ({"client_id": str(MUTE)}, 422, "schedule.client_id"),
        ({"repeat": {"rule": "FREQ=SECONDLY"}}, 422, "rrule.FREQ"),
        ({"not_after": "2026-07-07T19:00:00Z"}, 422, "schedule.not_after"),
        ({"not_after": "2026-07-08T19:00:00"}, 422, "not_after"),
        ({"at": "14:30:00+02:00"}, 400, None),
        ({"timezone": "Mars/Olympus"}, 400, None),
        ({"message_class": "service"}, 400, None),
        ({"text": ""}, 400, None),
        ({"day": "tomorrow"}, 400, None),
    ],
)
async def test_what_cannot_be_planned_is_refused(
    desk: Office, changes: Mapping[str, object], status: int, field: str | None
) -> None:
    async with desk.caller(RITA) as rita:
        refused = await rita.post(API, json=wish(**changes))
        assert refused.status_code == status, refused.text
        if field is not None:
            assert refused.json()["errors"][0]["field"] == field
        assert await pages(rita, API) == []


async def test_of_several_each_is_planned_by_itself(desk: Office) -> None:
    texts = [
        wish(),
        wish(at="03:00:00"),
        wish(client_id=str(STRANGER)),
        wish(client_id=str(RANDOM)),
        wish(day="2026-07-08"),
    ]
    async with desk.caller(RITA) as rita:
        answer = await rita.post(f"{API}/bulk", json={"texts": texts})
        assert answer.status_code == 200, answer.text
        items = answer.json()["items"]
        assert [item["code"] for item in items] == [None, "invalid", "not_found", "not_found", None]
        assert (items[1]["error"]["field"], items[1]["scheduled"]) == ("schedule.at", None)
        assert items[2] == items[3]
        listed = await pages(rita, API)
        assert listed == [items[0]["scheduled"], items[4]["scheduled"]]
        assert (await rita.post(f"{API}/bulk", json={"texts": []})).status_code in (400, 422)
        assert (await rita.post(f"{API}/bulk", json={"texts": [wish()] * 101})).status_code in (400, 422)


async def test_a_change_names_the_version_it_saw(desk: Office) -> None:
    async with desk.caller(RITA) as rita:
        made = (await rita.post(API, json=wish())).json()
        path = f"{API}/{made['id']}"
        changed = await rita.patch(path, json={"version": 1, "at": "15:00:00", "text": "Other words?"})
        assert changed.status_code == 200, changed.text
        assert (changed.json()["version"], changed.json()["text"], changed.json()["local_at"]) == (
            2, "Other words?", "2026-07-07T15:00:00",
        )  # fmt: skip
        stale = await rita.patch(path, json={"version": 1, "at": "16:00:00"})
        assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
        assert (await rita.patch(path, json={"at": "16:00:00"})).status_code == 400
        assert (await rita.patch(path, json={"version": 2, "at": "03:00:00"})).status_code == 422
        assert (await rita.get(path)).json() == changed.json()


async def test_cancelling_one_goes_on_with_its_series_and_cancelling_all_does_not(desk: Office) -> None:
    async with desk.caller(RITA) as rita:
        first = (await rita.post(API, json=wish(repeat={"rule": "FREQ=WEEKLY"}))).json()
        assert (first["is_recurring"], first["occurrence"]) == (True, 1)
        stale = await rita.post(f"{API}/{first['id']}/cancel", json={"version": 9})
        assert stale.status_code == 409
        done = await rita.post(f"{API}/{first['id']}/cancel", json={"version": 1})
        assert (done.status_code, done.json()["status"], done.json()["explanation"]) == (
            200, "CANCELLED", "You took it back before it went out.",
        )  # fmt: skip
        (second,) = await pages(rita, API, status=ScheduledStatus.PENDING.value)
        assert (second["occurrence"], second["series_id"]) == (2, first["series_id"])
        body = {"version": second["version"], "whole_series": True}
        assert (await rita.post(f"{API}/{second['id']}/cancel", json=body)).status_code == 200
        assert await pages(rita, API, status=ScheduledStatus.PENDING.value) == []
        ended = await rita.patch(f"{API}/{second['id']}", json={"version": second["version"] + 1, "at": "15:00:00"})
        assert (ended.status_code, ended.json()["code"]) == (409, "illegal_transition")


async def test_the_list_is_filtered_and_comes_in_pages(desk: Office) -> None:
    async with desk.store.tenant(RITA) as tx:
        await tx.scheduled.add(
            [samples.scheduled(RITA, 90 + n, BEN, scheduled_at_utc=later(when)) for n, when in enumerate((50, 20, 20))]
        )
        await tx.scheduled.add([samples.scheduled(RITA, 95, ANA, scheduled_at_utc=later(30))])
    async with desk.caller(RITA) as rita:
        for limit in (1, 2, 50):
            assert [one["id"] for one in await pages(rita, API, limit=limit)] == [str(uid(n)) for n in (91, 92, 95, 90)]
            of_ben = await pages(rita, API, limit=limit, client_id=str(BEN), status="PENDING")
            assert [one["id"] for one in of_ben] == [str(uid(n)) for n in (91, 92, 90)]


async def test_somebody_else_s_planned_text_is_one_that_never_was(desk: Office) -> None:
    async with desk.store.tenant(TOM) as tx:
        await tx.scheduled.add([samples.scheduled(TOM, 90, STRANGER)])
    calls: tuple[tuple[str, str, Any], ...] = (
        ("GET", "", None), ("PATCH", "", {"version": 1, "text": "x"}), ("POST", "/cancel", {"version": 1}),
    )  # fmt: skip
    async with desk.caller(RITA) as rita:
        for verb, rest, body in calls:
            foreign = await rita.request(verb, f"{API}/{uid(90)}{rest}", json=body)
            random = await rita.request(verb, f"{API}/{RANDOM}{rest}", json=body)
            assert (foreign.status_code, foreign.content) == (404, random.content)
        foreign, random = [await rita.post(API, json=wish(client_id=str(one))) for one in (STRANGER, RANDOM)]
        assert (foreign.status_code, foreign.content) == (404, random.content)
        foreign, random = [await rita.post(API, json=wish(plan_id=str(one))) for one in (STRANGER, RANDOM)]
        assert (foreign.status_code, foreign.content) == (404, random.content)
        assert await pages(rita, API, client_id=str(STRANGER)) == []


async def test_who_may_only_read_plans_nothing(desk: Office) -> None:
    async with desk.caller(RITA, Scope.MESSAGES_READ) as reader:
        assert (await reader.get(API)).status_code == 200
        assert (await reader.post(API, json=wish())).status_code == 403
        assert (await reader.post(f"{API}/bulk", json={"texts": [wish()]})).status_code == 403
