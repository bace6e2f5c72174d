"""Texts: lists of them, one of them, one sent by hand, one taken back, and those whose fate a person decides."""

from __future__ import annotations

from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from nudge_core.model import fields
from nudge_core.model.conversation import MessageFilter
from nudge_core.model.message import MAX_SMS_CHARACTERS, Delivery, MessageClass
from nudge_core.model.page import USUAL_ITEMS, PageRequest
from nudge_core.steps import resolve, send_now
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.message_views import (
    READ,
    SEND,
    WRITE,
    MessagePage,
    MessageView,
    by_hand,
    id_for,
    shown,
)
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import AnyRequest


@frozen(kw_only=True)
class TextToSend:
    """A text for one client, now. `{first_name}` in it stands for theirs.

    `message_class`: what the law calls it, `marketing` (the strictest) where nobody says; `reply` only to somebody
    who has just written.
    """

    client_id: UUID
    text: str = field(validator=fields.text(MAX_SMS_CHARACTERS, at_least=1), repr=False)
    message_class: MessageClass = field(default=MessageClass.MARKETING, validator=by_hand)
    topic: str | None = field(default=None, validator=fields.optional(fields.text(60, at_least=1)))


@frozen(kw_only=True)
class Resolution:
    """What becomes of a text whose fate nobody knows: it is closed, and sent once more only if `send_again`."""

    send_again: bool = False


@frozen(kw_only=True)
class Resolved:
    """The closed text, and the one that goes out in its place."""

    closed: MessageView
    again: MessageView | None


@frozen(kw_only=True)
class Unconfirmed:
    """Texts whose fate nobody knows, oldest claim first. Each leaves the list when a person resolves it.

    `more`: there are others behind these; the list of texts with `delivery=unconfirmed` has pages.
    """

    items: tuple[MessageView, ...]
    more: bool


class Messages(Controller):
    """Routes of texts."""

    path = "/messages"
    tags = ["messages"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt=READ)
    async def list_messages(
        self,
        api: TheApi,
        principal: Caller,
        delivery: FromQuery[Delivery | None] = None,
        client_id: FromQuery[UUID | None] = None,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> MessagePage:
        """List texts, newest first."""
        named = f"messages {delivery} {client_id}"
        request = page_request(named, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.messages.page(MessageFilter(client_id=client_id, delivery=delivery), request)
        return MessagePage(items=tuple(map(shown, page.items)), next_cursor=cursor_after(named, page.last))

    @get("/unconfirmed", opt=READ)
    async def list_unconfirmed(
        self, api: TheApi, principal: Caller, limit: FromQuery[int | None] = None
    ) -> Unconfirmed:
        """List the texts that wait for a person's decision, oldest first."""
        wanted = PageRequest(limit=USUAL_ITEMS if limit is None else limit).limit
        async with api.parts.store.tenant(principal.user_id) as tx:
            found = await tx.messages.unconfirmed(wanted + 1)
        return Unconfirmed(items=tuple(map(shown, found[:wanted])), more=len(found) > wanted)

    @get("/{message_id:uuid}", opt=READ)
    async def read_message(self, api: TheApi, principal: Caller, message_id: FromPath[UUID]) -> MessageView:
        """Show a text, and why it is where it is."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return shown(await tx.messages.get(message_id))

    @post(opt=SEND)
    async def send(
        self, api: TheApi, principal: Caller, request: AnyRequest, data: JSONBody[TextToSend]
    ) -> MessageView:
        """Send a client a text, now: it is queued, and goes out as soon as the rules allow."""
        text = send_now.TextByHand(
            id=id_for(api, request),
            client_id=data.client_id,
            content=data.text,
            message_class=data.message_class,
            topic=data.topic,
        )
        async with api.parts.store.tenant(principal.user_id) as tx:
            vertical = api.parts.vertical((await tx.users.get(tx.user_id)).vertical)
            return shown(await send_now.send_now(tx, text, principal.actor, vertical))

    @post("/{message_id:uuid}/cancel", opt=WRITE, status_code=200)
    async def cancel_message(self, api: TheApi, principal: Caller, message_id: FromPath[UUID]) -> MessageView:
        """Take a text back while it is queued."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return shown(await send_now.cancel(tx, message_id, principal.actor))

    @post("/{message_id:uuid}/resolve", opt=SEND, status_code=200)
    async def resolve(
        self, api: TheApi, principal: Caller, message_id: FromPath[UUID], data: JSONBody[Resolution]
    ) -> Resolved:
        """Close a text whose fate nobody knows, and send it once more if the caller says so."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            again = await resolve.close(tx, message_id, principal.actor, send_again=data.send_again)
            closed = await tx.messages.get(message_id)
        return Resolved(closed=shown(closed), again=None if again is None else shown(again))
