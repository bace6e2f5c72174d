"""Who in the book a link or document may be for, with the evidence; for the professional to look at, nobody is texted.

Source: `verticals.md` 4, matching content to clients: topics decide whether, text decides who first, every match has an
evidence phrase, and a client of whom nothing is known is not matched. Notes stay in the process: only the contents are
given to the embedder, which are public; the vectors of the notes are those the book has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from attrs import field, frozen

from nudge_core.errors import Refused, Unavailable
from nudge_core.matching.content.ranking import MOST_TAUGHT_BY, Content, Note, TopicReason, read
from nudge_core.model.client import Client
from nudge_core.model.resource import ContentResource, ResourceStatus
from nudge_core.model.vector import Vector
from nudge_core.ports import Embedder
from nudge_core.walk.parts import Parts


@frozen(kw_only=True)
class Reader:
    """A client whom a content may be for. `meant` gives ground to propose it; without, the client is only ranked.

    `overlap`: expected overlap of topics, `near`: nearness of the texts, both 0 to 1. `words`, `phrase`: what in the
    notes is near the content, as it stands there; "" and () where it is the meaning alone.
    """

    client: Client
    overlap: float
    near: float
    meant: tuple[TopicReason, ...]
    words: tuple[str, ...] = field(repr=False)
    phrase: str = field(repr=False)


async def readers_of(parts: Parts, user_id: UUID, content_id: UUID, most: int) -> tuple[Reader, ...]:
    """Return the `most` likely readers of a content, the likeliest first; of equals by id.

    Clients of whom nothing is known, neither notes nor a tag, are left out. Without an answer of the embedder words
    alone decide.

    Raises:
        NotFound: no such content.
    """
    async with parts.store.tenant(user_id) as tx:
        content = await tx.contents.get(content_id)
        library = [
            one for one in await tx.contents.all() if one.status is ResourceStatus.ACTIVE and one.id != content.id
        ]
        book = [client for client in await tx.clients.book() if client.notes.strip() or client.user_tags]
    shelf = [content, *library[: MOST_TAUGHT_BY - 1]]
    vectors = await _meanings(parts.embedder, shelf)
    model = parts.embedder.model_id if parts.embedder is not None and vectors[0] is not None else None
    return await asyncio.to_thread(_ranked, shelf, vectors, book, model, most)


def _ranked(
    shelf: Sequence[ContentResource],
    vectors: Sequence[Vector | None],
    book: Sequence[Client],
    model: str | None,
    most: int,
) -> tuple[Reader, ...]:
    library = [
        Content(text=_text(one), topics=frozenset(map(topic, one.categories)), meaning=vector)
        for one, vector in zip(shelf, vectors, strict=True)
    ]
    readership = read(library, [_note(client, model) for client in book])
    readers: list[Reader] = []
    for one in readership.rank(library[0])[:most]:
        notes = book[one.row].notes
        span = readership.phrase(library[0], one.row)
        readers.append(
            Reader(
                client=book[one.row],
                overlap=one.overlap,
                near=min(1.0, max(0.0, one.near)),
                meant=one.meant,
                words=readership.shared_words(library[0], one.row),
                phrase="" if span is None else notes[slice(*span)],
            )
        )
    return tuple(readers)


def topic(written: str) -> str:
    """Return a tag for comparing: case, spaces, hyphens and underscores make no difference (`verticals.md` 2.1)."""
    return " ".join(written.casefold().replace("-", " ").replace("_", " ").split())


async def _meanings(embedder: Embedder | None, shelf: Sequence[ContentResource]) -> Sequence[Vector | None]:
    if embedder is None:
        return [None] * len(shelf)
    try:
        return await embedder.embed([_text(one) for one in shelf])
    except (Unavailable, Refused):
        return [None] * len(shelf)


def _note(client: Client, model: str | None) -> Note:
    vector = client.notes_embedding
    known = vector is not None and vector.model_id == model
    return Note(text=client.notes, meaning=vector if known else None, interests=frozenset(map(topic, client.user_tags)))


def _text(content: ContentResource) -> str:
    return f"{content.title}. {content.description}"
