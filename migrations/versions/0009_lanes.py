"""Lanes: how fast texts leave a sender, and whether they may; what a text costs of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision. Every sender that has ever sent or is to send gets a lane."""
    op.create_table(
        "senderlane",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.String(length=16), nullable=False),
        sa.Column("rate_per_s", sa.Double(), nullable=True),
        sa.Column("in_flight", sa.SmallInteger(), nullable=True),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(length=200), nullable=True),
        sa.Column("strikes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("rate_per_s > 0", name=op.f("ck_senderlane_rate_is_positive")),
        sa.CheckConstraint("in_flight > 0", name=op.f("ck_senderlane_in_flight_is_positive")),
        sa.CheckConstraint("strikes >= 0", name=op.f("ck_senderlane_strikes_are_counted")),
        sa.CheckConstraint(
            "paused_until IS NULL OR pause_reason IS NOT NULL", name=op.f("ck_senderlane_a_pause_has_a_reason")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_senderlane_user_id")),
        sa.PrimaryKeyConstraint("user_id", "sender", name=op.f("pk_senderlane")),
    )
    op.execute(
        "INSERT INTO senderlane (user_id, sender) SELECT DISTINCT user_id, sender FROM message "
        "WHERE direction = 'OUTBOUND' AND sender IS NOT NULL"
    )
    op.add_column(
        "message",
        sa.Column(
            "parts",
            sa.SmallInteger(),
            server_default=sa.text("1"),
            nullable=False,
            comment="segments by our own count",
        ),
    )
    # Near enough for what waits already: the exact count is made where a text is queued.
    op.execute("UPDATE message SET parts = ceil(length(content) / 153.0) WHERE delivery = 'queued' AND content <> ''")
    op.create_index(
        "ix_message_lane",
        "message",
        ["user_id", "sender", "due_at", "id"],
        postgresql_where=sa.text("delivery = 'queued'"),
    )


def downgrade() -> None:
    """Go back to the revision before. Rates and pauses are lost."""
    op.drop_index("ix_message_lane", "message")
    op.drop_column("message", "parts")
    op.drop_table("senderlane")
