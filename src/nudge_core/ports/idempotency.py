"""Storage of the keys that make a repeated request harmless."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.idempotency import KeyClaim, StoredAnswer


class IdempotencyKeys(Protocol):
    """Keys of one professional's requests, with what was answered."""

    async def begin(self, key: UUID, fingerprint: str, lease_s: float) -> KeyClaim:
        """Claim a key for `lease_s` seconds, or say how it stands. Of many at once exactly one gets BEGIN.

        A key that was given up, or whose lease ran out unanswered, is claimed anew with attempt + 1. `fingerprint`: of
        the request; with another one than at first the verdict is MISMATCH, whatever else holds.
        """
        ...

    async def answer(self, key: UUID, attempt: int, answer: StoredAnswer) -> bool:
        """Store what was answered; False, and nothing stored, when the claim is not ours any more."""
        ...

    async def give_up(self, key: UUID, attempt: int) -> bool:
        """End a claim without an answer: the next request goes at once. False when it is not ours any more."""
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Remove the keys that were first seen earlier; return how many. One whose lease holds is kept."""
        ...
