"""What a drafter is told, with the professional's own habits in it."""

from __future__ import annotations

from attrs import evolve

from nudge_core.learning.style import LOOKED_AT, learn, style_for
from nudge_core.matching.ranking import Ranking
from nudge_core.model.brief import Brief
from nudge_core.model.event import MarketEvent
from nudge_core.model.style import StyleFact
from nudge_core.model.user import User
from nudge_core.policy.wording import signed_business
from nudge_core.ports import TenantTransaction
from nudge_core.verticals.base import Vertical


async def habits(tx: TenantTransaction, user: User | None = None) -> tuple[StyleFact, ...]:
    """Return the habits that the professional's approved texts show, those taken away as well, marked as such."""
    user = user or await tx.users.get(tx.user_id)
    names = [name for name in (user.first_name, signed_business(user.business_name)) if name]
    return learn(await tx.style.approved(LOOKED_AT), await tx.style.removed(), names)


async def brief_of(tx: TenantTransaction, event: MarketEvent, ranking: Ranking, vertical: Vertical) -> Brief:
    """Return what a drafter is told of an event and its audience, in the way the professional writes."""
    user = await tx.users.get(tx.user_id)
    brief = vertical.brief(user, event, ranking)
    return evolve(brief, learned=style_for(await habits(tx, user), brief.kind))
