"""What an overseer sees of a professional's account: counts, and nothing that says who anybody is."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.message import Delivery, ScheduledStatus


@frozen(kw_only=True)
class Overview:
    """Counts of one account. Kinds of which there are none are left out."""

    clients: int
    briefings: Mapping[BriefingStatus, int]
    messages: Mapping[Delivery, int]
    scheduled: Mapping[ScheduledStatus, int]
    sessions: int
    api_keys: int
