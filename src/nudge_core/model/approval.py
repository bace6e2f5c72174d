"""A person's yes. Only what carries one can be queued for sending."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.message import (
    MAX_SMS_CHARACTERS,
    Delivery,
    Direction,
    Message,
    MessageClass,
    MessageSource,
    SenderType,
)


@frozen(kw_only=True)
class Approval:
    """Who said yes, when, to which version of which briefing (None: the person wrote the text by hand)."""

    id: UUID
    user_id: UUID
    approved_by: str = field(validator=fields.text(100, at_least=1), repr=False)
    approved_at: datetime = field(validator=fields.instant)
    briefing_id: UUID | None = None
    briefing_version: int | None = None


@frozen(kw_only=True)
class ApprovedText:
    """The final words for one client, under an approval. A `Draft` is not one, and cannot become one by itself.

    `not_before`, `not_after`: when it is useful; the lawful hours are checked when it is sent. `topic`, `time_bound`,
    `match_score` and `automatic`: see `Message`.
    """

    id: UUID
    approval: Approval
    client_id: UUID
    content: str = field(validator=fields.text(MAX_SMS_CHARACTERS, at_least=1), repr=False)
    recipient: str | None = field(validator=fields.optional(fields.phone), repr=False)
    sender: str | None = field(validator=fields.optional(fields.phone), repr=False)
    source: MessageSource
    sender_type: SenderType
    message_class: MessageClass
    dedupe_key: str = field(validator=fields.text(200, at_least=1))
    not_before: datetime | None = None
    not_after: datetime | None = None
    originally_scheduled_at: datetime | None = None
    topic: str | None = None
    time_bound: bool = False
    match_score: float = 0.0
    automatic: bool = False

    def queued(self, now: datetime) -> Message:
        """Return the message that queueing this text at `now` makes: outbound, queued, never claimed."""
        return Message(
            id=self.id,
            user_id=self.approval.user_id,
            client_id=self.client_id,
            content=self.content,
            direction=Direction.OUTBOUND,
            delivery=Delivery.QUEUED,
            source=self.source,
            sender_type=self.sender_type,
            created_at=now,
            message_class=self.message_class,
            originally_scheduled_at=self.originally_scheduled_at,
            briefing_id=self.approval.briefing_id,
            approval_id=self.approval.id,
            sender=self.sender,
            recipient=self.recipient,
            not_before=self.not_before,
            not_after=self.not_after,
            dedupe_key=self.dedupe_key,
            topic=self.topic,
            time_bound=self.time_bound,
            match_score=self.match_score,
            automatic=self.automatic,
        )
