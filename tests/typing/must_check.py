"""mypy must accept this: an approved text may be queued."""

from nudge_core.model.approval import ApprovedText
from nudge_core.ports import TenantTransaction


async def queue(tx: TenantTransaction, text: ApprovedText) -> None:
    await tx.messages.queue([text])
