"""Errors as problem+json (RFC 9457), from one table, without a value of the request: only what kind of thing was wrong.

A thing of somebody else's and a thing that never was answer alike, in every byte: the body of a 404 names no key.
"""

from __future__ import annotations

import json
import logging
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

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
_log = logging.getLogger(__name__)


@frozen
class FieldError:
    """One field that breaks a rule: its dotted name and the rule in words."""

    field: str
    rule: str


def problem(
    status: int,
    title: str | None = None,
    *,
    code: str | None = None,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Response[bytes | None]:
    """Return a problem of this status. 503 says after how many seconds the same request may succeed."""
    said: dict[str, object] = {"type": "about:blank", "title": title or HTTPStatus(status).phrase, "status": status}
    if code is not None:
        said["code"] = code
    if errors:
        said["errors"] = [{"field": error.field, "rule": error.rule} for error in errors]
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
"""Core errors to answers. 501: this installation lacks a setting that the request needs."""


# Any: Litestar's own parameters of a request.
def of_core(_request: Request[Any, Any, Any], error: NudgeError) -> Response[bytes | None]:
    """Answer an error of the core by the table."""
    status = STATUS[type(error)]
    if isinstance(error, Invalid):
        return problem(status, code="invalid", errors=[FieldError(error.field, error.rule)])
    if isinstance(error, IllegalTransition):
        return problem(status, f"{error.current} to {error.wanted} is not allowed", code="illegal_transition")
    if isinstance(error, Conflict):
        return problem(status, f"{error.what}: {error.why}", code="conflict")
    if isinstance(error, Unavailable):
        wait = RETRY_AFTER_S if error.retry_after_s is None else max(1, round(error.retry_after_s))
        return problem(status, code="unavailable", headers={"Retry-After": str(wait)})
    if isinstance(error, Refused):
        return problem(status, f"{error.service} refused: {error.reason}", code="refused")
    return problem(status, code={NotFound: "not_found", Misconfigured: "not_configured"}[type(error)])


def of_validation(_request: Request[Any, Any, Any], error: ValidationException) -> Response[bytes | None]:
    """Answer a request whose parts could not be read: every field and its rule."""
    found = error.extra if isinstance(error.extra, list) else []
    errors = [
        FieldError(str(one.get("key") or one.get("source") or "body"), str(one.get("message", "")))
        for one in found
        if isinstance(one, dict)
    ]
    return problem(HTTPStatus.BAD_REQUEST, code="invalid", errors=errors or [FieldError("body", "cannot be read")])


def of_http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes | None]:
    """Answer what the framework refused: no such route, no such method, too large."""
    answer = problem(error.status_code)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


def of_surprise(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes | None]:
    """Answer an error that nobody foresaw; its kind is logged, its words are not."""
    _log.error("request failed: %s", type(error).__name__)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR)


HANDLERS: ExceptionHandlersMap = {
    NudgeError: of_core,
    ValidationException: of_validation,
    HTTPException: of_http,
    Exception: of_surprise,
}
