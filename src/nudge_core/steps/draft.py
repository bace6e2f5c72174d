"""Step 4: an audience becomes words, and words become a briefing that waits for a person.

Three phases, so that no transaction is open while a model writes: `prepare` reads and briefs, `write` asks the
drafter, `file` stores the briefing as DRAFT.
"""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from nudge_core.matching.ranking import Ranking
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing, Draft
from nudge_core.model.event import MarketEvent, stable_id
from nudge_core.model.json import object_in, text_in
from nudge_core.model.outbox import OutboxNote
from nudge_core.ports import TenantTransaction
from nudge_core.sending.style import brief_of
from nudge_core.sending.words import write
from nudge_core.verticals.base import Vertical

__all__ = ["Prepared", "drop", "file", "prepare", "write"]


@frozen(kw_only=True)
class Prepared:
    """What `prepare` read. `stale`: why nothing should be drafted after all, or None."""

    event: MarketEvent
    ranking: Ranking
    brief: Brief
    stale: str | None


async def prepare(tx: TenantTransaction, note: OutboxNote, vertical: Vertical) -> Prepared:
    """Read the event again and brief the drafter; an event that is no longer true is `stale`."""
    (event,) = await tx.market_events.get([UUID(text_in(note.payload, "event_id"))])
    ranking = Ranking.from_json(object_in(note.payload, "ranking"))
    stale = None
    if event.resource_id is not None:
        stale = vertical.still_true(event, await tx.resources.get(event.resource_id))
    if tx.now >= vertical.expires_at(event):
        stale = "expired"
    return Prepared(event=event, ranking=ranking, brief=await brief_of(tx, event, ranking, vertical), stale=stale)


async def file(
    tx: TenantTransaction, note: OutboxNote, prepared: Prepared, draft: Draft, vertical: Vertical
) -> CampaignBriefing | None:
    """Store the briefing and finish the note; None when it is stored already.

    At most one briefing per (professional, resource, event), whoever drafts first.
    """
    event, ranking = prepared.event, prepared.ranking
    briefing = CampaignBriefing(
        id=stable_id("briefing", str(event.id)),
        user_id=tx.user_id,
        campaign_type=event.event_type,
        headline=vertical.headline(event, ranking),
        key_intel=vertical.key_intel(event, ranking),
        matched_audience=ranking.members,
        triggering_resource_id=event.resource_id,
        triggering_event_id=event.id,
        original_draft=draft.text,
        drafted_by=draft.drafted_by,
        fallback_reason=draft.fallback_reason,
        status=BriefingStatus.DRAFT,
        created_at=tx.now,
        updated_at=tx.now,
        expires_at=vertical.expires_at(event),
    )
    added = await tx.briefings.add(briefing)
    await tx.notes.finish(note)
    return briefing if added else None


async def drop(tx: TenantTransaction, note: OutboxNote) -> None:
    """Finish the note of an event that has become stale: nothing is drafted."""
    await tx.notes.finish(note)
