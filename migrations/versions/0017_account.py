"""A version of what a professional changes by hand, the last look at their MLS account, and their telephone numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

_VERSIONED = ("user", "contentresource", "faq", "resource")
_TENANT = "user_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
_CHECKS = {
    "ck_user_mls_check": "mls_check IN ('works', 'refused', 'unreachable', 'not_configured')",
    "ck_user_mls_check_has_its_instant": "(mls_check IS NULL) = (mls_checked_at IS NULL)",
}

# Whoever migrates may be bound by the policies of "user", and would then see nobody; the owner is not, while they are
# not forced.
_NUMBERS_IN_USE = """
DO $$ DECLARE forced bool; BEGIN
    SELECT relforcerowsecurity INTO forced FROM pg_class WHERE oid = '"user"'::regclass;
    IF forced THEN ALTER TABLE "user" NO FORCE ROW LEVEL SECURITY; END IF;
    INSERT INTO phonenumber (id, user_id, number, status, created_at, changed_at)
        SELECT gen_random_uuid(), id, twilio_phone_number, 'owned', now(), now() FROM "user"
        WHERE twilio_phone_number IS NOT NULL;
    IF forced THEN ALTER TABLE "user" FORCE ROW LEVEL SECURITY; END IF;
END $$
"""


def upgrade() -> None:
    """Go to this revision. A number that a professional sends from already is theirs."""
    for table in _VERSIONED:
        op.add_column(table, sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")))
        op.create_check_constraint(op.f(f"ck_{table}_version"), table, "version >= 1")
    op.add_column("user", sa.Column("mls_check", sa.String(20)))
    op.add_column("user", sa.Column("mls_checked_at", sa.DateTime(timezone=True)))
    for name, condition in _CHECKS.items():
        op.create_check_constraint(op.f(name), "user", condition)
    op.create_table(
        "phonenumber",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("user.id", name="fk_phonenumber_user_id"), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("provider_sid", sa.String(64)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_phonenumber"),
        sa.CheckConstraint(
            "status IN ('wanted', 'owned', 'leaving', 'released', 'refused')", name=op.f("ck_phonenumber_status")
        ),
        sa.CheckConstraint("number ~ '^[+][1-9][0-9]{6,14}$'", name=op.f("ck_phonenumber_number_is_e164")),
    )
    op.create_index(
        "uq_phonenumber_one_holder",
        "phonenumber",
        ["number"],
        unique=True,
        postgresql_where=sa.text("status IN ('wanted', 'owned', 'leaving')"),
    )
    op.execute(_NUMBERS_IN_USE)
    op.execute("ALTER TABLE phonenumber ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE phonenumber FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_isolation ON phonenumber USING ({_TENANT}) WITH CHECK ({_TENANT})")
    op.execute(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'nudge_app') THEN "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON phonenumber TO nudge_app; END IF; END $$"
    )


def downgrade() -> None:
    """Go back to the revision before. Numbers that nobody sends from are forgotten here, not given back."""
    op.drop_table("phonenumber")
    for name in _CHECKS:
        op.drop_constraint(op.f(name), "user")
    op.drop_column("user", "mls_checked_at")
    op.drop_column("user", "mls_check")
    for table in reversed(_VERSIONED):
        op.drop_constraint(op.f(f"ck_{table}_version"), table)
        op.drop_column(table, "version")
