"""Keys that make a repeated request harmless."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

_TENANT = "user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
_WALL = (
    "ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE idempotency FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant_isolation ON idempotency USING ({_TENANT}) WITH CHECK ({_TENANT})",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'nudge_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO nudge_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "idempotency",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False, comment="SHA-256 of the request"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("status", sa.SmallInteger),
        sa.Column("headers", postgresql.JSONB),
        sa.Column("body", sa.LargeBinary),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_idempotency_attempt")),
        sa.CheckConstraint("num_nulls(status, headers, body) IN (0, 3)", name=op.f("ck_idempotency_answer_is_whole")),
        sa.CheckConstraint("status IS NULL OR lease_until IS NULL", name=op.f("ck_idempotency_answered_is_not_leased")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_idempotency_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_user_id_created_at", "idempotency", ["user_id", "created_at"])
    for statement in _WALL:
        op.execute(statement)


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("idempotency")
