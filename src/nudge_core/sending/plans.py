"""Plans of a client: they pause, they end, and the professional is asked. Nothing here makes one go on.

Source: `verticals.md` 1.4 and 2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from nudge_core.model.audit import AuditEntry
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json
from nudge_core.model.message import Delivery, ScheduledStatus
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.ports import TenantTransaction
from nudge_core.sending.planned import end

UNENDED = (BriefingStatus.DRAFT, BriefingStatus.ACTIVE, BriefingStatus.PAUSED)
RESUMED = "plan.resumed"


async def plans_of(
    tx: TenantTransaction, client_ids: Sequence[UUID], statuses: Sequence[BriefingStatus]
) -> list[CampaignBriefing]:
    """Return the plans of these clients in these states."""
    found = [briefing for one in client_ids for briefing in await tx.briefings.of_client(one, statuses)]
    return [briefing for briefing in found if briefing.is_plan]


async def pause(
    tx: TenantTransaction, client_ids: Sequence[UUID], why: str, cause: UUID, actor: str
) -> tuple[CampaignBriefing, ...]:
    """Pause every active plan of these clients; return them as they are now.

    Args:
        tx: the owner's transaction.
        client_ids: whose plans.
        why: a reason code.
        cause: the message, text or event that made it necessary.
        actor: which part of the machine.
    """
    return tuple(
        [
            await pause_one(tx, plan, why, cause, actor)
            for plan in await plans_of(tx, client_ids, [BriefingStatus.ACTIVE])
        ]
    )


async def pause_one(
    tx: TenantTransaction, plan: CampaignBriefing, why: str, cause: UUID, actor: str
) -> CampaignBriefing:
    """Pause one active plan."""
    paused = await tx.briefings.save(plan.moved(BriefingStatus.PAUSED, tx.now))
    await tx.audit.add([audited(tx, plan, actor, "plan.paused", {"why": why, "cause": str(cause)})])
    return paused


async def exit_plan(
    tx: TenantTransaction, plan: CampaignBriefing, why: str, cause: UUID, actor: str
) -> CampaignBriefing:
    """End a plan for good: what is queued and planned of it is withdrawn in the same transaction."""
    withdrawn = await tx.messages.withdraw(recipient=None, briefing_id=plan.id, to=Delivery.CANCELLED, reason=why)
    waiting = [row for row in await tx.scheduled.of_plan(plan.id) if row.status is ScheduledStatus.PENDING]
    for row in waiting:
        await end(tx, row, ScheduledStatus.CANCELLED, why, actor=actor, go_on=False)
    ended = await tx.briefings.save(plan.moved(BriefingStatus.CANCELLED, tx.now))
    facts: dict[str, Json] = {"why": why, "cause": str(cause), "withdrawn": withdrawn, "unplanned": len(waiting)}
    await tx.audit.add([audited(tx, plan, actor, "plan.ended", facts)])
    return ended


async def exit_plans(tx: TenantTransaction, client_ids: Sequence[UUID], why: str, cause: UUID, actor: str) -> int:
    """End every plan of these clients that has not ended; return how many."""
    plans = await plans_of(tx, client_ids, UNENDED)
    for plan in plans:
        await exit_plan(tx, plan, why, cause, actor)
    return len(plans)


async def ask_copilot(
    tx: TenantTransaction, client_id: UUID, why: str, cause: UUID, facts: dict[str, Json] | None = None
) -> None:
    """Hand on that the professional should be asked about a client; the same cause is asked about once."""
    key = f"converse:{why}:{cause}"
    await tx.notes.add(
        [
            OutboxNote(
                id=stable_id("note", str(tx.user_id), key),
                topic=Topic.CONVERSE,
                dedupe_key=key,
                created_at=tx.now,
                user_id=tx.user_id,
                payload={"client_id": str(client_id), "why": why, "cause": str(cause), **(facts or {})},
            )
        ]
    )


def audited(
    tx: TenantTransaction, plan: CampaignBriefing, actor: str, action: str, facts: dict[str, Json]
) -> AuditEntry:
    """Return the audit entry of something that happened to one version of a plan."""
    return AuditEntry(
        id=stable_id("audit", action, str(plan.id), str(plan.version)),
        user_id=tx.user_id,
        at=tx.now,
        actor=actor,
        action=action,
        subject_type="campaignbriefing",
        subject_id=plan.id,
        facts={"version": plan.version, **facts},
    )
