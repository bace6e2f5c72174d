"""How the professional writes, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from nudge_adapters.sql import tables
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.briefing import APPROVED, CO_PILOT
from nudge_core.model.style import ApprovedDraft

_briefing, _removal = tables.campaignbriefing, tables.styleremoval


class SqlStyle:
    """What drafts became in the professional's hands, and which habits they took away."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @reading
    async def approved(self, limit: int) -> Sequence[ApprovedDraft]:
        """Return the latest nudges that a person approved, newest first."""
        column = _briefing.c
        query = (
            select(
                column.id,
                column.campaign_type,
                column.original_draft,
                func.coalesce(column.edited_draft, column.original_draft).label("approved"),
                column.created_at,
            )
            .where(
                column.user_id == self._work.owner,
                column.status.in_(APPROVED),
                column.is_plan.is_(False),
                column.campaign_type != CO_PILOT,
                column.original_draft != "",
            )
            .order_by(column.created_at.desc(), column.id)
            .limit(limit)
        )
        return [
            ApprovedDraft(
                briefing_id=row["id"],
                kind=row["campaign_type"],
                drafted=row["original_draft"],
                approved=row["approved"],
                at=row["created_at"],
            )
            for row in await self._work.rows(query)
        ]

    @reading
    async def removed(self) -> frozenset[UUID]:
        """Return the ids of the habits that were taken away."""
        rows = await self._work.rows(select(_removal.c.id).where(_removal.c.user_id == self._work.owner))
        return frozenset(row["id"] for row in rows)

    @writing
    async def remove(self, fact_id: UUID, by: str) -> bool:
        """Take a habit away, now; False when it was before."""
        row = {"user_id": self._work.owner, "id": fact_id, "removed_at": self._work.now, "removed_by": by}
        return await self._work.changed(insert(_removal).values(row).on_conflict_do_nothing()) == 1

    @writing
    async def restore(self, fact_id: UUID) -> bool:
        """Let a habit hold again; False when it was not taken away."""
        mine = (_removal.c.user_id == self._work.owner, _removal.c.id == fact_id)
        return await self._work.changed(delete(_removal).where(*mine)) == 1
