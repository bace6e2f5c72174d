"""A text that nobody knows about -> closed by a person, and, if they say so, sent once more as a text of its own.

The grace is over and the carrier showed no trace of it, so the machine will not send it again (`reliability.md` 4): it
might make two. A person may know better: they asked the client, or would rather risk a second text than none.
"""

from __future__ import annotations

from uuid import UUID

from nudge_core.errors import IllegalTransition
from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.audit import AuditEntry
from nudge_core.model.event import stable_id
from nudge_core.model.message import Delivery, Message
from nudge_core.ports import TenantTransaction
from nudge_core.sending.completion import complete_if_done

CLOSED = "closed_by_a_person"
"""Reason code of an unconfirmed text that a person has closed."""


async def close(tx: TenantTransaction, message_id: UUID, by: str, *, send_again: bool = False) -> Message | None:
    """Close an unconfirmed text.

    Args:
        tx: the owner's transaction.
        message_id: the text.
        by: who decides.
        send_again: queue the same words anew, under this decision as their approval. All rules are asked again, and
            it counts against the caps like any other text.

    Returns:
        The new text, or None when none is wanted.

    Raises:
        IllegalTransition: the text is not unconfirmed, or evidence has just come that it went out.
        NotFound: no such text.
    """
    text = await tx.messages.get(message_id)
    closed = text.delivery is Delivery.UNCONFIRMED and await tx.messages.move(
        text.id, attempt=text.attempt, expected=[Delivery.UNCONFIRMED], to=Delivery.CANCELLED, reason=CLOSED
    )
    if not closed:
        stored = await tx.messages.get(message_id)
        raise IllegalTransition("message", stored.delivery.value, "cancelled", "only an unconfirmed text is closed")
    entry = AuditEntry(
        id=stable_id("audit", CLOSED, str(text.id)),
        user_id=tx.user_id,
        at=tx.now,
        actor=by,
        action="message.closed",
        subject_type="message",
        subject_id=text.id,
        facts={"send_again": send_again, "attempt": text.attempt},
    )
    await tx.audit.add([entry])
    again = await _queued_anew(tx, text, by) if send_again else None
    if text.briefing_id is not None:
        await complete_if_done(tx, text.briefing_id)
    return again


async def _queued_anew(tx: TenantTransaction, text: Message, by: str) -> Message:
    named = stable_id("resolved", str(text.id))
    approval = Approval(
        id=stable_id("approval", str(named)),
        user_id=tx.user_id,
        approved_by=by,
        approved_at=tx.now,
        briefing_id=text.briefing_id,
    )
    again = ApprovedText(
        id=named,
        approval=approval,
        client_id=text.client_id,
        content=text.content,
        recipient=text.recipient,
        sender=text.sender,
        source=text.source,
        sender_type=text.sender_type,
        message_class=text.message_class,
        dedupe_key=f"resolved:{text.id}",
        not_after=text.not_after,
        topic=text.topic,
        time_bound=text.time_bound,
        match_score=text.match_score,
    )
    await tx.messages.queue([again])
    return await tx.messages.get(named)
