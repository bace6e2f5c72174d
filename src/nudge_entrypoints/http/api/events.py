"""Live updates: what happens, as server-sent events and over a WebSocket. Ids and states only, never a word.

Both say the same (`nudge_entrypoints.http.following`) and are taken up again after the last id that came.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Annotated, Any, cast

from attrs import frozen
from litestar import Controller, Request, WebSocket, get, websocket
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, HeaderParameter, QueryParameter
from litestar.response import Stream
from litestar.types import Message, Receive, Send
from litestar.types import Scope as AsgiScope

from nudge_core.model.change import MOST_PLACE
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.following import ENDED, Follower, Told, follow, place_asked
from nudge_entrypoints.http.identity import PUBLIC, SCOPE, AnyConnection, Authenticator, Scope
from nudge_entrypoints.http.streams import Hub, StreamKind

MEDIA_TYPE = "text/event-stream"
RETRY_MS = 2_000
"""How long a browser waits before it takes a stream up again."""

SUBPROTOCOL = "nudge.live.v1"
TOKEN_PREFIX = "nudge.token."  # noqa: S105  what stands before one
UNAUTHENTICATED, TRY_LATER = 4401, 1013  # ours, as HTTP's 401; RFC 6455's registry: try again later

_log = logging.getLogger(__name__)

TheHub = NamedDependency[Hub]
TheAuthenticator = NamedDependency[Authenticator]
After = Annotated[
    str | None,
    QueryParameter(max_length=MOST_PLACE, description="Id of the last event that came; for who sets no header."),
]
LastEventId = Annotated[
    str | None,
    HeaderParameter(name="Last-Event-ID", max_length=MOST_PLACE, description="Id of the last event that came."),
]


@frozen(kw_only=True)
class EventView:
    """One server-sent event, for the document. `data`: JSON with `subject_id`, `client_id`, `state`, `at`, or empty."""

    event: str
    data: str
    id: str | None = None


class Events(Controller):
    """Server-sent events."""

    path = "/events"
    tags = ["live updates"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(
        opt={SCOPE: Scope.EVENTS_READ},
        media_type=MEDIA_TYPE,
        responses={
            HTTPStatus.OK: ResponseSpec(
                EventView,
                media_type=MEDIA_TYPE,
                generate_examples=False,
                description="Server-sent events, one per change.",
            )
        },
    )
    async def follow_events(
        self,
        request: Request[Any, Any, Any],
        api: TheApi,
        principal: Caller,
        hub: TheHub,
        authenticator: TheAuthenticator,
        last_event_id: LastEventId = None,
        after: After = None,
        until_idle: FromQuery[bool] = False,
    ) -> Stream:
        """Follow what happens: `message.*`, `briefing.*`, `import.progress`; `reset`: read anew; `ready`: all is told.

        Goes on after `Last-Event-ID`. `until_idle`: end when everything is told. `/live` says the same by WebSocket.
        """
        place, lost = place_asked(last_event_id, after)
        follower = Follower(
            principal=principal,
            still=lambda: authenticator.principal(request),
            kind=StreamKind.SSE,
            place=place,
            lost=lost,
            until_idle=until_idle,
        )
        told = follow(api.parts.store, hub, follower)
        first = await anext(told)  # so that a refusal is an answer and not a broken stream
        return _EventStream(_as_events(first, told), hub.limits.stalled_s)


async def _as_events(first: Told, told: AsyncGenerator[Told, None]) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    async with aclosing(told):
        yield f"retry: {RETRY_MS}\n\n".encode() + as_event(first)
        async for one in told:
            yield as_event(one)


def as_event(one: Told) -> bytes:
    """Return one thing as a server-sent event; a sign of life as a comment, which no handler sees."""
    if not one.name:
        return b": alive\n\n"
    named = f"id: {one.place}\n" if one.place else ""
    return f"{named}event: {one.name}\ndata: {json.dumps(dict(one.data))}\n\n".encode()


class _EventStream(Stream):
    """A stream that does not wait for ever for a reader who has stopped reading."""

    def __init__(self, events: AsyncGenerator[bytes, None], stalled_s: float) -> None:
        super().__init__(events, media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})
        self._stalled_s = stalled_s

    def to_asgi_response(self, *given: Any, **named: Any) -> Any:  # Any: Litestar's own
        """Return what sends it."""
        answer = super().to_asgi_response(*given, **named)
        events, stalled_s = self.iterator, self._stalled_s

        async def bounded(scope: AsgiScope, receive: Receive, send: Send) -> None:
            async def send_soon(message: Message) -> None:
                async with asyncio.timeout(stalled_s):
                    await send(message)

            async with aclosing(cast("AsyncGenerator[bytes, None]", events)):
                try:
                    await answer(scope, receive, send_soon)
                except* TimeoutError:
                    _log.info("a stream was not read")

        return bounded


class Live(Controller):
    """The same over a WebSocket. Its identity is proved here: a browser cannot set a header of one."""

    path = "/live"

    @websocket(opt={PUBLIC: True})
    async def follow_live(
        self,
        socket: WebSocket[Any, Any, Any],
        api: TheApi,
        hub: TheHub,
        authenticator: TheAuthenticator,
        after: After = None,
    ) -> None:
        """Follow what happens; each message is JSON with `id`, `event` and `data`."""
        connection, offered = proving(socket)
        principal = await authenticator.principal(connection)
        if principal is None:
            raise NotAuthorizedException
        if Scope.EVENTS_READ not in principal.scopes:
            raise PermissionDeniedException
        place, lost = place_asked(after)
        follower = Follower(
            principal=principal,
            still=lambda: authenticator.principal(connection),
            kind=StreamKind.WEBSOCKET,
            place=place,
            lost=lost,
        )
        told = follow(api.parts.store, hub, follower)
        first = await anext(told)  # a refusal comes before the connection is opened
        async with aclosing(told):
            await socket.accept(subprotocols=SUBPROTOCOL if offered else None)
            await _converse(socket, first, told, hub.limits.stalled_s)


def proving(socket: WebSocket[Any, Any, Any]) -> tuple[AnyConnection, bool]:
    """Return the connection with its credential where an authenticator looks, and whether it came as a subprotocol.

    A browser names the subprotocols `nudge.live.v1` and `nudge.token.<token>`; programs send `Authorization`. Never in
    the query string, which proxies write down.
    """
    offered = [one.strip() for text in socket.headers.getall("sec-websocket-protocol", []) for one in text.split(",")]
    tokens = [one.removeprefix(TOKEN_PREFIX) for one in offered if one.startswith(TOKEN_PREFIX)]
    if not tokens:
        return socket, SUBPROTOCOL in offered
    headers = list(socket.scope["headers"])
    headers += [(b"authorization", f"Bearer {token}".encode()) for token in tokens]  # of several none is taken
    return ASGIConnection({**socket.scope, "headers": headers, "state": {}}), SUBPROTOCOL in offered


async def _converse(
    socket: WebSocket[Any, Any, Any], first: Told, told: AsyncGenerator[Told, None], stalled_s: float
) -> None:
    """Tell until there is nothing more to tell or nobody to tell it to. What the other side says is not needed."""
    saying = asyncio.create_task(_say(socket, first, told, stalled_s))
    hearing = asyncio.create_task(_hear(socket))
    try:
        await asyncio.wait({saying, hearing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (saying, hearing):
            task.cancel()
        await asyncio.gather(saying, hearing, return_exceptions=True)


async def _hear(socket: WebSocket[Any, Any, Any]) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _say(
    socket: WebSocket[Any, Any, Any], first: Told, told: AsyncGenerator[Told, None], stalled_s: float
) -> None:
    with suppress(TimeoutError):
        await _send(socket, first, stalled_s)
        async for one in told:
            if one is ENDED:
                await socket.close(code=UNAUTHENTICATED, reason="unauthenticated")
                return
            if one.name:  # signs of life are the server's own pings
                await _send(socket, one, stalled_s)
    await socket.close(code=TRY_LATER, reason="take it up again")


async def _send(socket: WebSocket[Any, Any, Any], one: Told, stalled_s: float) -> None:
    async with asyncio.timeout(stalled_s):
        await socket.send_text(json.dumps({"id": one.place, "event": one.name, "data": dict(one.data)}))
