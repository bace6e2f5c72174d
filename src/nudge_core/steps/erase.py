"""Export and erasure of one client: everything that is held, once as an answer, once for the last time.

Source: `features.md` 72, defects 30. What an audit entry holds are codes, counts and ids, so that entries stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import frozen

from nudge_core.model.audit import about_client
from nudge_core.model.briefing import BriefingStatus
from nudge_core.ports import TenantTransaction
from nudge_core.sending.completion import complete_if_done


class EraseReason(StrEnum):
    """Why; a code, because a reason in words would be about somebody who is to be forgotten."""

    ASKED = "they_asked"
    NOT_NEEDED = "not_needed_any_more"
    MISTAKE = "entered_by_mistake"


@frozen(kw_only=True)
class Erased:
    """The proof: whose data, when, why and by whom, and what was done, by table and deed."""

    client_id: UUID
    at: datetime
    reason: EraseReason
    actor: str
    done: Mapping[str, int]


async def erase(tx: TenantTransaction, client_id: UUID, reason: EraseReason, actor: str) -> Erased:
    """Remove everything personal of a client, in this transaction. Queued and planned texts go with it.

    A nudge that is left without anybody to tell is cancelled, one whose last text went is complete.

    Raises:
        NotFound: no such client.
        Misconfigured: an opt-out is to be kept and this installation has no key for it.
    """
    held = await tx.dossiers.of(client_id)
    done = await tx.dossiers.erase(client_id)
    for briefing in held.briefings:
        if briefing.client_id == client_id:
            continue
        left = await tx.briefings.get(briefing.id)
        if left.status is BriefingStatus.DRAFT and not left.matched_audience:
            await tx.briefings.save(left.moved(BriefingStatus.CANCELLED, tx.now))
        await complete_if_done(tx, briefing.id)
    facts = {"reason": reason.value, "done": dict(done)}
    await tx.audit.add([about_client(tx.user_id, client_id, tx.now, actor, "client.erased", "once", **facts)])
    return Erased(client_id=client_id, at=tx.now, reason=reason, actor=actor, done=done)
