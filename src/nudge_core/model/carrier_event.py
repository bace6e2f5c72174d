"""What a carrier told us, kept as it came: one row per event, so that no news is lost and none counts twice."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.model import fields
from nudge_core.model.carrier import CarrierNews, InboundText, ReceiptNews
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json, JsonObject, frozen_object, storable

RECEIVED = "received"
"""Status of every inbound text: it has arrived, and nothing follows."""

SID_CHARACTERS = 64
STATUS_CHARACTERS = 40


class EventKind(StrEnum):
    """What a carrier speaks of: how a text of ours fares, or a text that somebody sent us."""

    STATUS = "status"
    INBOUND = "inbound"


def _storable_news(news: CarrierNews | None) -> CarrierNews | None:
    """Return the news in words that a database can hold; what they lose is no letter of any language."""
    return evolve(news, body=storable(news.body)) if isinstance(news, InboundText) else news


@frozen(kw_only=True)
class Arrival:
    """One event as it came in, before anything is stored.

    `provider_sid` and `status` name the event; a carrier tells it again under the same two, and `token` (Twilio's
    I-Twilio-Idempotency-Token) names that one telling. `account`: the account it claims to come from. `raw`: the form's
    fields. `news`: what we understood, None when we did not; `unread` then says which rule it broke.
    """

    kind: EventKind
    provider_sid: str = field(validator=fields.text(SID_CHARACTERS, at_least=1))
    status: str = field(validator=fields.text(STATUS_CHARACTERS, at_least=1))
    news: CarrierNews | None = field(default=None, converter=_storable_news, repr=False)
    unread: str | None = None
    account: str | None = field(default=None, validator=fields.optional(fields.text(SID_CHARACTERS)), repr=False)
    token: str | None = field(default=None, validator=fields.optional(fields.text(200)), repr=False)
    raw: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)

    @property
    def id(self) -> UUID:
        """The same for the same event, however often it is told."""
        return stable_id("carrierevent", self.kind, self.provider_sid, self.status)

    def at(self, received_at: datetime, user_id: UUID | None) -> CarrierEvent:
        """Return the event to store, not handled yet."""
        return CarrierEvent(id=self.id, arrival=self, received_at=received_at, user_id=user_id)


@frozen(kw_only=True)
class CarrierEvent:
    """A stored event. Only its mark changes: whose it is, when it had its effect, and why it could not have it.

    `user_id` None: it belongs to nobody we know, yet. `handled_at` None: its effect is still to come, because nothing
    it speaks of is known yet, or because it failed with `error`.
    """

    id: UUID
    arrival: Arrival
    received_at: datetime = field(validator=fields.instant)
    user_id: UUID | None = None
    handled_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    error: str | None = field(default=None, validator=fields.optional(fields.text(500)))


def arrival_of(news: CarrierNews) -> Arrival:
    """Return the event of news that came without a form: from a list, or from a carrier in this process."""
    if isinstance(news, ReceiptNews):
        kind, status = EventKind.STATUS, news.receipt.value
    else:
        kind, status = EventKind.INBOUND, RECEIVED
    return Arrival(kind=kind, provider_sid=news.provider_sid, status=status, news=news)
