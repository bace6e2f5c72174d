"""Listings and events, once for everybody; resources and events as they concern one professional."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from nudge_adapters.sql.tables.people import RESOURCE_STATUS
from nudge_adapters.sql.tables.schema import (
    INSTANT,
    METADATA,
    OBJECT,
    RAW_JSON,
    enum_of,
    identity,
    one_of,
    owner,
    tenant_key,
    within_tenant,
)
from nudge_core.model.event import EventStatus, ListingEvent
from nudge_core.model.resource import ResourceType

textmeaning = Table(
    "textmeaning",
    METADATA,
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of a public text"),
    Column("vector_model", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False, comment="little-endian float32"),
    Column("stored_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("vector_model", "digest", name="pk_textmeaning"),
    CheckConstraint("octet_length(digest) = 32", "digest"),
    Index("ix_textmeaning_stored_at", "stored_at"),
)

globalmlsevent = Table(
    "globalmlsevent",
    METADATA,
    identity(),
    Column("source_id", String(100), nullable=False),
    Column("listing_key", String(255), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("change", OBJECT, nullable=False),
    Column("raw_payload", RAW_JSON, nullable=False),
    Column("event_timestamp", INSTANT, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint(one_of("kind", ListingEvent), "kind"),
    Index("ix_globalmlsevent_source_id_kind", "source_id", "kind"),
    Index("ix_globalmlsevent_listing_key", "listing_key"),
    Index("ix_globalmlsevent_event_timestamp", "event_timestamp"),
    Index("ix_globalmlsevent_created_at", "created_at"),
)

listingsnapshot = Table(
    "listingsnapshot",
    METADATA,
    Column("source_id", String(100), nullable=False),
    Column("listing_key", String(255), nullable=False),
    Column("address_key", String),
    Column("modified_at", INSTANT),
    Column("off_market_since", INSTANT),
    Column("held_price_cents", BigInteger),
    Column("gone", Boolean, nullable=False),
    Column("transitions", Integer, nullable=False),
    Column("snapshot", RAW_JSON, nullable=False),
    PrimaryKeyConstraint("source_id", "listing_key"),
    CheckConstraint("transitions >= 0", "transitions_is_a_count"),
    Index(
        "ix_listingsnapshot_off_market",
        "source_id",
        "address_key",
        "off_market_since",
        postgresql_where=text("off_market_since IS NOT NULL"),
    ),
    Index(
        "ix_listingsnapshot_held",
        "source_id",
        "listing_key",
        postgresql_where=text("held_price_cents IS NOT NULL"),
    ),
)

resource = Table(
    "resource",
    METADATA,
    identity(),
    owner(),
    Column("resource_type", enum_of(ResourceType), nullable=False),
    Column("status", RESOURCE_STATUS, nullable=False),
    Column("source_id", String(100), nullable=False),
    Column("entity_id", String(500), nullable=False),
    Column("attributes", OBJECT, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    tenant_key("resource"),
    CheckConstraint("version >= 1", "version"),
    UniqueConstraint("user_id", "resource_type", "source_id", "entity_id"),
    Index("ix_resource_user_id_status_updated_at", "user_id", "status", "updated_at", "id"),
    Index("ix_resource_user_id_entity_id", "user_id", "entity_id"),
    Index("ix_resource_user_id_created_at", "user_id", "created_at"),
    Index("ix_resource_user_id_updated_at", "user_id", "updated_at"),
)

marketevent = Table(
    "marketevent",
    METADATA,
    identity(),
    owner(),
    Column("event_type", String(60), nullable=False),
    Column("entity_id", String(255), nullable=False),
    Column("entity_type", String(60), nullable=False),
    Column("source_id", String(100), nullable=False),
    Column("payload", OBJECT, nullable=False),
    Column("market_area", String(200)),
    Column("status", String(20), nullable=False),
    Column("error", String(500)),
    Column("global_event_id", Uuid, ForeignKey("globalmlsevent.id")),
    Column("resource_id", Uuid),
    Column("created_at", INSTANT, nullable=False),
    Column("processed_at", INSTANT),
    tenant_key("marketevent"),
    within_tenant("resource_id", "resource"),
    CheckConstraint(one_of("status", EventStatus), "status"),
    Index("ix_marketevent_user_id_event_type", "user_id", "event_type"),
    Index("ix_marketevent_user_id_entity_id", "user_id", "entity_id"),
    Index("ix_marketevent_user_id_created_at", "user_id", "created_at"),
    Index(
        "ix_marketevent_unfinished",
        "user_id",
        "status",
        "created_at",
        postgresql_where=text("status <> 'processed'"),
    ),
    Index("ix_marketevent_global_event_id", "global_event_id"),
    Index("ix_marketevent_user_id_resource_id", "user_id", "resource_id"),
)
