"""Briefings, what their dismissal taught, and the record of every decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from attrs import evolve
from sqlalchemy import Uuid, any_, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.nudges import (
    audit_from_row,
    audit_to_row,
    briefing_from_row,
    briefing_to_row,
    negative_preference_from_row,
    negative_preference_to_row,
)
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.audit import AuditEntry
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.feedback import NegativePreference

_briefing, _preference, _audit = tables.campaignbriefing, tables.negativepreference, tables.auditentry


class SqlBriefings:
    """Nudges and plans."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _briefing.c.user_id == work.owner

    @writing
    async def add(self, briefing: CampaignBriefing) -> bool:
        """Store a new one; False, and nothing stored, when one for its (resource, event) exists."""
        self._work.own(briefing.user_id, "campaignbriefing.user_id")
        stored = await self._work.changed(
            upsert(_briefing)
            .values(briefing_to_row(briefing))
            .on_conflict_do_nothing(constraint="uq_campaignbriefing_one_per_resource_and_event")
        )
        return stored == 1

    @reading
    async def get(self, briefing_id: UUID) -> CampaignBriefing:
        """Return the briefing, or raise NotFound."""
        query = select(_briefing).where(self._mine, _briefing.c.id == briefing_id)
        row = await self._work.row(query)
        if row is None:
            raise NotFound("briefing", briefing_id)
        return briefing_from_row(row)

    @writing
    async def save(self, briefing: CampaignBriefing) -> CampaignBriefing:
        """Store a changed one over the version it was read at; return it with its new version and `updated_at`."""
        self._work.own(briefing.user_id, "campaignbriefing.user_id")
        saved = evolve(briefing, version=briefing.version + 1, updated_at=self._work.now)
        values = {name: value for name, value in briefing_to_row(saved).items() if name != "created_at"}
        this = (self._mine, _briefing.c.id == briefing.id)
        change = update(_briefing).where(*this, _briefing.c.version == briefing.version).values(values)
        row = (await self._work.run(change.returning(_briefing.c.created_at))).first()
        if row is not None:
            return evolve(saved, created_at=row.created_at)
        if (await self._work.run(select(_briefing.c.id).where(*this))).first() is None:
            raise NotFound("briefing", briefing.id)
        raise Conflict("briefing", "somebody changed it since it was read")

    @reading
    async def waiting(self, limit: int) -> Sequence[CampaignBriefing]:
        """Return drafts that wait for a person now: not snoozed, not expired; best first."""
        now, columns = self._work.now, _briefing.c
        query = (
            select(_briefing)
            .where(
                self._mine,
                columns.status == BriefingStatus.DRAFT,
                or_(columns.snoozed_until.is_(None), columns.snoozed_until <= now),
                or_(columns.expires_at.is_(None), columns.expires_at > now),
            )
            .order_by(columns.best_score.desc(), columns.created_at.desc(), columns.id)
            .limit(limit)
        )
        return [briefing_from_row(row) for row in await self._work.rows(query)]

    @reading
    async def for_resources(
        self, resource_ids: Sequence[UUID], statuses: Sequence[BriefingStatus]
    ) -> Sequence[CampaignBriefing]:
        """Return the briefings about these resources in these states, oldest first."""
        about = (
            _briefing.c.triggering_resource_id == any_(literal(list(resource_ids), ARRAY(Uuid))),
            _briefing.c.status.in_(statuses),
        )
        query = select(_briefing).where(self._mine, *about).order_by(_briefing.c.created_at, _briefing.c.id)
        return [briefing_from_row(row) for row in await self._work.rows(query)]

    @reading
    async def of_client(self, client_id: UUID, statuses: Sequence[BriefingStatus]) -> Sequence[CampaignBriefing]:
        """Return the plans and briefings about this one client in these states, oldest first."""
        about = (_briefing.c.client_id == client_id, _briefing.c.status.in_(statuses))
        query = select(_briefing).where(self._mine, *about).order_by(_briefing.c.created_at, _briefing.c.id)
        return [briefing_from_row(row) for row in await self._work.rows(query)]

    @reading
    async def counts(self) -> Mapping[BriefingStatus, int]:
        """Return how many there are per status."""
        query = select(_briefing.c.status, func.count()).where(self._mine).group_by(_briefing.c.status)
        return await self._work.pairs(query)


class SqlNegativePreferences:
    """What dismissals taught."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def add(self, preferences: Sequence[NegativePreference]) -> None:
        """Store records. Raises NotFound when a client or the briefing is not this professional's."""
        for preference in preferences:
            self._work.own(preference.user_id, "negativepreference.user_id")
        if preferences:
            await self._work.run(insert(_preference), [negative_preference_to_row(row) for row in preferences])

    @reading
    async def all(self) -> Sequence[NegativePreference]:
        """Return this professional's records, oldest first."""
        query = select(_preference).where(_preference.c.user_id == self._work.owner)
        rows = await self._work.rows(query.order_by(_preference.c.created_at, _preference.c.id))
        return [negative_preference_from_row(row) for row in rows]


class SqlAudit:
    """Who decided what, when, on which facts."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def add(self, entries: Sequence[AuditEntry]) -> None:
        """Store entries."""
        for entry in entries:
            self._work.own(entry.user_id, "auditentry.user_id")
        if entries:
            await self._work.run(insert(_audit), [audit_to_row(entry) for entry in entries])

    @reading
    async def of_subject(self, subject_id: UUID) -> Sequence[AuditEntry]:
        """Return the entries about one thing, oldest first; those of one instant in the order they were written."""
        about = (_audit.c.user_id == self._work.owner, _audit.c.subject_id == subject_id)
        rows = await self._work.rows(select(_audit).where(*about).order_by(_audit.c.at, _audit.c.seq))
        return [audit_from_row(row) for row in rows]
