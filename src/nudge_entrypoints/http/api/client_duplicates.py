"""Clients who may stand in the book twice: proposed to a person, with the reasons."""

from __future__ import annotations

import asyncio
from uuid import UUID

from attrs import frozen
from litestar import Controller, get
from litestar.params import FromQuery

from nudge_core.book.twins import Twins, twins
from nudge_core.errors import Invalid
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope

USUAL_PAIRS, MOST_PAIRS = 50, 200


@frozen(kw_only=True)
class ReasonView:
    """A field, how both agree in it, and how many bits that speaks for one person (negative: against)."""

    field: str
    how: str
    bits: float


@frozen(kw_only=True)
class PairView:
    """Two clients who may be one, and how likely they are. `POST /clients/{kept_id}/merge` makes one of them."""

    kept_id: UUID
    other_id: UUID
    score: float
    is_sure: bool
    reasons: tuple[ReasonView, ...]


@frozen(kw_only=True)
class PairList:
    """The likeliest pairs, and how many there are."""

    items: tuple[PairView, ...]
    total: int


class ClientDuplicates(Controller):
    """Routes of duplicates."""

    path = "/client-duplicates"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CLIENTS_READ})
    async def list_client_duplicates(
        self, api: TheApi, principal: Caller, limit: FromQuery[int | None] = None
    ) -> PairList:
        """List pairs of clients who may be one, the likeliest first; compared anew each time."""
        most = USUAL_PAIRS if limit is None else limit
        if not 1 <= most <= MOST_PAIRS:
            raise Invalid("limit", f"a number from 1 to {MOST_PAIRS}", limit)
        async with api.parts.store.tenant(principal.user_id) as tx:
            book = await tx.clients.book()
        found = await asyncio.to_thread(twins, book)
        return PairList(items=tuple(map(_view, found[:most])), total=len(found))


def _view(two: Twins) -> PairView:
    return PairView(
        kept_id=two.kept_id,
        other_id=two.other_id,
        score=round(two.score, 6),
        is_sure=two.is_sure,
        reasons=tuple(ReasonView(field=one.field, how=one.how, bits=one.bits) for one in two.reasons),
    )
