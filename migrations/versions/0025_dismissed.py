"""What of a dismissed thing the reason speaks of: its price, its area or its topic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    about = sa.Column(
        "about",
        postgresql.JSONB,
        nullable=False,
        server_default=sa.text("'{}'::jsonb"),
        comment="what the reason speaks of",
    )
    op.add_column("negativepreference", about)


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_column("negativepreference", "about")
