"""A planned text is due: it becomes a queued text, exactly once, and its series goes on.

    claim       system   due planned texts get a lease
    prepare     tenant   is it still wanted, and is what it states still true?
    redraft     none     its words are written anew, where that was asked for
    release     tenant   the text is queued, the row marked with its id, and the next occurrence created: one commit
    follow      tenant   when that text has reached its end, so has the planned one

Whoever dies in between leaves a lease that runs out. The lawful hour, the caps and the consent are the gate's, when it
is sent. Source: `verticals.md` 1.4, 1.6, 2.4 and 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.errors import Invalid, NotFound, Refused, Unavailable
from nudge_core.matching.ranking import Ranking
from nudge_core.model import fields
from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.consent import SuppressionScope
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json, JsonObject
from nudge_core.model.message import (
    Delivery,
    Direction,
    Message,
    MessageClass,
    MessageSource,
    ScheduledMessage,
    ScheduledStatus,
    SenderType,
)
from nudge_core.policy.caps import COUNTED
from nudge_core.policy.findings import Severity
from nudge_core.policy.placeholders import fill
from nudge_core.policy.segments import plain_characters, segments
from nudge_core.policy.wording import BLOCK_ABOVE_PARTS, with_opt_out_line
from nudge_core.ports import Drafter, SystemTransaction, TenantTransaction
from nudge_core.sending.completion import complete_if_done
from nudge_core.sending.planned import EXPIRED, audited, end, following, series_of
from nudge_core.sending.plans import RESUMED, ask_copilot, pause_one
from nudge_core.sending.silence import withheld_as
from nudge_core.sending.style import brief_of
from nudge_core.sending.words import write
from nudge_core.verticals.base import Vertical

ACTOR = "nudge:release"
RECENT_CONTACT = "recent_contact"
UNANSWERED = "unanswered"
FACTS_CHANGED = "facts_changed"
PLAN_ENDED = "plan_ended"
REDRAFT_FAILED = "redraft_failed"
OWNER_NOTE = "owner_note"  # the wording rule that marks a note for the professional
LAST_PART = 3
"""A conversation in the last third of an interval counts as the check-in. Source: `verticals.md` 2.4."""

HISTORY = 50  # newest texts of a client that are looked at


@frozen(kw_only=True)
class ReleaseSettings:
    """`lease_s`: longer than all drafters together may take. `stale_after`: then stated facts are read again (1.6).

    `unanswered_at_most`: proactive texts in a row without an answer before a plan stops; None: never (1.4).
    """

    lease_s: float = field(default=300.0, validator=fields.between(1, 86_400))
    stale_after: timedelta = timedelta(hours=24)
    unanswered_at_most: int | None = 3


class Effect(StrEnum):
    """What became of a claimed text: queued, skipped with a reason, given back to the professional, resting because
    its plan does, or changed by somebody else meanwhile."""

    RELEASED = "released"
    SKIPPED = "skipped"
    RETURNED = "returned"
    RESTING = "resting"
    LOST = "lost"


@frozen(kw_only=True)
class Released:
    """What became of it, why, and the id of the text it is now."""

    planned: ScheduledMessage
    effect: Effect
    reason: str | None = None
    message_id: UUID | None = None


@frozen(kw_only=True)
class Prepared:
    """A text that may be released. `content` None: it has no words that are true, and goes back to the professional.

    `brief`, `personal`: what it would be drafted from anew, and the values of its placeholders. `stale`: what it
    states has changed since it was written, more than `stale_after` ago.
    """

    planned: ScheduledMessage
    content: str | None = field(repr=False)
    sender_type: SenderType
    brief: Brief | None = None
    personal: Mapping[str, str] = field(factory=lambda: MappingProxyType({}), repr=False)
    stale: bool = False
    fallback: str | None = None


async def claim(tx: SystemTransaction, limit: int, settings: ReleaseSettings) -> Sequence[ScheduledMessage]:
    """Take due planned texts of everybody."""
    return await tx.schedules.claim(limit, settings.lease_s)


async def prepare(
    tx: TenantTransaction, claimed: ScheduledMessage, vertical: Vertical, settings: ReleaseSettings
) -> Prepared | Released:
    """Decide whether a claimed text is still wanted and true; end it, give it back or let it rest where it is not."""
    planned = await _still_ours(tx, claimed)
    if planned is None:
        return Released(planned=claimed, effect=Effect.LOST)
    plan = None if planned.parent_plan_id is None else await tx.briefings.get(planned.parent_plan_id)
    client = await tx.clients.get(planned.client_id)
    objection = await _objection(tx, planned, plan, client, settings)
    if objection is not None:
        return objection
    brief, personal, untrue = await _truth(tx, planned, client, vertical)
    if untrue is not None:
        return await _give_back(tx, planned, f"{FACTS_CHANGED}:{untrue}")
    written = planned.drafted_at or planned.created_at
    stated = _stated(planned)
    changed = brief is not None and bool(stated) and dict(brief.facts) != stated
    stale = changed and tx.now - written > settings.stale_after
    if stale and not planned.redraft:
        return await _give_back(tx, planned, FACTS_CHANGED)
    return Prepared(
        planned=planned,
        content=None if stale else planned.content,
        sender_type=planned.sender_type,
        brief=brief if planned.redraft else None,
        personal=personal,
        stale=stale,
    )


async def redraft(drafters: Sequence[Drafter], prepared: Prepared, vertical: Vertical) -> Prepared:
    """Write the words anew where that was asked for; without a transaction.

    Words that no drafter can write, or that a wording rule blocks, are not taken: then the stored ones go out, unless
    what they state has changed.
    """
    if prepared.brief is None:
        return prepared
    try:
        draft = await write(drafters, prepared.brief, vertical)
        content = plain_characters(fill(draft.text, prepared.personal))
    except (Unavailable, Refused, Invalid) as error:
        return evolve(prepared, fallback=f"{REDRAFT_FAILED}:{type(error).__name__}")
    blocked = [one.rule for one in vertical.lint(content) if one.severity is Severity.BLOCK or one.rule == OWNER_NOTE]
    if blocked or segments(content).parts > BLOCK_ABOVE_PARTS:
        return evolve(prepared, fallback=f"{REDRAFT_FAILED}:{(blocked or ['length'])[0]}")
    return evolve(prepared, content=content, sender_type=SenderType.AI)


async def release(tx: TenantTransaction, prepared: Prepared) -> Released:
    """Queue the text, mark the row with its id and create the next occurrence, in this one transaction.

    Raises:
        Conflict: the planned text changed while this ran; nothing of it may be stored.
    """
    planned = await _still_ours(tx, prepared.planned)
    if planned is None:
        return Released(planned=prepared.planned, effect=Effect.LOST)
    if prepared.content is None:
        return await _give_back(tx, planned, prepared.fallback or FACTS_CHANGED)
    if planned.parent_plan_id is not None:
        plan = await tx.briefings.get(planned.parent_plan_id)
        if plan.status is not BriefingStatus.ACTIVE:
            return Released(planned=planned, effect=Effect.RESTING, reason=plan.status.value.lower())
    text = await _approved(tx, planned, prepared)
    await tx.messages.queue([text])
    await tx.scheduled.save(
        evolve(planned, status=ScheduledStatus.RELEASED, message_id=text.id, lease_until=None, error_message=None)
    )
    coming = following(planned, tx.now)
    if coming is not None:
        await tx.scheduled.add([coming])
    facts: dict[str, Json] = {
        "message_id": str(text.id),
        "redrafted": text.content != planned.content,
        "fallback": prepared.fallback,
        "next": None if coming is None else coming.scheduled_at_utc.isoformat(),
    }
    await tx.audit.add([audited(tx, planned, ACTOR, "scheduled.released", facts)])
    return Released(planned=planned, effect=Effect.RELEASED, message_id=text.id)


async def give_up(tx: TenantTransaction, claimed: ScheduledMessage, why: str) -> Released:
    """End a text that cannot become one, whatever is tried: FAILED with a reason; its series goes on."""
    planned = await _still_ours(tx, claimed)
    if planned is None:
        return Released(planned=claimed, effect=Effect.LOST)
    await end(tx, planned, ScheduledStatus.FAILED, why, actor=ACTOR, go_on=True)
    return Released(planned=planned, effect=Effect.SKIPPED, reason=why)


async def follow(tx: TenantTransaction, released: ScheduledMessage) -> ScheduledStatus | None:
    """Bring a released planned text to the end that its text has reached; None when it has not."""
    planned = await tx.scheduled.get(released.id)
    if planned.status is not ScheduledStatus.RELEASED or planned.message_id is None:
        return None
    message = await tx.messages.get(planned.message_id)
    status = _ENDS.get(message.delivery)
    if status is None:
        return None
    reason = None if status is ScheduledStatus.SENT else message.reason
    await tx.scheduled.save(evolve(planned, status=status, sent_at=message.sent_at, error_message=reason))
    if planned.parent_plan_id is not None:
        await complete_if_done(tx, planned.parent_plan_id)
    return status


_ENDS = MappingProxyType(
    {
        Delivery.SENT: ScheduledStatus.SENT,
        Delivery.FAILED: ScheduledStatus.FAILED,
        Delivery.WITHHELD: ScheduledStatus.CANCELLED,
        Delivery.CANCELLED: ScheduledStatus.CANCELLED,
    }
)


async def _still_ours(tx: TenantTransaction, claimed: ScheduledMessage) -> ScheduledMessage | None:
    """Return the stored row when it still waits at the version that was claimed."""
    stored = await tx.scheduled.get(claimed.id)
    same = (stored.status, stored.version) == (ScheduledStatus.PENDING, claimed.version)
    return stored if same and stored.job_id == claimed.job_id else None


async def _objection(
    tx: TenantTransaction,
    planned: ScheduledMessage,
    plan: CampaignBriefing | None,
    client: Client,
    settings: ReleaseSettings,
) -> Released | None:
    """Return what stands against releasing, done already; None when nothing does."""
    if plan is not None and plan.status in (
        BriefingStatus.CANCELLED,
        BriefingStatus.COMPLETED,
        BriefingStatus.DISMISSED,
    ):
        return await _skip(tx, planned, PLAN_ENDED, go_on=False)
    silence = await _silence(tx, planned, client)
    if silence is not None:
        return await _skip(tx, planned, silence, go_on=False)
    if planned.not_after is not None and planned.not_after <= tx.now:
        return await _skip(tx, planned, EXPIRED, go_on=True)
    if planned.approval_id is None or (plan is not None and plan.status is not BriefingStatus.ACTIVE):
        return Released(planned=planned, effect=Effect.RESTING)
    if planned.message_class not in COUNTED:
        return None
    if await _just_talked(tx, planned, client):
        return await _skip(tx, planned, RECENT_CONTACT, go_on=True)
    if plan is not None and await _unanswered(tx, plan, client, settings):
        await pause_one(tx, plan, UNANSWERED, planned.id, ACTOR)
        await ask_copilot(tx, client.id, UNANSWERED, planned.id)
        await tx.scheduled.save(evolve(planned, lease_until=None))
        return Released(planned=planned, effect=Effect.RESTING, reason=UNANSWERED)
    return None


async def _skip(tx: TenantTransaction, planned: ScheduledMessage, reason: str, *, go_on: bool) -> Released:
    await end(tx, planned, ScheduledStatus.CANCELLED, reason, actor=ACTOR, go_on=go_on)
    if planned.parent_plan_id is not None:
        await complete_if_done(tx, planned.parent_plan_id)
    return Released(planned=planned, effect=Effect.SKIPPED, reason=reason)


async def _give_back(tx: TenantTransaction, planned: ScheduledMessage, reason: str) -> Released:
    """Take the yes away: the professional must look at it again. It stays the open occurrence of its series."""
    waiting = evolve(
        planned,
        approval_id=None,
        approved_by=None,
        approved_at=None,
        job_id=None,
        lease_until=None,
        error_message=reason,
    )
    await tx.scheduled.save(waiting)
    await tx.audit.add([audited(tx, planned, ACTOR, "scheduled.returned", {"reason": reason})])
    await ask_copilot(tx, planned.client_id, FACTS_CHANGED, planned.id, {"scheduled_id": str(planned.id)})
    return Released(planned=planned, effect=Effect.RETURNED, reason=reason)


async def _silence(tx: TenantTransaction, planned: ScheduledMessage, client: Client) -> str | None:
    """Return the reason code when the client's phone has been silenced since."""
    if client.phone is None or planned.message_class is MessageClass.SERVICE:
        return None
    held = [one for one in await tx.suppressions.active(client.phone) if one.scope is SuppressionScope.ALL]
    return withheld_as(held[0].reason) if held else None


