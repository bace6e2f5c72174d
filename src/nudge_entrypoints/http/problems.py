"""Errors as problem+json (RFC 9457), from one table, without a value of the request: only what kind of thing was wrong.

A thing of somebody else's and a thing that never was answer alike, in every byte: the body of a 404 names no key, and
no answer below 500 names its request (the header `X-Request-Id` does).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from attrs import frozen
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from nudge_core.errors import (
    Conflict,
    IllegalTransition,
    Invalid,
    Misconfigured,
    NotFound,
    NudgeError,
    Refused,
    Unavailable,
)
from nudge_entrypoints.http.rules import UNREADABLE, rule_of

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
REQUEST_ID = "request_id"
"""Key of the connection's state under which its id stands."""

AnyRequest = Request[Any, Any, Any]  # Any: Litestar's own parameters of a request
Answer = Response[bytes | None]
_log = logging.getLogger(__name__)


@frozen
class FieldError:
    """One field that breaks a rule: its dotted name and the rule in words."""

    field: str
    rule: str


class UnreadableError(HTTPException):
    """A request that cannot be read: which fields, which rules."""

    status_code = HTTPStatus.BAD_REQUEST

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.errors = tuple(errors)


CODES: Mapping[int, str] = MappingProxyType(
    {
        400: "invalid",
        401: "unauthenticated",
        403: "forbidden",
        404: "not_found",
        405: "method_not_allowed",
        409: "conflict",
        413: "too_large",
        415: "unsupported_media_type",
        422: "invalid",
        429: "too_many_requests",
        501: "not_configured",
        502: "refused",
        503: "unavailable",
    }
)
"""The code of a status where nothing says it more precisely, so that the same kind of no has the same bytes."""


def problem(
    status: int,
    title: str | None = None,
    *,
    code: str | None = None,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] = MappingProxyType({}),
    instance: str | None = None,
) -> Answer:
    """Return a problem of this status. 503 says after how many seconds the same request may succeed.

    Args:
        status: of HTTP.
        title: for a person; None: the status's own words.
        code: for a program; None: the status's usual one.
        errors: the fields that are wrong.
        headers: beside those of the media type.
        instance: the request's id, for a failure that somebody may ask about.
    """
    said: dict[str, object] = {"type": "about:blank", "title": title or HTTPStatus(status).phrase, "status": status}
    if (named := code or CODES.get(status)) is not None:
        said["code"] = named
    if errors:
        said["errors"] = [{"field": error.field, "rule": error.rule} for error in errors]
    if instance is not None:
        said["instance"] = f"urn:uuid:{instance}"
    sent = {"Retry-After": str(RETRY_AFTER_S)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Response(json.dumps(said).encode(), status_code=status, media_type=MEDIA_TYPE, headers=sent | dict(headers))


STATUS: Mapping[type[NudgeError], HTTPStatus] = MappingProxyType(
    {
        Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
        IllegalTransition: HTTPStatus.CONFLICT,
        NotFound: HTTPStatus.NOT_FOUND,
        Conflict: HTTPStatus.CONFLICT,
        Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
        Refused: HTTPStatus.BAD_GATEWAY,
        Misconfigured: HTTPStatus.NOT_IMPLEMENTED,
    }
)
"""Core errors to answers. 501: this installation lacks a setting that the request needs; which one, its operator reads
in the log, not the caller. 502: a service said no, and will say no again."""


def status_of(error: NudgeError) -> HTTPStatus:
    """Return the status of a core error: its own, or that of the error it is a kind of."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)


def of_core(request: AnyRequest, error: NudgeError) -> Answer:
    """Answer an error of the core by the table."""
    status = status_of(error)
    if isinstance(error, Invalid):
        return problem(status, errors=[FieldError(error.field, error.rule)])
    if isinstance(error, IllegalTransition):
        return problem(status, f"{error.current} to {error.wanted} is not allowed", code="illegal_transition")
    if isinstance(error, Conflict):
        return problem(status, f"{error.what}: {error.why}")
    if isinstance(error, NotFound):
        return problem(status)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return of_surprise(request, error)
    _log.warning("%s: %s", type(error).__name__, error)
    instance = request_id_of(request)
    if isinstance(error, Unavailable):
        wait_s = RETRY_AFTER_S if error.retry_after_s is None else max(1, round(error.retry_after_s))
        return problem(status, headers={"Retry-After": str(wait_s)}, instance=instance)
    if isinstance(error, Refused):
        return problem(status, f"{error.service} refused: {error.reason}", instance=instance)
    return problem(status, instance=instance)


def of_validation(_request: AnyRequest, error: ValidationException) -> Answer:
    """Answer a request whose parts could not be read: every field and its rule."""
    found = error.extra if isinstance(error.extra, list) else []
    errors = [
        FieldError(_named(str(one.get("key", "request"))), rule_of(str(one.get("message", ""))))
        for one in found
        if isinstance(one, dict)
    ]
    return problem(HTTPStatus.BAD_REQUEST, errors=errors or [FieldError("request", _named_rule(error))])


def _named(key: str) -> str:
    return "body" if key == "data" else key


def _named_rule(error: ValidationException) -> str:
    """Return the rule of a refusal without fields: a parameter that is missing is named by the framework's words."""
    missing = re.match(r"Missing required (\w+ parameter '\w+')", str(error.detail))
    return f"{missing[1]} is needed" if missing else UNREADABLE


def of_unreadable(_request: AnyRequest, error: UnreadableError) -> Answer:
    """Answer a body that cannot be read."""
    return problem(error.status_code, errors=error.errors)


def of_http(request: AnyRequest, error: HTTPException) -> Answer:
    """Answer what the framework refused: no such route, no such method, too large."""
    status = error.status_code
    answer = problem(status, instance=request_id_of(request) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


def of_surprise(request: AnyRequest, error: Exception) -> Answer:
    """Answer an error that nobody foresaw; its kind is logged, its words are not."""
    _log.error("request failed: %s", type(error).__name__)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, instance=request_id_of(request))


def request_id_of(request: AnyRequest) -> str | None:
    """Return the id under which this request stands in the log; None outside an application."""
    found = request.scope.get("state", {}).get(REQUEST_ID)
    return found if isinstance(found, str) else None


HANDLERS: ExceptionHandlersMap = {
    NudgeError: of_core,
    ValidationException: of_validation,
    UnreadableError: of_unreadable,
    HTTPException: of_http,
    Exception: of_surprise,
}
