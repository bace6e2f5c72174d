"""The sending machine across all tenants: claims lane by lane, and what became of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping

from nudge_adapters.sql import tables
from nudge_adapters.sql.across import KEYS, Across
from nudge_adapters.sql.ports import conditions
from nudge_adapters.sql.rows.texts import lane_from_row, message_from_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.lane import DEFAULT_CLAIM, TOLL_FREE_CODES, ClaimRules, SenderLane
from nudge_core.model.message import FINAL_RANK, Message, Receipt
from nudge_core.policy.caps import MONTH, WEEK
from nudge_core.policy.pacing import Allowance, allowance, instants, lot_of, refill_s, ticket

_message = tables.message

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
# `nudge_core.policy.pacing.served_at`
_SERVED_AT = "(l.free_at - CASE WHEN l.strikes >= :open_after THEN interval '0 s' ELSE CAST(:refill AS interval) END)"
_METERED = f"({_RATE} IS NOT NULL OR l.in_flight IS NOT NULL OR l.strikes >= :open_after)"

# A lane with a rate or a limit is one claimer's at a time, and who finds it taken goes on to the next. The others are
# shared: their texts are told apart by the row locks of the next statement.
_LANES = Across(
    name="due_lanes",
    takes={
        "now": "timestamptz",
        "lot": "text",
        "limit": "int",
        "toll_free": "float8",
        "long_code": "float8",
        "open_after": "int",
        "refill": "interval",
    },
    gives="SETOF senderlane",
    body=f"""
    WITH shared AS (
        SELECT l.* FROM senderlane l WHERE {_ANY_DUE} AND {_OPEN} AND NOT {_METERED} AND {_HAS_DUE}
        ORDER BY {_LOT} LIMIT :limit),
    metered AS (
        SELECT l.* FROM senderlane l WHERE {_ANY_DUE} AND {_OPEN} AND {_METERED}
        AND (l.free_at IS NULL OR {_SERVED_AT} <= :now OR (l.strikes < :open_after AND {_RATE} IS NULL)) AND {_HAS_DUE}
        ORDER BY {_LOT} LIMIT :limit FOR UPDATE OF l SKIP LOCKED)
    SELECT * FROM shared UNION ALL SELECT * FROM metered
    """,  # noqa: S608
)

# A statement of its own, begun when the lanes are ours: it sees whatever was committed before that. `ctid` is good
# inside one statement, and cheaper than joining on the key (performance.md 7). A text is taken while the texts before
# it in its lane cost no more than the lane has saved up.
#
# The look at suppressions after it is a statement of its own again: a STOP that committed after the claim's statement
# had begun, and before it had locked the text, is seen here; one that comes later waits for the lock until we have
# committed (`nudge_adapters.sql.ports.consent`). So no claim commits after the commit of a suppression
# (reliability.md 6, I3). What fails or is overtaken is taken back alone; the locks of the lanes stay.
_CLAIM = Across(
    name="claim_texts",
    takes={
        "owners": "uuid[]",
        "senders": "text[]",
        "at_once": "int[]",
        "segments": "float8[]",
        "since": "timestamptz[]",
        "rates": "float8[]",
        "share": "int",
        "limit": "int",
        "now": "timestamptz",
        "lease_until": "timestamptz",
        "week": "timestamptz",
        "month": "timestamptz",
        "per_7_days": "int",
        "per_30_days": "int",
    },
    gives=KEYS,
    body=f"""
DECLARE
    theirs uuid[];
    taken uuid[];
BEGIN
    FOR _ IN 1..{_CLAIM_TRIES} LOOP
        BEGIN
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
                WHERE s.user_id = p.user_id AND s.sender = p.sender),
            claimed AS (
                UPDATE message m
                SET delivery = 'sending', attempt = m.attempt + 1, claimed_at = :now, lease_until = :lease_until
                WHERE m.ctid = ANY (ARRAY (SELECT place FROM picked))
                RETURNING m.user_id, m.id)
            SELECT array_agg(claimed.user_id), array_agg(claimed.id) INTO theirs, taken FROM claimed;
            IF EXISTS (
                SELECT FROM unnest(theirs, taken) AS mine(user_id, id)
                JOIN message m ON m.user_id = mine.user_id AND m.id = mine.id WHERE {conditions.SILENCED})
            THEN
                RAISE serialization_failure;
            END IF;
            RETURN QUERY SELECT * FROM unnest(theirs, taken);
            RETURN;
        -- uq_message_one_in_flight: another claimer was first; or a STOP was
        EXCEPTION WHEN unique_violation OR serialization_failure THEN
        END;
    END LOOP;
