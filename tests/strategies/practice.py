"""What belongs to a professional, and work handed on."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

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
from nudge_core.model.faq import Faq
from nudge_core.model.feedback import DismissReason, NegativePreference
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
from nudge_core.model.resource import ContentResource, ResourceStatus
from nudge_core.model.user import User, UserType
from tests.strategies.values import emails, entity, instants, json_objects, maybe, phones, texts, vectors, words, zones


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
        "license_number": maybe(texts()),
        "specialties": st.lists(texts(), max_size=2),
        "faq_auto_responder_enabled": st.booleans(),
        "twilio_phone_number": maybe(phones()),
    }
    return entity(User, defaults, fixed)


def clients(**fixed: Any) -> st.SearchStrategy[Client]:
    """A client."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "full_name": texts(),
        "created_at": instants(),
        "email": maybe(emails()),
        "phone": maybe(phones()),
        "phone_as_given": maybe(texts()),
        "notes": texts(200),
        "notes_embedding": maybe(vectors()),
        "ai_tags": st.lists(texts(), max_size=2),
        "user_tags": st.lists(texts(), max_size=2),
        "preferences": json_objects(),
        "last_interaction": maybe(instants()),
        "timezone": maybe(zones()),
    }
    return entity(Client, defaults, fixed)


def reasons() -> st.SearchStrategy[Reason]:
    """Why, or why not."""
    return st.builds(
        Reason,
        constraint=words(),
        outcome=st.sampled_from(Outcome),
        strength=st.sampled_from(Strength),
        wanted=texts(),
        actual=maybe(texts()),
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
    return entity(AudienceMember, defaults, fixed)


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
        "edited_draft": maybe(texts(at_least=1)),
        "drafted_by": words(),
        "fallback_reason": maybe(words()),
        "key_intel": json_objects(),
        "matched_audience": st.lists(members(), max_size=3).map(tuple),
        "is_plan": st.booleans(),
        "snoozed_until": maybe(instants()),
        "expires_at": maybe(instants()),
    }
    return entity(CampaignBriefing, defaults, fixed)


def approved_texts(owner: UUID, **fixed: Any) -> st.SearchStrategy[ApprovedText]:
    """A text with a person's yes, for a client of `owner`."""
    approvals = st.builds(Approval, id=st.uuids(), user_id=st.just(owner), approved_by=words(), approved_at=instants())
    defaults = {
        "id": st.uuids(),
        "approval": approvals,
        "client_id": st.uuids(),
        "content": texts(200, at_least=1),
        "recipient": maybe(phones()),
        "sender": maybe(phones()),
        "source": st.sampled_from(MessageSource),
        "sender_type": st.sampled_from(SenderType),
        "message_class": st.sampled_from(MessageClass),
        "dedupe_key": words(),
        "not_before": maybe(instants()),
        "not_after": maybe(instants()),
        "originally_scheduled_at": maybe(instants()),
    }
    return entity(ApprovedText, defaults, fixed)


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
        "sender": maybe(phones()),
        "recipient": maybe(phones()),
        "provider_sid": words(),
    }
    return entity(Message, defaults, fixed)


def repeats() -> st.SearchStrategy[Repeat]:
    """A place in one of two series."""
    return st.builds(
        Repeat,
        series_id=st.sampled_from([UUID(int=801), UUID(int=802)]),
        rule=st.just("FREQ=WEEKLY"),
        anchor=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        occurrence=st.integers(1, 9),
        occurs_on=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        with_anchor=st.booleans(),
        business_days=st.booleans(),
        exceptions=st.lists(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=2).map(tuple),
    )


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
        "sent_at": maybe(instants()),
        "error_message": maybe(texts()),
        "job_id": maybe(words()),
        "playbook_touchpoint_id": maybe(words()),
        "is_recurring": st.booleans(),
        "local_at": maybe(instants().map(lambda moment: moment.replace(tzinfo=None))),
        "not_after": maybe(instants()),
        "approval_id": maybe(st.uuids()),
        "approved_by": maybe(words()),
        "approved_at": maybe(instants()),
        "automatic": st.booleans(),
        "message_class": st.sampled_from(MessageClass),
        "topic": maybe(st.sampled_from(["listings", "check_in"])),
        "sender_type": st.sampled_from(SenderType),
        "redraft": st.booleans(),
        "drafted_at": maybe(instants()),
        "drafted_from": st.sampled_from([{}, {"event_id": "e", "facts": {"price": "$1"}}]),
        "repeat": maybe(repeats()),
    }
    return entity(ScheduledMessage, defaults, fixed)


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
    return entity(Consent, defaults, fixed)


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
        "source_sid": maybe(words()),
    }
    return entity(Suppression, defaults, fixed)


def negative_preferences(**fixed: Any) -> st.SearchStrategy[NegativePreference]:
    """What a dismissal taught."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "client_id": st.uuids(),
        "source_campaign_id": st.uuids(),
        "reason": st.sampled_from(DismissReason),
        "created_at": instants(),
        "dismissed_embedding": maybe(vectors()),
        "about": st.sampled_from([{}, {"field": "price", "at_least": 450_000.5}, {"topic": "listings"}]),
    }
    return entity(NegativePreference, defaults, fixed)


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
    return entity(AuditEntry, defaults, fixed)


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
    return entity(ContentResource, defaults, fixed)


def faqs(**fixed: Any) -> st.SearchStrategy[Faq]:
    """A question with its answer."""
    defaults = {
        "id": st.uuids(),
        "user_id": st.uuids(),
        "question": texts(at_least=1),
        "answer": texts(at_least=1),
        "is_enabled": st.booleans(),
    }
    return entity(Faq, defaults, fixed)


def notes(**fixed: Any) -> st.SearchStrategy[OutboxNote]:
    """Work handed on, never claimed; it belongs to nobody unless asked to."""
    defaults = {
        "id": st.uuids(),
        "topic": st.sampled_from(Topic),
        "dedupe_key": words(),
        "created_at": instants(),
        "payload": json_objects(),
        "not_before": maybe(instants()),
    }
    return entity(OutboxNote, defaults, fixed)


def runs(**fixed: Any) -> st.SearchStrategy[PipelineRun]:
    """A pass of the pipeline."""
    counts = st.integers(0, 2**31 - 1)
    defaults = {
        "id": st.uuids(),
        "status": st.sampled_from(RunStatus),
        "started_at": instants(),
        "completed_at": maybe(instants()),
        "events_processed": counts,
        "campaigns_created": counts,
        "errors": maybe(texts()),
        "duration_seconds": maybe(st.floats(0, 1e9)),
        "user_count": counts,
    }
    return entity(PipelineRun, defaults, fixed)
