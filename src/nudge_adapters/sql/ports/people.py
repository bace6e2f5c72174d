"""Professionals, their clients, and what they collected for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, insert, or_, select, update

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.people import (
    client_from_row,
    client_to_row,
    content_from_row,
    content_to_row,
    faq_from_row,
    faq_to_row,
    user_from_row,
    user_to_row,
)
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import NotFound
from nudge_core.model.client import Client
from nudge_core.model.faq import Faq
from nudge_core.model.resource import ContentResource
from nudge_core.model.user import User

_user, _client = tables.user, tables.client
_content, _faq = tables.contentresource, tables.faq


class SqlUsers:
    """All professionals; in a tenant's transaction only the tenant."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def _visible(self) -> Select[tuple[object, ...]]:
        everybody = select(_user)
        return everybody if self._work.user_id is None else everybody.where(_user.c.id == self._work.user_id)

    @reading
    async def get(self, user_id: UUID) -> User:
        """Return the user, or raise NotFound."""
        row = await self._work.row(self._visible().where(_user.c.id == user_id))
        if row is None:
            raise NotFound("user", user_id)
        return user_from_row(row, self._work.keyring)

    @writing
    async def add(self, user: User) -> None:
        """Store a new user. Raises Conflict when the id, the phone or the sending number is taken."""
        self._work.own(user.id, "user.id")
        await self._work.run(insert(_user), user_to_row(user, self._work.keyring))

    @writing
    async def save(self, user: User) -> None:
        """Replace a stored user, or raise NotFound."""
        self._work.own(user.id, "user.id")
        saved = await self._work.changed(
            update(_user).where(_user.c.id == user.id).values(user_to_row(user, self._work.keyring))
        )
        if saved == 0:
            raise NotFound("user", user.id)

    @reading
    async def all(self) -> Sequence[User]:
        """Return every user, by id."""
        rows = await self._work.rows(self._visible().order_by(_user.c.id))
        return [user_from_row(row, self._work.keyring) for row in rows]

    @reading
    async def id_by_phone(self, phone: str) -> UUID | None:
        """Return whose own telephone this is, or None."""
        self._work.for_nobody("users.id_by_phone")
        row = await self._work.row(select(_user.c.id).where(_user.c.phone_number == phone))
        return None if row is None else row["id"]

    @reading
    async def super_users(self) -> frozenset[UUID]:
        """Return those who may read across tenants where that is audited."""
        self._work.for_nobody("users.super_users")
        return frozenset((await self._work.run(select(_user.c.id).where(_user.c.is_super_user))).scalars())

    @writing
    async def set_super(self, user_id: UUID, on: bool) -> None:
        """Let a user read across tenants, or not any more; raises NotFound."""
        self._work.for_nobody("users.set_super")
        this = update(_user).where(_user.c.id == user_id).values(is_super_user=on)
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

    @writing
    async def save(self, client: Client) -> None:
        """Replace a stored client, or raise NotFound."""
        self._work.own(client.user_id, "client.user_id")
        saved = await self._work.changed(
            update(_client).where(self._mine, _client.c.id == client.id).values(client_to_row(client))
        )
        if saved == 0:
            raise NotFound("client", client.id)

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


class SqlContents:
    """Links and documents the professional collected."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def add(self, content: ContentResource) -> None:
        """Store a new one."""
        self._work.own(content.user_id, "contentresource.user_id")
        await self._work.run(insert(_content), content_to_row(content))

    @reading
    async def all(self) -> Sequence[ContentResource]:
        """Return all, newest first."""
        query = select(_content).where(_content.c.user_id == self._work.owner)
        rows = await self._work.rows(query.order_by(_content.c.created_at.desc(), _content.c.id.desc()))
        return [content_from_row(row) for row in rows]


class SqlFaqs:
    """Questions with answers."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def add(self, faq: Faq) -> None:
        """Store a new one."""
        self._work.own(faq.user_id, "faq.user_id")
        await self._work.run(insert(_faq), faq_to_row(faq))

    @reading
    async def all(self) -> Sequence[Faq]:
        """Return all, by id."""
        rows = await self._work.rows(select(_faq).where(_faq.c.user_id == self._work.owner).order_by(_faq.c.id))
        return [faq_from_row(row) for row in rows]
