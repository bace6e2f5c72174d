"""How far each source has been read, and what of it could not be."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from nudge_adapters.sql.tables.schema import INSTANT, METADATA, OBJECT, identity

feedcursor = Table(
    "feedcursor",
    METADATA,
    Column("source_id", String(100), nullable=False),
    Column("state", OBJECT, nullable=False),
    Column("baseline_done", Boolean, nullable=False),
    Column("read_until", INSTANT),
    Column("version", Integer, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("source_id"),
    CheckConstraint("version >= 1", "version"),
)

feedcounter = Table(
    "feedcounter",
    METADATA,
    Column("source_id", String(100), nullable=False),
    Column("reason", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    PrimaryKeyConstraint("source_id", "reason"),
)

unreadrecord = Table(
    "unreadrecord",
    METADATA,
    identity(),
    Column("source_id", String(100), nullable=False),
    Column("listing_key", Text),
    Column("rule", String(500), nullable=False),
    Column("raw", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False, comment="SHA-256 of source, key, rule and record"),
    Column("first_seen_at", INSTANT, nullable=False),
    Column("times_seen", Integer, nullable=False),
    Column("seq", BigInteger, Identity(always=True), nullable=False, comment="order of writing"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("fingerprint"),
    CheckConstraint("times_seen >= 1", "times_seen"),
    Index("ix_unreadrecord_source_id_first_seen_at", "source_id", "first_seen_at", "seq"),
)
