"""Search over clients, by words and by meaning. What was searched becomes a vector while no transaction is open."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from attrs import field, frozen

from nudge_core.errors import Refused, Unavailable
from nudge_core.matching.lookup import Hit, by_meaning, by_words, fused, words_of
from nudge_core.model.client import Client, ClientFilter
from nudge_core.model.vector import Vector
from nudge_core.walk.parts import Parts

NO_EMBEDDER = "no_embedder"
EMBEDDER_AWAY = "embedder_unavailable"
NO_MEANING = "no_meaning"


@frozen(kw_only=True)
class Found:
    """Who was found, best first, with their clients. `without_meaning`: why only words counted; None: both did."""

    hits: tuple[Hit, ...]
    clients: Mapping[UUID, Client] = field(repr=False)
    without_meaning: str | None


async def look_up(parts: Parts, user_id: UUID, text: str, which: ClientFilter, limit: int) -> Found:
    """Search one professional's book; reads only.

    Args:
        parts: the walk's parts; without an embedder only words count, and the answer says so.
        user_id: whose book.
        text: what is searched.
        which: whom the search is among; the filter is applied first.
        limit: how many hits at most.
    """
    vector, why_not = await _meaning(parts, text)
    words = words_of(text)
    async with parts.store.tenant(user_id) as tx:
        mentioned = {client.id: client for client in await tx.clients.mentioning(words, which)}
        meanings = {} if vector is None else await tx.clients.meanings(vector.model_id, which)
        meant = [] if vector is None else by_meaning(vector, meanings)
        worded = by_words(words, list(mentioned.values()))
        hits = fused(worded, meant, words, mentioned, limit)
        others = await tx.clients.of({hit.client_id for hit in hits} - mentioned.keys(), ())
    clients = {**mentioned, **{client.id: client for client in others}}
    return Found(hits=hits, clients=clients, without_meaning=why_not)


async def _meaning(parts: Parts, text: str) -> tuple[Vector | None, str | None]:
    if parts.embedder is None:
        return None, NO_EMBEDDER
    try:
        (vector,) = await parts.embedder.embed([text])
    except (Unavailable, Refused):
        return None, EMBEDDER_AWAY
    return vector, None if vector is not None else NO_MEANING
