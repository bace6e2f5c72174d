"""Briefings, and what their dismissal taught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.briefing_list import BriefingFilter, BriefingOrder
from nudge_core.model.feedback import NegativePreference
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.sort_key import read, written

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class MemoryBriefings:
    """Nudges and plans."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._book = world.book(work.user_id)
        self._briefings = self._book.briefings

    def _taken(self, briefing: CampaignBriefing) -> bool:
        subject = (briefing.triggering_resource_id, briefing.triggering_event_id)
        return None not in subject and any(
            subject == (other.triggering_resource_id, other.triggering_event_id)
            for other in self._briefings.rows()
            if other.id != briefing.id
        )

    def _check(self, briefing: CampaignBriefing) -> None:
        self._users.need(briefing.user_id, "user")
        if briefing.client_id is not None:
            self._book.clients.need(briefing.client_id, "client")
        if briefing.triggering_resource_id is not None:
            self._book.resources.need(briefing.triggering_resource_id, "resource")
        if briefing.triggering_event_id is not None:
            self._book.market_events.need(briefing.triggering_event_id, "market event")
        if briefing.parent_message_id is not None:
            self._book.messages.need(briefing.parent_message_id, "message")

    @writing
    async def add(self, briefing: CampaignBriefing) -> bool:
        """Store a new one; False, and nothing stored, when one for its (resource, event) exists."""
        self._work.own(briefing.user_id, "campaignbriefing.user_id")
        if self._taken(briefing):
            return False
        self._briefings.add(briefing.id, briefing, "briefing")
        self._check(briefing)
        return True

    @reading
    async def get(self, briefing_id: UUID) -> CampaignBriefing:
        """Return the briefing, or raise NotFound."""
        return self._briefings.need(briefing_id, "briefing")

    @writing
    async def save(self, briefing: CampaignBriefing) -> CampaignBriefing:
        """Store a changed one over the version it was read at; return it with its new version and `updated_at`."""
        self._work.own(briefing.user_id, "campaignbriefing.user_id")
        stored = self._briefings.need(briefing.id, "briefing")
        if stored.version != briefing.version:
            raise Conflict("briefing", "somebody changed it since it was read")
        if self._taken(briefing):
            raise Conflict("briefing", "there is one for this resource and event")
        saved = evolve(briefing, version=briefing.version + 1, created_at=stored.created_at, updated_at=self._work.now)
        self._briefings.put(briefing.id, saved)
        self._check(saved)
        return saved

    @reading
    async def waiting(self, limit: int) -> Sequence[CampaignBriefing]:
        """Return drafts that wait for a person now: not snoozed, not expired; best first."""
        now = self._work.now
        rows = [
            row
            for row in self._briefings.rows()
            if row.status is BriefingStatus.DRAFT
            and (row.snoozed_until is None or row.snoozed_until <= now)
            and (row.expires_at is None or row.expires_at > now)
        ]
        by_id = sorted(rows, key=lambda row: row.id)
        newest = sorted(by_id, key=lambda row: row.created_at, reverse=True)
        return sorted(newest, key=_best_score, reverse=True)[:limit]

    @reading
    async def page(self, which: BriefingFilter, order: BriefingOrder, request: PageRequest) -> Page[CampaignBriefing]:
        """Return a page of the briefings that a filter lets through."""
        best = order is BriefingOrder.BEST
        kinds = (float, datetime, UUID) if best else (datetime, UUID)
        after = None if request.after is None else _descending(read(request.after, *kinds))
        keyed = []
        for row in self._briefings.rows():
            columns = (_best_score(row), row.created_at, row.id) if best else (row.created_at, row.id)
            key = _descending(columns)
            if self._lets(which, row) and (after is None or key > after):
                keyed.append((key, columns, row))
        ordered = sorted(keyed, key=lambda one: one[0])
        shown = ordered[: request.limit]
        last = written(*shown[-1][1]) if len(ordered) > len(shown) else None
        return Page(items=tuple(row for *_, row in shown), last=last)

    def _lets(self, which: BriefingFilter, row: CampaignBriefing) -> bool:
        now = self._work.now
        event = None if row.triggering_event_id is None else self._book.market_events.get(row.triggering_event_id)
        people = {row.client_id, *(member.client_id for member in row.matched_audience)}
        return (
            (not which.statuses or row.status in which.statuses)
            and which.campaign_type in (None, row.campaign_type)
            and which.is_plan in (None, row.is_plan)
            and (which.client_id is None or which.client_id in people)
            and (which.event_kind is None or (event is not None and event.event_type == which.event_kind))
            and which.snoozed in (None, row.snoozed_until is not None and row.snoozed_until > now)
            and which.expired in (None, row.expires_at is not None and row.expires_at <= now)
        )

    @reading
    async def among(self, ids: Collection[UUID]) -> Mapping[UUID, CampaignBriefing]:
        """Return the stored ones among `ids`, by id."""
        return {one: row for one in ids if (row := self._briefings.get(one)) is not None}

    @reading
    async def for_resources(
        self, resource_ids: Sequence[UUID], statuses: Sequence[BriefingStatus]
    ) -> Sequence[CampaignBriefing]:
        """Return the briefings about these resources in these states, oldest first."""
        about = set(resource_ids)
        rows = [r for r in self._briefings.rows() if r.triggering_resource_id in about and r.status in statuses]
        return sorted(rows, key=lambda row: (row.created_at, row.id))

    @reading
    async def of_client(self, client_id: UUID, statuses: Sequence[BriefingStatus]) -> Sequence[CampaignBriefing]:
        """Return the plans and briefings about this one client in these states, oldest first."""
        rows = [row for row in self._briefings.rows() if row.client_id == client_id and row.status in statuses]
        return sorted(rows, key=lambda row: (row.created_at, row.id))

    @reading
    async def counts(self) -> Mapping[BriefingStatus, int]:
        """Return how many there are per status."""
        return dict(Counter(row.status for row in self._briefings.rows()))


