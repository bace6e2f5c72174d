"""Step 6: a person decides. Edit, choose the audience, approve, dismiss, snooze: each one audited.

Only `approve` makes `ApprovedText`s, and only those can be queued: an unapproved draft cannot be sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.errors import Conflict, Invalid
from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.audit import AuditEntry
from nudge_core.model.briefing import AudienceMember, BriefingStatus, CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.event import MarketEvent, stable_id
from nudge_core.model.feedback import DismissReason, NegativePreference
from nudge_core.model.json import Json
from nudge_core.model.message import Direction, MessageSource, SenderType
from nudge_core.model.user import User
from nudge_core.model.vector import Vector
from nudge_core.policy.findings import Finding, Severity
from nudge_core.policy.placeholders import fill
from nudge_core.policy.segments import plain_characters, segments
from nudge_core.policy.switches import rules_for
from nudge_core.policy.wording import OPT_OUT_EVERY, first_text, hidden_links, tells_how_to_stop, with_opt_out_line
from nudge_core.ports import TenantTransaction
from nudge_core.verticals.base import Vertical

OWNER_NOTE = "owner_note"  # the wording rule that marks a note for the professional: a draft, never a text
PARTS_AT_MOST = 4  # SMS parts of one text; messaging.md section 8


@frozen(kw_only=True)
class Preview:
    """The text as one client would get it, and how many SMS parts it takes."""

    client_id: UUID
    text: str = field(repr=False)
    parts: int


@frozen(kw_only=True)
class Approved:
    """What an approval released: the briefing as it is now, and the ids of the queued texts."""

    briefing: CampaignBriefing
    message_ids: tuple[UUID, ...]


async def preview(tx: TenantTransaction, briefing: CampaignBriefing, vertical: Vertical) -> tuple[Preview, ...]:
    """Return the final text for every member of the audience, included or not, in the audience's order."""
    event = await _event_of(tx, briefing)
    return tuple([await _preview(tx, briefing, event, member, vertical) for member in briefing.matched_audience])


async def edit(tx: TenantTransaction, briefing_id: UUID, text: str, by: str, vertical: Vertical) -> tuple[Finding, ...]:
    """Replace the draft's words; return what the wording rules say of them.

    Raises:
        Invalid: the text is empty, too long, or names a placeholder that does not exist.
        IllegalTransition: the briefing is no longer a draft.
    """
    briefing = await _draft(tx, briefing_id)
    fill(text, {"first_name": "A", "reason": "B", "question": "C"})
    changed = evolve(briefing, edited_draft=text, updated_at=tx.now)
    await tx.briefings.save(changed)
    await _audit(tx, briefing, by, "briefing.edited", {"characters": len(text)})
    return vertical.lint(text)


