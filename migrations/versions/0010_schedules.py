"""Planned texts that recur, are claimed and followed; what happened beside our texts; notes to the co-pilot."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SENDER_TYPE = postgresql.ENUM("USER", "AI", "SYSTEM", name="sendertype", create_type=False)
_TOPICS_BEFORE = "topic IN ('spread', 'held', 'match', 'draft', 'hear')"
_TOPICS = "topic IN ('spread', 'held', 'match', 'draft', 'hear', 'converse')"


def _new() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("local_at", sa.DateTime(timezone=False)),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("message_id", sa.Uuid),
        sa.Column("not_after", sa.DateTime(timezone=True)),
        sa.Column("approval_id", sa.Uuid),
        sa.Column("approved_by", sa.String(100)),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("automatic", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("message_class", sa.String(20), nullable=False, server_default=sa.text("'informational'")),
        sa.Column("topic", sa.String(60)),
        sa.Column("sender_type", _SENDER_TYPE, nullable=False, server_default=sa.text("'USER'")),
        sa.Column("redraft", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("drafted_at", sa.DateTime(timezone=True)),
        sa.Column("drafted_from", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("series_id", sa.Uuid),
        sa.Column("rule", sa.String(300)),
        sa.Column("anchor", sa.Date),
        sa.Column("occurrence", sa.Integer),
        sa.Column("occurs_on", sa.Date),
        sa.Column("with_anchor", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("business_days", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("exceptions", postgresql.JSONB, nullable=False, server_default=sa.text("'[]'")),
    )


_CHECKS = {
    "ck_scheduledmessage_version": "version >= 1",
    "ck_scheduledmessage_message_class": (
        "message_class IN ('reply', 'transactional', 'informational', 'marketing', 'service')"
    ),
    "ck_scheduledmessage_released_as_a_message": "status <> 'RELEASED' OR message_id IS NOT NULL",
    "ck_scheduledmessage_series_is_told_whole": "num_nulls(series_id, rule, anchor, occurrence, occurs_on) IN (0, 5)",
}


def upgrade() -> None:
    """Go to this revision. A text that was released before names no message: it ends as failed, unproven."""
    op.add_column("message", sa.Column("automatic", sa.Boolean, nullable=False, server_default=sa.false()))
    for column in _new():
        op.add_column("scheduledmessage", column)
    op.execute(
        "UPDATE scheduledmessage SET status = 'FAILED', error_message = 'released_before_0010' "
        "WHERE status = 'RELEASED'"
    )
    for name, condition in _CHECKS.items():
        op.create_check_constraint(op.f(name), "scheduledmessage", condition)
    op.create_foreign_key(
        op.f("fk_scheduledmessage_user_id_message_id"),
        "scheduledmessage",
        "message",
        ["user_id", "message_id"],
        ["user_id", "id"],
    )
    op.create_index("ix_scheduledmessage_user_id_message_id", "scheduledmessage", ["user_id", "message_id"])
    op.create_index(
        "ix_scheduledmessage_released",
        "scheduledmessage",
        ["scheduled_at_utc", "id"],
        postgresql_where=sa.text("status = 'RELEASED'"),
    )
    op.create_index(
        "uq_scheduledmessage_one_open_occurrence",
        "scheduledmessage",
        ["user_id", "series_id"],
        unique=True,
        postgresql_where=sa.text("status = 'PENDING' AND series_id IS NOT NULL"),
    )
    op.create_table(
        "interaction",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(100), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.CheckConstraint(
            "kind IN ('call', 'meeting', 'note', 'text_elsewhere', 'told_to_stop')", name=op.f("ck_interaction_kind")
        ),
        sa.CheckConstraint("char_length(note) <= 2000", name=op.f("ck_interaction_note_is_short")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_interaction_user_id")),
        sa.ForeignKeyConstraint(
            ["user_id", "client_id"],
            ["client.user_id", "client.id"],
            name=op.f("fk_interaction_user_id_client_id"),
        ),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_interaction"),
    )
    op.create_index("ix_interaction_user_id_client_id", "interaction", ["user_id", "client_id", "at", "id"])
    op.drop_constraint(op.f("ck_outbox_topic"), "outbox")
    op.create_check_constraint(op.f("ck_outbox_topic"), "outbox", _TOPICS)


def downgrade() -> None:
    """Go back to the revision before. What only these columns and tables knew is lost, and notes to the co-pilot."""
    op.execute("DELETE FROM outbox WHERE topic = 'converse'")
    op.drop_constraint(op.f("ck_outbox_topic"), "outbox")
    op.create_check_constraint(op.f("ck_outbox_topic"), "outbox", _TOPICS_BEFORE)
    op.drop_table("interaction")
    op.drop_index("uq_scheduledmessage_one_open_occurrence", "scheduledmessage")
    op.drop_index("ix_scheduledmessage_released", "scheduledmessage")
    op.drop_index("ix_scheduledmessage_user_id_message_id", "scheduledmessage")
    op.drop_constraint(op.f("fk_scheduledmessage_user_id_message_id"), "scheduledmessage")
    for name in _CHECKS:
        op.drop_constraint(op.f(name), "scheduledmessage")
    for column in reversed(_new()):
        op.drop_column("scheduledmessage", column.name)
    op.drop_column("message", "automatic")
