"""How an accepted text fares: its receipt noted, and what a failure asks for done. In one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.audit import AuditEntry
from nudge_core.model.carrier import ReceiptNews
from nudge_core.model.event import stable_id
from nudge_core.model.message import FINAL_RANK, Delivery, Message
from nudge_core.policy.caps import MONTH
from nudge_core.policy.consent import SilenceReason
from nudge_core.policy.receipts import (
    AGAIN,
    ARRIVED,
    FAILED,
    HANDSET_UNREACHABLE,
    STRIKES,
    Action,
    again_at,
    meaning_of,
    pause_of,
    strikes,
)
from nudge_core.ports import TenantTransaction
from nudge_core.sending.moves import audited
from nudge_core.sending.silence import silence
from nudge_core.sending.wishes import ask_owner

ACTOR = "nudge:receive"
RECEIPT_REPLACED = "receipt_replaced"
REFUSED_LATER = "refused_later"
"""Audit action of a text that the carrier had accepted and then gave up for good."""

ARRIVED_AFTER_ALL = "arrived_after_all"


class ReceiptEffect(StrEnum):
    """What a receipt changed: its rank was raised, it came too late, it proved a send, nothing fits it, or it must
    not exist (a second provider id for one text)."""

    NOTED = "noted"
    OUTDATED = "outdated"
    ADOPTED = "adopted"
    UNKNOWN = "unknown"
    ALARM = "alarm"


async def note(tx: TenantTransaction, message: Message, news: ReceiptNews) -> ReceiptEffect:
    """Raise the receipt of a stored text, and do what its code asks for; the same news again changes nothing.

    Of two final receipts the last one wins, with an audit entry. Source: `messaging.md` section 3.
    """
    if not await tx.messages.note_receipt(news.provider_sid, news.receipt, news.error_code):
        return ReceiptEffect.OUTDATED
    before = message.receipt
    if before is not None and before is not news.receipt and before.rank == news.receipt.rank >= FINAL_RANK:
        await _audit_once(tx, audited(tx, message, ACTOR, RECEIPT_REPLACED, f"{before}:{news.receipt}"))
    if news.receipt in ARRIVED:
        await _call_back_second_try(tx, message)
    elif news.receipt in FAILED and news.error_code is not None and news.error_code != message.error_code:
        await _follow(tx, message, news.error_code, news.provider_sid)
        pause = pause_of(news.error_code, message.sender, tx.now)
        if pause is not None:
            await tx.lanes.pause(pause.sender, pause.until, pause.reason)
    return ReceiptEffect.NOTED


async def note_waiting(tx: TenantTransaction, texts: Mapping[str, UUID]) -> None:
    """Apply the receipts that came before anybody knew whose texts these were; `texts`: message id by provider id."""
    for event in await tx.carrier_events.waiting_for(texts):
        if isinstance(event.arrival.news, ReceiptNews):
            stored = await tx.messages.get(texts[event.arrival.provider_sid])
            await note(tx, stored, event.arrival.news)
            await tx.carrier_events.mark(event.id, handled=True)


async def _follow(tx: TenantTransaction, message: Message, code: str, provider_sid: str) -> None:
    """Do what a failure with this code asks for."""
    action = meaning_of(code).action
    if action in (Action.PHONE_UNUSABLE, Action.OPTED_OUT) or await _is_struck_out(tx, message, code):
        why = SilenceReason.CARRIER_OPT_OUT if action is Action.OPTED_OUT else SilenceReason.PHONE_UNUSABLE
        await _silence(tx, message, why, code, provider_sid)
    elif action is Action.REVIEW:
        await ask_owner(tx, message, f"{REFUSED_LATER}:{code}")
    elif action is Action.FINAL or not await _try_again(tx, message, code):
        await _audit_once(tx, audited(tx, message, ACTOR, REFUSED_LATER, code))


async def _is_struck_out(tx: TenantTransaction, message: Message, code: str) -> bool:
    if code != HANDSET_UNREACHABLE or message.recipient is None:
        return False
    return strikes(await tx.messages.sent_to(message.recipient, tx.now - MONTH)) >= STRIKES


async def _silence(tx: TenantTransaction, message: Message, why: SilenceReason, code: str, provider_sid: str) -> None:
    if message.recipient is not None:
        await silence(tx, message.recipient, why, cause=message.id, actor=ACTOR, detail=code, source_sid=provider_sid)


async def _try_again(tx: TenantTransaction, message: Message, code: str) -> bool:
    """Queue the words once more as a text of its own, under the same approval; False when it is not to be."""
    earliest = again_at(message, code, tx.now)
    if earliest is None or message.approval_id is None or message.receipt in ARRIVED:
        return False
    again = ApprovedText(
        id=stable_id("again", str(message.id)),
        approval=Approval(
            id=message.approval_id,
            user_id=message.user_id,
            approved_by=ACTOR,
            approved_at=message.created_at,
            briefing_id=message.briefing_id,
        ),
        client_id=message.client_id,
        content=message.content,
        recipient=message.recipient,
        sender=message.sender,
        source=message.source,
        sender_type=message.sender_type,
        message_class=message.message_class,
        dedupe_key=f"{AGAIN}{message.id}",
        not_before=earliest,
        not_after=message.not_after,
        topic=message.topic,
        time_bound=message.time_bound,
        match_score=message.match_score,
    )
    return bool(await tx.messages.queue([again]))


async def _call_back_second_try(tx: TenantTransaction, message: Message) -> None:
    """Cancel a second try that still waits: the first one arrived after all."""
    if message.receipt in FAILED:
        second = stable_id("again", str(message.id))
        await tx.messages.move(
            second, attempt=None, expected=[Delivery.QUEUED], to=Delivery.CANCELLED, reason=ARRIVED_AFTER_ALL
        )


async def _audit_once(tx: TenantTransaction, entry: AuditEntry) -> None:
    if all(known.id != entry.id for known in await tx.audit.of_subject(entry.subject_id)):
        await tx.audit.add([entry])
