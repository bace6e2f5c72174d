"""What is known of a client's wishes, and from where: dated, sourced, superseding.

The facts are the source of truth; `Client.preferences` is the projection of those that are current.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from attrs import Attribute, field, frozen

from nudge_core.errors import Invalid
from nudge_core.model import fields
from nudge_core.model.json import Json, JsonObject, frozen_json

PROFESSIONAL = "professional"
"""Source of what the professional stated."""

BEFORE = "before"
"""Source of what stood in `preferences` before there were facts: an import, or an older installation."""

_KIND = re.compile(r"[a-z][a-z0-9_]{0,59}")


class FactState(StrEnum):
    """`PROPOSED` waits for the professional and counts for nothing; `RETRACTED` was taken back or refused."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    RETRACTED = "retracted"


def _kind(_instance: object, _attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not _KIND.fullmatch(value):
        raise Invalid("clientfact.kind", "1 to 60 of a-z, 0-9 and _, a letter first", value)


@frozen(kw_only=True)
class Span:
    """Where in a text it was read: the note or message, and its characters `start` to `end` (half-open)."""

    text_id: UUID
    start: int = field(validator=fields.between(0, 2**31 - 1))
    end: int = field(validator=fields.between(0, 2**31 - 1))


@frozen(kw_only=True)
class ClientFact:
    """One statement: `preferences[kind]` is `value`.

    `at`: when it became true, as far as is known; a later one of the same kind supersedes it. `source`: who or what
    said so. `confidence`: 0 to 1; 1 for what the professional stated. `superseded_by`: the fact that took its place.
    """

    id: UUID
    user_id: UUID
    client_id: UUID
    kind: str = field(validator=_kind)
    value: Json = field(converter=frozen_json, repr=False)
    source: str = field(validator=fields.text(60, at_least=1))
    recorded_by: str = field(validator=fields.text(100, at_least=1), repr=False)
    at: datetime = field(validator=fields.instant)
    recorded_at: datetime = field(validator=fields.instant)
    confidence: float = field(default=1.0, validator=fields.between(0, 1))
    span: Span | None = field(default=None, repr=False)
    state: FactState = FactState.ACCEPTED
    superseded_by: UUID | None = None

    @property
    def is_current(self) -> bool:
        """Whether it counts now."""
        return self.state is FactState.ACCEPTED and self.superseded_by is None


def projected(facts: Iterable[ClientFact]) -> JsonObject:
    """Return what current facts say, by kind."""
    return {fact.kind: fact.value for fact in facts if fact.is_current}
