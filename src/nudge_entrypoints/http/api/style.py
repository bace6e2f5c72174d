"""How the professional writes, as their edits show it: visible, and theirs to take away."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, delete, get, post
from litestar.params import FromPath

from nudge_core.model.style import StyleFact, StyleKind
from nudge_core.steps import style
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope

READ, WRITE = {SCOPE: Scope.ACCOUNT_READ}, {SCOPE: Scope.ACCOUNT_WRITE}


@frozen(kw_only=True)
class HabitView:
    """One habit: the words (of `length`: characters), what a phrase stands in place of and in texts about what.

    `edits`: texts in which the professional wrote it; `kept`: texts approved with it since; `briefing_ids`: those
    texts, the newest first. `removed`: drafts do not follow it.
    """

    id: UUID
    kind: StyleKind
    value: str = field(repr=False)
    instead_of: str = field(repr=False)
    event_kind: str
    edits: int
    kept: int
    last_at: datetime
    briefing_ids: tuple[UUID, ...]
    removed: bool


@frozen(kw_only=True)
class StyleView:
    """The habits, and how much of the latest drafts is rewritten: falling, rising, unclear, or too few to say."""

    habits: tuple[HabitView, ...]
    progress: style.Progress


class StyleRoutes(Controller):
    """Routes of the habits."""

    path = "/users/me/style"
    tags = ["account"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt=READ)
    async def read_style(self, api: TheApi, principal: Caller) -> StyleView:
        """Show how the professional writes, as their edits show it, and whether drafts come nearer to it."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            found, progress = await style.habits(tx), await style.progress(tx)
        return StyleView(habits=tuple(map(_view, found)), progress=progress)

    @delete("/{fact_id:uuid}", opt=WRITE)
    async def remove_habit(self, api: TheApi, principal: Caller, fact_id: FromPath[UUID]) -> None:
        """Take a habit away: drafts do not follow it any more."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await style.remove(tx, fact_id, principal.actor)

    @post("/{fact_id:uuid}/restore", opt=WRITE, status_code=200)
    async def restore_habit(self, api: TheApi, principal: Caller, fact_id: FromPath[UUID]) -> HabitView:
        """Let a habit that was taken away hold again."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await style.restore(tx, fact_id, principal.actor))


def _view(fact: StyleFact) -> HabitView:
    return HabitView(
        id=fact.id,
        kind=fact.kind,
        value=fact.value,
        instead_of=fact.instead_of,
        event_kind=fact.event_kind,
        edits=fact.edits,
        kept=fact.kept,
        last_at=fact.last_at,
        briefing_ids=fact.briefing_ids,
        removed=fact.removed,
    )
