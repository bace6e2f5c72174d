"""Who may come in: attempts to sign in and locks, sessions, refresh tokens, API keys; super-users."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

_OWNED = ("signinsession", "refreshtoken", "apikey")
_GLOBAL = ("signinattempt", "signinlock")
_TENANT = "user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"


def upgrade() -> None:
    """Go to this revision. Nobody is a super-user."""
    op.add_column("user", sa.Column("is_super_user", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "signinattempt",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("phone", sa.String(64), nullable=False, comment="keyed hash"),
        sa.Column("source", sa.String(64), nullable=False, comment="keyed hash of the address"),
        sa.Column("device", sa.String(64), comment="keyed hash"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fate", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signinattempt")),
        sa.CheckConstraint("kind IN ('send', 'check')", name=op.f("ck_signinattempt_kind")),
        sa.CheckConstraint("fate IN ('admitted', 'right', 'idle', 'refused')", name=op.f("ck_signinattempt_fate")),
    )
    for column in ("phone", "source", "device"):
        op.create_index(f"ix_signinattempt_{column}", "signinattempt", [column, "at"])
    op.create_index("ix_signinattempt_at", "signinattempt", ["at"])
    op.create_table(
        "signinlock",
        sa.Column("subject", sa.String(64), nullable=False, comment="keyed hash of a phone or an address"),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_signinlock")),
        sa.CheckConstraint(
            "reason IN ('many_phones', 'many_sources', 'many_wrong')", name=op.f("ck_signinlock_reason")
        ),
    )
    op.create_table(
        "signinsession",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_name", sa.String(100), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("end_reason", sa.String(20)),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_signinsession_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_signinsession")),
        sa.CheckConstraint(
            "end_reason IN ('signed_out', 'ended_elsewhere', 'token_reused', 'too_many')",
            name=op.f("ck_signinsession_end_reason"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_signinsession_an_end_has_a_reason")
        ),
    )
    op.create_index("ix_signinsession_user_id_created_at", "signinsession", ["user_id", "created_at", "id"])
    op.create_table(
        "refreshtoken",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False, comment="SHA-256 of a random secret"),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_refreshtoken_user_id")),
        sa.ForeignKeyConstraint(
            ["user_id", "session_id"],
            ["signinsession.user_id", "signinsession.id"],
            name=op.f("fk_refreshtoken_user_id_session_id"),
        ),
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_refreshtoken")),
    )
    op.create_index("ix_refreshtoken_user_id_session_id", "refreshtoken", ["user_id", "session_id"])
    op.create_table(
        "apikey",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("prefix", sa.String(20), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False, comment="SHA-256 of a random secret"),
        sa.Column("scopes", postgresql.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_apikey_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_apikey")),
    )
    op.create_index("ix_apikey_user_id_created_at", "apikey", ["user_id", "created_at", "id"])
    for table in _OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_isolation ON {table} USING ({_TENANT}) WITH CHECK ({_TENANT})")
    for table in (*_OWNED, *_GLOBAL):
        op.execute(
            "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'nudge_app') THEN "
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO nudge_app; END IF; END $$"
        )


def downgrade() -> None:
    """Go back to the revision before. Everybody is signed out and every API key is lost."""
    for table in ("apikey", "refreshtoken", "signinsession", "signinlock", "signinattempt"):
        op.drop_table(table)
    op.drop_column("user", "is_super_user")
