"""The facts of due texts, read now: what the gate decides on. A batch costs as many queries as one text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from attrs import field, frozen

from nudge_core.errors import NotFound
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.consent import Consent, Suppression
from nudge_core.model.event import MarketEvent
from nudge_core.model.lane import SenderLane
from nudge_core.model.message import LastWords, Message, MessageClass, MessageSource
from nudge_core.model.resource import Resource
from nudge_core.policy.caps import COUNTED, MONTH, SentText
from nudge_core.policy.facts import Facts
from nudge_core.policy.findings import Finding
from nudge_core.policy.outcomes import Reason
from nudge_core.ports import TenantTransaction
from nudge_core.timing.recipient_zone import Evidence, Whereabouts, whereabouts

WELCOME = "welcome"
"""Topic of the one text that a new contact may get at once. Source: `verticals.md` 1.4."""

HISTORY = 20  # newest texts of a client in which somebody who reads them looks
PHONE_CHANGED = "phone_changed"
RESOURCE_GONE = "resource_gone"
UNCLEAR = "unclear"
"""An inbound text whose stored reason starts so must be answered by a person before automation goes on."""

PAUSED_RECHECK = timedelta(hours=1)
"""A lane that waits for somebody to resume it has no known end: a text that was claimed from it waits so long."""

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


@frozen(kw_only=True)
class _Background:
    """What a batch of texts shares, by phone, client, sender and briefing."""

    now: datetime
    clients: Mapping[UUID, Client]
    holders: Mapping[str, Sequence[Client]] = field(repr=False)
    sent: Mapping[str, Sequence[Message]] = field(repr=False)
    suppressions: Mapping[str, Sequence[Suppression]] = field(repr=False)
    consents: Mapping[str, Consent] = field(repr=False)
    words: Mapping[UUID, LastWords]
    contacts: Mapping[UUID, datetime]
    lanes: Mapping[str, SenderLane] = field(repr=False)
    truths: Mapping[UUID, tuple[CampaignBriefing, str | None]]


async def gather(tx: TenantTransaction, message: Message, rules: TextRules) -> Facts:
    """Read all that the gate needs to know of a text, now."""
    return (await gather_all(tx, [message], rules))[message.id]


async def gather_all(tx: TenantTransaction, messages: Sequence[Message], rules: TextRules) -> Mapping[UUID, Facts]:
    """Read all that the gate needs to know of several texts of one professional; return it by id."""
    behind = await _read(tx, messages, rules)
    return {message.id: _facts(message, behind, rules) for message in messages}


async def _read(tx: TenantTransaction, messages: Sequence[Message], rules: TextRules) -> _Background:
    phones = {message.recipient for message in messages if message.recipient is not None}
    senders = {message.sender for message in messages if message.sender is not None}
    people = await tx.clients.of({message.client_id for message in messages}, phones)
    holders: dict[str, list[Client]] = {}
    for person in people:
        holders.setdefault(person.phone or "", []).append(person)
    briefings = {message.briefing_id for message in messages if message.briefing_id is not None}
    return _Background(
        now=tx.now,
        clients={person.id: person for person in people},
        holders=holders,
        sent=await tx.messages.sent_to_each(phones, tx.now - MONTH),
        suppressions=await tx.suppressions.active_for(phones),
        consents=await tx.consents.latest(sorted(phones)),
        words=await tx.messages.last_words({person.id for person in people}),
        contacts=await tx.interactions.latest_contact(sorted(person.id for person in people)),
        lanes=await tx.lanes.of(senders),
        truths={briefing_id: await _truth(tx, briefing_id, rules) for briefing_id in sorted(briefings)},
    )


def _facts(message: Message, behind: _Background, rules: TextRules) -> Facts:
    recipient = message.recipient
    if message.client_id not in behind.clients:
        raise NotFound("client", message.client_id)
    client = behind.clients[message.client_id]
    holders = behind.holders.get(recipient, ()) if recipient is not None else ()
    recent = behind.sent.get(recipient, ()) if recipient is not None else ()
    others = [row for row in recent if row.id != message.id and row.claimed_at is not None]
    by_hand = [row for row in others if row.source is MessageSource.MANUAL and row.message_class in _TALK]
    wrote_at, paused = _last_word(behind.words.get(person.id) for person in holders or [client])
    people = [person.id for person in holders or [client]]
    contacts = [row.claimed_at for row in by_hand if row.claimed_at]
    contacts += [behind.contacts[person] for person in people if person in behind.contacts]
    briefing, untrue = (None, None) if message.briefing_id is None else behind.truths[message.briefing_id]
    is_service = message.message_class is MessageClass.SERVICE
    if not is_service and untrue is None and client not in holders:
        untrue = PHONE_CHANGED if recipient is not None else None
    return Facts(
        now=behind.now,
        message_class=message.message_class,
        source=message.source,
        recipient=recipient,
        sender=message.sender,
        whereabouts=_NOWHERE if recipient is None else whereabouts(recipient, client.timezone),
        known_since=client.created_at,
        suppressions=() if recipient is None else tuple(behind.suppressions.get(recipient, ())),
        consent=None if recipient is None else behind.consents.get(recipient),
        topic=message.topic,
        untrue=untrue,
        not_after=message.not_after,
        plan=None if briefing is None else briefing.status,
        paused=paused,
        findings=() if is_service else rules.lint(message.content),
        human_contact_at=max(contacts, default=None),
        client_wrote_at=wrote_at,
        text="" if is_service else message.content,
        sent=tuple(
            SentText(at=row.claimed_at, topic=row.topic)
            for row in others
            if row.claimed_at and row.message_class in COUNTED
        ),
        automatic=message.automatic and message.topic != WELCOME,
        provider_free_at=_free_at(behind, message.sender),
        already_sent=message.provider_sid is not None,
    )


def _free_at(behind: _Background, sender: str | None) -> datetime | None:
    """Return until when the sender's lane stands still, at least; None when texts may leave it."""
    lane = None if sender is None else behind.lanes.get(sender)
    if lane is None or not lane.is_paused(behind.now):
        return None
    return behind.now + PAUSED_RECHECK if lane.paused_until is None else lane.paused_until


def _last_word(people: Iterable[LastWords | None]) -> tuple[datetime | None, str | None]:
    """Return when one of them last wrote, and why automation must pause if a person has not answered since."""
    words = [one for one in people if one is not None]
    heard = [one.inbound for one in words if one.inbound is not None]
    if not heard:
        return None, None
    last = max(heard, key=lambda text: (text.created_at, text.id))
    answered = any(one.by_hand is not None and one.by_hand.created_at > last.created_at for one in words)
    is_unclear = last.reason is not None and last.reason.startswith(UNCLEAR)
    return last.created_at, Reason.REPLY_UNCLEAR if is_unclear and not answered else None


async def _truth(tx: TenantTransaction, briefing_id: UUID, rules: TextRules) -> tuple[CampaignBriefing, str | None]:
    """Return the briefing that texts belong to, and a reason code when what they say no longer holds."""
    briefing = await tx.briefings.get(briefing_id)
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
