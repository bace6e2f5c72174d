"""A briefing ends when every one of its texts has, those still planned among them."""

from __future__ import annotations

from uuid import UUID

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.message import SCHEDULED
from nudge_core.ports import TenantTransaction

RECENT = 100  # newest texts of a client: far more than wait for one person at a time


async def complete_if_done(tx: TenantTransaction, briefing_id: UUID) -> bool:
    """Move an ACTIVE briefing to COMPLETED when all its texts are in final states; say whether it was moved."""
    briefing = await tx.briefings.get(briefing_id)
    if briefing.status is not BriefingStatus.ACTIVE or await tx.messages.is_unfinished(briefing_id):
        return False
    if briefing.is_plan and not all(SCHEDULED.is_final(row.status) for row in await tx.scheduled.of_plan(briefing_id)):
        return False
    await tx.briefings.save(briefing.moved(BriefingStatus.COMPLETED, tx.now))
    return True


async def complete_done_of(tx: TenantTransaction, client_id: UUID | None) -> int:
    """Complete the briefings that ended because a client's texts were withdrawn; return how many; None is nobody."""
    if client_id is None:
        return 0
    texts = await tx.messages.of_client(client_id, RECENT)
    briefings = {text.briefing_id for text in texts if text.briefing_id is not None}
    return sum([await complete_if_done(tx, briefing_id) for briefing_id in sorted(briefings)])
