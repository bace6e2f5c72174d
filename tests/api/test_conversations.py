"""Conversations over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from nudge_entrypoints.http.identity import Scope
from tests.api.office import RITA, TOM, Office
from tests.api.texts import ANA, BEN, RANDOM, STRANGER, add_clients, hear, queue
from tests.samples import uid

API = "/api/v1/conversations"


@pytest.fixture
async def talk(office: Office) -> Office:
    """Ben wrote three times, Ana once in between, Rita answered Ana last."""
    await add_clients(office)
    for number, client in ((70, 10), (71, 11), (72, 10), (73, 10)):
        await hear(office.store, number, client, seconds=number)
    office.clock.forward(100)
    await queue(office.store, 80, client=11, content="See you on Sunday", recipient="+15125550188")
    return office


async def pages(caller: Any, path: str, **parameters: object) -> list[Any]:
    """Return the items of all pages of a list."""
    found, cursor = [], None
    while True:
        asked = {**parameters, **({} if cursor is None else {"cursor": cursor})}
        answer = await caller.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


async def test_one_line_per_client_the_newest_text_first(talk: Office) -> None:
    async with talk.caller(RITA) as rita:
        for limit in (1, 2, 50):
            ana, ben = await pages(rita, API, limit=limit)
            assert (ana["client_id"], ana["client_name"], ana["last_text"]) == (
                str(ANA), "Ana Silva", "See you on Sunday",
            )  # fmt: skip
            assert (ana["last_direction"], ana["last_status"], ana["unread"]) == ("OUTBOUND", "PENDING", 1)
            assert (ben["client_id"], ben["last_message_id"], ben["unread"]) == (str(BEN), str(uid(73)), 3)


async def test_reading_marks_nothing_and_marking_is_for_one_client(talk: Office) -> None:
    async with talk.caller(RITA) as rita:
        await rita.get(f"{API}/{BEN}/messages")
        assert len(await pages(rita, API, unread_only=True)) == 2
        marked = await rita.post(f"{API}/{BEN}/read")
        assert (marked.status_code, marked.json()) == (200, {"marked": 3})
        assert (await rita.post(f"{API}/{BEN}/read")).json() == {"marked": 0}
        (left,) = await pages(rita, API, unread_only=True, limit=1)
        assert left["client_id"] == str(ANA)


async def test_a_conversation_s_texts_come_in_pages_newest_first(talk: Office) -> None:
    async with talk.caller(RITA) as rita:
        for limit in (1, 2, 50):
            shown = await pages(rita, f"{API}/{BEN}/messages", limit=limit)
            assert [one["id"] for one in shown] == [str(uid(number)) for number in (73, 72, 70)]


async def test_a_cursor_is_of_one_list(talk: Office) -> None:
    async with talk.caller(RITA) as rita:
        cursor = (await rita.get(API, params={"limit": 1})).json()["next_cursor"]
        for path, more in ((API, {"unread_only": "true"}), (f"{API}/{BEN}/messages", {})):
            refused = await rita.get(path, params={"cursor": cursor, **more})
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "cursor")
        assert (await rita.get(API, params={"limit": 0})).status_code == 422


async def test_somebody_else_s_client_is_one_that_never_was(talk: Office) -> None:
    await hear(talk.store, 90, 13, owner=TOM)
    async with talk.caller(RITA) as rita, talk.caller(TOM) as tom:
        assert [one["client_id"] for one in await pages(tom, API)] == [str(STRANGER)]
        for verb, rest in (("GET", "messages"), ("POST", "read")):
            foreign = await rita.request(verb, f"{API}/{STRANGER}/{rest}")
            random = await rita.request(verb, f"{API}/{RANDOM}/{rest}")
            assert (foreign.status_code, foreign.content) == (random.status_code, random.content)
            assert foreign.status_code == 404
        assert (await pages(tom, API))[0]["unread"] == 1


async def test_who_may_only_read_marks_nothing(talk: Office) -> None:
    async with talk.caller(RITA, Scope.MESSAGES_READ) as reader, talk.caller(RITA, Scope.CLIENTS_READ) as other:
        assert (await reader.get(API)).status_code == 200
        assert (await reader.post(f"{API}/{BEN}/read")).status_code == 403
        assert (await other.get(API)).status_code == 403
