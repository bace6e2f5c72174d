"""What would suit one client, and a text about it: read, then asked of services, and nothing is kept."""

from __future__ import annotations

from uuid import UUID

from nudge_core.sending.words import write
from nudge_core.steps import suit
from nudge_core.steps.suit import Suits, Written
from nudge_core.walk.parts import Parts


async def suits(parts: Parts, user_id: UUID, client_id: UUID, limit: int) -> Suits:
    """Return what is on offer now and would suit a client, best first. Raises NotFound, Invalid."""
    async with parts.store.tenant(user_id) as tx:
        vertical = parts.vertical((await tx.users.get(user_id)).vertical)
        shelf = await suit.gather(tx, client_id, vertical)
    return await suit.rank_shelf(shelf, vertical, parts.embedder, limit)


async def draft_for(parts: Parts, user_id: UUID, client_id: UUID, resource_id: UUID) -> Written:
    """Return a text for one client about one resource; nothing is stored or sent.

    Raises:
        Conflict: nothing true could be told, or the client wishes something else.
        NotFound: no such client or resource.
        Unavailable, Refused: of the last drafter.
    """
    async with parts.store.tenant(user_id) as tx:
        vertical = parts.vertical((await tx.users.get(user_id)).vertical)
        told = await suit.brief_for(tx, client_id, resource_id, vertical)
    draft = await write(parts.drafters, told.brief, vertical)
    return suit.personalised(told, draft, vertical)
