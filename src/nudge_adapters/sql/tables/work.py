"""Runs, and work handed on."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from nudge_adapters.sql.tables.schema import INSTANT, METADATA, OBJECT, identity, one_of
from nudge_core.model.outbox import Topic
from nudge_core.model.pipeline import RunStatus

pipelinerun = Table(
    "pipelinerun",
    METADATA,
    identity(),
    Column("pipeline_type", String(100), nullable=False),
    Column("status", String(20), nullable=False),
    Column("started_at", INSTANT, nullable=False),
    Column("completed_at", INSTANT),
    Column("events_processed", Integer, nullable=False),
    Column("campaigns_created", Integer, nullable=False),
    Column("errors", Text),
    Column("duration_seconds", Double),
    Column("user_count", Integer, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint(one_of("status", RunStatus), "status"),
    Index("ix_pipelinerun_started_at", "started_at", "id"),
    Index("ix_pipelinerun_running", "started_at", postgresql_where=text("status = 'running'")),
)

outbox = Table(
    "outbox",
    METADATA,
    identity(),
    Column("user_id", Uuid, ForeignKey("user.id")),
    Column("topic", String(20), nullable=False),
    Column("dedupe_key", String(300), nullable=False),
    Column("payload", OBJECT, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("attempt", SmallInteger, nullable=False),
    Column("not_before", INSTANT),
    Column("lease_until", INSTANT),
    Column("error", Text),
    Column("parked_at", INSTANT),
    PrimaryKeyConstraint("id"),
    # Per professional: a key that is unique over all of them would tell one what another has (reliability.md 8.3).
    UniqueConstraint("user_id", "dedupe_key", postgresql_nulls_not_distinct=True),
    CheckConstraint(one_of("topic", Topic), "topic"),
    CheckConstraint("attempt BETWEEN 0 AND 1000", "attempt"),
    Index("ix_outbox_due", "topic", "created_at", "id", postgresql_where=text("parked_at IS NULL")),
    Index("ix_outbox_parked", "parked_at", postgresql_where=text("parked_at IS NOT NULL")),
)
