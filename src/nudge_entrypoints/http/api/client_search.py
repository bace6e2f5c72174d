"""Search over clients by words and by meaning."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import evolve, field, frozen
from litestar import Controller, post
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from nudge_core.matching.lookup import Hit
from nudge_core.model import fields
from nudge_core.model.client import Client, ClientFilter, Role
from nudge_core.model.page import MOST_ITEMS
from nudge_core.walk import look_up
from nudge_entrypoints.http.api.clients import vertical_of
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope

USUAL_HITS = 20
_TEXT = fields.text(100, at_least=1)


@frozen(kw_only=True)
class Among:
    """Whom a search is among; what is absent asks nothing."""

    tag: str | None = field(default=None, validator=fields.optional(_TEXT), repr=False)
    name_has: str | None = field(default=None, validator=fields.optional(_TEXT), repr=False)
    role: Role | None = None
    has_phone: bool | None = None
    suppressed: bool | None = None
    textable: bool | None = None


@frozen(kw_only=True)
class Search:
    """What is searched, among whom, and how many hits at most."""

    text: str = field(validator=fields.text(1_000, at_least=1), repr=False)
    filters: Among = field(factory=Among)
    limit: int = field(default=USUAL_HITS, validator=fields.between(1, MOST_ITEMS))


@frozen(kw_only=True)
class MatchedWords:
    """Words of the search that stand in one field of the client: `name`, `tags` or `notes`."""

    field: str
    words: tuple[str, ...]


@frozen(kw_only=True)
class HitView:
    """Somebody who was found, and why.

    `score` compares hits of one search. `word_rank`, `meaning_rank`: places in the two lists that were fused, from 1.
    `similarity`: the cosine of what was searched and the notes.
    """

    client_id: UUID
    full_name: str = field(repr=False)
    phone: str | None = field(repr=False)
    tags: tuple[str, ...] = field(repr=False)
    last_interaction: datetime | None
    score: float
    word_rank: int | None
    meaning_rank: int | None
    similarity: float | None
    matched: tuple[MatchedWords, ...] = field(repr=False)


@frozen(kw_only=True)
class Hits:
    """The hits, best first. `by_meaning` False: only words counted; `without_meaning` says why."""

    items: tuple[HitView, ...]
    by_meaning: bool
    without_meaning: str | None


class ClientSearch(Controller):
    """Routes of search."""

    path = "/clients"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @post("/search", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_READ})
    async def search_clients(self, api: TheApi, principal: Caller, data: JSONBody[Search]) -> Hits:
        """Search the book by words in names, tags and notes, and by the meaning of notes."""
        asked = data.filters
        which = ClientFilter(
            tag=asked.tag,
            name_has=asked.name_has,
            has_phone=asked.has_phone,
            suppressed=asked.suppressed,
            textable=asked.textable,
        )
        if asked.role is not None:
            async with api.parts.store.tenant(principal.user_id) as tx:
                which = evolve(which, role_names=(await vertical_of(api, tx)).role_names(asked.role))
        found = await look_up(api.parts, principal.user_id, data.text, which, data.limit)
        return Hits(
            items=tuple(
                _hit(hit, found.clients[hit.client_id]) for hit in found.hits if hit.client_id in found.clients
            ),
            by_meaning=found.without_meaning is None,
            without_meaning=found.without_meaning,
        )


def _hit(hit: Hit, client: Client) -> HitView:
    return HitView(
        client_id=hit.client_id,
        full_name=client.full_name,
        phone=client.phone,
        tags=client.tags,
        last_interaction=client.last_interaction,
        score=hit.score,
        word_rank=hit.word_rank,
        meaning_rank=hit.meaning_rank,
        similarity=hit.similarity,
        matched=tuple(MatchedWords(field=name, words=words) for name, words in hit.words.items()),
    )
