"""Which clients a list shows, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from attrs import field, frozen

from nudge_core.errors import Invalid
from nudge_core.model import fields
from nudge_core.model.client import Client

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Where somebody stands among last contacts with whom there was none."""

_RULE = "a cursor that this list returned"


class ClientOrder(StrEnum):
    """What a list is sorted by; the id settles ties."""

    NAME = "name"
    CREATED_AT = "created_at"
    LAST_INTERACTION = "last_interaction"


@frozen(kw_only=True)
class ClientFilter:
    """What is asked of a client; all of it must hold. None asks nothing.

    `tag`: one of theirs, compared by `tag_name`. `role_names`: a tag of theirs, or a role stated in their preferences,
    is among these names. `suppressed`: a suppression of everything holds for their phone. `textable`: they have a
    phone, it is not suppressed, and its newest consent is one at all. `updated_*`: the last write, or the first.
    `*_from` is included, `*_until` not. `name`: a part of the name, whatever the capitals.
    """

    tag: str | None = field(default=None, validator=fields.optional(fields.text(100, at_least=1)), repr=False)
    role_names: frozenset[str] | None = None
    has_phone: bool | None = None
    suppressed: bool | None = None
    textable: bool | None = None
    updated_from: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    updated_until: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    contacted_from: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    contacted_until: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    name: str | None = field(default=None, validator=fields.optional(fields.text(200, at_least=1)), repr=False)


EVERYBODY = ClientFilter()


@frozen(kw_only=True)
class ClientSort:
    """By what, and which way."""

    by: ClientOrder = ClientOrder.NAME
    descending: bool = False


@frozen
class TagCount:
    """One tag: how many clients have it from the professional, and how many as a proposal."""

    tag: str
    own: int
    proposed: int


SortKey: TypeAlias = tuple[Any, UUID]  # Any: a text or an instant, the same for all of one list


def sort_key(client: Client, by: ClientOrder) -> SortKey:
    """Return where a client stands."""
    if by is ClientOrder.NAME:
        return client.sort_name, client.id
    at = client.created_at if by is ClientOrder.CREATED_AT else client.last_interaction or NEVER
    return at, client.id


def key_texts(client: Client, by: ClientOrder) -> tuple[str, ...]:
    """Return the same as texts, for a cursor."""
    place, client_id = sort_key(client, by)
    return place if isinstance(place, str) else place.isoformat(), str(client_id)


def read_key(after: tuple[str, ...], by: ClientOrder) -> SortKey:
    """Read what `key_texts` wrote. Raises Invalid: it did not write this."""
    try:
        place, client_id = after
        if by is ClientOrder.NAME:
            return place, UUID(client_id)
        at = datetime.fromisoformat(place)
        if at.tzinfo is None:
            raise Invalid("cursor", _RULE, None)
        return at.astimezone(UTC), UUID(client_id)
    except (ValueError, OverflowError) as error:
        raise Invalid("cursor", _RULE, None) from error
