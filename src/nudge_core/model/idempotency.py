"""Keys that a caller gives to a request so that repeating it is harmless, and what was answered to it.

    begun (lease) -> answered
         `-> given up, or its lease ran out: the next one with the same key takes it over

A key is known by an id that is derived from its professional, its route and its words; what is created under the key
takes that id too, so that a request whose process died between its effect and its answer finds the effect done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from attrs import field, frozen

from nudge_core.model import fields

FINGERPRINT = 64  # characters: SHA-256 in hexadecimal
_NAMESPACE = UUID("8f1f6b52-6d0e-5a0c-9f0a-7d5b1a3c2e11")


def key_id(user_id: UUID, route: str, key: str) -> UUID:
    """Return the id of a key: the same for the same professional, route (its template) and words."""
    return uuid5(_NAMESPACE, f"{user_id}\n{route}\n{key}")


@frozen(kw_only=True)
class StoredAnswer:
    """What was answered, as it is given again. `headers`: those that belong to the body."""

    status: int = field(validator=fields.between(100, 499))
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


FORGOTTEN = StoredAnswer(status=410)
"""Stands where an answer was that may speak of an erased client: that it was done is still known, not what was said."""


class KeyVerdict(StrEnum):
    """What becomes of a request with a key.

    `BEGIN`: it is ours to do. `RUNNING`: the same one is being done. `ANSWERED`: it was done. `MISMATCH`: the key
    belongs to another request.
    """

    BEGIN = "begin"
    RUNNING = "running"
    ANSWERED = "answered"
    MISMATCH = "mismatch"


@frozen(kw_only=True)
class KeyClaim:
    """How a key was found. `attempt`, `lease_until`: of the claim that holds. `answer`: when ANSWERED."""

    verdict: KeyVerdict
    attempt: int = 1
    lease_until: datetime | None = None
    answer: StoredAnswer | None = field(default=None, repr=False)
