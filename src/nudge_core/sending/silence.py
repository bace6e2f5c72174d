"""Silence: from this moment on nothing goes to a phone, and nothing that waits for it is left waiting."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from attrs import frozen

from nudge_core.model.audit import AuditEntry
from nudge_core.model.consent import Suppression, SuppressionScope
from nudge_core.model.event import stable_id
from nudge_core.model.message import Delivery, ScheduledStatus
from nudge_core.policy.consent import SilenceReason
from nudge_core.policy.outcomes import Reason
from nudge_core.ports import TenantTransaction
from nudge_core.sending.planned import end
from nudge_core.sending.plans import exit_plans

WITHHELD_AS = {
    SilenceReason.PHONE_UNUSABLE: Reason.PHONE_UNUSABLE,
    SilenceReason.WRONG_NUMBER: Reason.WRONG_NUMBER,
}
"""Reason code of a text withheld because of a suppression; of any other one it is `revoked`."""


@frozen(kw_only=True)
class Silenced:
    """What silence took away: texts that were queued, and texts that were planned."""

    withdrawn: int
    unplanned: int


def withheld_as(suppression_reason: str) -> str:
    """Return the reason code of a text that is withheld because of a suppression with this reason."""
    return next((code for reason, code in WITHHELD_AS.items() if reason == suppression_reason), Reason.REVOKED)


async def silence(
    tx: TenantTransaction,
    phone: str,
    reason: SilenceReason,
    *,
    cause: UUID,
    actor: str,
    detail: str,
    source_sid: str | None = None,
    subject: str = "message",
) -> Silenced:
    """Suppress a phone wholly; in the same transaction withdraw what is queued, cancel what is planned, end the plans.

    Of everybody in the book who has this phone. Nothing of it comes back by itself: START makes no plan go on.

    Args:
        tx: the owner's transaction.
        phone: E.164.
        reason: why.
        cause: the message that made it necessary; names the record, so that doing it twice is doing it once.
        actor: which part of the machine.
        detail: a code for the audit: the carrier's, or the layer that read the words.
        source_sid: the provider's id of the text that asked for it.
        subject: what `cause` is: `message` or `interaction`.
    """
    held = Suppression(
        id=stable_id("suppression", reason, str(cause)),
        user_id=tx.user_id,
        phone=phone,
        scope=SuppressionScope.ALL,
        reason=reason,
        created_at=tx.now,
        source_sid=source_sid,
    )
    if not await tx.suppressions.add(held):
        return Silenced(withdrawn=0, unplanned=0)
    code = withheld_as(reason)
    withdrawn = await tx.messages.withdraw(recipient=phone, briefing_id=None, to=Delivery.WITHHELD, reason=code)
    people = [person.id for person in await tx.clients.by_phone(phone)]
    unplanned = await _cancel_planned(tx, people, code, actor)
    ended = await exit_plans(tx, people, code, cause, actor)
    entry = AuditEntry(
        id=stable_id("audit", "phone_silenced", reason, str(cause)),
        user_id=tx.user_id,
        at=tx.now,
        actor=actor,
        action="phone_silenced",
        subject_type=subject,
        subject_id=cause,
        facts={
            "reason": reason.value,
            "detail": detail,
            "withdrawn": withdrawn,
            "unplanned": unplanned,
            "ended": ended,
        },
    )
    await tx.audit.add([entry])
    return Silenced(withdrawn=withdrawn, unplanned=unplanned)


async def _cancel_planned(tx: TenantTransaction, client_ids: Sequence[UUID], code: str, actor: str) -> int:
    cancelled = 0
    for client_id in client_ids:
        for planned in await tx.scheduled.of_client(client_id):
            if planned.status is ScheduledStatus.PENDING:
                await end(tx, planned, ScheduledStatus.CANCELLED, code, actor=actor, go_on=False)
                cancelled += 1
    return cancelled
