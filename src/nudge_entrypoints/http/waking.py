"""After a request that changed something, a worker is told to look now instead of at its next poll."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from nudge_entrypoints.http.identity import PUBLIC

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Waking:
    """Middleware: awaits `heard` once the answer to a request that changed something has been sent.

    The transaction has ended by then, so whoever looks finds what was stored; and the caller waits for nothing. What
    is refused has made no work. Nobody without identity wakes anybody: public routes hand nothing on.

    Args:
        app: what is served.
        heard: bounded, and raises nothing, such as `worker.Wake.send`.
    """

    def __init__(self, app: ASGIApp, heard: Callable[[], Awaitable[object]]) -> None:
        self._app = app
        self._heard = heard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if (
            scope["type"] == ScopeType.WEBSOCKET
            or scope["method"] in _READS
            or scope["route_handler"].opt.get(PUBLIC, False)
        ):
            await self._app(scope, receive, send)
            return
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, watched)
        if HTTPStatus.OK <= status < HTTPStatus.BAD_REQUEST:
            await self._heard()