async def _just_talked(tx: TenantTransaction, planned: ScheduledMessage, client: Client) -> bool:
    """Say whether a person talked with the client in the last third of the interval before this occurrence."""
    series = series_of(planned)
    if series is None or planned.repeat is None:
        return False
    occurrence = next(one for one in series.occurrences() if one.number == planned.repeat.occurrence)
    third = series.length_before(occurrence) / LAST_PART
    talked = (await tx.interactions.latest_contact([client.id])).get(client.id)
    wrote = [
        text.claimed_at or text.created_at
        for text in await tx.messages.of_client(client.id, HISTORY)
        if text.direction is Direction.OUTBOUND
        and text.source is MessageSource.MANUAL
        and text.delivery is Delivery.SENT
    ]
    latest = max([moment for moment in (talked, *wrote) if moment is not None], default=None)
    return latest is not None and occurrence.at - third <= latest <= tx.now


async def _unanswered(tx: TenantTransaction, plan: CampaignBriefing, client: Client, settings: ReleaseSettings) -> bool:
    """Say whether so many proactive texts in a row went without an answer since the plan was last resumed."""
    if settings.unanswered_at_most is None:
        return False
    resumed = [entry.at for entry in await tx.audit.of_subject(plan.id) if entry.action == RESUMED]
    texts = await tx.messages.of_client(client.id, HISTORY)
    answered = max((text.created_at for text in texts if text.direction is Direction.INBOUND), default=None)
    since = max([moment for moment in (answered, *resumed) if moment is not None], default=None)
    sent = [text for text in texts if _is_proactive(text) and (since is None or (text.sent_at or since) > since)]
    return len(sent) >= settings.unanswered_at_most


