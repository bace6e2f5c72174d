"""What can go wrong, named by what the caller should do about it.

    NudgeError
    ├── Invalid             the value breaks a rule: mend the field it names
    ├── IllegalTransition   the thing is not in a state that allows this: read it again
    ├── NotFound            there is no such thing for this owner
    ├── Conflict            somebody was first, or it already exists
    ├── Unavailable         try again, not before `retry_after_s`
    ├── Refused             the other side said no, and will say no again
    └── Misconfigured       the operator must change the settings it lists

"No" is not an error. That a text may not go out now is an answer with a reason code (`nudge_core.policy`).
No error carries a personal value: `Invalid` describes the shape of what it was given, never the text itself.
"""

from __future__ import annotations

from collections.abc import Sequence


class NudgeError(Exception):
    """The root of the tree: `except NudgeError` catches all that Nudge raises on purpose."""


class Invalid(NudgeError, ValueError):
    """A value breaks a rule.

    Args:
        field: dotted name of the field, such as `client.phone`.
        rule: the rule in words that a person can act on, such as "E.164: + and 7 to 15 digits".
        value: the offending value; only its shape is kept.
    """

    def __init__(self, field: str, rule: str, value: object = None) -> None:
        self.field = field
        self.rule = rule
        self.got = shape_of(value)
        super().__init__(f"{field}: {rule} (got {self.got})")


class IllegalTransition(NudgeError):
    """A state machine has no such edge."""

    def __init__(self, machine: str, current: str, wanted: str, why: str) -> None:
        self.machine = machine
        self.current = current
        self.wanted = wanted
        self.why = why
        super().__init__(f"{machine}: {current} -> {wanted} is not allowed: {why}")


class NotFound(NudgeError, LookupError):
    """There is no such thing for this owner. A foreign thing and a missing one answer alike."""

    def __init__(self, what: str, key: object) -> None:
        self.what = what
        self.key = str(key)
        super().__init__(f"no {what} {self.key}")


class Conflict(NudgeError):
    """Somebody was first: the row changed since it was read, or its key is taken."""

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        self.why = why
        super().__init__(f"{what}: {why}")


class Unavailable(NudgeError):
    """A service does not answer now; the same call may succeed later.

    Args:
        service: which part, such as `reso:actris` or `openai`.
        why: what was seen, without secrets.
        retry_after_s: seconds to wait at least; None when the service did not say.
    """

    def __init__(self, service: str, why: str, retry_after_s: float | None = None) -> None:
        self.service = service
        self.why = why
        self.retry_after_s = retry_after_s
        wait = "" if retry_after_s is None else f"; again in {retry_after_s:.0f} s"
        super().__init__(f"{service} is unavailable: {why}{wait}")


class Refused(NudgeError):
    """A service understood and said no. Repeating the call is pointless.

    Args:
        service: which part.
        reason: a short code, such as `unauthorised` or `bad_filter`.
        detail: what the service said, without secrets.
    """

    def __init__(self, service: str, reason: str, detail: str = "") -> None:
        self.service = service
        self.reason = reason
        self.detail = detail
        super().__init__(f"{service} refused: {reason}{': ' + detail if detail else ''}")


class Misconfigured(NudgeError):
    """Settings are missing or unusable; `problems` lists every one of them, a line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def shape_of(value: object) -> str:
    """Describe a value without telling it: `str of 12 characters`, `int`, `list of 3`."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"str of {len(value)} characters"
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__
