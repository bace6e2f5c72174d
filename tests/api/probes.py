"""Routes that try what all routes share: bodies, errors, keys, streams. No part of the product."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from attrs import field, frozen
from litestar import Controller, Request, WebSocket, get, patch, post, websocket
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import ServerSentEvent, Stream

from nudge_core.errors import (
    Conflict,
    IllegalTransition,
    Invalid,
    Misconfigured,
    NotFound,
    NudgeError,
    Refused,
    Unavailable,
)
from nudge_core.model import fields
from nudge_core.model.faq import Faq
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import page_request
from nudge_entrypoints.http.idempotency import IDEMPOTENT, idempotency_id_of
from nudge_entrypoints.http.identity import PUBLIC, SCOPE, Scope
from nudge_entrypoints.http.rates import AUTHENTICATION

CANARY = "Kanari Kanarienvogel"
BODY_LIMIT = 10_000


class Colour(StrEnum):
    """A closed set."""

    RED = "red"
    BLUE = "blue"


@frozen(kw_only=True)
class Person:
    """A part of a body."""

    phone: str = field(validator=fields.phone)
    colour: Colour = Colour.RED


@frozen(kw_only=True)
class Probe:
    """A body with everything in it."""

    name: str = field(validator=fields.text(20, at_least=1))
    count: int = 0
    people: tuple[Person, ...] = ()
    by_name: dict[str, Person] = field(factory=dict)
    note: str | msgspec.UnsetType | None = msgspec.UNSET


class Broken(Conflict):
    """A kind of conflict that the table does not name."""


FAILURES: dict[str, Exception] = {
    "invalid": Invalid("client.phone", "E.164", CANARY),
    "transition": IllegalTransition("briefing", "DRAFT", "SENT", CANARY),
    "not_found": NotFound("client", CANARY),
    "conflict": Conflict("client", "its e-mail is taken"),
    "broken": Broken("client", "its e-mail is taken"),
    "unavailable": Unavailable("openai", CANARY, 7.2),
    "refused": Refused("twilio", "bad_number", CANARY),
    "misconfigured": Misconfigured([CANARY]),
    "unknown": NudgeError(CANARY),
    "surprise": RuntimeError(CANARY),
}


class Probes(Controller):
    """Routes that try things."""

    path = "/probes"
    tags = ["probes"]  # noqa: RUF012 - a Litestar controller's own attribute
    told: list[UUID] = []  # noqa: RUF012 - a Litestar controller's own attribute
    entered = asyncio.Event()
    gate = asyncio.Event()

    @post(opt={SCOPE: Scope.CONTENT_WRITE}, request_max_body_size=BODY_LIMIT)
    async def make_probe(self, data: JSONBody[Probe]) -> Probe:
        """Give a body back."""
        return data

    @patch("/{probe_id:uuid}", opt={SCOPE: Scope.CONTENT_WRITE})
    async def change_probe(self, probe_id: FromPath[UUID], data: JSONBody[Probe]) -> Probe:
        """Find nothing to change."""
        raise NotFound("probe", probe_id)

    @get("/{probe_id:uuid}", opt={SCOPE: Scope.CONTENT_READ})
    async def read_probe(self, probe_id: FromPath[UUID]) -> Probe:
        """Find nothing to read."""
        raise NotFound("probe", probe_id)

    @get(opt={SCOPE: Scope.CONTENT_READ})
    async def list_probes(
        self, limit: FromQuery[int | None] = None, colour: FromQuery[Colour | None] = None
    ) -> list[Probe]:
        """List no probes."""
        page_request("probes", limit, None)
        return []

    @get("/failures/{kind:str}", opt={SCOPE: Scope.CONTENT_READ}, include_in_schema=False)
    async def fail(self, kind: FromPath[str]) -> Probe:
        """Fail as asked."""
        raise FAILURES[kind]

    @post("/paid", opt={SCOPE: Scope.CONTENT_WRITE, IDEMPOTENT: True})
    async def pay(
        self, request: Request[Any, Any, Any], data: JSONBody[Probe], api: TheApi, principal: Caller
    ) -> Probe:
        """Store a question under the id of the key, and nothing when it is there."""
        if data.name == "refused":
            raise Conflict("probe", "as asked")
        this = idempotency_id_of(request)
        self.told.append(this)
        async with api.parts.store.tenant(principal.user_id) as tx:
            if all(faq.id != this for faq in await tx.faqs.all()):
                await tx.faqs.add(Faq(id=this, user_id=principal.user_id, question=data.name, answer="paid"))
        if data.name == "failing":
            raise Unavailable("twilio", "as asked")
        return data

    @post("/sign-in", opt={PUBLIC: True, AUTHENTICATION: True})
    async def guess(self) -> Probe:
        """Let somebody guess."""
        return Probe(name="guess")

    @get("/stream", opt={SCOPE: Scope.CONTENT_READ}, include_in_schema=False)
    async def stream(self) -> ServerSentEvent:
        """Say one thing, and then nothing for ever."""

        async def said() -> AsyncIterator[str]:
            yield "hello"
            await asyncio.Event().wait()

        return ServerSentEvent(said())

    @get("/slow", opt={SCOPE: Scope.CONTENT_READ}, include_in_schema=False)
    async def slow(self) -> str:
        """Answer when somebody opens the gate."""
        self.entered.set()
        await self.gate.wait()
        return "done"

    @get("/broken-off", opt={SCOPE: Scope.CONTENT_READ}, include_in_schema=False)
    async def broken_off(self) -> Stream:
        """Begin an answer, and fail."""

        async def said() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError(CANARY)

        return Stream(said())

    @websocket("/socket", opt={SCOPE: Scope.CONTENT_READ})
    async def socket(self, socket: WebSocket[Any, Any, Any]) -> None:
        """Say one thing, and then nothing for ever."""
        await socket.accept()
        await socket.send_text("hello")
        await asyncio.Event().wait()
