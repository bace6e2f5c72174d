"""Small valid entities with sensible defaults, a clock that a test moves, and ids that count.

For a test that needs one client, not any client: `tests/strategies.py` draws those.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.audit import AuditEntry
from nudge_core.model.briefing import (
    AudienceMember,
    BriefingStatus,
    CampaignBriefing,
    Decision,
    Outcome,
    Reason,
    Strength,
)
from nudge_core.model.client import Client, Role
from nudge_core.model.consent import Consent, ConsentKind, Suppression, SuppressionScope
from nudge_core.model.event import GlobalMlsEvent, ListingEvent, MarketEvent
from nudge_core.model.exposure import Exposure
from nudge_core.model.faq import Faq
from nudge_core.model.feedback import DismissReason, NegativePreference
from nudge_core.model.interaction import Interaction, InteractionKind
from nudge_core.model.listing import AcceptedListing, ListingSnapshot, ListingStatus
from nudge_core.model.message import (
    Delivery,
    Direction,
    Message,
    MessageClass,
    MessageSource,
    Repeat,
    ScheduledMessage,
    ScheduledStatus,
    SenderType,
)
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.model.pipeline import PipelineRun, RunStatus
from nudge_core.model.resource import ContentResource, Resource, ResourceStatus, ResourceType
from nudge_core.model.user import User, UserType

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
SOURCE = "mls"
OUR_NUMBER = "+15125550100"
THEIR_NUMBER = "+15125550199"


class SteppingClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: datetime = NOON) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the present instant."""
        return self._now

    def forward(self, seconds: float) -> None:
        """Move on."""
        self._now += timedelta(seconds=seconds)


class CountingIds:
    """Ids 1, 2, 3 of a series: the same input gives the same ids."""

    def __init__(self, series: int = 0) -> None:
        self._last = series << 64

    def new(self) -> UUID:
        """Return the next id."""
        self._last += 1
        return UUID(int=self._last)


def later(seconds: float) -> datetime:
    """Return an instant so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def uid(number: int) -> UUID:
    """Return an id that is easy to tell from others."""
    return UUID(int=number)


# The defaults may be replaced by any field of the entity, so these take Any and the entity's own validators judge.


def user(number: int = 1, **changes: Any) -> User:
    """A realtor; `number` makes id, e-mail and phones unlike another one's."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_type": UserType.REALTOR,
        "full_name": "Rita Vega",
        "email": f"rita{number}@example.com",
        "phone_number": f"+1512555{number:04}",
        "vertical": "real_estate",
        "tool_provider": "reso",
        "timezone": "America/Chicago",
    }
    return User(**values | changes)


def client(owner: UUID, number: int, **changes: Any) -> Client:
    """A client with a phone."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "full_name": "Ben Ortiz",
        "created_at": NOON,
        "phone": THEIR_NUMBER,
    }
    return Client(**values | changes)


def listing(key: str = "L1", **changes: Any) -> AcceptedListing:
    """An active listing; changes go to the snapshot unless they are fields of the bookkeeping."""
    books = {"transitions", "held_price_cents", "gone", "off_market_since"}
    values: dict[str, Any] = {
        "source_id": SOURCE,
        "listing_key": key,
        "status": ListingStatus.ACTIVE,
        "list_price_cents": 450_000_00,
        "address": "1506 Timber St",
        "postal_code": "78626",
        "city": "Georgetown",
    }
    snapshot = ListingSnapshot(**values | {name: value for name, value in changes.items() if name not in books})
    return AcceptedListing(snapshot=snapshot, **{name: value for name, value in changes.items() if name in books})


def global_event(number: int, **changes: Any) -> GlobalMlsEvent:
    """A price drop."""
    values: dict[str, Any] = {
        "id": uid(number),
        "source_id": SOURCE,
        "listing_key": "L1",
        "kind": ListingEvent.PRICE_DROP,
        "event_timestamp": NOON,
        "created_at": NOON,
        "change": {"previous_price_cents": 500_000_00, "price_cents": 450_000_00},
        "raw_payload": {"ListingKey": "L1", "ListPrice": 450000.5, "Rooms": [{"Level": None}]},
    }
    return GlobalMlsEvent(**values | changes)


def resource(owner: UUID, number: int, **changes: Any) -> Resource:
    """A property."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "resource_type": ResourceType.PROPERTY,
        "status": ResourceStatus.ACTIVE,
        "entity_id": f"L{number}",
        "source_id": SOURCE,
        "created_at": NOON,
        "updated_at": NOON,
        "attributes": {"beds": 3, "baths": 2.5},
    }
    return Resource(**values | changes)


def market_event(owner: UUID, number: int, **changes: Any) -> MarketEvent:
    """An event as it concerns one professional."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "event_type": "price_drop",
        "entity_id": "L1",
        "created_at": NOON,
        "source_id": SOURCE,
        "payload": {"change": {"price_cents": 1}},
    }
    return MarketEvent(**values | changes)


def member(client_id: UUID, score: float = 80.0, **changes: Any) -> AudienceMember:
    """Somebody who would care."""
    reason = Reason(
        constraint="price",
        outcome=Outcome.MET,
        strength=Strength.HARD,
        wanted="at most $500,000",
        actual="$450,000",
        text="within the budget",
    )
    values: dict[str, Any] = {
        "client_id": client_id,
        "role": Role.BUYER,
        "score": score,
        "coverage": 0.75,
        "decision": Decision.OFFER,
        "reasons": (reason,),
    }
    return AudienceMember(**values | changes)


def briefing(owner: UUID, number: int, **changes: Any) -> CampaignBriefing:
    """A draft."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "campaign_type": "price_drop",
        "headline": "Price drop on Timber St",
        "status": BriefingStatus.DRAFT,
        "created_at": NOON,
        "updated_at": NOON,
        "original_draft": "Hi {first_name}, ...",
        "drafted_by": "offline",
        "key_intel": {"considered": 12},
    }
    return CampaignBriefing(**values | changes)


