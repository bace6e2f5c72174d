"""What was written down about clients, and what is known of their wishes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Uuid, any_, insert, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.clients import (
    client_note_from_row,
    client_note_to_row,
    fact_from_row,
    fact_to_row,
    import_from_row,
    import_to_row,
)
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.client_fact import ClientFact, FactState
from nudge_core.model.client_import import ClientImport
from nudge_core.model.client_note import ClientNote
from nudge_core.model.page import Page, PageRequest, id_after

_note, _fact, _import = tables.clientnote, tables.clientfact, tables.clientimport


class SqlClientNotes:
    """What was written down about clients."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _note.c.user_id == work.owner

    @writing
    async def add(self, notes: Sequence[ClientNote]) -> None:
        """Store notes. Raises Conflict when an id is taken, NotFound when a client is not in this book."""
        for note in notes:
            self._work.own(note.user_id, "clientnote.user_id")
        if notes:
            await self._work.run(insert(_note), [client_note_to_row(note) for note in notes])

    @reading
    async def of_client(self, client_id: UUID) -> Sequence[ClientNote]:
        """Return a client's notes, oldest first."""
        query = select(_note).where(self._mine, _note.c.client_id == client_id).order_by(_note.c.at, _note.c.seq)
        return [client_note_from_row(row) for row in await self._work.rows(query)]

    @reading
    async def page(self, client_id: UUID, request: PageRequest) -> Page[ClientNote]:
        """Return a page of a client's notes, newest first."""
        query = select(_note).where(self._mine, _note.c.client_id == client_id)
        after = id_after(request)
        if after is not None:
            last = select(_note.c.at, _note.c.seq).where(self._mine, _note.c.id == after)
            query = query.where(tuple_(_note.c.at, _note.c.seq) < last.scalar_subquery())
        rows = await self._work.rows(query.order_by(_note.c.at.desc(), _note.c.seq.desc()).limit(request.limit + 1))
        items = tuple(client_note_from_row(row) for row in rows[: request.limit])
        return Page(items=items, last=(str(items[-1].id),) if len(rows) > len(items) else None)


class SqlClientFacts:
    """What is known of clients' wishes, and from where."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _fact.c.user_id == work.owner

    @writing
    async def add(self, facts: Sequence[ClientFact]) -> None:
        """Store facts. Raises Conflict when an id is taken, NotFound when a client is not in this book."""
        for fact in facts:
            self._work.own(fact.user_id, "clientfact.user_id")
        if facts:
            await self._work.run(insert(_fact), [fact_to_row(fact) for fact in facts])

    @reading
    async def get(self, fact_id: UUID) -> ClientFact:
        """Return the fact, or raise NotFound."""
        row = await self._work.row(select(_fact).where(self._mine, _fact.c.id == fact_id))
        if row is None:
            raise NotFound("fact", fact_id)
        return fact_from_row(row)

    @writing
    async def save(self, fact: ClientFact) -> None:
        """Replace the state and `superseded_by` of a stored fact, or raise NotFound; the rest of it stays."""
        values = {"state": fact.state.value, "superseded_by": fact.superseded_by}
        this = update(_fact).where(self._mine, _fact.c.id == fact.id)
        if await self._work.changed(this.values(values)) == 0:
            raise NotFound("fact", fact.id)

    @reading
    async def current(self, client_ids: Collection[UUID]) -> Mapping[UUID, Sequence[ClientFact]]:
        """Return the facts that count now, by client, each client's the earliest first."""
        if not client_ids:
            return {}
        wanted = any_(literal(list(client_ids), ARRAY(Uuid)))
        counts = (_fact.c.state == FactState.ACCEPTED.value, _fact.c.superseded_by.is_(None))
        query = select(_fact).where(self._mine, _fact.c.client_id == wanted, *counts)
        found: dict[UUID, list[ClientFact]] = {}
        for row in await self._work.rows(query.order_by(_fact.c.at, _fact.c.seq)):
            fact = fact_from_row(row)
            found.setdefault(fact.client_id, []).append(fact)
        return found

    @reading
    async def of_client(self, client_id: UUID) -> Sequence[ClientFact]:
        """Return a client's facts with their whole history, the earliest first."""
        query = select(_fact).where(self._mine, _fact.c.client_id == client_id).order_by(_fact.c.at, _fact.c.seq)
        return [fact_from_row(row) for row in await self._work.rows(query)]


class SqlClientImports:
    """Clients that came together."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _import.c.user_id == work.owner

    @writing
    async def add(self, imported: ClientImport) -> None:
        """Store one. Raises Conflict when its id is taken."""
        self._work.own(imported.user_id, "clientimport.user_id")
        await self._work.run(insert(_import), import_to_row(imported))

    @reading
    async def get(self, import_id: UUID) -> ClientImport:
        """Return one, or raise NotFound."""
        row = await self._work.row(select(_import).where(self._mine, _import.c.id == import_id))
        if row is None:
            raise NotFound("import", import_id)
        return import_from_row(row)

    @writing
    async def undone(self, import_id: UUID) -> None:
        """Mark one as taken back now. Raises Conflict when it was already, NotFound."""
        this = (self._mine, _import.c.id == import_id)
        mark = update(_import).where(*this, _import.c.undone_at.is_(None)).values(undone_at=self._work.now)
        if await self._work.changed(mark) == 0:
            if await self._work.row(select(_import.c.id).where(*this)) is None:
                raise NotFound("import", import_id)
            raise Conflict("import", "it was taken back already")

    @reading
    async def page(self, request: PageRequest) -> Page[ClientImport]:
        """Return a page of imports, newest first."""
        query = select(_import).where(self._mine)
        after = id_after(request)
        if after is not None:
            last = select(_import.c.created_at, _import.c.id).where(self._mine, _import.c.id == after)
            query = query.where(tuple_(_import.c.created_at, _import.c.id) < last.scalar_subquery())
        newest = query.order_by(_import.c.created_at.desc(), _import.c.id.desc())
        rows = await self._work.rows(newest.limit(request.limit + 1))
        items = tuple(import_from_row(row) for row in rows[: request.limit])
        return Page(items=items, last=(str(items[-1].id),) if len(rows) > len(items) else None)
