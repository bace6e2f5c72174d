"""The sending machine across all tenants: claims in one statement, and what became of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.texts import message_from_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.message import FINAL_RANK, Delivery, Message, Receipt

_message, _user = tables.message, tables.user

_CLAIM_TRIES = 3
"""How often a claim starts again when another claimer took a text to the same phone at the same moment."""


def _silenced(alias: str) -> str:
    """Return the condition that a suppression of scope ALL holds now: the newest of its kind is active.

    A service text is let through: the one confirmation of a STOP goes to a phone that has just been suppressed.
    """
    return (
        f"({alias}.message_class <> 'service' AND EXISTS (SELECT FROM suppression s "  # noqa: S608
        f"WHERE s.user_id = {alias}.user_id AND s.phone = {alias}.recipient "
        "AND s.scope = 'all' AND s.active AND NOT EXISTS (SELECT FROM suppression n WHERE n.user_id = s.user_id "
        "AND n.phone = s.phone AND n.scope = s.scope AND n.topic = s.topic "
        "AND (n.created_at, n.seq) > (s.created_at, s.seq))))"
    )


_COLUMNS = ", ".join(column.name for column in _message.c)

# Oldest first. Of several due texts of one pair of phones only the oldest, and none while one is in flight; the unique
# index `uq_message_one_in_flight` holds the same against claimers that cannot see each other yet. `ctid` is good
# inside one statement, and cheaper than joining on the key (performance.md 7).
_CLAIM = text(
    f"""
    UPDATE message SET delivery = 'sending', attempt = attempt + 1, claimed_at = :now, lease_until = :lease_until
    WHERE ctid = ANY (ARRAY (
        SELECT m.ctid FROM message m
        WHERE m.delivery = 'queued' AND m.due_at <= :now AND NOT {_silenced("m")}
        AND NOT EXISTS (
            SELECT FROM message f
            WHERE f.sender = m.sender AND f.recipient = m.recipient AND f.delivery IN ('sending', 'in_doubt'))
        AND NOT EXISTS (
            SELECT FROM message e
            WHERE e.sender = m.sender AND e.recipient = m.recipient AND e.delivery = 'queued'
            AND (e.due_at, e.id) < (m.due_at, m.id) AND NOT {_silenced("e")})
        ORDER BY m.due_at, m.id LIMIT :limit FOR UPDATE SKIP LOCKED))
    RETURNING {_COLUMNS}
    """  # noqa: S608
).columns(*_message.c)

_BLOCKED = text(
    f"""
    SELECT {_COLUMNS} FROM message m WHERE m.delivery = 'queued' AND m.due_at <= :now AND {_silenced("m")}
    ORDER BY m.due_at, m.id LIMIT :limit
    """  # noqa: S608
).columns(*_message.c)


class SqlSends:
    """Claims of queued texts."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def claim(self, limit: int, lease_s: float) -> Sequence[Message]:
        """Take queued texts that are due, oldest first; each gets attempt + 1 and a lease."""
        now = self._work.now
        wanted = {"now": now, "lease_until": now + timedelta(seconds=lease_s), "limit": limit}
        for _ in range(_CLAIM_TRIES):
            try:
                async with self._work.savepoint():
                    rows = await self._work.rows(_CLAIM, wanted)
            except IntegrityError:  # uq_message_one_in_flight: another claimer was first with this phone
                continue
            return [message_from_row(row) for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))]
        return []

    @reading
    async def blocked(self, limit: int) -> Sequence[Message]:
        """Return due queued texts that `claim` will not take because of a suppression, oldest first."""
        rows = await self._work.rows(_BLOCKED, {"now": self._work.now, "limit": limit})
        return [message_from_row(row) for row in rows]

    @reading
    async def expired_leases(self, limit: int) -> Sequence[Message]:
        """Return texts in `sending` whose lease ran out, the longest ago first."""
        run_out = (_message.c.delivery == Delivery.SENDING, _message.c.lease_until <= self._work.now)
        query = select(_message).where(*run_out).order_by(_message.c.lease_until, _message.c.id).limit(limit)
        return [message_from_row(row) for row in await self._work.rows(query)]

    @reading
    async def doubtful(self, limit: int) -> Sequence[Message]:
        """Return texts in doubt, oldest claim first."""
        query = select(_message).where(_message.c.delivery == Delivery.IN_DOUBT)
        oldest = query.order_by(_message.c.claimed_at, _message.c.id).limit(limit)
        return [message_from_row(row) for row in await self._work.rows(oldest)]

    @reading
    async def unbilled(self, sent_before: datetime, sent_after: datetime, limit: int) -> Sequence[Message]:
        """Return sent texts with a final receipt and no price yet: those never asked about first, then the newest."""
        row = _message.c
        query = select(_message).where(
            row.delivery == Delivery.SENT,
            row.price_micros.is_(None),
            row.provider_sid.is_not(None),
            row.receipt.in_([receipt.value for receipt in Receipt if receipt.rank >= FINAL_RANK]),
            row.sent_at.between(sent_after, sent_before),
        )
        first = query.order_by(row.segments.is_not(None), row.sent_at.desc(), row.id).limit(limit)
        return [message_from_row(found) for found in await self._work.rows(first)]

    @reading
    async def next_due(self) -> datetime | None:
        """Return when the next queued text becomes due, or None."""
        query = select(func.min(_message.c.due_at)).where(_message.c.delivery == Delivery.QUEUED)
        due: datetime | None = (await self._work.run(query)).scalar()
        return due

    @reading
    async def owner_of_number(self, phone: str) -> UUID | None:
        """Return the user who owns this sending number."""
        query = select(_user.c.id).where(_user.c.twilio_phone_number == phone)
        owner: UUID | None = (await self._work.run(query)).scalar()
        return owner

    @reading
    async def owner_of_sid(self, provider_sid: str) -> UUID | None:
        """Return the user whose message has this provider id; of several the first by id."""
        query = select(_message.c.user_id).where(_message.c.provider_sid == provider_sid)
        owner: UUID | None = (await self._work.run(query.order_by(_message.c.user_id).limit(1))).scalar()
        return owner
