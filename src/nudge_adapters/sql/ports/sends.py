"""The sending machine across all tenants: claims lane by lane, and what became of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import literal, select, text, union_all
from sqlalchemy.exc import IntegrityError

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports import conditions
from nudge_adapters.sql.ports.batches import COLUMNS
from nudge_adapters.sql.rows.texts import lane_from_row, message_from_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.lane import DEFAULT_CLAIM, TOLL_FREE_CODES, ClaimRules, SenderLane
from nudge_core.model.message import FINAL_RANK, Delivery, Message, Receipt
from nudge_core.model.phone_number import HELD
from nudge_core.policy.caps import MONTH, WEEK
from nudge_core.policy.pacing import Allowance, allowance, lot_of, ticket

_message, _user, _number = tables.message, tables.user, tables.phonenumber
_HELD = sorted(status.value for status in HELD)

_CLAIM_TRIES = 3
"""How often a claim starts again when something that it could not see yet came between."""

HEAD = 1_000
"""How many due texts `blocked` looks at, spread over all lanes."""
LEAST_HEAD = 10

# The first by index, then compared: what is queued lies in the future for the most part and what has been sent in the
# past, so asked for "one that is due" the planner takes the first table page for the place to find it.
_HAS_DUE = (
    "(SELECT q.due_at FROM message q WHERE q.delivery = 'queued' AND q.user_id = l.user_id AND q.sender = l.sender "
    "ORDER BY q.due_at LIMIT 1) <= :now"
)
# Asked once, before the lanes are: most claims find nothing due at all.
_ANY_DUE = "(SELECT d.due_at FROM message d WHERE d.delivery = 'queued' ORDER BY d.due_at LIMIT 1) <= :now"
_LOT = "md5(:lot || l.user_id::text || l.sender)"
_OPEN = "(l.pause_reason IS NULL OR l.paused_until <= :now)"
_RATE = (
    f"coalesce(l.rate_per_s, CASE WHEN l.sender ~ '^[+]1({'|'.join(TOLL_FREE_CODES)})' "
    "THEN CAST(:toll_free AS float8) ELSE CAST(:long_code AS float8) END)"
)
_METERED = f"({_RATE} IS NOT NULL OR l.in_flight IS NOT NULL OR l.strikes >= :open_after)"

# A lane with a rate or a limit is one claimer's at a time, and who finds it taken goes on to the next. The others are
# shared: their texts are told apart by the row locks of the next statement.
_LANES = text(
    f"""
    WITH shared AS (
        SELECT l.* FROM senderlane l WHERE {_ANY_DUE} AND {_OPEN} AND NOT {_METERED} AND {_HAS_DUE}
        ORDER BY {_LOT} LIMIT :limit),
    metered AS (
        SELECT l.* FROM senderlane l WHERE {_ANY_DUE} AND {_OPEN} AND {_METERED}
        AND (l.free_at IS NULL OR l.free_at <= :now OR {_RATE} IS NULL) AND {_HAS_DUE}
        ORDER BY {_LOT} LIMIT :limit FOR UPDATE OF l SKIP LOCKED)
    SELECT * FROM shared UNION ALL SELECT * FROM metered
    """  # noqa: S608
)

# A statement of its own, begun when the lanes are ours: it sees whatever was committed before that. `ctid` is good
# inside one statement, and cheaper than joining on the key (performance.md 7). A text is taken while the texts before
# it in its lane cost no more than the lane has saved up.
_CLAIM = text(
    f"""
    WITH lane AS MATERIALIZED (
        SELECT l.*, CASE WHEN l.at_once IS NULL THEN :share ELSE greatest(0, least(:share, l.at_once - (
            SELECT count(*) FROM message f
            WHERE f.sender = l.sender AND f.user_id = l.user_id AND f.delivery = 'sending'))) END AS most
        FROM unnest(CAST(:owners AS uuid[]), CAST(:senders AS text[]), CAST(:at_once AS int[]),
            CAST(:segments AS float8[]), CAST(:since AS timestamptz[]), CAST(:rates AS float8[]))
            AS l(user_id, sender, at_once, segments, since, rate)),
    picked AS MATERIALIZED (
        SELECT lane.user_id, lane.sender, lane.since, lane.rate, t.place, t.parts
        FROM lane CROSS JOIN LATERAL (
            SELECT c.*, row_number() OVER turn AS turn, sum(c.parts) OVER turn - c.parts AS before
            FROM (
                SELECT m.ctid AS place, m.due_at, m.id, m.parts FROM message m
                WHERE m.delivery = 'queued' AND m.user_id = lane.user_id AND m.sender = lane.sender
                AND m.due_at <= :now AND {conditions.CLAIMABLE}
                ORDER BY m.due_at, m.id LIMIT lane.most FOR UPDATE OF m SKIP LOCKED) AS c
            WINDOW turn AS (ORDER BY c.due_at, c.id)) AS t
        WHERE lane.segments IS NULL OR t.before <= lane.segments
        ORDER BY t.turn, t.due_at, t.id LIMIT :limit),
    spent AS (
        UPDATE senderlane s SET free_at = p.since + p.parts / p.rate * interval '1 second'
        FROM (SELECT user_id, sender, since, rate, sum(parts) AS parts FROM picked WHERE rate IS NOT NULL
            GROUP BY user_id, sender, since, rate) AS p
        WHERE s.user_id = p.user_id AND s.sender = p.sender)
    UPDATE message m SET delivery = 'sending', attempt = m.attempt + 1, claimed_at = :now, lease_until = :lease_until
    WHERE m.ctid = ANY (ARRAY (SELECT place FROM picked))
    RETURNING {COLUMNS}
    """  # noqa: S608
).columns(*_message.c)

# After the claim, in its transaction: a STOP that committed after the claim's statement had begun, and before it had
# locked the text, is seen here; one that comes later waits for the lock until we have committed
# (`nudge_adapters.sql.ports.consent`). So no claim commits after the commit of a suppression (reliability.md 6, I3).
_OVERTAKEN = text(
    f"""
    SELECT EXISTS (SELECT FROM message m WHERE m.delivery = 'sending' AND m.lease_until = :lease_until
        AND m.claimed_at = :now AND {conditions.SILENCED})
    """  # noqa: S608
)

_BLOCKED = text(
    f"""
    WITH lane AS MATERIALIZED (
        SELECT l.user_id, l.sender FROM senderlane l WHERE {_ANY_DUE} AND {_HAS_DUE} ORDER BY {_LOT} LIMIT :limit),
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
    """
    SELECT min(due_at) FROM (
        SELECT greatest(first.due_at, l.free_at, l.paused_until) AS due_at
        FROM senderlane l CROSS JOIN LATERAL (
            SELECT q.due_at FROM message q WHERE q.delivery = 'queued' AND q.user_id = l.user_id
            AND q.sender = l.sender ORDER BY q.due_at LIMIT 1) AS first
        WHERE l.pause_reason IS NULL OR l.paused_until IS NOT NULL
        UNION ALL
        (SELECT q.due_at FROM message q WHERE q.delivery = 'queued' AND q.sender IS NULL ORDER BY q.due_at LIMIT 1)
    ) AS following
    """
)


