"""The edge of the application: what every exchange gets, whatever route it is for, and also where there is none.

An id, a span, a line in the log, a place in the counters, headers that browsers need, and an end when the process ends.
A route is named by its template only: a path may hold whatever somebody typed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from attrs import field, frozen
from litestar.enums import ScopeType
from litestar.types import Message, Receive, Scope, Send
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from nudge_entrypoints.http.addresses import Addresses
from nudge_entrypoints.http.problems import REQUEST_ID
from nudge_entrypoints.logs import REQUEST_ID as LOGGED_ID
from nudge_entrypoints.metrics import METHODS, Metrics

UNROUTED = "unrouted"
"""The template of a request that no route takes."""

STREAM = b"text/event-stream"
GOING_AWAY = 1001  # RFC 6455, 7.4.1: a server that goes down
YEAR_S = 31_536_000
_UUID_CHARACTERS = 36
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
)
"""On every answer that does not say it differently. Source: OWASP REST Security Cheat Sheet."""

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Answered:
    """One exchange that is over. `route`: its template. `status`: 0 when there was none, as for a WebSocket."""

    request_id: str
    method: str
    route: str
    status: int
    seconds: float


@frozen(kw_only=True)
class EdgeSettings:
    """What the edge does beside.

    `tell`: hears of every exchange. `is_https`: browsers are told to come by TLS only. `tracer` None: the global one.
    """

    metrics: Metrics
    addresses: Addresses = field(factory=Addresses)
    tell: Callable[[Answered], object] | None = None
    is_https: bool = False
    tracer: Tracer | None = None


class Edge:
    """Wraps the application."""

    def __init__(self, settings: EdgeSettings) -> None:
        self._settings = settings
        self._tracer = settings.tracer or trace.get_tracer("nudge")
        headers = dict(HEADERS)
        if settings.is_https:
            headers["Strict-Transport-Security"] = f"max-age={YEAR_S}; includeSubDomains"
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._streams: set[asyncio.Task[Any]] = set()
        self._draining = False

    def drain(self) -> None:
        """End every stream: the process is about to. What is answered at once is not touched."""
        self._draining = True
        for task in self._streams:
            task.cancel()

    # Any: an application takes what belongs to the server's life beside exchanges.
    async def __call__(self, app: Callable[..., Awaitable[None]], scope: Any, receive: Any, send: Any) -> None:
        """Serve one exchange."""
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        given = dict(scope["headers"])
        exchange = _Exchange(scope, send, _given_id(given.get(b"x-request-id", b"")), self._headers, self._streams)
        scope["client"] = self._settings.addresses.of(scope)
        token = LOGGED_ID.set(exchange.id)
        method = str(scope.get("method", "WEBSOCKET"))
        named = method if method in METHODS or method == "WEBSOCKET" else "OTHER"
        begun = time.perf_counter()
        with self._tracer.start_as_current_span(
            named,
            context=_context_of(given),
            kind=SpanKind.SERVER,
            record_exception=False,  # its words may quote a value
            set_status_on_exception=False,
        ) as span:
            try:
                await self._served(app, exchange, receive)
            finally:
                LOGGED_ID.reset(token)
                answered = Answered(
                    request_id=exchange.id,
                    method=named,
                    route=str(scope.get("path_template") or UNROUTED),
                    status=exchange.status,
                    seconds=time.perf_counter() - begun,
                )
                if span.is_recording():
                    _describe(span, answered)
                self._count(answered)

    def _count(self, answered: Answered) -> None:
        if answered.status:
            self._settings.metrics.answered(answered.method, answered.route, answered.status, answered.seconds)
        if self._settings.tell is not None:
            self._settings.tell(answered)

    async def _served(self, app: Callable[..., Awaitable[None]], exchange: _Exchange, receive: Receive) -> None:
        try:
            await app(exchange.scope, receive, exchange.send)
        except asyncio.CancelledError:
            if not self._draining or not exchange.is_stream:
                raise
            await exchange.end()
        except Exception as error:  # after the answer had begun: there is nobody left to tell
            _log.error("an answer broke off: %s", type(error).__name__)
            if not exchange.status:
                raise
        finally:
            exchange.leave()


class _Exchange:
    """One request and its answer, on the way out."""

    def __init__(
        self,
        scope: Scope,
        send: Send,
        given_id: str | None,
        headers: Sequence[tuple[bytes, bytes]],
        streams: set[asyncio.Task[Any]],
    ) -> None:
        self.scope = scope
        self.id = given_id or str(uuid4())
        self.status = 0
        self.is_stream = scope["type"] == ScopeType.WEBSOCKET
        self._send = send
        self._headers = headers
        self._streams = streams
        scope.setdefault("state", {})
        scope["state"][REQUEST_ID] = self.id
        if self.is_stream:
            self._enter()

    def _enter(self) -> None:
        self.is_stream = True
        if (task := asyncio.current_task()) is not None:
            self._streams.add(task)

    def leave(self) -> None:
        """Be no stream any more."""
        if (task := asyncio.current_task()) is not None:
            self._streams.discard(task)

    async def send(self, message: Message) -> None:
        """Pass a message on; the beginning of an answer gets its headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            there = {name.lower() for name, _ in headers}
            headers += [(name, value) for name, value in self._headers if name not in there]
            headers.append((b"x-request-id", self.id.encode()))
            message["headers"] = headers
            if any(name.lower() == b"content-type" and value.startswith(STREAM) for name, value in headers):
                self._enter()
        await self._send(message)

    async def end(self) -> None:
        """End a stream properly, so that whoever follows it comes back."""
        with suppress(Exception):
            if self.scope["type"] == ScopeType.WEBSOCKET:
                await self._send({"type": "websocket.close", "code": GOING_AWAY, "reason": None})
            else:
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def _given_id(given: bytes) -> str | None:
    """Return the id that the caller gave, when it is a UUID: anything else could be somebody's name in our log."""
    if len(given) != _UUID_CHARACTERS:
        return None
    try:
        return str(UUID(given.decode("latin-1")))
    except ValueError:
        return None


def _context_of(given: Mapping[bytes, bytes]) -> Context | None:
    """Return the trace that the caller is part of; None when they name none. ASGI's names of headers are small."""
    if b"traceparent" not in given:
        return None
    return propagate.extract(
        {name.decode(): given[name].decode("latin-1") for name in (b"traceparent", b"tracestate") if name in given}
    )


def _describe(span: Span, answered: Answered) -> None:
    span.update_name(f"{answered.method} {answered.route}")
    span.set_attributes(
        {
            "http.request.method": answered.method,
            "http.route": answered.route,
            "http.response.status_code": answered.status,
            "nudge.request_id": answered.request_id,
        }
    )
    if answered.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_status(StatusCode.ERROR)
