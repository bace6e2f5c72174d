"""Who may come in: attempts to sign in and locks, sessions with their refresh tokens, API keys."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
)

from nudge_adapters.sql.tables.schema import (
    INSTANT,
    METADATA,
    OBJECT,
    identity,
    one_of,
    owner,
    tenant_key,
    within_tenant,
)
from nudge_core.model.sign_in import AttemptFate, AttemptKind, EndReason, LockReason

signinattempt = Table(
    "signinattempt",
    METADATA,
    identity(),
    Column("kind", String(10), nullable=False),
    Column("phone", String(64), nullable=False, comment="keyed hash"),
    Column("source", String(64), nullable=False, comment="keyed hash of the address"),
    Column("device", String(64), comment="keyed hash"),
    Column("at", INSTANT, nullable=False),
    Column("fate", String(10), nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint(one_of("kind", AttemptKind), "kind"),
    CheckConstraint(one_of("fate", AttemptFate), "fate"),
    Index("ix_signinattempt_phone", "phone", "at"),
    Index("ix_signinattempt_source", "source", "at"),
    Index("ix_signinattempt_device", "device", "at"),
    Index("ix_signinattempt_at", "at"),
)

signinlock = Table(
    "signinlock",
    METADATA,
    Column("subject", String(64), nullable=False, comment="keyed hash of a phone or an address"),
    Column("reason", String(20), nullable=False),
    Column("until", INSTANT, nullable=False),
    PrimaryKeyConstraint("subject"),
    CheckConstraint(one_of("reason", LockReason), "reason"),
)

signinsession = Table(
    "signinsession",
    METADATA,
    identity(),
    owner(),
    Column("created_at", INSTANT, nullable=False),
    Column("refreshed_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("device_name", String(100), nullable=False),
    Column("ended_at", INSTANT),
    Column("end_reason", String(20)),
    tenant_key("signinsession"),
    CheckConstraint(one_of("end_reason", EndReason), "end_reason"),
    CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", "an_end_has_a_reason"),
    Index("ix_signinsession_user_id_created_at", "user_id", "created_at", "id"),
)

refreshtoken = Table(
    "refreshtoken",
    METADATA,
    identity(),
    owner(),
    Column("session_id", Uuid, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, comment="SHA-256 of a random secret"),
    Column("issued_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("used_at", INSTANT),
    tenant_key("refreshtoken"),
    within_tenant("session_id", "signinsession"),
    Index("ix_refreshtoken_user_id_session_id", "user_id", "session_id"),
)

apikey = Table(
    "apikey",
    METADATA,
    identity(),
    owner(),
    Column("name", String(100), nullable=False),
    Column("prefix", String(20), nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, comment="SHA-256 of a random secret"),
    Column("scopes", OBJECT, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT),
    Column("last_used_at", INSTANT),
    Column("revoked_at", INSTANT),
    tenant_key("apikey"),
    Index("ix_apikey_user_id_created_at", "user_id", "created_at", "id"),
)
