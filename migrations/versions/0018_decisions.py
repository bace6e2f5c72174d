"""Decisions in a chain, dismissals that can be taken back, briefings listed newest first.

What was decided before is linked in the order in which it was written.
"""

from __future__ import annotations

from datetime import UTC

import sqlalchemy as sa
from alembic import op

from nudge_core.model.audit import AuditEntry
from nudge_core.model.audit_trail import ChainHead, linked

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_BATCH = 1_000
_TABLES = ("auditlink", "audithead")
_ISOLATED = (
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_isolation ON {table} "
    "USING (user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)) "
    "WITH CHECK (user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))",
)
_GRANTS = """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'nudge_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON auditlink, audithead TO nudge_app;
        END IF;
    END $$
"""


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("negativepreference", sa.Column("retracted_at", sa.DateTime(timezone=True)))
    op.add_column("negativepreference", sa.Column("retracted_by", sa.String(100)))
    op.create_check_constraint(
        op.f("ck_negativepreference_somebody_retracted_it"),
        "negativepreference",
        "(retracted_at IS NULL) = (retracted_by IS NULL)",
    )
    op.create_index("ix_campaignbriefing_newest", "campaignbriefing", ["user_id", sa.text("created_at DESC"), "id"])
    _create_chain()
    _link_what_is_there()
    for table in _TABLES:
        for statement in _ISOLATED:
            op.execute(statement.format(table=table))
    op.execute(_GRANTS)


def _create_chain() -> None:
    op.create_table(
        "auditlink",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False, comment="place in the professional's chain, from 1"),
        sa.Column("hash", sa.LargeBinary, nullable=False, comment="SHA-256 over the link before it and the entry"),
        sa.CheckConstraint("position >= 1", name=op.f("ck_auditlink_position")),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_auditlink_hash")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_auditlink_user_id")),
        sa.ForeignKeyConstraint(
            ["user_id", "id"], ["auditentry.user_id", "auditentry.id"], name=op.f("fk_auditlink_user_id_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_auditlink"),
        sa.UniqueConstraint("user_id", "position", name=op.f("uq_auditlink_user_id_position")),
    )
    op.create_table(
        "audithead",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False, comment="of the last link, 0 before the first"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("position >= 0", name=op.f("ck_audithead_position")),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_audithead_hash")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_audithead_user_id")),
        sa.PrimaryKeyConstraint("user_id", name="pk_audithead"),
    )


def _link_what_is_there() -> None:
    """Link every professional's entries. The owner of the tables must see them all: FORCE is lifted meanwhile."""
    connection = op.get_bind()
    forced = connection.scalar(sa.text("SELECT relforcerowsecurity FROM pg_class WHERE oid = 'auditentry'::regclass"))
    if forced:
        op.execute("ALTER TABLE auditentry NO FORCE ROW LEVEL SECURITY")
    owners = connection.scalars(sa.text("SELECT DISTINCT user_id FROM auditentry ORDER BY user_id")).all()
    for owner in owners:
        _link_entries_of(connection, owner)
    if forced:
        op.execute("ALTER TABLE auditentry FORCE ROW LEVEL SECURITY")


def _link_entries_of(connection: sa.Connection, owner: object) -> None:
    columns = "id, user_id, at, actor, action, subject_type, subject_id, facts"
    query = sa.text(f"SELECT {columns} FROM auditentry WHERE user_id = :owner ORDER BY at, seq")  # noqa: S608 - only names of ours are put in
    head = ChainHead()
    streamed = connection.execute(query, {"owner": owner}, execution_options={"yield_per": _BATCH})
    for batch in streamed.mappings().partitions(_BATCH):
        links = list(linked(head, [AuditEntry(**{**row, "at": row["at"].astimezone(UTC)}) for row in batch]))
        rows = [{"id": one.entry.id, "owner": owner, "position": one.position, "hash": one.hash} for one in links]
        connection.execute(
            sa.text("INSERT INTO auditlink (id, user_id, position, hash) VALUES (:id, :owner, :position, :hash)"), rows
        )
        head = ChainHead(position=links[-1].position, hash=links[-1].hash)
    connection.execute(
        sa.text("INSERT INTO audithead (user_id, position, hash) VALUES (:owner, :position, :hash)"),
        {"owner": owner, "position": head.position, "hash": head.hash},
    )


def downgrade() -> None:
    """Go back to the revision before: the chain is lost, and every dismissal counts again."""
    op.drop_table("audithead")
    op.drop_table("auditlink")
    op.drop_index("ix_campaignbriefing_newest", "campaignbriefing")
    op.drop_constraint(op.f("ck_negativepreference_somebody_retracted_it"), "negativepreference")
    op.drop_column("negativepreference", "retracted_by")
    op.drop_column("negativepreference", "retracted_at")
