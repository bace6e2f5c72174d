"""Professionals, their clients, who of them may be texted, and what was collected for them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    text,
)

from nudge_adapters.sql.tables.schema import (
    INSTANT,
    METADATA,
    OBJECT,
    both_or_none,
    enum_of,
    identity,
    one_of,
    owner,
    tenant_key,
    vector,
    within_tenant,
)
from nudge_core.model.consent import ConsentKind, SuppressionScope
from nudge_core.model.phone_number import HELD, NumberStatus
from nudge_core.model.resource import ResourceStatus
from nudge_core.model.user import MlsCheck, UserType

RESOURCE_STATUS = enum_of(ResourceStatus)

user = Table(
    "user",
    METADATA,
    identity(),
    Column("user_type", enum_of(UserType), nullable=False),
    Column("full_name", String(200), nullable=False),
    Column("email", String, nullable=False),
    Column("phone_number", String(16), nullable=False),
    Column("vertical", String(60), nullable=False),
    Column("tool_provider", String(60), nullable=False),
    Column("timezone", String(60), nullable=False),
    Column("business_name", String(200), nullable=False),
    Column("onboarding_complete", Boolean, nullable=False),
    Column("onboarding_state", OBJECT, nullable=False),
    Column("market_focus", OBJECT, nullable=False),
    Column("ai_style_guide", OBJECT, nullable=False),
    Column("strategy", OBJECT, nullable=False),
    Column("mls_username", String, comment="encrypted: nudge_adapters.sql.encryption"),
    Column("mls_password", String, comment="encrypted: nudge_adapters.sql.encryption"),
    Column("license_number", String(100)),
    Column("specialties", OBJECT, nullable=False),
    Column("faq_auto_responder_enabled", Boolean, nullable=False),
    Column("twilio_phone_number", String(16)),
    Column("mls_check", String(20)),
    Column("mls_checked_at", INSTANT),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # Not of the entity: no request can write it.
    Column("is_super_user", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("id"),
    CheckConstraint("version >= 1", "version"),
    CheckConstraint(one_of("mls_check", MlsCheck), "mls_check"),
    CheckConstraint(both_or_none("mls_check", "mls_checked_at"), "mls_check_has_its_instant"),
    UniqueConstraint("phone_number"),
    UniqueConstraint("twilio_phone_number"),  # an inbound text must have one owner
    Index("ix_user_email", "email"),
    Index("ix_user_vertical", "vertical"),
    Index("ix_user_tool_provider", "tool_provider"),
    Index("ix_user_timezone", "timezone"),
)

NEVER = "'0001-01-01 00:00:00+00'::timestamptz"
"""When somebody was talked with who never was: before everybody else."""

client = Table(
    "client",
    METADATA,
    identity(),
    owner(),
    Column("full_name", String(200), nullable=False),
    Column("email", String),
    Column("phone", String(16)),
    Column("phone_as_given", String(100)),
    Column("notes", Text, nullable=False),
    *vector("notes_embedding"),
    Column("ai_tags", OBJECT, nullable=False),
    Column("user_tags", OBJECT, nullable=False),
    Column("preferences", OBJECT, nullable=False),
    Column("last_interaction", INSTANT),
    Column("timezone", String(60)),
    Column("created_at", INSTANT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", INSTANT),
    Column("sort_name", Text(collation="C"), Computed('lower(full_name COLLATE "C")', persisted=True), nullable=False),
    Column("sort_contact", INSTANT, Computed(f"coalesce(last_interaction, {NEVER})", persisted=True), nullable=False),
    tenant_key("client"),
    UniqueConstraint("user_id", "email"),
    CheckConstraint("phone ~ '^[+][1-9][0-9]{6,14}$'", "phone_is_e164"),
    CheckConstraint(both_or_none("notes_embedding", "notes_embedding_model"), "embedding_names_its_model"),
    CheckConstraint("version >= 1", "version"),
    Index("ix_client_by_name", "user_id", "sort_name", "id"),
    Index("ix_client_by_creation", "user_id", "created_at", "id"),
    Index("ix_client_by_contact", "user_id", "sort_contact", "id"),
    Index("ix_client_user_id_phone", "user_id", "phone", postgresql_where=text("phone IS NOT NULL")),
)

consent = Table(
    "consent",
    METADATA,
    identity(),
    owner(),
    Column("client_id", Uuid, nullable=False),
    Column("phone", String(16), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("source", String(60), nullable=False),
    Column("recorded_by", String(100), nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Column("wording", Text, nullable=False),
    Column("seq", BigInteger, Identity(always=True), nullable=False, comment="order of writing"),
    tenant_key("consent"),
    within_tenant("client_id", "client"),
    CheckConstraint(one_of("kind", ConsentKind), "kind"),
    Index("ix_consent_newest", "user_id", "phone", "recorded_at", "seq"),
    Index("ix_consent_user_id_client_id", "user_id", "client_id"),
)

suppression = Table(
    "suppression",
    METADATA,
    identity(),
    owner(),
    Column("phone", String(16), nullable=False),
    Column("scope", String(10), nullable=False),
    Column("topic", String(60), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("source_sid", String(64)),
    Column("created_at", INSTANT, nullable=False),
    Column("seq", BigInteger, Identity(always=True), nullable=False, comment="order of writing"),
    tenant_key("suppression"),
    UniqueConstraint("user_id", "source_sid"),
    CheckConstraint(one_of("scope", SuppressionScope), "scope"),
    Index("ix_suppression_newest", "user_id", "phone", "scope", "topic", "created_at", "seq"),
)

contentresource = Table(
    "contentresource",
    METADATA,
    identity(),
    owner(),
    Column("title", String(300), nullable=False),
    Column("url", String(2_000), nullable=False),
    Column("description", String(5_000), nullable=False),
    Column("categories", OBJECT, nullable=False),
    Column("content_type", String(60), nullable=False),
    Column("status", RESOURCE_STATUS, nullable=False),
    Column("usage_count", Integer, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    tenant_key("contentresource"),
    CheckConstraint("usage_count >= 0", "usage_is_a_count"),
    CheckConstraint("version >= 1", "version"),
    Index("ix_contentresource_user_id_title", "user_id", "title"),
    Index("ix_contentresource_user_id_url", "user_id", "url"),
    Index("ix_contentresource_user_id_status", "user_id", "status"),
    Index("ix_contentresource_user_id_usage_count", "user_id", "usage_count"),
    Index("ix_contentresource_user_id_created_at", "user_id", "created_at"),
    Index("ix_contentresource_user_id_updated_at", "user_id", "updated_at"),
)

faq = Table(
    "faq",
    METADATA,
    identity(),
    owner(),
    Column("question", String(1_000), nullable=False),
    Column("answer", String(1_600), nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    tenant_key("faq"),
    CheckConstraint("version >= 1", "version"),
)

_IS_HELD = ", ".join(f"'{status.value}'" for status in NumberStatus if status in HELD)

phonenumber = Table(
    "phonenumber",
    METADATA,
    identity(),
    owner(),
    Column("number", String(16), nullable=False),
    Column("status", String(20), nullable=False),
    Column("provider_sid", String(64)),
    Column("created_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    tenant_key("phonenumber"),
    CheckConstraint(one_of("status", NumberStatus), "status"),
    CheckConstraint("number ~ '^[+][1-9][0-9]{6,14}$'", "number_is_e164"),
    Index(  # over all professionals, as user.twilio_phone_number: a number, and a text to it, has one owner
        "uq_phonenumber_one_holder",
        "number",
        unique=True,
        postgresql_where=text(f"status IN ({_IS_HELD})"),
    ),
)
