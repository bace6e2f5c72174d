"""The lists that screens ask for all day: read past the transactions, in one round trip each."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from attrs import frozen

from nudge_core.model.client import ClientFilter, ClientOrder
from nudge_core.model.lines import ClientLine, ConversationLine
from nudge_core.model.page import Page, PageRequest


@frozen
class Reader:
    """Who reads: a professional, and the session that must stand for it; None: who reads is proved already."""

    user_id: UUID
    session_id: UUID | None = None


class Screens(Protocol):
    """Pages of one professional's lists. Each method returns None when the reader's session does not stand.

    They see what was committed, all at one instant. Each raises Invalid for a key to go on after that is none of its
    list in this order, and Unavailable when the store does not answer.
    """

    async def clients(
        self, reader: Reader, request: PageRequest, order: ClientOrder, which: ClientFilter
    ) -> Page[ClientLine] | None:
        """Return a page of the book."""
        ...

    async def conversations(
        self, reader: Reader, request: PageRequest, unread_only: bool
    ) -> Page[ConversationLine] | None:
        """Return a page of the clients with whom texts were exchanged, the one with the newest text first."""
        ...
