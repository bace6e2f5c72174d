"""Imports of contacts in parts, and address books elsewhere that may be read."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, Text, Uuid

from nudge_adapters.sql.tables.schema import INSTANT, METADATA, OBJECT, identity, one_of, owner, tenant_key
from nudge_core.model.contact_import import ImportState

contactimport = Table(
    "contactimport",
    METADATA,
    owner(),
    identity(),
    Column("created_by", String(100), nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("source", String(20), nullable=False),
    Column("mark", String(64), nullable=False, comment="hash of what came and how it is read"),
    Column("rows", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("parts_done", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("counts", OBJECT, nullable=False, comment="contacts by what became of them"),
    Column("progressed_at", INSTANT, nullable=False),
    Column("finished_at", INSTANT),
    tenant_key("contactimport"),
    CheckConstraint(one_of("state", ImportState), "state"),
    CheckConstraint("parts_done BETWEEN 0 AND parts", "parts_done"),
    Index("ix_contactimport_user_id_created_at", "user_id", "created_at", "id"),
    Index("ix_contactimport_user_id_mark", "user_id", "mark"),
)

contactaccount = Table(
    "contactaccount",
    METADATA,
    owner(),
    identity(),
    Column("provider", String(20), nullable=False),
    Column("refresh_token", String, nullable=False, comment="encrypted: nudge_adapters.sql.encryption"),
    Column("connected_at", INSTANT, nullable=False),
    Column("sync_token", Text),
    Column("synced_at", INSTANT),
    tenant_key("contactaccount"),
)

contactgrant = Table(
    "contactgrant",
    METADATA,
    owner(),
    identity(),
    Column("provider", String(20), nullable=False),
    Column("state_mark", String(64), nullable=False, comment="SHA-256 of the state that the browser has"),
    Column("verifier", String, nullable=False, comment="encrypted: nudge_adapters.sql.encryption"),
    Column("session_id", Uuid, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    tenant_key("contactgrant"),
)
