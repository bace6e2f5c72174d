"""Step 6: a person decides. Edit, choose the audience, approve, dismiss, snooze: each one audited.

Only `approve` makes `ApprovedText`s, and only those can be queued: an unapproved draft cannot be sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from nudge_core.errors import Conflict, Invalid
from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.audit import AuditEntry
from nudge_core.model.briefing import AudienceMember, BriefingStatus, CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.event import stable_id
from nudge_core.model.feedback import DismissReason, NegativePreference
from nudge_core.model.json import Json, JsonObject
from nudge_core.model.message import MessageSource, SenderType
from nudge_core.model.vector import Vector
from nudge_core.policy.findings import Finding, Severity
from nudge_core.policy.placeholders import fill
from nudge_core.ports import TenantTransaction
from nudge_core.sending.previews import (
    PARTS_AT_MOST,
    Preview,
    Surroundings,
    preview_of,
    previews_of,
    surroundings,
)
from nudge_core.verticals.base import Vertical

OWNER_NOTE = "owner_note"  # the wording rule that marks a note for the professional: a draft, never a text
NUDGES_AT_ONCE = 50
"""Briefings of one morning's queue: more than anybody clears at once, and bounded work."""

__all__ = [
    "Approved",
    "Preview",
    "Shown",
    "approve",
    "choose_audience",
    "dismiss",
    "edit",
    "preview",
    "queue",
    "retract",
    "show",
    "snooze",
]


@frozen(kw_only=True)
class Approved:
    """What an approval released: the briefing as it is now, and the ids of the queued texts."""

    briefing: CampaignBriefing
    message_ids: tuple[UUID, ...]


@frozen(kw_only=True)
class Shown:
    """A briefing with everything a person needs to decide: who would get which text, and what the rules say.

    `findings`: of the draft itself. `previews`: of the audience, in its order; a client who is gone has none, and so
    has a briefing that is no draft any more: what was sent is told by `nudge_core.steps.outcome`.
    `clients`: those of the audience and the one it is about, by id.
    """

    briefing: CampaignBriefing
    findings: tuple[Finding, ...]
    previews: tuple[Preview, ...]
    clients: Mapping[UUID, Client]


async def show(tx: TenantTransaction, briefings: Sequence[CampaignBriefing], vertical: Vertical) -> tuple[Shown, ...]:
    """Return any number of briefings with everything a person needs to decide, in a fixed number of queries."""
    around = await surroundings(tx, briefings)
    found = []
    for briefing in briefings:
        people = {briefing.client_id, *(member.client_id for member in briefing.matched_audience)}
        found.append(
            Shown(
                briefing=briefing,
                findings=vertical.lint(briefing.draft) if briefing.draft else (),
                previews=previews_of(briefing, around, vertical) if briefing.status is BriefingStatus.DRAFT else (),
                clients={one: client for one, client in around.clients.items() if one in people},
            )
        )
    return tuple(found)


async def queue(tx: TenantTransaction, vertical: Vertical, limit: int = NUDGES_AT_ONCE) -> tuple[Shown, ...]:
    """Return the morning's queue: what waits for a person now, best first."""
    return await show(tx, await tx.briefings.waiting(limit), vertical)


async def preview(tx: TenantTransaction, briefing: CampaignBriefing, vertical: Vertical) -> tuple[Preview, ...]:
    """Return the final text for every member of the audience, included or not, in the audience's order."""
    return previews_of(briefing, await surroundings(tx, [briefing]), vertical)


async def edit(
    tx: TenantTransaction,
    briefing_id: UUID,
    text: str | None,
    by: str,
    vertical: Vertical,
    *,
    version: int | None = None,
) -> tuple[Finding, ...]:
    """Replace the draft's words; return what the wording rules say of them.

    Args:
        tx: the owner's transaction.
        briefing_id: which.
        text: the new words; None takes the edit back: the drafter's words stand again.
        by: who.
        vertical: whose wording rules.
        version: the one the person saw; None skips the check.

    Raises:
        Conflict: the briefing changed since the person saw it.
        Invalid: the text is empty, too long, or names a placeholder that does not exist.
        IllegalTransition: the briefing is no longer a draft.
    """
    briefing = await _draft(tx, briefing_id, version)
    if text is not None:
        fill(text, {"first_name": "A", "reason": "B", "question": "C"})
    changed = evolve(briefing, edited_draft=text, updated_at=tx.now)
    await tx.briefings.save(changed)
    await _audit(tx, briefing, by, "briefing.edited", {"characters": None if text is None else len(text)})
    return vertical.lint(changed.draft)


