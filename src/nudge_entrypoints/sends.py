"""What only a person can settle about sending, from the command line: doubts, and senders that rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from nudge_core.errors import Invalid
from nudge_core.model.fields import E164
from nudge_core.steps import resolve
from nudge_entrypoints.bootstrap import App, opened
from nudge_entrypoints.database import database
from nudge_entrypoints.settings import Settings

T = TypeVar("T")

SHOWN = 50


def unconfirmed(settings: Settings) -> list[dict[str, object]]:
    """Return the texts whose fate nobody knows, by professional, without their words."""

    async def look(app: App) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        async with app.parts.store.system() as tx:
            users = await tx.users.all()
        for user in users:
            async with app.parts.store.tenant(user.id) as tx:
                found += [
                    {
                        "id": str(text.id),
                        "owner": str(user.id),
                        "client": str(text.client_id),
                        "claimed_at": None if text.claimed_at is None else text.claimed_at.isoformat(),
                    }
                    for text in await tx.messages.unconfirmed(SHOWN)
                ]
        return found

    return _run(settings, look)


def close(settings: Settings, owner: UUID, message_id: UUID, *, send_again: bool) -> UUID | None:
    """Close one of them; return the id of the new text, if one was wanted."""

    async def act(app: App) -> UUID | None:
        async with app.parts.store.tenant(owner) as tx:
            again = await resolve.close(tx, message_id, "command line", send_again=send_again)
        return None if again is None else again.id

    return _run(settings, act)


def lanes(settings: Settings) -> list[dict[str, object]]:
    """Return every sending number with its pace, and why it rests if it does."""

    async def look(app: App) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        async with app.parts.store.system() as tx:
            users = [user for user in await tx.users.all() if user.twilio_phone_number is not None]
        for user in users:
            async with app.parts.store.tenant(user.id) as tx:
                lane = await tx.lanes.get(user.twilio_phone_number or "")
            found.append(
                {
                    "sender": lane.sender,
                    "owner": str(user.id),
                    "rate_per_s": lane.rate_per_s,
                    "pause_reason": lane.pause_reason,
                    "paused_until": None if lane.paused_until is None else lane.paused_until.isoformat(),
                    "strikes": lane.strikes,
                }
            )
        return found

    return _run(settings, look)


def resume(settings: Settings, sender: str) -> bool:
    """Let a sending number go on; False when it did not rest.

    Raises:
        Invalid: it is no phone, or nobody's.
    """
    if not E164.fullmatch(sender):
        raise Invalid("sender", "a phone in E.164, such as +15125550100", sender)

    async def act(app: App) -> bool:
        async with app.parts.store.system() as tx:
            owner = await tx.sends.owner_of_number(sender)
        if owner is None:
            raise Invalid("sender", "a sending number of a professional", sender)
        async with app.parts.store.tenant(owner) as tx:
            return await tx.lanes.resume(sender)

    return _run(settings, act)


def _run(settings: Settings, work: Callable[[App], Awaitable[T]]) -> T:
    async def whole(url: str) -> T:
        async with opened(settings, url) as app:
            return await work(app)

    with database(settings) as url:
        return asyncio.run(whole(url))
