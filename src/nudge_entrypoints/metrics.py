"""What is counted, for Prometheus. Labels come from closed sets only: no phone, id or word can become one."""

from __future__ import annotations

from enum import StrEnum

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from nudge_core.model.message import Receipt
from nudge_core.model.sign_in import LockReason
from nudge_core.policy.opt_out import Verdict
from nudge_core.steps.receive import ReceiptEffect
from nudge_core.walk import Heard

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
"""Bounds of the time a webhook takes: a second is the aim, 15 s Twilio's limit (`messaging.md` 4.4)."""


class Webhook(StrEnum):
    """Which address was called."""

    STATUS = "status"
    INBOUND = "inbound"
    FALLBACK = "fallback"


class Outcome(StrEnum):
    """How a call of a webhook ended."""

    HEARD = "heard"
    REPEATED = "repeated"
    NOBODYS = "nobodys"
    KEPT = "kept"
    UNREAD = "unread"
    FORGED = "forged"
    BAD = "bad"
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"


class Effect(StrEnum):
    """What a piece of news did: the effects of receipts, and what inbound texts asked for."""

    NOTED = "noted"
    OUTDATED = "outdated"
    ADOPTED = "adopted"
    UNKNOWN = "unknown"
    ALARM = "alarm"
    STOP = "stop"
    ASK = "ask"
    KEEP = "keep"


class SignInEvent(StrEnum):
    """What happens around signing in."""

    CODE_SENT = "code_sent"
    CODE_NOT_SENT = "code_not_sent"
    SIGNED_IN = "signed_in"
    WRONG_CODE = "wrong_code"
    HELD_BACK = "held_back"
    REFRESHED = "refreshed"
    REFRESH_REFUSED = "refresh_refused"
    REFRESH_REUSED = "refresh_reused"


class Metrics:
    """One process's counters, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "nudge_webhook_requests", "Calls of a webhook", ["webhook", "outcome"], registry=self.registry
        )
        self._seconds = Histogram(
            "nudge_webhook_seconds", "Time to answer a webhook", ["webhook"], buckets=SECONDS, registry=self.registry
        )
        self._effects = Counter("nudge_carrier_effects", "What news did", ["effect"], registry=self.registry)
        self._receipts = Counter("nudge_receipts", "Receipts by status", ["status"], registry=self.registry)
        self._sign_ins = Counter("nudge_sign_in", "What happened around signing in", ["event"], registry=self.registry)
        self._alarms = Counter(
            "nudge_sign_in_alarms", "Phones and sources locked over guessing", ["reason"], registry=self.registry
        )

    def called(self, webhook: Webhook, outcome: Outcome, seconds: float) -> None:
        """Count one call of a webhook that took so many seconds."""
        self._calls.labels(webhook.value, outcome.value).inc()
        self._seconds.labels(webhook.value).observe(seconds)

    def heard(self, heard: Heard, receipt: Receipt | None) -> None:
        """Count what one piece of news did; `receipt` when it was one."""
        if receipt is not None:
            self._receipts.labels(receipt.value).inc()
        if heard.effect is not None:
            self._effects.labels(_effect_of(heard.effect).value).inc()

    def signed_in(self, event: SignInEvent) -> None:
        """Count one event of signing in."""
        self._sign_ins.labels(event.value).inc()

    def alarmed(self, reason: LockReason) -> None:
        """Count one lock over guessing: somebody should look."""
        self._alarms.labels(reason.value).inc()

    def page(self) -> bytes:
        """Return everything in the format that Prometheus reads (`CONTENT_TYPE`)."""
        return generate_latest(self.registry)


def _effect_of(effect: object) -> Effect:
    if isinstance(effect, ReceiptEffect):
        return Effect(effect.value)
    verdict = getattr(getattr(effect, "reading", None), "verdict", Verdict.KEEP)
    return Effect(verdict.value)
