"""Instants in a query are written as RFC 3339 says, and the document with it: the decoder would take 0 or null too."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from litestar.handlers import BaseRouteHandler
from litestar.params import ParameterKwarg

from nudge_core.errors import Invalid
from nudge_entrypoints.http.identity import AnyConnection

RULE = "an RFC 3339 date and time"
_WRITTEN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
"""The grammar of RFC 3339, section 5.6. Without an offset it is let through: `instants.utc` refuses it by its name."""


def instants_are_written(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Let a request through whose instants in the query are written as RFC 3339 says; a guard of every route.

    Raises:
        Invalid: one is not: a number of seconds, `null`, a date without a time. By the name that the caller wrote.
    """
    for name in instants_of(handler):
        if any(_WRITTEN.fullmatch(given) is None for given in connection.query_params.getall(name, [])):
            raise Invalid(name, RULE, None)


@cache
def instants_of(handler: BaseRouteHandler) -> tuple[str, ...]:
    """Return the names, as a caller writes them, of a route's instants in the query."""
    return tuple(
        _alias(field.kwarg_definition) or name
        for name, field in handler.parsed_fn_signature.parameters.items()
        if field.is_subclass_of(datetime) or field.has_inner_subclass_of(datetime)
    )


def _alias(definition: object) -> str | None:
    return (definition.query or definition.name) if isinstance(definition, ParameterKwarg) else None
