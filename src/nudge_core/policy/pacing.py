"""When texts may leave a lane: each claimed one gets an instant of its own, spaced by the lane's rate.

A claim reserves a little of the time to come, so that a claim that is late costs nothing: the sender posts each text
at its instant, not when it was claimed. Nothing is saved up: time that nobody reserved is gone. A reservation is one
lane row's, so two claimers never hold the same time, and a text that is more than `BURST_S` late is not posted at all.
So in any `W` seconds no lane posts more segments than `rate * (W + BURST_S)` and one text.

While its circuit is open a lane is tried with one text at a time, without reserving anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from attrs import frozen

from nudge_core.model.lane import ClaimRules, SenderLane

BURST_S = 1.0
"""Seconds by which a text may leave after its instant: as many seconds of a lane's rate may bunch at most.

One second, because carriers count segments a second (`messaging.md` 9.1) and queue what is above for longer than that.
"""

TOGETHER = 10
"""Texts of a lane that a claim aims for when many lanes wait. More make transactions cheaper, the lottery slower.

Measured with 200 lanes (`docs/reference/performance.md`, drain): five give 76 texts a second where ten give 116.
"""

LEAST_LANES = 10
"""So many lanes are always served side by side."""

PROBES_PER_S = 1.0
"""Requests a second from a sender whose circuit is open. Source: `reliability.md` 10, test G1."""


@frozen(kw_only=True)
class Allowance:
    """What a claim may take from a lane: texts are taken while those before them have at most `segments`.

    `segments`, `rate` None: no pace. `at_once` None: no limit of texts in `sending`. `since`: when the first leaves.
    """

    since: datetime
    rate: float | None
    segments: float | None
    at_once: int | None


def rate_of(lane: SenderLane, rules: ClaimRules) -> float | None:
    """Return the segments a second of a lane; None when it has no pace."""
    rate = rules.paces.of(lane.sender) if lane.rate_per_s is None else lane.rate_per_s
    if is_probed(lane, rules):
        return PROBES_PER_S if rate is None else min(rate, PROBES_PER_S)
    return rate


def is_probed(lane: SenderLane, rules: ClaimRules) -> bool:
    """Say whether the lane's circuit is open, so that it is tried with one text at a time."""
    return lane.strikes >= rules.open_after


def refill_s(rules: ClaimRules) -> float:
    """Return how far ahead a lane's reservations may reach so that it is still claimed from."""
    return rules.ahead_s if rules.refill_s is None else min(rules.refill_s, rules.ahead_s)


def served_at(lane: SenderLane, rules: ClaimRules) -> datetime | None:
    """Return from when on a claim takes from the lane, by its pace alone; None: at any time."""
    if lane.free_at is None or is_probed(lane, rules):
        return lane.free_at
    return lane.free_at - timedelta(seconds=refill_s(rules))


def allowance(lane: SenderLane, now: datetime, rules: ClaimRules) -> Allowance | None:
    """Return what a claim at `now` may take; None when nothing."""
    if lane.is_paused(now):
        return None
    rate, probing = rate_of(lane, rules), is_probed(lane, rules)
    served = served_at(lane, rules)
    if rate is not None and served is not None and served > now:
        return None
    ready = now + timedelta(seconds=rules.lead_s)
    since = ready if lane.free_at is None else max(lane.free_at, ready)
    horizon = now if probing else now + timedelta(seconds=rules.ahead_s)
    return Allowance(
        since=since,
        rate=rate,
        segments=None if rate is None else max((horizon - since).total_seconds(), 0.0) * rate,
        at_once=1 if probing else lane.in_flight,
    )


def instants(given: Allowance, parts: Sequence[int]) -> Sequence[datetime]:
    """Return when each of the texts leaves that a claim took, in their order; `parts`: the segments of each."""
    if given.rate is None:
        return [given.since] * len(parts)
    before = accumulate(parts, initial=0)
    return [given.since + timedelta(seconds=cost / given.rate) for cost, _ in zip(before, parts, strict=False)]


def lanes_served(limit: int) -> int:
    """Return from how many lanes a claim of at most `limit` texts takes them; with more lanes the lottery decides.

    Few enough that each gives several texts: all that is done for a professional is done in transactions of their own,
    and one for a single text costs nearly as much as one for ten.
    """
    return min(limit, max(LEAST_LANES, limit // TOGETHER))


def lot_of(now: datetime) -> str:
    """Return what the lottery is drawn from that decides which lanes a claim serves when it cannot serve all."""
    return f"{now.timestamp():.6f}"


def ticket(lane: SenderLane, lot: str) -> str:
    """Return a lane's ticket in that lottery: the least ones win. Fair, and the same in every store."""
    return hashlib.md5(f"{lot}{lane.user_id}{lane.sender}".encode(), usedforsecurity=False).hexdigest()
