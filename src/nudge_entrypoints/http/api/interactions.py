"""What happened with a client outside our texts: recorded by a person, never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from nudge_core.model import fields
from nudge_core.model.interaction import NOTE_CHARACTERS, Interaction, InteractionKind
from nudge_core.reading.hardship import Hardship
from nudge_core.steps import interact
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.instants import utc
from nudge_entrypoints.http.api.message_views import id_for
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, AnyRequest, Scope


@frozen(kw_only=True)
class InteractionToRecord:
    """What happened. `at`: when, with an offset; now where nobody says."""

    kind: InteractionKind
    at: datetime | None = None
    note: str = field(default="", validator=fields.text(NOTE_CHARACTERS), repr=False)


@frozen(kw_only=True)
class InteractionView:
    """A record: what happened, when, who says so and since when."""

    id: UUID
    client_id: UUID
    kind: InteractionKind
    at: datetime
    recorded_at: datetime
    recorded_by: str = field(repr=False)
    note: str = field(repr=False)


@frozen(kw_only=True)
class InteractionPage:
    """A page of records."""

    items: tuple[InteractionView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class RecordedView:
    """A record, and what it did: texts that will not go out, plans that rest now, and what the note speaks of."""

    interaction: InteractionView
    withdrawn: int
    paused: int
    hardship: Hardship | None


class Interactions(Controller):
    """Routes of what happened outside our texts."""

    path = "/clients/{client_id:uuid}/interactions"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CLIENTS_READ})
    async def list_interactions(
        self,
        api: TheApi,
        principal: Caller,
        client_id: FromPath[UUID],
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> InteractionPage:
        """List what happened with a client outside our texts, the latest first."""
        named = f"interactions {client_id}"
        request = page_request(named, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.clients.get(client_id)
            page = await tx.interactions.page(client_id, request)
        return InteractionPage(items=tuple(map(_view, page.items)), next_cursor=cursor_after(named, page.last))

    @post(opt={SCOPE: Scope.CLIENTS_WRITE})
    async def record(
        self,
        api: TheApi,
        principal: Caller,
        request: AnyRequest,
        client_id: FromPath[UUID],
        data: JSONBody[InteractionToRecord],
    ) -> RecordedView:
        """Record a call, a meeting, a note, or that the client wants no more texts, which silences them at once."""
        at = None if data.at is None else utc("at", data.at)
        async with api.parts.store.tenant(principal.user_id) as tx:
            interaction = Interaction(
                id=id_for(api, request),
                user_id=principal.user_id,
                client_id=client_id,
                kind=data.kind,
                at=tx.now if at is None else at,
                recorded_at=tx.now,
                recorded_by=principal.actor,
                note=data.note,
            )
            done = await interact.record(tx, interaction)
        return RecordedView(
            interaction=_view(interaction), withdrawn=done.withdrawn, paused=done.paused, hardship=done.hardship
        )


def _view(interaction: Interaction) -> InteractionView:
    return InteractionView(
        id=interaction.id,
        client_id=interaction.client_id,
        kind=interaction.kind,
        at=interaction.at,
        recorded_at=interaction.recorded_at,
        recorded_by=interaction.recorded_by,
        note=interaction.note,
    )
