"""The table of the API: every controller, and what all of them share."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Controller, Router
from litestar.di import Provide
from litestar.middleware import DefineMiddleware

from nudge_entrypoints.http.api.account import Account
from nudge_entrypoints.http.api.content_resources import ContentResources
from nudge_entrypoints.http.api.context import Api
from nudge_entrypoints.http.api.faqs import Faqs
from nudge_entrypoints.http.api.market_events import MarketActivity, MarketEventRoutes
from nudge_entrypoints.http.api.mls_connection import MlsConnection
from nudge_entrypoints.http.api.onboarding import OnboardingRoutes
from nudge_entrypoints.http.api.phone_numbers import PhoneNumberRoutes
from nudge_entrypoints.http.api.pipeline_runs import FeedState, PipelineRuns
from nudge_entrypoints.http.api.resources import Resources
from nudge_entrypoints.http.identity import Authenticator, Identified, may, principal_of

PREFIX = "/api/v1"

CONTROLLERS: Sequence[type[Controller]] = (
    Account,
    ContentResources,
    Faqs,
    FeedState,
    MarketActivity,
    MarketEventRoutes,
    MlsConnection,
    OnboardingRoutes,
    PhoneNumberRoutes,
    PipelineRuns,
    Resources,
)
"""A module per subject; a line each, so that two can be added at once."""


def api_router(api: Api, authenticator: Authenticator) -> Router:
    """Return all routes of the API."""
    return Router(
        PREFIX,
        route_handlers=list(CONTROLLERS),
        dependencies={
            "api": Provide(lambda: api, sync_to_thread=False),
            "principal": Provide(principal_of, sync_to_thread=False),
        },
        guards=[may],
        middleware=[DefineMiddleware(Identified, authenticator=authenticator)],
    )
