"""What a professional and one client wrote to each other, as one line of a list; and which texts a list shows."""

from __future__ import annotations

from uuid import UUID

from attrs import field, frozen

from nudge_core.model.message import Delivery, Message


@frozen(kw_only=True)
class Conversation:
    """One client with whom texts were exchanged: the newest text either way, and how many of theirs nobody has read."""

    client_id: UUID
    client_name: str = field(repr=False)
    last: Message
    unread: int = 0


@frozen(kw_only=True)
class MessageFilter:
    """Which texts: of one client, in one state of `Delivery`; None lets all through."""

    client_id: UUID | None = None
    delivery: Delivery | None = None
