"""The statements of a claim, and what they are asked with: its lanes, its texts, and whether a STOP came between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any  # Any: each column has a type of its own
from uuid import UUID

from sqlalchemy import text

from nudge_adapters.sql import tables
from nudge_adapters.sql.across import KEYS, Across
from nudge_adapters.sql.ports import conditions
from nudge_adapters.sql.rows.texts import lane_from_row
from nudge_core.model.lane import TOLL_FREE_CODES, ClaimRules, SenderLane
from nudge_core.policy.caps import MONTH, WEEK
from nudge_core.policy.pacing import Allowance, allowance, instants, lanes_served, lot_of, refill_s, ticket

Lanes = Sequence[tuple[SenderLane, Allowance]]

# The first by index, then compared: what is queued lies in the future for the most part and what has been sent in the
# past, so asked for "one that is due" the planner takes the first table page for the place to find it.
HAS_DUE = (
    "(SELECT q.due_at FROM message q WHERE q.delivery = 'queued' AND q.user_id = l.user_id AND q.sender = l.sender "
    "ORDER BY q.due_at LIMIT 1) <= :now"
)
# Asked once, before the lanes are: most claims find nothing due at all.
ANY_DUE = "(SELECT d.due_at FROM message d WHERE d.delivery = 'queued' ORDER BY d.due_at LIMIT 1) <= :now"
LOT = "md5(:lot || l.user_id::text || l.sender)"
_OPEN = "(l.pause_reason IS NULL OR l.paused_until <= :now)"
_RATE = (
    f"coalesce(l.rate_per_s, CASE WHEN l.sender ~ '^[+]1({'|'.join(TOLL_FREE_CODES)})' "
    "THEN CAST(:toll_free AS float8) ELSE CAST(:long_code AS float8) END)"
)
# `nudge_core.policy.pacing.served_at`
SERVED_AT = "(l.free_at - CASE WHEN l.strikes >= :open_after THEN interval '0 s' ELSE CAST(:refill AS interval) END)"
_METERED = f"({_RATE} IS NOT NULL OR l.in_flight IS NOT NULL OR l.strikes >= :open_after)"

# A lane with a rate or a limit is one claimer's at a time, and who finds it taken goes on to the next. The others are
# shared: their texts are told apart by the row locks of the next statement.
_FOUND_LANES = f"""
    WITH drawn AS (SELECT l.* FROM senderlane l WHERE {ANY_DUE} AND {_OPEN} AND NOT {_METERED} ORDER BY {LOT} OFFSET 0),
    shared AS (SELECT l.* FROM drawn l WHERE {HAS_DUE} LIMIT :most),
    metered AS (
        SELECT l.* FROM senderlane l WHERE {ANY_DUE} AND {_OPEN} AND {_METERED}
        AND (l.free_at IS NULL OR {SERVED_AT} <= :now OR (l.strikes < :open_after AND {_RATE} IS NULL)) AND {HAS_DUE}
        ORDER BY {LOT} LIMIT :most FOR UPDATE OF l SKIP LOCKED)
    SELECT * FROM shared UNION ALL SELECT * FROM metered
    """  # noqa: S608 - only names of ours are put in
LANES = Across(
    name="due_lanes",
    changes=True,
    takes={
        "now": "timestamptz",
        "lot": "text",
        "most": "int",
        "toll_free": "float8",
        "long_code": "float8",
        "open_after": "int",
        "refill": "interval",
    },
    gives="SETOF senderlane",
    statement=_FOUND_LANES,
)

# A statement of its own, begun when the lanes are ours: it sees whatever was committed before that. `ctid` is good
# inside one statement, and cheaper than joining on the key (performance.md 7). A text is taken while the texts before
# it in its lane cost no more than the lane has saved up.
_PICKED = f"""
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
        ORDER BY t.turn, t.due_at, t.id LIMIT :limit)"""  # noqa: S608 - only names of ours are put in
_CLAIM_TRIES = 3
"""How often a claim starts again when something that it could not see yet came between."""

# The look at suppressions is a statement of its own again: a STOP that committed after the claim's statement had begun,
# and before it had locked the text, is seen here; one that comes later waits for the lock until we have committed
# (`nudge_adapters.sql.ports.consent`). So no claim commits after the commit of a suppression (reliability.md 6, I3).
# What fails or is overtaken is taken back alone: the transaction, and the locks of its lanes, stay.
CLAIM = Across(
    name="claim_texts",
    changes=True,
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
    statement=f"""
DECLARE
    theirs uuid[];
    taken uuid[];
BEGIN
    FOR _ IN 1..{_CLAIM_TRIES} LOOP
    BEGIN
    {_PICKED},
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
END""",  # noqa: S608 - only names of ours are put in
)
ACROSS = (LANES, CLAIM)
FIND_LANES, TAKE = LANES.call(), CLAIM.rows(tables.message)

LOOKING, FINDING = text(_FOUND_LANES), text(f"{_PICKED} SELECT place FROM picked")  # noqa: S608 - only names of ours are put in
"""What a claim looks for and finds, without taking it and with the rights of whoever asks: for the benchmark."""


def bound(now: datetime, rules: ClaimRules) -> dict[str, object]:
    """Return what `nudge_adapters.sql.ports.conditions` are asked with."""
    return {
        "now": now,
        "week": now - WEEK,
        "month": now - MONTH,
        "per_7_days": rules.per_7_days,
        "per_30_days": rules.per_30_days,
    }


def lanes_wanted(now: datetime, limit: int, rules: ClaimRules) -> dict[str, object]:
    """Return what `LANES` is asked with."""
    return {
        "now": now,
        "lot": lot_of(now),
        "most": lanes_served(limit),
        "toll_free": rules.paces.toll_free,
        "long_code": rules.paces.long_code,
        "open_after": rules.open_after,
        "refill": timedelta(seconds=refill_s(rules)),
    }


def drawn(rows: Sequence[Mapping[str, Any]], now: datetime, limit: int, rules: ClaimRules) -> Lanes:
    """Return the lanes that a claim serves of those that `LANES` found."""
    lanes, most = [lane_from_row(row) for row in rows], lanes_served(limit)
    if len(lanes) > most:
        lot = lot_of(now)
        lanes = sorted(lanes, key=lambda lane: ticket(lane, lot))[:most]
    return [(lane, given) for lane in lanes if (given := allowance(lane, now, rules)) is not None]


def texts_wanted(lanes: Lanes, now: datetime, limit: int, rules: ClaimRules) -> dict[str, object]:
    """Return what `FINDING` is asked with, and beside `lease_until` what `CLAIM` is."""
    return bound(now, rules) | {
        "limit": limit,
        "share": -(-limit // len(lanes)),
        "owners": [lane.user_id for lane, _ in lanes],
        "senders": [lane.sender for lane, _ in lanes],
        "at_once": [given.at_once for _, given in lanes],
        "segments": [given.segments for _, given in lanes],
        "since": [given.since for _, given in lanes],
        "rates": [given.rate for _, given in lanes],
    }


def instants_of(lanes: Lanes, rows: Sequence[Mapping[str, Any]]) -> dict[UUID, datetime]:
    """Return when the claimed texts of lanes with a pace may leave; `rows` in the order in which they were taken."""
    by_lane: dict[tuple[UUID, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        by_lane.setdefault((row["user_id"], row["sender"]), []).append(row)
    found: dict[UUID, datetime] = {}
    for lane, given in lanes:
        mine = by_lane.get((lane.user_id, lane.sender), [])
        if given.rate is not None:
            found |= zip((row["id"] for row in mine), instants(given, [row["parts"] for row in mine]), strict=True)
    return found
