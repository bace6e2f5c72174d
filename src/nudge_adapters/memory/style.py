"""How the professional writes, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.model.briefing import APPROVED, CO_PILOT
from nudge_core.model.style import ApprovedDraft


class MemoryStyle:
    """What drafts became in the professional's hands, and which habits they took away."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)

    @reading
    async def approved(self, limit: int) -> Sequence[ApprovedDraft]:
        """Return the latest nudges that a person approved, newest first."""
        told = [
            one
            for one in self._book.briefings.rows()
            if one.status in APPROVED and not one.is_plan and one.campaign_type != CO_PILOT and one.original_draft
        ]
        told.sort(key=lambda one: one.id)
        told.sort(key=lambda one: one.created_at, reverse=True)
        return [
            ApprovedDraft(
                briefing_id=one.id,
                kind=one.campaign_type,
                drafted=one.original_draft,
                approved=one.draft,
                at=one.created_at,
            )
            for one in told[:limit]
        ]

    @reading
    async def removed(self) -> frozenset[UUID]:
        """Return the ids of the habits that were taken away."""
        return frozenset(key for key, _ in self._book.style_removals.items())

    @writing
    async def remove(self, fact_id: UUID, by: str) -> bool:
        """Take a habit away, now; False when it was before."""
        if self._book.style_removals.get(fact_id) is not None:
            return False
        self._book.style_removals.put(fact_id, (self._work.now, by))
        return True

    @writing
    async def restore(self, fact_id: UUID) -> bool:
        """Let a habit hold again; False when it was not taken away."""
        if self._book.style_removals.get(fact_id) is None:
            return False
        self._book.style_removals.drop(fact_id)
        return True
