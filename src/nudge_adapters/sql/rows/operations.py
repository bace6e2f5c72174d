"""Entries of the timetable, heartbeats."""

from __future__ import annotations

from nudge_adapters.sql.rows.values import NewRow, Row
from nudge_core.model.health import Heartbeat, ProcessKind, RedisState
from nudge_core.model.timetable import RunOutcome, TimetableEntry


def entry_from_row(row: Row) -> TimetableEntry:
    """Return an entry of the timetable."""
    return TimetableEntry(
        name=row["name"],
        interval_s=row["interval_s"],
        next_run_at=row["next_run_at"],
        lease_until=row["lease_until"],
        attempt=row["attempt"],
        last_started_at=row["last_started_at"],
        last_ended_at=row["last_ended_at"],
        last_outcome=None if row["last_outcome"] is None else RunOutcome(row["last_outcome"]),
        last_error=row["last_error"],
        failures=row["failures"],
    )


def heartbeat_to_row(heartbeat: Heartbeat) -> NewRow:
    """Return the row of a heartbeat."""
    return {
        "worker_id": heartbeat.worker_id,
        "kind": heartbeat.kind.value,
        "started_at": heartbeat.started_at,
        "seen_at": heartbeat.seen_at,
        "doing": heartbeat.doing,
        "redis": heartbeat.redis.value,
    }


def heartbeat_from_row(row: Row) -> Heartbeat:
    """Return a heartbeat."""
    return Heartbeat(
        worker_id=row["worker_id"],
        kind=ProcessKind(row["kind"]),
        started_at=row["started_at"],
        seen_at=row["seen_at"],
        doing=row["doing"],
        redis=RedisState(row["redis"]),
    )
