"""Work handed on: a note written in the same transaction as the data it speaks of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.json import Json, JsonObject, frozen_object


class Topic(StrEnum):
    """Which step the note is for. `HELD` waits for a person: a page that said far too much (see `bulk.too_many`).

    `HEAR`: news from the carrier whose effect failed, to be worked again.
    """

    SPREAD = "spread"
    HELD = "held"
    MATCH = "match"
    DRAFT = "draft"
    HEAR = "hear"
    CONVERSE = "converse"


@frozen(kw_only=True)
class OutboxNote:
    """One piece of work. `dedupe_key` is unique: the same work is noted once. `attempt` counts claims.

    A note is claimed with a lease, then finished, or put back with `not_before`; after `MAX_ATTEMPTS` it is parked
    with its last `error` for a person to see, never dropped.
    """

    id: UUID
    topic: Topic
    dedupe_key: str = field(validator=fields.text(300, at_least=1))
    created_at: datetime = field(validator=fields.instant)
    user_id: UUID | None = None
    payload: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)
    attempt: int = field(default=0, validator=fields.between(0, 1_000))
    not_before: datetime | None = field(default=None, validator=fields.optional(fields.instant))


@frozen(kw_only=True)
class ParkedNote:
    """A note that gave up: what it was for, since when, and why. Nothing of what it carried."""

    id: UUID
    topic: Topic
    attempt: int
    parked_at: datetime = field(validator=fields.instant)
    error: str | None


MAX_ATTEMPTS = 5  # reliability.md C2: a poison job is tried at most five times
