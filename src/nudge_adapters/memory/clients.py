"""Clients, what was written down about them, and what is known of their wishes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.opt_outs import restore_opt_outs
from nudge_adapters.memory.world import Book, World
from nudge_core.errors import Conflict
from nudge_core.model.client import Client, tag_name
from nudge_core.model.client_fact import ClientFact
from nudge_core.model.client_list import (
    NEVER,
    ClientFilter,
    ClientSort,
    SortKey,
    TagCount,
    key_texts,
    read_key,
    sort_key,
)
from nudge_core.model.client_note import ClientNote
from nudge_core.model.consent import ConsentKind, SuppressionScope
from nudge_core.model.page import Page, PageRequest, id_after
from nudge_core.model.vector import Vector


def silenced(book: Book, phone: str | None) -> bool:
    """Say whether a suppression of everything holds for this phone."""
    return phone is not None and any(one.scope is SuppressionScope.ALL for one in book.active_suppressions(phone))


def agreed(book: Book, phone: str) -> bool:
    """Say whether the newest consent of this phone is one."""
    newest = None
    for record in book.consents.rows():
        if record.phone == phone and (newest is None or record.recorded_at >= newest.recorded_at):
            newest = record
    return newest is not None and newest.kind is not ConsentKind.NONE


def _role_words(client: Client) -> frozenset[str]:
    stated = client.preferences.get("roles")
    words = [stated] if isinstance(stated, str) else stated if isinstance(stated, Sequence) else ()
    return frozenset(map(tag_name, [*client.tags, *(word for word in words if isinstance(word, str))]))


class MemoryClients:
    """One professional's book."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._book = world.book(work.user_id)
        self._clients = self._book.clients

    @reading
    async def get(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound."""
        return self._clients.need(client_id, "client")

    @reading
    async def for_change(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound; here every transaction waits for every other one."""
        return self._clients.need(client_id, "client")

    @writing
    async def add(self, clients: Sequence[Client]) -> None:
        """Store new clients, all or none. Raises Conflict when an id or an e-mail of this book is taken."""
        emails = {client.email for client in self._clients.rows()} - {None}
        for client in clients:
            self._work.own(client.user_id, "client.user_id")
        for client in clients:
            if client.email in emails:
                raise Conflict("client", "its e-mail is taken")
            self._clients.add(client.id, client, "client")
            emails |= {client.email} - {None}
            self._users.need(client.user_id, "user")
        restore_opt_outs(self._work, self._book, {client.phone for client in clients if client.phone})

    @writing
    async def save(self, client: Client, version: int | None = None) -> Client:
        """Replace a stored client; return it with its new version and `updated_at`."""
        self._work.own(client.user_id, "client.user_id")
        stored = self._clients.need(client.id, "client")
        if version is not None and stored.version != version:
            raise Conflict("client", "somebody changed it since it was read")
        if client.email and any(o.email == client.email for o in self._clients.rows() if o.id != client.id):
            raise Conflict("client", "its e-mail is taken")
        saved = evolve(client, version=stored.version + 1, updated_at=self._work.now)
        self._clients.put(client.id, saved)
        restore_opt_outs(self._work, self._book, {client.phone} if client.phone else set())
        return saved

    @reading
    async def book(self) -> Sequence[Client]:
        """Return the whole book, by id."""
        return sorted(self._clients.rows(), key=lambda client: client.id)

    def _passing(self, wanted: ClientFilter) -> list[Client]:
        return [client for client in self._clients.rows() if self._passes(client, wanted)]

    def _passes(self, client: Client, wanted: ClientFilter) -> bool:
        changed, met = client.updated_at or client.created_at, client.last_interaction
        muted = silenced(self._book, client.phone)
        textable = client.phone is not None and not muted and agreed(self._book, client.phone)
        return (
            (wanted.tag is None or tag_name(wanted.tag) in set(map(tag_name, client.tags)))
            and (wanted.role_names is None or not wanted.role_names.isdisjoint(_role_words(client)))
            and wanted.has_phone in (None, client.phone is not None)
            and wanted.suppressed in (None, muted)
            and wanted.textable in (None, textable)
            and (wanted.updated_from is None or changed >= wanted.updated_from)
            and (wanted.updated_until is None or changed < wanted.updated_until)
            and (wanted.contacted_from is None or (met is not None and met >= wanted.contacted_from))
            and (wanted.contacted_until is None or (met or NEVER) < wanted.contacted_until)
            and (wanted.name is None or wanted.name.casefold() in client.sort_name)
        )

    @reading
    async def page(self, wanted: ClientFilter, sort: ClientSort, request: PageRequest) -> Page[Client]:
        """Return a page of those who pass the filter. Raises Invalid: the key to go on after is none of this order."""
        rows = sorted(self._passing(wanted), key=lambda one: sort_key(one, sort.by), reverse=sort.descending)
        if request.after is not None:
            last = read_key(request.after, sort.by)
            rows = [one for one in rows if _is_after(sort_key(one, sort.by), last, sort)]
        items = tuple(rows[: request.limit])
        return Page(items=items, last=key_texts(items[-1], sort.by) if len(rows) > len(items) else None)

    @reading
    async def tag_counts(self) -> Sequence[TagCount]:
        """Return every tag of this book, by tag."""
        own = Counter(tag for one in self._clients.rows() for tag in set(one.user_tags))
        proposed = Counter(tag for one in self._clients.rows() for tag in set(one.ai_tags))
        return [TagCount(tag, own[tag], proposed[tag]) for tag in sorted(own | proposed)]

    @reading
    async def mentioning(self, words: Collection[str], wanted: ClientFilter) -> Sequence[Client]:
        """Return those who pass the filter with one of these words in name, tags or notes, by id."""
        found = [one for one in self._passing(wanted) if any(word in _said_of(one) for word in words)]
        return sorted(found, key=lambda one: one.id)

    @reading
    async def meanings(self, model_id: str, wanted: ClientFilter) -> Mapping[UUID, Vector]:
        """Return the vectors by this model of those who pass the filter."""
        passing = ((one.id, one.notes_embedding) for one in self._passing(wanted))
        return {one: vector for one, vector in passing if vector is not None and vector.model_id == model_id}

    @writing
    async def set_meaning(self, client_id: UUID, notes: str, vector: Vector | None) -> bool:
        """Store the vector of a client's notes; False when they are not `notes` any more."""
        client = self._clients.get(client_id)
        if client is None or client.notes != notes:
            return False
        self._clients.put(client_id, evolve(client, notes_embedding=vector))
        return True

    @writing
    async def touch(self, client_ids: Sequence[UUID], at: datetime) -> None:
        """Raise `last_interaction` of these clients to `at`; a later one is kept, a missing client left out."""
        for client_id in set(client_ids):
            client = self._clients.get(client_id)
            if client is not None and (client.last_interaction is None or client.last_interaction < at):
                self._clients.put(client_id, evolve(client, last_interaction=at))

    @reading
    async def by_phone(self, phone: str) -> Sequence[Client]:
        """Return those with this phone, by id."""
        return sorted((c for c in self._clients.rows() if c.phone == phone), key=lambda client: client.id)

    @reading
    async def of(self, client_ids: Collection[UUID], phones: Collection[str]) -> Sequence[Client]:
        """Return those with one of these ids or one of these phones, each once, by id."""
        rows = [row for row in self._clients.rows() if row.id in client_ids or row.phone in phones]
        return sorted(rows, key=lambda row: row.id)

    @reading
    async def reachable_at(self, phones: Collection[str], emails: Collection[str]) -> Sequence[Client]:
        """Return those with one of these phones or e-mails, each once, by id."""
        folded = {email.lower() for email in emails}
        rows = [one for one in self._clients.rows() if one.phone in phones or (one.email or "").lower() in folded]
        return sorted(rows, key=lambda row: row.id)


def _is_after(key: SortKey, last: SortKey, sort: ClientSort) -> bool:
    return key < last if sort.descending else key > last


def _said_of(client: Client) -> str:
    return "\n".join([client.full_name, *client.tags, client.notes]).lower()


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
    async def of_client(self, client_id: UUID) -> Sequence[ClientFact]:
        """Return a client's facts with their whole history, the earliest first."""
        return sorted((fact for fact in self._facts.rows() if fact.client_id == client_id), key=lambda fact: fact.at)
