"""What a dismissal teaches: do not suggest the like of this to that client."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.json import Json, JsonObject, frozen_object
from nudge_core.model.vector import Vector


class DismissReason(StrEnum):
    """Why the professional said no."""

    PRICE = "price"
    AREA = "area"
    TIMING = "timing"
    NOT_NOW = "not_now"
    NOT_A_FIT = "not_a_fit"
    WORDING = "wording"
    OTHER = "other"


@frozen(kw_only=True)
class NegativePreference:
    """One dismissed opportunity of one client. `source_campaign_id` names the dismissed briefing.

    `about`: what of it the reason speaks of, as the vertical read it then (its price, its area, its topic), in the form
    of `nudge_core.matching.avoided`; empty when that is not known, or the reason speaks of the whole of it.
    `retracted_at`, `retracted_by`: a person took it back; matching does not know it any more.
    """

    id: UUID
    user_id: UUID
    client_id: UUID
    source_campaign_id: UUID
    reason: DismissReason
    created_at: datetime = field(validator=fields.instant)
    dismissed_embedding: Vector | None = None
    about: JsonObject = field(factory=dict[str, Json], converter=frozen_object)
    retracted_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    retracted_by: str | None = field(default=None, validator=fields.optional(fields.text(100, at_least=1)), repr=False)
