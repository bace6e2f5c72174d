"""What waits for a professional's decision, what they decided, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.audit import AuditEntry
from nudge_core.model.audit_trail import AuditFilter, ChainedEntry, ChainHead
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.briefing_list import BriefingFilter, BriefingOrder
from nudge_core.model.exposure import ArmCounts, Exposure
from nudge_core.model.feedback import NegativePreference
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.statistics import OwnerCounts
from nudge_core.model.style import ApprovedDraft


class Briefings(Protocol):
    """Nudges and plans."""

    async def add(self, briefing: CampaignBriefing) -> bool:
        """Store a new one; False, and nothing stored, when one for its (resource, event) exists."""
        ...

    async def get(self, briefing_id: UUID) -> CampaignBriefing:
        """Return the briefing, or raise NotFound."""
        ...

    async def save(self, briefing: CampaignBriefing) -> CampaignBriefing:
        """Store a changed one over the version it was read at; return it with its new version.

        Raises Conflict when somebody changed it since.
        """
        ...

    async def waiting(self, limit: int) -> Sequence[CampaignBriefing]:
        """Return drafts that wait for a person now: not snoozed, not expired; best first.

        Best: greatest score of an included member, then the newest, then by id.
        """
        ...

    async def page(self, which: BriefingFilter, order: BriefingOrder, request: PageRequest) -> Page[CampaignBriefing]:
        """Return a page of the briefings that a filter lets through. Raises Invalid for a key that is not this order's.

        One query, whatever the page holds.
        """
        ...

    async def among(self, ids: Collection[UUID]) -> Mapping[UUID, CampaignBriefing]:
        """Return the stored ones among `ids`, by id; one query."""
        ...

    async def for_resources(
        self, resource_ids: Sequence[UUID], statuses: Sequence[BriefingStatus]
    ) -> Sequence[CampaignBriefing]:
        """Return the briefings about these resources in these states, oldest first."""
        ...

    async def of_client(self, client_id: UUID, statuses: Sequence[BriefingStatus]) -> Sequence[CampaignBriefing]:
        """Return the plans and briefings about this one client (`client_id`) in these states, oldest first."""
        ...

    async def counts(self) -> Mapping[BriefingStatus, int]:
        """Return how many there are per status."""
        ...


class Style(Protocol):
    """How the professional writes: what drafts became in their hands, and which habits they took away."""

    async def approved(self, limit: int) -> Sequence[ApprovedDraft]:
        """Return the latest nudges that a person approved, at most `limit`, by when they were drafted, newest first.

        Those whose texts were cancelled afterwards are left out, and so are plans and questions of the co-pilot.
        """
        ...

    async def removed(self) -> frozenset[UUID]:
        """Return the ids of the habits that were taken away."""
        ...

    async def remove(self, fact_id: UUID, by: str) -> bool:
        """Take a habit away, now; False when it was before."""
        ...

    async def restore(self, fact_id: UUID) -> bool:
        """Let a habit hold again; False when it was not taken away."""
        ...


class Exposures(Protocol):
    """For whom events were an offer, and whether they were shown or held out."""

    async def add(self, exposures: Sequence[Exposure]) -> None:
        """Store records; one that is stored already stays as it is.

        Raises NotFound when a client or an event is not this professional's.
        """
        ...

    async def arms(self, since: datetime, until: datetime) -> Sequence[ArmCounts]:
        """Count the clients whose first exposure of a period lies from `since` to before `until`, by chance and arm.

        Only periods of a client that are over count: `PERIOD_DAYS` have passed since that first exposure, and what they
        did counts within them. A client with two chances, or both arms, in a period is left out. By probability, held
        out first.
        """
        ...


class NegativePreferences(Protocol):
    """What dismissals taught."""

    async def add(self, preferences: Sequence[NegativePreference]) -> None:
        """Store records."""
        ...

    async def get(self, preference_id: UUID) -> NegativePreference:
        """Return one, retracted or not, or raise NotFound."""
        ...

    async def all(self) -> Sequence[NegativePreference]:
        """Return this professional's records that hold, oldest first: not those that were retracted."""
        ...

    async def page(
        self, client_id: UUID | None, retracted: bool | None, request: PageRequest
    ) -> Page[NegativePreference]:
        """Return a page of the records, newest first.

        Args:
            client_id: of this client; None: of any.
            retracted: those that were retracted, or those that were not; None: both.
            request: which page. Raises Invalid for a key that is not this list's.
        """
        ...

    async def retract(self, preference_id: UUID, by: str) -> bool:
        """Take one back, now; False when it was taken back before. Raises NotFound."""
        ...


class Audit(Protocol):
    """Who decided what, when, on which facts. Append-only.

    Every entry is linked into its professional's chain (`nudge_core.model.audit_trail`) when its transaction commits,
    in the order in which the transaction added them: no committed entry is without a link.
    """

    async def add(self, entries: Sequence[AuditEntry]) -> None:
        """Store entries."""
        ...

    async def of_subject(self, subject_id: UUID) -> Sequence[AuditEntry]:
        """Return the entries about one thing, oldest first."""
        ...

    async def page(self, which: AuditFilter, request: PageRequest) -> Page[AuditEntry]:
        """Return a page of the entries that a filter lets through, newest first; of one instant the last written first.

        Raises Invalid for a key that is not this list's.
        """
        ...

    async def chain(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        """Return at most `limit` committed entries whose place is greater than `after`, in the order of the chain."""
        ...

    async def link(self, position: int) -> ChainHead | None:
        """Return the link at a place, or None."""
        ...

    async def head(self) -> ChainHead:
        """Return the last link as the store remembers it, apart from the links."""
        ...

    async def unchained(self) -> int:
        """Return how many committed entries have no link: none, unless somebody wrote past this port."""
        ...


class Statistics(Protocol):
    """Figures for the owner."""

    async def counts(self, since: datetime, until: datetime) -> OwnerCounts:
        """Return what happened from `since` (included) to `until` (not included); one query."""
        ...
