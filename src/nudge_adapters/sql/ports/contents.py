"""What the professional collected, and answers to questions that come again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from attrs import evolve
from sqlalchemy import delete, func, insert, select, true, update

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.pages import read_page
from nudge_adapters.sql.rows.people import content_from_row, content_to_row, faq_from_row, faq_to_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.faq import Faq
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.resource import ContentOrder, ContentResource, ResourceStatus

_content, _faq = tables.contentresource, tables.faq
_CHANGED = "somebody changed it since it was read"
_ORDERS = MappingProxyType(
    {
        ContentOrder.NEWEST: ((_content.c.created_at, _content.c.id), True),
        ContentOrder.MOST_USED: ((_content.c.usage_count, _content.c.id), True),
        ContentOrder.TITLE: ((_content.c.title, _content.c.id), False),
    }
)
"""Sort columns of each order, and whether they descend."""


class SqlContents:
    """Links and documents the professional collected."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _content.c.user_id == work.owner

    @writing
    async def add(self, content: ContentResource) -> None:
        """Store a new one."""
        self._work.own(content.user_id, "contentresource.user_id")
        await self._work.run(insert(_content), content_to_row(content))

    @reading
    async def all(self) -> Sequence[ContentResource]:
        """Return all, newest first."""
        query = select(_content).where(self._mine)
        rows = await self._work.rows(query.order_by(_content.c.created_at.desc(), _content.c.id.desc()))
        return [content_from_row(row) for row in rows]

    @reading
    async def get(self, content_id: UUID) -> ContentResource:
        """Return one, or raise NotFound."""
        row = await self._work.row(select(_content).where(self._mine, _content.c.id == content_id))
        if row is None:
            raise NotFound("content", content_id)
        return content_from_row(row)

    @writing
    async def save(self, content: ContentResource) -> ContentResource:
        """Store a changed one over the version it was read at. Raises Conflict, NotFound."""
        self._work.own(content.user_id, "contentresource.user_id")
        values = content_to_row(evolve(content, version=content.version + 1))
        del values["usage_count"]
        this = (self._mine, _content.c.id == content.id)
        changed = update(_content).where(*this, _content.c.version == content.version).values(values)
        row = await self._work.row(changed.returning(*_content.c))
        if row is None:
            if await self._work.row(select(_content.c.id).where(*this)) is None:
                raise NotFound("content", content.id)
            raise Conflict("content", _CHANGED)
        return content_from_row(row)

    @writing
    async def remove(self, content_id: UUID) -> None:
        """Remove one, or raise NotFound."""
        if await self._work.changed(delete(_content).where(self._mine, _content.c.id == content_id)) == 0:
            raise NotFound("content", content_id)

    @writing
    async def use(self, content_id: UUID) -> ContentResource:
        """Count one more use. Raises NotFound."""
        used = update(_content).where(self._mine, _content.c.id == content_id)
        row = await self._work.row(used.values(usage_count=_content.c.usage_count + 1).returning(*_content.c))
        if row is None:
            raise NotFound("content", content_id)
        return content_from_row(row)

    @reading
    async def page(
        self,
        request: PageRequest,
        order: ContentOrder,
        *,
        status: ResourceStatus | None = None,
        category: str | None = None,
    ) -> Page[ContentResource]:
        """Return a page of those that fit, in this order."""
        query = select(_content).where(self._mine)
        if status is not None:
            query = query.where(_content.c.status == status)
        if category is not None:
            query = query.where(_content.c.categories.contains([category]))
        columns, descending = _ORDERS[order]
        return await read_page(self._work, query, columns, request, content_from_row, descending=descending)

    @reading
    async def categories(self, limit: int) -> Mapping[str, int]:
        """Return how many there are in each category, by name."""
        each = func.jsonb_array_elements_text(_content.c.categories).table_valued("name").render_derived().lateral()
        name = each.c.name.collate("C")
        query = select(each.c.name, func.count(_content.c.id.distinct())).select_from(_content.join(each, true()))
        query = query.where(self._mine).group_by(each.c.name).order_by(name).limit(limit)
        return await self._work.pairs(query)


class SqlFaqs:
    """Questions with answers."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _faq.c.user_id == work.owner

    @writing
    async def add(self, faq: Faq) -> None:
        """Store a new one."""
        self._work.own(faq.user_id, "faq.user_id")
        await self._work.run(insert(_faq), faq_to_row(faq))

    @reading
    async def all(self) -> Sequence[Faq]:
        """Return all, by id."""
        rows = await self._work.rows(select(_faq).where(self._mine).order_by(_faq.c.id))
        return [faq_from_row(row) for row in rows]

    @reading
    async def get(self, faq_id: UUID) -> Faq:
        """Return one, or raise NotFound."""
        row = await self._work.row(select(_faq).where(self._mine, _faq.c.id == faq_id))
        if row is None:
            raise NotFound("faq", faq_id)
        return faq_from_row(row)

    @writing
    async def save(self, faq: Faq) -> Faq:
        """Store a changed one over the version it was read at. Raises Conflict, NotFound."""
        self._work.own(faq.user_id, "faq.user_id")
        saved = evolve(faq, version=faq.version + 1)
        this = (self._mine, _faq.c.id == faq.id)
        changed = update(_faq).where(*this, _faq.c.version == faq.version).values(faq_to_row(saved))
        if await self._work.changed(changed) == 0:
            if await self._work.row(select(_faq.c.id).where(*this)) is None:
                raise NotFound("faq", faq.id)
            raise Conflict("faq", _CHANGED)
        return saved

    @writing
    async def remove(self, faq_id: UUID) -> None:
        """Remove one, or raise NotFound."""
        if await self._work.changed(delete(_faq).where(self._mine, _faq.c.id == faq_id)) == 0:
            raise NotFound("faq", faq_id)

    @reading
    async def page(self, request: PageRequest) -> Page[Faq]:
        """Return a page, by id."""
        return await read_page(self._work, select(_faq).where(self._mine), (_faq.c.id,), request, faq_from_row)
