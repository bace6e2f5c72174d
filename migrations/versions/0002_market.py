"""Sources, listings, events and resources."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RESOURCETYPE = postgresql.ENUM("PROPERTY", "WEB_CONTENT", "CONTENT_RESOURCE", name="resourcetype", create_type=False)
RESOURCESTATUS = postgresql.ENUM("ACTIVE", "INACTIVE", "ARCHIVED", name="resourcestatus", create_type=False)


def upgrade() -> None:
    """Go to this revision."""
    for enum in (RESOURCETYPE,):
        enum.create(op.get_bind())
    op.create_table(
        "feedcursor",
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("state", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("baseline_done", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_feedcursor_version")),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_feedcursor")),
    )
    op.create_table(
        "feedcounter",
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "reason", name=op.f("pk_feedcounter")),
    )
    op.create_table(
        "unreadrecord",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("listing_key", sa.Text(), nullable=True),
        sa.Column("rule", sa.String(length=500), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False, comment="SHA-256 of source, key, rule and record"),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="order of writing"),
        sa.CheckConstraint("times_seen >= 1", name=op.f("ck_unreadrecord_times_seen")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unreadrecord")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_unreadrecord_fingerprint")),
    )
    op.create_index(
        "ix_unreadrecord_source_id_first_seen_at", "unreadrecord", ["source_id", "first_seen_at", "seq"], unique=False
    )
    op.create_table(
        "listingsnapshot",
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("listing_key", sa.String(length=255), nullable=False),
        sa.Column("address_key", sa.String(), nullable=True),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("off_market_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_price_cents", sa.BigInteger(), nullable=True),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("transitions", sa.Integer(), nullable=False),
        sa.Column("snapshot", postgresql.JSON(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("transitions >= 0", name=op.f("ck_listingsnapshot_transitions_is_a_count")),
        sa.PrimaryKeyConstraint("source_id", "listing_key", name=op.f("pk_listingsnapshot")),
    )
    op.create_index(
        "ix_listingsnapshot_held",
        "listingsnapshot",
        ["source_id", "listing_key"],
        unique=False,
        postgresql_where=sa.text("held_price_cents IS NOT NULL"),
    )
    op.create_index(
        "ix_listingsnapshot_off_market",
        "listingsnapshot",
        ["source_id", "address_key", "off_market_since"],
        unique=False,
        postgresql_where=sa.text("off_market_since IS NOT NULL"),
    )
    op.create_table(
        "globalmlsevent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("listing_key", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("change", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("raw_payload", postgresql.JSON(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("event_timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('new_listing', 'price_drop', 'sold_listing', 'back_on_market', "
            "'expired_listing', 'coming_soon', 'withdrawn_listing')",
            name=op.f("ck_globalmlsevent_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_globalmlsevent")),
    )
    op.create_index("ix_globalmlsevent_created_at", "globalmlsevent", ["created_at"], unique=False)
    op.create_index("ix_globalmlsevent_event_timestamp", "globalmlsevent", ["event_timestamp"], unique=False)
    op.create_index("ix_globalmlsevent_listing_key", "globalmlsevent", ["listing_key"], unique=False)
    op.create_index("ix_globalmlsevent_source_id_kind", "globalmlsevent", ["source_id", "kind"], unique=False)
    op.create_table(
        "resource",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("resource_type", RESOURCETYPE, nullable=False),
        sa.Column("status", RESOURCESTATUS, nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("entity_id", sa.String(length=500), nullable=False),
        sa.Column("attributes", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_resource_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_resource"),
        sa.UniqueConstraint(
            "user_id",
            "resource_type",
            "source_id",
            "entity_id",
            name=op.f("uq_resource_user_id_resource_type_source_id_entity_id"),
        ),
    )
    op.create_index("ix_resource_user_id_created_at", "resource", ["user_id", "created_at"], unique=False)
    op.create_index("ix_resource_user_id_entity_id", "resource", ["user_id", "entity_id"], unique=False)
    op.create_index(
        "ix_resource_user_id_status_updated_at", "resource", ["user_id", "status", "updated_at", "id"], unique=False
    )
    op.create_index("ix_resource_user_id_updated_at", "resource", ["user_id", "updated_at"], unique=False)
    op.create_table(
        "marketevent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(length=60), nullable=False),
        sa.Column("entity_id", sa.String(length=255), nullable=False),
        sa.Column("entity_type", sa.String(length=60), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=False),
        sa.Column("payload", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("market_area", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("global_event_id", sa.Uuid(), nullable=True),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('unprocessed', 'processed', 'error')", name=op.f("ck_marketevent_status")),
        sa.ForeignKeyConstraint(
            ["global_event_id"], ["globalmlsevent.id"], name=op.f("fk_marketevent_global_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "resource_id"],
            ["resource.user_id", "resource.id"],
            name=op.f("fk_marketevent_user_id_resource_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_marketevent_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_marketevent"),
    )
    op.create_index("ix_marketevent_global_event_id", "marketevent", ["global_event_id"], unique=False)
    op.create_index(
        "ix_marketevent_unfinished",
        "marketevent",
        ["user_id", "status", "created_at"],
        unique=False,
        postgresql_where=sa.text("status <> 'processed'"),
    )
    op.create_index("ix_marketevent_user_id_created_at", "marketevent", ["user_id", "created_at"], unique=False)
    op.create_index("ix_marketevent_user_id_entity_id", "marketevent", ["user_id", "entity_id"], unique=False)
    op.create_index("ix_marketevent_user_id_event_type", "marketevent", ["user_id", "event_type"], unique=False)
    op.create_index("ix_marketevent_user_id_resource_id", "marketevent", ["user_id", "resource_id"], unique=False)


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("marketevent")
    op.drop_table("resource")
    op.drop_table("globalmlsevent")
    op.drop_table("listingsnapshot")
    op.drop_table("unreadrecord")
    op.drop_table("feedcounter")
    op.drop_table("feedcursor")
    for enum in (RESOURCETYPE,):
        enum.drop(op.get_bind())
