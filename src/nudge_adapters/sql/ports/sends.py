"""The sending machine across all tenants: claims lane by lane, and what became of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from sqlalchemy import select, text

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports import claiming, conditions
from nudge_adapters.sql.ports.batches import COLUMNS
from nudge_adapters.sql.ports.claiming import (
    ANY_DUE,
    BACK,
    HAS_DUE,
    LANES,
    LOT,
    OVERTAKEN,
    SAVEPOINT,
    SERVED_AT,
    bound,
    drawn,
    instants_of,
    lanes_wanted,
    texts_wanted,
)
from nudge_adapters.sql.rows.texts import message_from_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.lane import DEFAULT_CLAIM, ClaimRules
from nudge_core.model.message import FINAL_RANK, Delivery, Message, Receipt
from nudge_core.policy.pacing import lot_of, refill_s

_message, _user = tables.message, tables.user

_CLAIM_TRIES = 3
"""How often a claim starts again when something that it could not see yet came between."""

HEAD = 1_000
"""How many due texts `blocked` looks at, spread over all lanes."""
LEAST_HEAD = 10

_BLOCKED = text(
    f"""
    WITH lane AS MATERIALIZED (
        SELECT l.user_id, l.sender FROM senderlane l WHERE {ANY_DUE} AND {HAS_DUE} ORDER BY {LOT} LIMIT :limit),
    head AS MATERIALIZED (
        SELECT h.id, h.user_id FROM lane CROSS JOIN LATERAL (
            SELECT q.id, q.user_id FROM message q WHERE q.delivery = 'queued' AND q.user_id = lane.user_id
            AND q.sender = lane.sender AND q.due_at <= :now ORDER BY q.due_at, q.id
            LIMIT (SELECT greatest({LEAST_HEAD}, {HEAD} / greatest(count(*), 1)) FROM lane)) AS h
        UNION ALL
        (SELECT q.id, q.user_id FROM message q WHERE q.delivery = 'queued' AND q.sender IS NULL AND q.due_at <= :now
            ORDER BY q.due_at, q.id LIMIT :limit))
    SELECT {COLUMNS} FROM head JOIN message m ON m.user_id = head.user_id AND m.id = head.id
    WHERE m.delivery = 'queued' AND {conditions.STUCK} ORDER BY m.due_at, m.id LIMIT :limit
    """  # noqa: S608
).columns(*_message.c)

_NEXT_DUE = text(
    f"""
    SELECT min(due_at) FROM (
        SELECT greatest(first.due_at, {SERVED_AT}, l.paused_until) AS due_at
        FROM senderlane l CROSS JOIN LATERAL (
            SELECT q.due_at FROM message q WHERE q.delivery = 'queued' AND q.user_id = l.user_id
            AND q.sender = l.sender ORDER BY q.due_at LIMIT 1) AS first
        WHERE l.pause_reason IS NULL OR l.paused_until IS NOT NULL
        UNION ALL
        (SELECT q.due_at FROM message q WHERE q.delivery = 'queued' AND q.sender IS NULL ORDER BY q.due_at LIMIT 1)
    ) AS following
    """  # noqa: S608
)


class SqlSends:
    """Claims of queued texts."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._leaves_at: dict[UUID, datetime] = {}

    @property
    def leaves_at(self) -> Mapping[UUID, datetime]:
        """When each text that was claimed in this transaction may leave; without an entry: at once."""
        return self._leaves_at

    @writing
    async def claim(self, limit: int, lease_s: float, rules: ClaimRules = DEFAULT_CLAIM) -> Sequence[Message]:
        """Take queued texts that may go now, of every lane an equal share; each gets attempt + 1 and a lease."""
        now = self._work.now
        found, _ = await self._work.together((LANES, lanes_wanted(now, limit, rules)), (SAVEPOINT, {}))
        lanes = drawn(found, now, limit, rules)
        if not lanes:
            return []
        wanted = texts_wanted(lanes, now, limit, rules) | {"lease_until": now + timedelta(seconds=lease_s)}
        for _ in range(_CLAIM_TRIES):
            with suppress(psycopg.IntegrityError):  # uq_message_one_in_flight: another claimer was first
                rows, [overtaken] = await self._work.together((claiming.CLAIM, wanted), (OVERTAKEN, wanted))
                if not overtaken["by_a_stop"]:
                    rows.sort(key=lambda row: (row["due_at"], row["id"]))
                    self._leaves_at |= instants_of(lanes, rows)
                    return [message_from_row(row) for row in rows]
            await self._work.together((BACK, {}))
        return []

    @reading
    async def blocked(self, limit: int, rules: ClaimRules = DEFAULT_CLAIM) -> Sequence[Message]:
        """Return due queued texts that no claim will take by itself, oldest first, for the gate to say why."""
        wanted = bound(self._work.now, rules) | {"limit": limit, "lot": lot_of(self._work.now)}
        return [message_from_row(row) for row in await self._work.rows(_BLOCKED, wanted)]

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
    async def next_due(self, rules: ClaimRules = DEFAULT_CLAIM) -> datetime | None:
        """Return when the next queued text is due and a claim under `rules` serves its lane, or None."""
        wanted = {"open_after": rules.open_after, "refill": timedelta(seconds=refill_s(rules))}
        due: datetime | None = (await self._work.run(_NEXT_DUE, wanted)).scalar()
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
