"""The table of the API: every controller, and what all of them share."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Controller, Router
from litestar.di import Provide
from litestar.types import ASGIApp

from nudge_entrypoints.http.api.admin import Admin
from nudge_entrypoints.http.api.api_keys import ApiKeys
from nudge_entrypoints.http.api.context import Api
from nudge_entrypoints.http.api.faqs import Faqs
from nudge_entrypoints.http.api.sign_in import Sessions, SigningIn, SigningOut
from nudge_entrypoints.http.identity import Authenticator, Identified, may, principal_of

PREFIX = "/api/v1"

CONTROLLERS: Sequence[type[Controller]] = (
    Admin,
    ApiKeys,
    Faqs,
    Sessions,
    SigningIn,
    SigningOut,
)
"""A module per subject; a line each, so that two can be added at once."""


def api_router(api: Api, authenticator: Authenticator) -> Router:
    """Return all routes of the API."""

    def identified(app: ASGIApp) -> ASGIApp:
        """A function, for Litestar copies a router with all that is in it, and a store cannot be copied."""
        return Identified(app, authenticator)

    return Router(
        PREFIX,
        route_handlers=list(CONTROLLERS),
        dependencies={
            "api": Provide(lambda: api, sync_to_thread=False),
            "principal": Provide(principal_of, sync_to_thread=False),
        },
        guards=[may],
        middleware=[identified],
    )
