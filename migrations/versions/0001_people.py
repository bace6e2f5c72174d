"""Professionals, their clients, consent and silence, contents, answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

USERTYPE = postgresql.ENUM("REALTOR", "THERAPIST", "LOAN_OFFICER", name="usertype", create_type=False)
RESOURCESTATUS = postgresql.ENUM("ACTIVE", "INACTIVE", "ARCHIVED", name="resourcestatus", create_type=False)


def upgrade() -> None:
    """Go to this revision."""
    for enum in (
        USERTYPE,
        RESOURCESTATUS,
    ):
        enum.create(op.get_bind())
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_type", USERTYPE, nullable=False),
        sa.Column("full_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone_number", sa.String(length=16), nullable=False),
        sa.Column("vertical", sa.String(length=60), nullable=False),
        sa.Column("tool_provider", sa.String(length=60), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("business_name", sa.String(length=200), nullable=False),
        sa.Column("onboarding_complete", sa.Boolean(), nullable=False),
        sa.Column("onboarding_state", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("market_focus", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("ai_style_guide", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("strategy", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("mls_username", sa.String(), nullable=True, comment="encrypted: nudge_adapters.sql.encryption"),
        sa.Column("mls_password", sa.String(), nullable=True, comment="encrypted: nudge_adapters.sql.encryption"),
        sa.Column("license_number", sa.String(length=100), nullable=True),
        sa.Column("specialties", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("faq_auto_responder_enabled", sa.Boolean(), nullable=False),
        sa.Column("twilio_phone_number", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("phone_number", name=op.f("uq_user_phone_number")),
        sa.UniqueConstraint("twilio_phone_number", name=op.f("uq_user_twilio_phone_number")),
    )
    op.create_index("ix_user_email", "user", ["email"], unique=False)
    op.create_index("ix_user_timezone", "user", ["timezone"], unique=False)
    op.create_index("ix_user_tool_provider", "user", ["tool_provider"], unique=False)
    op.create_index("ix_user_vertical", "user", ["vertical"], unique=False)
    op.create_table(
        "client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("full_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("phone_as_given", sa.String(length=100), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("notes_embedding", sa.LargeBinary(), nullable=True),
        sa.Column("notes_embedding_model", sa.Text(), nullable=True),
        sa.Column("ai_tags", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("user_tags", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("preferences", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("last_interaction", sa.DateTime(timezone=True), nullable=True),
        sa.Column("timezone", sa.String(length=60), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("phone ~ '^[+][1-9][0-9]{6,14}$'", name=op.f("ck_client_phone_is_e164")),
        sa.CheckConstraint(
            "(notes_embedding IS NULL) = (notes_embedding_model IS NULL)",
            name=op.f("ck_client_embedding_names_its_model"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_client_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_client"),
        sa.UniqueConstraint("user_id", "email", name=op.f("uq_client_user_id_email")),
    )
    op.create_index(
        "ix_client_user_id_phone",
        "client",
        ["user_id", "phone"],
        unique=False,
        postgresql_where=sa.text("phone IS NOT NULL"),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="order of writing"),
        sa.CheckConstraint("kind IN ('none', 'inquiry', 'express', 'express_written')", name=op.f("ck_consent_kind")),
        sa.ForeignKeyConstraint(
            ["user_id", "client_id"], ["client.user_id", "client.id"], name=op.f("fk_consent_user_id_client_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_consent_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_consent"),
    )
    op.create_index("ix_consent_newest", "consent", ["user_id", "phone", "recorded_at", "seq"], unique=False)
    op.create_index("ix_consent_user_id_client_id", "consent", ["user_id", "client_id"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("source_sid", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="order of writing"),
        sa.CheckConstraint("scope IN ('all', 'topic')", name=op.f("ck_suppression_scope")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_suppression_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_suppression"),
        sa.UniqueConstraint("user_id", "source_sid", name=op.f("uq_suppression_user_id_source_sid")),
    )
    op.create_index(
        "ix_suppression_newest",
        "suppression",
        ["user_id", "phone", "scope", "topic", "created_at", "seq"],
        unique=False,
    )
    op.create_table(
        "contentresource",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("description", sa.String(length=5000), nullable=False),
        sa.Column("categories", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("content_type", sa.String(length=60), nullable=False),
        sa.Column("status", RESOURCESTATUS, nullable=False),
        sa.Column("usage_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("usage_count >= 0", name=op.f("ck_contentresource_usage_is_a_count")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_contentresource_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_contentresource"),
    )
    op.create_index("ix_contentresource_user_id_created_at", "contentresource", ["user_id", "created_at"], unique=False)
    op.create_index("ix_contentresource_user_id_status", "contentresource", ["user_id", "status"], unique=False)
    op.create_index("ix_contentresource_user_id_title", "contentresource", ["user_id", "title"], unique=False)
    op.create_index("ix_contentresource_user_id_updated_at", "contentresource", ["user_id", "updated_at"], unique=False)
    op.create_index("ix_contentresource_user_id_url", "contentresource", ["user_id", "url"], unique=False)
    op.create_index(
        "ix_contentresource_user_id_usage_count", "contentresource", ["user_id", "usage_count"], unique=False
    )
    op.create_table(
        "faq",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(length=1000), nullable=False),
        sa.Column("answer", sa.String(length=1600), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_faq_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_faq"),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("faq")
    op.drop_table("contentresource")
    op.drop_table("suppression")
    op.drop_table("consent")
    op.drop_table("client")
    op.drop_table("user")
    for enum in (
        USERTYPE,
        RESOURCESTATUS,
    ):
        enum.drop(op.get_bind())
