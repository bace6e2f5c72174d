"""A person plans texts: one, many, recurring; changes them, cancels them. In the recipient's own time.

What is planned is stored with a yes and released when it is due (`nudge_core.steps.release`). An hour that is past,
unlawful or in an unknown zone is refused at once, naming field and rule. Where only a day is given the hour is safe:
10:00 on the recipient's clock or the first lawful minute of that day. Source: `verticals.md` 1.2, 2.1, 2.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.errors import Conflict, IllegalTransition, Invalid
from nudge_core.model import fields
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.consent import SuppressionScope
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json, JsonObject, frozen_object
from nudge_core.model.message import (
    MAX_SMS_CHARACTERS,
    Delivery,
    MessageClass,
    Repeat,
    ScheduledMessage,
    ScheduledStatus,
    SenderType,
    release_job,
)
from nudge_core.policy.caps import COUNTED, PROACTIVE_HOUR
from nudge_core.policy.facts import GateRules
from nudge_core.policy.quiet_hours import SendingHours
from nudge_core.ports import TenantTransaction
from nudge_core.sending.completion import complete_if_done
from nudge_core.sending.planned import audited, end, occurrence_id, useful_until, without_facts
from nudge_core.sending.plans import UNENDED
from nudge_core.timing.business_days import next_business_day
from nudge_core.timing.local_time import at, local_date, to_local
from nudge_core.timing.recipient_zone import whereabouts
from nudge_core.timing.recurrence import parse
from nudge_core.timing.series import Series

CANCELLED_BY_PERSON = "cancelled_by_person"
A_MINUTE = timedelta(minutes=1)
SCHEDULED_TEXTS = "scheduled_texts"
"""`campaign_type` of the plan that holds proactive texts planned by hand."""


@frozen(kw_only=True)
class Repetition:
    """How a text recurs from its `day` on, the anchor. `rule`: see `nudge_core.timing.recurrence`.

    `with_anchor`: the anchor's day is the first occurrence; a cadence counted from the day of a note has it not.
    """

    rule: str
    with_anchor: bool = True
    exceptions: tuple[date, ...] = ()


@frozen(kw_only=True)
class TextToPlan:
    """One text for one client. `key`: the caller's name of this wish; the same one plans the same text once.

    `day`, `at`: on the recipient's clock; without `at` a safe hour. `timezone`: where the client's is not known.
    `business_days`: move it off weekends and federal holidays. `plan_id`: an existing plan; without one a proactive
    text gets a plan of its own, so that an answer pauses it. `redraft`, `drafted_from`: see `ScheduledMessage`.
    """

    key: str = field(validator=fields.text(150, at_least=1))
    client_id: UUID
    content: str = field(validator=fields.text(MAX_SMS_CHARACTERS, at_least=1), repr=False)
    day: date
    at: time | None = None
    timezone: str | None = None
    message_class: MessageClass = MessageClass.INFORMATIONAL
    topic: str | None = None
    sender_type: SenderType = SenderType.USER
    automatic: bool = False
    not_after: datetime | None = None
    plan_id: UUID | None = None
    touchpoint: str | None = None
    business_days: bool = False
    repeat: Repetition | None = None
    redraft: bool = False
    drafted_from: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)


@frozen(kw_only=True)
class _Moment:
    """When: what the clock shows there, and that instant in UTC."""

    wall: datetime
    at: datetime
    zone: str


async def schedule(
    tx: TenantTransaction, texts: Sequence[TextToPlan], by: str, rules: GateRules
) -> tuple[ScheduledMessage, ...]:
    """Plan texts, all or none; return them as stored. A key that was used returns what it planned then.

    Raises:
        Invalid: names the field (`schedule.at`, `schedule.day`, `schedule.timezone`, `schedule.client_id`,
            `schedule.plan_id`, `rrule.PART`) and the rule it breaks.
        NotFound: no such client or plan.
    """
    return tuple([await _schedule(tx, text, by, rules) for text in texts])


async def schedule_one(tx: TenantTransaction, text: TextToPlan, by: str, rules: GateRules) -> ScheduledMessage:
    """Plan one text; see `schedule`."""
    return (await schedule(tx, [text], by, rules))[0]


async def _schedule(tx: TenantTransaction, text: TextToPlan, by: str, rules: GateRules) -> ScheduledMessage:
    wish = stable_id("planned", str(tx.user_id), text.key)
    for known in await tx.scheduled.of_client(text.client_id):
        if wish == known.id or (known.repeat is not None and known.repeat.series_id == wish):
            return known
    client = await _reachable(tx, text.client_id)
    repeat, moment, until = await _first(tx, text, client, rules, wish)
    named_id = wish if repeat is None else stable_id("occurrence", occurrence_id(repeat, repeat.occurrence))
    planned = ScheduledMessage(
        id=named_id,
        user_id=tx.user_id,
        client_id=client.id,
        content=text.content,
        scheduled_at_utc=moment.at,
        local_at=moment.wall,
        timezone=moment.zone,
        status=ScheduledStatus.PENDING,
        created_at=tx.now,
        parent_plan_id=await _plan(tx, text, client, wish, by),
        job_id=release_job(named_id, 1),
        playbook_touchpoint_id=text.touchpoint,
        is_recurring=repeat is not None,
        not_after=until,
        approval_id=stable_id("approval", str(named_id), "1"),
        approved_by=by,
        approved_at=tx.now,
        automatic=text.automatic,
        message_class=text.message_class,
        topic=text.topic,
        sender_type=text.sender_type,
        redraft=text.redraft,
        drafted_at=tx.now,
        drafted_from=text.drafted_from,
        repeat=repeat,
    )
    await tx.scheduled.add([planned])
    facts: dict[str, Json] = {"at": moment.at.isoformat(), "recurs": repeat is not None}
    await tx.audit.add([audited(tx, planned, by, "scheduled.planned", facts)])
    return planned


async def change(
    tx: TenantTransaction,
    planned_id: UUID,
    by: str,
    rules: GateRules,
    *,
    version: int,
    day: date | None = None,
    at: time | None = None,
    content: str | None = None,
    not_after: datetime | None = None,
) -> ScheduledMessage:
    """Change one planned text: this occurrence only, its series' grid does not move. It is approved anew by this.

    Args:
        tx: the owner's transaction.
        planned_id: which.
        by: who.
        rules: the hours that bind.
        version: the one the person saw.
        day: another day on the recipient's clock; None: the same.
        at: another hour there; None: the same.
        content: other words; None: the same.
        not_after: another end of its use, in UTC; None: the same.

    Raises:
        Conflict: it changed since the person saw it.
        IllegalTransition: it is no longer waiting.
        Invalid: as `schedule`.
    """
    planned = await _at_version(tx, planned_id, version)
    if planned.status is not ScheduledStatus.PENDING:
        raise IllegalTransition("scheduled message", planned.status.value, "PENDING", "only what waits can be changed")
    moment = _Moment(
        wall=planned.local_at or to_local(planned.scheduled_at_utc, planned.timezone).replace(tzinfo=None),
        at=planned.scheduled_at_utc,
        zone=planned.timezone,
    )
    if day is not None or at is not None:
        client = await _reachable(tx, planned.client_id)
        hours = _hours(client, rules)
        moment = _asked_for(tx, day or moment.wall.date(), at or moment.wall.time(), planned.timezone, hours)
    until = not_after or planned.not_after
    _useful(until, moment.at)
    changed = evolve(
        planned,
        content=planned.content if content is None else content,
        scheduled_at_utc=moment.at,
        local_at=moment.wall,
        not_after=until,
        job_id=release_job(planned.id, planned.version + 1),
        lease_until=None,
        approval_id=stable_id("approval", str(planned.id), str(planned.version + 1)),
        approved_by=by,
        approved_at=tx.now,
        automatic=False,
        error_message=None,
        sender_type=planned.sender_type if content is None else SenderType.USER,
        redraft=planned.redraft and content is None,
        drafted_at=planned.drafted_at if content is None else tx.now,
        drafted_from=planned.drafted_from if content is None else without_facts(planned.drafted_from),
    )
    saved = await tx.scheduled.save(changed)
    await tx.audit.add([audited(tx, planned, by, "scheduled.changed", {"at": moment.at.isoformat()})])
    return saved


async def cancel(
    tx: TenantTransaction, planned_id: UUID, by: str, *, version: int, whole_series: bool = False
) -> ScheduledMessage:
    """Cancel a planned text, and with `whole_series` all that would follow it; one that is cancelled stays so.

    One that was released a moment ago is withdrawn from the queue, if nobody has taken it yet.

    Raises:
        Conflict: it changed since the person saw it.
        IllegalTransition: it is on its way, or has ended otherwise.
    """
    planned = await tx.scheduled.get(planned_id)
    if planned.status is ScheduledStatus.CANCELLED:
        return planned
    planned = await _at_version(tx, planned_id, version)
    if planned.status is ScheduledStatus.RELEASED and planned.message_id is not None:
        withdrawn = await tx.messages.move(
            planned.message_id,
            attempt=None,
            expected=[Delivery.QUEUED],
            to=Delivery.CANCELLED,
            reason=CANCELLED_BY_PERSON,
        )
        if not withdrawn:
            raise IllegalTransition("scheduled message", "RELEASED", "CANCELLED", "its text is on its way")
    was_open = planned.status is ScheduledStatus.PENDING
    await end(
        tx, planned, ScheduledStatus.CANCELLED, CANCELLED_BY_PERSON, actor=by, go_on=was_open and not whole_series
    )
    if whole_series and planned.repeat is not None:
        await _cancel_rest(tx, planned, by)
    if planned.parent_plan_id is not None:
        await complete_if_done(tx, planned.parent_plan_id)
    return await tx.scheduled.get(planned_id)


async def _cancel_rest(tx: TenantTransaction, planned: ScheduledMessage, by: str) -> None:
    """Cancel the open occurrence of the series, where the one that was cancelled had been released."""
    for other in await tx.scheduled.of_client(planned.client_id):
        same = other.repeat and planned.repeat and other.repeat.series_id == planned.repeat.series_id
        if same and other.status is ScheduledStatus.PENDING:
            await end(tx, other, ScheduledStatus.CANCELLED, CANCELLED_BY_PERSON, actor=by, go_on=False)


async def _at_version(tx: TenantTransaction, planned_id: UUID, version: int) -> ScheduledMessage:
    planned = await tx.scheduled.get(planned_id)
    if planned.version != version:
        raise Conflict("scheduled message", "it changed since it was shown; look at it again")
    return planned


async def _reachable(tx: TenantTransaction, client_id: UUID) -> Client:
    """Return the client, or refuse: nothing is planned for nobody's phone nor for one that has been silenced."""
    client = await tx.clients.get(client_id)
    if client.phone is None:
        raise Invalid("schedule.client_id", "a client with a phone (no_phone)", None)
    if any(held.scope is SuppressionScope.ALL for held in await tx.suppressions.active(client.phone)):
        raise Invalid("schedule.client_id", "a client who may be texted (revoked)", None)
    return client


