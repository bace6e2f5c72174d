"""News from the carrier about texts of ours -> receipts noted, evidence of a send adopted.

Everything is idempotent by the provider's id: news comes twice, late and in any order. What people write to us is
`nudge_core.steps.converse`'s. Source: `messaging.md` 3.
"""

from __future__ import annotations

from uuid import UUID

from nudge_core.errors import NotFound
from nudge_core.model.carrier import CarrierNews, ReceiptNews
from nudge_core.ports import SystemTransaction, TenantTransaction
from nudge_core.sending.evidence import adopt
from nudge_core.sending.receipts import ReceiptEffect as ReceiptEffect
from nudge_core.sending.receipts import note

ACTOR = "nudge:receive"


async def owner(tx: SystemTransaction, news: CarrierNews) -> UUID | None:
    """Return whose news this is, or None: a number and an id that nobody owns."""
    if not isinstance(news, ReceiptNews):
        return await tx.sends.owner_of_number(news.recipient)
    by_sid = await tx.sends.owner_of_sid(news.provider_sid)
    if by_sid is not None or news.sender is None:
        return by_sid
    return await tx.sends.owner_of_number(news.sender)


async def receipt(tx: TenantTransaction, news: ReceiptNews) -> ReceiptEffect:
    """Note how an accepted text fares, and do what its code asks for; a rank never falls.

    A receipt for an id we do not know is evidence when it names our message: the answer that would have named the
    text was lost, or is still on its way.
    """
    known = await tx.messages.by_sid(news.provider_sid)
    if known is not None:
        return await note(tx, known, news)
    if news.message_id is None:
        return ReceiptEffect.UNKNOWN
    try:
        message = await tx.messages.get(news.message_id)
    except NotFound:
        return ReceiptEffect.UNKNOWN
    moved = await adopt(tx, message, news.provider_sid, news.receipt, ACTOR)
    if moved.alarm:
        return ReceiptEffect.ALARM
    adopted = await tx.messages.get(message.id)
    await note(tx, adopted, news)  # the code it came with
    return ReceiptEffect.ADOPTED
