"""Which texts a list shows."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from nudge_core.model.message import Delivery


@frozen(kw_only=True)
class MessageFilter:
    """Which texts: of one client, in one state of `Delivery`; None lets all through."""

    client_id: UUID | None = None
    delivery: Delivery | None = None