def _hours(client: Client, rules: GateRules) -> SendingHours:
    """Return the hours that will bind when it is sent, the professional's own window among them."""
    assert client.phone is not None
    where = whereabouts(client.phone, client.timezone)
    return SendingHours(whereabouts=where, owner=rules.owner_hours, rules=rules.hours_rules)


def _zone(client: Client, stated: str | None, home: str) -> str:
    """Return the zone on whose clock hours are chosen: the client's, the stated one, else one the phone allows."""
    if stated is not None and not fields.is_zone(stated):
        raise Invalid("schedule.timezone", "an IANA time zone such as America/Denver", stated)
    if client.timezone or stated:
        return client.timezone or stated or home
    assert client.phone is not None
    candidates = whereabouts(client.phone).zones
    return home if home in candidates or not candidates else min(candidates)


async def _first(
    tx: TenantTransaction, text: TextToPlan, client: Client, rules: GateRules, wish: UUID
) -> tuple[Repeat | None, _Moment, datetime | None]:
    """Return the first moment of a text, its place in a series, and until when it is of use."""
    user = await tx.users.get(tx.user_id)
    zone = _zone(client, text.timezone, user.timezone)
    hours = _hours(client, rules)
    if text.repeat is None:
        day = next_business_day(text.day) if text.business_days else text.day
        moment = _asked_for(tx, day, text.at, zone, hours)
        _useful(text.not_after, moment.at)
        return None, moment, text.not_after
    series = Series(
        rule=parse(text.repeat.rule),
        anchor=text.day,
        wall_time=text.at or PROACTIVE_HOUR,
        zone=zone,
        exceptions=frozenset(text.repeat.exceptions),
        business_days=text.business_days,
        with_anchor=text.repeat.with_anchor,
    )
    found = next((one for one in series.occurrences() if one.at > tx.now), None)
    if found is None:
        raise Invalid("schedule.repeat", "a rule with an occurrence to come", text.repeat.rule)
    lawful = hours.next_allowed(found.at)
    if lawful is None or (text.at is not None and local_date(lawful, zone) != found.wall.date()):
        raise Invalid("schedule.at", "an hour from which on a text may go out that day (quiet_hours)", text.at)
    repeat = Repeat(
        series_id=wish,
        rule=str(series.rule),
        anchor=text.day,
        occurrence=found.number,
        occurs_on=found.on,
        with_anchor=text.repeat.with_anchor,
        business_days=text.business_days,
        exceptions=text.repeat.exceptions,
    )
    return repeat, _Moment(wall=found.wall, at=found.at, zone=zone), useful_until(series, found)


