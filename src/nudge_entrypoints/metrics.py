"""What is counted, for Prometheus. Labels come from closed sets only: no phone, id or word can become one."""

from __future__ import annotations

import math
from enum import StrEnum

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from nudge_core.model.message import Receipt
from nudge_core.model.sign_in import LockReason
from nudge_core.policy.opt_out import Verdict
from nudge_core.steps.receive import ReceiptEffect
from nudge_core.walk import Heard
from nudge_core.walk.health import Health

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
"""Bounds of the time a webhook takes: a second is the aim, 15 s Twilio's limit (`messaging.md` 4.4)."""


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

GAUGES = {
    "nudge_up": "1 when the database answered",
    "nudge_workers": "Workers that gave a sign of life within a minute",
    "nudge_texts_due": "Queued texts whose time has come",
    "nudge_queue_age_seconds": "How long the oldest of them has been due",
    "nudge_texts_stuck": "Texts being sent whose lease ran out",
    "nudge_texts_in_doubt": "Texts that may or may not have gone out",
    "nudge_texts_unconfirmed": "Doubtful texts that are left to a person",
    "nudge_jobs_late": "Recurring work past its time",
    "nudge_jobs_failing": "Recurring work that keeps failing",
}
"""How the installation is, read from its store when the page is asked for."""


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
    """One process's counters, in a registry of their own.

    Args:
        shared: a folder in which several processes keep their counters, so that each can show all of them. It is also
            in `PROMETHEUS_MULTIPROC_DIR`, which prometheus_client reads when it is imported.
    """

    def __init__(self, shared: str | None = None) -> None:
        self._shared = shared
        self._states: set[str] = set()
        self._answered: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}  # looked up once
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "nudge_webhook_requests", "Calls of a webhook", ["webhook", "outcome"], registry=self.registry
        )
        self._seconds = Histogram(
            "nudge_webhook_seconds", "Time to answer a webhook", ["webhook"], buckets=SECONDS, registry=self.registry
        )
        self._effects = Counter("nudge_carrier_effects", "What news did", ["effect"], registry=self.registry)
        self._receipts = Counter("nudge_receipts", "Receipts by status", ["status"], registry=self.registry)
        self._answers = Counter(
            "nudge_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._answer_seconds = Histogram(
            "nudge_http_seconds", "Time to answer", ["method", "route"], buckets=SECONDS, registry=self.registry
        )
        self._gauges = {
            name: Gauge(name, what, multiprocess_mode="mostrecent", registry=self.registry)
            for name, what in GAUGES.items()
        }
        self._feed_lag = Gauge(
            "nudge_feed_lag_seconds", "Since a source was last read, worst per provider", ["provider"],
            multiprocess_mode="mostrecent", registry=self.registry,
        )  # fmt: skip
        self._notes = Gauge(
            "nudge_notes", "Work handed on, per state", ["state"], multiprocess_mode="mostrecent",
            registry=self.registry,
        )  # fmt: skip
        self._streams = Gauge(
            "nudge_streams", "Who follows live", ["kind"], multiprocess_mode="livesum", registry=self.registry
        )
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

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. `route`: its template, never its path; the label is the class of the status, as `4xx`."""
        named = method if method in METHODS else "other"
        of = (named, route, status // 100)
        if (counters := self._answered.get(of)) is None:
            answers = self._answers.labels(named, route, f"{of[-1]}xx")
            counters = self._answered[of] = (answers, self._answer_seconds.labels(named, route))
        counters[0].inc()
        counters[1].observe(seconds)

    def found(self, health: Health) -> None:
        """Take over how the installation was found. What cannot be known now is not a number."""
        known = health.database == "ok"
        for name, value in _vitals(health).items():
            self._gauges[name].set(value if known else math.nan)
        self._gauges["nudge_up"].set(known)
        for provider, seconds in health.feed_lag_s.items():
            self._feed_lag.labels(provider).set(seconds)
        self._states |= set(health.notes)
        for state in self._states:
            self._notes.labels(state).set(health.notes.get(state, 0))

    def followed(self, kind: StrEnum, by: int) -> None:
        """Count one more who follows live, or one less. `kind`: how."""
        self._streams.labels(kind.value).inc(by)

    def signed_in(self, event: SignInEvent) -> None:
        """Count one event of signing in."""
        self._sign_ins.labels(event.value).inc()

    def alarmed(self, reason: LockReason) -> None:
        """Count one lock over guessing: somebody should look."""
        self._alarms.labels(reason.value).inc()

    def page(self) -> bytes:
        """Return everything in the format that Prometheus reads (`CONTENT_TYPE`)."""
        if self._shared is None:
            return generate_latest(self.registry)
        from prometheus_client.multiprocess import MultiProcessCollector

        every = CollectorRegistry()
        MultiProcessCollector(every, path=self._shared)  # type: ignore[no-untyped-call]  # the library has no types here
        return generate_latest(every)


def _vitals(health: Health) -> dict[str, float]:
    return {
        "nudge_workers": health.workers,
        "nudge_texts_due": health.texts_due,
        "nudge_queue_age_seconds": health.oldest_due_s or 0.0,
        "nudge_texts_stuck": health.stuck_leases,
        "nudge_texts_in_doubt": health.doubts,
        "nudge_texts_unconfirmed": health.unconfirmed,
        "nudge_jobs_late": len(health.jobs_late),
        "nudge_jobs_failing": len(health.jobs_failing),
    }


def _effect_of(effect: object) -> Effect:
    if isinstance(effect, ReceiptEffect):
        return Effect(effect.value)
    verdict = getattr(getattr(effect, "reading", None), "verdict", Verdict.KEEP)
    return Effect(verdict.value)
