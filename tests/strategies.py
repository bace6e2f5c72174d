"""Any valid entity, for property tests.

Each function returns a strategy for one entity and takes what a test wants to fix as keywords, values or strategies:
`clients(user_id=owner, email=st.none())`. What is not fixed is drawn, and everything that may be absent sometimes is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
from hypothesis import strategies as st

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
from nudge_core.model.faq import Faq
from nudge_core.model.feed import FeedCursor, UnreadRecord
from nudge_core.model.feedback import DismissReason, NegativePreference
from nudge_core.model.json import Json
from nudge_core.model.listing import AcceptedListing, ListingSnapshot, ListingStatus
from nudge_core.model.message import (
    Delivery,
    Direction,
    Message,
    MessageClass,
    MessageSource,
    ScheduledMessage,
    ScheduledStatus,
    SenderType,
)
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.model.pipeline import PipelineRun, RunStatus
from nudge_core.model.resource import ContentResource, Resource, ResourceStatus, ResourceType
from nudge_core.model.user import User, UserType
from nudge_core.model.vector import Vector

T = TypeVar("T")

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LARGEST_NUMBER = 10**12  # JSON numbers beyond this are nobody's price, and JSONB keeps decimals rather than floats


def texts(at_most: int = 40, *, at_least: int = 0) -> st.SearchStrategy[str]:
    """Any text that can be stored: no NUL, no half of a surrogate pair, and not only blanks where one is needed."""
    any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=at_most)
    return any_text.filter(lambda text: len(text.strip()) >= at_least)


def words(at_most: int = 12) -> st.SearchStrategy[str]:
    """A short plain word."""
    return st.text("abcdefghij", min_size=1, max_size=at_most)


def instants() -> st.SearchStrategy[datetime]:
    """An instant in 2026, to the microsecond."""
    return st.integers(0, 365 * 86_400_000_000).map(lambda us: EPOCH + timedelta(microseconds=us))


def phones() -> st.SearchStrategy[str]:
    """An E.164 number."""
    return st.integers(10**6, 10**14).map(lambda number: f"+1{number}")


def emails() -> st.SearchStrategy[str]:
    """An address."""
    return st.builds(lambda who, where: f"{who}@{where}.example", words(), words())


def zones() -> st.SearchStrategy[str]:
    """A time zone with rules of its own."""
    return st.sampled_from(["America/Chicago", "America/Phoenix", "America/New_York", "Pacific/Honolulu", "UTC"])


def jsons(depth: int = 3) -> st.SearchStrategy[Json]:
    """A JSON value as the entities take it, with numbers of a sane size."""
    numbers = st.integers(-LARGEST_NUMBER, LARGEST_NUMBER) | st.floats(
        -LARGEST_NUMBER, LARGEST_NUMBER, allow_nan=False, allow_infinity=False, allow_subnormal=False
    )
    scalars: st.SearchStrategy[Json] = st.none() | st.booleans() | numbers | texts(20)
    if depth == 0:
        return scalars
    deeper = jsons(depth - 1)
    return scalars | st.lists(deeper, max_size=3) | st.dictionaries(texts(8), deeper, max_size=3)


def json_objects() -> st.SearchStrategy[dict[str, Json]]:
    """A JSON object."""
    return st.dictionaries(texts(8), jsons(2), max_size=3)


def vectors(dim: int = 4) -> st.SearchStrategy[Vector]:
    """A vector of one of two models."""
    number = st.floats(-1, 1, width=32).filter(lambda value: abs(value) > 1e-3)
    values = st.lists(number, min_size=dim, max_size=dim).map(lambda row: np.array(row, dtype=np.float32))
    return st.builds(Vector, values, st.sampled_from(["static-4", "other-4"]))


def _maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | strategy


def _entity(kind: type[T], defaults: dict[str, Any], fixed: dict[str, Any]) -> st.SearchStrategy[T]:
    chosen = defaults | fixed
    drawn = {n: v if isinstance(v, st.SearchStrategy) else st.just(v) for n, v in chosen.items()}
    return st.builds(kind, **drawn)


def users(**fixed: Any) -> st.SearchStrategy[User]:
    """A professional, without secrets unless asked for."""
    defaults = {
        "id": st.uuids(),
        "user_type": st.sampled_from(UserType),
        "full_name": texts(at_least=1),
        "email": emails(),
        "phone_number": phones(),
        "vertical": st.sampled_from(["real_estate", "therapy", "lending"]),
        "tool_provider": words(),
        "timezone": zones(),
        "business_name": texts(),
        "onboarding_complete": st.booleans(),
        "onboarding_state": json_objects(),
        "market_focus": st.lists(texts(), max_size=3),
        "ai_style_guide": json_objects(),
        "strategy": json_objects(),
        "license_number": _maybe(texts()),
        "specialties": st.lists(texts(), max_size=2),
        "faq_auto_responder_enabled": st.booleans(),
        "twilio_phone_number": _maybe(phones()),
    }
    return _entity(User, defaults, fixed)


def clients(**fixed: Any) -> st.SearchStrategy[Client]:
    """A client."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "full_name": texts(),
        "created_at": instants(),
        "email": _maybe(emails()),
        "phone": _maybe(phones()),
        "phone_as_given": _maybe(texts()),
        "notes": texts(200),
        "notes_embedding": _maybe(vectors()),
        "ai_tags": st.lists(texts(), max_size=2),
        "user_tags": st.lists(texts(), max_size=2),
        "preferences": json_objects(),
        "last_interaction": _maybe(instants()),
        "timezone": _maybe(zones()),
    }
    return _entity(Client, defaults, fixed)


