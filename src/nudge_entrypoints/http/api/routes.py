"""The table of the API: every controller, and what all of them share."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Controller, Router
from litestar.di import Provide
from litestar.middleware import DefineMiddleware

from nudge_entrypoints.http.api.client_imports import ClientImports
from nudge_entrypoints.http.api.client_knowledge import ClientKnowledge
from nudge_entrypoints.http.api.client_matches import ClientMatches
from nudge_entrypoints.http.api.client_merges import ClientMerges
from nudge_entrypoints.http.api.client_overview import ClientOverview
from nudge_entrypoints.http.api.client_records import ClientRecords
from nudge_entrypoints.http.api.client_search import ClientSearch
from nudge_entrypoints.http.api.clients import Clients
from nudge_entrypoints.http.api.context import Api
from nudge_entrypoints.http.api.faqs import Faqs
from nudge_entrypoints.http.identity import Authenticator, Identified, may, principal_of

PREFIX = "/api/v1"

CONTROLLERS: Sequence[type[Controller]] = (
    ClientImports,
    ClientKnowledge,
    ClientMatches,
    ClientMerges,
    ClientOverview,
    ClientRecords,
    ClientSearch,
    Clients,
    Faqs,
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
