"""Two clients become one, and two again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import frozen
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from nudge_core.model.client_merge import ClientMerge
from nudge_core.steps.merge import merge, undo
from nudge_core.walk import embed_client
from nudge_entrypoints.http.api.clients import vertical_of
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope


@frozen(kw_only=True)
class Other:
    """Who becomes part of the client."""

    other_id: UUID


@frozen(kw_only=True)
class MergeView:
    """A merge: who stays, who became part of them, and how many rows moved, by table."""

    id: UUID
    kept_id: UUID
    gone_id: UUID
    merged_at: datetime
    moved: dict[str, int]
    undone_at: datetime | None


class ClientMerging(Controller):
    """The route that merges."""

    path = "/clients/{client_id:uuid}/merge"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @post(opt={SCOPE: Scope.CLIENTS_WRITE})
    async def merge_clients(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], data: JSONBody[Other]
    ) -> MergeView:
        """Let another client become part of this one; no value is lost, and it can be undone."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            vertical = await vertical_of(api, tx)
            done = await merge(tx, api.parts.ids.new(), client_id, data.other_id, principal.actor, vertical)
        await embed_client(api.parts, principal.user_id, client_id)
        return _view(done)


class ClientMerges(Controller):
    """Routes of merges that were made."""

    path = "/client-merges"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @get("/{merge_id:uuid}", opt={SCOPE: Scope.CLIENTS_READ})
    async def read_merge(self, api: TheApi, principal: Caller, merge_id: FromPath[UUID]) -> MergeView:
        """Read a merge."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await tx.client_merges.get(merge_id))

    @post("/{merge_id:uuid}/undo", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def undo_merge(self, api: TheApi, principal: Caller, merge_id: FromPath[UUID]) -> MergeView:
        """Make two of them again; what was changed or added since stays with the one that was kept."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await undo(tx, merge_id, principal.actor)
            undone = await tx.client_merges.get(merge_id)
        await embed_client(api.parts, principal.user_id, undone.kept.id)
        return _view(undone)


def _view(done: ClientMerge) -> MergeView:
    moved = {name: len(ids) for name, ids in done.moved.rows.items() if ids}
    if done.moved.audiences:
        moved["audiences"] = len(done.moved.audiences)
    return MergeView(
        id=done.id,
        kept_id=done.kept.id,
        gone_id=done.gone.id,
        merged_at=done.merged_at,
        moved=moved,
        undone_at=done.undone_at,
    )