def snapshots(**fixed: Any) -> st.SearchStrategy[ListingSnapshot]:
    """What a feed said about a listing."""
    cents, measures = _maybe(st.integers(0, 10**12)), _maybe(st.floats(0, 10**6, allow_nan=False))
    dates = _maybe(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
    defaults = {
        "source_id": words(),
        "listing_key": texts(20, at_least=1),
        "listing_id": _maybe(texts()),
        "watermark": _maybe(texts()),
        "modified_at": _maybe(instants()),
        "status": _maybe(st.sampled_from(ListingStatus)),
        "status_text": _maybe(texts()),
        "list_price_cents": cents,
        "original_list_price_cents": cents,
        "close_price_cents": cents,
        "close_date": dates,
        "on_market_date": dates,
        "price_changed_at": _maybe(instants()),
        "beds": _maybe(st.integers(0, 20)),
        "baths": measures,
        "living_area_sqft": measures,
        "pool": _maybe(st.booleans()),
        "address": _maybe(texts()),
        "unit": _maybe(words()),
        "city": _maybe(texts()),
        "postal_code": _maybe(st.from_regex(r"[0-9]{5}", fullmatch=True)),
        "latitude": _maybe(st.floats(-90, 90)),
        "longitude": _maybe(st.floats(-180, 180)),
        "remarks": _maybe(texts(200)),
        "display_allowed": st.booleans(),
        "can_view": st.booleans(),
        "uses": _maybe(st.frozensets(st.sampled_from(["IDX", "VOW", "BO"]))),
        "photo_urls": st.lists(words(), max_size=2).map(tuple),
    }
    return _entity(ListingSnapshot, defaults, fixed)


def accepted_listings(snapshot: st.SearchStrategy[ListingSnapshot] | None = None) -> st.SearchStrategy[AcceptedListing]:
    """A listing as change detection keeps it."""
    return st.builds(
        AcceptedListing,
        snapshot=snapshots() if snapshot is None else snapshot,
        transitions=st.integers(0, 2**31 - 1),
        held_price_cents=_maybe(st.integers(0, 10**12)),
        gone=st.booleans(),
        off_market_since=_maybe(instants()),
    )


def global_events(**fixed: Any) -> st.SearchStrategy[GlobalMlsEvent]:
    """A change of a listing."""
    defaults = {
        "id": st.uuids(),
        "source_id": words(),
        "listing_key": texts(20, at_least=1),
        "kind": st.sampled_from(ListingEvent),
        "event_timestamp": instants(),
        "created_at": instants(),
        "change": json_objects(),
        "raw_payload": json_objects(),
    }
    return _entity(GlobalMlsEvent, defaults, fixed)


def market_events(**fixed: Any) -> st.SearchStrategy[MarketEvent]:
    """An event as it concerns one professional, not looked at yet; it speaks of nothing stored unless asked to."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "event_type": st.sampled_from(ListingEvent).map(str),
        "entity_id": texts(20, at_least=1),
        "created_at": instants(),
        "source_id": words(),
        "market_area": _maybe(texts()),
        "payload": json_objects(),
    }
    return _entity(MarketEvent, defaults, fixed)


def resources(**fixed: Any) -> st.SearchStrategy[Resource]:
    """A property or a piece of content."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "resource_type": st.sampled_from(ResourceType),
        "status": st.sampled_from(ResourceStatus),
        "entity_id": texts(20, at_least=1),
        "created_at": instants(),
        "updated_at": instants(),
        "source_id": st.just("") | words(),
        "attributes": json_objects(),
    }
    return _entity(Resource, defaults, fixed)


