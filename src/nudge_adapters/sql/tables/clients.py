"""What is known of clients and from where, and the opt-outs that outlive them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
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
from nudge_core.model.client_fact import FactState
from nudge_core.model.consent import SuppressionScope

clientnote = Table(
    "clientnote",
    METADATA,
    owner(),
    identity(),
    Column("client_id", Uuid, nullable=False),
    Column("text", Text, nullable=False),
    Column("author", String(100), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("seq", BigInteger, Identity(always=True), nullable=False, comment="order of writing"),
    tenant_key("clientnote"),
    within_tenant("client_id", "client"),
    Index("ix_clientnote_user_id_client_id", "user_id", "client_id", "at", "seq"),
)

clientfact = Table(
    "clientfact",
    METADATA,
    owner(),
    identity(),
    Column("client_id", Uuid, nullable=False),
    Column("kind", String(60), nullable=False),
    Column("value", OBJECT, nullable=False, comment="an object with the one member `value`"),
    Column("source", String(60), nullable=False),
    Column("recorded_by", String(100), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("span_text_id", Uuid, comment="the note or text it was read in"),
    Column("span_start", Integer),
    Column("span_end", Integer),
    Column("state", String(10), nullable=False),
    Column("superseded_by", Uuid),
    Column("seq", BigInteger, Identity(always=True), nullable=False, comment="order of writing"),
    tenant_key("clientfact"),
    within_tenant("client_id", "client"),
    within_tenant("superseded_by", "clientfact"),
    CheckConstraint(one_of("state", FactState), "state"),
    CheckConstraint("confidence BETWEEN 0 AND 1", "confidence"),
    CheckConstraint("num_nulls(span_text_id, span_start, span_end) IN (0, 3)", "span_is_told_whole"),
    Index("ix_clientfact_user_id_client_id", "user_id", "client_id", "at", "seq"),
    Index("ix_clientfact_user_id_superseded_by", "user_id", "superseded_by"),
)

optoutkey = Table(
    "optoutkey",
    METADATA,
    owner(),
    identity(),
    Column("secret", String, nullable=False, comment="encrypted: nudge_adapters.sql.encryption"),
    tenant_key("optoutkey"),
)

keptoptout = Table(
    "keptoptout",
    METADATA,
    owner(),
    identity(),
    Column("mark", String(64), nullable=False, comment="keyed hash of a phone, by the tenant's `optoutkey`"),
    Column("scope", String(10), nullable=False),
    Column("topic", String(60), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("held_since", INSTANT, nullable=False),
    tenant_key("keptoptout"),
    UniqueConstraint("user_id", "mark", "scope", "topic"),
    CheckConstraint(one_of("scope", SuppressionScope), "scope"),
)

clientimport = Table(
    "clientimport",
    METADATA,
    owner(),
    identity(),
    Column("created_by", String(100), nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("added", OBJECT, nullable=False, comment="ids of who became a client"),
    Column("problems", OBJECT, nullable=False, comment="lines and rules, never a value"),
    Column("undone_at", INSTANT),
    tenant_key("clientimport"),
    CheckConstraint("rows >= 0", "rows"),
    Index("ix_clientimport_user_id_created_at", "user_id", "created_at", "id"),
)

clientmerge = Table(
    "clientmerge",
    METADATA,
    owner(),
    identity(),
    Column("kept_id", Uuid, nullable=False),
    Column("gone_id", Uuid, nullable=False),
    Column("merged_by", String(100), nullable=False),
    Column("merged_at", INSTANT, nullable=False),
    Column("before", OBJECT, nullable=False, comment="both clients as they were, and the one they became"),
    Column("moved", OBJECT, nullable=False, comment="ids by table, audiences, facts: what an undo moves back"),
    Column("undone_at", INSTANT),
    tenant_key("clientmerge"),
    Index("ix_clientmerge_user_id_kept_id", "user_id", "kept_id"),
    Index("ix_clientmerge_user_id_gone_id", "user_id", "gone_id"),
)
