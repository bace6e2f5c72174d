"""Decisions, work handed on, runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "auditentry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("facts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="order of writing"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_auditentry_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_auditentry"),
    )
    op.create_index("ix_auditentry_user_id_at", "auditentry", ["user_id", "at"], unique=False)
    op.create_index(
        "ix_auditentry_user_id_subject_id", "auditentry", ["user_id", "subject_id", "at", "seq"], unique=False
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("dedupe_key", sa.String(length=300), nullable=False),
        sa.Column("payload", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("topic IN ('spread', 'match', 'draft')", name=op.f("ck_outbox_topic")),
        sa.CheckConstraint("attempt BETWEEN 0 AND 1000", name=op.f("ck_outbox_attempt")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_outbox_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint(
            "user_id", "dedupe_key", name=op.f("uq_outbox_user_id_dedupe_key"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["topic", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("parked_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_parked", "outbox", ["parked_at"], unique=False, postgresql_where=sa.text("parked_at IS NOT NULL")
    )
    op.create_table(
        "pipelinerun",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pipeline_type", sa.String(length=100), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("events_processed", sa.Integer(), nullable=False),
        sa.Column("campaigns_created", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Text(), nullable=True),
        sa.Column("duration_seconds", sa.Double(), nullable=True),
        sa.Column("user_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('running', 'completed', 'failed')", name=op.f("ck_pipelinerun_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipelinerun")),
    )
    op.create_index(
        "ix_pipelinerun_running",
        "pipelinerun",
        ["started_at"],
        unique=False,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index("ix_pipelinerun_started_at", "pipelinerun", ["started_at", "id"], unique=False)


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("pipelinerun")
    op.drop_table("outbox")
    op.drop_table("auditentry")
