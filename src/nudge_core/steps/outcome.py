"""What became of a briefing that was approved: who got the text, who did not, and why."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.message import Delivery, Message, Receipt
from nudge_core.policy.reasons import explain
from nudge_core.ports import TenantTransaction

NOT_CHOSEN = "not_chosen"
NOT_APPROVED = "not_approved"
NOT_QUEUED = "not_queued"
_WORDS = {
    NOT_CHOSEN: "You did not choose this person.",
    NOT_APPROVED: "Nothing was approved, so nothing was sent.",
    NOT_QUEUED: "No text was made for this person.",
}


@frozen(kw_only=True)
class Fate:
    """What became of the text to one person.

    `delivery` None: there is none. `reason`, `explanation`: why it waits, was withheld or failed, or why there is none.
    """

    client_id: UUID
    name: str | None = field(repr=False)
    message_id: UUID | None = None
    delivery: Delivery | None = None
    receipt: Receipt | None = None
    sent_at: datetime | None = None
    not_before: datetime | None = None
    reason: str | None = None
    explanation: str | None = None


@frozen(kw_only=True)
class Outcome:
    """Of a whole briefing: its state, and one fate per text and per person of the audience without one."""

    briefing_id: UUID
    status: BriefingStatus
    fates: tuple[Fate, ...]


async def outcome(tx: TenantTransaction, briefing_id: UUID) -> Outcome:
    """Return what became of a briefing, or of a plan; three queries. Raises NotFound."""
    briefing = await tx.briefings.get(briefing_id)
    texts = await tx.messages.of_briefing(briefing_id)
    people = {text.client_id for text in texts} | {member.client_id for member in briefing.matched_audience}
    names = {client.id: client.full_name for client in await tx.clients.of(people, [])}
    fates = [_fate(text, names.get(text.client_id)) for text in texts]
    reached = {text.client_id for text in texts}
    for member in briefing.matched_audience:
        if member.client_id in reached:
            continue
        why = NOT_CHOSEN
        if member.included:
            why = NOT_APPROVED if briefing.status in (BriefingStatus.DRAFT, BriefingStatus.DISMISSED) else NOT_QUEUED
        name = names.get(member.client_id)
        fates.append(Fate(client_id=member.client_id, name=name, reason=why, explanation=_WORDS[why]))
    return Outcome(briefing_id=briefing.id, status=briefing.status, fates=tuple(fates))


def _fate(text: Message, name: str | None) -> Fate:
    code = text.reason or text.error_code
    return Fate(
        client_id=text.client_id,
        name=name,
        message_id=text.id,
        delivery=text.delivery,
        receipt=text.receipt,
        sent_at=text.sent_at,
        not_before=text.not_before,
        reason=code,
        explanation=None if code is None else explain(code),
    )