def _asked_for(tx: TenantTransaction, day: date, wall_time: time | None, zone: str, hours: SendingHours) -> _Moment:
    """Return the moment of a day and an hour, or of a safe hour of that day.

    Raises:
        Invalid: it has passed, or no text may go out then.
    """
    if wall_time is None:
        return _safe(tx, day, zone, hours)
    instant = at(day, wall_time, zone)
    if instant <= tx.now:
        raise Invalid("schedule.at", "an instant to come", instant)
    if not hours.allowed(instant):
        raise Invalid("schedule.at", "a lawful hour wherever the recipient may be (quiet_hours)", instant)
    return _Moment(wall=to_local(instant, zone).replace(tzinfo=None, fold=0), at=instant, zone=zone)


def _safe(tx: TenantTransaction, day: date, zone: str, hours: SendingHours) -> _Moment:
    """Return 10:00 of that day, or its first lawful minute still to come."""
    if day < local_date(tx.now, zone):
        raise Invalid("schedule.day", "a day to come", day)
    for earliest in (at(day, PROACTIVE_HOUR, zone), at(day, time(), zone)):
        instant = hours.next_allowed(max(earliest, tx.now + A_MINUTE))
        if instant is not None and local_date(instant, zone) == day:
            wall = to_local(instant, zone).replace(tzinfo=None, fold=0)
            return _Moment(wall=wall, at=instant.astimezone(UTC), zone=zone)
    raise Invalid("schedule.day", "a day with a lawful hour still to come (quiet_hours)", day)