def exposure(owner: UUID, number: int, client_id: UUID, event_id: UUID, **changes: Any) -> Exposure:
    """A client who was shown for an event, at even odds."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "client_id": client_id,
        "event_id": event_id,
        "period": 700,
        "at": NOON,
        "probability": 0.5,
        "shown": True,
    }
    return Exposure(**values | changes)


def approved(owner: UUID, number: int, client_id: UUID, **changes: Any) -> ApprovedText:
    """A text that a person said yes to; `briefing_id` goes to the approval."""
    approval = Approval(
        id=uid(number + 500_000),
        user_id=owner,
        approved_by="rita",
        approved_at=NOON,
        briefing_id=changes.pop("briefing_id", None),
    )
    values: dict[str, Any] = {
        "id": uid(number),
        "approval": approval,
        "client_id": client_id,
        "content": "Hi Ben, the home on Timber St dropped to $450,000. Want to see it?",
        "recipient": THEIR_NUMBER,
        "sender": OUR_NUMBER,
        "source": MessageSource.INSTANT_NUDGE,
        "sender_type": SenderType.AI,
        "message_class": MessageClass.MARKETING,
        "dedupe_key": f"text:{number}",
    }
    return ApprovedText(**values | changes)


def inbound(owner: UUID, number: int, client_id: UUID, **changes: Any) -> Message:
    """A text that a client sent."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "client_id": client_id,
        "content": "Yes please",
        "direction": Direction.INBOUND,
        "delivery": Delivery.RECEIVED,
        "source": MessageSource.MANUAL,
        "sender_type": SenderType.USER,
        "created_at": NOON,
        "sender": THEIR_NUMBER,
        "recipient": OUR_NUMBER,
        "provider_sid": f"SM{number}",
    }
    return Message(**values | changes)


def scheduled(owner: UUID, number: int, client_id: UUID, **changes: Any) -> ScheduledMessage:
    """A planned text."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "client_id": client_id,
        "content": "Happy home anniversary",
        "scheduled_at_utc": later(3_600),
        "timezone": "America/Chicago",
        "status": ScheduledStatus.PENDING,
        "created_at": NOON,
    }
    return ScheduledMessage(**values | changes)


def repeat(series: int = 800, occurrence: int = 1, **changes: Any) -> Repeat:
    """A weekly series."""
    values: dict[str, Any] = {
        "series_id": uid(series),
        "rule": "FREQ=WEEKLY",
        "anchor": NOON.date(),
        "occurrence": occurrence,
        "occurs_on": NOON.date() + timedelta(days=7 * occurrence),
    }
    return Repeat(**values | changes)


def interaction(owner: UUID, number: int, client_id: UUID, **changes: Any) -> Interaction:
    """A call."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "client_id": client_id,
        "kind": InteractionKind.CALL,
        "at": NOON,
        "recorded_at": NOON,
        "recorded_by": "rita",
    }
    return Interaction(**values | changes)


def consent(owner: UUID, number: int, client_id: UUID, **changes: Any) -> Consent:
    """Consent in writing."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "client_id": client_id,
        "phone": THEIR_NUMBER,
        "kind": ConsentKind.EXPRESS_WRITTEN,
        "source": "form",
        "recorded_by": "rita",
        "recorded_at": NOON,
    }
    return Consent(**values | changes)


def suppression(owner: UUID, number: int, **changes: Any) -> Suppression:
    """A STOP."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "phone": THEIR_NUMBER,
        "scope": SuppressionScope.ALL,
        "reason": "stop",
        "created_at": NOON,
    }
    return Suppression(**values | changes)


def negative_preference(owner: UUID, number: int, client_id: UUID, briefing_id: UUID) -> NegativePreference:
    """What a dismissal taught."""
    return NegativePreference(
        id=uid(number),
        user_id=owner,
        client_id=client_id,
        source_campaign_id=briefing_id,
        reason=DismissReason.PRICE,
        created_at=NOON,
    )


def audit_entry(owner: UUID, number: int, subject_id: UUID, **changes: Any) -> AuditEntry:
    """A decision."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "at": NOON,
        "actor": "rita",
        "action": "briefing.approved",
        "subject_type": "campaignbriefing",
        "subject_id": subject_id,
        "facts": {"version": 2},
    }
    return AuditEntry(**values | changes)


def content(owner: UUID, number: int, **changes: Any) -> ContentResource:
    """A link."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": owner,
        "title": "Buying in summer",
        "url": "https://example.com/summer",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return ContentResource(**values | changes)


def faq(owner: UUID, number: int) -> Faq:
    """A question with its answer."""
    return Faq(id=uid(number), user_id=owner, question="Are you licensed?", answer="Yes, in Texas.")


def note(number: int, owner: UUID | None = None, **changes: Any) -> OutboxNote:
    """Work handed on."""
    values: dict[str, Any] = {
        "id": uid(number),
        "topic": Topic.SPREAD if owner is None else Topic.MATCH,
        "dedupe_key": f"note:{number}",
        "created_at": NOON,
        "user_id": owner,
        "payload": {"event_ids": ["a", "b"]},
    }
    return OutboxNote(**values | changes)


def run(number: int, **changes: Any) -> PipelineRun:
    """A pass that is under way."""
    values: dict[str, Any] = {"id": uid(number), "status": RunStatus.RUNNING, "started_at": NOON}
    return PipelineRun(**values | changes)
