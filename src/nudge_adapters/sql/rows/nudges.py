"""Briefings, what their dismissal taught, decisions."""

from __future__ import annotations

import msgspec

from nudge_adapters.sql.rows.values import NewRow, Row, json_from, to_object, vector_from_row, vector_to_columns
from nudge_core.model.audit import AuditEntry
from nudge_core.model.briefing import AudienceMember, CampaignBriefing
from nudge_core.model.feedback import DismissReason, NegativePreference


def briefing_to_row(briefing: CampaignBriefing) -> NewRow:
    """Return the row of a briefing."""
    return {
        "id": briefing.id,
        "user_id": briefing.user_id,
        "client_id": briefing.client_id,
        "triggering_resource_id": briefing.triggering_resource_id,
        "triggering_event_id": briefing.triggering_event_id,
        "parent_message_id": briefing.parent_message_id,
        "is_plan": briefing.is_plan,
        "campaign_type": briefing.campaign_type,
        "headline": briefing.headline,
        "key_intel": to_object(briefing.key_intel),
        "matched_audience": msgspec.to_builtins(briefing.matched_audience),
        "best_score": float(max((member.score for member in briefing.recipients), default=0.0)),
        "original_draft": briefing.original_draft,
        "edited_draft": briefing.edited_draft,
        "drafted_by": briefing.drafted_by,
        "fallback_reason": briefing.fallback_reason,
        "status": briefing.status,
        "snoozed_until": briefing.snoozed_until,
        "expires_at": briefing.expires_at,
        "version": briefing.version,
        "created_at": briefing.created_at,
        "updated_at": briefing.updated_at,
    }


def briefing_from_row(row: Row) -> CampaignBriefing:
    """Return a briefing."""
    return CampaignBriefing(
        id=row["id"],
        user_id=row["user_id"],
        client_id=row["client_id"],
        triggering_resource_id=row["triggering_resource_id"],
        triggering_event_id=row["triggering_event_id"],
        parent_message_id=row["parent_message_id"],
        is_plan=row["is_plan"],
        campaign_type=row["campaign_type"],
        headline=row["headline"],
        key_intel=json_from(row["key_intel"]),
        matched_audience=msgspec.convert(row["matched_audience"], tuple[AudienceMember, ...]),
        original_draft=row["original_draft"],
        edited_draft=row["edited_draft"],
        drafted_by=row["drafted_by"],
        fallback_reason=row["fallback_reason"],
        status=row["status"],
        snoozed_until=row["snoozed_until"],
        expires_at=row["expires_at"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def negative_preference_to_row(preference: NegativePreference) -> NewRow:
    """Return the row of a dismissed opportunity."""
    return {
        "id": preference.id,
        "user_id": preference.user_id,
        "client_id": preference.client_id,
        **vector_to_columns("dismissed_embedding", preference.dismissed_embedding),
        "about": to_object(preference.about),
        "source_campaign_id": preference.source_campaign_id,
        "reason": preference.reason.value,
        "created_at": preference.created_at,
        "retracted_at": preference.retracted_at,
        "retracted_by": preference.retracted_by,
    }


def negative_preference_from_row(row: Row) -> NegativePreference:
    """Return a dismissed opportunity."""
    return NegativePreference(
        id=row["id"],
        user_id=row["user_id"],
        client_id=row["client_id"],
        dismissed_embedding=vector_from_row(row, "dismissed_embedding"),
        about=json_from(row["about"]),
        source_campaign_id=row["source_campaign_id"],
        reason=DismissReason(row["reason"]),
        created_at=row["created_at"],
        retracted_at=row["retracted_at"],
        retracted_by=row["retracted_by"],
    )


def audit_to_row(entry: AuditEntry) -> NewRow:
    """Return the row of a decision."""
    return {
        "id": entry.id,
        "user_id": entry.user_id,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "subject_type": entry.subject_type,
        "subject_id": entry.subject_id,
        "facts": to_object(entry.facts),
    }


def audit_from_row(row: Row) -> AuditEntry:
    """Return a decision."""
    return AuditEntry(
        id=row["id"],
        user_id=row["user_id"],
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        subject_type=row["subject_type"],
        subject_id=row["subject_id"],
        facts=json_from(row["facts"]),
    )
