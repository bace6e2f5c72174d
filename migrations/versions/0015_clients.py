"""Clients are changed over the version they were read at, and listed by name, age and last contact."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0010"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_client_by_name": """ON client (user_id, lower(full_name COLLATE "C"), id)""",
    "ix_client_by_creation": "ON client (user_id, created_at, id)",
}


def upgrade() -> None:
    """Go to this revision. Clients that are there are at their first version."""
    op.add_column("client", sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")))
    op.alter_column("client", "version", server_default=None)
    op.create_check_constraint(op.f("ck_client_version"), "client", "version >= 1")
    for name, what in _INDEXES.items():
        op.execute(f"CREATE INDEX {name} {what}")


def downgrade() -> None:
    """Go back to 0010."""
    for name in _INDEXES:
        op.execute(f"DROP INDEX {name}")
    op.drop_constraint(op.f("ck_client_version"), "client")
    op.drop_column("client", "version")
