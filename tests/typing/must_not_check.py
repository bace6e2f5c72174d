"""mypy must refuse every line that is marked: nothing but an approved text can be queued."""

from uuid import UUID

from nudge_core.model.briefing import CampaignBriefing, Draft
from nudge_core.model.message import Message, ScheduledMessage
from nudge_core.ports import TenantTransaction


async def queue(
    tx: TenantTransaction,
    draft: Draft,
    briefing: CampaignBriefing,
    message: Message,
    planned: ScheduledMessage,
    message_id: UUID,
) -> None:
    await tx.messages.queue([draft])  # refused
    await tx.messages.queue([briefing])  # refused
    await tx.messages.queue([message])  # refused
    await tx.messages.queue([planned])  # refused
    await tx.messages.queue(["Hi Ben"])  # refused
    await tx.messages.queue([message_id])  # refused
    await tx.commit()  # refused
