"""Keys that make a repeated request harmless."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.work import Work, writing
from nudge_core.model.idempotency import KeyClaim, KeyVerdict, StoredAnswer

_key = tables.idempotency


class SqlIdempotencyKeys:
    """Keys of one professional's requests."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def _this(self, key: UUID) -> ColumnElement[bool]:
        return and_(_key.c.user_id == self._work.owner, _key.c.id == key)

    @writing
    async def begin(self, key: UUID, fingerprint: str, lease_s: float) -> KeyClaim:
        """Claim a key, or say how it stands. Of many at once the first inserts, the others wait for its row."""
        now = self._work.now
        until = now + timedelta(seconds=lease_s)
        new = {"user_id": self._work.owner, "id": key, "fingerprint": fingerprint, "created_at": now, "attempt": 1}
        added = upsert(_key).values(new | {"lease_until": until}).on_conflict_do_nothing(constraint="pk_idempotency")
        if await self._work.changed(added) == 1:
            return KeyClaim(verdict=KeyVerdict.BEGIN, lease_until=until)
        row = (await self._work.rows(select(_key).where(self._this(key)).with_for_update()))[0]
        attempt: int = row["attempt"]
        if row["fingerprint"] != fingerprint:
            return KeyClaim(verdict=KeyVerdict.MISMATCH, attempt=attempt)
        if row["status"] is not None:
            answer = StoredAnswer(status=row["status"], headers=row["headers"], body=row["body"])
            return KeyClaim(verdict=KeyVerdict.ANSWERED, attempt=attempt, answer=answer)
        if row["lease_until"] is not None and row["lease_until"] > now:
            return KeyClaim(verdict=KeyVerdict.RUNNING, attempt=attempt, lease_until=row["lease_until"])
        claimed = {"attempt": attempt + 1, "lease_until": until}
        await self._work.run(update(_key).where(self._this(key)).values(claimed))
        return KeyClaim(verdict=KeyVerdict.BEGIN, attempt=attempt + 1, lease_until=until)

    async def _end(self, key: UUID, attempt: int, values: dict[str, object]) -> bool:
        ours = (self._this(key), _key.c.attempt == attempt, _key.c.status.is_(None), _key.c.lease_until.is_not(None))
        return await self._work.changed(update(_key).where(*ours).values(values | {"lease_until": None})) == 1

    @writing
    async def answer(self, key: UUID, attempt: int, answer: StoredAnswer) -> bool:
        """Store what was answered; False when the claim is not ours any more."""
        said = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
        return await self._end(key, attempt, said)

    @writing
    async def give_up(self, key: UUID, attempt: int) -> bool:
        """End a claim without an answer."""
        return await self._end(key, attempt, {})

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove the keys that were first seen earlier; return how many."""
        free = or_(_key.c.lease_until.is_(None), _key.c.lease_until <= self._work.now)
        old = (_key.c.user_id == self._work.owner, _key.c.created_at < instant, free)
        return await self._work.changed(delete(_key).where(*old))
