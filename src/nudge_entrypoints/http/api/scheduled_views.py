"""Planned texts as a screen shows them, and what a caller says to plan, change and cancel them."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from attrs import Attribute, field, frozen

from nudge_core.errors import Invalid
from nudge_core.model import fields
from nudge_core.model.message import MAX_SMS_CHARACTERS, MessageClass, ScheduledMessage, ScheduledStatus, SenderType
from nudge_core.policy.reasons import explain
from nudge_core.steps.schedule import Repetition, TextToPlan
from nudge_entrypoints.http.api.instants import utc
from nudge_entrypoints.http.api.message_views import by_hand
from nudge_entrypoints.http.problems import FieldError

MOST_AT_ONCE = 100
"""Texts planned in one request: some statements each, in one short transaction."""

MOST_EXCEPTIONS = 366
"""Dates left out of a series: a year of days."""

MOST_VERSION = 1_000_000  # as `ScheduledMessage.version`


# Any: attrs' own parameters of a validator.
def _at_most(items: int, at_least: int = 0) -> fields.Validator:
    def check(instance: object, attribute: Attribute[Any], value: Any) -> None:
        if not at_least <= len(value) <= items:
            raise Invalid(fields.name_of(instance, attribute), f"{at_least} to {items} of them", value)

    return check


def _on_a_clock(instance: object, attribute: Attribute[Any], value: Any) -> None:
    if isinstance(value, time) and value.tzinfo is not None:
        raise Invalid(fields.name_of(instance, attribute), "what the recipient's clock shows: without an offset", value)


@frozen(kw_only=True)
class RepetitionWish:
    """How a text recurs from its day on. `rule`: RFC 5545, such as `FREQ=MONTHLY`; `exceptions`: dates left out.

    `with_anchor`: the day itself is the first occurrence.
    """

    rule: str = field(validator=fields.text(300, at_least=1))
    with_anchor: bool = True
    exceptions: tuple[date, ...] = field(default=(), validator=_at_most(MOST_EXCEPTIONS))


@frozen(kw_only=True)
class TextToSchedule:
    """A text for one client. `day`, `at` (`14:30:00`): on the recipient's clock; without `at` a safe hour of that day.

    `timezone`: where the client's is not known. `not_after`: when it has lost its sense. `business_days`: move it off
    weekends and federal holidays. `plan_id`: a plan it belongs to.
    """

    client_id: UUID
    text: str = field(validator=fields.text(MAX_SMS_CHARACTERS, at_least=1), repr=False)
    day: date
    at: time | None = field(default=None, validator=_on_a_clock)
    timezone: str | None = field(default=None, validator=fields.optional(fields.zone))
    message_class: MessageClass = field(default=MessageClass.MARKETING, validator=by_hand)
    topic: str | None = field(default=None, validator=fields.optional(fields.text(60, at_least=1)))
    not_after: datetime | None = None
    plan_id: UUID | None = None
    business_days: bool = False
    repeat: RepetitionWish | None = None

    def wish(self, key: str) -> TextToPlan:
        """Return what is to be planned, under the caller's name for it."""
        repeat = self.repeat
        return TextToPlan(
            key=key,
            client_id=self.client_id,
            content=self.text,
            day=self.day,
            at=self.at,
            timezone=self.timezone,
            message_class=self.message_class,
            topic=self.topic,
            not_after=None if self.not_after is None else utc("not_after", self.not_after),
            plan_id=self.plan_id,
            business_days=self.business_days,
            repeat=None
            if repeat is None
            else Repetition(rule=repeat.rule, with_anchor=repeat.with_anchor, exceptions=repeat.exceptions),
        )


@frozen(kw_only=True)
class TextsToSchedule:
    """Several, each by itself."""

    texts: tuple[TextToSchedule, ...] = field(validator=_at_most(MOST_AT_ONCE, at_least=1))


@frozen(kw_only=True)
class TextChange:
    """What is to be different; what is absent or null stays. `version`: the one that was shown."""

    version: int = field(validator=fields.between(1, MOST_VERSION))
    day: date | None = None
    at: time | None = field(default=None, validator=_on_a_clock)
    text: str | None = field(
        default=None, validator=fields.optional(fields.text(MAX_SMS_CHARACTERS, at_least=1)), repr=False
    )
    not_after: datetime | None = None


@frozen(kw_only=True)
class Cancellation:
    """The version that was shown, and whether all that would follow is cancelled with it."""

    version: int = field(validator=fields.between(1, MOST_VERSION))
    whole_series: bool = False


@frozen(kw_only=True)
class ScheduledView:
    """A planned text. `local_at`: what the recipient's clock shows then; `reason`: why it ended without being sent.

    `rule`, `occurrence`: of its series, None for a single one. `message_id`: the text it became.
    """

    id: UUID
    version: int
    client_id: UUID
    text: str = field(repr=False)
    status: ScheduledStatus
    scheduled_at: datetime
    timezone: str
    local_at: datetime | None
    not_after: datetime | None
    message_class: MessageClass
    topic: str | None
    plan_id: UUID | None
    is_recurring: bool
    series_id: UUID | None
    rule: str | None
    occurrence: int | None
    is_approved: bool
    automatic: bool
    written_by: SenderType
    created_at: datetime
    sent_at: datetime | None
    message_id: UUID | None
    reason: str | None
    explanation: str | None


@frozen(kw_only=True)
class ScheduledPage:
    """A page of planned texts."""

    items: tuple[ScheduledView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class PlannedItem:
    """What became of one of several: the planned text, or why there is none."""

    scheduled: ScheduledView | None
    code: str | None
    error: FieldError | None


@frozen(kw_only=True)
class PlannedItems:
    """One result per text, in the order of the request."""

    items: tuple[PlannedItem, ...]


def shown(planned: ScheduledMessage) -> ScheduledView:
    """Return a planned text as it is shown."""
    repeat, reason = planned.repeat, planned.error_message
    return ScheduledView(
        id=planned.id,
        version=planned.version,
        client_id=planned.client_id,
        text=planned.content,
        status=planned.status,
        scheduled_at=planned.scheduled_at_utc,
        timezone=planned.timezone,
        local_at=planned.local_at,
        not_after=planned.not_after,
        message_class=planned.message_class,
        topic=planned.topic,
        plan_id=planned.parent_plan_id,
        is_recurring=planned.is_recurring,
        series_id=None if repeat is None else repeat.series_id,
        rule=None if repeat is None else repeat.rule,
        occurrence=None if repeat is None else repeat.occurrence,
        is_approved=planned.approval_id is not None,
        automatic=planned.automatic,
        written_by=planned.sender_type,
        created_at=planned.created_at,
        sent_at=planned.sent_at,
        message_id=planned.message_id,
        reason=reason,
        explanation=None if reason is None else explain(reason),
    )
