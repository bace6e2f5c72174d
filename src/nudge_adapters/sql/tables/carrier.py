"""What carriers told us, and until when each of our numbers has been asked."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from nudge_adapters.sql.tables.schema import INSTANT, METADATA, OBJECT, RAW_JSON, identity, one_of
from nudge_core.model.carrier_event import SID_CHARACTERS, STATUS_CHARACTERS, EventKind

carrierevent = Table(
    "carrierevent",
    METADATA,
    identity(),
    Column("user_id", Uuid, ForeignKey("user.id"), comment="nobody's until it is known whose"),
    Column("kind", String(20), nullable=False),
    Column("provider_sid", String(SID_CHARACTERS), nullable=False),
    Column("status", String(STATUS_CHARACTERS), nullable=False),
    Column("account", String(SID_CHARACTERS)),
    Column("token", String(200)),
    Column("raw", RAW_JSON, nullable=False),
    Column("news", OBJECT),
    Column("unread", String(500)),
    Column("received_at", INSTANT, nullable=False),
    Column("handled_at", INSTANT),
    Column("error", String(500)),
    PrimaryKeyConstraint("id"),
    # Over all professionals: a carrier gives each of its ids once, and an event may be nobody's before it has an owner.
    UniqueConstraint("kind", "provider_sid", "status"),
    CheckConstraint(one_of("kind", EventKind), "kind"),
    Index("ix_carrierevent_user_id_received_at", "user_id", "received_at"),
    Index("ix_carrierevent_unhandled", "received_at", "id", postgresql_where=text("handled_at IS NULL")),
)

inboundcursor = Table(
    "inboundcursor",
    METADATA,
    Column("phone", String(16), nullable=False, comment="a sending number of ours"),
    Column("read_until", INSTANT, nullable=False),
    PrimaryKeyConstraint("phone"),
)
