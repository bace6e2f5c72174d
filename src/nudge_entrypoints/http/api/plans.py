"""Plans: several texts over time for one client; a person pauses, resumes, changes and ends them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from nudge_core.errors import Invalid, NotFound
from nudge_core.model import fields
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.briefing_list import BriefingFilter, BriefingOrder
from nudge_core.model.message import MAX_SMS_CHARACTERS, ScheduledMessage, ScheduledStatus, SenderType
from nudge_core.policy.reasons import explain
from nudge_core.policy.switches import rules_for
from nudge_core.ports import TenantTransaction
from nudge_core.steps import plan
from nudge_entrypoints.http.api.briefings import READ, WRITE, Seen, version_rule
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Scope

CHANGES_SENDING = {SCOPE: Scope.MESSAGES_SEND, "idempotent": True}
"""`opt` of what makes texts go out that would not have, or at another time."""

MOST_EDITS = 100
"""Texts changed in one request; plans have a handful."""


@frozen(kw_only=True)
class StepView:
    """A planned text. `local_at`: what the recipient's clock shows then; `reason`: why it ended without being sent."""

    id: UUID
    version: int
    text: str = field(repr=False)
    status: ScheduledStatus
    scheduled_at: datetime
    timezone: str
    local_at: datetime | None
    is_recurring: bool
    is_approved: bool
    written_by: SenderType
    message_id: UUID | None
    reason: str | None
    explanation: str | None


@frozen(kw_only=True)
class PlanLine:
    """A plan in a list. `waiting`: texts still to come; `next_at`: when the first of them is due."""

    id: UUID
    version: int
    client_id: UUID | None
    headline: str = field(repr=False)
    campaign_type: str
    status: BriefingStatus
    waiting: int
    next_at: datetime | None
    created_at: datetime
    updated_at: datetime


