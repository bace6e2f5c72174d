"""Which briefings a list shows, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.briefing import BriefingStatus


class BriefingOrder(StrEnum):
    """BEST: greatest score of an included member, then the newest, then by id. NEWEST: the newest, then by id."""

    BEST = "best"
    NEWEST = "newest"


def _statuses(values: Iterable[BriefingStatus]) -> frozenset[BriefingStatus]:
    return frozenset(values)


@frozen(kw_only=True)
class BriefingFilter:
    """Conditions that all hold; None is no condition.

    `statuses`: one of them; empty is any. `client_id`: about this client, or with them in the matched audience.
    `event_kind`: of the event that made it. `snoozed`: hidden from the queue until an instant that is still to come,
    or not. `expired`: has lost its sense by now, or not.
    """

    statuses: frozenset[BriefingStatus] = field(factory=frozenset, converter=_statuses)
    campaign_type: str | None = field(default=None, validator=fields.optional(fields.text(60)))
    is_plan: bool | None = None
    client_id: UUID | None = None
    event_kind: str | None = field(default=None, validator=fields.optional(fields.text(60)))
    snoozed: bool | None = None
    expired: bool | None = None


WAITING = BriefingFilter(statuses=frozenset({BriefingStatus.DRAFT}), snoozed=False, expired=False)
"""What a person can decide now: the morning's queue."""
