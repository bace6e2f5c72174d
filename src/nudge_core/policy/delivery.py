"""The times and graces of sending, and the arithmetic on them: pure, so that every one can be tested and changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import field, frozen

from nudge_core.errors import Invalid
from nudge_core.model import fields
from nudge_core.model.lane import ClaimRules, Paces
from nudge_core.model.message import Message, MessageClass, MessageSource
from nudge_core.policy.facts import GateRules

MOST_RESENDS = 1  # reliability.md section 3, transition 8: "once"
SHARE_AHEAD = 0.5  # of the send deadline: a text that is reserved a place ahead must still start well before it
SHARE_LEFT = 0.5  # of what is reserved ahead: below it a lane is claimed from again, in lots instead of one by one
_SECONDS = fields.between(0, 30 * 86_400.0)


@frozen(kw_only=True)
class DeliverySettings:
    """Every time and limit of the send walk, in seconds where `_s` says so. Source: `reliability.md` 3 and 4.

    `batch`: texts claimed at once. `lease_s`: after which a sender that says nothing counts as dead.
    `send_deadline_s`: after the claim no request may be started. `http_timeout_s`: the longest a request takes.
    `provider_late_s`, `list_lag_s`: how late a carrier may accept, and its list show it. `grace_s`: after the claim,
    until no evidence counts as evidence of nothing; not less than those four together. `clock_skew_s`: how far the
    carrier's clock may be behind ours. `most_attempts`: claims of one text before it is given up.
    `least_validity_s`, `most_validity_s`: bounds of the time left that the carrier is told (`messaging.md` 2, 11.3).
    `resent_once`: classes of which a hand-written text ("send now") goes out a second time, once, when the grace ends
    without evidence; every other doubt is left to a person.
    `concurrency`: requests to the carrier at a time. `paces`: default rates of senders. `ahead_s`: how far ahead a
    drain reserves time of a paced sender, so that a claim may be late by half of that. `circuit_after`: failures in a
    row after which a sender's lane pauses, first for `first_pause_s`, then twice as long and so on up to
    `longest_pause_s`; `lane_stop_s`: how long it pauses when the carrier refuses the sender itself.
    """

    batch: int = field(default=200, validator=fields.between(1, 10_000))
    concurrency: int = field(default=16, validator=fields.between(1, 1_000))
    lease_s: float = field(default=60.0, validator=_SECONDS)
    send_deadline_s: float = field(default=10.0, validator=_SECONDS)
    http_timeout_s: float = field(default=15.0, validator=_SECONDS)
    provider_late_s: float = field(default=30.0, validator=_SECONDS)
    list_lag_s: float = field(default=60.0, validator=_SECONDS)
    grace_s: float = field(default=120.0, validator=_SECONDS)
    clock_skew_s: float = field(default=5.0, validator=_SECONDS)
    first_backoff_s: float = field(default=5.0, validator=_SECONDS)
    longest_backoff_s: float = field(default=900.0, validator=_SECONDS)
    most_attempts: int = field(default=900, validator=fields.between(1, 999))
    least_validity_s: int = field(default=60, validator=_SECONDS)
    most_validity_s: int = field(default=36_000, validator=_SECONDS)
    resent_once: frozenset[MessageClass] = frozenset({MessageClass.REPLY, MessageClass.TRANSACTIONAL})
    paces: Paces = field(factory=Paces)
    ahead_s: float = field(default=4.0, validator=fields.between(0, 60.0))
    circuit_after: int = field(default=5, validator=fields.between(1, 1_000))
    first_pause_s: float = field(default=1.0, validator=_SECONDS)
    longest_pause_s: float = field(default=30.0, validator=_SECONDS)
    lane_stop_s: float = field(default=900.0, validator=_SECONDS)
    gate: GateRules = field(factory=GateRules)

    @property
    def claim_rules(self) -> ClaimRules:
        """What a claim goes by."""
        caps = self.gate.caps
        ahead_s = min(self.ahead_s, SHARE_AHEAD * self.send_deadline_s)
        return ClaimRules(
            per_7_days=caps.per_7_days,
            per_30_days=caps.per_30_days,
            paces=self.paces,
            open_after=self.circuit_after,
            ahead_s=ahead_s,
            refill_s=SHARE_LEFT * ahead_s,
        )

    def __attrs_post_init__(self) -> None:
        """Refuse times that contradict each other."""
        if self.lease_s <= self.send_deadline_s + self.http_timeout_s:
            raise Invalid("delivery.lease_s", "longer than send_deadline_s and http_timeout_s together", self.lease_s)
        late = self.send_deadline_s + self.http_timeout_s + self.provider_late_s + self.list_lag_s
        if self.grace_s < late:
            raise Invalid("delivery.grace_s", f"at least {late:g}: deadline, timeout, lateness and lag", self.grace_s)


def backoff_s(attempt: int, retry_after_s: float, settings: DeliverySettings) -> float:
    """Return how long to wait before the next claim: doubling, bounded, and never shorter than the carrier asked."""
    doubled = settings.first_backoff_s * 2.0 ** min(max(attempt - 1, 0), 20)
    return max(min(doubled, settings.longest_backoff_s), retry_after_s)


def pause_s(strikes: int, settings: DeliverySettings) -> float:
    """Return how long a lane pauses after so many failures in a row; 0 while they are few."""
    if strikes < settings.circuit_after:
        return 0.0
    return min(settings.first_pause_s * 2.0 ** min(strikes - settings.circuit_after, 20), settings.longest_pause_s)


def valid_for_s(now: datetime, closes: datetime | None, settings: DeliverySettings) -> int:
    """Return for how many seconds the carrier may still deliver a text that is handed over by the send deadline.

    `closes`: when it stops being lawful or useful. Below `least_validity_s` it must not be sent any more.
    """
    if closes is None:
        return settings.most_validity_s
    left = (closes - now).total_seconds() - settings.send_deadline_s
    return min(settings.most_validity_s, int(max(left, 0.0)))


def grace_is_over(message: Message, asked_at: datetime, settings: DeliverySettings) -> bool:
    """Say whether a list that was asked at `asked_at` and shows nothing speaks for "never accepted"."""
    return message.claimed_at is not None and asked_at - message.claimed_at >= timedelta(seconds=settings.grace_s)


def is_resent(message: Message, settings: DeliverySettings) -> bool:
    """Say whether a doubt without evidence is answered by sending once more: somebody waits for this very text."""
    by_hand = message.source is MessageSource.MANUAL
    return by_hand and message.message_class in settings.resent_once and message.resends < MOST_RESENDS
