"""What keeps the installation running: recurring work, and signs of life."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
)

from nudge_adapters.sql.tables.schema import INSTANT, METADATA, one_of
from nudge_core.model.health import ProcessKind, RedisState
from nudge_core.model.timetable import RunOutcome

timetable = Table(
    "timetable",
    METADATA,
    Column("name", String(60), nullable=False),
    Column("interval_s", Double, nullable=False),
    Column("next_run_at", INSTANT, nullable=False),
    Column("lease_until", INSTANT),
    Column("attempt", BigInteger, nullable=False),
    Column("last_started_at", INSTANT),
    Column("last_ended_at", INSTANT),
    Column("last_outcome", String(20)),
    Column("last_error", String(200)),
    Column("failures", Integer, nullable=False),
    PrimaryKeyConstraint("name"),
    CheckConstraint(one_of("last_outcome", RunOutcome), "last_outcome"),
    CheckConstraint("interval_s >= 1", "interval_s"),
    CheckConstraint("attempt >= 0 AND failures >= 0", "counts"),
)

heartbeat = Table(
    "heartbeat",
    METADATA,
    Column("worker_id", Uuid, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("started_at", INSTANT, nullable=False),
    Column("seen_at", INSTANT, nullable=False),
    Column("doing", String(200), nullable=False),
    Column("redis", String(20), nullable=False),
    PrimaryKeyConstraint("worker_id"),
    CheckConstraint(one_of("kind", ProcessKind), "kind"),
    CheckConstraint(one_of("redis", RedisState), "redis"),
    Index("ix_heartbeat_seen_at", "seen_at"),
)
