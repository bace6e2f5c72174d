"""A dismissal: what it was about is understood by the embedder, outside any transaction, and then it is final."""

from __future__ import annotations

from uuid import UUID

from nudge_core.errors import Refused, Unavailable
from nudge_core.model.briefing import CampaignBriefing
from nudge_core.model.feedback import DismissReason
from nudge_core.model.json import object_in
from nudge_core.model.vector import Vector
from nudge_core.steps import review
from nudge_core.walk.parts import Parts


async def dismiss(
    parts: Parts, user_id: UUID, briefing_id: UUID, by: str, reason: DismissReason, *, version: int | None = None
) -> CampaignBriefing:
    """Say no for good to a briefing; its clients learn a negative preference. Without an answer of the embedder the
    dismissal stands, and teaches a reason but no meaning.

    Raises:
        Conflict: the briefing changed since the person saw it.
        IllegalTransition: the briefing is no longer a draft.
        NotFound: no such briefing.
    """
    vector = None if reason is DismissReason.WORDING else await _meaning(parts, user_id, briefing_id)
    async with parts.store.tenant(user_id) as tx:
        vertical = parts.vertical((await tx.users.get(user_id)).vertical)
        return await review.dismiss(tx, briefing_id, by, reason, vertical=vertical, vector=vector, version=version)


async def _meaning(parts: Parts, user_id: UUID, briefing_id: UUID) -> Vector | None:
    if parts.embedder is None:
        return None
    async with parts.store.tenant(user_id) as tx:
        briefing = await tx.briefings.get(briefing_id)
        vertical = parts.vertical((await tx.users.get(user_id)).vertical)
        wanted = [] if briefing.triggering_event_id is None else [briefing.triggering_event_id]
        events = await tx.market_events.get(wanted)
    texts = [
        text
        for event in events
        if "listing" in event.payload
        if (text := vertical.text_of(object_in(event.payload, "listing")))
    ]
    if not texts:
        return None
    try:
        return (await parts.embedder.embed(texts))[0]
    except (Unavailable, Refused):
        return None
