"""What happened outside our texts, over HTTP."""

from __future__ import annotations

import pytest

from nudge_core.model.message import Delivery
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.api.test_conversations import pages
from tests.api.texts import BEN, MUTE, RANDOM, STRANGER, add_clients, queue
from tests.samples import THEIR_NUMBER, later, uid


def of(client_id: object) -> str:
    """Return the path of one client's records."""
    return f"/api/v1/clients/{client_id}/interactions"


@pytest.fixture
async def desk(office: Office) -> Office:
    """An office with clients."""
    await add_clients(office)
    return office


async def test_a_call_is_recorded_and_counts_as_contact(desk: Office) -> None:
    async with desk.caller(RITA) as rita:
        answer = await rita.post(
            of(BEN), json={"kind": "call", "at": "2026-07-01T13:00:00+02:00", "note": "Likes oaks"}
        )
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert (made["withdrawn"], made["paused"], made["hardship"]) == (0, 0, None)
        (shown,) = await pages(rita, of(BEN))
        assert shown == made["interaction"]
        assert (shown["at"], shown["recorded_by"]) == ("2026-07-01T11:00:00Z", f"user:{RITA}")
    async with desk.store.tenant(RITA) as tx:
        assert (await tx.clients.get(BEN)).last_interaction == later(-3_600)


async def test_told_to_stop_silences_at_once(desk: Office) -> None:
    text = await queue(desk.store, 80)
    async with desk.caller(RITA) as rita:
        done = await rita.post(of(BEN), json={"kind": "told_to_stop"})
        assert (done.status_code, done.json()["withdrawn"]) == (201, 1)
    async with desk.store.tenant(RITA) as tx:
        assert (await tx.messages.get(text)).delivery is Delivery.WITHHELD
        assert await tx.suppressions.active(THEIR_NUMBER)


async def test_a_note_of_grief_is_understood(desk: Office) -> None:
    async with desk.caller(RITA) as rita:
        done = await rita.post(of(BEN), json={"kind": "note", "note": "His mother passed away last week"})
        assert done.json()["hardship"] == "death"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "call", "at": "2026-07-01T12:00:01Z"}, 422),
        ({"kind": "call", "at": "2026-07-01T11:00:00"}, 422),
        ({"kind": "telepathy"}, 400),
        ({"kind": "note", "note": "x" * 2_001}, 400),
        ({}, 400),
    ],
)
async def test_what_cannot_be_recorded_is_refused(desk: Office, body: dict[str, object], status: int) -> None:
    async with desk.caller(RITA) as rita:
        refused = await rita.post(of(BEN), json=body)
        assert refused.status_code == status, refused.text
        assert await pages(rita, of(BEN)) == []


async def test_who_cannot_be_silenced_leaves_no_record(desk: Office) -> None:
    async with desk.caller(RITA) as rita:
        assert (await rita.post(of(MUTE), json={"kind": "told_to_stop"})).status_code == 422
        assert await pages(rita, of(MUTE)) == []


async def test_records_come_in_pages_the_latest_first(desk: Office) -> None:
    async with desk.store.tenant(RITA) as tx:
        await tx.interactions.add(
            [samples.interaction(RITA, 90 + n, BEN, at=later(-when)) for n, when in enumerate((9, 5, 5, 1))]
        )
    async with desk.caller(RITA) as rita:
        for limit in (1, 2, 50):
            shown = await pages(rita, of(BEN), limit=limit)
            assert [one["id"] for one in shown] == [str(uid(number)) for number in (93, 92, 91, 90)]


async def test_somebody_else_s_client_is_one_that_never_was(desk: Office) -> None:
    async with desk.caller(RITA) as rita, desk.caller(TOM) as tom:
        for verb, body in (("GET", None), ("POST", {"kind": "call"})):
            foreign = await rita.request(verb, of(STRANGER), json=body)
            random = await rita.request(verb, of(RANDOM), json=body)
            assert (foreign.status_code, foreign.content) == (404, random.content)
        assert await pages(tom, of(STRANGER)) == []


async def test_who_may_only_read_records_nothing(desk: Office) -> None:
    async with desk.caller(RITA, Scope.CLIENTS_READ) as reader:
        assert (await reader.get(of(BEN))).status_code == 200
        assert (await reader.post(of(BEN), json={"kind": "call"})).status_code == 403
