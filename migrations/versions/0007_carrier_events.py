"""What carriers told us as it came, until when each number has been asked, and which sent texts have no bill yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "carrierevent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True, comment="nobody's until it is known whose"),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("provider_sid", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=True),
        sa.Column("token", sa.String(length=200), nullable=True),
        sa.Column("raw", postgresql.JSON(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("news", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("unread", sa.String(length=500), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.CheckConstraint("kind IN ('status', 'inbound')", name=op.f("ck_carrierevent_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_carrierevent_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrierevent")),
        sa.UniqueConstraint("kind", "provider_sid", "status", name=op.f("uq_carrierevent_kind_provider_sid_status")),
    )
    op.create_index("ix_carrierevent_user_id_received_at", "carrierevent", ["user_id", "received_at"])
    op.create_index(
        "ix_carrierevent_unhandled",
        "carrierevent",
        ["received_at", "id"],
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.create_table(
        "inboundcursor",
        sa.Column("phone", sa.String(length=16), nullable=False, comment="a sending number of ours"),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_inboundcursor")),
    )
    op.create_index(
        "ix_message_unbilled",
        "message",
        ["sent_at", "id"],
        postgresql_where=sa.text("delivery = 'sent' AND price_micros IS NULL"),
    )
    op.drop_constraint(op.f("ck_outbox_topic"), "outbox")
    op.create_check_constraint(
        op.f("ck_outbox_topic"), "outbox", "topic IN ('spread', 'held', 'match', 'draft', 'hear')"
    )


def downgrade() -> None:
    """Go back to the revision before. Raw events, and notes to work some of them again, have no place there."""
    op.execute("DELETE FROM outbox WHERE topic = 'hear'")
    op.drop_constraint(op.f("ck_outbox_topic"), "outbox")
    op.create_check_constraint(op.f("ck_outbox_topic"), "outbox", "topic IN ('spread', 'held', 'match', 'draft')")
    op.drop_index("ix_message_unbilled", "message")
    op.drop_table("inboundcursor")
    op.drop_table("carrierevent")
