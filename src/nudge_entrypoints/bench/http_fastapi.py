"""FastAPI over entities of SQLAlchemy's ORM, with models of Pydantic: what ours is compared with.

Both are imported where they are used: whoever runs Nudge has neither (they come with the extra `dev`). Models are made
by Pydantic's `create_model`, which makes the classes that its tutorial writes down.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from nudge_adapters.sql.http_entities import orm_reads

# Any: models are classes made while it runs, and entities have the attributes of their tables; a type checker knows
# neither.
_CLIENT: dict[str, Any] = {
    "id": UUID,
    "full_name": str,
    "email": str | None,
    "phone": str | None,
    "phone_as_given": str | None,
    "notes": str,
    "user_tags": list[str],
    "ai_tags": list[str],
    "preferences": dict[str, Any],
    "last_interaction": datetime | None,
    "timezone": str | None,
    "created_at": datetime,
    "version": int,
}
_CONVERSATION: dict[str, Any] = {
    "client_id": UUID,
    "client_name": str,
    "last_text": str,
    "last_direction": str,
    "last_status": str,
    "last_at": datetime,
    "last_message_id": UUID,
    "unread": int,
}
_BRIEFING: dict[str, Any] = {
    "id": UUID,
    "version": int,
    "status": str,
    "campaign_type": str,
    "headline": str,
    "original_draft": str,
    "matched_audience": list[dict[str, Any]],
    "key_intel": dict[str, Any],
    "created_at": datetime,
    "updated_at": datetime,
}


def _model(name: str, members: dict[str, Any]) -> Any:
    """Return a model whose members are all required, and that is read from an entity's attributes too."""
    from pydantic import ConfigDict, create_model

    required: dict[str, Any] = {member: (kind, ...) for member, kind in members.items()}
    return create_model(name, __config__=ConfigDict(from_attributes=True), **required)


def _list_of(line: Any) -> Any:
    return list[line]


def _page(name: str, line: Any) -> Any:
    return _model(name, {"items": _list_of(line), "next_cursor": str | None})


@asynccontextmanager
async def application(url: str) -> AsyncIterator[Any]:
    """Yield the application."""
    from fastapi import FastAPI

    client, conversation = _model("Client", _CLIENT), _model("Conversation", _CONVERSATION)
    briefing = _model("Briefing", _BRIEFING)
    client_page, conversation_page = _page("ClientPage", client), _page("ConversationPage", conversation)
    waiting_page = _model("Queue", {"items": _list_of(briefing), "people": _list_of(client)})
    async with orm_reads(url) as reads:
        app = FastAPI()

        async def clients() -> Any:
            items = [client.model_validate(one) for one in await reads.clients()]
            return client_page(items=items, next_cursor=None)

        async def conversations() -> Any:
            items = [conversation(**_line(*found)) for found in await reads.conversations()]
            return conversation_page(items=items, next_cursor=None)

        async def queue() -> Any:
            waiting, people, _events = await reads.queue()
            return waiting_page(
                items=[briefing.model_validate(one) for one in waiting],
                people=[client.model_validate(one) for one in people],
            )

        app.add_api_route("/clients", clients, response_model=client_page)
        app.add_api_route("/conversations", conversations, response_model=conversation_page)
        app.add_api_route("/queue", queue, response_model=waiting_page)
        yield app


def _line(text: Any, name: str, unread: int) -> dict[str, Any]:
    return {
        "client_id": text.client_id,
        "client_name": name,
        "last_text": text.content,
        "last_direction": text.direction,
        "last_status": text.status,
        "last_at": text.created_at,
        "last_message_id": text.id,
        "unread": unread,
    }
