"""Imports of contacts in parts, and address books elsewhere that may be read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_TABLES = ("contactimport", "contactaccount", "contactgrant")
_INSTANT = sa.DateTime(timezone=True)
_ENCRYPTED = "encrypted: nudge_adapters.sql.encryption"


def _owned(table: str, *columns: sa.schema.SchemaItem) -> None:
    """Make a table of a tenant: its keys, and the wall that row-level security is."""
    op.create_table(
        table,
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f(f"fk_{table}_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name=f"pk_{table}"),
    )
    own = "user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({own}) WITH CHECK ({own})")
    op.execute(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'nudge_app') THEN "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO nudge_app; END IF; END $$"
    )


def upgrade() -> None:
    """Go to this revision."""
    _owned(
        "contactimport",
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False, comment="hash of what came and how it is read"),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("parts_done", sa.Integer, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("counts", postgresql.JSONB, nullable=False, comment="contacts by what became of them"),
        sa.Column("progressed_at", _INSTANT, nullable=False),
        sa.Column("finished_at", _INSTANT),
        sa.CheckConstraint("state IN ('running', 'done', 'undoing', 'undone')", name=op.f("ck_contactimport_state")),
        sa.CheckConstraint("parts_done BETWEEN 0 AND parts", name=op.f("ck_contactimport_parts_done")),
    )
    op.create_index("ix_contactimport_user_id_created_at", "contactimport", ["user_id", "created_at", "id"])
    op.create_index("ix_contactimport_user_id_mark", "contactimport", ["user_id", "mark"])
    _owned(
        "contactaccount",
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("refresh_token", sa.String, nullable=False, comment=_ENCRYPTED),
        sa.Column("connected_at", _INSTANT, nullable=False),
        sa.Column("sync_token", sa.Text),
        sa.Column("synced_at", _INSTANT),
    )
    _owned(
        "contactgrant",
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("state_mark", sa.String(64), nullable=False, comment="SHA-256 of the state that the browser has"),
        sa.Column("verifier", sa.String, nullable=False, comment=_ENCRYPTED),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before. How far imports are, and permissions to read address books, are lost."""
    for table in reversed(_TABLES):
        op.drop_table(table)
