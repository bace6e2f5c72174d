"""How much may leave a lane now: a token bucket of segments, and one text at a time while its circuit is open."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from attrs import frozen

from nudge_core.model.lane import ClaimRules, SenderLane

BURST_S = 1.0  # seconds of a lane's rate that it may save up: more than a poll of a waiting drain takes
PROBES_PER_S = 1.0
"""Requests a second from a sender whose circuit is open. Source: `reliability.md` 10, test G1."""


@frozen(kw_only=True)
class Allowance:
    """What a claim may take from a lane: texts are taken while those before them have at most `segments`.

    `segments`, `rate` None: no pace. `at_once` None: no limit of texts in `sending`. `since`: where the pace starts.
    """

    since: datetime
    rate: float | None
    segments: float | None
    at_once: int | None


def rate_of(lane: SenderLane, rules: ClaimRules) -> float | None:
    """Return the segments a second of a lane; None when it has no pace."""
    rate = rules.paces.of(lane.sender) if lane.rate_per_s is None else lane.rate_per_s
    if lane.strikes >= rules.open_after:
        return PROBES_PER_S if rate is None else min(rate, PROBES_PER_S)
    return rate


def allowance(lane: SenderLane, now: datetime, rules: ClaimRules) -> Allowance | None:
    """Return what may leave at `now`; None when nothing may."""
    if lane.is_paused(now):
        return None
    rate, probing = rate_of(lane, rules), lane.strikes >= rules.open_after
    if rate is not None and lane.free_at is not None and lane.free_at > now:
        return None
    earliest = now if probing else now - timedelta(seconds=BURST_S)
    since = earliest if lane.free_at is None else max(lane.free_at, earliest)
    return Allowance(
        since=since,
        rate=rate,
        segments=None if rate is None else (now - since).total_seconds() * rate,
        at_once=1 if probing else lane.in_flight,
    )


def lot_of(now: datetime) -> str:
    """Return what the lottery is drawn from that decides which lanes a claim serves when it cannot serve all."""
    return f"{now.timestamp():.6f}"


def ticket(lane: SenderLane, lot: str) -> str:
    """Return a lane's ticket in that lottery: the least ones win. Fair, and the same in every store."""
    return hashlib.md5(f"{lot}{lane.user_id}{lane.sender}".encode(), usedforsecurity=False).hexdigest()
