"""Links and documents that a professional collected: kept by hand, sorted into categories, counted when used."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from attrs import Attribute, evolve, field, frozen
from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from nudge_core.errors import Conflict, Invalid
from nudge_core.model import fields
from nudge_core.model.resource import ContentOrder, ContentResource, ResourceStatus
from nudge_entrypoints.http.api.bodies_of_change import changes_of, given, short_texts
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Scope

MOST_CATEGORIES = 500
"""In one answer; a professional has a dozen."""


def web_address(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """An http or https address: it is shown as a link, and no other scheme may be one."""
    fields.text(2_000, at_least=1)(instance, attribute, value)
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or any(not c.isprintable() for c in value):
        raise Invalid(fields.name_of(instance, attribute), "an address such as https://example.com/page", value)


@frozen(kw_only=True)
class ContentView:
    """A link or document, and how often it was used."""

    id: UUID
    title: str
    url: str
    description: str
    categories: tuple[str, ...]
    content_type: str
    status: ResourceStatus
    usage_count: int
    created_at: datetime
    updated_at: datetime
    version: int


@frozen(kw_only=True)
class ContentPage:
    """Some of them, and where to go on."""

    items: tuple[ContentView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class CategoryView:
    """A category, and how many links and documents are in it."""

    name: str
    count: int


@frozen(kw_only=True)
class CategoryList:
    """Categories by name."""

    items: tuple[CategoryView, ...]


@frozen(kw_only=True)
class NewContent:
    """A link or document."""

    title: str = field(validator=fields.text(300, at_least=1))
    url: str = field(validator=web_address)
    description: str = field(default="", validator=fields.text(5_000))
    categories: list[str] = field(factory=list[str], validator=short_texts)
    content_type: str = field(default="article", validator=fields.text(60, at_least=1))


@frozen(kw_only=True)
class ContentChange:
    """What is to change; a member that is absent stays. `version`: the one that was read. ARCHIVED is not offered."""

    version: int = field(validator=fields.between(1, 2**31 - 1))
    title: str | UnsetType = field(default=UNSET, validator=given(fields.text(300, at_least=1)))
    url: str | UnsetType = field(default=UNSET, validator=given(web_address))
    description: str | UnsetType = field(default=UNSET, validator=given(fields.text(5_000)))
    categories: list[str] | UnsetType = field(default=UNSET, validator=given(short_texts))
    content_type: str | UnsetType = field(default=UNSET, validator=given(fields.text(60, at_least=1)))
    status: ResourceStatus | UnsetType = UNSET


class ContentResources(Controller):
    """Routes of links and documents."""

    path = "/content-resources"
    tags = ["content"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CONTENT_READ})
    async def list_content_resources(
        self,
        api: TheApi,
        principal: Caller,
        status: FromQuery[ResourceStatus | None] = None,
        category: FromQuery[str | None] = None,
        sort: FromQuery[ContentOrder] = ContentOrder.NEWEST,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> ContentPage:
        """List links and documents: newest, most used, or by title."""
        if category is not None and "\x00" in category:
            raise Invalid("category", "no NUL character", category)
        of = f"content by {sort.value}, {status or ''}, {category or ''}"
        request = page_request(of, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.contents.page(request, sort, status=status, category=category)
        return ContentPage(items=tuple(map(_view, page.items)), next_cursor=cursor_after(of, page.last))

    @get("/categories", opt={SCOPE: Scope.CONTENT_READ})
    async def list_content_categories(self, api: TheApi, principal: Caller) -> CategoryList:
        """List the categories in use, by name."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            found = await tx.contents.categories(MOST_CATEGORIES)
        return CategoryList(items=tuple(CategoryView(name=name, count=count) for name, count in found.items()))

    @post(opt={SCOPE: Scope.CONTENT_WRITE})
    async def create_content_resource(self, api: TheApi, principal: Caller, data: JSONBody[NewContent]) -> ContentView:
        """Add a link or document."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            content = ContentResource(
                id=api.parts.ids.new(),
                user_id=principal.user_id,
                title=data.title,
                url=data.url,
                description=data.description,
                categories=data.categories,
                content_type=data.content_type,
                created_at=tx.now,
                updated_at=tx.now,
            )
            await tx.contents.add(content)
        return _view(content)

    @get("/{content_id:uuid}", opt={SCOPE: Scope.CONTENT_READ})
    async def read_content_resource(self, api: TheApi, principal: Caller, content_id: FromPath[UUID]) -> ContentView:
        """Read a link or document."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await tx.contents.get(content_id))

    @patch("/{content_id:uuid}", opt={SCOPE: Scope.CONTENT_WRITE})
    async def change_content_resource(
        self, api: TheApi, principal: Caller, content_id: FromPath[UUID], data: JSONBody[ContentChange]
    ) -> ContentView:
        """Change a link or document, or archive it."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            content = await tx.contents.get(content_id)
            if content.version != data.version:
                raise Conflict("content", "somebody changed it since it was read")
            return _view(await tx.contents.save(evolve(content, **changes_of(data), updated_at=tx.now)))

    @delete("/{content_id:uuid}", opt={SCOPE: Scope.CONTENT_WRITE})
    async def delete_content_resource(self, api: TheApi, principal: Caller, content_id: FromPath[UUID]) -> None:
        """Remove a link or document."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.contents.remove(content_id)

    @post("/{content_id:uuid}/uses", status_code=200, opt={SCOPE: Scope.CONTENT_WRITE})
    async def use_content_resource(self, api: TheApi, principal: Caller, content_id: FromPath[UUID]) -> ContentView:
        """Count that a link or document was used once more."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await tx.contents.use(content_id))


def _view(content: ContentResource) -> ContentView:
    return ContentView(
        id=content.id,
        title=content.title,
        url=content.url,
        description=content.description,
        categories=content.categories,
        content_type=content.content_type,
        status=content.status,
        usage_count=content.usage_count,
        created_at=content.created_at,
        updated_at=content.updated_at,
        version=content.version,
    )
