"""What the professional collected, and answers to questions that come again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.pages import page_of
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict
from nudge_core.model.faq import Faq
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.resource import ContentOrder, ContentResource, ResourceStatus

CHANGED = "somebody changed it since it was read"


class MemoryContents:
    """Links and documents the professional collected."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._contents = world.book(work.user_id).contents

    @writing
    async def add(self, content: ContentResource) -> None:
        """Store a new one."""
        self._work.own(content.user_id, "contentresource.user_id")
        self._contents.add(content.id, content, "content")
        self._users.need(content.user_id, "user")

    @reading
    async def all(self) -> Sequence[ContentResource]:
        """Return all, newest first."""
        return sorted(self._contents.rows(), key=lambda c: (c.created_at, c.id), reverse=True)

    @reading
    async def get(self, content_id: UUID) -> ContentResource:
        """Return one, or raise NotFound."""
        return self._contents.need(content_id, "content")

    @writing
    async def save(self, content: ContentResource) -> ContentResource:
        """Store a changed one over the version it was read at. Raises Conflict, NotFound."""
        self._work.own(content.user_id, "contentresource.user_id")
        stored = self._contents.need(content.id, "content")
        if stored.version != content.version:
            raise Conflict("content", CHANGED)
        saved = evolve(content, usage_count=stored.usage_count, version=stored.version + 1)
        self._contents.put(saved.id, saved)
        return saved

    @writing
    async def remove(self, content_id: UUID) -> None:
        """Remove one, or raise NotFound."""
        self._contents.need(content_id, "content")
        self._contents.drop(content_id)

    @writing
    async def use(self, content_id: UUID) -> ContentResource:
        """Count one more use. Raises NotFound."""
        stored = self._contents.need(content_id, "content")
        used = evolve(stored, usage_count=stored.usage_count + 1)
        self._contents.put(content_id, used)
        return used

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
        rows = [
            row
            for row in self._contents.rows()
            if status in (None, row.status) and (category is None or category in row.categories)
        ]
        if order is ContentOrder.TITLE:
            return page_of(rows, request, lambda row: (row.title, row.id), (str, UUID))
        if order is ContentOrder.MOST_USED:
            return page_of(rows, request, lambda row: (row.usage_count, row.id), (int, UUID), descending=True)
        return page_of(rows, request, lambda row: (row.created_at, row.id), (datetime, UUID), descending=True)

    @reading
    async def categories(self, limit: int) -> Mapping[str, int]:
        """Return how many there are in each category, by name."""
        counted = Counter(name for row in self._contents.rows() for name in set(row.categories))
        return MappingProxyType(dict(sorted(counted.items())[:limit]))


class MemoryFaqs:
    """Questions with answers."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._faqs = world.book(work.user_id).faqs

    @writing
    async def add(self, faq: Faq) -> None:
        """Store a new one."""
        self._work.own(faq.user_id, "faq.user_id")
        self._faqs.add(faq.id, faq, "faq")
        self._users.need(faq.user_id, "user")

    @reading
    async def all(self) -> Sequence[Faq]:
        """Return all, by id."""
        return sorted(self._faqs.rows(), key=lambda faq: faq.id)

    @reading
    async def get(self, faq_id: UUID) -> Faq:
        """Return one, or raise NotFound."""
        return self._faqs.need(faq_id, "faq")

    @writing
    async def save(self, faq: Faq) -> Faq:
        """Store a changed one over the version it was read at. Raises Conflict, NotFound."""
        self._work.own(faq.user_id, "faq.user_id")
        if self._faqs.need(faq.id, "faq").version != faq.version:
            raise Conflict("faq", CHANGED)
        saved = evolve(faq, version=faq.version + 1)
        self._faqs.put(faq.id, saved)
        return saved

    @writing
    async def remove(self, faq_id: UUID) -> None:
        """Remove one, or raise NotFound."""
        self._faqs.need(faq_id, "faq")
        self._faqs.drop(faq_id)

    @reading
    async def page(self, request: PageRequest) -> Page[Faq]:
        """Return a page, by id."""
        return page_of(self._faqs.rows(), request, lambda faq: (faq.id,), (UUID,))