def reasons() -> st.SearchStrategy[Reason]:
    """Why, or why not."""
    return st.builds(
        Reason,
        constraint=words(),
        outcome=st.sampled_from(Outcome),
        strength=st.sampled_from(Strength),
        wanted=texts(),
        actual=_maybe(texts()),
        text=texts(),
    )


def members(**fixed: Any) -> st.SearchStrategy[AudienceMember]:
    """One of an audience."""
    defaults = {
        "client_id": st.uuids(),
        "role": st.sampled_from(Role),
        "score": st.floats(0, 100),
        "coverage": st.floats(0, 1),
        "decision": st.sampled_from(Decision),
        "reasons": st.lists(reasons(), max_size=2).map(tuple),
        "included": st.booleans(),
    }
    return _entity(AudienceMember, defaults, fixed)


def briefings(**fixed: Any) -> st.SearchStrategy[CampaignBriefing]:
    """A nudge or plan; it speaks of nothing stored unless asked to."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "campaign_type": words(),
        "headline": texts(at_least=1),
        "status": st.sampled_from(BriefingStatus),
        "created_at": instants(),
        "updated_at": instants(),
        "original_draft": texts(200),
        "edited_draft": _maybe(texts(at_least=1)),
        "drafted_by": words(),
        "fallback_reason": _maybe(words()),
        "key_intel": json_objects(),
        "matched_audience": st.lists(members(), max_size=3).map(tuple),
        "is_plan": st.booleans(),
        "snoozed_until": _maybe(instants()),
        "expires_at": _maybe(instants()),
    }
    return _entity(CampaignBriefing, defaults, fixed)


def approved_texts(owner: UUID, **fixed: Any) -> st.SearchStrategy[ApprovedText]:
    """A text with a person's yes, for a client of `owner`."""
    approvals = st.builds(Approval, id=st.uuids(), user_id=st.just(owner), approved_by=words(), approved_at=instants())
    defaults = {
        "id": st.uuids(),
        "approval": approvals,
        "client_id": st.uuids(),
        "content": texts(200, at_least=1),
        "recipient": _maybe(phones()),
        "sender": _maybe(phones()),
        "source": st.sampled_from(MessageSource),
        "sender_type": st.sampled_from(SenderType),
        "message_class": st.sampled_from(MessageClass),
        "dedupe_key": words(),
        "not_before": _maybe(instants()),
        "not_after": _maybe(instants()),
        "originally_scheduled_at": _maybe(instants()),
    }
    return _entity(ApprovedText, defaults, fixed)


def inbound_messages(**fixed: Any) -> st.SearchStrategy[Message]:
    """A text that a client sent."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "client_id": st.uuids(),
        "content": texts(200),
        "direction": Direction.INBOUND,
        "delivery": Delivery.RECEIVED,
        "source": MessageSource.MANUAL,
        "sender_type": SenderType.USER,
        "created_at": instants(),
        "message_class": st.sampled_from(MessageClass),
        "sender": _maybe(phones()),
        "recipient": _maybe(phones()),
        "provider_sid": words(),
    }
    return _entity(Message, defaults, fixed)


def scheduled_messages(**fixed: Any) -> st.SearchStrategy[ScheduledMessage]:
    """A planned text."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "client_id": st.uuids(),
        "content": texts(200),
        "scheduled_at_utc": instants(),
        "timezone": zones(),
        "status": st.sampled_from(ScheduledStatus),
        "created_at": instants(),
        "sent_at": _maybe(instants()),
        "error_message": _maybe(texts()),
        "job_id": _maybe(words()),
        "playbook_touchpoint_id": _maybe(words()),
        "is_recurring": st.booleans(),
    }
    return _entity(ScheduledMessage, defaults, fixed)


