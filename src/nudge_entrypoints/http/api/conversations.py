"""Conversations: one per client with whom texts were exchanged."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery

from nudge_core.model.conversation import MessageFilter
from nudge_core.model.lines import ConversationLine
from nudge_entrypoints.http.api.context import Caller, TheApi, TheReader
from nudge_entrypoints.http.api.message_views import READ, WRITE, MessagePage, shown
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import READS, stood


@frozen(kw_only=True)
class ConversationPage:
    """A page of them."""

    items: tuple[ConversationLine, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class MarkedRead:
    """How many texts nobody had read."""

    marked: int


class Conversations(Controller):
    """Routes of conversations."""

    path = "/conversations"
    tags = ["messages"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={**READ, READS: True})
    async def list_conversations(
        self,
        api: TheApi,
        reader: TheReader,
        unread_only: FromQuery[bool] = False,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> ConversationPage:
        """List the clients with whom texts were exchanged, the one with the newest text first."""
        named = f"conversations {unread_only}"
        request = page_request(named, limit, cursor)
        page = stood(await api.parts.store.screens.conversations(reader, request, unread_only))
        return ConversationPage(items=page.items, next_cursor=cursor_after(named, page.last))

    @get("/{client_id:uuid}/messages", opt=READ)
    async def list_conversation_messages(
        self,
        api: TheApi,
        principal: Caller,
        client_id: FromPath[UUID],
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> MessagePage:
        """List the texts to and from one client, newest first."""
        named = f"conversation {client_id}"
        request = page_request(named, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.clients.get(client_id)
            page = await tx.messages.page(MessageFilter(client_id=client_id), request)
        return MessagePage(items=tuple(map(shown, page.items)), next_cursor=cursor_after(named, page.last))

    @post("/{client_id:uuid}/read", opt=WRITE, status_code=200)
    async def mark_read(self, api: TheApi, principal: Caller, client_id: FromPath[UUID]) -> MarkedRead:
        """Mark a client's texts as read, now."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.clients.get(client_id)
            return MarkedRead(marked=await tx.messages.mark_read(client_id))
