"""Keys that make a repeated request harmless."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, writing
from nudge_adapters.memory.world import KeptKey, World
from nudge_core.model.idempotency import KeyClaim, KeyVerdict, StoredAnswer


class MemoryIdempotencyKeys:
    """Keys of one professional's requests."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._user_id = work.user_id
        self._users = world.users
        self._keys = world.book(work.user_id).keys

    @writing
    async def begin(self, key: UUID, fingerprint: str, lease_s: float) -> KeyClaim:
        """Claim a key, or say how it stands."""
        now = self._work.now
        until = now + timedelta(seconds=lease_s)
        kept = self._keys.get(key)
        if kept is None:
            self._users.need(self._user_id, "user")
            self._keys.put(key, KeptKey(fingerprint, now, 1, until))
            return KeyClaim(verdict=KeyVerdict.BEGIN, lease_until=until)
        if kept.fingerprint != fingerprint:
            return KeyClaim(verdict=KeyVerdict.MISMATCH, attempt=kept.attempt)
        if kept.answer is not None:
            return KeyClaim(verdict=KeyVerdict.ANSWERED, attempt=kept.attempt, answer=kept.answer)
        if kept.lease_until is not None and kept.lease_until > now:
            return KeyClaim(verdict=KeyVerdict.RUNNING, attempt=kept.attempt, lease_until=kept.lease_until)
        self._keys.put(key, evolve(kept, attempt=kept.attempt + 1, lease_until=until))
        return KeyClaim(verdict=KeyVerdict.BEGIN, attempt=kept.attempt + 1, lease_until=until)

    def _ours(self, key: UUID, attempt: int) -> KeptKey | None:
        kept = self._keys.get(key)
        mine = kept is not None and kept.attempt == attempt and kept.answer is None and kept.lease_until is not None
        return kept if mine else None

    @writing
    async def answer(self, key: UUID, attempt: int, answer: StoredAnswer) -> bool:
        """Store what was answered; False when the claim is not ours any more."""
        kept = self._ours(key, attempt)
        if kept is not None:
            self._keys.put(key, evolve(kept, answer=answer, lease_until=None))
        return kept is not None

    @writing
    async def give_up(self, key: UUID, attempt: int) -> bool:
        """End a claim without an answer."""
        kept = self._ours(key, attempt)
        if kept is not None:
            self._keys.put(key, evolve(kept, lease_until=None))
        return kept is not None

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove the keys that were first seen earlier; return how many."""
        now = self._work.now
        gone = [
            key
            for key, kept in self._keys.items()
            if kept.created_at < instant and (kept.lease_until is None or kept.lease_until <= now)
        ]
        for key in gone:
            self._keys.drop(key)
        return len(gone)