def consents(**fixed: Any) -> st.SearchStrategy[Consent]:
    """A statement about consent."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "client_id": st.uuids(),
        "phone": phones(),
        "kind": st.sampled_from(ConsentKind),
        "source": words(),
        "recorded_by": words(),
        "recorded_at": instants(),
        "wording": texts(),
    }
    return _entity(Consent, defaults, fixed)


def suppressions(**fixed: Any) -> st.SearchStrategy[Suppression]:
    """A demand for silence, or its end."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "phone": phones(),
        "scope": st.sampled_from(SuppressionScope),
        "reason": words(),
        "created_at": instants(),
        "topic": st.sampled_from(["", "listings"]),
        "active": st.booleans(),
        "source_sid": _maybe(words()),
    }
    return _entity(Suppression, defaults, fixed)


def negative_preferences(**fixed: Any) -> st.SearchStrategy[NegativePreference]:
    """What a dismissal taught."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "client_id": st.uuids(),
        "source_campaign_id": st.uuids(),
        "reason": st.sampled_from(DismissReason),
        "created_at": instants(),
        "dismissed_embedding": _maybe(vectors()),
    }
    return _entity(NegativePreference, defaults, fixed)


def audit_entries(**fixed: Any) -> st.SearchStrategy[AuditEntry]:
    """A decision."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "at": instants(),
        "actor": words(),
        "action": words(),
        "subject_type": words(),
        "subject_id": st.uuids(),
        "facts": json_objects(),
    }
    return _entity(AuditEntry, defaults, fixed)


def contents(**fixed: Any) -> st.SearchStrategy[ContentResource]:
    """A link or document."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "title": texts(at_least=1),
        "url": texts(at_least=1),
        "created_at": instants(),
        "updated_at": instants(),
        "description": texts(),
        "categories": st.lists(texts(), max_size=2),
        "content_type": words(),
        "status": st.sampled_from(ResourceStatus),
        "usage_count": st.integers(0, 2**31 - 1),
    }
    return _entity(ContentResource, defaults, fixed)


def faqs(**fixed: Any) -> st.SearchStrategy[Faq]:
    """A question with its answer."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "question": texts(at_least=1),
        "answer": texts(at_least=1),
        "is_enabled": st.booleans(),
    }
    return _entity(Faq, defaults, fixed)


def notes(**fixed: Any) -> st.SearchStrategy[OutboxNote]:
    """Work handed on, never claimed; it belongs to nobody unless asked to."""
    defaults = {
        "id": st.uuids(),
        "topic": st.sampled_from(Topic),
        "dedupe_key": words(),
        "created_at": instants(),
        "payload": json_objects(),
        "not_before": _maybe(instants()),
    }
    return _entity(OutboxNote, defaults, fixed)


def runs(**fixed: Any) -> st.SearchStrategy[PipelineRun]:
    """A pass of the pipeline."""
    counts = st.integers(0, 2**31 - 1)
    defaults = {
        "id": st.uuids(),
        "status": st.sampled_from(RunStatus),
        "started_at": instants(),
        "completed_at": _maybe(instants()),
        "events_processed": counts,
        "campaigns_created": counts,
        "errors": _maybe(texts()),
        "duration_seconds": _maybe(st.floats(0, 1e9)),
        "user_count": counts,
    }
    return _entity(PipelineRun, defaults, fixed)


def cursors(**fixed: Any) -> st.SearchStrategy[FeedCursor]:
    """How far a source has been read."""
    defaults = {"source_id": words(), "state": json_objects(), "baseline_done": st.booleans()}
    return _entity(FeedCursor, defaults, fixed)


def unread_records(**fixed: Any) -> st.SearchStrategy[UnreadRecord]:
    """A record that could not be read; its raw text may hold anything."""
    defaults = {
        "source_id": words(),
        "listing_key": _maybe(st.text(max_size=10)),
        "rule": texts(at_least=1),
        "raw": st.text(max_size=60),
    }
    return _entity(UnreadRecord, defaults, fixed)
