"""What would suit a client, and a text about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from nudge_core.model import fields
from nudge_core.model.briefing import AudienceMember, Decision, Outcome, Strength
from nudge_core.model.client import Role
from nudge_core.model.json import plain_json
from nudge_core.model.message import MessageClass
from nudge_core.model.resource import ResourceType
from nudge_core.policy.findings import Finding, Severity
from nudge_core.steps.explain import Explained
from nudge_core.steps.suit import Suit
from nudge_core.walk import draft_for, suits, why
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope

USUAL_SUITS, MOST_SUITS = 10, 50


@frozen(kw_only=True)
class ReasonView:
    """One wish and what became of it: met, missed or unknown."""

    constraint: str
    outcome: Outcome
    strength: Strength
    wanted: str = field(repr=False)
    actual: str | None = field(repr=False)
    text: str = field(repr=False)


@frozen(kw_only=True)
class SuitView:
    """Something on offer that would suit. `decision`: an offer, or a question to be asked first."""

    resource_id: UUID
    resource_type: ResourceType
    entity_id: str
    attributes: dict[str, Any] = field(repr=False)
    role: Role
    score: float
    coverage: float
    decision: Decision
    reasons: tuple[ReasonView, ...] = field(repr=False)


@frozen(kw_only=True)
class SuitList:
    """The best first. `considered`: how many were compared; `excluded`: how many each wish excluded."""

    items: tuple[SuitView, ...]
    considered: int
    excluded: dict[str, int]
    not_offered: dict[str, int]
    nothing_known: bool
    by_meaning: bool


@frozen(kw_only=True)
class Looking:
    """How many at most."""

    limit: int = field(default=USUAL_SUITS, validator=fields.between(1, MOST_SUITS))


@frozen(kw_only=True)
class DraftWanted:
    """What the text is to be about."""

    resource_id: UUID


@frozen(kw_only=True)
class FindingView:
    """A place in a text that breaks a rule of wording: characters `start` to `end`, and what to write instead."""

    rule: str
    severity: Severity
    start: int
    end: int
    suggestion: str


@frozen(kw_only=True)
class DraftView:
    """A text that nobody has approved; it is stored nowhere. `event_id`: the news that it tells."""

    text: str = field(repr=False)
    drafted_by: str
    fallback_reason: str | None
    parts: int
    findings: tuple[FindingView, ...]
    event_id: UUID
    message_class: MessageClass
    topic: str | None
    score: float
    reasons: tuple[ReasonView, ...] = field(repr=False)


class ClientMatches(Controller):
    """Routes of matches and drafts for one client."""

    path = "/clients/{client_id:uuid}"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @post("/matches", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_READ})
    async def find_matches(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], data: JSONBody[Looking]
    ) -> SuitList:
        """Find what is on offer now and would suit a client, with the reasons."""
        found = await suits(api.parts, principal.user_id, client_id, data.limit)
        return SuitList(
            items=tuple(map(_suit, found.items)),
            considered=found.considered,
            excluded=dict(found.excluded),
            not_offered=dict(found.not_offered),
            nothing_known=found.nothing_known,
            by_meaning=found.by_meaning,
        )

    @get("/why/{event_id:uuid}", opt={SCOPE: Scope.CLIENTS_READ})
    async def explain(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], event_id: FromPath[UUID]
    ) -> Explained:
        """Explain why a client is, or is not, told of an event, and what would change that."""
        return await why(api.parts, principal.user_id, client_id, event_id)

    @post("/drafts", status_code=HTTP_200_OK, opt={SCOPE: Scope.NUDGES_READ, "idempotent": True})
    async def draft_text(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], data: JSONBody[DraftWanted]
    ) -> DraftView:
        """Draft a text to a client about something on offer; nothing is stored or sent."""
        written = await draft_for(api.parts, principal.user_id, client_id, data.resource_id)
        return DraftView(
            text=written.text,
            drafted_by=written.draft.drafted_by,
            fallback_reason=written.draft.fallback_reason,
            parts=written.parts,
            findings=tuple(map(_finding, written.findings)),
            event_id=written.event_id,
            message_class=written.message_class,
            topic=written.topic,
            score=written.member.score,
            reasons=_reasons(written.member),
        )


def _suit(suit: Suit) -> SuitView:
    attributes = plain_json(suit.resource.attributes)
    assert isinstance(attributes, dict)
    return SuitView(
        resource_id=suit.resource.id,
        resource_type=suit.resource.resource_type,
        entity_id=suit.resource.entity_id,
        attributes=attributes,
        role=suit.member.role,
        score=suit.member.score,
        coverage=suit.member.coverage,
        decision=suit.member.decision,
        reasons=_reasons(suit.member),
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


def _finding(found: Finding) -> FindingView:
    return FindingView(
        rule=found.rule, severity=found.severity, start=found.start, end=found.end, suggestion=found.suggestion
    )
