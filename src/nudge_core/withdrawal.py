"""Taking back what has not been sent yet, because it is no longer true or was overtaken."""

from __future__ import annotations

from nudge_core.model.audit import AuditEntry
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.event import stable_id
from nudge_core.model.message import Delivery
from nudge_core.ports import TenantTransaction
from nudge_core.sending.completion import complete_if_done


async def withdraw(tx: TenantTransaction, briefing: CampaignBriefing, why: str) -> int:
    """Cancel a draft, or the texts of an approved briefing that still wait in the queue; 1 if there was anything.

    `why` is a reason code; it stands in the audit entry and on every text that was withdrawn.
    """
    texts = await tx.messages.withdraw(recipient=None, briefing_id=briefing.id, to=Delivery.CANCELLED, reason=why)
    if briefing.status is BriefingStatus.DRAFT:
        await tx.briefings.save(briefing.moved(BriefingStatus.CANCELLED, tx.now))
    elif not texts:
        return 0
    else:
        await complete_if_done(tx, briefing.id)
    entry = AuditEntry(
        id=stable_id("withdrawn", str(briefing.id), str(briefing.version), why),
        user_id=tx.user_id,
        at=tx.now,
        actor="nudge",
        action="briefing.withdrawn",
        subject_type="campaignbriefing",
        subject_id=briefing.id,
        facts={"reason": why, "texts": texts},
    )
    await tx.audit.add([entry])
    return 1