def _is_proactive(text: Message) -> bool:
    return text.delivery is Delivery.SENT and text.message_class in COUNTED


def _stated(planned: ScheduledMessage) -> JsonObject:
    stated = planned.drafted_from.get("facts")
    return dict(stated) if isinstance(stated, Mapping) else {}


def _id(stored: str) -> UUID:
    try:
        return UUID(stored)
    except ValueError:
        raise Invalid("scheduledmessage.drafted_from", "ids", stored) from None


async def _truth(
    tx: TenantTransaction, planned: ScheduledMessage, client: Client, vertical: Vertical
) -> tuple[Brief | None, Mapping[str, str], str | None]:
    """Return what a text was drafted from as it is now: brief, values; and why it is untrue, or None."""
    nothing: Mapping[str, str] = MappingProxyType({"first_name": client.first_name, "reason": "", "question": ""})
    event_id = planned.drafted_from.get("event_id")
    if not isinstance(event_id, str):
        return None, nothing, None
    events = await tx.market_events.get([_id(event_id)])
    if not events:
        return None, nothing, "event_gone"
    event = events[0]
    if event.resource_id is not None:
        try:
            untrue = vertical.still_true(event, await tx.resources.get(event.resource_id))
        except NotFound:
            untrue = "resource_gone"
        if untrue is not None:
            return None, nothing, untrue
    member = None
    if isinstance(briefing_id := planned.drafted_from.get("briefing_id"), str):
        briefing = await tx.briefings.get(_id(briefing_id))
        member = next((one for one in briefing.matched_audience if one.client_id == client.id), None)
    ranking = Ranking(subject_id=event.id, members=() if member is None else (member,), considered=1)
    brief = await brief_of(tx, event, ranking, vertical)
    return brief, nothing if member is None else vertical.personal(event, member, client), None


