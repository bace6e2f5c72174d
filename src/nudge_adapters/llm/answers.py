"""Reading what a Responses API sends back, apart from fetching: pure, so that every shape can be tested.

An answer has three ways of not being one: a refusal, an incomplete text, and JSON that is not what was asked for.
Source: `messaging.md` section 14; the shapes are those of openai 3.54.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from nudge_adapters.openai_service import json_object, short_code
from nudge_core.errors import Refused, Unavailable

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
    answer = json_object(_parsed(body))
    output = answer.get("output") if answer is not None else None
    if answer is None or not isinstance(output, list):
        raise Unavailable(service, "what came back is no answer of the Responses API")
    error, status = json_object(answer.get("error")), answer.get("status")
    if error is not None or status == "failed":
        code = short_code((error or {}).get("code"))
        if code in _PASSING:
            raise Unavailable(service, code)
        raise Refused(service, "failed", code)
    if status != "completed":
        details = json_object(answer.get("incomplete_details")) or {}
        raise Refused(service, "incomplete", short_code(details.get("reason")))
    parts = list(_parts(output))
    if any(part.get("type") == "refusal" for part in parts):
        raise Refused(service, "model_refused")
    output_text = "".join(str(part.get("text")) for part in parts if part.get("type") == "output_text")
    written = json_object(_parsed(output_text))
    text = written["text"] if written is not None and set(written) == {"text"} else None
    if not isinstance(text, str) or not text.strip():
        raise Refused(service, "invalid_output")
    return text


def _parts(output: list[object]) -> Iterator[Mapping[str, object]]:
    """The content of the final message; reasoning and commentary are not meant for anybody."""
    for item in output:
        message = json_object(item) or {}
        content = message.get("content")
        if message.get("type") == "message" and message.get("phase") != "commentary" and isinstance(content, list):
            yield from filter(None, map(json_object, content))


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
