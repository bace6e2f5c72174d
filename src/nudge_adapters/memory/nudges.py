"""Briefings, what their dismissal taught, and the record of every decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict
from nudge_core.model.audit import AuditEntry
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.feedback import NegativePreference


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
    return max((member.score for member in briefing.recipients), default=0.0)


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
    async def all(self) -> Sequence[NegativePreference]:
        """Return this professional's records, oldest first."""
        return sorted(self._book.negative_preferences.rows(), key=lambda row: (row.created_at, row.id))


class MemoryAudit:
    """Who decided what, when, on which facts."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._entries = world.book(work.user_id).audit

    @writing
    async def add(self, entries: Sequence[AuditEntry]) -> None:
        """Store entries."""
        for entry in entries:
            self._work.own(entry.user_id, "auditentry.user_id")
        for entry in entries:
            self._entries.add(entry.id, entry, "audit entry")
            self._users.need(entry.user_id, "user")

    @reading
    async def of_subject(self, subject_id: UUID) -> Sequence[AuditEntry]:
        """Return the entries about one thing, oldest first; those of one instant in the order they were written."""
        return sorted((row for row in self._entries.rows() if row.subject_id == subject_id), key=lambda row: row.at)
