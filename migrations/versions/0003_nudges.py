"""Briefings and texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CAMPAIGNSTATUS = postgresql.ENUM(
    "DRAFT", "ACTIVE", "PAUSED", "COMPLETED", "CANCELLED", "DISMISSED", name="campaignstatus", create_type=False
)
MESSAGEDIRECTION = postgresql.ENUM("INBOUND", "OUTBOUND", name="messagedirection", create_type=False)
DELIVERY = postgresql.ENUM(
    "queued",
    "sending",
    "in_doubt",
    "sent",
    "unconfirmed",
    "failed",
    "withheld",
    "cancelled",
    "received",
    name="delivery",
    create_type=False,
)
MESSAGESTATUS = postgresql.ENUM(
    "PENDING", "SENT", "FAILED", "CANCELLED", "RECEIVED", name="messagestatus", create_type=False
)
MESSAGESOURCE = postgresql.ENUM(
    "MANUAL", "SCHEDULED", "FAQ_AUTO_RESPONSE", "INSTANT_NUDGE", name="messagesource", create_type=False
)
SENDERTYPE = postgresql.ENUM("USER", "AI", "SYSTEM", name="sendertype", create_type=False)
SCHEDULEDMESSAGESTATUS = postgresql.ENUM(
    "PENDING", "RELEASED", "SENT", "FAILED", "CANCELLED", name="scheduledmessagestatus", create_type=False
)


def upgrade() -> None:
    """Go to this revision."""
    for enum in (
        CAMPAIGNSTATUS,
        MESSAGEDIRECTION,
        DELIVERY,
        MESSAGESTATUS,
        MESSAGESOURCE,
        SENDERTYPE,
        SCHEDULEDMESSAGESTATUS,
    ):
        enum.create(op.get_bind())
    op.create_table(
        "campaignbriefing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("triggering_resource_id", sa.Uuid(), nullable=True),
        sa.Column("triggering_event_id", sa.Uuid(), nullable=True),
        sa.Column("parent_message_id", sa.Uuid(), nullable=True),
        sa.Column("is_plan", sa.Boolean(), nullable=False),
        sa.Column("campaign_type", sa.String(length=60), nullable=False),
        sa.Column("headline", sa.String(length=300), nullable=False),
        sa.Column("key_intel", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("matched_audience", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column(
            "best_score", sa.Double(), nullable=False, comment="greatest score of an included member, 0 without one"
        ),
        sa.Column("original_draft", sa.String(length=1600), nullable=False),
        sa.Column("edited_draft", sa.String(length=1600), nullable=True),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("fallback_reason", sa.Text(), nullable=True),
        sa.Column("status", CAMPAIGNSTATUS, nullable=False),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("best_score BETWEEN 0 AND 100", name=op.f("ck_campaignbriefing_best_score")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_campaignbriefing_version")),
        sa.ForeignKeyConstraint(
            ["user_id", "client_id"],
            ["client.user_id", "client.id"],
            name=op.f("fk_campaignbriefing_user_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "triggering_event_id"],
            ["marketevent.user_id", "marketevent.id"],
            name=op.f("fk_campaignbriefing_user_id_triggering_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "triggering_resource_id"],
            ["resource.user_id", "resource.id"],
            name=op.f("fk_campaignbriefing_user_id_triggering_resource_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_campaignbriefing_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_campaignbriefing"),
        sa.UniqueConstraint(
            "user_id",
            "triggering_resource_id",
            "triggering_event_id",
            name="uq_campaignbriefing_one_per_resource_and_event",
        ),
    )
    op.create_index(
        "ix_campaignbriefing_user_id_campaign_type", "campaignbriefing", ["user_id", "campaign_type"], unique=False
    )
    op.create_index("ix_campaignbriefing_user_id_client_id", "campaignbriefing", ["user_id", "client_id"], unique=False)
    op.create_index(
        "ix_campaignbriefing_user_id_is_plan", "campaignbriefing", ["user_id", "is_plan", "status"], unique=False
    )
    op.create_index(
        "ix_campaignbriefing_user_id_parent_message_id",
        "campaignbriefing",
        ["user_id", "parent_message_id"],
        unique=False,
    )
    op.create_index("ix_campaignbriefing_user_id_status", "campaignbriefing", ["user_id", "status"], unique=False)
    op.create_index(
        "ix_campaignbriefing_user_id_triggering_event_id",
        "campaignbriefing",
        ["user_id", "triggering_event_id"],
        unique=False,
    )
    op.create_index(
        "ix_campaignbriefing_waiting",
        "campaignbriefing",
        ["user_id", sa.literal_column("best_score DESC"), sa.literal_column("created_at DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("status = 'DRAFT'"),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.String(length=1600), nullable=False),
        sa.Column("direction", MESSAGEDIRECTION, nullable=False),
        sa.Column("delivery", DELIVERY, nullable=False),
        sa.Column(
            "status",
            MESSAGESTATUS,
            sa.Computed(
                "CASE delivery WHEN 'queued' THEN 'PENDING'::messagestatus "
                "WHEN 'sending' THEN 'PENDING'::messagestatus "
                "WHEN 'in_doubt' THEN 'PENDING'::messagestatus WHEN 'unconfirmed' THEN 'PENDING'::messagestatus "
                "WHEN 'sent' THEN 'SENT'::messagestatus WHEN 'failed' THEN 'FAILED'::messagestatus "
                "WHEN 'withheld' THEN 'CANCELLED'::messagestatus WHEN 'cancelled' THEN 'CANCELLED'::messagestatus "
                "WHEN 'received' THEN 'RECEIVED'::messagestatus END",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("source", MESSAGESOURCE, nullable=False),
        sa.Column("sender_type", SENDERTYPE, nullable=False),
        sa.Column("message_class", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("originally_scheduled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("briefing_id", sa.Uuid(), nullable=True),
        sa.Column("approval_id", sa.Uuid(), nullable=True),
        sa.Column("sender", sa.String(length=16), nullable=True),
        sa.Column("recipient", sa.String(length=16), nullable=True),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("resends", sa.SmallInteger(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            sa.Computed("coalesce(not_before, created_at)", persisted=True),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_sid", sa.String(length=64), nullable=True),
        sa.Column("receipt", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("dedupe_key", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "(delivery = 'sending') = (lease_until IS NOT NULL)", name=op.f("ck_message_sending_has_a_lease")
        ),
        sa.CheckConstraint(
            "(direction = 'INBOUND') = (delivery = 'received')", name=op.f("ck_message_inbound_is_received")
        ),
        sa.CheckConstraint(
            "delivery <> 'sending' OR claimed_at IS NOT NULL", name=op.f("ck_message_sending_is_claimed")
        ),
        sa.CheckConstraint(
            "direction = 'INBOUND' OR approval_id IS NOT NULL", name=op.f("ck_message_outbound_is_approved")
        ),
        sa.CheckConstraint(
            "message_class IN ('reply', 'transactional', 'informational', 'marketing', 'service')",
            name=op.f("ck_message_message_class"),
        ),
        sa.CheckConstraint(
            "receipt IN ('accepted', 'scheduled', 'queued', 'sending', 'sent', 'delivered', "
            "'undelivered', 'failed', 'canceled', 'read')",
            name=op.f("ck_message_receipt"),
        ),
        sa.CheckConstraint("attempt BETWEEN 0 AND 1000 AND resends BETWEEN 0 AND 10", name=op.f("ck_message_counts")),
        sa.ForeignKeyConstraint(
            ["user_id", "briefing_id"],
            ["campaignbriefing.user_id", "campaignbriefing.id"],
            name=op.f("fk_message_user_id_briefing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "client_id"], ["client.user_id", "client.id"], name=op.f("fk_message_user_id_client_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_message_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_message"),
        sa.UniqueConstraint("user_id", "dedupe_key", name=op.f("uq_message_user_id_dedupe_key")),
        sa.UniqueConstraint("user_id", "provider_sid", name=op.f("uq_message_user_id_provider_sid")),
    )
    op.create_index(
        "ix_message_doubt",
        "message",
        ["claimed_at", "id"],
        unique=False,
        postgresql_where=sa.text("delivery = 'in_doubt'"),
    )
    op.create_index(
        "ix_message_due", "message", ["due_at", "id"], unique=False, postgresql_where=sa.text("delivery = 'queued'")
    )
    op.create_index(
        "ix_message_lease",
        "message",
        ["lease_until", "id"],
        unique=False,
        postgresql_where=sa.text("delivery = 'sending'"),
    )
    op.create_index(
        "ix_message_provider_sid",
        "message",
        ["provider_sid"],
        unique=False,
        postgresql_where=sa.text("provider_sid IS NOT NULL"),
    )
    op.create_index(
        "ix_message_queued_pair",
        "message",
        ["sender", "recipient", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("delivery = 'queued'"),
    )
    op.create_index(
        "ix_message_user_id_briefing_id",
        "message",
        ["user_id", "briefing_id"],
        unique=False,
        postgresql_where=sa.text("briefing_id IS NOT NULL"),
    )
    op.create_index(
        "ix_message_user_id_client_id", "message", ["user_id", "client_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_message_user_id_created_at", "message", ["user_id", "created_at"], unique=False)
    op.create_index(
        "ix_message_user_id_direction_delivery", "message", ["user_id", "direction", "delivery"], unique=False
    )
    op.create_index(
        "ix_message_user_id_originally_scheduled_at",
        "message",
        ["user_id", "originally_scheduled_at"],
        unique=False,
        postgresql_where=sa.text("originally_scheduled_at IS NOT NULL"),
    )
    op.create_index("ix_message_user_id_recipient", "message", ["user_id", "recipient", "claimed_at"], unique=False)
    op.create_index("ix_message_user_id_sender_type", "message", ["user_id", "sender_type"], unique=False)
    op.create_index("ix_message_user_id_source", "message", ["user_id", "source"], unique=False)
    op.create_index(
        "uq_message_one_in_flight",
        "message",
        ["sender", "recipient"],
        unique=True,
        postgresql_where=sa.text("delivery IN ('sending', 'in_doubt')"),
    )
    op.create_foreign_key(
        op.f("fk_campaignbriefing_user_id_parent_message_id"),
        "campaignbriefing",
        "message",
        ["user_id", "parent_message_id"],
        ["user_id", "id"],
    )
    op.create_table(
        "scheduledmessage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("parent_plan_id", sa.Uuid(), nullable=True),
        sa.Column("content", sa.String(length=1600), nullable=False),
        sa.Column("scheduled_at_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("status", SCHEDULEDMESSAGESTATUS, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_message", sa.String(length=500), nullable=True),
        sa.Column("job_id", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("playbook_touchpoint_id", sa.String(length=100), nullable=True),
        sa.Column("is_recurring", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id", "client_id"],
            ["client.user_id", "client.id"],
            name=op.f("fk_scheduledmessage_user_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "parent_plan_id"],
            ["campaignbriefing.user_id", "campaignbriefing.id"],
            name=op.f("fk_scheduledmessage_user_id_parent_plan_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_scheduledmessage_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_scheduledmessage"),
    )
    op.create_index(
        "ix_scheduledmessage_due",
        "scheduledmessage",
        ["scheduled_at_utc", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'PENDING'"),
    )
    op.create_index(
        "ix_scheduledmessage_job_id",
        "scheduledmessage",
        ["job_id"],
        unique=False,
        postgresql_where=sa.text("job_id IS NOT NULL"),
    )
    op.create_index(
        "ix_scheduledmessage_user_id_client_id",
        "scheduledmessage",
        ["user_id", "client_id", "scheduled_at_utc", "id"],
        unique=False,
    )
    op.create_index(
        "ix_scheduledmessage_user_id_is_recurring", "scheduledmessage", ["user_id", "is_recurring"], unique=False
    )
    op.create_index(
        "ix_scheduledmessage_user_id_parent_plan_id", "scheduledmessage", ["user_id", "parent_plan_id"], unique=False
    )
    op.create_index(
        "ix_scheduledmessage_user_id_playbook_touchpoint_id",
        "scheduledmessage",
        ["user_id", "playbook_touchpoint_id"],
        unique=False,
    )
    op.create_index(
        "ix_scheduledmessage_user_id_status",
        "scheduledmessage",
        ["user_id", "status", "scheduled_at_utc"],
        unique=False,
    )
    op.create_index("ix_scheduledmessage_user_id_timezone", "scheduledmessage", ["user_id", "timezone"], unique=False)
    op.create_table(
        "negativepreference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("dismissed_embedding", sa.LargeBinary(), nullable=True),
        sa.Column("dismissed_embedding_model", sa.Text(), nullable=True),
        sa.Column("source_campaign_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('price', 'area', 'timing', 'not_now', 'not_a_fit', 'wording', 'other')",
            name=op.f("ck_negativepreference_reason"),
        ),
        sa.CheckConstraint(
            "(dismissed_embedding IS NULL) = (dismissed_embedding_model IS NULL)",
            name=op.f("ck_negativepreference_embedding_names_its_model"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "client_id"],
            ["client.user_id", "client.id"],
            name=op.f("fk_negativepreference_user_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "source_campaign_id"],
            ["campaignbriefing.user_id", "campaignbriefing.id"],
            name=op.f("fk_negativepreference_user_id_source_campaign_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_negativepreference_user_id")),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_negativepreference"),
    )
    op.create_index(
        "ix_negativepreference_user_id_client_id", "negativepreference", ["user_id", "client_id"], unique=False
    )
    op.create_index(
        "ix_negativepreference_user_id_source_campaign_id",
        "negativepreference",
        ["user_id", "source_campaign_id"],
        unique=False,
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_constraint("fk_campaignbriefing_user_id_parent_message_id", "campaignbriefing")
    op.drop_table("negativepreference")
    op.drop_table("scheduledmessage")
    op.drop_table("message")
    op.drop_table("campaignbriefing")
    for enum in (
        CAMPAIGNSTATUS,
        MESSAGEDIRECTION,
        DELIVERY,
        MESSAGESTATUS,
        MESSAGESOURCE,
        SENDERTYPE,
        SCHEDULEDMESSAGESTATUS,
    ):
        enum.drop(op.get_bind())