async def choose_audience(
    tx: TenantTransaction, briefing_id: UUID, client_ids: Collection[UUID], by: str, *, version: int | None = None
) -> CampaignBriefing:
    """Include exactly these members of the audience. `version`: the one the person saw; None skips the check.

    Raises:
        Conflict: the briefing changed since the person saw it.
        Invalid: somebody in `client_ids` is not in the audience that was matched.
    """
    briefing = await _draft(tx, briefing_id, version)
    strangers = set(client_ids) - {member.client_id for member in briefing.matched_audience}
    if strangers:
        raise Invalid("briefing.audience", "clients of the matched audience", sorted(map(str, strangers)))
    chosen = tuple(evolve(m, included=m.client_id in client_ids) for m in briefing.matched_audience)
    saved = await tx.briefings.save(evolve(briefing, matched_audience=chosen, updated_at=tx.now))
    await _audit(tx, briefing, by, "briefing.audience", {"included": len(saved.recipients)})
    return saved


async def approve(
    tx: TenantTransaction, briefing_id: UUID, by: str, vertical: Vertical, *, version: int | None = None
) -> Approved:
    """Release the draft to its included clients: DRAFT -> ACTIVE, one queued text per client.

    `version`: the one the person saw; None skips the check. A client for whom the same briefing was queued before
    gets no second text.

    Raises:
        Conflict: the briefing changed since the person saw it, or a client who is included is gone.
        Invalid: the words break a rule that blocks, a first text does not say who writes, a link leads to a host that
            the owner has not listed, they take more than `PARTS_AT_MOST` parts, nobody is included, or the
            briefing is information for the professional only.
        IllegalTransition: the briefing is no longer a draft.
    """
    briefing = await _draft(tx, briefing_id, version)
    if briefing.campaign_type not in vertical.events or vertical.events[briefing.campaign_type].owner_only:
        raise Invalid("briefing.campaign_type", "one that clients may be told of; this one is for you", None)
    if not briefing.recipients:
        raise Invalid("briefing.audience", "somebody: include at least one client", briefing.recipients)
    _no_block(vertical.lint(briefing.draft))
    around = await surroundings(tx, [briefing])
    event = around.event_of(briefing)
    approval = Approval(
        id=stable_id("approval", str(briefing.id), str(briefing.version)),
        user_id=tx.user_id,
        approved_by=by,
        approved_at=tx.now,
        briefing_id=briefing.id,
        briefing_version=briefing.version,
    )
    texts = [_approved_text(briefing, member, approval, around, vertical) for member in briefing.recipients]
    queued = await tx.messages.queue(texts)
    saved = await tx.briefings.save(briefing.moved(BriefingStatus.ACTIVE, tx.now))
    facts: dict[str, Json] = {
        "version": briefing.version,
        "clients": tuple(str(member.client_id) for member in briefing.recipients),
        "change": event.payload.get("change") if event else None,
        "edited": briefing.edited_draft is not None,
    }
    await _audit(tx, briefing, by, "briefing.approved", facts)
    return Approved(briefing=saved, message_ids=tuple(queued))


async def dismiss(
    tx: TenantTransaction,
    briefing_id: UUID,
    by: str,
    reason: DismissReason,
    *,
    vertical: Vertical,
    vector: Vector | None = None,
    version: int | None = None,
) -> CampaignBriefing:
    """Say no for good: DRAFT -> DISMISSED. The included clients learn a negative preference.

    `vertical`: reads what of the event the reason speaks of. `vector`: the meaning of what was dismissed, None when
    there is no embedder. Reasons that say nothing about the
    client (wording) teach nothing. `version`: the one the person saw; None skips the check.

    Raises:
        Conflict: the briefing changed since the person saw it.
        IllegalTransition: the briefing is no longer a draft.
    """
    briefing = await _draft(tx, briefing_id, version)
    saved = await tx.briefings.save(briefing.moved(BriefingStatus.DISMISSED, tx.now))
    if reason is not DismissReason.WORDING:
        about = await _about(tx, briefing, reason, vertical)
        await tx.negative_preferences.add(
            [
                NegativePreference(
                    id=stable_id("dismissed", str(briefing.id), str(member.client_id)),
                    user_id=tx.user_id,
                    client_id=member.client_id,
                    source_campaign_id=briefing.id,
                    reason=reason,
                    created_at=tx.now,
                    dismissed_embedding=vector,
                    about=about,
                )
                for member in briefing.recipients
            ]
        )
    await _audit(tx, briefing, by, "briefing.dismissed", {"reason": reason.value})
    return saved


