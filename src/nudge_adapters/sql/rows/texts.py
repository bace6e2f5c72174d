"""Texts, sent and received."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # Any: each column has a type of its own

import msgspec

from nudge_adapters.sql.rows.values import NewRow, Row
from nudge_core.model.lane import SenderLane
from nudge_core.model.message import (
    Delivery,
    Direction,
    Media,
    Message,
    MessageClass,
    MessageSource,
    Receipt,
    SenderType,
)


def message_to_row(message: Message) -> NewRow:
    """Return the row of a text."""
    return {
        "id": message.id,
        "user_id": message.user_id,
        "client_id": message.client_id,
        "content": message.content,
        "direction": message.direction,
        "delivery": message.delivery,
        "source": message.source,
        "sender_type": message.sender_type,
        "message_class": message.message_class.value,
        "created_at": message.created_at,
        "originally_scheduled_at": message.originally_scheduled_at,
        "briefing_id": message.briefing_id,
        "approval_id": message.approval_id,
        "sender": message.sender,
        "recipient": message.recipient,
        "attempt": message.attempt,
        "resends": message.resends,
        "claimed_at": message.claimed_at,
        "lease_until": message.lease_until,
        "not_before": message.not_before,
        "not_after": message.not_after,
        "sent_at": message.sent_at,
        "provider_sid": message.provider_sid,
        "receipt": None if message.receipt is None else message.receipt.value,
        "reason": message.reason,
        "dedupe_key": message.dedupe_key,
        "topic": message.topic,
        "time_bound": message.time_bound,
        "match_score": message.match_score,
        "window_end": message.window_end,
        "posting_attempt": message.posting_attempt,
        "error_code": message.error_code,
        "segments": message.segments,
        "price_micros": message.price_micros,
        "price_currency": message.price_currency,
        "media": msgspec.to_builtins(message.media),
        "read_at": message.read_at,
        "automatic": message.automatic,
    }


def message_from_row(row: Row | Mapping[str, Any]) -> Message:
    """Return a text from a row of Core's, or of the driver's own."""
    return Message(
        id=row["id"],
        user_id=row["user_id"],
        client_id=row["client_id"],
        content=row["content"],
        direction=Direction(row["direction"]),
        delivery=Delivery(row["delivery"]),
        source=MessageSource(row["source"]),
        sender_type=SenderType(row["sender_type"]),
        message_class=MessageClass(row["message_class"]),
        created_at=row["created_at"],
        originally_scheduled_at=row["originally_scheduled_at"],
        briefing_id=row["briefing_id"],
        approval_id=row["approval_id"],
        sender=row["sender"],
        recipient=row["recipient"],
        attempt=row["attempt"],
        resends=row["resends"],
        claimed_at=row["claimed_at"],
        lease_until=row["lease_until"],
        not_before=row["not_before"],
        not_after=row["not_after"],
        sent_at=row["sent_at"],
        provider_sid=row["provider_sid"],
        receipt=None if row["receipt"] is None else Receipt(row["receipt"]),
        reason=row["reason"],
        dedupe_key=row["dedupe_key"],
        topic=row["topic"],
        time_bound=row["time_bound"],
        match_score=row["match_score"],
        window_end=row["window_end"],
        posting_attempt=row["posting_attempt"],
        error_code=row["error_code"],
        segments=row["segments"],
        price_micros=row["price_micros"],
        price_currency=row["price_currency"],
        media=tuple(Media(**one) for one in row["media"]),
        read_at=row["read_at"],
        automatic=row["automatic"],
    )


def lane_from_row(row: Row | Mapping[str, Any]) -> SenderLane:
    """Return the lane of a sender."""
    return SenderLane(
        user_id=row["user_id"],
        sender=row["sender"],
        rate_per_s=row["rate_per_s"],
        in_flight=row["in_flight"],
        free_at=row["free_at"],
        paused_until=row["paused_until"],
        pause_reason=row["pause_reason"],
        strikes=row["strikes"],
    )
