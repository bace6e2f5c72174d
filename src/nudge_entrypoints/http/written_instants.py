"""Instants in a query are written as RFC 3339 says, and the document with it: the decoder would take 0 or null too."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import parse_qs

from litestar.handlers import BaseRouteHandler
from litestar.params import ParameterKwarg
from litestar.types import ASGIApp, Receive, Send
from litestar.types import Scope as AsgiScope

from nudge_core.errors import Invalid

RULE = "an RFC 3339 date and time"
_WRITTEN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
"""The grammar of RFC 3339, section 5.6. Without an offset it is let through: `instants.utc` refuses it by its name."""


class WrittenInstants:
    """Middleware: lets a request through whose instants in the query are written as RFC 3339 says.

    Raises Invalid when one is not (a number of seconds, `null`, a date without a time), by the name the caller wrote.
    No guard: Litestar copies the route for each call of one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._names: dict[object, tuple[str, ...]] = {}  # by the function of a route, of which there are some hundred

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["query_string"]:
            handler = scope["route_handler"]
            if handler.fn not in self._names:
                self._names[handler.fn] = instants_of(handler)
            given = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            for name in self._names[handler.fn]:
                if any(_WRITTEN.fullmatch(value) is None for value in given.get(name, ())):
                    raise Invalid(name, RULE, None)
        await self._app(scope, receive, send)


def instants_of(handler: BaseRouteHandler) -> tuple[str, ...]:
    """Return the names, as a caller writes them, of a route's instants in the query."""
    return tuple(
        _alias(field.kwarg_definition) or name
        for name, field in handler.parsed_fn_signature.parameters.items()
        if field.is_subclass_of(datetime) or field.has_inner_subclass_of(datetime)
    )


def _alias(definition: object) -> str | None:
    return (definition.query or definition.name) if isinstance(definition, ParameterKwarg) else None