def _best_score(briefing: CampaignBriefing) -> float:
    return float(max((member.score for member in briefing.recipients), default=0.0))


def _descending(columns: Sequence[object]) -> tuple[object, ...]:
    """Return a key that sorts scores and instants the greatest first, ids upwards."""
    return tuple(_turned(column) for column in columns)


def _turned(column: object) -> object:
    if isinstance(column, datetime):
        return -((column - _EPOCH) // _MICROSECOND)
    return -column if isinstance(column, float) else column


class MemoryNegativePreferences:
    """What dismissals taught."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)

    @writing
    async def add(self, preferences: Sequence[NegativePreference]) -> None:
        """Store records. Raises NotFound when a client or the briefing is not this professional's."""
        for preference in preferences:
            self._work.own(preference.user_id, "negativepreference.user_id")
        for preference in preferences:
            self._book.negative_preferences.add(preference.id, preference, "negative preference")
            self._book.clients.need(preference.client_id, "client")
            self._book.briefings.need(preference.source_campaign_id, "briefing")

    @reading
    async def get(self, preference_id: UUID) -> NegativePreference:
        """Return one, retracted or not, or raise NotFound."""
        return self._book.negative_preferences.need(preference_id, "negative preference")

    @reading
    async def all(self) -> Sequence[NegativePreference]:
        """Return this professional's records that hold, oldest first."""
        rows = [row for row in self._book.negative_preferences.rows() if row.retracted_at is None]
        return sorted(rows, key=lambda row: (row.created_at, row.id))

    @reading
    async def page(
        self, client_id: UUID | None, retracted: bool | None, request: PageRequest
    ) -> Page[NegativePreference]:
        """Return a page of the records, newest first."""
        after = None if request.after is None else _descending(read(request.after, datetime, UUID))
        keyed = [
            (_descending((row.created_at, row.id)), row)
            for row in self._book.negative_preferences.rows()
            if client_id in (None, row.client_id) and retracted in (None, row.retracted_at is not None)
        ]
        rest = sorted((one for one in keyed if after is None or one[0] > after), key=lambda one: one[0])
        shown = tuple(row for _, row in rest[: request.limit])
        last = written(shown[-1].created_at, shown[-1].id) if len(rest) > len(shown) else None
        return Page(items=shown, last=last)

    @writing
    async def retract(self, preference_id: UUID, by: str) -> bool:
        """Take one back, now; False when it was taken back before. Raises NotFound."""
        row = self._book.negative_preferences.need(preference_id, "negative preference")
        if row.retracted_at is not None:
            return False
        taken_back = evolve(row, retracted_at=self._work.now, retracted_by=by)
        self._book.negative_preferences.put(row.id, taken_back)
        return True
