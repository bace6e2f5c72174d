"""The personal part of a draft: `{first_name}`, `{reason}` and `{question}`, filled for one client at a time.

Everything in braces is meant to be filled, and so is a word in square or angle brackets (what models and people leave
behind: `[Your Name]`, `<address>`). What is not understood blocks the text; it never goes out as it stands. Values are
literal: braces in a value are just braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from nudge_core.errors import Invalid
from nudge_core.policy.findings import Finding, Severity

PLACEHOLDERS = ("first_name", "reason", "question")
"""The placeholders there are. `reason` and `question` stand for whole sentences with their own full stop."""

LONGEST = MappingProxyType({"first_name": 20, "reason": 72, "question": 50})
"""The most GSM-7 units a vertical gives for each, so that a draft's length can be judged before it is filled."""

_ALSO_UNDERSTOOD = MappingProxyType({"firstname": "first_name", "client_name": "first_name"})  # the predecessor's

_WRITTEN = re.compile(r"\{([^{}]*)\}|\[([^\[\]]*[^\W\d_][^\[\]]*)\]|<([^<>\s\d][^<>\n]*)>|[{}]")
_GREETING = re.compile(r"\b(hi|hello|hey|hiya|howdy)$", re.IGNORECASE)
_DEAR = re.compile(r"\bdear$", re.IGNORECASE)
_COMPLETE = re.compile(r"\b(good (morning|afternoon|evening|day)|thank you|thanks|happy \w+)$", re.IGNORECASE)
_ENDS_A_SENTENCE = (".", "!", "?")
_MAY_END_HERE = (*_ENDS_A_SENTENCE, ",", ":", "-", ")", '"', "\n")
_SEPARATOR = re.compile(r"\s*[,:!-]+\s*")


@frozen(kw_only=True)
class Placeholder:
    """One place to fill: its name, None when it is not understood, and characters `start` to `end` (half-open)."""

    name: str | None
    start: int
    end: int


class Filled(str):
    """A text whose placeholders are filled. Filling it again changes nothing, whatever braces its values held."""

    __slots__ = ()


def parse(text: str) -> tuple[Placeholder, ...]:
    """Return every placeholder of `text`, in order, understood or not."""
    return tuple(
        Placeholder(name=_name(match), start=match.start(), end=match.end()) for match in _WRITTEN.finditer(text)
    )


def _name(match: re.Match[str]) -> str | None:
    inner = next((group for group in match.groups() if group is not None), "")
    name = re.sub(r"[\s-]+", "_", inner.strip().casefold())
    name = _ALSO_UNDERSTOOD.get(name, name)
    return name if name in PLACEHOLDERS else None


def unknown(text: str) -> tuple[Finding, ...]:
    """Return a blocking finding for each placeholder that is not understood."""
    if isinstance(text, Filled):
        return ()
    return tuple(
        Finding(
            rule="unknown_placeholder",
            severity=Severity.BLOCK,
            start=place.start,
            end=place.end,
            found=text[place.start : place.end],
            suggestion="write it out, or use " + ", ".join(f"{{{name}}}" for name in PLACEHOLDERS),
        )
        for place in parse(text)
        if place.name is None
    )


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Return `text` with the values of one client in it.

    Args:
        text: a draft. One that is `Filled` already comes back as it is.
        values: per placeholder; may hold more than the text uses. An empty `first_name` gives a greeting without a
            name; an empty `reason` or `question` leaves its sentence out.

    Raises:
        Invalid: the text has a placeholder that is not understood or has no value, or it cannot do without a value
            that is empty.
    """
    if isinstance(text, Filled):
        return text
    if strange := unknown(text):
        where = ", ".join(str(finding.start) for finding in strange)
        raise Invalid(
            "draft.placeholders", f"only {', '.join(PLACEHOLDERS)}; not understood at character {where}", text
        )
    done, rest_from, capital_at = "", 0, None
    for place in parse(text):
        name = place.name or ""
        if name not in values:
            raise Invalid(f"placeholder.{name}", "a value, since the text has a place for it", None)
        done += text[rest_from : place.start]
        value, after = " ".join(values[name].split()), text[place.end :]
        if value:
            done, skipped = _with(done, value, after)
        elif name == "first_name":
            done, skipped = _nameless(done, after)
            capital_at = len(done) if not done.strip() else capital_at
        else:
            done, skipped = _without_sentence(done, name, after)
        rest_from = place.end + skipped
    done += text[rest_from:]
    if capital_at is not None:
        done = done[:capital_at] + done[capital_at : capital_at + 1].upper() + done[capital_at + 1 :]
    return Filled(done.strip())


def _with(done: str, value: str, after: str) -> tuple[str, int]:
    """Append a value; a full stop that the value brings and the text has as well is written once."""
    twice = value.endswith(_ENDS_A_SENTENCE) and after.startswith(".")
    return done + value, 1 if twice else 0


def _nameless(done: str, after: str) -> tuple[str, int]:
    """Greet somebody whose name is not known. Returns the text so far and how many characters after it to skip."""
    before = done.rstrip()
    if _GREETING.search(before):
        return done + "there", 0
    if _DEAR.search(before):
        return before[: -len("dear")] + "Hello", 0
    if _COMPLETE.search(before) and not after[:1].isalnum() and not after.startswith(("'", " ")):
        return before, 0
    if not before and (separator := _SEPARATOR.match(after)):
        return done, separator.end()
    if before.endswith(",") and (not after or after[0] in ".!?,;:\n"):
        return before[:-1], 0
    raise Invalid("placeholder.first_name", "a first name, since the text uses it outside its greeting", "")


def _without_sentence(done: str, name: str, after: str) -> tuple[str, int]:
    """Leave a whole sentence out, with its blank and any punctuation put behind it."""
    before = done.rstrip(" ")
    if before and not before.endswith(_MAY_END_HERE):
        raise Invalid(f"placeholder.{name}", "a value, since the sentence before goes on into it", "")
    rest = after.lstrip(".!?,;")
    if not before or before.endswith("\n"):
        rest = rest.lstrip(" ")
    return before, len(after) - len(rest)


def widest(text: str) -> str:
    """Return `text` with values of the greatest length: what its cost is judged by before it is filled."""
    done, rest_from = "", 0
    for place in parse(text):
        done += text[rest_from : place.start] + "x" * LONGEST.get(place.name or "", place.end - place.start)
        rest_from = place.end
    return done + text[rest_from:]
