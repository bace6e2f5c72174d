"""The client: a person the professional knows, with what is known of their wishes."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.json import Json, JsonObject, frozen_object
from nudge_core.model.vector import Vector

MOST_TAGS = 100  # of one client; a screen shows about a dozen
TAG_CHARACTERS = 100


class Role(StrEnum):
    """What a client is to the professional. Typed: a tag becomes a role only through a vertical's table."""

    BUYER = "buyer"
    SELLER_PROSPECT = "seller_prospect"
    INVESTOR = "investor"
    PAST_CLIENT = "past_client"


class ClientOrder(StrEnum):
    """How a book is listed. Names by their letters without regard to ASCII case; never talked with counts as longest
    ago."""

    NAME = "name"
    NEWEST = "newest"
    LAST_CONTACT = "last_contact"


@frozen(kw_only=True)
class ClientFilter:
    """Which clients of a book: with this tag (anybody's), with these letters in the name (ASCII case aside).

    All of it must hold; None asks nothing. `role_names`: a tag of theirs, or a role stated in their preferences, is
    among these names, compared by `tag_name`. `suppressed`: a suppression of everything holds for their phone.
    `textable`: they have a phone, it is not suppressed, and its newest consent is one at all. `updated_*`: the last
    change, or when they were added; `contacted_*`: the last contact. `*_from` is included, `*_until` is not.
    """

    tag: str | None = field(default=None, validator=fields.optional(fields.text(100, at_least=1)), repr=False)
    name_has: str | None = field(default=None, validator=fields.optional(fields.text(100, at_least=1)), repr=False)
    role_names: frozenset[str] | None = None
    has_phone: bool | None = None
    suppressed: bool | None = None
    textable: bool | None = None
    updated_from: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    updated_until: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    contacted_from: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    contacted_until: datetime | None = field(default=None, validator=fields.optional(fields.instant))


EVERYBODY = ClientFilter()


@frozen(kw_only=True)
class Client:
    """One person in one professional's book.

    `phone` is E.164 or None; a number that could not be read is kept in `phone_as_given`, so nothing is lost.
    `timezone` None means "not stated": the zones then follow from the address or the number's area code.
    `preferences` is what the vertical reads as wishes (`nudge_core.verticals`). `notes_embedding` is absent, never
    zeros, when no embedding could be made. `version` rises with every change; a change names the version it read.
    `updated_at`: the last change, None when there was none. `notes` and `preferences` are projections: what is true of
    them stands in notes and facts (`nudge_core.model.client_note`, `.client_fact`) as soon as there are any.
    """

    id: UUID
    user_id: UUID
    full_name: str = field(validator=fields.text(200), repr=False)
    created_at: datetime = field(validator=fields.instant)
    email: str | None = field(default=None, validator=fields.optional(fields.email), repr=False)
    phone: str | None = field(default=None, validator=fields.optional(fields.phone), repr=False)
    phone_as_given: str | None = field(default=None, validator=fields.optional(fields.text(100)), repr=False)
    notes: str = field(default="", validator=fields.text(100_000), repr=False)
    notes_embedding: Vector | None = field(default=None, repr=False)
    ai_tags: tuple[str, ...] = field(default=(), converter=fields.texts, repr=False)
    user_tags: tuple[str, ...] = field(default=(), converter=fields.texts, repr=False)
    preferences: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)
    last_interaction: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    timezone: str | None = field(default=None, validator=fields.optional(fields.zone))
    version: int = 1
    updated_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))

    @property
    def first_name(self) -> str:
        """The first word of the name, or nothing."""
        return (self.full_name.split() or [""])[0]

    @property
    def tags(self) -> tuple[str, ...]:
        """The professional's own tags, then the proposed ones."""
        return self.user_tags + self.ai_tags


def tag_name(tag: str) -> str:
    """Return a tag as roles are read from tags: folded; blanks, hyphens and underscores are equal."""
    return " ".join(_GAPS.sub(" ", tag.casefold()).split())


_GAPS = re.compile(r"[\s_-]+")
