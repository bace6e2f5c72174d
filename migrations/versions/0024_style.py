"""Habits of writing that a professional took away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0019"
branch_labels = None
depends_on = None

_WALL = (
    "ALTER TABLE styleremoval ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE styleremoval FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_isolation ON styleremoval "
    "USING (user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)) "
    "WITH CHECK (user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON styleremoval TO nudge_app",
)


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "styleremoval",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_styleremoval_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_styleremoval"),
    )
    for statement in _WALL:
        op.execute(statement)


def downgrade() -> None:
    """Go back to the revision before: every habit holds again."""
    op.drop_table("styleremoval")
