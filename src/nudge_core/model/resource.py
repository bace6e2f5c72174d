"""What a nudge is about: a property of a feed, or a piece of content the professional collected."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.json import Json, JsonObject, frozen_object


class ResourceType(StrEnum):
    """What kind of thing it is."""

    PROPERTY = "PROPERTY"
    WEB_CONTENT = "WEB_CONTENT"
    CONTENT_RESOURCE = "CONTENT_RESOURCE"


MANUAL = "manual"
"""`source_id` of what a professional added by hand."""


class ResourceStatus(StrEnum):
    """Whether it may still be offered."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    ARCHIVED = "ARCHIVED"


@frozen(kw_only=True)
class Resource:
    """A thing in one professional's world. `entity_id` is unique per (user, type, source): listing key or URL.

    For a PROPERTY `attributes` hold what `nudge_core.model.listing.public_facts` lets through, nothing else. `version`
    rises with every change, the feed's too.
    """

    id: UUID
    user_id: UUID
    resource_type: ResourceType
    status: ResourceStatus
    entity_id: str = field(validator=fields.text(500, at_least=1))
    created_at: datetime = field(validator=fields.instant)
    updated_at: datetime = field(validator=fields.instant)
    source_id: str = field(default="", validator=fields.text(100))
    attributes: JsonObject = field(factory=dict[str, Json], converter=frozen_object)
    version: int = field(default=1, validator=fields.between(1, 2**31 - 1))


class ContentOrder(StrEnum):
    """How a list of content is sorted; of equals by id."""

    NEWEST = "newest"
    MOST_USED = "most_used"
    TITLE = "title"


@frozen(kw_only=True)
class ContentResource:
    """A link or document the professional added by hand. `version` rises with every change, not with a use."""

    id: UUID
    user_id: UUID
    title: str = field(validator=fields.text(300, at_least=1))
    url: str = field(validator=fields.text(2_000, at_least=1))
    created_at: datetime = field(validator=fields.instant)
    updated_at: datetime = field(validator=fields.instant)
    description: str = field(default="", validator=fields.text(5_000))
    categories: tuple[str, ...] = field(default=(), converter=fields.texts)
    content_type: str = field(default="article", validator=fields.text(60, at_least=1))
    status: ResourceStatus = ResourceStatus.ACTIVE
    usage_count: int = field(default=0, validator=fields.between(0, 2**31 - 1))
    version: int = field(default=1, validator=fields.between(1, 2**31 - 1))
