"""Texts over HTTP: lists, send now, take back, resolve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from nudge_core.errors import Conflict
from nudge_core.model.message import Delivery, MessageSource
from nudge_core.steps.send_now import TextByHand, send_now
from nudge_core.verticals import VERTICALS
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.api.test_conversations import pages
from tests.api.texts import ANA, BEN, MUTE, RANDOM, SIGNED, STRANGER, add_clients, hear, lose, queue
from tests.samples import OUR_NUMBER, THEIR_NUMBER, uid

API = "/api/v1/messages"


@pytest.fixture
async def desk(office: Office) -> Office:
    """An office with clients."""
    await add_clients(office)
    return office


def to_ben(**changes: object) -> Mapping[str, Any]:
    """Return a body that is accepted."""
    return {"client_id": str(BEN), "text": SIGNED} | changes


async def test_a_text_by_hand_is_queued_under_its_writer_s_own_yes(desk: Office) -> None:
    async with desk.caller(RITA) as rita:
        answer = await rita.post(API, json=to_ben())
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert (made["delivery"], made["status"], made["source"], made["message_class"]) == (
            "queued", "PENDING", "MANUAL", "marketing",
        )  # fmt: skip
        assert made["text"].startswith(SIGNED)
        assert "STOP" in made["text"]  # a first text says how to stop, and nobody had to think of it
        assert (await rita.get(f"{API}/{made['id']}")).json() == made
    async with desk.store.tenant(RITA) as tx:
        (text,) = await tx.messages.of_client(BEN, 5)
        (entry,) = await tx.audit.of_subject(text.id)
    assert (text.recipient, text.sender, text.source) == (THEIR_NUMBER, OUR_NUMBER, MessageSource.MANUAL)
    assert text.approval_id is not None
    assert (entry.action, entry.actor) == ("message.written", f"user:{RITA}")


async def test_a_name_is_filled_in_and_the_line_about_stopping_comes_once(desk: Office) -> None:
    async with desk.caller(RITA) as rita:
        first = (await rita.post(API, json=to_ben(text=f"Hi {{first_name}}. {SIGNED}"))).json()
        second = (await rita.post(API, json=to_ben(text="Shall I call you at noon?"))).json()
    assert first["text"].startswith("Hi Ben. ")
    assert second["text"] == "Shall I call you at noon?"


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"client_id": str(MUTE)}, "message.client_id", "no_phone"),
        ({"text": f"{SIGNED} Perfect for families without children."}, "message.content", "free of"),
        ({"text": f"{SIGNED} https://bit.ly/x"}, "message.content", "link_shortener"),
        ({"text": f"{SIGNED} {{budget}}"}, "draft.placeholders", "not understood"),
        ({"text": "See you on Sunday at the open house."}, "message.content", "sender_not_named"),
        ({"message_class": "reply"}, "message.message_class", "has not just written"),
    ],
)
async def test_words_and_people_that_are_refused(
    desk: Office, changes: Mapping[str, object], field: str, rule: str
) -> None:
    async with desk.caller(RITA) as rita:
        refused = await rita.post(API, json=to_ben(**changes))
        assert refused.status_code == 422, refused.text
        (error,) = refused.json()["errors"]
        assert error["field"] == field
        assert rule in error["rule"]
        assert await pages(rita, API) == []


@pytest.mark.parametrize("changes", [{"text": ""}, {"text": "x" * 1_601}, {"message_class": "service"}, {"topic": ""}])
async def test_what_cannot_be_a_text_by_hand_is_refused_before_anything_is_read(
    desk: Office, changes: Mapping[str, object]
) -> None:
    async with desk.caller(RITA) as rita:
        assert (await rita.post(API, json=to_ben(**changes))).status_code in (400, 422)
        assert await pages(rita, API) == []


async def test_who_asked_for_no_more_texts_gets_none(desk: Office) -> None:
    async with desk.store.tenant(RITA) as tx:
        await tx.suppressions.add(samples.suppression(RITA, 600))
    async with desk.caller(RITA) as rita:
        refused = await rita.post(API, json=to_ben())
        assert (refused.status_code, "revoked" in refused.text) == (422, True)


async def test_an_answer_to_who_has_just_written_needs_no_signature(desk: Office) -> None:
    await hear(desk.store, 70)
    desk.clock.forward(60)
    answer = {"text": "Yes, Sunday at two works.", "message_class": "reply"}
    async with desk.caller(RITA) as rita:
        made = await rita.post(API, json=to_ben(**answer))
        assert (made.status_code, made.json()["text"]) == (201, answer["text"])
        desk.clock.forward(25 * 3_600)
        assert (await rita.post(API, json=to_ben(**answer))).status_code == 422


async def test_the_same_id_is_one_text_and_another_client_s_id_is_refused(desk: Office) -> None:
    text = TextByHand(id=uid(700), client_id=BEN, content=SIGNED)
    vertical = VERTICALS["real_estate"]
    async with desk.store.tenant(RITA) as tx:
        first = await send_now(tx, text, "rita", vertical)
    async with desk.store.tenant(RITA) as tx:
        assert await send_now(tx, text, "rita", vertical) == first
        assert [one.id for one in await tx.messages.of_client(BEN, 9)] == [first.id]
        assert len(await tx.audit.of_subject(first.id)) == 1
    with pytest.raises(Conflict):
        async with desk.store.tenant(RITA) as tx:
            await send_now(tx, evolve(text, client_id=ANA), "rita", vertical)


async def test_a_queued_text_is_taken_back_and_stays_so(desk: Office) -> None:
    await queue(desk.store, 80)
    async with desk.caller(RITA) as rita:
        done = await rita.post(f"{API}/{uid(80)}/cancel")
        assert done.status_code == 200
        assert (done.json()["delivery"], done.json()["explanation"]) == (
            "cancelled", "You took it back before it went out.",
        )  # fmt: skip
        assert (await rita.post(f"{API}/{uid(80)}/cancel")).json() == done.json()
    async with desk.store.tenant(RITA) as tx:
        assert [one.action for one in await tx.audit.of_subject(uid(80))] == ["message.cancelled"]


async def test_what_is_on_its_way_or_came_in_is_not_taken_back(desk: Office) -> None:
    sent, heard = await queue(desk.store, 80), await hear(desk.store, 70)
    async with desk.store.system() as tx:
        assert len(await tx.sends.claim(5, 60.0)) == 1
    async with desk.caller(RITA) as rita:
        for message in (sent, heard):
            refused = await rita.post(f"{API}/{message}/cancel")
            assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")


async def test_a_person_decides_what_becomes_of_an_unconfirmed_text(desk: Office) -> None:
    lost = await lose(desk.store, 80)
    async with desk.caller(RITA) as rita:
        listed = (await rita.get(f"{API}/unconfirmed")).json()
        assert ([one["id"] for one in listed["items"]], listed["more"]) == ([str(lost)], False)
        assert "Decide" in listed["items"][0]["explanation"]
        done = await rita.post(f"{API}/{lost}/resolve", json={"send_again": True})
        assert done.status_code == 200, done.text
        closed, again = done.json()["closed"], done.json()["again"]
        assert (closed["delivery"], again["delivery"], again["text"]) == ("cancelled", "queued", closed["text"])
        assert (await rita.get(f"{API}/unconfirmed")).json() == {"items": [], "more": False}
        assert (await rita.post(f"{API}/{lost}/resolve", json={})).status_code == 409


async def test_closing_sends_nothing_unless_asked(desk: Office) -> None:
    lost = await lose(desk.store, 80)
    async with desk.caller(RITA) as rita:
        assert (await rita.post(f"{API}/{lost}/resolve", json={})).json()["again"] is None
        assert len(await pages(rita, API)) == 1


async def test_the_list_is_filtered_and_comes_in_pages(desk: Office) -> None:
    for number in (70, 71, 72):
        await hear(desk.store, number, seconds=number)
    await hear(desk.store, 73, 11, seconds=1)
    desk.clock.forward(100)
    await queue(desk.store, 80)
    async with desk.caller(RITA) as rita:
        for limit in (1, 2, 50):
            shown = [one["id"] for one in await pages(rita, API, limit=limit)]
            assert shown == [str(uid(number)) for number in (80, 72, 71, 70, 73)]
        inbound = await pages(rita, API, client_id=str(BEN), delivery=Delivery.RECEIVED.value, limit=2)
        assert [one["id"] for one in inbound] == [str(uid(number)) for number in (72, 71, 70)]
        assert (await rita.get(API, params={"delivery": "lost"})).status_code == 400


async def test_somebody_else_s_text_is_one_that_never_was(desk: Office) -> None:
    foreign = await queue(desk.store, 80, owner=TOM, client=13)
    async with desk.caller(RITA) as rita:
        calls: tuple[tuple[str, str, Any], ...] = (
            ("GET", "", None),
            ("POST", "/cancel", None),
            ("POST", "/resolve", {}),
        )
        for verb, rest, body in calls:
            told = await rita.request(verb, f"{API}/{foreign}{rest}", json=body)
            random = await rita.request(verb, f"{API}/{RANDOM}{rest}", json=body)
            assert (told.status_code, told.content) == (random.status_code, random.content)
            assert told.status_code == 404
        told, random = [await rita.post(API, json=to_ben(client_id=str(one))) for one in (STRANGER, RANDOM)]
        assert (told.status_code, told.content) == (404, random.content)
        assert await pages(rita, API, client_id=str(STRANGER)) == []
    async with desk.store.tenant(TOM) as tx:
        assert (await tx.messages.get(foreign)).delivery is Delivery.QUEUED


async def test_who_may_only_read_sends_nothing(desk: Office) -> None:
    await queue(desk.store, 80)
    async with desk.caller(RITA, Scope.MESSAGES_READ) as reader:
        assert (await reader.get(API)).status_code == 200
        for path, body in (("", to_ben()), (f"/{uid(80)}/cancel", None), (f"/{uid(80)}/resolve", {})):
            assert (await reader.post(f"{API}{path}", json=body)).status_code == 403
