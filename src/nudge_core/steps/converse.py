"""An inbound text -> stored, plans paused, its writer found or made a contact, what it asks for done: one transaction.

The order is the rule: the text is stored, every active plan of whoever has this phone is paused, and only then is
anything else done (`verticals.md` 2.5). Nothing here makes a plan go on. What a person should now be asked is handed on
to `nudge_core.steps.propose`. Idempotent by the provider's id: a text comes twice, late and in any order. The effect of
a STOP is in the transaction that stores it. Source: `messaging.md` 7, `verticals.md` 1.3, 1.4 and 2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from attrs import evolve, frozen

from nudge_core.model.audit import AuditEntry
from nudge_core.model.carrier import CarrierKeyword, InboundText
from nudge_core.model.client import Client
from nudge_core.model.event import stable_id
from nudge_core.model.json import storable
from nudge_core.model.message import MAX_SMS_CHARACTERS, Delivery, Direction, Message, MessageSource, SenderType
from nudge_core.policy.consent import SilenceReason
from nudge_core.policy.opt_out import Command, Reading, Verdict, read
from nudge_core.ports import TenantTransaction
from nudge_core.reading.hardship import Hardship, hardship
from nudge_core.sending.facts import HISTORY, UNCLEAR
from nudge_core.sending.plans import ask_copilot, pause
from nudge_core.sending.service_texts import OPT_OUT
from nudge_core.sending.wishes import (
    ACTOR,
    Granted,
    allow_replies,
    answer_help,
    ask_owner,
    narrow,
    start,
    stop,
    wrong_number,
)

NEW_LEAD = "new_lead"
"""The tag of a contact whom nobody knows yet but their number, and the audit action of their first text."""

REPLY = "reply"
CARRIER_WORDS = "carrier"
"""Layer of a reading that is the carrier's own: it named the opt-out type and has answered."""


@frozen(kw_only=True)
class ReceiveSettings:
    """`carrier_answers`: the carrier itself answers its own exact keywords (Twilio's default), and its reply is the
    one confirmation the law allows; then none of ours follows."""

    carrier_answers: bool = True


@frozen(kw_only=True)
class Received:
    """What an inbound text did. `is_new` False: it was stored before, and nothing happened.

    `withdrawn`: texts that were queued or planned for this phone and will not go out. `answered`: a service text was
    queued. `paused`: plans that wait for the professional now. `new_lead`: nobody in the book had this phone.
    `hardship`: what the words speak of that forbids anything cheerful.
    """

    client_id: UUID
    is_new: bool
    reading: Reading
    withdrawn: int = 0
    answered: bool = False
    paused: tuple[UUID, ...] = ()
    new_lead: bool = False
    hardship: Hardship | None = None


async def receive(tx: TenantTransaction, inbound: InboundText, settings: ReceiveSettings) -> Received:
    """Store what somebody wrote, pause their plans, and do at once what it asks for.

    A stranger becomes a contact, a new lead with consent to replies only. STOP suppresses the phone, withdraws what
    waits for it, ends its plans and is confirmed once; START lifts the suppression with a consent that does not reach
    marketing, and no plan; an unclear wish or a hardship is marked, so that the gate asks the professional before
    anything else goes out.
    """
    reading = _reading(inbound)
    holders = await tx.clients.by_phone(inbound.sender)
    client = await _person(tx, inbound, holders)
    people = [holder.id for holder in holders] or [client.id]
    grief = await _hardship(tx, client, inbound)
    message = _stored(tx, inbound, client, reading, grief)
    if not await tx.messages.receive(message):
        return Received(client_id=client.id, is_new=False, reading=reading)
    paused = await pause(tx, people, grief.value if grief else REPLY, message.id, ACTOR)
    await tx.clients.touch([client.id], tx.now)
    granted = await _grant(tx, inbound, message, reading, settings)
    if not holders:
        await tx.audit.add([_met(tx, client, message)])
    if grief is not None and reading.verdict is not Verdict.STOP:
        await ask_owner(tx, message, grief.value)
    if reading.verdict is not Verdict.STOP and reading.command is not Command.HELP:
        why = grief.value if grief else REPLY
        await ask_copilot(tx, client.id, why, message.id, {"message_id": str(message.id), "new_lead": not holders})
    return Received(
        client_id=client.id,
        is_new=True,
        reading=reading,
        withdrawn=granted.withdrawn,
        answered=granted.answered,
        paused=tuple(plan.id for plan in paused),
        new_lead=not holders,
        hardship=grief,
    )


