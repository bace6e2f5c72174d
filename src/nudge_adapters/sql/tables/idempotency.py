"""Keys of requests, with what was answered to them; kept a day."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, SmallInteger, String, Table

from nudge_adapters.sql.tables.schema import INSTANT, METADATA, OBJECT, identity, owner, tenant_key
from nudge_core.model.idempotency import FINGERPRINT

idempotency = Table(
    "idempotency",
    METADATA,
    identity(),
    owner(),
    Column("fingerprint", String(FINGERPRINT), nullable=False, comment="SHA-256 of the request"),
    Column("created_at", INSTANT, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("lease_until", INSTANT),
    Column("status", SmallInteger),
    Column("headers", OBJECT),
    Column("body", LargeBinary),
    tenant_key("idempotency"),
    CheckConstraint("attempt >= 1", "attempt"),
    CheckConstraint("num_nulls(status, headers, body) IN (0, 3)", "answer_is_whole"),
    CheckConstraint("status IS NULL OR lease_until IS NULL", "answered_is_not_leased"),
    Index("ix_idempotency_user_id_created_at", "user_id", "created_at"),
)
