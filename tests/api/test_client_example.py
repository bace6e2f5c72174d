"""The thin client of `examples/` against a served application.

The routes it calls stand here in small: what is tried is the client, over a real socket, on failures as they happen.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar
from uuid import UUID

import pytest
from attrs import frozen
from examples.nudge_client import Briefing, Event, NudgeClient, ProblemError, events_of
from litestar import Controller, Request, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import ServerSentEvent, ServerSentEventMessage

from nudge_adapters.memory import MemoryStore
from nudge_core.errors import Conflict, Invalid, Unavailable
from nudge_entrypoints.http.idempotency import IDEMPOTENT, idempotency_id_of
from nudge_entrypoints.http.identity import PUBLIC, SCOPE, Scope
from nudge_entrypoints.http.serving import serve
from tests.api.office import RITA, open_office
from tests.samples import CountingIds, SteppingClock, uid

PATIENCE_S = 60.0

pytestmark = pytest.mark.enable_socket


@frozen(kw_only=True)
class Phone:
    """Whose code."""

    phone: str
    code: str = ""


@frozen(kw_only=True)
class Token:
    """What a refresh gives."""

    refresh_token: str


@frozen(kw_only=True)
class Seen:
    """What was shown."""

    version: int


class Front(Controller):
    """The routes that the client knows."""

    path = "/"
    fails: ClassVar[list[Exception]] = []
    done: ClassVar[list[UUID]] = []
    asked_after: ClassVar[list[str]] = []

    @post("/sign-in/codes", opt={PUBLIC: True})
    async def send_code(self, data: JSONBody[Phone]) -> dict[str, int]:
        """Send."""
        if not data.phone.startswith("+"):
            raise Invalid("phone", "E.164", data.phone)
        return {}

    @post("/sign-in", opt={PUBLIC: True}, status_code=200)
    async def sign_in(self, data: JSONBody[Phone]) -> dict[str, str]:
        """Give tokens, the first of which has run out."""
        return {"access_token": "run-out", "refresh_token": data.code}

    @post("/sign-in/refresh", opt={PUBLIC: True}, status_code=200)
    async def refresh(self, data: JSONBody[Token]) -> dict[str, str]:
        """Give a good token."""
        return {"access_token": str(RITA), "refresh_token": "next"}

    @get("/briefings/queue", opt={SCOPE: Scope.NUDGES_READ})
    async def queue(self) -> dict[str, Any]:
        """Show one."""
        return {"items": [{"id": str(uid(5)), "version": 3, "headline": "A home", "draft": "Hi", "more": 1}]}

    @post("/briefings/{briefing_id:uuid}/approve", opt={SCOPE: Scope.MESSAGES_SEND, IDEMPOTENT: True}, status_code=200)
    async def approve(
        self, request: Request[Any, Any, Any], briefing_id: FromPath[UUID], data: JSONBody[Seen]
    ) -> dict[str, Any]:
        """Fail as often as asked, then do it."""
        if self.fails:
            raise self.fails.pop()
        self.done.append(idempotency_id_of(request))
        return {"message_ids": [str(briefing_id)]}

    @get("/events", opt={SCOPE: Scope.MESSAGES_READ})
    async def events(self, request: Request[Any, Any, Any]) -> ServerSentEvent:
        """Say two things, and break off."""
        after = request.headers.get("last-event-id", "0")
        self.asked_after.append(after)

        async def said() -> AsyncIterator[ServerSentEventMessage]:
            for number in (1, 2):
                yield ServerSentEventMessage(data=f"{number}\nmore", id=str(int(after) + number), event="message.new")

        return ServerSentEvent(said())


@pytest.fixture
async def origin(clock: SteppingClock) -> AsyncIterator[str]:
    """A served application."""
    office = await open_office(MemoryStore(clock, CountingIds(1)), clock, controllers=[Front])
    up: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    Front.fails, Front.done, Front.asked_after = [], [], []
    running = asyncio.create_task(serve(office.app, 0, stop, up.set_result))
    try:
        yield await up
    finally:
        stop.set()
        await asyncio.wait_for(running, PATIENCE_S)


async def test_a_morning_through_the_client(origin: str) -> None:
    def morning() -> None:
        waited: list[float] = []
        client = NudgeClient(origin, wait=waited.append)
        client.send_code("+15125550100")
        client.sign_in("+15125550100", "123456")
        (briefing,) = client.queue()  # its token has run out: renewed once, unseen
        assert briefing == Briefing(uid(5), 3, "A home", "Hi")
        Front.fails = [Unavailable("postgresql", "gone", 7)]
        assert client.approve(briefing) == [uid(5)]
        assert len(Front.done) == 1
        assert waited == [7.0]
        following = client.follow()
        events = [next(following) for _ in range(4)]
        assert [event.id for event in events] == ["1", "2", "3", "4"]
        assert events[0] == Event("1", "message.new", "1\nmore")
        assert Front.asked_after == ["0", "2"], "taken up where it stopped"
        client.close()

    await asyncio.wait_for(asyncio.to_thread(morning), PATIENCE_S)


async def test_a_no_is_an_error_with_a_code_and_is_not_repeated(origin: str) -> None:
    def refused() -> None:
        client = NudgeClient(origin, access_token=str(RITA), wait=lambda _s: pytest.fail("it waits"))
        with pytest.raises(ProblemError) as invalid:
            client.send_code("nonsense")
        assert (invalid.value.status, invalid.value.errors) == (422, {"phone": "E.164"})
        Front.fails = [Conflict("briefing", "somebody changed it since it was read")]
        with pytest.raises(ProblemError) as stale:
            client.approve(client.queue()[0])
        assert (stale.value.status, stale.value.code) == (409, "conflict")
        assert str(UUID(stale.value.request_id)) == stale.value.request_id
        client.close()

    await asyncio.wait_for(asyncio.to_thread(refused), PATIENCE_S)


def test_comments_and_unknown_fields_of_a_stream_are_passed_over() -> None:
    def lines() -> Iterator[str]:
        yield from (": ping", "", "retry: 5", "id: 7", "data: a", "data: b", "", "event: x", "data:c", "")

    assert list(events_of(lines())) == [Event("7", "message", "a\nb"), Event("7", "x", "c")]
