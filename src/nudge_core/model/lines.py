"""Lines of the lists that screens ask for all day: what is shown of a thing, and nothing else that is stored of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import field, frozen

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.message import Direction, MessageStatus


# Any: JSON as it is stored, read for a screen and changed by nobody.
@frozen
class ClientLine:
    """A client. `tags` are the professional's own, `proposed_tags` what was read from notes."""

    id: UUID
    full_name: str = field(repr=False)
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    phone_as_given: str | None = field(repr=False)
    notes: str = field(repr=False)
    tags: list[str] = field(repr=False)
    proposed_tags: list[str] = field(repr=False)
    preferences: dict[str, Any] = field(repr=False)
    last_interaction: datetime | None
    timezone: str | None
    created_at: datetime
    version: int


@frozen
class ConversationLine:
    """A client, the newest text either way, and how many of theirs nobody has read."""

    client_id: UUID
    client_name: str = field(repr=False)
    last_text: str = field(repr=False)
    last_direction: Direction
    last_status: MessageStatus
    last_at: datetime
    last_message_id: UUID
    unread: int


@frozen
class BriefingLine:
    """A briefing in a list. `best_score`: of the people included, 0 to 100; null when nobody is."""

    id: UUID
    version: int
    status: BriefingStatus
    campaign_type: str
    headline: str = field(repr=False)
    is_plan: bool
    client_id: UUID | None
    included: int
    audience: int
    best_score: float | None
    created_at: datetime
    updated_at: datetime
    snoozed_until: datetime | None
    expires_at: datetime | None