def _reading(inbound: InboundText) -> Reading:
    """Return what the words ask for; what the carrier took them for counts too, and never makes a STOP less.

    A "yes" that the carrier takes for START is not one of ours: it lifts the carrier's block and no more.
    """
    ours = read(inbound.body)
    if ours.verdict is Verdict.STOP or inbound.keyword is None:
        return ours
    if inbound.keyword is CarrierKeyword.STOP:
        return Reading(verdict=Verdict.STOP, layer=CARRIER_WORDS)
    if inbound.keyword is CarrierKeyword.HELP:
        return evolve(ours, command=Command.HELP)
    return ours if _is_yes(inbound.body) else evolve(ours, command=Command.START)


def _is_yes(body: str) -> bool:
    return body.strip().casefold().strip(".! ") == "yes"


async def _grant(
    tx: TenantTransaction, inbound: InboundText, message: Message, reading: Reading, settings: ReceiveSettings
) -> Granted:
    """Do what the words ask for."""
    if reading.wrong_number:
        return await wrong_number(tx, inbound, message, reading)
    if reading.verdict is Verdict.STOP:
        return await stop(tx, inbound, message, reading, carrier_answers=settings.carrier_answers)
    if reading.topic is not None:
        await narrow(tx, inbound, message, reading.topic)
    elif reading.verdict is Verdict.ASK:
        await ask_owner(tx, message, UNCLEAR)
    elif reading.command is Command.START:
        await start(tx, inbound, message)
    await allow_replies(tx, inbound, message)
    if reading.command is Command.HELP:
        return await answer_help(tx, inbound, message, carrier_answers=settings.carrier_answers)
    return Granted()


async def _person(tx: TenantTransaction, inbound: InboundText, holders: Sequence[Client]) -> Client:
    """Return whom the text is from: of several with this phone the one we texted last; a stranger is added."""
    if len(holders) > 1:
        last = [(texts[0].created_at, holder) for holder in holders if (texts := await _texts(tx, holder))]
        return max(last, key=lambda entry: entry[0])[1] if last else holders[0]
    if holders:
        return holders[0]
    stranger = Client(
        id=stable_id("stranger", str(tx.user_id), inbound.sender),
        user_id=tx.user_id,
        full_name="",
        phone=inbound.sender,
        ai_tags=(NEW_LEAD,),
        created_at=tx.now,
    )
    await tx.clients.add([stranger])
    return stranger


async def _texts(tx: TenantTransaction, client: Client) -> list[Message]:
    texts = await tx.messages.of_client(client.id, HISTORY)
    return [text for text in texts if text.direction is Direction.OUTBOUND]


def _met(tx: TenantTransaction, client: Client, message: Message) -> AuditEntry:
    return AuditEntry(
        id=stable_id("audit", NEW_LEAD, str(message.id)),
        user_id=tx.user_id,
        at=tx.now,
        actor=ACTOR,
        action=NEW_LEAD,
        subject_type="client",
        subject_id=client.id,
        facts={"message_id": str(message.id)},
    )


async def _hardship(tx: TenantTransaction, client: Client, inbound: InboundText) -> Hardship | None:
    """Return what this text speaks of, or what an earlier one did that nobody has answered by hand."""
    found = hardship(inbound.body)
    if found is not None:
        return found
    for text in await tx.messages.of_client(client.id, HISTORY):  # newest first
        if text.direction is Direction.OUTBOUND:
            if text.source is MessageSource.MANUAL and text.delivery is Delivery.SENT:
                return None
        elif text.reason is not None and text.reason.startswith(f"{UNCLEAR}:"):
            kind = text.reason.partition(":")[2]
            return Hardship(kind) if kind in set(Hardship) else None
    return None


def _stored(
    tx: TenantTransaction, inbound: InboundText, client: Client, reading: Reading, grief: Hardship | None
) -> Message:
    return Message(
        id=stable_id("inbound", str(tx.user_id), inbound.provider_sid),
        user_id=tx.user_id,
        client_id=client.id,
        content=storable(inbound.body)[:MAX_SMS_CHARACTERS],
        direction=Direction.INBOUND,
        delivery=Delivery.RECEIVED,
        source=MessageSource.MANUAL,
        sender_type=SenderType.USER,
        created_at=tx.now,
        sender=inbound.sender,
        recipient=inbound.recipient,
        provider_sid=inbound.provider_sid,
        reason=_mark(reading, grief),
        media=inbound.media,
    )


def _mark(reading: Reading, grief: Hardship | None) -> str | None:
    """Return what the stored text says of its own reading. A hardship is unclear: a person must answer first."""
    if reading.wrong_number:
        return SilenceReason.WRONG_NUMBER
    if reading.verdict is Verdict.STOP:
        return f"{OPT_OUT}:{reading.layer}"
    if grief is not None:
        return f"{UNCLEAR}:{grief.value}"
    if reading.topic is not None:
        return SilenceReason.NARROWER_WISH
    if reading.verdict is Verdict.ASK:
        return f"{UNCLEAR}:{reading.layer}"
    return None if reading.command is None else reading.command.value
