"""Professionals, their clients, and what they collected for them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, insert, select, update

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.people import (
    content_from_row,
    content_to_row,
    faq_from_row,
    faq_to_row,
    user_from_row,
    user_to_row,
)
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import NotFound
from nudge_core.model.faq import Faq
from nudge_core.model.resource import ContentResource
from nudge_core.model.user import User

_user = tables.user
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
