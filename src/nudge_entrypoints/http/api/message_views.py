"""A text as a screen shows it, and what several routes of texts share."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import Attribute, field, frozen

from nudge_core.errors import Invalid
from nudge_core.model import fields
from nudge_core.model.message import (
    Delivery,
    Direction,
    Message,
    MessageClass,
    MessageSource,
    MessageStatus,
    Receipt,
    SenderType,
)
from nudge_core.policy.reasons import explain
from nudge_core.steps.send_now import BY_HAND
from nudge_entrypoints.http.api.context import TheApi
from nudge_entrypoints.http.identity import SCOPE, AnyRequest, Scope

READ = {SCOPE: Scope.MESSAGES_READ}
WRITE = {SCOPE: Scope.MESSAGES_SEND}
SEND = {SCOPE: Scope.MESSAGES_SEND, "idempotent": True}


@frozen(kw_only=True)
class MediaView:
    """A picture or another file that came with a text: what the carrier says it is."""

    content_type: str


@frozen(kw_only=True)
class MessageView:
    """A text. `reason` and `error_code` as stored, `explanation` what they say; None where nothing went wrong.

    `segments` and the price (millionths of `price_currency`) are what the carrier said.
    """

    id: UUID
    client_id: UUID
    text: str = field(repr=False)
    direction: Direction
    status: MessageStatus
    delivery: Delivery
    source: MessageSource
    written_by: SenderType
    message_class: MessageClass
    topic: str | None
    automatic: bool
    briefing_id: UUID | None
    created_at: datetime
    not_before: datetime | None
    not_after: datetime | None
    sent_at: datetime | None
    read_at: datetime | None
    receipt: Receipt | None
    reason: str | None
    error_code: str | None
    explanation: str | None
    segments: int | None
    price_micros: int | None
    price_currency: str | None
    media: tuple[MediaView, ...]


@frozen(kw_only=True)
class MessagePage:
    """A page of texts."""

    items: tuple[MessageView, ...]
    next_cursor: str | None


def shown(message: Message) -> MessageView:
    """Return a text as it is shown."""
    return MessageView(
        id=message.id,
        client_id=message.client_id,
        text=message.content,
        direction=message.direction,
        status=message.status,
        delivery=message.delivery,
        source=message.source,
        written_by=message.sender_type,
        message_class=message.message_class,
        topic=message.topic,
        automatic=message.automatic,
        briefing_id=message.briefing_id,
        created_at=message.created_at,
        not_before=message.not_before,
        not_after=message.not_after,
        sent_at=message.sent_at,
        read_at=message.read_at,
        receipt=message.receipt,
        reason=message.reason,
        error_code=message.error_code,
        explanation=_explanation(message),
        segments=message.segments,
        price_micros=message.price_micros,
        price_currency=message.price_currency,
        media=tuple(MediaView(content_type=one.content_type) for one in message.media),
    )


def _explanation(message: Message) -> str | None:
    """Return why a text is where it is: our own reason first, else what the carrier's code means."""
    code = message.reason or message.error_code
    return None if code is None else explain(code)


def id_for(api: TheApi, request: AnyRequest) -> UUID:
    """Return the id for what a request creates: the same one when it is repeated under the same Idempotency-Key."""
    known = request.scope.get("state", {}).get("idempotency_id")
    return known if isinstance(known, UUID) else api.parts.ids.new()


# Any: attrs' own parameters of a validator.
def by_hand(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """A class of text that a person may write; a service text only the machine writes."""
    if value not in BY_HAND:
        raise Invalid(fields.name_of(instance, attribute), f"one of {', '.join(sorted(BY_HAND))}", value)
