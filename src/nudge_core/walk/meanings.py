"""The meaning of one client's notes, made anew as soon as they change. No transaction is open while it is made."""

from __future__ import annotations

from uuid import UUID

from nudge_core.errors import NotFound, Refused, Unavailable
from nudge_core.walk.parts import Parts


async def embed_client(parts: Parts, user_id: UUID, client_id: UUID) -> bool:
    """Give a client's notes a vector of the present model; say whether one was stored.

    Without one the client is found by words only, until the next pass makes it (`embed_book`): so a service that does
    not answer is no error here, and nothing is stored for it.
    """
    if parts.embedder is None:
        return False
    async with parts.store.tenant(user_id) as tx:
        try:
            notes = (await tx.clients.get(client_id)).notes
        except NotFound:
            return False
    try:
        (vector,) = await parts.embedder.embed([notes])
    except (Unavailable, Refused):
        return False
    if vector is None:
        return False
    async with parts.store.tenant(user_id) as tx:
        return await tx.clients.describe(client_id, notes, vector)
