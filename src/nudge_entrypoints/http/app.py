"""The HTTP application: the API and its document, webhooks, metrics, and whatever else is handed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from attrs import evolve
from litestar import Controller, Litestar, Response, get
from litestar.config.cors import CORSConfig
from litestar.types import (
    ControllerRouterHandler,
    LifeSpanReceive,
    LifeSpanScope,
    LifeSpanSend,
    Receive,
    Scope,
    Send,
)

from nudge_adapters.system import SystemClock
from nudge_core.ports import Clock
from nudge_core.walk import Parts
from nudge_core.walk.health import Health
from nudge_entrypoints.callbacks import callbacks_of
from nudge_entrypoints.http import problems
from nudge_entrypoints.http.addresses import Addresses
from nudge_entrypoints.http.api.context import Api
from nudge_entrypoints.http.api.routes import CONTROLLERS, api_router
from nudge_entrypoints.http.buckets import Buckets
from nudge_entrypoints.http.document_pages import document_handlers
from nudge_entrypoints.http.edge import Edge, EdgeSettings
from nudge_entrypoints.http.idempotency import HEADER, REPLAYED
from nudge_entrypoints.http.identity import Authenticator
from nudge_entrypoints.http.rates import Limits
from nudge_entrypoints.http.streams import Hub, StreamLimits
from nudge_entrypoints.http.webhooks import Twilio, Webhooks, webhook_handlers
from nudge_entrypoints.metrics import CONTENT_TYPE, Metrics
from nudge_entrypoints.settings import Settings

METRICS_PATH = "/metrics"
PREFLIGHT_S = 3_600  # how long a browser remembers what it may ask
ALLOWED_HEADERS = ["Authorization", "Content-Type", HEADER, "Last-Event-ID", "X-Request-Id"]
SHOWN_HEADERS = ["X-Request-Id", "Retry-After", REPLAYED, "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]


class Application(Litestar):
    """Litestar behind our edge, which also meets what no route takes."""

    def __init__(self, edge: Edge, **options: Any) -> None:  # Any: Litestar's own options
        super().__init__(**options)
        self.edge = edge

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """Serve one exchange."""
        await self.edge(super().__call__, scope, receive, send)

    def drain(self) -> None:
        """End every stream: the process is about to end."""
        self.edge.drain()


def build_app(
    parts: Parts,
    settings: Settings,
    *,
    handlers: Sequence[ControllerRouterHandler] = (),
    clock: Clock | None = None,
    metrics: Metrics | None = None,
    heard: Callable[[], Awaitable[object]] | None = None,
    health: Callable[[], Awaitable[Health]] | None = None,
    api: Api | None = None,
    authenticator: Authenticator | None = None,
    buckets: Buckets | None = None,
    limits: Limits | None = None,
    edge: EdgeSettings | None = None,
    streams: StreamLimits | None = None,
    controllers: Sequence[type[Controller]] = CONTROLLERS,
) -> Application:
    """Return the application.

    Args:
        parts: the walk's parts; whoever made them closes them.
        settings: of the installation. Without a public address and an auth token there are no webhooks to call.
        handlers: further routes.
        clock: what time it is when an event arrives; None is the machine's.
        metrics: where calls are counted; None makes new counters.
        heard: awaited after something was stored that may have made work: a carrier's event, a change through the
            API. Such as a wake-up of the worker; bounded, raises nothing.
        health: asked when the page of metrics is; bounded and remembered by whoever gives it.
        api: what the routes of the API work with; None: there is no API.
        authenticator: proves who calls the API; needed with it.
        buckets: counters of rates; None counts in this process. Whoever made them closes them.
        limits: how often who may call.
        streams: how those who follow live are bounded.
        controllers: the subjects of the API.
        edge: who hears of exchanges; None: nobody. Counters, proxies and TLS follow from the other arguments.
    """
    counted = Metrics() if metrics is None else metrics
    routes: list[ControllerRouterHandler] = [*handlers, _metrics_route(counted, health)]
    if api is not None and authenticator is not None:
        hub = Hub(api.parts.store, streams, counted)
        routes.append(api_router(api, authenticator, buckets, limits, controllers, heard, hub))
        routes += document_handlers(api, controllers)
    callbacks, token = callbacks_of(settings), settings.twilio.auth_token
    if callbacks is not None and token is not None:
        webhooks = Webhooks(
            parts=parts,
            twilio=Twilio(token=token, callbacks=callbacks),
            metrics=counted,
            now=(clock or SystemClock()).now,
            heard=heard,
        )
        routes += webhook_handlers(webhooks)
    at_the_edge = evolve(
        edge or EdgeSettings(metrics=counted),
        metrics=counted,
        addresses=Addresses(settings.trusted_proxies),
        is_https=(settings.public_base_url or "").startswith("https://"),
    )
    return Application(
        Edge(at_the_edge),
        route_handlers=routes,
        exception_handlers=problems.HANDLERS,
        cors_config=_cors(settings),
        openapi_config=None,  # `document_handlers` serves it
        logging_config=None,
        debug=False,
    )


def _cors(settings: Settings) -> CORSConfig | None:
    """Return what browsers are told; None: scripts of other origins may not call us. Tokens travel in a header."""
    if not settings.cors_origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=ALLOWED_HEADERS,
        expose_headers=SHOWN_HEADERS,
        max_age=PREFLIGHT_S,
    )


def _metrics_route(metrics: Metrics, health: Callable[[], Awaitable[Health]] | None) -> ControllerRouterHandler:
    @get(METRICS_PATH, include_in_schema=False)
    async def page() -> Response[bytes]:
        if health is not None:
            metrics.found(await health())
        return Response(metrics.page(), media_type=CONTENT_TYPE)

    return page
