"""Who would have got a nudge, and with which probability they were shown to the professional at all.

What a nudge brings can only be told by comparing with clients like those who got one, chosen by chance: so a part may
be held out, and each time it is written down how likely it was. Without that, a rate says who answers, not what helps.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields

PERIOD_DAYS = 28
"""A client is shown or held out so long at a stretch, so that one nudge does not answer for the next. Our choice."""


@frozen(kw_only=True)
class Exposure:
    """One client for whom one event was an offer.

    `period`: number of the stretch of `PERIOD_DAYS` since 1970-01-01 (UTC). `probability`: of being shown, more than 0
    to 1. `shown`: whether they were in the briefing's audience, or held out.
    """

    id: UUID
    user_id: UUID
    client_id: UUID
    event_id: UUID
    period: int
    at: datetime = field(validator=fields.instant)
    probability: float = field(validator=fields.between(0, 1))
    shown: bool


@frozen(kw_only=True)
class ArmCounts:
    """Clients of whole periods that are over, shown or held out, with one probability; and what they did in theirs.

    `clients`: a client counts once a period. `texted`: got a text from a nudge. `replied`: wrote. `met`: a meeting is
    on record. A client whose chance or luck changed within a period is in no arm.
    """

    probability: float
    shown: bool
    clients: int
    texted: int
    replied: int
    met: int
