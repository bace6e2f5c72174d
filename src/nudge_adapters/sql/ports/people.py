"""Professionals and their clients."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve
from sqlalchemy import ColumnElement, Text, cast, func, insert, or_, select, true, update

from nudge_adapters.sql import tables
from nudge_adapters.sql.across import KEYS, Across
from nudge_adapters.sql.ports.client_filter import asked, conditions, values
from nudge_adapters.sql.ports.opt_outs import restore_opt_outs
from nudge_adapters.sql.ports.tags import count_tags
from nudge_adapters.sql.rows.people import (
    client_from_row,
    client_to_row,
    user_from_row,
    user_to_row,
)
from nudge_adapters.sql.rows.values import vector_from_row, vector_to_columns
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.client import Client, ClientFilter
from nudge_core.model.user import User
from nudge_core.model.vector import Vector

_user, _client = tables.user, tables.client


_ALL = Across(name="all_users", takes={}, gives=KEYS, statement='SELECT u.id, u.id FROM "user" u')
USER_OF_PHONE = Across(
    name="user_of_phone",
    takes={"phone": "text"},
    gives="uuid",
    statement='SELECT u.id FROM "user" u WHERE u.phone_number = :phone',
)
_SUPER = Across(
    name="super_users", takes={}, gives=KEYS, statement='SELECT u.id, u.id FROM "user" u WHERE u.is_super_user'
)
ACROSS = (_ALL, USER_OF_PHONE, _SUPER)
_ASK_PHONE, _ASK_SUPER = USER_OF_PHONE.call(), _SUPER.call("id")
_EVERYBODY = _ALL.rows(_user)


class SqlUsers:
    """All professionals; in a tenant's transaction only the tenant.

    In a system transaction one is read and written as themselves, and all are read one after the other.
    """

    def __init__(self, work: Work) -> None:
        self._work = work

    def _visible(self) -> ColumnElement[bool]:
        return true() if self._work.user_id is None else _user.c.id == self._work.user_id

    @reading
    async def get(self, user_id: UUID) -> User:
        """Return the user, or raise NotFound."""
        async with self._work.acting_for(user_id):
            row = await self._work.row(select(_user).where(self._visible(), _user.c.id == user_id))
        if row is None:
            raise NotFound("user", user_id)
        return user_from_row(row, self._work.keyring)

    @writing
    async def add(self, user: User) -> None:
        """Store a new user. Raises Conflict when the id, the phone or the sending number is taken."""
        self._work.own(user.id, "user.id")
        async with self._work.acting_for(user.id):
            await self._work.run(insert(_user), user_to_row(user, self._work.keyring))

    @writing
    async def save(self, user: User) -> User:
        """Store a changed one over the version it was read at. Raises Conflict, NotFound."""
        self._work.own(user.id, "user.id")
        saved = evolve(user, version=user.version + 1)
        this = (_user.c.id == user.id, _user.c.version == user.version)
        row = user_to_row(saved, self._work.keyring)
        async with self._work.acting_for(user.id):
            if await self._work.changed(update(_user).where(*this).values(row)) == 0:
                if await self._work.row(select(_user.c.id).where(_user.c.id == user.id)) is None:
                    raise NotFound("user", user.id)
                raise Conflict("user", "somebody changed it since it was read")
        return saved

    @reading
    async def ids(self) -> Sequence[UUID]:
        """Return the id of every user, in order, without reading anything of theirs."""
        everybody = _ALL.call("id") if self._work.user_id is None else select(_user.c.id).where(self._visible())
        return sorted((await self._work.run(everybody)).scalars())

    @reading
    async def all(self) -> Sequence[User]:
        """Return every user, by id."""
        everybody = _EVERYBODY if self._work.user_id is None else select(_user).where(self._visible())
        rows = sorted(await self._work.rows(everybody), key=lambda row: row["id"])
        return [user_from_row(row, self._work.keyring) for row in rows]

    @reading
    async def id_by_phone(self, phone: str) -> UUID | None:
        """Return whose own telephone this is, or None."""
        self._work.for_nobody("users.id_by_phone")
        found: UUID | None = (await self._work.run(_ASK_PHONE, {"phone": phone})).scalar()
        return found

    @reading
    async def super_users(self) -> frozenset[UUID]:
        """Return those who may read across tenants where that is audited."""
        self._work.for_nobody("users.super_users")
        return frozenset((await self._work.run(_ASK_SUPER)).scalars())

    @writing
    async def set_super(self, user_id: UUID, on: bool) -> None:
        """Let a user read across tenants, or not any more; raises NotFound."""
        self._work.for_nobody("users.set_super")
        this = update(_user).where(_user.c.id == user_id).values(is_super_user=on)
        async with self._work.acting_for(user_id):
            if await self._work.changed(this) == 0:
                raise NotFound("user", user_id)


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

    @writing
    async def add(self, clients: Sequence[Client]) -> None:
        """Store new clients, all or none. Raises Conflict when an id or an e-mail of this book is taken."""
        for client in clients:
            self._work.own(client.user_id, "client.user_id")
        if clients:
            await self._work.run(insert(_client), [client_to_row(client) for client in clients])
            await restore_opt_outs(self._work, {client.phone for client in clients if client.phone})

    @writing
    async def save(self, client: Client) -> Client:
        """Store a changed one over the version it was read at; return it with its new version."""
        self._work.own(client.user_id, "client.user_id")
        this = (self._mine, _client.c.id == client.id)
        values = {**client_to_row(client), "version": client.version + 1, "updated_at": self._work.now}
        values["last_interaction"] = func.greatest(_client.c.last_interaction, client.last_interaction)
        change = update(_client).where(*this, _client.c.version == client.version).values(values)
        row = await self._work.row(change.returning(*_client.c))
        if row is not None:
            await restore_opt_outs(self._work, {client.phone} if client.phone else ())
            return client_from_row(row)
        if await self._work.row(select(_client.c.id).where(*this)) is None:
            raise NotFound("client", client.id)
        raise Conflict("client", "somebody changed it since it was read")

    @writing
    async def describe(self, client_id: UUID, notes: str, vector: Vector | None) -> bool:
        """Store the vector of these notes; False when the client has others by now."""
        this = (self._mine, _client.c.id == client_id, _client.c.notes == notes)
        change = update(_client).where(*this).values(vector_to_columns("notes_embedding", vector))
        return await self._work.changed(change) > 0

    @reading
    async def for_change(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound; whoever else would change it waits for this transaction."""
        this = select(_client).where(self._mine, _client.c.id == client_id)
        row = await self._work.row(this.with_for_update(key_share=True))
        if row is None:
            raise NotFound("client", client_id)
        return client_from_row(row)

    @reading
    async def mentioning(self, words: Collection[str], which: ClientFilter) -> Sequence[Client]:
        """Return those who pass the filter with one of these words in name, tags or notes, by id."""
        if not words:
            return []
        tags = cast(_client.c.user_tags.op("||")(_client.c.ai_tags), Text)
        said = func.lower(_client.c.full_name + "\n" + tags + "\n" + _client.c.notes)
        somewhere = or_(*(func.strpos(said, word) > 0 for word in sorted(words)))
        query = select(_client).where(self._mine, *conditions(asked(which)), somewhere).order_by(_client.c.id)
        return [client_from_row(row) for row in await self._work.rows(query, values(which))]

    @reading
    async def meanings(self, model_id: str, which: ClientFilter) -> Mapping[UUID, Vector]:
        """Return the vectors by this model of those who pass the filter."""
        columns = (_client.c.id, _client.c.notes_embedding, _client.c.notes_embedding_model)
        by_model = _client.c.notes_embedding_model == model_id
        query = select(*columns).where(self._mine, by_model, *conditions(asked(which)))
        rows = await self._work.rows(query, values(which))
        read = ((row["id"], vector_from_row(row, "notes_embedding")) for row in rows)
        return {client_id: vector for client_id, vector in read if vector is not None}

    @reading
    async def reachable_at(self, phones: Collection[str], emails: Collection[str]) -> Sequence[Client]:
        """Return those with one of these phones or e-mails, each once, by id."""
        folded = sorted({email.lower() for email in emails})
        which = or_(func.lower(_client.c.email).in_(folded), _client.c.phone.in_(sorted(phones)))
        query = select(_client).where(self._mine, which).order_by(_client.c.id)
        return [client_from_row(row) for row in await self._work.rows(query)]

    @reading
    async def tags(self) -> Mapping[str, int]:
        """Return how many clients have each tag."""
        return await count_tags(self._work)

    @writing
    async def touch(self, client_ids: Sequence[UUID], at: datetime) -> None:
        """Raise `last_interaction` of these clients to `at`; a later one is kept, a missing client left out."""
        those = (self._mine, _client.c.id.in_(client_ids))
        raised = func.greatest(_client.c.last_interaction, at)
        await self._work.run(update(_client).where(*those).values(last_interaction=raised))

    @reading
    async def book(self) -> Sequence[Client]:
        """Return the whole book, by id."""
        rows = await self._work.rows(select(_client).where(self._mine).order_by(_client.c.id))
        return [client_from_row(row) for row in rows]

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
    async def is_empty(self) -> bool:
        """Say whether nobody is in the book."""
        return await self._work.row(select(_client.c.id).where(self._mine).limit(1)) is None