@frozen(kw_only=True)
class PlanPage:
    """A page of plans."""

    items: tuple[PlanLine, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class PlanView:
    """A plan with its texts, the soonest first."""

    plan: PlanLine
    steps: tuple[StepView, ...]


@frozen(kw_only=True)
class TextChange:
    """New words of a planned text."""

    id: UUID
    text: str = field(validator=fields.text(MAX_SMS_CHARACTERS, at_least=1), repr=False)


def _days(instance: object, attribute: Any, value: Any) -> None:
    fields.between(-plan.MOST_SHIFT_DAYS, plan.MOST_SHIFT_DAYS)(instance, attribute, value)


def _few(instance: object, attribute: Any, value: Any) -> None:
    fields.between(0, MOST_EDITS)(instance, attribute, len(value))


@frozen(kw_only=True)
class PlanChange:
    """Days by which all waiting texts move, later or (negative) earlier, and new words of some of them."""

    version: int = field(validator=version_rule)
    shift_days: int = field(default=0, validator=_days)
    edits: tuple[TextChange, ...] = field(default=(), validator=_few)


class Plans(Controller):
    """Routes of plans."""

    path = "/plans"
    tags = ["plans"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt=READ)
    async def list_plans(
        self,
        api: TheApi,
        principal: Caller,
        status: FromQuery[list[BriefingStatus] | None] = None,
        client_id: FromQuery[UUID | None] = None,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> PlanPage:
        """List plans, newest first."""
        which = BriefingFilter(statuses=status or (), client_id=client_id, is_plan=True)
        named = f"plans {sorted(which.statuses)} {client_id}"
        request = page_request(named, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.briefings.page(which, BriefingOrder.NEWEST, request)
            steps = await tx.scheduled.of_plans([one.id for one in page.items])
        lines = tuple(_line(one, steps.get(one.id, ())) for one in page.items)
        return PlanPage(items=lines, next_cursor=cursor_after(named, page.last))

    @get("/{plan_id:uuid}", opt=READ)
    async def read_plan(self, api: TheApi, principal: Caller, plan_id: FromPath[UUID]) -> PlanView:
        """Show a plan with its texts."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return await shown(tx, await a_plan(tx, plan_id))

    @post("/{plan_id:uuid}/pause", opt=WRITE, status_code=200)
    async def pause(self, api: TheApi, principal: Caller, plan_id: FromPath[UUID], data: JSONBody[Seen]) -> PlanView:
        """Let an active plan rest."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await a_plan(tx, plan_id)
            return await shown(tx, await plan.pause_plan(tx, plan_id, principal.actor, version=data.version))

    @post("/{plan_id:uuid}/resume", opt=CHANGES_SENDING, status_code=200)
    async def resume(self, api: TheApi, principal: Caller, plan_id: FromPath[UUID], data: JSONBody[Seen]) -> PlanView:
        """Let a plan that rests go on; what is overdue waits for its next lawful hour."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await a_plan(tx, plan_id)
            rules = rules_for(await tx.users.get(tx.user_id))
            done = await plan.resume_plan(tx, plan_id, principal.actor, rules, version=data.version)
            return await shown(tx, done)

    @post("/{plan_id:uuid}/end", opt=WRITE, status_code=200)
    async def end(self, api: TheApi, principal: Caller, plan_id: FromPath[UUID], data: JSONBody[Seen]) -> PlanView:
        """End a plan for good: nothing more of it goes out."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await a_plan(tx, plan_id)
            return await shown(tx, await plan.end_plan(tx, plan_id, principal.actor, version=data.version))

    @patch("/{plan_id:uuid}", opt=CHANGES_SENDING)
    async def change_plan(
        self, api: TheApi, principal: Caller, plan_id: FromPath[UUID], data: JSONBody[PlanChange]
    ) -> PlanView:
        """Move the texts a plan still has by so many days, and change the words of some."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await a_plan(tx, plan_id)
            done = await plan.update_plan(
                tx,
                plan_id,
                principal.actor,
                rules_for(await tx.users.get(tx.user_id)),
                version=data.version,
                shift_days=data.shift_days,
                edits=edits_of(data.edits),
            )
            return await shown(tx, done)


async def a_plan(tx: TenantTransaction, plan_id: UUID) -> CampaignBriefing:
    """Return a plan; a briefing that is none is not found here."""
    found = await tx.briefings.get(plan_id)
    if not found.is_plan:
        raise NotFound("plan", plan_id)
    return found


def edits_of(changes: Sequence[TextChange]) -> dict[UUID, str]:
    """Return new words by the id of the text. Raises Invalid when one is named twice."""
    edits = {one.id: one.text for one in changes}
    if len(edits) != len(changes):
        raise Invalid("edits", "each text once", None)
    return edits


async def shown(tx: TenantTransaction, found: CampaignBriefing) -> PlanView:
    """Return a plan with its texts as they are now."""
    steps = await tx.scheduled.of_plan(found.id)
    return PlanView(plan=_line(found, steps), steps=tuple(_step(row) for row in steps))


def _line(found: CampaignBriefing, steps: Sequence[ScheduledMessage]) -> PlanLine:
    waiting = [row for row in steps if row.status is ScheduledStatus.PENDING]
    return PlanLine(
        id=found.id,
        version=found.version,
        client_id=found.client_id,
        headline=found.headline,
        campaign_type=found.campaign_type,
        status=found.status,
        waiting=len(waiting),
        next_at=min((row.scheduled_at_utc for row in waiting), default=None),
        created_at=found.created_at,
        updated_at=found.updated_at,
    )


def _step(row: ScheduledMessage) -> StepView:
    return StepView(
        id=row.id,
        version=row.version,
        text=row.content,
        status=row.status,
        scheduled_at=row.scheduled_at_utc,
        timezone=row.timezone,
        local_at=row.local_at,
        is_recurring=row.is_recurring,
        is_approved=row.approval_id is not None,
        written_by=row.sender_type,
        message_id=row.message_id,
        reason=row.error_message,
        explanation=None if row.error_message is None else explain(row.error_message),
    )
