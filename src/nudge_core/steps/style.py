"""How the professional writes: what their edits taught, for them to see, take away, and follow the progress of."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from nudge_core.errors import NotFound
from nudge_core.learning.edits import distance
from nudge_core.learning.progress import Trend, trend_of
from nudge_core.model.audit import AuditEntry
from nudge_core.model.event import stable_id
from nudge_core.model.style import StyleFact
from nudge_core.ports import TenantTransaction
from nudge_core.sending.style import habits

PROGRESS_OVER = 400
"""Drafts, the newest first, that progress is read from: a year of a busy professional. Our choice."""

LIGHTLY = 0.2
"""An edit that rewrote at most this share of a draft was a light one. Our choice."""

__all__ = ["Progress", "habits", "progress", "remove", "restore"]


@frozen(kw_only=True)
class Progress:
    """How much the professional rewrites. Counts of the latest drafts; `trend` where there is enough to say."""

    drafts: int
    as_drafted: int
    lightly_edited: int
    rewritten: int
    trend: Trend


async def progress(tx: TenantTransaction) -> Progress:
    """Return how far drafts and sent texts lie apart, and whether that falls."""
    oldest_first = sorted(await tx.style.approved(PROGRESS_OVER), key=lambda one: (one.at, one.briefing_id))
    distances = [distance(one.drafted, one.approved) for one in oldest_first]
    return Progress(
        drafts=len(distances),
        as_drafted=sum(one == 0 for one in distances),
        lightly_edited=sum(0 < one <= LIGHTLY for one in distances),
        rewritten=sum(one > LIGHTLY for one in distances),
        trend=trend_of(distances),
    )


async def remove(tx: TenantTransaction, fact_id: UUID, by: str) -> StyleFact:
    """Take a habit away: drafts do not follow it any more. Doing it again changes nothing. Raises NotFound."""
    await _known(tx, fact_id)
    if await tx.style.remove(fact_id, by):
        await _audit(tx, fact_id, by, "style.removed")
    return await _known(tx, fact_id)


async def restore(tx: TenantTransaction, fact_id: UUID, by: str) -> StyleFact:
    """Let a habit hold again. Doing it again changes nothing. Raises NotFound."""
    await _known(tx, fact_id)
    if await tx.style.restore(fact_id):
        await _audit(tx, fact_id, by, "style.restored")
    return await _known(tx, fact_id)


async def _known(tx: TenantTransaction, fact_id: UUID) -> StyleFact:
    found = [fact for fact in await habits(tx) if fact.id == fact_id]
    if not found:
        raise NotFound("style fact", fact_id)
    return found[0]


async def _audit(tx: TenantTransaction, fact_id: UUID, by: str, action: str) -> None:
    entry = AuditEntry(
        id=stable_id("audit", action, str(fact_id), tx.now.isoformat()),
        user_id=tx.user_id,
        at=tx.now,
        actor=by,
        action=action,
        subject_type="style",
        subject_id=fact_id,
        facts={},
    )
    await tx.audit.add([entry])
