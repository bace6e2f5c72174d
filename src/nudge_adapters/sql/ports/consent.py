"""Who may be texted: both tables only ever grow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import any_, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import String

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.people import (
    consent_from_row,
    consent_to_row,
    suppression_from_row,
    suppression_to_row,
)
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.consent import Consent, Suppression

_consent, _suppression = tables.consent, tables.suppression

# A STOP and the sending machine must not pass each other: no text may be claimed after the STOP has committed
# (reliability.md 6, I3). The lock makes texts to this phone that are being queued wait for it, or it for them; the row
# locks do the same for those queued already, which a claim then skips.
_LOCK_PHONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:user_id || :phone, 0))")
_LOCK_UNSENT = text(
    "SELECT id FROM message WHERE user_id = :user_id AND recipient = :phone "
    "AND delivery IN ('queued', 'sending', 'in_doubt') ORDER BY id FOR UPDATE"
)


class SqlConsents:
    """Consent given."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def add(self, consents: Sequence[Consent]) -> None:
        """Store records. Raises NotFound when a client is not in this book."""
        for consent in consents:
            self._work.own(consent.user_id, "consent.user_id")
        if consents:
            await self._work.run(insert(_consent), [consent_to_row(consent) for consent in consents])

    @reading
    async def latest(self, phones: Sequence[str]) -> Mapping[str, Consent]:
        """Return the newest record per phone; of two of the same instant the one stored later."""
        query = (
            select(_consent)
            .ext(distinct_on(_consent.c.phone))
            .where(
                _consent.c.user_id == self._work.owner,
                _consent.c.phone == any_(literal(list(phones), ARRAY(String))),
            )
            .order_by(_consent.c.phone, _consent.c.recorded_at.desc(), _consent.c.seq.desc())
        )
        return {row["phone"]: consent_from_row(row) for row in await self._work.rows(query)}


class SqlSuppressions:
    """Silence demanded."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def add(self, suppression: Suppression) -> bool:
        """Store a record; False when one from the same `source_sid` is stored already."""
        self._work.own(suppression.user_id, "suppression.user_id")
        whom = {"user_id": self._work.owner, "phone": suppression.phone}
        await self._work.run(_LOCK_PHONE, whom | {"user_id": str(self._work.owner)})
        await self._work.run(_LOCK_UNSENT, whom)
        stored = await self._work.changed(
            upsert(_suppression)
            .values(suppression_to_row(suppression))
            .on_conflict_do_nothing(constraint="uq_suppression_user_id_source_sid")
        )
        return stored == 1

    @reading
    async def active(self, phone: str) -> Sequence[Suppression]:
        """Return the records that hold now, the newest per scope and topic where it is `active`, by scope and topic."""
        columns = _suppression.c
        newest = (
            select(_suppression)
            .ext(distinct_on(columns.scope, columns.topic))
            .where(columns.user_id == self._work.owner, columns.phone == phone)
            .order_by(columns.scope, columns.topic, columns.created_at.desc(), columns.seq.desc())
        )
        rows = [suppression_from_row(row) for row in await self._work.rows(newest)]
        return sorted((row for row in rows if row.active), key=lambda row: (row.scope, row.topic))

    @reading
    async def active_for(self, phones: Collection[str]) -> Mapping[str, Sequence[Suppression]]:
        """Return the records that hold now for each of several phones; a phone without any has no entry."""
        columns = _suppression.c
        newest = (
            select(_suppression)
            .ext(distinct_on(columns.phone, columns.scope, columns.topic))
            .where(columns.user_id == self._work.owner, columns.phone == any_(literal(sorted(phones), ARRAY(String))))
            .order_by(columns.phone, columns.scope, columns.topic, columns.created_at.desc(), columns.seq.desc())
        )
        held: dict[str, list[Suppression]] = {}
        for row in map(suppression_from_row, await self._work.rows(newest)):
            if row.active:
                held.setdefault(row.phone, []).append(row)
        return {phone: sorted(rows, key=lambda row: (row.scope, row.topic)) for phone, rows in held.items()}
