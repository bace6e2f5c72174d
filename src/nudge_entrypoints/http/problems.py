"""Errors as problem+json (RFC 9457), without a value of the request: only what kind of thing was wrong."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
_log = logging.getLogger(__name__)


def problem(status: int, title: str | None = None) -> Response[bytes | None]:
    """Return a problem of this status. 503 says after how many seconds the same request may succeed."""
    said = {"type": "about:blank", "title": title or HTTPStatus(status).phrase, "status": status}
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Response(json.dumps(said).encode(), status_code=status, media_type=MEDIA_TYPE, headers=headers)


# Any: Litestar's own parameters of a request.
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


HANDLERS: ExceptionHandlersMap = {HTTPException: of_http, Exception: of_surprise}