class _OvertakenError(Exception):
    """A STOP committed while a claim was under way."""


class SqlSends:
    """Claims of queued texts."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def claim(self, limit: int, lease_s: float, rules: ClaimRules = DEFAULT_CLAIM) -> Sequence[Message]:
        """Take queued texts that may go now, of every lane an equal share; each gets attempt + 1 and a lease."""
        lanes = await self._lanes(limit, rules)
        if not lanes:
            return []
        now = self._work.now
        wanted = self._bound(rules) | _arrays(lanes)
        wanted |= {"lease_until": now + timedelta(seconds=lease_s), "limit": limit, "share": -(-limit // len(lanes))}
        for _ in range(_CLAIM_TRIES):
            try:
                async with self._work.savepoint():
                    rows = await self._work.rows(_CLAIM, wanted)
                    mine = {"now": now, "lease_until": wanted["lease_until"]}
                    if rows and (await self._work.run(_OVERTAKEN, mine)).scalar():
                        raise _OvertakenError
            except (IntegrityError, _OvertakenError):  # uq_message_one_in_flight: another claimer was first; or a STOP
                continue
            return [message_from_row(row) for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))]
        return []

    async def _lanes(self, limit: int, rules: ClaimRules) -> Sequence[tuple[SenderLane, Allowance]]:
        """Return lanes that have something due and may send, at most `limit`; those with a pace are locked."""
        now = self._work.now
        lot = lot_of(now)
        wanted = {
            "now": now,
            "lot": lot,
            "limit": limit,
            "toll_free": rules.paces.toll_free,
            "long_code": rules.paces.long_code,
            "open_after": rules.open_after,
        }
        lanes = [lane_from_row(row) for row in await self._work.rows(_LANES, wanted)]
        if len(lanes) > limit:
            lanes = sorted(lanes, key=lambda lane: ticket(lane, lot))[:limit]
        return [(lane, given) for lane in lanes if (given := allowance(lane, now, rules)) is not None]

    def _bound(self, rules: ClaimRules) -> dict[str, object]:
        now = self._work.now
        return {
            "now": now,
            "week": now - WEEK,
            "month": now - MONTH,
            "per_7_days": rules.per_7_days,
            "per_30_days": rules.per_30_days,
        }

    @reading
    async def blocked(self, limit: int, rules: ClaimRules = DEFAULT_CLAIM) -> Sequence[Message]:
        """Return due queued texts that no claim will take by itself, oldest first, for the gate to say why."""
        wanted = self._bound(rules) | {"limit": limit, "lot": lot_of(self._work.now)}
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
    async def next_due(self) -> datetime | None:
        """Return when the next queued text becomes due and its lane is free, or None."""
        due: datetime | None = (await self._work.run(_NEXT_DUE)).scalar()
        return due

    @reading
    async def owner_of_number(self, phone: str) -> UUID | None:
        """Return the user who sends from this number, or else who holds it."""
        sends = select(_user.c.id, literal(0).label("rank")).where(_user.c.twilio_phone_number == phone)
        holds = select(_number.c.user_id, literal(1)).where(_number.c.number == phone, _number.c.status.in_(_HELD))
        found = union_all(sends, holds).subquery()
        query = select(found.c.id).order_by(found.c.rank).limit(1)
        owner: UUID | None = (await self._work.run(query)).scalar()
        return owner

    @reading
    async def owner_of_sid(self, provider_sid: str) -> UUID | None:
        """Return the user whose message has this provider id; of several the first by id."""
        query = select(_message.c.user_id).where(_message.c.provider_sid == provider_sid)
        owner: UUID | None = (await self._work.run(query.order_by(_message.c.user_id).limit(1))).scalar()
        return owner


def _arrays(lanes: Sequence[tuple[SenderLane, Allowance]]) -> dict[str, object]:
    return {
        "owners": [lane.user_id for lane, _ in lanes],
        "senders": [lane.sender for lane, _ in lanes],
        "at_once": [given.at_once for _, given in lanes],
        "segments": [given.segments for _, given in lanes],
        "since": [given.since for _, given in lanes],
        "rates": [given.rate for _, given in lanes],
    }