END""",  # noqa: S608
)

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
    body=f"""
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
    SELECT m.user_id, m.id FROM head JOIN message m ON m.user_id = head.user_id AND m.id = head.id
    WHERE m.delivery = 'queued' AND {conditions.STUCK} ORDER BY m.due_at, m.id LIMIT :limit
    """,  # noqa: S608
)

_NEXT_DUE = Across(
    name="next_due",
    takes={"open_after": "int", "refill": "interval"},
    gives="timestamptz",
    body=f"""
    SELECT min(due_at) FROM (
        SELECT greatest(first.due_at, {_SERVED_AT}, l.paused_until) AS due_at
        FROM senderlane l CROSS JOIN LATERAL (
            SELECT q.due_at FROM message q WHERE q.delivery = 'queued' AND q.user_id = l.user_id
            AND q.sender = l.sender ORDER BY q.due_at LIMIT 1) AS first
        WHERE l.pause_reason IS NULL OR l.paused_until IS NOT NULL
        UNION ALL
        (SELECT q.due_at FROM message q WHERE q.delivery = 'queued' AND q.sender IS NULL ORDER BY q.due_at LIMIT 1)
    ) AS following
    """,  # noqa: S608
)
_EXPIRED = Across(
    name="expired_leases",
    takes={"now": "timestamptz", "limit": "int"},
    gives=KEYS,
    body="SELECT m.user_id, m.id FROM message m WHERE m.delivery = 'sending' AND m.lease_until <= :now "
    "ORDER BY m.lease_until, m.id LIMIT :limit",
)
_DOUBTFUL = Across(
    name="doubtful_texts",
    takes={"limit": "int"},
    gives=KEYS,
    body="SELECT m.user_id, m.id FROM message m WHERE m.delivery = 'in_doubt' ORDER BY m.claimed_at, m.id LIMIT :limit",
)
_FINAL = ", ".join(f"'{receipt.value}'" for receipt in Receipt if receipt.rank >= FINAL_RANK)
_UNBILLED = Across(
    name="unbilled_texts",
    takes={"sent_after": "timestamptz", "sent_before": "timestamptz", "limit": "int"},
    gives=KEYS,
    body=f"""
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
    body='SELECT u.id FROM "user" u WHERE u.twilio_phone_number = :phone',
)
_OWNER_OF_SID = Across(
    name="owner_of_sid",
    takes={"provider_sid": "text"},
    gives="uuid",
    body="SELECT m.user_id FROM message m WHERE m.provider_sid = :provider_sid ORDER BY m.user_id LIMIT 1",
)
ACROSS = (_LANES, _CLAIM, _BLOCKED, _NEXT_DUE, _EXPIRED, _DOUBTFUL, _UNBILLED, _OWNER_OF_NUMBER, _OWNER_OF_SID)

_FIND_LANES, _TAKE, _ASK_BLOCKED = _LANES.call(), _CLAIM.rows(_message), _BLOCKED.rows(_message)
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
        lanes = await self._lanes(limit, rules)
        if not lanes:
            return []
        now = self._work.now
        wanted = self._bound(rules) | _arrays(lanes)
        wanted |= {"lease_until": now + timedelta(seconds=lease_s), "limit": limit, "share": -(-limit // len(lanes))}
        rows = sorted(await self._work.rows(_TAKE, wanted), key=lambda row: (row["due_at"], row["id"]))
        self._leaves_at |= _instants(lanes, rows)
        return [message_from_row(row) for row in rows]

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
            "refill": timedelta(seconds=refill_s(rules)),
        }
        lanes = [lane_from_row(row) for row in await self._work.rows(_FIND_LANES, wanted)]
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
        """Return the user who owns this sending number."""
        owner: UUID | None = (await self._work.run(_ASK_NUMBER, {"phone": phone})).scalar()
        return owner

    @reading
    async def owner_of_sid(self, provider_sid: str) -> UUID | None:
        """Return the user whose message has this provider id; of several the first by id."""
        owner: UUID | None = (await self._work.run(_ASK_SID, {"provider_sid": provider_sid})).scalar()
        return owner


def _instants(lanes: Sequence[tuple[SenderLane, Allowance]], rows: Sequence[RowMapping]) -> dict[UUID, datetime]:
    """Return when the claimed texts of lanes with a pace may leave; `rows` in the order in which they were taken."""
    by_lane: dict[tuple[UUID, str], list[RowMapping]] = {}
    for row in rows:
        by_lane.setdefault((row["user_id"], row["sender"]), []).append(row)
    found: dict[UUID, datetime] = {}
    for lane, given in lanes:
        mine = by_lane.get((lane.user_id, lane.sender), [])
        if given.rate is not None:
            found |= zip((row["id"] for row in mine), instants(given, [row["parts"] for row in mine]), strict=True)
    return found


def _arrays(lanes: Sequence[tuple[SenderLane, Allowance]]) -> dict[str, object]:
    return {
        "owners": [lane.user_id for lane, _ in lanes],
        "senders": [lane.sender for lane, _ in lanes],
        "at_once": [given.at_once for _, given in lanes],
        "segments": [given.segments for _, given in lanes],
        "since": [given.since for _, given in lanes],
        "rates": [given.rate for _, given in lanes],
    }
