"""The sending machine across all tenants: claims lane by lane, and what became of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from nudge_adapters.sql import tables
from nudge_adapters.sql.across import KEYS, Across
from nudge_adapters.sql.ports import claiming, conditions
from nudge_adapters.sql.ports.claiming import (
    ANY_DUE,
    HAS_DUE,
    LOT,
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
from nudge_core.model.message import FINAL_RANK, Message, Receipt
from nudge_core.model.phone_number import HELD
from nudge_core.policy.pacing import lot_of, refill_s

_message = tables.message

_HELD = ", ".join(f"'{status.value}'" for status in sorted(HELD))

HEAD = 1_000
"""How many due texts `blocked` looks at, spread over all lanes."""
LEAST_HEAD = 10

_BLOCKED = Across(
    name="blocked_texts",
    takes={
        "now": "timestamptz",
        "lot": "text",
        "limit": "int",
        "week": "timestamptz",
        "month": "timestamptz",
        "per_7_days": "int",
        "per_30_days": "int",
    },
    gives=KEYS,
    statement=f"""
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
    SELECT m.user_id, m.id FROM head JOIN message m ON m.user_id = head.user_id AND m.id = head.id
    WHERE m.delivery = 'queued' AND {conditions.STUCK} ORDER BY m.due_at, m.id LIMIT :limit
    """,  # noqa: S608 - only names of ours are put in
)

_NEXT_DUE = Across(
    name="next_due",
    takes={"open_after": "int", "refill": "interval"},
    gives="timestamptz",
    statement=f"""
    SELECT min(due_at) FROM (
        SELECT greatest(first.due_at, {SERVED_AT}, l.paused_until) AS due_at
        FROM senderlane l CROSS JOIN LATERAL (
            SELECT q.due_at FROM message q WHERE q.delivery = 'queued' AND q.user_id = l.user_id
            AND q.sender = l.sender ORDER BY q.due_at LIMIT 1) AS first
        WHERE l.pause_reason IS NULL OR l.paused_until IS NOT NULL
        UNION ALL
        (SELECT q.due_at FROM message q WHERE q.delivery = 'queued' AND q.sender IS NULL ORDER BY q.due_at LIMIT 1)
    ) AS following
    """,  # noqa: S608 - only names of ours are put in
)
_EXPIRED = Across(
    name="expired_leases",
    takes={"now": "timestamptz", "limit": "int"},
    gives=KEYS,
    statement="SELECT m.user_id, m.id FROM message m WHERE m.delivery = 'sending' AND m.lease_until <= :now "
    "ORDER BY m.lease_until, m.id LIMIT :limit",
)
_DOUBTFUL = Across(
    name="doubtful_texts",
    takes={"limit": "int"},
    gives=KEYS,
    statement="SELECT m.user_id, m.id FROM message m WHERE m.delivery = 'in_doubt' "
    "ORDER BY m.claimed_at, m.id LIMIT :limit",
)
_FINAL = ", ".join(f"'{receipt.value}'" for receipt in Receipt if receipt.rank >= FINAL_RANK)
_UNBILLED = Across(
    name="unbilled_texts",
    takes={"sent_after": "timestamptz", "sent_before": "timestamptz", "limit": "int"},
    gives=KEYS,
    statement=f"""
    SELECT m.user_id, m.id FROM message m
    WHERE m.delivery = 'sent' AND m.price_micros IS NULL AND m.provider_sid IS NOT NULL AND m.receipt IN ({_FINAL})
    AND m.sent_at BETWEEN :sent_after AND :sent_before
    ORDER BY m.segments IS NOT NULL, m.sent_at DESC, m.id LIMIT :limit
    """,  # noqa: S608 - our own receipts
)
_OWNER_OF_NUMBER = Across(
    name="owner_of_number",
    takes={"phone": "text"},
    gives="uuid",
    statement=f"""
        SELECT found.id FROM (
            SELECT u.id, 0 AS rank FROM "user" u WHERE u.twilio_phone_number = :phone
            UNION ALL SELECT p.user_id, 1 FROM phonenumber p WHERE p.number = :phone AND p.status IN ({_HELD})
        ) AS found ORDER BY found.rank LIMIT 1
        """,  # noqa: S608 - only names of ours are put in
)
_OWNER_OF_SID = Across(
    name="owner_of_sid",
    takes={"provider_sid": "text"},
    gives="uuid",
    statement="SELECT m.user_id FROM message m WHERE m.provider_sid = :provider_sid ORDER BY m.user_id LIMIT 1",
)
ACROSS = (*claiming.ACROSS, _BLOCKED, _NEXT_DUE, _EXPIRED, _DOUBTFUL, _UNBILLED, _OWNER_OF_NUMBER, _OWNER_OF_SID)

_ASK_BLOCKED = _BLOCKED.rows(_message)
_ASK_EXPIRED, _ASK_DOUBTFUL, _ASK_UNBILLED = (one.rows(_message) for one in (_EXPIRED, _DOUBTFUL, _UNBILLED))
_ASK_NEXT_DUE, _ASK_NUMBER, _ASK_SID = (one.call() for one in (_NEXT_DUE, _OWNER_OF_NUMBER, _OWNER_OF_SID))


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
        (found,) = await self._work.together((claiming.FIND_LANES, lanes_wanted(now, limit, rules)))
        lanes = drawn(found, now, limit, rules)
        if not lanes:
            return []
        wanted = texts_wanted(lanes, now, limit, rules) | {"lease_until": now + timedelta(seconds=lease_s)}
        (rows,) = await self._work.together((claiming.TAKE, wanted))
        rows.sort(key=lambda row: (row["due_at"], row["id"]))
        self._leaves_at |= instants_of(lanes, rows)
        return [message_from_row(row) for row in rows]

    @reading
    async def blocked(self, limit: int, rules: ClaimRules = DEFAULT_CLAIM) -> Sequence[Message]:
        """Return due queued texts that no claim will take by itself, oldest first, for the gate to say why."""
        wanted = bound(self._work.now, rules) | {"limit": limit, "lot": lot_of(self._work.now)}
        rows = await self._work.rows(_ASK_BLOCKED, wanted)
        return [message_from_row(row) for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))]

    @reading
    async def expired_leases(self, limit: int) -> Sequence[Message]:
        """Return texts in `sending` whose lease ran out, the longest ago first."""
        rows = await self._work.rows(_ASK_EXPIRED, {"now": self._work.now, "limit": limit})
        return [message_from_row(row) for row in sorted(rows, key=lambda row: (row["lease_until"], row["id"]))]

    @reading
    async def doubtful(self, limit: int) -> Sequence[Message]:
        """Return texts in doubt, oldest claim first."""
        rows = await self._work.rows(_ASK_DOUBTFUL, {"limit": limit})
        return [message_from_row(row) for row in sorted(rows, key=lambda row: (row["claimed_at"], row["id"]))]

    @reading
    async def unbilled(self, sent_before: datetime, sent_after: datetime, limit: int) -> Sequence[Message]:
        """Return sent texts with a final receipt and no price yet: those never asked about first, then the newest."""
        wanted = {"sent_after": sent_after, "sent_before": sent_before, "limit": limit}
        newest = sorted(await self._work.rows(_ASK_UNBILLED, wanted), key=lambda row: row["id"])
        newest.sort(key=lambda row: row["sent_at"], reverse=True)
        return [message_from_row(row) for row in sorted(newest, key=lambda row: row["segments"] is not None)]

    @reading
    async def next_due(self, rules: ClaimRules = DEFAULT_CLAIM) -> datetime | None:
        """Return when the next queued text is due and a claim under `rules` serves its lane, or None."""
        wanted = {"open_after": rules.open_after, "refill": timedelta(seconds=refill_s(rules))}
        due: datetime | None = (await self._work.run(_ASK_NEXT_DUE, wanted)).scalar()
        return due

    @reading
    async def owner_of_number(self, phone: str) -> UUID | None:
        """Return the user who sends from this number, or else who holds it."""
        owner: UUID | None = (await self._work.run(_ASK_NUMBER, {"phone": phone})).scalar()
        return owner

    @reading
    async def owner_of_sid(self, provider_sid: str) -> UUID | None:
        """Return the user whose message has this provider id; of several the first by id."""
        owner: UUID | None = (await self._work.run(_ASK_SID, {"provider_sid": provider_sid})).scalar()
        return owner