def _useful(until: datetime | None, instant: datetime) -> None:
    if until is not None and until <= instant:
        raise Invalid("schedule.not_after", "after the instant it is planned for", until)


async def _plan(tx: TenantTransaction, text: TextToPlan, client: Client, wish: UUID, by: str) -> UUID | None:
    """Return the plan a text belongs to; a proactive one without any gets one of its own, active at once."""
    if text.plan_id is not None:
        plan = await tx.briefings.get(text.plan_id)
        if not plan.is_plan or plan.client_id != client.id or plan.status not in UNENDED:
            raise Invalid("schedule.plan_id", "a plan of this client that has not ended", None)
        return plan.id
    if text.message_class not in COUNTED:
        return None
    draft = CampaignBriefing(
        id=stable_id("plan", str(wish)),
        user_id=tx.user_id,
        campaign_type=SCHEDULED_TEXTS,
        headline="Planned texts" if text.repeat is None else "Recurring texts",
        status=BriefingStatus.DRAFT,
        created_at=tx.now,
        updated_at=tx.now,
        original_draft=text.content,
        drafted_by=by,
        client_id=client.id,
        is_plan=True,
    )
    plan = draft.moved(BriefingStatus.ACTIVE, tx.now)
    await tx.briefings.add(plan)
    return plan.id
