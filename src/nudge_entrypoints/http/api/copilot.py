"""The co-pilot's questions about a client, and what a person may do about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody

from nudge_core.model import fields
from nudge_core.model.briefing import CO_PILOT, BriefingStatus, CampaignBriefing
from nudge_core.model.json import Json
from nudge_core.policy.switches import rules_for
from nudge_core.steps import plan
from nudge_entrypoints.http.api.briefing_views import plain
from nudge_entrypoints.http.api.briefings import READ, version_rule
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.plans import (
    CHANGES_SENDING,
    MOST_EDITS,
    PlanView,
    TextChange,
    edits_of,
    shown,
)


@frozen(kw_only=True)
class ActionView:
    """One thing that may be done, the most sensible first.

    `resume_plan`, `update_plan`, `end_plan` are taken here, with `plan_id` and the plan's `version`; `answer` names the
    message to answer in its conversation, `change_text` the planned text to change.
    """

    action: str
    plan_id: UUID | None = None
    version: int | None = None
    message_id: UUID | None = None
    scheduled_id: UUID | None = None


# Any: JSON written for a person.
@frozen(kw_only=True)
class QuestionView:
    """A co-pilot briefing that waits: what happened, and what may be done."""

    id: UUID
    version: int
    headline: str = field(repr=False)
    created_at: datetime
    intel: dict[str, Any] = field(repr=False)
    actions: tuple[ActionView, ...]


@frozen(kw_only=True)
class Questions:
    """Those of one client that wait; there is rarely more than one."""

    items: tuple[QuestionView, ...]


def _days(instance: object, attribute: Any, value: Any) -> None:
    fields.between(-plan.MOST_SHIFT_DAYS, plan.MOST_SHIFT_DAYS)(instance, attribute, value)


def _few(instance: object, attribute: Any, value: Any) -> None:
    fields.between(0, MOST_EDITS)(instance, attribute, len(value))


@frozen(kw_only=True)
class Taken:
    """The action to take on one of the plans. `shift_days` and `edits` are for `update_plan`."""

    action: str = field(validator=fields.text(40, at_least=1))
    plan_id: UUID
    version: int = field(validator=version_rule)
    shift_days: int = field(default=0, validator=_days)
    edits: tuple[TextChange, ...] = field(default=(), validator=_few)


class CoPilot(Controller):
    """Routes of the co-pilot's questions."""

    path = "/clients/{client_id:uuid}/copilot-actions"
    tags = ["plans"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt=READ)
    async def list_actions(self, api: TheApi, principal: Caller, client_id: FromPath[UUID]) -> Questions:
        """List what the co-pilot asks about a client, and what may be done."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.clients.get(client_id)
            waiting = await tx.briefings.of_client(client_id, [BriefingStatus.DRAFT])
        return Questions(items=tuple(_question(one) for one in waiting if one.campaign_type == CO_PILOT))


class CoPilotActions(Controller):
    """The route that takes one."""

    path = "/copilot/{briefing_id:uuid}/actions"
    tags = ["plans"]  # noqa: RUF012  a Litestar controller's own attribute

    @post(opt=CHANGES_SENDING, status_code=200)
    async def take_action(
        self, api: TheApi, principal: Caller, briefing_id: FromPath[UUID], data: JSONBody[Taken]
    ) -> PlanView:
        """Do what the co-pilot offers: resume, change or end a plan; the question is closed by it."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            done = await plan.take(
                tx,
                briefing_id,
                principal.actor,
                rules_for(await tx.users.get(tx.user_id)),
                action=data.action,
                plan_id=data.plan_id,
                version=data.version,
                shift_days=data.shift_days,
                edits=edits_of(data.edits),
            )
            return await shown(tx, done)


def _question(briefing: CampaignBriefing) -> QuestionView:
    told = {name: value for name, value in briefing.key_intel.items() if name != "actions"}
    offered = briefing.key_intel.get("actions")
    actions = [one for one in offered if isinstance(one, Mapping)] if isinstance(offered, (list, tuple)) else []
    return QuestionView(
        id=briefing.id,
        version=briefing.version,
        headline=briefing.headline,
        created_at=briefing.created_at,
        intel=plain(told),
        actions=tuple(
            ActionView(
                action=str(one.get("action")),
                plan_id=_id(one.get("plan_id")),
                version=version if isinstance(version := one.get("version"), int) else None,
                message_id=_id(one.get("message_id")),
                scheduled_id=_id(one.get("scheduled_id")),
            )
            for one in actions
        ),
    )


def _id(value: Json) -> UUID | None:
    return UUID(value) if isinstance(value, str) else None
