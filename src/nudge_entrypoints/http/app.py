"""The HTTP application: the API, webhooks, metrics, and whatever other modules of this folder hand in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from litestar import Litestar, Response, get
from litestar.types import ControllerRouterHandler

from nudge_adapters.system import SystemClock
from nudge_core.ports import Clock
from nudge_core.walk import Parts
from nudge_entrypoints.callbacks import callbacks_of
from nudge_entrypoints.http import problems
from nudge_entrypoints.http.api.context import Api
from nudge_entrypoints.http.api.routes import api_router
from nudge_entrypoints.http.identity import Authenticator
from nudge_entrypoints.http.webhooks import Twilio, Webhooks, webhook_handlers
from nudge_entrypoints.metrics import CONTENT_TYPE, Metrics
from nudge_entrypoints.settings import Settings

METRICS_PATH = "/metrics"


def build_app(
    parts: Parts,
    settings: Settings,
    *,
    handlers: Sequence[ControllerRouterHandler] = (),
    clock: Clock | None = None,
    metrics: Metrics | None = None,
    heard: Callable[[], Awaitable[object]] | None = None,
    api: Api | None = None,
    authenticator: Authenticator | None = None,
) -> Litestar:
    """Return the application.

    Args:
        parts: the walk's parts; whoever made them closes them.
        settings: of the installation. Without a public address and an auth token there are no webhooks to call.
        handlers: further routes.
        clock: what time it is when an event arrives; None is the machine's.
        metrics: where calls are counted; None makes new counters.
        heard: awaited after an event was stored that may have made work, such as a wake-up of the worker.
        api: what the routes of the API work with; None: there is no API.
        authenticator: proves who calls the API; needed with it.
    """
    counted = Metrics() if metrics is None else metrics
    routes: list[ControllerRouterHandler] = [*handlers, _metrics_route(counted)]
    if api is not None and authenticator is not None:
        routes.append(api_router(api, authenticator))
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
    return Litestar(
        route_handlers=routes,
        exception_handlers=problems.HANDLERS,
        openapi_config=None,  # comes with the API
        logging_config=None,
        debug=False,
    )


def _metrics_route(metrics: Metrics) -> ControllerRouterHandler:
    @get(METRICS_PATH, include_in_schema=False, sync_to_thread=False)
    def page() -> Response[bytes]:
        return Response(metrics.page(), media_type=CONTENT_TYPE)

    return page
