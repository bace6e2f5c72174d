"""Step 4: an audience becomes words, and words become a briefing that waits for a person.

Three phases, so that no transaction is open while a model writes: `prepare` reads and briefs, `write` asks the
drafter, `file` stores the briefing as DRAFT.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from nudge_core.learning.holdout import is_held_out, period_of, share_or_none
from nudge_core.matching.ranking import Ranking
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing, Decision, Draft
from nudge_core.model.event import MarketEvent, stable_id
from nudge_core.model.exposure import Exposure
from nudge_core.model.json import object_in, text_in
from nudge_core.model.outbox import OutboxNote
from nudge_core.model.user import User
from nudge_core.ports import TenantTransaction
from nudge_core.sending.style import brief_of
from nudge_core.sending.words import write
from nudge_core.verticals.base import Vertical

HELD_OUT = "held_out"
"""Why nothing is drafted when everybody who would care is held out."""

__all__ = ["Prepared", "drop", "file", "prepare", "write"]


@frozen(kw_only=True)
class Prepared:
    """What `prepare` read. `ranking`: those who are shown. `stale`: why nothing should be drafted after all, or None.

    `exposures`: everybody for whom the event is an offer, shown or held out.
    """

    event: MarketEvent
    ranking: Ranking
    brief: Brief
    exposures: tuple[Exposure, ...]
    stale: str | None


async def prepare(tx: TenantTransaction, note: OutboxNote, vertical: Vertical) -> Prepared:
    """Read the event again and brief the drafter; an event that is no longer true is `stale`.

    Clients whom the professional holds out (`nudge_core.learning.holdout`) are taken out of the audience.
    """
    (event,) = await tx.market_events.get([UUID(text_in(note.payload, "event_id"))])
    ranking = Ranking.from_json(object_in(note.payload, "ranking"))
    user = await tx.users.get(tx.user_id)
    exposures = _exposures(user, event, ranking, tx.now)
    held_out = {one.client_id for one in exposures if not one.shown}
    shown = evolve(ranking, members=tuple(one for one in ranking.members if one.client_id not in held_out))
    stale = None
    if event.resource_id is not None:
        stale = vertical.still_true(event, await tx.resources.get(event.resource_id))
    if tx.now >= vertical.expires_at(event):
        stale = "expired"
    if stale is None and ranking.members and not shown.members:
        stale = HELD_OUT
    brief = await brief_of(tx, event, shown, vertical)
    return Prepared(event=event, ranking=shown, brief=brief, exposures=exposures, stale=stale)


def _exposures(user: User, event: MarketEvent, ranking: Ranking, now: datetime) -> tuple[Exposure, ...]:
    """Everybody for whom the event is an offer; who is only to be asked about is no part of a comparison."""
    share, period = share_or_none(user), period_of(now)
    return tuple(
        Exposure(
            id=stable_id("exposure", str(event.id), str(client_id)),
            user_id=user.id,
            client_id=client_id,
            event_id=event.id,
            period=period,
            at=now,
            probability=1 - share,
            shown=not is_held_out(user.id, client_id, period, share),
        )
        for client_id in dict.fromkeys(one.client_id for one in ranking.members if one.decision is Decision.OFFER)
    )


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
    await tx.exposures.add(prepared.exposures)
    await tx.notes.finish(note)
    return briefing if added else None


async def drop(tx: TenantTransaction, note: OutboxNote, prepared: Prepared) -> None:
    """Finish the note of an event that has become stale, or whose clients are all held out: nothing is drafted."""
    if prepared.stale == HELD_OUT:
        await tx.exposures.add(prepared.exposures)
    await tx.notes.finish(note)
