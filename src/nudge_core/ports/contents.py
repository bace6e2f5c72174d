"""Storage of what one professional collected, and of answers to questions that come again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from nudge_core.model.faq import Faq
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.resource import ContentOrder, ContentResource, ResourceStatus


class Contents(Protocol):
    """Links and documents the professional collected."""

    async def add(self, content: ContentResource) -> None:
        """Store a new one."""
        ...

    async def all(self) -> Sequence[ContentResource]:
        """Return all, newest first."""
        ...

    async def get(self, content_id: UUID) -> ContentResource:
        """Return one, or raise NotFound."""
        ...

    async def save(self, content: ContentResource) -> ContentResource:
        """Store a changed one over the version it was read at; return it with its new version.

        The stored `usage_count` stays. Raises Conflict when it changed since, NotFound.
        """
        ...

    async def remove(self, content_id: UUID) -> None:
        """Remove one, or raise NotFound."""
        ...

    async def use(self, content_id: UUID) -> ContentResource:
        """Count one more use; return it as it is then. Raises NotFound."""
        ...

    async def page(
        self,
        request: PageRequest,
        order: ContentOrder,
        *,
        status: ResourceStatus | None = None,
        category: str | None = None,
    ) -> Page[ContentResource]:
        """Return a page of those that fit, in this order."""
        ...

    async def categories(self, limit: int) -> Mapping[str, int]:
        """Return how many there are in each category, by name; at most `limit` categories."""
        ...


class Faqs(Protocol):
    """Questions with answers."""

    async def add(self, faq: Faq) -> None:
        """Store a new one."""
        ...

    async def all(self) -> Sequence[Faq]:
        """Return all, by id."""
        ...

    async def get(self, faq_id: UUID) -> Faq:
        """Return one, or raise NotFound."""
        ...

    async def save(self, faq: Faq) -> Faq:
        """Store a changed one over the version it was read at; return it with its new version.

        Raises Conflict when it changed since, NotFound.
        """
        ...

    async def remove(self, faq_id: UUID) -> None:
        """Remove one, or raise NotFound."""
        ...

    async def page(self, request: PageRequest) -> Page[Faq]:
        """Return a page, by id."""
        ...
