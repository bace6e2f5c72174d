"""What we ask the carrier for by ourselves: texts whose webhook was lost, and what sent texts came to.

No transaction is open while the carrier is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import frozen

from nudge_core.errors import Refused, Unavailable
from nudge_core.model.carrier import InboundText, ProviderRecord
from nudge_core.model.message import Message
from nudge_core.walk.hearing import Asked, hear
from nudge_core.walk.parts import Parts

OVERLAP = timedelta(minutes=15)  # how late a carrier's list may show a text, with a margin; ours
FIRST_LOOK = timedelta(days=1)  # at a number that was never asked about; older texts are history, not wishes
BILLED_AFTER = timedelta(minutes=10)  # a price comes some time after the receipt; ours
BILLED_WITHIN = timedelta(days=3)  # a price that has not come by then will not


@frozen(kw_only=True)
class Polled:
    """What a poll found. `heard`: texts seen, `new` of them not told before; `failed`: numbers not asked to the end."""

    heard: int = 0
    new: int = 0
    failed: int = 0


async def poll_inbound(parts: Parts, overlap: timedelta = OVERLAP) -> Polled:
    """Ask the carrier what people sent to each of our numbers, and hear what no webhook has told.

    Each text is heard like one from a webhook, so that one told already changes nothing. How far a number is known is
    stored with each text and at its end; a number that cannot be asked stops only itself.

    Raises Unavailable when the store does not answer.
    """
    async with parts.store.system() as tx:
        phones = sorted({user.twilio_phone_number for user in await tx.users.all() if user.twilio_phone_number})
    polled = Polled()
    for phone in phones:
        async with parts.store.system() as tx:
            asked_at, known = tx.now, await tx.carrier_events.read_until(phone)
        since = asked_at - FIRST_LOOK if known is None else known - overlap
        try:
            texts = await parts.gateway.received(phone, since)
        except (Unavailable, Refused):
            polled = Polled(heard=polled.heard, new=polled.new, failed=polled.failed + 1)
            continue
        new = await _hear_all(parts, phone, texts, asked_at)
        polled = Polled(heard=polled.heard + len(texts), new=polled.new + new, failed=polled.failed)
    return polled


async def _hear_all(parts: Parts, phone: str, texts: Sequence[InboundText], asked_at: datetime) -> int:
    """Hear the texts of one number, oldest first; return how many had not been told."""
    new = 0
    for text in sorted(texts, key=lambda text: (text.at, text.provider_sid)):
        heard = await hear(parts, text, asked=Asked(phone=phone, read_until=min(text.at, asked_at)))
        new += heard.is_new
    async with parts.store.system() as tx:
        await tx.carrier_events.advance(phone, asked_at)
    return new


async def collect_bills(parts: Parts, limit: int) -> int:
    """Ask what sent texts came to that have a final receipt and no price; return how many prices were learned.

    Args:
        parts: the walk's parts.
        limit: texts asked about at most; those never asked about first.

    A carrier that does not answer ends the round: the next one goes on. Raises Unavailable of the store.
    """
    async with parts.store.system() as tx:
        texts = await tx.sends.unbilled(tx.now - BILLED_AFTER, tx.now - BILLED_WITHIN, limit)
    learned = 0
    for text in texts:
        if text.provider_sid is None:
            continue
        try:
            record = await parts.gateway.fetch(text.provider_sid)
        except Refused:
            continue
        except Unavailable:
            break
        if record is not None:
            learned += await _bill(parts, text, record)
    return learned


async def _bill(parts: Parts, text: Message, record: ProviderRecord) -> bool:
    async with parts.store.tenant(text.user_id) as tx:
        await tx.messages.bill(
            record.provider_sid,
            segments=record.segments,
            price_micros=record.price_micros,
            price_currency=record.price_currency,
        )
    return record.price_micros is not None