async def _about(
    tx: TenantTransaction, briefing: CampaignBriefing, reason: DismissReason, vertical: Vertical
) -> JsonObject:
    wanted = [] if briefing.triggering_event_id is None else [briefing.triggering_event_id]
    for event in await tx.market_events.get(wanted):
        try:
            rule = vertical.said_no_to(event, reason)
        except Invalid:
            return {}  # an event that cannot be read says nothing; the dismissal stands
        return {} if rule is None else rule.as_json()
    return {}


async def retract(tx: TenantTransaction, preference_id: UUID, by: str) -> NegativePreference:
    """Take back what a dismissal taught: matching forgets it. Doing it again changes nothing. Raises NotFound."""
    if await tx.negative_preferences.retract(preference_id, by):
        preference = await tx.negative_preferences.get(preference_id)
        entry = AuditEntry(
            id=stable_id("audit", "preference.retracted", str(preference_id)),
            user_id=tx.user_id,
            at=tx.now,
            actor=by,
            action="preference.retracted",
            subject_type="negativepreference",
            subject_id=preference_id,
            facts={"client": str(preference.client_id), "briefing": str(preference.source_campaign_id)},
        )
        await tx.audit.add([entry])
    return await tx.negative_preferences.get(preference_id)


async def snooze(
    tx: TenantTransaction, briefing_id: UUID, by: str, until: datetime | None, *, version: int | None = None
) -> CampaignBriefing:
    """Hide the draft from the queue until an instant (UTC); None shows it again at once.

    `version`: the one the person saw; None skips the check.

    Raises:
        Conflict: the briefing changed since the person saw it.
        Invalid: the instant has passed, or lies after the nudge has lost its sense.
        IllegalTransition: the briefing is no longer a draft.
    """
    briefing = await _draft(tx, briefing_id, version)
    late = until is not None and briefing.expires_at is not None and until >= briefing.expires_at
    if until is not None and (until <= tx.now or late):
        raise Invalid("briefing.snoozed_until", "an instant to come, before the nudge expires", until)
    saved = await tx.briefings.save(evolve(briefing, snoozed_until=until, updated_at=tx.now))
    await _audit(tx, briefing, by, "briefing.snoozed", {"until": None if until is None else until.isoformat()})
    return saved


async def _draft(tx: TenantTransaction, briefing_id: UUID, version: int | None) -> CampaignBriefing:
    briefing = await tx.briefings.get(briefing_id)
    if briefing.status is not BriefingStatus.DRAFT:
        briefing.moved(BriefingStatus.DRAFT, tx.now)  # says in the machine's words why not
    if version is not None and version != briefing.version:
        raise Conflict("campaign briefing", "it changed since it was shown; look at it again")
    return briefing


def _approved_text(
    briefing: CampaignBriefing, member: AudienceMember, approval: Approval, around: Surroundings, vertical: Vertical
) -> ApprovedText:
    shown = preview_of(briefing, member, around, vertical)
    if shown is None:
        raise Conflict("campaign briefing", "a client of its audience is gone; choose the audience again")
    if shown.parts > PARTS_AT_MOST:
        raise Invalid("briefing.draft", f"at most {PARTS_AT_MOST} SMS parts for every client", shown.text)
    _no_block(shown.findings)
    client, user = around.clients[member.client_id], around.user
    rule = vertical.events[briefing.campaign_type]
    return ApprovedText(
        id=stable_id("text", str(briefing.id), str(client.id)),
        approval=approval,
        client_id=client.id,
        content=shown.text,
        recipient=client.phone,
        sender=user.twilio_phone_number,
        source=MessageSource.INSTANT_NUDGE,
        sender_type=SenderType.AI if briefing.edited_draft is None else SenderType.USER,
        message_class=rule.message_class,
        dedupe_key=f"briefing:{briefing.id}:{client.id}",
        not_after=briefing.expires_at,
        topic=rule.topic,
        match_score=member.score,
    )


def _no_block(findings: Sequence[Finding]) -> None:
    blocked = [f for f in findings if f.severity is Severity.BLOCK or f.rule == OWNER_NOTE]
    if blocked:
        first = blocked[0]
        raise Invalid("briefing.draft", f"free of {first.rule} ({first.suggestion})", first.found)


async def _audit(
    tx: TenantTransaction, briefing: CampaignBriefing, by: str, action: str, facts: Mapping[str, Json]
) -> None:
    entry = AuditEntry(
        id=stable_id(action, str(briefing.id), str(briefing.version)),
        user_id=tx.user_id,
        at=tx.now,
        actor=by,
        action=action,
        subject_type="campaignbriefing",
        subject_id=briefing.id,
        facts=facts,
    )
    await tx.audit.add([entry])
