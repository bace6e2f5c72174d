"""A briefing ends when every one of its texts has."""

from __future__ import annotations

from uuid import UUID

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.message import DELIVERY
from nudge_core.ports import TenantTransaction


async def complete_if_done(tx: TenantTransaction, briefing_id: UUID) -> bool:
    """Move an ACTIVE briefing to COMPLETED when all its texts are in final states; say whether it was moved."""
    briefing = await tx.briefings.get(briefing_id)
    texts = await tx.messages.of_briefing(briefing_id)
    if briefing.status is not BriefingStatus.ACTIVE or not all(DELIVERY.is_final(text.delivery) for text in texts):
        return False
    await tx.briefings.save(briefing.moved(BriefingStatus.COMPLETED, tx.now))
    return True
