"""Recurring work as rows, signs of life of processes, and a way to count what is left to a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "timetable",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("interval_s", sa.Double(), nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("last_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_outcome", sa.String(length=20), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "last_outcome IN ('done', 'failed', 'timed_out', 'abandoned')", name=op.f("ck_timetable_last_outcome")
        ),
        sa.CheckConstraint("interval_s >= 1", name=op.f("ck_timetable_interval_s")),
        sa.CheckConstraint("attempt >= 0 AND failures >= 0", name=op.f("ck_timetable_counts")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_timetable")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("doing", sa.String(length=200), nullable=False),
        sa.Column("redis", sa.String(length=20), nullable=False),
        sa.CheckConstraint("kind IN ('worker', 'http')", name=op.f("ck_heartbeat_kind")),
        sa.CheckConstraint("redis IN ('connected', 'gone', 'none')", name=op.f("ck_heartbeat_redis")),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_heartbeat")),
    )
    op.create_index("ix_heartbeat_seen_at", "heartbeat", ["seen_at"], unique=False)
    op.create_index(
        "ix_message_unconfirmed",
        "message",
        ["user_id", "claimed_at"],
        unique=False,
        postgresql_where=sa.text("delivery = 'unconfirmed'"),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_message_unconfirmed", "message")
    op.drop_table("heartbeat")
    op.drop_table("timetable")
