"""The error tables of the vendors: a failed answer into `Unavailable` (try again) or `Refused` (do not).

A failure is known by its status, by an `error` member or by `Success: false`, whatever the status line says. Nothing
here reads a clock or a network. Source: `mls-feeds.md` sections 3.4 and 8.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from nudge_adapters.feeds.values import instant, storable
from nudge_core.errors import Refused, Unavailable

MAX_RETRY_AFTER_S = 3_600.0
"""No server's word keeps a source still for longer; it will say so again. Source: `mls-feeds.md` 3.4."""

_MAX_DETAIL = 200  # characters of a server's message that are worth keeping
_EPOCH_IS_MILLISECONDS = 1e11  # as seconds this is the year 5138

_REFUSALS = {
    400: "bad_request",
    401: "unauthorised",
    403: "forbidden",
    404: "not_found",
    410: "gone",
    413: "too_large",
    414: "too_long",
    415: "bad_media_type",
    501: "not_implemented",
}

_SPARK_REFUSALS = {
    1000: "unauthorised",
    1010: "unauthorised",
    1015: "forbidden",
    1019: "forbidden",
    1020: "token_expired",
    1021: "wrong_host",
    1040: "bad_filter",
    1041: "bad_filter",
    1050: "bad_parameter",
    1053: "bad_parameter",
    1500: "not_at_this_service_level",
    1505: "disabled_for_this_mls",
    3000: "bad_version",
}
_SPARK_OUTAGES = {
    1023: "not yet in sync",
    1024: "not yet in sync",
    1510: "down",
    1515: "too slow, cancelled: ask for less",
    1516: "too slow, cancelled: ask for less",
    1550: "over the rate limit",
}
_SPARK_FILTER_CODES = range(2000, 3000)

_RESETS = (  # (reset header, header that says how much is left)
    ("burst-ratelimit-reset", "burst-ratelimit-remaining"),
    ("application-ratelimit-reset", "application-ratelimit-remaining"),
    ("hour-quota-resettime", None),
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
)
_SECRET = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:\+?\d[\d\s().-]{6,}\d)|[\w\-.~+/=]{24,}")


def http_failure(
    service: str, status: int, headers: Mapping[str, str], body: object, now: datetime | None = None
) -> Unavailable | Refused:
    """Return the error for a failed OData answer.

    Args:
        service: whom the error names, such as `reso:actris`.
        status: the status line's number; 200 with an `error` member goes by the number of its `code`.
        body: the decoded body if it was JSON, else its text or None.
        now: the present instant, to turn a date of return into seconds.
    """
    code, message = _code_and_message(body)
    if 200 <= status < 300:
        status = _status_of_code(code)
    detail = _safe(f"{code}: {message}" if code else message)
    if status == 400 and "compression required" in message.casefold():
        return Refused(service, "compression_required", detail)
    if status in _REFUSALS:
        return Refused(service, _REFUSALS[status], detail)
    if 300 <= status < 400:
        return Refused(service, "redirected", "a redirect is never followed: the token would travel with it")
    why = "over the rate limit" if status == 429 else f"status {status}" if status else "an error in a good answer"
    return Unavailable(service, f"{why}{': ' + detail if detail else ''}", retry_after_s(headers, now))


def spark_failure(
    service: str, status: int, headers: Mapping[str, str], body: object, now: datetime | None = None
) -> Unavailable | Refused:
    """Return the error for a failed Spark v1 answer, by its `Code` first and by the status only without one."""
    envelope = body.get("D") if isinstance(body, Mapping) else None
    if not isinstance(envelope, Mapping):
        if status >= 400:
            return http_failure(service, status, headers, body, now)
        return Unavailable(service, "malformed page: D: an object")
    code, message = envelope.get("Code"), envelope.get("Message")
    detail = _safe(f"{code}: {message}" if message else str(code or ""))
    if isinstance(code, int):
        if code in _SPARK_REFUSALS or code in _SPARK_FILTER_CODES:
            return Refused(service, _SPARK_REFUSALS.get(code, "bad_filter"), detail)
        if code in _SPARK_OUTAGES:
            return Unavailable(service, f"{_SPARK_OUTAGES[code]} ({code})", retry_after_s(headers, now))
    if status in _REFUSALS:
        return Refused(service, _REFUSALS[status], detail)
    return Unavailable(service, f"Success is false{': ' + detail if detail else ''}", retry_after_s(headers, now))


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return how many seconds the server wants to be left alone, 0 to `MAX_RETRY_AFTER_S`; None when it says nothing.

    `Retry-After` in seconds or as a date; else the vendor's reset header of the quota that is used up, as a date, an
    epoch in seconds or in milliseconds.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    if (asked := lower.get("retry-after")) is not None:
        seconds = _float(asked)
        return _clamped(seconds) if seconds is not None else _until(asked, now)
    resets = [
        (remaining is not None and _float(lower.get(remaining)) == 0, wait)
        for reset, remaining in _RESETS
        if (wait := _until(lower.get(reset), now)) is not None
    ]
    if not resets:
        return None
    used_up = [wait for empty, wait in resets if empty]
    return max(used_up) if used_up else min(wait for _, wait in resets)


def _until(moment: str | None, now: datetime | None) -> float | None:
    """Return the seconds from `now` to a date or an epoch."""
    if moment is None or now is None:
        return None
    epoch = _float(moment)
    try:
        if epoch is not None:
            at = datetime.fromtimestamp(epoch / 1000 if epoch > _EPOCH_IS_MILLISECONDS else epoch, UTC)
        else:
            at = _date(moment)
    except (ValueError, OverflowError, OSError):
        return None
    return _clamped((at - now).total_seconds())


def _date(moment: str) -> datetime:
    try:
        return instant(moment)
    except ValueError:
        at = parsedate_to_datetime(moment)
        return at if at.tzinfo else at.replace(tzinfo=UTC)  # RFC 9110: a date in a header is in UTC


def _float(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _clamped(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _code_and_message(body: object) -> tuple[str, str]:
    if isinstance(body, Mapping):
        error = body.get("error")
        if isinstance(error, Mapping):
            return str(error.get("code") or ""), str(error.get("message") or "")
        return "", str(error or body.get("message") or "")
    if isinstance(body, bytes):
        body = body[:_MAX_DETAIL].decode("utf-8", "replace")
    return "", body[:_MAX_DETAIL] if isinstance(body, str) else ""


def _status_of_code(code: str) -> int:
    """Read 401, "401" or the reference server's "40100" as a status; 0 when it is none."""
    return int(code[:3]) if code.isdigit() and len(code) in (3, 5) and 400 <= int(code[:3]) <= 599 else 0


def _safe(message: str) -> str:
    """Return a server's message without what might be a token, an address or a number of a person."""
    return _SECRET.sub("***", " ".join(storable(message).split()))[:_MAX_DETAIL]
