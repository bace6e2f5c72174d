"""Briefings, and what their dismissal taught."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve
from sqlalchemy import ColumnElement, Uuid, any_, exists, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.keyset import Sorted, beyond
from nudge_adapters.sql.rows.nudges import (
    briefing_from_row,
    briefing_to_row,
    negative_preference_from_row,
    negative_preference_to_row,
)
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.briefing_list import BriefingFilter, BriefingOrder
from nudge_core.model.feedback import NegativePreference
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.sort_key import read, written

_briefing, _preference, _event = tables.campaignbriefing, tables.negativepreference, tables.marketevent

_NEWEST = (Sorted(_briefing.c.created_at, descending=True), Sorted(_briefing.c.id))
_BEST = (Sorted(_briefing.c.best_score, descending=True), *_NEWEST)
_NEWEST_PREFERENCE = (Sorted(_preference.c.created_at, descending=True), Sorted(_preference.c.id))


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
    async def page(self, which: BriefingFilter, order: BriefingOrder, request: PageRequest) -> Page[CampaignBriefing]:
        """Return a page of the briefings that a filter lets through."""
        best = order is BriefingOrder.BEST
        columns, kinds = (_BEST, (float, datetime, UUID)) if best else (_NEWEST, (datetime, UUID))
        conditions = [self._mine, *self._conditions(which)]
        if request.after is not None:
            conditions.append(beyond(columns, read(request.after, *kinds)))
        query = select(_briefing).where(*conditions).order_by(*(one.order for one in columns))
        rows = await self._work.rows(query.limit(request.limit + 1))
        shown = rows[: request.limit]
        last = written(*(shown[-1][one.name] for one in columns)) if len(rows) > len(shown) else None
        return Page(items=tuple(briefing_from_row(row) for row in shown), last=last)

    def _conditions(self, which: BriefingFilter) -> list[ColumnElement[bool]]:
        now, columns = self._work.now, _briefing.c
        found: list[ColumnElement[bool]] = []
        if which.statuses:
            found.append(columns.status.in_(sorted(which.statuses)))
        if which.campaign_type is not None:
            found.append(columns.campaign_type == which.campaign_type)
        if which.is_plan is not None:
            found.append(columns.is_plan.is_(which.is_plan))
        if which.client_id is not None:
            among = columns.matched_audience.contains([{"client_id": str(which.client_id)}])
            found.append(or_(columns.client_id == which.client_id, among))
        if which.event_kind is not None:
            of_kind = (
                _event.c.user_id == self._work.owner,
                _event.c.id == columns.triggering_event_id,
                _event.c.event_type == which.event_kind,
            )
            found.append(exists().where(*of_kind))
        if which.snoozed is not None:
            later = columns.snoozed_until > now
            found.append(later if which.snoozed else or_(columns.snoozed_until.is_(None), ~later))
        if which.expired is not None:
            over = columns.expires_at <= now
            found.append(over if which.expired else or_(columns.expires_at.is_(None), ~over))
        return found

    @reading
    async def among(self, ids: Collection[UUID]) -> Mapping[UUID, CampaignBriefing]:
        """Return the stored ones among `ids`, by id."""
        query = select(_briefing).where(self._mine, _briefing.c.id == any_(literal(sorted(ids), ARRAY(Uuid))))
        return {row["id"]: briefing_from_row(row) for row in await self._work.rows(query)}

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
        self._mine = _preference.c.user_id == work.owner

    @writing
    async def add(self, preferences: Sequence[NegativePreference]) -> None:
        """Store records. Raises NotFound when a client or the briefing is not this professional's."""
        for preference in preferences:
            self._work.own(preference.user_id, "negativepreference.user_id")
        if preferences:
            await self._work.run(insert(_preference), [negative_preference_to_row(row) for row in preferences])

    @reading
    async def get(self, preference_id: UUID) -> NegativePreference:
        """Return one, retracted or not, or raise NotFound."""
        row = await self._work.row(select(_preference).where(self._mine, _preference.c.id == preference_id))
        if row is None:
            raise NotFound("negative preference", preference_id)
        return negative_preference_from_row(row)

    @reading
    async def all(self) -> Sequence[NegativePreference]:
        """Return this professional's records that hold, oldest first."""
        query = select(_preference).where(self._mine, _preference.c.retracted_at.is_(None))
        rows = await self._work.rows(query.order_by(_preference.c.created_at, _preference.c.id))
        return [negative_preference_from_row(row) for row in rows]

    @reading
    async def page(
        self, client_id: UUID | None, retracted: bool | None, request: PageRequest
    ) -> Page[NegativePreference]:
        """Return a page of the records, newest first."""
        conditions = [self._mine]
        if client_id is not None:
            conditions.append(_preference.c.client_id == client_id)
        if retracted is not None:
            holds = _preference.c.retracted_at.is_(None)
            conditions.append(~holds if retracted else holds)
        if request.after is not None:
            conditions.append(beyond(_NEWEST_PREFERENCE, read(request.after, datetime, UUID)))
        query = select(_preference).where(*conditions).order_by(*(one.order for one in _NEWEST_PREFERENCE))
        rows = await self._work.rows(query.limit(request.limit + 1))
        shown = tuple(negative_preference_from_row(row) for row in rows[: request.limit])
        last = written(shown[-1].created_at, shown[-1].id) if len(rows) > len(shown) else None
        return Page(items=shown, last=last)

    @writing
    async def retract(self, preference_id: UUID, by: str) -> bool:
        """Take one back, now; False when it was taken back before. Raises NotFound."""
        this = (self._mine, _preference.c.id == preference_id)
        change = update(_preference).where(*this, _preference.c.retracted_at.is_(None))
        if await self._work.changed(change.values(retracted_at=self._work.now, retracted_by=by)):
            return True
        if await self._work.row(select(_preference.c.id).where(*this)) is None:
            raise NotFound("negative preference", preference_id)
        return False
