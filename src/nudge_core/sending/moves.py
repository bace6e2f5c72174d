"""Moving a text along its machine, guarded by state and attempt, and what is written beside it."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from nudge_core.model.audit import AuditEntry
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json
from nudge_core.model.message import Delivery, Message
from nudge_core.ports import TenantTransaction


@frozen(kw_only=True)
class Moved:
    """Where a text is now, and why; `until` when it waits. `alarm`: something that must not happen was seen."""

    message: Message
    to: Delivery
    reason: str | None = None
    until: datetime | None = None
    alarm: bool = False


async def move(
    tx: TenantTransaction,
    message: Message,
    current: Delivery,
    to: Delivery,
    reason: str,
    until: datetime | None = None,
    *,
    closes: datetime | None = None,
    unposted: bool = False,
) -> Moved | None:
    """Compare and set on (state, attempt) as `message` had it; None when somebody else had moved it.

    `until`, `closes`: when the window opens and closes that it waits for. `unposted`: see `Messages.move`.
    """
    done = await tx.messages.move(
        message.id,
        attempt=message.attempt,
        expected=[current],
        to=to,
        reason=reason,
        not_before=until,
        window_end=closes,
        unposted=unposted,
    )
    return Moved(message=message, to=to, reason=reason, until=until) if done else None


async def put_off(
    tx: TenantTransaction, message: Message, reason: str, until: datetime, closes: datetime | None
) -> Moved | None:
    """Let a queued text wait for a window; None when it is no longer queued at this attempt."""
    waits = await tx.messages.put_off(
        message.id, attempt=message.attempt, reason=reason, not_before=until, window_end=closes
    )
    return Moved(message=message, to=Delivery.QUEUED, reason=reason, until=until) if waits else None


def audited(tx: TenantTransaction, message: Message, actor: str, action: str, detail: str) -> AuditEntry:
    """Return the audit entry of something that happened to a text; the same for the same attempt and detail."""
    facts: dict[str, Json] = {"attempt": message.attempt, "delivery": message.delivery.value, "detail": detail}
    return AuditEntry(
        id=stable_id("audit", action, str(message.id), str(message.attempt), detail),
        user_id=message.user_id,
        at=tx.now,
        actor=actor,
        action=action,
        subject_type="message",
        subject_id=message.id,
        facts=facts,
    )
