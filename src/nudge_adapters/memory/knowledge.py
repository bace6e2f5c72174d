"""What was written down about clients, and what is known of their wishes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict
from nudge_core.model.client_fact import ClientFact
from nudge_core.model.client_import import ClientImport
from nudge_core.model.client_note import ClientNote
from nudge_core.model.page import Page, PageRequest, id_after


class MemoryClientNotes:
    """What was written down about clients."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)

    def _of(self, client_id: UUID) -> list[ClientNote]:
        return sorted((n for n in self._book.client_notes.rows() if n.client_id == client_id), key=lambda n: n.at)

    @writing
    async def add(self, notes: Sequence[ClientNote]) -> None:
        """Store notes. Raises Conflict when an id is taken, NotFound when a client is not in this book."""
        for note in notes:
            self._work.own(note.user_id, "clientnote.user_id")
        for note in notes:
            self._book.client_notes.add(note.id, note, "note")
            self._book.clients.need(note.client_id, "client")

    @reading
    async def of_client(self, client_id: UUID) -> Sequence[ClientNote]:
        """Return a client's notes, oldest first."""
        return self._of(client_id)

    @reading
    async def page(self, client_id: UUID, request: PageRequest) -> Page[ClientNote]:
        """Return a page of a client's notes, newest first."""
        return paged(reversed(self._of(client_id)), request)


def paged(notes: Iterable[ClientNote], request: PageRequest) -> Page[ClientNote]:
    """Return the page that begins after the note whose id the key names."""
    rows = list(notes)
    after = id_after(request)
    if after is not None:
        places = [place for place, note in enumerate(rows) if note.id == after]
        rows = rows[places[0] + 1 :] if places else []
    items = tuple(rows[: request.limit])
    return Page(items=items, last=(str(items[-1].id),) if len(rows) > len(items) else None)


class MemoryClientFacts:
    """What is known of clients' wishes, and from where."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)
        self._facts = self._book.client_facts

    @writing
    async def add(self, facts: Sequence[ClientFact]) -> None:
        """Store facts. Raises Conflict when an id is taken, NotFound when a client is not in this book."""
        for fact in facts:
            self._work.own(fact.user_id, "clientfact.user_id")
        for fact in facts:
            self._facts.add(fact.id, fact, "fact")
            self._book.clients.need(fact.client_id, "client")
        for fact in facts:
            if fact.superseded_by is not None:
                self._facts.need(fact.superseded_by, "fact")

    @reading
    async def get(self, fact_id: UUID) -> ClientFact:
        """Return the fact, or raise NotFound."""
        return self._facts.need(fact_id, "fact")

    @writing
    async def save(self, fact: ClientFact) -> None:
        """Replace the state and `superseded_by` of a stored fact, or raise NotFound; the rest of it stays."""
        stored = self._facts.need(fact.id, "fact")
        if fact.superseded_by is not None:
            self._facts.need(fact.superseded_by, "fact")
        self._facts.put(fact.id, evolve(stored, state=fact.state, superseded_by=fact.superseded_by))

    @reading
    async def current(self, client_ids: Collection[UUID]) -> Mapping[UUID, Sequence[ClientFact]]:
        """Return the facts that count now, by client, each client's the earliest first."""
        found: dict[UUID, list[ClientFact]] = {}
        for fact in sorted(self._facts.rows(), key=lambda fact: fact.at):
            if fact.client_id in client_ids and fact.is_current:
                found.setdefault(fact.client_id, []).append(fact)
        return found

    @reading
    async def of_client(self, client_id: UUID) -> Sequence[ClientFact]:
        """Return a client's facts with their whole history, the earliest first."""
        return sorted((fact for fact in self._facts.rows() if fact.client_id == client_id), key=lambda fact: fact.at)


class MemoryClientImports:
    """Clients that came together."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._imports = world.book(work.user_id).client_imports

    @writing
    async def add(self, imported: ClientImport) -> None:
        """Store one. Raises Conflict when its id is taken."""
        self._work.own(imported.user_id, "clientimport.user_id")
        self._imports.add(imported.id, imported, "import")
        self._users.need(imported.user_id, "user")

    @reading
    async def get(self, import_id: UUID) -> ClientImport:
        """Return one, or raise NotFound."""
        return self._imports.need(import_id, "import")

    @writing
    async def undone(self, import_id: UUID) -> None:
        """Mark one as taken back now. Raises Conflict when it was already, NotFound."""
        stored = self._imports.need(import_id, "import")
        if stored.undone_at is not None:
            raise Conflict("import", "it was taken back already")
        self._imports.put(import_id, evolve(stored, undone_at=self._work.now))

    @reading
    async def page(self, request: PageRequest) -> Page[ClientImport]:
        """Return a page of imports, newest first."""
        after = id_after(request)
        rows = sorted(self._imports.rows(), key=lambda one: (one.created_at, one.id), reverse=True)
        if after is not None:
            last = self._imports.get(after)
            rows = [] if last is None else [o for o in rows if (o.created_at, o.id) < (last.created_at, last.id)]
        items = tuple(rows[: request.limit])
        return Page(items=items, last=(str(items[-1].id),) if len(rows) > len(items) else None)
