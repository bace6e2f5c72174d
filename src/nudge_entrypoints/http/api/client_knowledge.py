"""What is known of a client: notes that are added, wishes as facts with where they come from."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK

from nudge_core.book.facts import accept, retract, state, withdraw_preference
from nudge_core.book.notes import write_note
from nudge_core.book.understanding import propose_what_is_said
from nudge_core.model import fields
from nudge_core.model.client_fact import ClientFact, FactState
from nudge_core.model.client_note import NOTE_CHARACTERS, ClientNote
from nudge_core.model.json import plain_json
from nudge_core.reading.hardship import Hardship
from nudge_core.walk import embed_client
from nudge_entrypoints.http.api.bodies_of_change import small_json
from nudge_entrypoints.http.api.clients import vertical_of
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.instants import utc
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Scope

_VERSION = fields.between(1, 2**31 - 1)


@frozen(kw_only=True)
class NoteView:
    """A note. `is_whole`: it replaced what was written before, which stays as history."""

    id: UUID
    text: str = field(repr=False)
    author: str
    at: datetime
    is_whole: bool


@frozen(kw_only=True)
class NotePage:
    """Some of them, and where to go on."""

    items: tuple[NoteView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class NewNote:
    """What to write down."""

    text: str = field(validator=fields.text(NOTE_CHARACTERS, at_least=1), repr=False)


@frozen(kw_only=True)
class FactView:
    """One statement about a client, and where it comes from. `is_current`: it is what the preferences say now."""

    id: UUID
    kind: str
    value: Any = field(repr=False)
    source: str
    recorded_by: str = field(repr=False)
    at: datetime
    recorded_at: datetime
    confidence: float
    text_id: UUID | None
    start: int | None
    end: int | None
    state: FactState
    superseded_by: UUID | None
    is_current: bool


@frozen(kw_only=True)
class NotedView:
    """The note, the client's version now, plans that rest because of it, and what the words speak of.

    `understood`: wishes that all notes and texts together state and that are not known so; accept them or refuse them.
    """

    note: NoteView = field(repr=False)
    version: int
    paused_plans: int
    hardship: Hardship | None
    understood: tuple[FactView, ...]


@frozen(kw_only=True)
class FactList:
    """All of them with their history, the earliest first."""

    items: tuple[FactView, ...]


def _value(instance: object, attribute: Any, value: Any) -> None:
    small_json(instance, attribute, {"value": value})


@frozen(kw_only=True)
class Wish:
    """What a client wishes. `version`: of the client, as it was read. `at`: since when, if not since now."""

    version: int = field(validator=_VERSION)
    value: Any = field(validator=_value, repr=False)
    at: datetime | None = None


@frozen(kw_only=True)
class OverVersion:
    """The version of the client that was read."""

    version: int = field(validator=_VERSION)


class ClientKnowledge(Controller):
    """Routes of notes, facts and preferences."""

    path = "/clients/{client_id:uuid}"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @get("/notes", opt={SCOPE: Scope.CLIENTS_READ})
    async def list_notes(
        self,
        api: TheApi,
        principal: Caller,
        client_id: FromPath[UUID],
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> NotePage:
        """List what was written down about a client, the newest first."""
        of = f"notes of {client_id}"
        request = page_request(of, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.clients.get(client_id)
            page = await tx.client_notes.page(client_id, request)
        return NotePage(items=tuple(map(note_view, page.items)), next_cursor=cursor_after(of, page.last))

    @post("/notes", opt={SCOPE: Scope.CLIENTS_WRITE})
    async def add_note(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], data: JSONBody[NewNote]
    ) -> NotedView:
        """Write a note; one that speaks of a death, an illness or the like pauses the client's plans."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            noted = await write_note(tx, api.parts.ids.new(), client_id, data.text, principal.actor)
            understood = await propose_what_is_said(tx, client_id, await vertical_of(api, tx))
        await embed_client(api.parts, principal.user_id, client_id)
        return NotedView(
            note=note_view(noted.note),
            version=noted.client.version,
            paused_plans=noted.paused,
            hardship=noted.hardship,
            understood=tuple(map(fact_view, understood)),
        )

    @get("/facts", opt={SCOPE: Scope.CLIENTS_READ})
    async def list_facts(self, api: TheApi, principal: Caller, client_id: FromPath[UUID]) -> FactList:
        """List what is known of a client's wishes, with its history and its sources."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.clients.get(client_id)
            return FactList(items=tuple(map(fact_view, await tx.client_facts.of_client(client_id))))

    @put("/preferences/{kind:str}", opt={SCOPE: Scope.CLIENTS_WRITE})
    async def set_preference(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], kind: FromPath[str], data: JSONBody[Wish]
    ) -> FactView:
        """State a wish; it takes the place of the one that counts, unless that is dated later."""
        since = None if data.at is None else utc("at", data.at)
        async with api.parts.store.tenant(principal.user_id) as tx:
            vertical = await vertical_of(api, tx)
            fact = await state(
                tx, api.parts.ids.new(), client_id, kind, data.value, principal.actor, vertical,
                version=data.version, at=since,
            )  # fmt: skip
        return fact_view(fact)

    @post("/preferences/{kind:str}/retract", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def retract_preference(
        self,
        api: TheApi,
        principal: Caller,
        client_id: FromPath[UUID],
        kind: FromPath[str],
        data: JSONBody[OverVersion],
    ) -> FactView:
        """Take back whatever a preference rests on; what that had taken the place of counts again."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            vertical = await vertical_of(api, tx)
            gone = await withdraw_preference(tx, client_id, kind, principal.actor, vertical, version=data.version)
        return fact_view(gone)

    @post("/facts/{fact_id:uuid}/accept", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def accept_fact(
        self,
        api: TheApi,
        principal: Caller,
        client_id: FromPath[UUID],
        fact_id: FromPath[UUID],
        data: JSONBody[OverVersion],
    ) -> FactView:
        """Let a proposed fact count."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            vertical = await vertical_of(api, tx)
            fact = await accept(tx, client_id, fact_id, principal.actor, vertical, version=data.version)
        return fact_view(fact)

    @post("/facts/{fact_id:uuid}/retract", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def retract_fact(
        self,
        api: TheApi,
        principal: Caller,
        client_id: FromPath[UUID],
        fact_id: FromPath[UUID],
        data: JSONBody[OverVersion],
    ) -> FactView:
        """Take a fact back, or refuse a proposed one."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            vertical = await vertical_of(api, tx)
            fact = await retract(tx, client_id, fact_id, principal.actor, vertical, version=data.version)
        return fact_view(fact)


def note_view(note: ClientNote) -> NoteView:
    """Return a note as it is shown."""
    return NoteView(id=note.id, text=note.text, author=note.author, at=note.at, is_whole=note.is_whole)


def fact_view(fact: ClientFact) -> FactView:
    """Return a fact as it is shown."""
    span = fact.span
    return FactView(
        id=fact.id,
        kind=fact.kind,
        value=plain_json(fact.value),
        source=fact.source,
        recorded_by=fact.recorded_by,
        at=fact.at,
        recorded_at=fact.recorded_at,
        confidence=fact.confidence,
        text_id=None if span is None else span.text_id,
        start=None if span is None else span.start,
        end=None if span is None else span.end,
        state=fact.state,
        superseded_by=fact.superseded_by,
        is_current=fact.is_current,
    )
