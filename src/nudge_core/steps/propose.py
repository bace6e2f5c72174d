"""A note "ask about this client" -> a co-pilot briefing: what happened, which plans rest, and what may be done.

The briefing waits as a DRAFT in the queue; its actions are the functions of `nudge_core.steps.plan`. Deterministic: a
language model may later add words, never an action. Source: `verticals.md` 1.4 and 2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from nudge_core.errors import NotFound
from nudge_core.model.briefing import CO_PILOT, BriefingStatus, CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json, text_in
from nudge_core.model.message import ScheduledMessage, ScheduledStatus
from nudge_core.model.outbox import OutboxNote
from nudge_core.ports import TenantTransaction
from nudge_core.sending.plans import plans_of

RESUME, UPDATE, END, ANSWER, REVIEW_TEXT = "resume_plan", "update_plan", "end_plan", "answer", "change_text"
CHEERLESS = frozenset({"death", "loss", "divorce", "accident", "illness", "job_loss"})
"""Reasons after which going on as before is not proposed first."""


async def propose(tx: TenantTransaction, note: OutboxNote) -> CampaignBriefing | None:
    """Store the co-pilot briefing for a note and finish it; None when it is stored already.

    An older one about the same client that nobody has looked at is overtaken: what it said of plans is said anew.
    """
    client_id, why = UUID(text_in(note.payload, "client_id")), text_in(note.payload, "why")
    named = stable_id("co_pilot", note.dedupe_key)
    await tx.notes.finish(note)
    try:
        await tx.briefings.get(named)
    except NotFound:
        pass
    else:
        return None
    for older in await tx.briefings.of_client(client_id, [BriefingStatus.DRAFT]):
        if older.campaign_type == CO_PILOT:
            await tx.briefings.save(older.moved(BriefingStatus.CANCELLED, tx.now))
    client = await tx.clients.get(client_id)
    message_id = note.payload.get("message_id")
    plans = await plans_of(tx, [client_id], [BriefingStatus.PAUSED])
    waiting = {plan.id: await _waiting(tx, plan) for plan in plans}
    briefing = CampaignBriefing(
        id=named,
        user_id=tx.user_id,
        campaign_type=CO_PILOT,
        headline=_headline(client, why, len(plans)),
        status=BriefingStatus.DRAFT,
        created_at=tx.now,
        updated_at=tx.now,
        original_draft="",
        drafted_by="nudge:propose",
        client_id=client_id,
        parent_message_id=UUID(message_id) if isinstance(message_id, str) else None,
        key_intel={
            "why": why,
            "new_lead": note.payload.get("new_lead") is True,
            "paused_plans": tuple(_told(plan, waiting[plan.id]) for plan in plans),
            "actions": tuple(_actions(note, why, plans)),
        },
    )
    await tx.briefings.add(briefing)
    return briefing


async def _waiting(tx: TenantTransaction, plan: CampaignBriefing) -> list[ScheduledMessage]:
    return [row for row in await tx.scheduled.of_plan(plan.id) if row.status is ScheduledStatus.PENDING]


def _told(plan: CampaignBriefing, waiting: Sequence[ScheduledMessage]) -> dict[str, Json]:
    return {
        "plan_id": str(plan.id),
        "version": plan.version,
        "headline": plan.headline,
        "waiting": tuple({"id": str(row.id), "at": row.scheduled_at_utc.isoformat()} for row in waiting),
    }


def _actions(note: OutboxNote, why: str, plans: Sequence[CampaignBriefing]) -> list[Json]:
    """Return what may be done, the most sensible first. After bad news a plan is first offered to be ended."""
    found: list[Json] = []
    if isinstance(message_id := note.payload.get("message_id"), str):
        found.append({"action": ANSWER, "message_id": message_id})
    if isinstance(scheduled_id := note.payload.get("scheduled_id"), str):
        found.append({"action": REVIEW_TEXT, "scheduled_id": scheduled_id})
    order = (END, UPDATE, RESUME) if why in CHEERLESS else (RESUME, UPDATE, END)
    for plan in plans:
        found += [{"action": action, "plan_id": str(plan.id), "version": plan.version} for action in order]
    return found


def _headline(client: Client, why: str, plans: int) -> str:
    name = client.first_name or "A new lead"
    said = {
        "reply": f"{name} wrote",
        "unanswered": f"{name} has not answered three texts in a row",
        "facts_changed": f"A text planned for {name} is no longer true",
        "told_to_stop": f"{name} wants no more texts",
    }.get(why, f"{name} may have had bad news ({why.replace('_', ' ')})")
    return f"{said}; {plans} {'plan rests' if plans == 1 else 'plans rest'}" if plans else said
