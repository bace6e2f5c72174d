"""What delivery needs to know of a text: its rank among those that wait, its window, the posting mark, the bill."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _new() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("topic", sa.String(60)),
        sa.Column("time_bound", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("match_score", sa.Double, nullable=False, server_default=sa.text("0")),
        sa.Column("window_end", sa.DateTime(timezone=True)),
        sa.Column("posting_attempt", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("error_code", sa.String(20)),
        sa.Column("segments", sa.SmallInteger),
        sa.Column("price_micros", sa.BigInteger),
        sa.Column("price_currency", sa.String(3)),
        sa.Column("media", postgresql.JSONB, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("read_at", sa.DateTime(timezone=True)),
    )


def upgrade() -> None:
    """Go to this revision. A text that is being sent may already be with the carrier: its mark is set."""
    for column in _new():
        op.add_column("message", column)
    op.execute("UPDATE message SET posting_attempt = attempt WHERE direction = 'OUTBOUND'")
    op.create_check_constraint(
        op.f("ck_message_posted_when_claimed"), "message", "posting_attempt BETWEEN 0 AND attempt"
    )
    op.create_index(
        "ix_message_unread",
        "message",
        ["user_id", "client_id"],
        postgresql_where=sa.text("direction = 'INBOUND' AND read_at IS NULL"),
    )


def downgrade() -> None:
    """Go back to the revision before. What only these columns knew is lost."""
    op.drop_index("ix_message_unread", "message")
    op.drop_constraint(op.f("ck_message_posted_when_claimed"), "message")
    for column in reversed(_new()):
        op.drop_column("message", column.name)