async def _approved(tx: TenantTransaction, planned: ScheduledMessage, prepared: Prepared) -> ApprovedText:
    """Return the text a planned one becomes; the first to a person says how to stop."""
    assert prepared.content is not None
    assert planned.approval_id is not None
    client = await tx.clients.get(planned.client_id)
    user = await tx.users.get(tx.user_id)
    earlier = await tx.messages.of_client(client.id, HISTORY)
    is_first = not any(text.direction is Direction.OUTBOUND for text in earlier)
    return ApprovedText(
        id=stable_id("scheduled text", str(planned.id)),
        approval=Approval(
            id=planned.approval_id,
            user_id=tx.user_id,
            approved_by=planned.approved_by or ACTOR,
            approved_at=planned.approved_at or planned.created_at,
            briefing_id=planned.parent_plan_id,
        ),
        client_id=client.id,
        content=with_opt_out_line(prepared.content) if is_first else prepared.content,
        recipient=client.phone,
        sender=user.twilio_phone_number,
        source=MessageSource.SCHEDULED,
        sender_type=prepared.sender_type,
        message_class=planned.message_class,
        dedupe_key=f"scheduled:{planned.id}",
        not_after=planned.not_after,
        originally_scheduled_at=planned.scheduled_at_utc,
        topic=planned.topic,
        automatic=planned.automatic or prepared.content != planned.content,
    )
