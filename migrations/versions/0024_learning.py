"""Habits of writing that a professional took away; for whom events were an offer, shown or held out;
vectors of public texts, which are paid for once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_WALL = (
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_isolation ON {table} "
    "USING (user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)) "
    "WITH CHECK (user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO nudge_app",
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
    op.create_table(
        "exposure",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("period", sa.Integer, nullable=False, comment="stretches of 28 days since 1970-01-01"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probability", sa.Double, nullable=False, comment="of being shown"),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.CheckConstraint("probability > 0 AND probability <= 1", name=op.f("ck_exposure_probability")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_exposure_user_id")),
        sa.ForeignKeyConstraint(
            ["user_id", "client_id"], ["client.user_id", "client.id"], name=op.f("fk_exposure_user_id_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "event_id"],
            ["marketevent.user_id", "marketevent.id"],
            name=op.f("fk_exposure_user_id_event_id"),
        ),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_exposure"),
    )
    op.create_index("ix_exposure_user_id_client_id", "exposure", ["user_id", "client_id", "period"])
    op.create_index("ix_exposure_user_id_event_id", "exposure", ["user_id", "event_id"])
    op.create_table(
        "textmeaning",
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of a public text"),
        sa.Column("vector_model", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False, comment="little-endian float32"),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_textmeaning_digest")),
        sa.PrimaryKeyConstraint("vector_model", "digest", name="pk_textmeaning"),
    )
    op.create_index("ix_textmeaning_stored_at", "textmeaning", ["stored_at"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON textmeaning TO nudge_app")
    for table in ("styleremoval", "exposure"):
        for statement in _WALL:
            op.execute(statement.format(table=table))


def downgrade() -> None:
    """Go back to the revision before: every habit holds again, and no comparison is left."""
    op.drop_table("textmeaning")
    op.drop_table("exposure")
    op.drop_table("styleremoval")
