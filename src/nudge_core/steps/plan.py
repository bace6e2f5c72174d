"""What a person does with a plan that rests: change it, end it, let it go on. Each guarded, audited, idempotent.

`version` is the one the person saw. Doing the same again changes nothing and answers the same; doing it to a plan that
somebody else has changed is a Conflict. Source: `verticals.md` 1.4 and 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

from attrs import evolve

from nudge_core.errors import Conflict, IllegalTransition, Invalid
from nudge_core.model.briefing import CO_PILOT, BriefingStatus, CampaignBriefing
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json
from nudge_core.model.message import ScheduledMessage, ScheduledStatus, SenderType, release_job
from nudge_core.policy.facts import GateRules
from nudge_core.policy.quiet_hours import SendingHours
from nudge_core.ports import TenantTransaction
from nudge_core.sending.planned import EXPIRED, end, without_facts
from nudge_core.sending.plans import RESUMED, UNENDED, audited, exit_plan, pause_one
from nudge_core.timing.local_time import at, local_date, to_local
from nudge_core.timing.recipient_zone import whereabouts

UPDATED = "plan.updated"
PAUSED = "plan.paused"
ENDED_BY_PERSON = "ended_by_person"
PAUSED_BY_PERSON = "paused_by_person"
RESUME, UPDATE, END = "resume_plan", "update_plan", "end_plan"
"""What a co-pilot briefing may offer to do with a plan; `nudge_core.steps.propose` writes them."""
MOST_SHIFT_DAYS = 366


async def resume_plan(
    tx: TenantTransaction, plan_id: UUID, by: str, rules: GateRules, *, version: int, copilot_id: UUID | None = None
) -> CampaignBriefing:
    """Let a paused plan go on: PAUSED -> ACTIVE. What is overdue waits for its next slot, what is too late ends.

    Raises:
        Conflict: the plan changed since the person saw it.
        IllegalTransition: it does not rest.
    """
    plan = await _plan(tx, plan_id)
    if plan.status is BriefingStatus.ACTIVE and await _done(tx, plan, RESUMED, version):
        return plan
    _seen(plan, version)
    resumed = await tx.briefings.save(plan.moved(BriefingStatus.ACTIVE, tx.now))
    for row in await _waiting(tx, plan):
        await _next_slot(tx, row, rules)
    await tx.audit.add([audited(tx, plan, by, RESUMED, {})])
    await _close(tx, copilot_id)
    return resumed


async def pause_plan(tx: TenantTransaction, plan_id: UUID, by: str, *, version: int) -> CampaignBriefing:
    """Let an active plan rest: ACTIVE -> PAUSED. What is queued of it waits at the gate, what is planned stays planned.

    Raises:
        Conflict: the plan changed since the person saw it.
        IllegalTransition: it is not active.
    """
    plan = await _plan(tx, plan_id)
    if plan.status is BriefingStatus.PAUSED and await _done(tx, plan, PAUSED, version):
        return plan
    _seen(plan, version)
    return await pause_one(tx, plan, PAUSED_BY_PERSON, plan.id, by)


async def take(
    tx: TenantTransaction,
    copilot_id: UUID,
    by: str,
    rules: GateRules,
    *,
    action: str,
    plan_id: UUID,
    version: int,
    shift_days: int = 0,
    edits: Mapping[UUID, str] = MappingProxyType({}),
) -> CampaignBriefing:
    """Take one action that a co-pilot briefing offers, and close the briefing; return the plan as it is now.

    `version` is the plan's. `shift_days` and `edits` are for an update, see `update_plan`. To answer and to change one
    text are no actions on a plan: they are done where texts are written.

    Raises:
        Invalid: the briefing does not offer this for this plan, or it is none of the co-pilot's.
        Conflict: the plan changed since the person saw it.
        IllegalTransition: the plan does not allow it, or the question was settled otherwise.
    """
    asked = await tx.briefings.get(copilot_id)
    offered = asked.key_intel.get("actions")
    offers = [one for one in offered if isinstance(one, Mapping)] if isinstance(offered, (list, tuple)) else []
    wanted = (action, str(plan_id))
    if asked.campaign_type != CO_PILOT or wanted not in [(one.get("action"), one.get("plan_id")) for one in offers]:
        raise Invalid("action", "one that this co-pilot briefing offers, with its plan", None)
    if asked.status not in (BriefingStatus.DRAFT, BriefingStatus.COMPLETED):
        asked.moved(BriefingStatus.COMPLETED, tx.now)  # says in the machine's words why not
    if action == RESUME:
        return await resume_plan(tx, plan_id, by, rules, version=version, copilot_id=copilot_id)
    if action == END:
        return await end_plan(tx, plan_id, by, version=version, copilot_id=copilot_id)
    if action != UPDATE:
        raise Invalid("action", f"{RESUME}, {UPDATE} or {END}", action)
    return await update_plan(
        tx, plan_id, by, rules, version=version, shift_days=shift_days, edits=edits, copilot_id=copilot_id
    )


async def end_plan(
    tx: TenantTransaction, plan_id: UUID, by: str, *, version: int, copilot_id: UUID | None = None
) -> CampaignBriefing:
    """End a plan for good: what is queued and planned of it is cancelled; an ended one stays so.

    Raises:
        Conflict: the plan changed since the person saw it.
    """
    plan = await _plan(tx, plan_id)
    if plan.status is BriefingStatus.CANCELLED:
        return plan
    _seen(plan, version)
    ended = await exit_plan(tx, plan, ENDED_BY_PERSON, plan.id, by)
    await _close(tx, copilot_id)
    return ended


async def update_plan(
    tx: TenantTransaction,
    plan_id: UUID,
    by: str,
    rules: GateRules,
    *,
    version: int,
    shift_days: int = 0,
    edits: Mapping[UUID, str] = MappingProxyType({}),
    copilot_id: UUID | None = None,
) -> CampaignBriefing:
    """Move the texts a plan still has by so many days, and replace the words of some; its state stays as it is.

    Args:
        tx: the owner's transaction.
        plan_id: which.
        by: who.
        rules: the hours that bind.
        version: the one the person saw.
        shift_days: how many days later, on the recipient's clock; negative for earlier. Of a series this moves the
            open occurrence; the grid stays.
        edits: new words by the id of the planned text.
        copilot_id: the briefing that proposed it, closed by this.

    Raises:
        Conflict: the plan changed since the person saw it.
        Invalid: a text is not a waiting one of this plan, or would be due in the past.
        IllegalTransition: the plan has ended.
    """
    plan = await _plan(tx, plan_id)
    if await _done(tx, plan, UPDATED, version):
        return plan
    _seen(plan, version)
    if plan.status not in UNENDED:
        raise IllegalTransition("campaign briefing", plan.status.value, plan.status.value, "its plan has ended")
    if abs(shift_days) > MOST_SHIFT_DAYS:
        raise Invalid("plan.shift_days", f"at most {MOST_SHIFT_DAYS} days", shift_days)
    waiting = await _waiting(tx, plan)
    if set(edits) - {row.id for row in waiting}:
        raise Invalid("plan.edits", "texts of this plan that still wait", sorted(map(str, edits)))
    for row in waiting:
        await _update(tx, row, by, rules, shift_days, edits.get(row.id))
    facts: dict[str, Json] = {"shift_days": shift_days, "edited": tuple(sorted(map(str, edits)))}
    await tx.audit.add([audited(tx, plan, by, UPDATED, facts)])
    saved = await tx.briefings.save(plan)
    await _close(tx, copilot_id)
    return saved


async def _plan(tx: TenantTransaction, plan_id: UUID) -> CampaignBriefing:
    plan = await tx.briefings.get(plan_id)
    if not plan.is_plan:
        raise Invalid("plan.id", "a plan", None)
    return plan


def _seen(plan: CampaignBriefing, version: int) -> None:
    if plan.version != version:
        raise Conflict("plan", "it changed since it was shown; look at it again")


async def _done(tx: TenantTransaction, plan: CampaignBriefing, action: str, version: int) -> bool:
    """Say whether this very action was done at this very version before."""
    named = stable_id("audit", action, str(plan.id), str(version))
    return any(entry.id == named for entry in await tx.audit.of_subject(plan.id))


async def _waiting(tx: TenantTransaction, plan: CampaignBriefing) -> list[ScheduledMessage]:
    return [row for row in await tx.scheduled.of_plan(plan.id) if row.status is ScheduledStatus.PENDING]


async def _hours(tx: TenantTransaction, row: ScheduledMessage, rules: GateRules) -> SendingHours | None:
    client = await tx.clients.get(row.client_id)
    if client.phone is None:
        return None
    where = whereabouts(client.phone, client.timezone)
    return SendingHours(whereabouts=where, owner=rules.owner_hours, rules=rules.hours_rules)


async def _next_slot(tx: TenantTransaction, row: ScheduledMessage, rules: GateRules) -> None:
    """Move an overdue text to its own hour of the next lawful day; end one that would then be too late."""
    if row.scheduled_at_utc > tx.now:
        return
    wall = row.local_at or to_local(row.scheduled_at_utc, row.timezone).replace(tzinfo=None)
    today = local_date(tx.now, row.timezone)
    slot = at(today, wall.time(), row.timezone)
    if slot <= tx.now:
        slot = at(today + timedelta(days=1), wall.time(), row.timezone)
    hours = await _hours(tx, row, rules)
    slot = (hours.next_allowed(slot) if hours is not None else None) or slot
    if row.not_after is not None and slot >= row.not_after:
        await end(tx, row, ScheduledStatus.CANCELLED, EXPIRED, go_on=True)
        return
    local = to_local(slot, row.timezone).replace(tzinfo=None, fold=0)
    moved = evolve(row, scheduled_at_utc=slot, local_at=local if row.repeat is None else row.local_at)
    await tx.scheduled.save(evolve(moved, lease_until=None, job_id=_job(row)))


async def _update(
    tx: TenantTransaction, row: ScheduledMessage, by: str, rules: GateRules, shift_days: int, words: str | None
) -> None:
    changed = row
    if shift_days:
        wall = row.local_at or to_local(row.scheduled_at_utc, row.timezone).replace(tzinfo=None)
        instant = at(wall.date() + timedelta(days=shift_days), wall.time(), row.timezone)
        hours = await _hours(tx, row, rules)
        instant = (hours.next_allowed(instant) if hours is not None else None) or instant
        if instant <= tx.now:
            raise Invalid("plan.shift_days", "a shift after which every text is still to come", shift_days)
        until = None if row.not_after is None else row.not_after + timedelta(days=shift_days)
        local = to_local(instant, row.timezone).replace(tzinfo=None, fold=0)
        changed = evolve(changed, scheduled_at_utc=instant, not_after=until)
        changed = evolve(changed, local_at=local if row.repeat is None else row.local_at)
    if words is not None:
        changed = evolve(
            changed,
            content=words,
            sender_type=SenderType.USER,
            automatic=False,
            redraft=False,
            drafted_at=tx.now,
            drafted_from=without_facts(row.drafted_from),
            approval_id=stable_id("approval", str(row.id), str(row.version + 1)),
            approved_by=by,
            approved_at=tx.now,
            error_message=None,
        )
    if changed is not row:
        await tx.scheduled.save(evolve(changed, lease_until=None, job_id=_job(changed)))


def _job(row: ScheduledMessage) -> str | None:
    return None if row.approval_id is None else release_job(row.id, row.version + 1)


async def _close(tx: TenantTransaction, copilot_id: UUID | None) -> None:
    """Close the briefing that proposed it: it was acted upon."""
    if copilot_id is None:
        return
    briefing = await tx.briefings.get(copilot_id)
    if briefing.status is BriefingStatus.DRAFT:
        acted = briefing.moved(BriefingStatus.ACTIVE, tx.now).moved(BriefingStatus.COMPLETED, tx.now)
        await tx.briefings.save(acted)
