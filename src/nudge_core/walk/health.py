"""How the installation is, from what it has stored: one page of counts and ages, without anybody's data.

Failing: nothing can work (no database, or no worker lives). Degraded: something is late, stuck or waits for a person;
texts still go out. Redis only makes wake-ups quicker, so its absence never fails anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import field, frozen

from nudge_core.errors import NudgeError
from nudge_core.model.health import Heartbeat, ProcessKind, RedisState, TextVitals
from nudge_core.model.json import Json
from nudge_core.model.outbox import ParkedNote
from nudge_core.model.timetable import TimetableEntry
from nudge_core.ports import Store
from nudge_core.walk.bounds import code_of
from nudge_core.walk.timetable import ALARM_AFTER

SEEN_WITHIN_S = 60.0  # six heartbeats
PARKED_SHOWN = 5


class Condition(StrEnum):
    """How it is, as a whole."""

    READY = "ready"
    DEGRADED = "degraded"
    FAILING = "failing"


@frozen(kw_only=True)
class HealthLimits:
    """From when something is late, in seconds.

    `text_s`: a text past its time; a poll takes 15 s. `job_s`: a job past its time. `feed_s`: a source that was not
    read; it is polled every five minutes.
    """

    text_s: float = 120.0
    job_s: float = 120.0
    feed_s: float = 3_600.0


@frozen(kw_only=True)
class Health:
    """What was found. `problems`: short codes, the worst first. Ages in seconds."""

    condition: Condition
    problems: tuple[str, ...]
    database: str
    redis: str
    workers: int = 0
    texts_due: int = 0
    oldest_due_s: float | None = None
    doubts: int = 0
    unconfirmed: int = 0
    stuck_leases: int = 0
    notes: Mapping[str, int] = field(factory=dict)
    parked: tuple[str, ...] = ()
    feed_lag_s: Mapping[str, float] = field(factory=dict)
    jobs_late: tuple[str, ...] = ()
    jobs_failing: Mapping[str, str] = field(factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether work can be given to this installation."""
        return self.condition is not Condition.FAILING

    def as_json(self) -> dict[str, Json]:
        """Return the page as a JSON object."""
        return {
            "status": self.condition.value,
            "problems": list(self.problems),
            "database": self.database,
            "redis": self.redis,
            "workers": self.workers,
            "texts_due": self.texts_due,
            "oldest_due_s": self.oldest_due_s,
            "doubts": self.doubts,
            "unconfirmed": self.unconfirmed,
            "stuck_leases": self.stuck_leases,
            "notes": dict(self.notes),
            "parked": list(self.parked),
            "feed_lag_s": dict(self.feed_lag_s),
            "jobs_late": list(self.jobs_late),
            "jobs_failing": dict(self.jobs_failing),
        }


def unreachable(why: str, redis: str = "unknown") -> Health:
    """Return the page of an installation whose database does not answer."""
    return Health(condition=Condition.FAILING, problems=("database",), database=why, redis=redis)


async def examine(store: Store, limits: HealthLimits | None = None, redis: RedisState | None = None) -> Health:
    """Return how the installation is. Never raises for what the store says.

    Args:
        store: asked in one transaction.
        limits: from when something is late.
        redis: how the asking process stands with Redis; None: what the workers say.
    """
    try:
        async with store.system() as tx:
            workers = [
                beat
                for beat in await tx.heartbeats.seen_since(tx.now - timedelta(seconds=SEEN_WITHIN_S))
                if beat.kind is ProcessKind.WORKER
            ]
            return _judged(
                tx.now,
                limits or HealthLimits(),
                workers,
                redis or _redis_of(workers),
                await tx.vitals.texts(),
                await tx.notes.waiting(),
                await tx.notes.parked(PARKED_SHOWN),
                await tx.vitals.read_times(),
                await tx.timetable.all(),
            )
    except NudgeError as error:
        return unreachable(code_of(error))


def _redis_of(workers: Sequence[Heartbeat]) -> RedisState:
    """Return the worst that a worker says; a worker without an address says nothing about it."""
    states = {worker.redis for worker in workers}
    return next((state for state in (RedisState.GONE, RedisState.CONNECTED) if state in states), RedisState.NONE)


def _judged(
    now: datetime,
    limits: HealthLimits,
    workers: Sequence[Heartbeat],
    redis: RedisState,
    texts: TextVitals,
    notes: Mapping[str, int],
    parked: Sequence[ParkedNote],
    read_times: Mapping[str, datetime],
    entries: Sequence[TimetableEntry],
) -> Health:
    lag = _lags(now, read_times)
    oldest_due_s = None if texts.oldest_due_at is None else _age_s(now, texts.oldest_due_at)
    late = tuple(entry.name for entry in entries if _is_late(entry, now, limits.job_s))
    failing = {entry.name: entry.last_error or "" for entry in entries if entry.failures >= ALARM_AFTER}
    problems = [
        ("no_worker", not workers),
        ("texts_late", oldest_due_s is not None and oldest_due_s > limits.text_s),
        ("stuck_leases", texts.stuck > 0),
        ("notes_parked", notes.get("parked", 0) > 0),
        ("jobs_failing", bool(failing)),
        ("jobs_late", bool(late)),
        ("feed_lag", any(seconds > limits.feed_s for seconds in lag.values())),
        ("redis", redis is RedisState.GONE),
    ]
    found = tuple(name for name, present in problems if present)
    condition = Condition.FAILING if not workers else Condition.DEGRADED if found else Condition.READY
    return Health(
        condition=condition,
        problems=found,
        database="ok",
        redis=redis.value,
        workers=len(workers),
        texts_due=texts.due,
        oldest_due_s=oldest_due_s,
        doubts=texts.doubts,
        unconfirmed=texts.unconfirmed,
        stuck_leases=texts.stuck,
        notes=notes,
        parked=tuple(f"{note.topic.value}: {_kind_of(note.error)}" for note in parked),
        feed_lag_s=lag,
        jobs_late=late,
        jobs_failing=failing,
    )


def _age_s(now: datetime, then: datetime) -> float:
    return round(max((now - then).total_seconds(), 0.0), 1)


def _lags(now: datetime, read_times: Mapping[str, datetime]) -> dict[str, float]:
    """Return the worst lag per provider: a source of one professional's own login is not shown by its name."""
    lags: dict[str, float] = {}
    for source, read_at in sorted(read_times.items()):
        provider = source.partition(":")[0]
        lags[provider] = max(lags.get(provider, 0.0), _age_s(now, read_at))
    return lags


def _is_late(entry: TimetableEntry, now: datetime, limit_s: float) -> bool:
    """Say whether nobody runs it although its time has come; while somebody does, the lease lies ahead."""
    due = max(entry.next_run_at, entry.lease_until or entry.next_run_at)
    return _age_s(now, due) > limit_s


def _kind_of(error: str | None) -> str:
    """Return the beginning of a reason, up to what may be a detail."""
    return (error or "no reason").partition(":")[0][:80]
