"""Evidence that the carrier has a text: its id, from an answer, a receipt or its list. Whichever comes first wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from nudge_core.model.carrier import ProviderRecord
from nudge_core.model.message import Delivery, Message, Receipt
from nudge_core.ports import TenantTransaction
from nudge_core.sending.moves import Moved, audited
from nudge_core.sending.receipts import note_waiting

OPEN = (Delivery.QUEUED, Delivery.SENDING, Delivery.IN_DOUBT, Delivery.UNCONFIRMED)
"""States that evidence ends."""

DUPLICATE_ACCEPT = "duplicate_accept"

CLOCK_ERROR = timedelta(hours=26)
"""How far ahead the database's clock may have been at a claim: a wrong day, and a wrong summer time. A list is asked
that much further back, or it would hide the very acceptance that forbids a second text (`reliability.md` T2)."""


async def adopt(tx: TenantTransaction, message: Message, provider_sid: str, receipt: Receipt, actor: str) -> Moved:
    """Store that the carrier has this text. An id proves acceptance whichever attempt caused it.

    Receipts that came before the id was known have their effect now.

    A second, different id for one text, or an id for one that had come to another end, means that it was accepted
    against the rules: it is audited, once however often the carrier speaks of that id, and comes back with `alarm`.
    """
    sent = await tx.messages.move(
        message.id, attempt=None, expected=OPEN, to=Delivery.SENT, provider_sid=provider_sid, receipt=receipt
    )
    if sent:
        await note_waiting(tx, {provider_sid: message.id})
        return Moved(message=message, to=Delivery.SENT)
    stored = await tx.messages.get(message.id)
    if stored.provider_sid == provider_sid:
        await tx.messages.note_receipt(provider_sid, receipt)
        return Moved(message=stored, to=stored.delivery)
    entry = audited(tx, stored, actor, DUPLICATE_ACCEPT, provider_sid)
    if entry.id not in {one.id for one in await tx.audit.of_subject(stored.id)}:
        await tx.audit.add([entry])
    return Moved(message=stored, to=stored.delivery, reason=DUPLICATE_ACCEPT, alarm=True)


async def adopt_all(
    tx: TenantTransaction, proofs: Sequence[tuple[Message, str, Receipt]], actor: str
) -> Mapping[UUID, Moved]:
    """Do what `adopt` does for several texts, in one statement for those that simply become SENT; return it by id."""
    sent = await tx.messages.accept({message.id: (sid, receipt) for message, sid, receipt in proofs})
    await note_waiting(tx, {sid: message.id for message, sid, _ in proofs if message.id in sent})
    return {
        message.id: Moved(message=message, to=Delivery.SENT)
        if message.id in sent
        else await adopt(tx, message, sid, receipt, actor)
        for message, sid, receipt in proofs
    }


def attribute(
    records: Sequence[ProviderRecord], rows: Sequence[Message], clock_skew_s: float
) -> Mapping[UUID, ProviderRecord]:
    """Say which accepted text is whose: message id -> the carrier's record of it.

    Args:
        records: what the carrier's list shows of one pair of phones and none of our rows has, oldest first.
        rows: our texts of that pair whose fate is open.
        clock_skew_s: how far the carrier's clock may be behind ours, in seconds.

    With a single open row any record after its claim is its own, whatever its words: the pair is used by nobody else,
    one with the same words first. With several the words must be equal, and a record belongs to the text that was
    claimed last before it: a pair has one text in flight, so an earlier one had been given up by then. A record from
    before every claim that has a row's very words is its own too, as long as a wrong clock explains it
    (`CLOCK_ERROR`): the claim's instant is the database's.
    Source: `reliability.md` section 4, layer 2 and notes (which gives an ambiguous record to the older row; a text
    claimed after that one's grace is the likelier owner, and both rows then tell the truth).
    """
    skew = timedelta(seconds=clock_skew_s)
    open_rows = sorted(rows, key=lambda row: (_claimed(row), row.id), reverse=True)
    found: dict[UUID, ProviderRecord] = {}

    def give(error: timedelta, has_its_words: bool) -> None:
        for record in records:
            if record in found.values():
                continue
            owner = next((row for row in open_rows if _may_own(row, record, error, has_its_words)), None)
            if owner is not None:
                found[owner.id] = record
                open_rows.remove(owner)

    give(skew, has_its_words=True)
    give(max(skew, CLOCK_ERROR), has_its_words=True)
    if len(rows) == 1:
        give(skew, has_its_words=False)
    return found


def _claimed(row: Message) -> datetime:
    return row.claimed_at or row.created_at


def _may_own(row: Message, record: ProviderRecord, error: timedelta, has_its_words: bool) -> bool:
    return record.created_at >= _claimed(row) - error and (record.body == row.content or not has_its_words)
