"""Clients, what was written down about them, and what is known of their wishes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve
from sqlalchemy import Text, cast, func, insert, or_, select, text, tuple_, update

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.client_filter import beyond, conditions, order
from nudge_adapters.sql.ports.opt_outs import restore_opt_outs
from nudge_adapters.sql.rows.clients import client_note_from_row, client_note_to_row, fact_from_row, fact_to_row
from nudge_adapters.sql.rows.people import client_from_row, client_to_row
from nudge_adapters.sql.rows.values import vector_from_row, vector_to_columns
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.client import Client
from nudge_core.model.client_fact import ClientFact
from nudge_core.model.client_list import ClientFilter, ClientSort, TagCount, key_texts, read_key
from nudge_core.model.client_note import ClientNote
from nudge_core.model.page import Page, PageRequest, id_after
from nudge_core.model.vector import Vector

_client, _note, _fact = tables.client, tables.clientnote, tables.clientfact
_TAGS = text(
    "SELECT tag, count(DISTINCT id) FILTER (WHERE is_own) AS own, "
    "count(DISTINCT id) FILTER (WHERE NOT is_own) AS proposed "
    "FROM (SELECT id, jsonb_array_elements_text(user_tags) AS tag, true AS is_own FROM client WHERE user_id = :user_id "
    "UNION ALL SELECT id, jsonb_array_elements_text(ai_tags), false FROM client WHERE user_id = :user_id) AS told "
    "GROUP BY tag"
)
_KEPT_ON_SAVE = ("id", "user_id", "version")


class SqlClients:
    """One professional's book."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _client.c.user_id == work.owner

    @reading
    async def get(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound."""
        row = await self._work.row(select(_client).where(self._mine, _client.c.id == client_id))
        if row is None:
            raise NotFound("client", client_id)
        return client_from_row(row)

    @reading
    async def for_change(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound; whoever else would change it waits for this transaction."""
        this = select(_client).where(self._mine, _client.c.id == client_id)
        row = await self._work.row(this.with_for_update(key_share=True))
        if row is None:
            raise NotFound("client", client_id)
        return client_from_row(row)

    @writing
    async def add(self, clients: Sequence[Client]) -> None:
        """Store new clients, all or none. Raises Conflict when an id or an e-mail of this book is taken."""
        for client in clients:
            self._work.own(client.user_id, "client.user_id")
        if clients:
            await self._work.run(insert(_client), [client_to_row(client) for client in clients])
            await restore_opt_outs(self._work, {client.phone for client in clients if client.phone})

    @writing
    async def save(self, client: Client, version: int | None = None) -> Client:
        """Replace a stored client; return it with its new version and `updated_at`."""
        self._work.own(client.user_id, "client.user_id")
        this = (self._mine, _client.c.id == client.id)
        changed = evolve(client, updated_at=self._work.now)
        row = {name: value for name, value in client_to_row(changed).items() if name not in _KEPT_ON_SAVE}
        change = update(_client).where(*this).values(**row, version=_client.c.version + 1)
        if version is not None:
            change = change.where(_client.c.version == version)
        saved = (await self._work.run(change.returning(_client.c.version))).first()
        if saved is None:
            if version is not None and (await self._work.run(select(_client.c.id).where(*this))).first() is not None:
                raise Conflict("client", "somebody changed it since it was read")
            raise NotFound("client", client.id)
        if client.phone is not None:
            await restore_opt_outs(self._work, {client.phone})
        return evolve(changed, version=saved.version)

    @writing
    async def touch(self, client_ids: Sequence[UUID], at: datetime) -> None:
        """Raise `last_interaction` of these clients to `at`; a later one is kept, a missing client left out."""
        those = (self._mine, _client.c.id.in_(client_ids))
        raised = func.greatest(_client.c.last_interaction, at)
        await self._work.run(update(_client).where(*those).values(last_interaction=raised))

    @writing
    async def set_meaning(self, client_id: UUID, notes: str, vector: Vector | None) -> bool:
        """Store the vector of a client's notes; False when they are not `notes` any more."""
        this = (self._mine, _client.c.id == client_id, _client.c.notes == notes)
        values = vector_to_columns("notes_embedding", vector)
        return await self._work.changed(update(_client).where(*this).values(values)) == 1

    @reading
    async def book(self) -> Sequence[Client]:
        """Return the whole book, by id."""
        rows = await self._work.rows(select(_client).where(self._mine).order_by(_client.c.id))
        return [client_from_row(row) for row in rows]

    @reading
    async def page(self, wanted: ClientFilter, sort: ClientSort, request: PageRequest) -> Page[Client]:
        """Return a page of those who pass the filter. Raises Invalid: the key to go on after is none of this order."""
        query = select(_client).where(self._mine, *conditions(wanted)).order_by(*order(sort))
        if request.after is not None:
            query = query.where(beyond(read_key(request.after, sort.by), sort))
        rows = await self._work.rows(query.limit(request.limit + 1))
        items = tuple(client_from_row(row) for row in rows[: request.limit])
        return Page(items=items, last=key_texts(items[-1], sort.by) if len(rows) > len(items) else None)

    @reading
    async def tag_counts(self) -> Sequence[TagCount]:
        """Return every tag of this book, by tag."""
        rows = await self._work.rows(_TAGS, {"user_id": self._work.owner})
        return sorted((TagCount(row["tag"], row["own"], row["proposed"]) for row in rows), key=lambda one: one.tag)

    @reading
    async def mentioning(self, words: Collection[str], wanted: ClientFilter) -> Sequence[Client]:
        """Return those who pass the filter with one of these words in name, tags or notes, by id."""
        if not words:
            return []
        tags = cast(_client.c.user_tags.op("||")(_client.c.ai_tags), Text)
        said = func.lower(_client.c.full_name + "\n" + tags + "\n" + _client.c.notes)
        somewhere = or_(*(func.strpos(said, word) > 0 for word in sorted(words)))
        query = select(_client).where(self._mine, *conditions(wanted), somewhere).order_by(_client.c.id)
        return [client_from_row(row) for row in await self._work.rows(query)]

    @reading
    async def meanings(self, model_id: str, wanted: ClientFilter) -> Mapping[UUID, Vector]:
        """Return the vectors by this model of those who pass the filter."""
        columns = (_client.c.id, _client.c.notes_embedding, _client.c.notes_embedding_model)
        by_model = _client.c.notes_embedding_model == model_id
        rows = await self._work.rows(select(*columns).where(self._mine, by_model, *conditions(wanted)))
        read = ((row["id"], vector_from_row(row, "notes_embedding")) for row in rows)
        return {client_id: vector for client_id, vector in read if vector is not None}

    @reading
    async def by_phone(self, phone: str) -> Sequence[Client]:
        """Return those with this phone, by id."""
        query = select(_client).where(self._mine, _client.c.phone == phone).order_by(_client.c.id)
        return [client_from_row(row) for row in await self._work.rows(query)]

    @reading
    async def of(self, client_ids: Collection[UUID], phones: Collection[str]) -> Sequence[Client]:
        """Return those with one of these ids or one of these phones, each once, by id."""
        which = or_(_client.c.id.in_(sorted(client_ids)), _client.c.phone.in_(sorted(phones)))
        query = select(_client).where(self._mine, which).order_by(_client.c.id)
        return [client_from_row(row) for row in await self._work.rows(query)]

    @reading
    async def reachable_at(self, phones: Collection[str], emails: Collection[str]) -> Sequence[Client]:
        """Return those with one of these phones or e-mails, each once, by id."""
        folded = sorted({email.lower() for email in emails})
        which = or_(func.lower(_client.c.email).in_(folded), _client.c.phone.in_(sorted(phones)))
        query = select(_client).where(self._mine, which).order_by(_client.c.id)
        return [client_from_row(row) for row in await self._work.rows(query)]


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
    async def of_client(self, client_id: UUID) -> Sequence[ClientFact]:
        """Return a client's facts with their whole history, the earliest first."""
        query = select(_fact).where(self._mine, _fact.c.client_id == client_id).order_by(_fact.c.at, _fact.c.seq)
        return [fact_from_row(row) for row in await self._work.rows(query)]
