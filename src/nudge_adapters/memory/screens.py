"""The lists that screens ask for all day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from attrs import frozen

from nudge_adapters.memory.book_pages import page_after, sort_key
from nudge_adapters.memory.conversations import page_by_instant
from nudge_core.model.client import Client, ClientFilter, ClientOrder
from nudge_core.model.json import plain_json
from nudge_core.model.lines import ClientLine, ConversationLine
from nudge_core.model.message import Direction, Message
from nudge_core.model.page import Page, PageRequest
from nudge_core.ports.screens import Reader

if TYPE_CHECKING:
    from nudge_adapters.memory.store import MemoryTenantTransaction


@frozen(eq=False)
class MemoryScreens:
    """The `Screens` over transactions of the memory store."""

    _tenant: Callable[[UUID], AbstractAsyncContextManager[MemoryTenantTransaction]]

    async def clients(
        self, reader: Reader, request: PageRequest, order: ClientOrder, which: ClientFilter
    ) -> Page[ClientLine] | None:
        """Return a page of the book."""
        async with self._tenant(reader.user_id) as tx:
            if not await _stands(tx, reader):
                return None
            found = await tx.clients.meant(which)
        keyed = sorted(((sort_key(one, order), one) for one in found), key=lambda row: row[0])
        page = page_after(keyed, request, newest_first=order is not ClientOrder.NAME)
        return Page(items=tuple(map(_client, page.items)), last=page.last)

    async def conversations(
        self, reader: Reader, request: PageRequest, unread_only: bool
    ) -> Page[ConversationLine] | None:
        """Return a page of the clients with whom texts were exchanged, the one with the newest text first."""
        async with self._tenant(reader.user_id) as tx:
            if not await _stands(tx, reader):
                return None
            names = {one.id: one.full_name for one in await tx.clients.book()}
            texts = tx.messages.held()
        lines = [line for line in _lines(texts, names) if line.unread or not unread_only]
        return page_by_instant(lines, lambda line: (line.last_at, line.last_message_id), request, newest_first=True)


async def _stands(tx: MemoryTenantTransaction, reader: Reader) -> bool:
    return reader.session_id is None or await tx.sessions.standing(reader.session_id) is not None


def _client(client: Client) -> ClientLine:
    preferences = plain_json(client.preferences)
    assert isinstance(preferences, dict)
    return ClientLine(
        id=client.id,
        full_name=client.full_name,
        email=client.email,
        phone=client.phone,
        phone_as_given=client.phone_as_given,
        notes=client.notes,
        tags=list(client.user_tags),
        proposed_tags=list(client.ai_tags),
        preferences=preferences,
        last_interaction=client.last_interaction,
        timezone=client.timezone,
        created_at=client.created_at,
        version=client.version,
    )


def _lines(texts: Sequence[Message], names: dict[UUID, str]) -> list[ConversationLine]:
    newest: dict[UUID, Message] = {}
    unread: Counter[UUID] = Counter()
    for row in texts:
        newest[row.client_id] = max(row, newest.get(row.client_id, row), key=_when)
        unread[row.client_id] += row.direction is Direction.INBOUND and row.read_at is None
    return [
        ConversationLine(
            client_id=client_id,
            client_name=names[client_id],
            last_text=last.content,
            last_direction=last.direction,
            last_status=last.status,
            last_at=last.created_at,
            last_message_id=last.id,
            unread=unread[client_id],
        )
        for client_id, last in newest.items()
    ]


def _when(message: Message) -> tuple[datetime, UUID]:
    return message.created_at, message.id
