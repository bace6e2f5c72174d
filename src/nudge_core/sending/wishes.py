"""What a person's own words change: silence, its end, consent. Each in the transaction that stores the words.

Source: `messaging.md` 7, `verticals.md` 1.1 and 1.3.
"""

from __future__ import annotations

from attrs import frozen

from nudge_core.model.audit import AuditEntry
from nudge_core.model.carrier import InboundText
from nudge_core.model.consent import Consent, ConsentKind, Suppression, SuppressionScope
from nudge_core.model.event import stable_id
from nudge_core.model.message import Message
from nudge_core.policy.consent import SilenceReason
from nudge_core.policy.opt_out import Reading, is_carrier_help, is_carrier_stop
from nudge_core.ports import TenantTransaction
from nudge_core.sending.service_texts import HELP, OPT_OUT, help_answer, opt_out_confirmation, service_text
from nudge_core.sending.silence import silence

ACTOR = "nudge:receive"
ASK_OWNER = "ask_owner"
"""Audit action of something that only the professional can settle."""


@frozen(kw_only=True)
class Granted:
    """What was done about a wish: texts that will not go out any more, and whether a service text was queued."""

    withdrawn: int = 0
    answered: bool = False


async def stop(
    tx: TenantTransaction, inbound: InboundText, message: Message, reading: Reading, *, carrier_answers: bool
) -> Granted:
    """Suppress, withdraw and, for the first STOP, confirm once; a STOP said again changes nothing."""
    if reading.may_mean_appointment:
        await ask_owner(tx, message, "may_have_meant_appointment")
    held = [one for one in await tx.suppressions.active(inbound.sender) if one.scope is SuppressionScope.ALL]
    if any(one.reason == SilenceReason.OPTED_OUT for one in held):
        return Granted()
    gone = await silence(
        tx,
        inbound.sender,
        SilenceReason.OPTED_OUT,
        cause=message.id,
        actor=ACTOR,
        detail=reading.layer,
        source_sid=inbound.provider_sid,
    )
    answered = False
    theirs = inbound.opt_out_type is not None or (carrier_answers and is_carrier_stop(inbound.body))
    if not held and not theirs:
        user = await tx.users.get(tx.user_id)
        answered = await _answer(tx, inbound, message, OPT_OUT, opt_out_confirmation(user))
    return Granted(withdrawn=gone.withdrawn + gone.unplanned, answered=answered)


async def wrong_number(tx: TenantTransaction, inbound: InboundText, message: Message, reading: Reading) -> Granted:
    """Suppress a phone that is somebody else's, and ask the professional for the right one."""
    gone = await silence(
        tx,
        inbound.sender,
        SilenceReason.WRONG_NUMBER,
        cause=message.id,
        actor=ACTOR,
        detail=reading.layer,
        source_sid=inbound.provider_sid,
    )
    await ask_owner(tx, message, SilenceReason.WRONG_NUMBER)
    return Granted(withdrawn=gone.withdrawn + gone.unplanned)


async def answer_help(
    tx: TenantTransaction, inbound: InboundText, message: Message, *, carrier_answers: bool
) -> Granted:
    """Say who we are and how to stop us, unless the carrier has said it, as it has where it names an opt-out type."""
    if inbound.opt_out_type is not None or (carrier_answers and is_carrier_help(inbound.body)):
        return Granted()
    user = await tx.users.get(tx.user_id)
    return Granted(answered=await _answer(tx, inbound, message, HELP, help_answer(user)))


async def _answer(tx: TenantTransaction, inbound: InboundText, message: Message, kind: str, words: str) -> bool:
    """Queue a service text; False when one of its kind went to this phone today already."""
    user = await tx.users.get(tx.user_id)
    answer = service_text(
        user,
        kind,
        words,
        client_id=message.client_id,
        recipient=inbound.sender,
        sender=inbound.recipient,
        asked_at=inbound.at,
        approved_by=ACTOR,
    )
    return bool(await tx.messages.queue([answer]))


async def start(tx: TenantTransaction, inbound: InboundText, message: Message) -> None:
    """Lift what is suppressed, by the person's own word, and record the consent it gives: express, no more.

    Where nothing was suppressed a greater consent is left as it is.
    """
    lifted = await tx.suppressions.active(inbound.sender)
    for number, held in enumerate(lifted):
        await tx.suppressions.add(
            Suppression(
                id=stable_id("lifted", str(message.id), str(number)),
                user_id=tx.user_id,
                phone=inbound.sender,
                scope=held.scope,
                topic=held.topic,
                reason=SilenceReason.STARTED,
                created_at=tx.now,
                active=False,
                source_sid=f"{inbound.provider_sid}:{number}"[:64],
            )
        )
    if lifted or await _rank(tx, inbound.sender) < ConsentKind.EXPRESS.rank:
        await _consent(tx, inbound, message, ConsentKind.EXPRESS)


async def allow_replies(tx: TenantTransaction, inbound: InboundText, message: Message) -> None:
    """Who writes to us may be answered."""
    if await _rank(tx, inbound.sender) < ConsentKind.INQUIRY.rank:
        await _consent(tx, inbound, message, ConsentKind.INQUIRY)


async def _rank(tx: TenantTransaction, phone: str) -> int:
    newest = (await tx.consents.latest([phone])).get(phone)
    return ConsentKind.NONE.rank if newest is None else newest.kind.rank


async def _consent(tx: TenantTransaction, inbound: InboundText, message: Message, kind: ConsentKind) -> None:
    await tx.consents.add(
        [
            Consent(
                id=stable_id("consent", kind, str(message.id)),
                user_id=tx.user_id,
                client_id=message.client_id,
                phone=inbound.sender,
                kind=kind,
                source="text",
                recorded_by=ACTOR,
                recorded_at=tx.now,
                wording=message.content,
            )
        ]
    )


async def narrow(tx: TenantTransaction, inbound: InboundText, message: Message, topic: str) -> None:
    """Suppress one topic, and let the professional know."""
    await tx.suppressions.add(
        Suppression(
            id=stable_id("suppression", SilenceReason.NARROWER_WISH, str(message.id)),
            user_id=tx.user_id,
            phone=inbound.sender,
            scope=SuppressionScope.TOPIC,
            topic=topic,
            reason=SilenceReason.NARROWER_WISH,
            created_at=tx.now,
            source_sid=inbound.provider_sid,
        )
    )
    await ask_owner(tx, message, SilenceReason.NARROWER_WISH)


async def ask_owner(tx: TenantTransaction, message: Message, why: str) -> None:
    await tx.audit.add(
        [
            AuditEntry(
                id=stable_id("audit", ASK_OWNER, why, str(message.id)),
                user_id=tx.user_id,
                at=tx.now,
                actor=ACTOR,
                action=ASK_OWNER,
                subject_type="message",
                subject_id=message.id,
                facts={"why": why},
            )
        ]
    )
