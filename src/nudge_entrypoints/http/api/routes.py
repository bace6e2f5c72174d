"""The table of the API: every controller, and what all of them share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from litestar import Controller, Router
from litestar.di import Provide

from nudge_entrypoints.http.api.account import Account
from nudge_entrypoints.http.api.admin import Admin
from nudge_entrypoints.http.api.api_keys import ApiKeys
from nudge_entrypoints.http.api.audit import Audit
from nudge_entrypoints.http.api.briefings import Briefings, ClientBriefings
from nudge_entrypoints.http.api.client_duplicates import ClientDuplicates
from nudge_entrypoints.http.api.client_imports import ClientImports
from nudge_entrypoints.http.api.client_knowledge import ClientKnowledge
from nudge_entrypoints.http.api.client_matches import ClientMatches
from nudge_entrypoints.http.api.client_merges import ClientMerges, ClientMerging
from nudge_entrypoints.http.api.client_overview import ClientOverview
from nudge_entrypoints.http.api.client_records import ClientRecords
from nudge_entrypoints.http.api.client_search import ClientSearch
from nudge_entrypoints.http.api.clients import Clients
from nudge_entrypoints.http.api.contact_accounts import ContactAccounts
from nudge_entrypoints.http.api.contact_imports import ContactImports
from nudge_entrypoints.http.api.content_readers import ContentReaders
from nudge_entrypoints.http.api.content_resources import ContentResources
from nudge_entrypoints.http.api.context import Api
from nudge_entrypoints.http.api.conversations import Conversations
from nudge_entrypoints.http.api.copilot import CoPilot, CoPilotActions
from nudge_entrypoints.http.api.events import Events, Live
from nudge_entrypoints.http.api.faqs import Faqs
from nudge_entrypoints.http.api.interactions import Interactions
from nudge_entrypoints.http.api.market_events import MarketActivity, MarketEventRoutes
from nudge_entrypoints.http.api.messages import Messages
from nudge_entrypoints.http.api.mls_connection import MlsConnection
from nudge_entrypoints.http.api.onboarding import OnboardingRoutes
from nudge_entrypoints.http.api.phone_numbers import PhoneNumberRoutes
from nudge_entrypoints.http.api.pipeline_runs import FeedState, PipelineRuns
from nudge_entrypoints.http.api.plans import Plans
from nudge_entrypoints.http.api.preferences import NegativePreferences
from nudge_entrypoints.http.api.resources import Resources
from nudge_entrypoints.http.api.scheduled_messages import ScheduledMessages
from nudge_entrypoints.http.api.sign_in import Sessions, SigningIn, SigningOut
from nudge_entrypoints.http.api.statistics import Statistics
from nudge_entrypoints.http.api.style import StyleRoutes
from nudge_entrypoints.http.bodies import StrictRequest
from nudge_entrypoints.http.buckets import Buckets, ProcessBuckets
from nudge_entrypoints.http.idempotency import Idempotency
from nudge_entrypoints.http.identity import Authenticator, Identified, Permitted, principal_of, reader_of
from nudge_entrypoints.http.rates import Limited, Limits, by_address, by_caller
from nudge_entrypoints.http.streams import Hub
from nudge_entrypoints.http.waking import Waking
from nudge_entrypoints.http.written_instants import WrittenInstants

PREFIX = "/api/v1"

LARGEST_BODY = 256_000
"""Bytes, where a route does not say it differently: a thousand ids with a text fill a quarter of it."""

CONTROLLERS: Sequence[type[Controller]] = (
    Account,
    ClientDuplicates,
    ClientImports,
    ClientKnowledge,
    ClientMatches,
    ClientMerges,
    ClientMerging,
    ClientOverview,
    ClientRecords,
    ClientSearch,
    Clients,
    ContentReaders,
    ContactAccounts,
    ContactImports,
    ContentResources,
    Events,
    Faqs,
    FeedState,
    Live,
    MarketActivity,
    MarketEventRoutes,
    MlsConnection,
    OnboardingRoutes,
    PhoneNumberRoutes,
    PipelineRuns,
    Resources,
    Audit,
    Briefings,
    ClientBriefings,
    CoPilot,
    CoPilotActions,
    NegativePreferences,
    Plans,
    Statistics,
    StyleRoutes,
    Conversations,
    Interactions,
    Messages,
    ScheduledMessages,
    Admin,
    ApiKeys,
    Sessions,
    SigningIn,
    SigningOut,
)
"""A module per subject; a line each, so that two can be added at once."""


def api_router(
    api: Api,
    authenticator: Authenticator,
    buckets: Buckets | None = None,
    limits: Limits | None = None,
    controllers: Sequence[type[Controller]] = CONTROLLERS,
    heard: Callable[[], Awaitable[object]] | None = None,
    hub: Hub | None = None,
) -> Router:
    """Return all routes of the API.

    Args:
        api: what they work with.
        authenticator: proves who calls.
        buckets: counters of rates; None counts in this process.
        limits: how often who may call.
        controllers: the subjects.
        heard: awaited after a request that changed something was answered.
        hub: who follows live; None: a hub with its usual limits.
    """
    woken = heard or _nobody
    followed = hub or Hub(api.parts.store)

    async def given() -> Api:
        return api

    async def the_hub() -> Hub:
        return followed

    async def who_proves() -> Authenticator:
        return authenticator

    counted, allowed = buckets or ProcessBuckets(), limits or Limits()
    return Router(
        PREFIX,
        route_handlers=list(controllers),
        dependencies={
            "api": Provide(given),
            "principal": Provide(principal_of),
            "reader": Provide(reader_of),
            "hub": Provide(the_hub),
            "authenticator": Provide(who_proves),
        },
        # From the outside in: nobody's secret is looked at for an address that asks too often. Functions, because
        # Litestar copies a router deeply with what it holds, and a copied store or counter would be another one.
        middleware=[
            lambda app: Limited(app, counted, by_address(allowed)),
            lambda app: Identified(app, authenticator),
            lambda app: Limited(app, counted, by_caller(allowed)),
            Permitted,
            WrittenInstants,
            lambda app: Waking(app, woken),
            lambda app: Idempotency(app, api.parts.store),
        ],
        request_class=StrictRequest,
        request_max_body_size=LARGEST_BODY,
    )


async def _nobody() -> None:
    """Wake nobody: workers find the work when they look."""
