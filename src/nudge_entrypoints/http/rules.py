"""What a decoder says of a value, as a field and a rule, and never with the value."""

from __future__ import annotations

import re

from msgspec import ValidationError

from nudge_core.errors import Invalid

_PATH = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_EXPECTED = re.compile(r"Expected `([\w. |\[\]<>=,]+)`(?: of [\w ]+ [<>]=? ?\d+)?(?:, got `([\w.]+)`)?")
_LENGTH = re.compile(r"Expected `(\w+)` of (?:at (?:most|least) )?length ([<>=]* ?\d+)")
_BOUND = re.compile(r"Expected `(\w+)` ([<>]=? -?[\d.]+)")
_ABSENT = re.compile(r"'\w+'")  # what Litestar says of a parameter that is not there
_KNOWN = {
    "Invalid enum value": "one of the values that the document lists",
    "Invalid value": "one of the values that the document lists",
    "Invalid UUID": "a UUID",
    "Invalid RFC3339 encoded datetime": "an RFC 3339 date and time",
    "Invalid RFC3339 encoded date": "an RFC 3339 date",
    "Invalid RFC3339 encoded time": "an RFC 3339 time",
    "Invalid ISO8601 duration": "an ISO 8601 duration",
    "Invalid decimal string": "a decimal number",
    "Invalid base64 encoded string": "base64",
}
"""Beginnings of what msgspec says, whose ends may repeat the value."""

UNREADABLE = "a value of the documented kind"


def rule_of(said: str) -> str:
    """Return the rule in words; what may repeat the value is left out."""
    said = _PATH.sub("", said)
    if _MISSING.search(said) or _ABSENT.fullmatch(said):
        return "is needed"
    for beginning, rule in _KNOWN.items():
        if said.startswith(beginning):
            return rule
    for pattern, words in ((_LENGTH, "a {0} of length {1}"), (_BOUND, "a {0} {1}")):
        if (found := pattern.match(said)) is not None:
            return words.format(*found.groups())
    if (found := _EXPECTED.match(said)) is not None:
        wanted, got = found.groups()
        return f"expected {wanted}" + (f", not {got}" if got else "")
    return UNREADABLE


def field_and_rule(error: ValidationError) -> tuple[str, str]:
    """Return the dotted path of what is wrong in a body, and the rule it breaks.

    A rule of our own (`Invalid`, raised by a validator while an object was made) keeps its words; the path to its
    object is the decoder's.
    """
    said = str(error)
    found = _PATH.search(said)
    path = found["path"].lstrip(".") if found is not None else ""
    cause = error.__cause__
    if isinstance(cause, Invalid):
        return _joined(path, cause.field.rpartition(".")[2]), cause.rule
    if (missing := _MISSING.search(said)) is not None:
        return _joined(path, missing[1]), "is needed"
    return path or "body", rule_of(said) if cause is None else UNREADABLE


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
