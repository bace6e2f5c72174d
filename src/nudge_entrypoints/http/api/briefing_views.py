"""What the screens show of briefings: the nudge, the people, the text each of them would get, the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from attrs import field, frozen

from nudge_core.model.briefing import AudienceMember, BriefingStatus, CampaignBriefing, Decision, Outcome, Strength
from nudge_core.model.client import Role
from nudge_core.model.json import JsonObject, plain_json
from nudge_core.policy.findings import Finding, Severity
from nudge_core.policy.segments import Encoding
from nudge_core.sending.previews import Preview
from nudge_core.steps.review import Shown


@frozen(kw_only=True)
class FindingView:
    """What a wording rule says: characters `start` to `end` of the text, half-open. `block` refuses an approval."""

    rule: str
    severity: Severity
    start: int
    end: int
    suggestion: str


@frozen(kw_only=True)
class ReasonView:
    """One wish against one fact: what was wanted, what there is, and the same in words."""

    constraint: str
    outcome: Outcome
    strength: Strength
    wanted: str = field(repr=False)
    actual: str | None = field(repr=False)
    text: str = field(repr=False)


@frozen(kw_only=True)
class PreviewView:
    """The final text for one person, in SMS segments, and what the rules say of it."""

    text: str = field(repr=False)
    segments: int
    encoding: Encoding
    units: int
    findings: tuple[FindingView, ...]


@frozen(kw_only=True)
class MemberView:
    """One person of the audience. `name` is null when the client is gone, `preview` then and once it is decided."""

    client_id: UUID
    name: str | None = field(repr=False)
    role: Role
    score: float
    coverage: float
    decision: Decision
    included: bool
    reasons: tuple[ReasonView, ...]
    preview: PreviewView | None


# Any: JSON that the vertical writes for a person.
@frozen(kw_only=True)
class BriefingLine:
    """A briefing in a list. `best_score`: of the people included, 0 to 100; null when nobody is."""

    id: UUID
    version: int
    status: BriefingStatus
    campaign_type: str
    headline: str = field(repr=False)
    is_plan: bool
    client_id: UUID | None
    included: int
    audience: int
    best_score: float | None
    created_at: datetime
    updated_at: datetime
    snoozed_until: datetime | None
    expires_at: datetime | None


@frozen(kw_only=True)
class BriefingPage:
    """A page of briefings."""

    items: tuple[BriefingLine, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class BriefingView:
    """A briefing with everything needed to decide."""

    id: UUID
    version: int
    status: BriefingStatus
    campaign_type: str
    headline: str = field(repr=False)
    draft: str = field(repr=False)
    is_edited: bool
    original_draft: str = field(repr=False)
    drafted_by: str
    fallback_reason: str | None
    findings: tuple[FindingView, ...]
    audience: tuple[MemberView, ...]
    intel: dict[str, Any] = field(repr=False)
    is_plan: bool
    client_id: UUID | None
    client_name: str | None = field(repr=False)
    event_id: UUID | None
    resource_id: UUID | None
    message_id: UUID | None
    created_at: datetime
    updated_at: datetime
    snoozed_until: datetime | None
    expires_at: datetime | None


@frozen(kw_only=True)
class Queue:
    """The morning's queue, best first."""

    items: tuple[BriefingView, ...]


@frozen(kw_only=True)
class Reasons:
    """Why one person is (not) offered this."""

    client_id: UUID
    decision: Decision
    score: float
    coverage: float
    reasons: tuple[ReasonView, ...] = field(factory=tuple)


def line_of(briefing: CampaignBriefing) -> BriefingLine:
    """Return a briefing as a list shows it."""
    return BriefingLine(
        id=briefing.id,
        version=briefing.version,
        status=briefing.status,
        campaign_type=briefing.campaign_type,
        headline=briefing.headline,
        is_plan=briefing.is_plan,
        client_id=briefing.client_id,
        included=len(briefing.recipients),
        audience=len(briefing.matched_audience),
        best_score=max((member.score for member in briefing.recipients), default=None),
        created_at=briefing.created_at,
        updated_at=briefing.updated_at,
        snoozed_until=briefing.snoozed_until,
        expires_at=briefing.expires_at,
    )


def view_of(shown: Shown) -> BriefingView:
    """Return a briefing as its own screen shows it."""
    briefing = shown.briefing
    previews = {preview.client_id: preview for preview in shown.previews}
    about = None if briefing.client_id is None else shown.clients.get(briefing.client_id)
    return BriefingView(
        id=briefing.id,
        version=briefing.version,
        status=briefing.status,
        campaign_type=briefing.campaign_type,
        headline=briefing.headline,
        draft=briefing.draft,
        is_edited=briefing.edited_draft is not None,
        original_draft=briefing.original_draft,
        drafted_by=briefing.drafted_by,
        fallback_reason=briefing.fallback_reason,
        findings=_findings(shown.findings),
        audience=tuple(
            _member(
                member,
                shown.clients[member.client_id].full_name if member.client_id in shown.clients else None,
                previews.get(member.client_id),
            )
            for member in briefing.matched_audience
        ),
        intel=plain(briefing.key_intel),
        is_plan=briefing.is_plan,
        client_id=briefing.client_id,
        client_name=None if about is None else about.full_name,
        event_id=briefing.triggering_event_id,
        resource_id=briefing.triggering_resource_id,
        message_id=briefing.parent_message_id,
        created_at=briefing.created_at,
        updated_at=briefing.updated_at,
        snoozed_until=briefing.snoozed_until,
        expires_at=briefing.expires_at,
    )


def reasons_of(member: AudienceMember) -> Reasons:
    """Return the facts that were compared for one person."""
    return Reasons(
        client_id=member.client_id,
        decision=member.decision,
        score=member.score,
        coverage=member.coverage,
        reasons=_reasons(member),
    )


def plain(value: JsonObject) -> dict[str, Any]:
    """Return a frozen JSON object as the encoder takes it."""
    return cast("dict[str, Any]", plain_json(value))


def _member(member: AudienceMember, name: str | None, preview: Preview | None) -> MemberView:
    return MemberView(
        client_id=member.client_id,
        name=name,
        role=member.role,
        score=member.score,
        coverage=member.coverage,
        decision=member.decision,
        included=member.included,
        reasons=_reasons(member),
        preview=None if preview is None else _preview(preview),
    )


def _preview(preview: Preview) -> PreviewView:
    return PreviewView(
        text=preview.text,
        segments=preview.parts,
        encoding=preview.encoding,
        units=preview.units,
        findings=_findings(preview.findings),
    )


def _reasons(member: AudienceMember) -> tuple[ReasonView, ...]:
    return tuple(
        ReasonView(
            constraint=one.constraint,
            outcome=one.outcome,
            strength=one.strength,
            wanted=one.wanted,
            actual=one.actual,
            text=one.text,
        )
        for one in member.reasons
    )


def _findings(findings: Sequence[Finding]) -> tuple[FindingView, ...]:
    return tuple(
        FindingView(rule=one.rule, severity=one.severity, start=one.start, end=one.end, suggestion=one.suggestion)
        for one in findings
    )
