"""Notes and facts about clients with their sources, and opt-outs that outlive an erased client."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TABLES = ("clientnote", "clientfact", "optoutkey", "keptoptout", "clientimport", "clientmerge")
_INSTANT = sa.DateTime(timezone=True)


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


def _of_client(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_user_id_client_id")
    return sa.ForeignKeyConstraint(["user_id", "client_id"], ["client.user_id", "client.id"], name=name)


def upgrade() -> None:
    """Go to this revision. Notes that stand in a client become a note of their own."""
    op.add_column("client", sa.Column("updated_at", _INSTANT))
    _owned(
        "clientnote",
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("author", sa.String(100), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("is_whole", sa.Boolean, nullable=False),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False, comment="order of writing"),
        _of_client("clientnote"),
    )
    op.create_index("ix_clientnote_user_id_client_id", "clientnote", ["user_id", "client_id", "at", "seq"])
    _begin_with_what_is_there()
    _owned(
        "clientfact",
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("value", postgresql.JSONB, nullable=False, comment="an object with the one member `value`"),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("recorded_by", sa.String(100), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("span_text_id", sa.Uuid, comment="the note or text it was read in"),
        sa.Column("span_start", sa.Integer),
        sa.Column("span_end", sa.Integer),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("superseded_by", sa.Uuid),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False, comment="order of writing"),
        _of_client("clientfact"),
        sa.ForeignKeyConstraint(
            ["user_id", "superseded_by"],
            ["clientfact.user_id", "clientfact.id"],
            name=op.f("fk_clientfact_user_id_superseded_by"),
        ),
        sa.CheckConstraint("state IN ('proposed', 'accepted', 'retracted')", name=op.f("ck_clientfact_state")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_clientfact_confidence")),
        sa.CheckConstraint(
            "num_nulls(span_text_id, span_start, span_end) IN (0, 3)", name=op.f("ck_clientfact_span_is_told_whole")
        ),
    )
    op.create_index("ix_clientfact_user_id_client_id", "clientfact", ["user_id", "client_id", "at", "seq"])
    op.create_index("ix_clientfact_user_id_superseded_by", "clientfact", ["user_id", "superseded_by"])
    secret = sa.Column("secret", sa.String, nullable=False, comment="encrypted: nudge_adapters.sql.encryption")
    _owned("optoutkey", secret)
    _owned(
        "keptoptout",
        sa.Column("mark", sa.String(64), nullable=False, comment="keyed hash of a phone, by the tenant's `optoutkey`"),
        sa.Column("scope", sa.String(10), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("held_since", _INSTANT, nullable=False),
        sa.UniqueConstraint("user_id", "mark", "scope", "topic", name=op.f("uq_keptoptout_user_id_mark_scope_topic")),
        sa.CheckConstraint("scope IN ('all', 'topic')", name=op.f("ck_keptoptout_scope")),
    )
    _owned(
        "clientimport",
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("added", postgresql.JSONB, nullable=False, comment="ids of who became a client"),
        sa.Column("problems", postgresql.JSONB, nullable=False, comment="lines and rules, never a value"),
        sa.Column("undone_at", _INSTANT),
        sa.CheckConstraint("rows >= 0", name=op.f("ck_clientimport_rows")),
    )
    op.create_index("ix_clientimport_user_id_created_at", "clientimport", ["user_id", "created_at", "id"])
    _owned(
        "clientmerge",
        sa.Column("kept_id", sa.Uuid, nullable=False),
        sa.Column("gone_id", sa.Uuid, nullable=False),
        sa.Column("merged_by", sa.String(100), nullable=False),
        sa.Column("merged_at", _INSTANT, nullable=False),
        sa.Column(
            "before", postgresql.JSONB, nullable=False, comment="both clients as they were, and the one they became"
        ),
        sa.Column(
            "moved", postgresql.JSONB, nullable=False, comment="ids by table, audiences, facts: what an undo moves back"
        ),
        sa.Column("undone_at", _INSTANT),
    )
    op.create_index("ix_clientmerge_user_id_kept_id", "clientmerge", ["user_id", "kept_id"])
    op.create_index("ix_clientmerge_user_id_gone_id", "clientmerge", ["user_id", "gone_id"])


def _begin_with_what_is_there() -> None:
    """Fill the notes for everybody. The owner of the tables must see them all: FORCE is lifted meanwhile."""
    for table in ("client", "clientnote"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "INSERT INTO clientnote (user_id, id, client_id, text, author, at, is_whole) "
        "SELECT user_id, id, id, notes, 'before', created_at, false FROM client WHERE btrim(notes) <> ''"
    )
    for table in ("client", "clientnote"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Go back to the revision before. Kept opt-outs, sources and the history of facts are lost."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_column("client", "updated_at")
