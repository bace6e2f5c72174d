"""The facts of one claimed text, read now: what the gate decides on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from nudge_core.errors import NotFound
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.event import MarketEvent
from nudge_core.model.message import Delivery, Direction, Message, MessageClass, MessageSource
from nudge_core.model.resource import Resource
from nudge_core.policy.caps import COUNTED, MONTH, SentText
from nudge_core.policy.facts import Facts
from nudge_core.policy.findings import Finding
from nudge_core.policy.outcomes import Reason
from nudge_core.ports import TenantTransaction
from nudge_core.timing.recipient_zone import Evidence, Whereabouts, whereabouts

WELCOME = "welcome"
"""Topic of the one text that a new contact may get at once. Source: `verticals.md` 1.4."""

HISTORY = 20  # newest texts of a client in which their last word is looked for
PHONE_CHANGED = "phone_changed"
RESOURCE_GONE = "resource_gone"
UNCLEAR = "unclear"
"""An inbound text whose stored reason starts so must be answered by a person before automation goes on."""

_NOWHERE = Whereabouts(zones=frozenset(), jurisdictions=frozenset(), evidence=Evidence.NOTHING)
_TALK = frozenset(MessageClass) - {MessageClass.SERVICE, MessageClass.TRANSACTIONAL}


class TextRules(Protocol):
    """What the step asks of a vertical; `nudge_core.verticals.base.Vertical` has both."""

    def still_true(self, event: MarketEvent, resource: Resource) -> str | None:
        """Return None when a text about this event may still go out, or the reason code why not."""
        ...

    def lint(self, text: str) -> tuple[Finding, ...]:
        """Check the words."""
        ...


async def gather(tx: TenantTransaction, message: Message, rules: TextRules) -> Facts:
    """Read all that the gate needs to know of a claimed text, now."""
    recipient = message.recipient
    client, holders = await _people(tx, message)
    recent = [] if recipient is None else await tx.messages.sent_to(recipient, tx.now - MONTH)
    others = [row for row in recent if row.id != message.id and row.claimed_at is not None]
    by_hand = [row for row in others if row.source is MessageSource.MANUAL and row.message_class in _TALK]
    wrote_at, paused = await _last_word(tx, holders or [client])
    briefing, untrue = await _truth(tx, message, rules)
    is_service = message.message_class is MessageClass.SERVICE
    if not is_service and untrue is None and client not in holders:
        untrue = PHONE_CHANGED if recipient is not None else None
    return Facts(
        now=tx.now,
        message_class=message.message_class,
        source=message.source,
        recipient=recipient,
        sender=message.sender,
        whereabouts=_NOWHERE if recipient is None else whereabouts(recipient, client.timezone),
        known_since=client.created_at,
        suppressions=() if recipient is None else tuple(await tx.suppressions.active(recipient)),
        consent=None if recipient is None else (await tx.consents.latest([recipient])).get(recipient),
        untrue=untrue,
        not_after=message.not_after,
        plan=None if briefing is None else briefing.status,
        paused=paused,
        findings=() if is_service else rules.lint(message.content),
        human_contact_at=max(
            (
                *(r.claimed_at for r in by_hand if r.claimed_at),
                *(await tx.interactions.latest_contact([one.id for one in holders or [client]])).values(),
            ),
            default=None,
        ),
        client_wrote_at=wrote_at,
        topic=message.topic,
        text="" if is_service else message.content,
        sent=tuple(
            SentText(at=row.claimed_at, topic=row.topic)
            for row in others
            if row.claimed_at and row.message_class in COUNTED
        ),
        automatic=message.automatic and message.topic != WELCOME,
        already_sent=message.provider_sid is not None,
    )


async def _people(tx: TenantTransaction, message: Message) -> tuple[Client, Sequence[Client]]:
    """Return the client the text is for, and everybody in the book who has the phone it goes to."""
    holders = [] if message.recipient is None else await tx.clients.by_phone(message.recipient)
    for holder in holders:
        if holder.id == message.client_id:
            return holder, holders
    return await tx.clients.get(message.client_id), holders


async def _last_word(tx: TenantTransaction, people: Sequence[Client]) -> tuple[datetime | None, str | None]:
    """Return when one of them last wrote, and why automation must pause if a person has not answered since."""
    texts = [text for person in people for text in await tx.messages.of_client(person.id, HISTORY)]
    wrote = [text for text in texts if text.direction is Direction.INBOUND]
    if not wrote:
        return None, None
    last = max(wrote, key=lambda text: (text.created_at, text.id))
    answered = any(
        text.direction is Direction.OUTBOUND
        and text.source is MessageSource.MANUAL
        and text.delivery is Delivery.SENT
        and text.created_at > last.created_at
        for text in texts
    )
    is_unclear = last.reason is not None and last.reason.startswith(UNCLEAR)
    return last.created_at, Reason.REPLY_UNCLEAR if is_unclear and not answered else None


async def _truth(
    tx: TenantTransaction, message: Message, rules: TextRules
) -> tuple[CampaignBriefing | None, str | None]:
    """Return the briefing a text belongs to, and a reason code when what it says no longer holds."""
    if message.briefing_id is None:
        return None, None
    briefing = await tx.briefings.get(message.briefing_id)
    if briefing.status is not BriefingStatus.ACTIVE or briefing.triggering_event_id is None:
        return briefing, None
    events = await tx.market_events.get([briefing.triggering_event_id])
    if not events or briefing.triggering_resource_id is None:
        return briefing, None
    try:
        resource = await tx.resources.get(briefing.triggering_resource_id)
    except NotFound:
        return briefing, RESOURCE_GONE
    return briefing, rules.still_true(events[0], resource)
