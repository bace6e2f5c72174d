"""How much of a feed's own time has been read; notes that wait for a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("feedcursor", sa.Column("read_until", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("ck_outbox_topic"), "outbox")
    op.create_check_constraint(op.f("ck_outbox_topic"), "outbox", "topic IN ('spread', 'held', 'match', 'draft')")


def downgrade() -> None:
    """Go back to the revision before. Notes that wait for a person have no place there and are dropped."""
    op.execute("DELETE FROM outbox WHERE topic = 'held'")
    op.drop_constraint(op.f("ck_outbox_topic"), "outbox")
    op.create_check_constraint(op.f("ck_outbox_topic"), "outbox", "topic IN ('spread', 'match', 'draft')")
    op.drop_column("feedcursor", "read_until")
