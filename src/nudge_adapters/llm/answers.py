"""Reading what a Responses API sends back, apart from fetching: pure, so that every shape can be tested.

An answer has three ways of not being one: a refusal, an incomplete text, and JSON that is not what was asked for.
Source: `messaging.md` section 14; the shapes are those of openai 3.54.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime

from nudge_core.errors import NudgeError, Refused, Unavailable

TEXT_FORMAT = {
    "type": "json_schema",
    "name": "text_message",
    "strict": True,
    "schema": {
        "type": "object",
        "properties": {"text": {"type": "string", "description": "the message with its placeholders"}},
        "required": ["text"],
        "additionalProperties": False,
    },
}
"""The strict schema of an answer: a text and nothing else. No recipient, no link, no time: those are ours."""

QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
"""A 429 that repeating does not cure: somebody must pay or raise a limit."""

LONGEST_WAIT_S = 3_600.0
_CODE = re.compile(r"[a-z0-9_.-]{1,60}", re.IGNORECASE)
_PASSING = frozenset({"server_error", "rate_limit_exceeded", "slow_down", "vector_store_timeout"})


def proposed_text(body: str, service: str) -> str:
    """Return the text of a finished answer.

    Args:
        body: the HTTP body.
        service: the name for errors.

    Raises:
        Unavailable: the body is not an answer of this protocol (a proxy's page), or generation failed for now.
        Refused: `model_refused`, `incomplete`, `failed` or `invalid_output`.
    """
    answer = _object(_parsed(body))
    output = answer.get("output") if answer is not None else None
    if answer is None or not isinstance(output, list):
        raise Unavailable(service, "what came back is no answer of the Responses API")
    error, status = _object(answer.get("error")), answer.get("status")
    if error is not None or status == "failed":
        code = _code((error or {}).get("code"))
        if code in _PASSING:
            raise Unavailable(service, code)
        raise Refused(service, "failed", code)
    if status != "completed":
        details = _object(answer.get("incomplete_details")) or {}
        raise Refused(service, "incomplete", _code(details.get("reason")))
    parts = list(_parts(output))
    if any(part.get("type") == "refusal" for part in parts):
        raise Refused(service, "model_refused")
    written = _object(_parsed("".join(str(part.get("text")) for part in parts if part.get("type") == "output_text")))
    text = written["text"] if written is not None and set(written) == {"text"} else None
    if not isinstance(text, str) or not text.strip():
        raise Refused(service, "invalid_output")
    return text


def _parts(output: list[object]) -> Iterator[Mapping[str, object]]:
    """The content of the final message; reasoning and commentary are not meant for anybody."""
    for item in output:
        message = _object(item) or {}
        content = message.get("content")
        if message.get("type") == "message" and message.get("phase") != "commentary" and isinstance(content, list):
            yield from filter(None, map(_object, content))


def status_error(status: int, body: object, headers: Mapping[str, str], service: str) -> NudgeError:
    """Return what an HTTP error status means for the caller: try later, or never again in this form.

    Args:
        status: the HTTP status.
        body: the `error` member of the body, or whatever came instead.
        headers: of the response, names in small letters.
        service: the name for errors.
    """
    error = _object(body) or {}
    code, kind = _code(error.get("code")), _code(error.get("type"))
    if status == 429 and not {code, kind} & QUOTA_CODES:
        return Unavailable(service, code or "rate limit", wait_s(headers))
    if status == 429:
        return Refused(service, "quota", code or kind)
    if status in {408, 409} or status >= 500:
        return Unavailable(service, f"HTTP {status}", wait_s(headers))
    if status in {401, 403}:
        return Refused(service, "unauthorised", code or kind)
    return Refused(service, "bad_request", f"HTTP {status} {code or kind}".strip())


def wait_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds the service asks to wait, 0 to 3,600; None when it does not say.

    A date is taken against the response's own Date, so that our clock does not matter.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        if re.fullmatch(r"\s*\d{1,9}(\.\d{1,9})?\s*", value):
            return min(float(value) * unit, LONGEST_WAIT_S)
        try:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
        except (ValueError, TypeError):  # no date, or one with a zone against one without
            continue
        return min(max(wait / timedelta(seconds=1), 0.0), LONGEST_WAIT_S)
    return None


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _object(value: object) -> Mapping[str, object] | None:
    return value if isinstance(value, dict) else None


def _code(value: object) -> str:
    """Return a short code, and nothing that could be a sentence with somebody's data in it."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""
