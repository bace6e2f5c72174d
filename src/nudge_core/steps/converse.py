"""An inbound text -> stored, its writer found or made a contact, and what it asks for done in the same transaction.

Idempotent by the provider's id: a text comes twice, late and in any order. The effect of a STOP is in the transaction
that stores it. Source: `messaging.md` 7, `verticals.md` 1.3.
"""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from nudge_core.model.carrier import InboundText
from nudge_core.model.client import Client
from nudge_core.model.event import stable_id
from nudge_core.model.message import MAX_SMS_CHARACTERS, Delivery, Direction, Message, MessageSource, SenderType
from nudge_core.policy.consent import SilenceReason
from nudge_core.policy.opt_out import Command, Reading, Verdict, read
from nudge_core.ports import TenantTransaction
from nudge_core.sending.facts import HISTORY, UNCLEAR
from nudge_core.sending.service_texts import OPT_OUT
from nudge_core.sending.wishes import (
    Granted,
    allow_replies,
    answer_help,
    ask_owner,
    narrow,
    start,
    stop,
    wrong_number,
)


@frozen(kw_only=True)
class ReceiveSettings:
    """`carrier_answers`: the carrier itself answers its own exact keywords (Twilio's default), and its reply is the
    one confirmation the law allows; then none of ours follows."""

    carrier_answers: bool = True


@frozen(kw_only=True)
class Received:
    """What an inbound text did. `is_new` False: it was stored before, and nothing happened.

    `withdrawn`: texts that were queued or planned for this phone and will not go out. `answered`: a service text was
    queued.
    """

    client_id: UUID
    is_new: bool
    reading: Reading
    withdrawn: int = 0
    answered: bool = False


async def receive(tx: TenantTransaction, inbound: InboundText, settings: ReceiveSettings) -> Received:
    """Store what somebody wrote, and do at once what it asks for.

    A stranger becomes a contact with consent to replies only. STOP suppresses the phone, withdraws what waits for it,
    and is confirmed once; START lifts the suppression with a consent that does not reach marketing; an unclear wish
    is marked, so that the gate asks the professional before anything else goes out.
    """
    reading = read(inbound.body)
    client = await _person(tx, inbound)
    message = _stored(tx, inbound, client, reading)
    if not await tx.messages.receive(message):
        return Received(client_id=client.id, is_new=False, reading=reading)
    granted = await _grant(tx, inbound, message, reading, settings)
    return Received(
        client_id=client.id,
        is_new=True,
        reading=reading,
        withdrawn=granted.withdrawn,
        answered=granted.answered,
    )


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


async def _person(tx: TenantTransaction, inbound: InboundText) -> Client:
    """Return whom the text is from: of several with this phone the one we texted last; a stranger is added."""
    holders = await tx.clients.by_phone(inbound.sender)
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
        created_at=tx.now,
    )
    await tx.clients.add([stranger])
    return stranger


async def _texts(tx: TenantTransaction, client: Client) -> list[Message]:
    texts = await tx.messages.of_client(client.id, HISTORY)
    return [text for text in texts if text.direction is Direction.OUTBOUND]


def _stored(tx: TenantTransaction, inbound: InboundText, client: Client, reading: Reading) -> Message:
    return Message(
        id=stable_id("inbound", str(tx.user_id), inbound.provider_sid),
        user_id=tx.user_id,
        client_id=client.id,
        content=_storable(inbound.body)[:MAX_SMS_CHARACTERS],
        direction=Direction.INBOUND,
        delivery=Delivery.RECEIVED,
        source=MessageSource.MANUAL,
        sender_type=SenderType.USER,
        created_at=tx.now,
        sender=inbound.sender,
        recipient=inbound.recipient,
        provider_sid=inbound.provider_sid,
        reason=_mark(reading),
    )


def _mark(reading: Reading) -> str | None:
    """Return what the stored text says of its own reading."""
    if reading.wrong_number:
        return SilenceReason.WRONG_NUMBER
    if reading.verdict is Verdict.STOP:
        return f"{OPT_OUT}:{reading.layer}"
    if reading.topic is not None:
        return SilenceReason.NARROWER_WISH
    if reading.verdict is Verdict.ASK:
        return f"{UNCLEAR}:{reading.layer}"
    return None if reading.command is None else reading.command.value


def _storable(body: str) -> str:
    """Replace what no database can hold: NULs, and halves of surrogate pairs."""
    return body.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
