"""What comes back from the carrier: receipts, and texts that people write."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from nudge_core.model.carrier import CarrierNews, InboundText
from nudge_core.sending.completion import complete_done_of
from nudge_core.steps import converse, receive
from nudge_core.steps.converse import Received
from nudge_core.steps.receive import ReceiptEffect
from nudge_core.walk.parts import Parts


@frozen(kw_only=True)
class Heard:
    """What one piece of news did. `user_id` None: it belongs to nobody we know."""

    user_id: UUID | None
    effect: Received | ReceiptEffect | None


async def hear(parts: Parts, news: CarrierNews) -> Heard:
    """Take one piece of news from the carrier: a receipt, or a text that somebody sent. Twice is like once."""
    async with parts.store.system() as system:
        user_id = await receive.owner(system, news)
    if user_id is None:
        return Heard(user_id=None, effect=None)
    async with parts.store.tenant(user_id) as tx:
        if isinstance(news, InboundText):
            received = await converse.receive(tx, news, parts.receive)
            await complete_done_of(tx, received.client_id if received.withdrawn else None)
            return Heard(user_id=user_id, effect=received)
        return Heard(user_id=user_id, effect=await receive.receipt(tx, news))
