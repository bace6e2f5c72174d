"""What happened, for whoever follows it live. Triggers write it: `nudge_adapters.sql.triggers`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nudge_adapters.sql.tables.changes import TransactionId

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TENANT = "user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
_WALL = (
    "ALTER TABLE change ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE change FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant_isolation ON change USING ({_TENANT}) WITH CHECK ({_TENANT})",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'nudge_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON change TO nudge_app;
        END IF;
    END $$
    """,
)
_KINDS = (
    "message.received",
    "message.queued",
    "message.delivery",
    "message.receipt",
    "briefing.created",
    "briefing.changed",
    "import.progress",
)


def upgrade() -> None:
    """Go to this revision."""
    kinds = ", ".join(f"'{kind}'" for kind in _KINDS)
    op.create_table(
        "change",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False, comment="of the text, briefing or import; it may be gone"),
        sa.Column("client_id", sa.Uuid),
        sa.Column("state", sa.String(30), nullable=False, comment="the new one"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="beginning of its transaction"),
        sa.Column(
            "xact",
            TransactionId,
            nullable=False,
            server_default=sa.text("pg_current_xact_id()"),
            comment="a change is read when every transaction up to this one has ended",
        ),
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False, comment="order within a transaction"),
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("ck_change_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_change_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_change"),
    )
    op.create_index("ix_change_user_id_xact", "change", ["user_id", "xact", "id"])
    op.create_index("ix_change_xact", "change", ["xact"])
    for statement in _WALL:
        op.execute(statement)


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("change")
