"""The things that nudges are about: a feed's properties to read, and what a professional added by hand to change."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import evolve, field, frozen
from litestar import Controller, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from nudge_core.errors import Conflict, Invalid
from nudge_core.model import fields
from nudge_core.model.resource import MANUAL, Resource, ResourceStatus, ResourceType
from nudge_entrypoints.http.api.account import JsonView, json_view
from nudge_entrypoints.http.api.bodies_of_change import changes_of, given, small_json
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Scope

LONGEST_SOURCE = 100


@frozen(kw_only=True)
class ResourceView:
    """A thing in the professional's world. `source_id`: its feed, or `manual`."""

    id: UUID
    resource_type: ResourceType
    status: ResourceStatus
    source_id: str
    entity_id: str
    attributes: JsonView
    created_at: datetime
    updated_at: datetime
    version: int


@frozen(kw_only=True)
class ResourcePage:
    """Some of them, and where to go on."""

    items: tuple[ResourceView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class NewResource:
    """A thing added by hand. `entity_id`: what it is called, such as its address on the web; each once per type.

    A PROPERTY comes from a feed only: its facts are those the feed lets through.
    """

    resource_type: ResourceType
    entity_id: str = field(validator=fields.text(500, at_least=1))
    attributes: JsonView = field(factory=dict, validator=small_json)


@frozen(kw_only=True)
class ResourceChange:
    """What is to change; a member that is absent stays. `version`: the one that was read. ARCHIVED is not offered."""

    version: int = field(validator=fields.between(1, 2**31 - 1))
    status: ResourceStatus | UnsetType = UNSET
    attributes: JsonView | UnsetType = field(default=UNSET, validator=given(small_json))


class Resources(Controller):
    """Routes of resources."""

    path = "/resources"
    tags = ["content"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CONTENT_READ})
    async def list_resources(
        self,
        api: TheApi,
        principal: Caller,
        resource_type: FromQuery[ResourceType | None] = None,
        status: FromQuery[ResourceStatus | None] = None,
        source_id: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> ResourcePage:
        """List resources, the newest update first."""
        if source_id is not None and ("\x00" in source_id or len(source_id) > LONGEST_SOURCE):
            raise Invalid("source_id", f"at most {LONGEST_SOURCE} characters, no NUL", source_id)
        of = f"resources by update, {resource_type or ''}, {status or ''}, {source_id or ''}"
        request = page_request(of, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.resources.page(request, resource_type=resource_type, status=status, source_id=source_id)
        return ResourcePage(items=tuple(map(_view, page.items)), next_cursor=cursor_after(of, page.last))

    @post(opt={SCOPE: Scope.CONTENT_WRITE})
    async def create_resource(self, api: TheApi, principal: Caller, data: JSONBody[NewResource]) -> ResourceView:
        """Add a thing by hand."""
        if data.resource_type is ResourceType.PROPERTY:
            raise Invalid("resource_type", "WEB_CONTENT or CONTENT_RESOURCE: properties come from a feed", None)
        async with api.parts.store.tenant(principal.user_id) as tx:
            resource = Resource(
                id=api.parts.ids.new(),
                user_id=principal.user_id,
                resource_type=data.resource_type,
                status=ResourceStatus.ACTIVE,
                source_id=MANUAL,
                entity_id=data.entity_id,
                attributes=data.attributes,
                created_at=tx.now,
                updated_at=tx.now,
            )
            await tx.resources.add(resource)
        return _view(resource)

    @get("/{resource_id:uuid}", opt={SCOPE: Scope.CONTENT_READ})
    async def read_resource(self, api: TheApi, principal: Caller, resource_id: FromPath[UUID]) -> ResourceView:
        """Read a resource."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await tx.resources.get(resource_id))

    @patch("/{resource_id:uuid}", opt={SCOPE: Scope.CONTENT_WRITE})
    async def change_resource(
        self, api: TheApi, principal: Caller, resource_id: FromPath[UUID], data: JSONBody[ResourceChange]
    ) -> ResourceView:
        """Change or archive a thing that was added by hand; a feed keeps its own."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            resource = await tx.resources.get(resource_id)
            if resource.source_id != MANUAL:
                raise Conflict("resource", "its feed keeps it: it is not changed by hand")
            if resource.version != data.version:
                raise Conflict("resource", "somebody changed it since it was read")
            return _view(await tx.resources.save(evolve(resource, **changes_of(data), updated_at=tx.now)))


def _view(resource: Resource) -> ResourceView:
    return ResourceView(
        id=resource.id,
        resource_type=resource.resource_type,
        status=resource.status,
        source_id=resource.source_id,
        entity_id=resource.entity_id,
        attributes=json_view(resource.attributes),
        created_at=resource.created_at,
        updated_at=resource.updated_at,
        version=resource.version,
    )