async def choose_audience(
    tx: TenantTransaction, briefing_id: UUID, client_ids: Collection[UUID], by: str
) -> CampaignBriefing:
    """Include exactly these members of the audience.

    Raises:
        Invalid: somebody in `client_ids` is not in the audience that was matched.
    """
    briefing = await _draft(tx, briefing_id)
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
        Conflict: the briefing changed since the person saw it.
        Invalid: the words break a rule that blocks, a first text does not say who writes, a link leads to a host that
            the owner has not listed, they take more than `PARTS_AT_MOST` parts, nobody is included, or the
            briefing is information for the professional only.
        IllegalTransition: the briefing is no longer a draft.
    """
    briefing = await _draft(tx, briefing_id)
    if version is not None and version != briefing.version:
        raise Conflict("campaign briefing", "it changed since it was shown; look at it again")
    if briefing.campaign_type not in vertical.events or vertical.events[briefing.campaign_type].owner_only:
        raise Invalid("briefing.campaign_type", "one that clients may be told of; this one is for you", None)
    if not briefing.recipients:
        raise Invalid("briefing.audience", "somebody: include at least one client", briefing.recipients)
    _no_block(vertical.lint(briefing.draft))
    event = await _event_of(tx, briefing)
    user = await tx.users.get(tx.user_id)
    approval = Approval(
        id=stable_id("approval", str(briefing.id), str(briefing.version)),
        user_id=tx.user_id,
        approved_by=by,
        approved_at=tx.now,
        briefing_id=briefing.id,
        briefing_version=briefing.version,
    )
    texts = [
        await _approved_text(tx, briefing, event, member, approval, user, vertical) for member in briefing.recipients
    ]
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
    tx: TenantTransaction, briefing_id: UUID, by: str, reason: DismissReason, *, vector: Vector | None = None
) -> CampaignBriefing:
    """Say no for good: DRAFT -> DISMISSED. The included clients learn a negative preference.

    `vector`: the meaning of what was dismissed, None when there is no embedder. Reasons that say nothing about the
    client (wording) teach nothing.
    """
    briefing = await _draft(tx, briefing_id)
    saved = await tx.briefings.save(briefing.moved(BriefingStatus.DISMISSED, tx.now))
    if reason is not DismissReason.WORDING:
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
                )
                for member in briefing.recipients
            ]
        )
    await _audit(tx, briefing, by, "briefing.dismissed", {"reason": reason.value})
    return saved


async def snooze(tx: TenantTransaction, briefing_id: UUID, by: str, until: datetime) -> CampaignBriefing:
    """Hide the draft from the queue until an instant (UTC).

    Raises:
        Invalid: the instant has passed, or lies after the nudge has lost its sense.
    """
    briefing = await _draft(tx, briefing_id)
    if until <= tx.now or (briefing.expires_at is not None and until >= briefing.expires_at):
        raise Invalid("briefing.snoozed_until", "an instant to come, before the nudge expires", until)
    saved = await tx.briefings.save(evolve(briefing, snoozed_until=until, updated_at=tx.now))
    await _audit(tx, briefing, by, "briefing.snoozed", {"until": until.isoformat()})
    return saved


async def _draft(tx: TenantTransaction, briefing_id: UUID) -> CampaignBriefing:
    briefing = await tx.briefings.get(briefing_id)
    if briefing.status is not BriefingStatus.DRAFT:
        briefing.moved(BriefingStatus.DRAFT, tx.now)  # says in the machine's words why not
    return briefing


async def _event_of(tx: TenantTransaction, briefing: CampaignBriefing) -> MarketEvent | None:
    if briefing.triggering_event_id is None:
        return None
    found = await tx.market_events.get([briefing.triggering_event_id])
    return found[0] if found else None


async def _preview(
    tx: TenantTransaction,
    briefing: CampaignBriefing,
    event: MarketEvent | None,
    member: AudienceMember,
    vertical: Vertical,
) -> Preview:
    client = await tx.clients.get(member.client_id)
    values = vertical.personal(event, member, client) if event else _only_name(client)
    text = plain_characters(fill(briefing.draft, values))
    if await _needs_opt_out_line(tx, client):
        text = with_opt_out_line(text)
    return Preview(client_id=client.id, text=text, parts=segments(text).parts)


def _only_name(client: Client) -> Mapping[str, str]:
    return {"first_name": client.first_name, "reason": "", "question": ""}


async def _needs_opt_out_line(tx: TenantTransaction, client: Client) -> bool:
    """Say whether the client was not told for `OPT_OUT_EVERY`, or never, how to stop the texts (C13)."""
    earlier = await tx.messages.of_client(client.id, limit=50)
    told = (one for one in earlier if one.direction is Direction.OUTBOUND and tells_how_to_stop(one.content))
    return not any(tx.now - one.created_at < OPT_OUT_EVERY for one in told)


async def _is_first_text(tx: TenantTransaction, client: Client) -> bool:
    earlier = await tx.messages.of_client(client.id, limit=50)
    return not any(message.direction is Direction.OUTBOUND for message in earlier)


async def _approved_text(
    tx: TenantTransaction,
    briefing: CampaignBriefing,
    event: MarketEvent | None,
    member: AudienceMember,
    approval: Approval,
    user: User,
    vertical: Vertical,
) -> ApprovedText:
    shown = await _preview(tx, briefing, event, member, vertical)
    if shown.parts > PARTS_AT_MOST:
        raise Invalid("briefing.draft", f"at most {PARTS_AT_MOST} SMS parts for every client", shown.text)
    client = await tx.clients.get(member.client_id)
    hosts = rules_for(user).link_hosts
    _no_block(hidden_links(shown.text, hosts) if hosts is not None else ())
    if await _is_first_text(tx, client):
        _no_block(first_text(shown.text, user.first_name, user.business_name))
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
