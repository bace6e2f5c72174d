"""FastAPI over entities of SQLAlchemy's ORM, as its own tutorial puts it together: what ours is compared with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from nudge_adapters.sql.http_entities import orm_reads


class ClientModel(BaseModel):
    """A client as it is shown."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    full_name: str
    email: str | None
    phone: str | None
    phone_as_given: str | None
    notes: str
    user_tags: list[str]
    ai_tags: list[str]
    preferences: dict[str, Any]
    last_interaction: datetime | None
    timezone: str | None
    created_at: datetime
    version: int


class ClientPage(BaseModel):
    """A page of them."""

    items: list[ClientModel]
    next_cursor: str | None


class ConversationModel(BaseModel):
    """A conversation as it is shown."""

    client_id: UUID
    client_name: str
    last_text: str
    last_direction: str
    last_status: str
    last_at: datetime
    last_message_id: UUID
    unread: int


class BriefingModel(BaseModel):
    """A nudge that waits, as it is shown but for its previews."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    status: str
    campaign_type: str
    headline: str
    original_draft: str
    matched_audience: list[dict[str, Any]]
    key_intel: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class Queue(BaseModel):
    """What waits, and the people."""

    items: list[BriefingModel]
    people: list[ClientModel]


class ConversationPage(BaseModel):
    """A page of them."""

    items: list[ConversationModel]
    next_cursor: str | None


@asynccontextmanager
async def application(url: str) -> AsyncIterator[FastAPI]:
    """Yield the application."""
    async with orm_reads(url) as reads:
        app = FastAPI()

        @app.get("/clients")
        async def clients() -> ClientPage:
            items = [ClientModel.model_validate(one) for one in await reads.clients()]
            return ClientPage(items=items, next_cursor=None)

        @app.get("/conversations")
        async def conversations() -> ConversationPage:
            items = [_conversation(*found) for found in await reads.conversations()]
            return ConversationPage(items=items, next_cursor=None)

        @app.get("/queue")
        async def queue() -> Queue:
            waiting, people, _events = await reads.queue()
            return Queue(
                items=[BriefingModel.model_validate(one) for one in waiting],
                people=[ClientModel.model_validate(one) for one in people],
            )

        yield app


# Any: an entity has the attributes of its table, which a type checker does not know.
def _conversation(text: Any, name: str, unread: int) -> ConversationModel:
    return ConversationModel(
        client_id=text.client_id,
        client_name=name,
        last_text=text.content,
        last_direction=text.direction,
        last_status=text.status,
        last_at=text.created_at,
        last_message_id=text.id,
        unread=unread,
    )
