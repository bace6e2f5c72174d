"""Planned texts, and what happened with clients beside our texts."""

from __future__ import annotations

from datetime import date

from nudge_adapters.sql.rows.values import NewRow, Row, json_from, texts_from, to_object
from nudge_core.model.interaction import Interaction, InteractionKind
from nudge_core.model.message import MessageClass, Repeat, ScheduledMessage


def scheduled_to_row(message: ScheduledMessage) -> NewRow:
    """Return the row of a planned text."""
    repeat = message.repeat
    return {
        "id": message.id,
        "user_id": message.user_id,
        "client_id": message.client_id,
        "parent_plan_id": message.parent_plan_id,
        "content": message.content,
        "scheduled_at_utc": message.scheduled_at_utc,
        "timezone": message.timezone,
        "status": message.status,
        "sent_at": message.sent_at,
        "error_message": message.error_message,
        "job_id": message.job_id,
        "created_at": message.created_at,
        "playbook_touchpoint_id": message.playbook_touchpoint_id,
        "is_recurring": message.is_recurring,
        "local_at": message.local_at,
        "version": message.version,
        "lease_until": message.lease_until,
        "message_id": message.message_id,
        "not_after": message.not_after,
        "approval_id": message.approval_id,
        "approved_by": message.approved_by,
        "approved_at": message.approved_at,
        "automatic": message.automatic,
        "message_class": message.message_class.value,
        "topic": message.topic,
        "sender_type": message.sender_type,
        "redraft": message.redraft,
        "drafted_at": message.drafted_at,
        "drafted_from": to_object(message.drafted_from),
        "series_id": None if repeat is None else repeat.series_id,
        "rule": None if repeat is None else repeat.rule,
        "anchor": None if repeat is None else repeat.anchor,
        "occurrence": None if repeat is None else repeat.occurrence,
        "occurs_on": None if repeat is None else repeat.occurs_on,
        "with_anchor": repeat is not None and repeat.with_anchor,
        "business_days": repeat is not None and repeat.business_days,
        "exceptions": [] if repeat is None else [day.isoformat() for day in repeat.exceptions],
    }


def scheduled_from_row(row: Row) -> ScheduledMessage:
    """Return a planned text."""
    return ScheduledMessage(
        id=row["id"],
        user_id=row["user_id"],
        client_id=row["client_id"],
        parent_plan_id=row["parent_plan_id"],
        content=row["content"],
        scheduled_at_utc=row["scheduled_at_utc"],
        timezone=row["timezone"],
        status=row["status"],
        sent_at=row["sent_at"],
        error_message=row["error_message"],
        job_id=row["job_id"],
        created_at=row["created_at"],
        playbook_touchpoint_id=row["playbook_touchpoint_id"],
        is_recurring=row["is_recurring"],
        local_at=row["local_at"],
        version=row["version"],
        lease_until=row["lease_until"],
        message_id=row["message_id"],
        not_after=row["not_after"],
        approval_id=row["approval_id"],
        approved_by=row["approved_by"],
        approved_at=row["approved_at"],
        automatic=row["automatic"],
        message_class=MessageClass(row["message_class"]),
        topic=row["topic"],
        sender_type=row["sender_type"],
        redraft=row["redraft"],
        drafted_at=row["drafted_at"],
        drafted_from=json_from(row["drafted_from"]),
        repeat=None if row["series_id"] is None else _repeat(row),
    )


def _repeat(row: Row) -> Repeat:
    return Repeat(
        series_id=row["series_id"],
        rule=row["rule"],
        anchor=row["anchor"],
        occurrence=row["occurrence"],
        occurs_on=row["occurs_on"],
        with_anchor=row["with_anchor"],
        business_days=row["business_days"],
        exceptions=tuple(date.fromisoformat(day) for day in texts_from(row["exceptions"])),
    )


def interaction_to_row(interaction: Interaction) -> NewRow:
    """Return the row of an interaction."""
    return {
        "id": interaction.id,
        "user_id": interaction.user_id,
        "client_id": interaction.client_id,
        "kind": interaction.kind.value,
        "at": interaction.at,
        "recorded_at": interaction.recorded_at,
        "recorded_by": interaction.recorded_by,
        "note": interaction.note,
    }


def interaction_from_row(row: Row) -> Interaction:
    """Return an interaction."""
    return Interaction(
        id=row["id"],
        user_id=row["user_id"],
        client_id=row["client_id"],
        kind=InteractionKind(row["kind"]),
        at=row["at"],
        recorded_at=row["recorded_at"],
        recorded_by=row["recorded_by"],
        note=row["note"],
    )
