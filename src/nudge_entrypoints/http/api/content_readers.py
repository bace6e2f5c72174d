"""Who in the book a link or document may be for, and why: for the professional to look at."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get
from litestar.params import FromPath, QueryParameter

from nudge_core.walk.readership import Reader, readers_of
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope

USUAL_READERS, MOST_READERS = 10, 100
"""Clients in an answer: a list to be looked through, not a mailing list (P)."""


@frozen(kw_only=True)
class TopicView:
    """A topic that the client means. `chance`: 0 to 1; `usual`: without having read the notes; `stated`: it is a tag of
    the client's, nothing was guessed."""

    topic: str = field(repr=False)
    chance: float
    usual: float
    stated: bool


@frozen(kw_only=True)
class ReaderView:
    """A client whom the content may be for. `proposed`: there is ground to offer it; the topics in `meant` are it.

    `overlap`: expected overlap of topics, `near`: nearness of the texts, both 0 to 1. `words` and `phrase` stand in the
    notes: evidence for the professional, never for the client.
    """

    client_id: UUID
    full_name: str = field(repr=False)
    proposed: bool
    overlap: float
    near: float
    meant: tuple[TopicView, ...]
    words: tuple[str, ...] = field(repr=False)
    phrase: str = field(repr=False)


@frozen(kw_only=True)
class ReaderList:
    """The likeliest readers, the likeliest first. Clients of whom nothing is known are not among them."""

    items: tuple[ReaderView, ...]


class ContentReaders(Controller):
    """The route of a content's readers."""

    path = "/content-resources/{content_id:uuid}/readers"
    tags = ["content"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CLIENTS_READ})
    async def list_content_readers(
        self,
        api: TheApi,
        principal: Caller,
        content_id: FromPath[UUID],
        limit: Annotated[int, QueryParameter(ge=1, le=MOST_READERS)] = USUAL_READERS,
    ) -> ReaderList:
        """List the clients whom a link or document may be for, with the evidence; nobody is texted."""
        found = await readers_of(api.parts, principal.user_id, content_id, limit)
        return ReaderList(items=tuple(map(_view, found)))


def _view(reader: Reader) -> ReaderView:
    return ReaderView(
        client_id=reader.client.id,
        full_name=reader.client.full_name,
        proposed=bool(reader.meant),
        overlap=reader.overlap,
        near=reader.near,
        meant=tuple(
            TopicView(topic=one.topic, chance=one.chance, usual=one.usual, stated=one.stated) for one in reader.meant
        ),
        words=reader.words,
        phrase=reader.phrase,
    )
