"""Who of the book may be texted: silence that the professional asks for, and what stands now."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from nudge_core.errors import Conflict, Invalid
from nudge_core.model.audit import about_client
from nudge_core.model.client import Client
from nudge_core.model.consent import Consent, Suppression, SuppressionScope
from nudge_core.model.event import stable_id
from nudge_core.model.message import Delivery, Direction, Message, MessageClass, MessageSource, SenderType
from nudge_core.policy.consent import SilenceReason
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.policy.gate import decide
from nudge_core.policy.outcomes import Outcome
from nudge_core.policy.switches import rules_or_strict
from nudge_core.ports import TenantTransaction
from nudge_core.sending.facts import TextRules, gather_all
from nudge_core.sending.silence import silence

JUDGED = (MessageClass.REPLY, MessageClass.TRANSACTIONAL, MessageClass.INFORMATIONAL, MessageClass.MARKETING)
"""Classes of text that a person sends."""

BY_THE_PROFESSIONAL = frozenset({SilenceReason.THEY_TOLD_ME, SilenceReason.WRONG_NUMBER})
"""Reasons of silences that the professional may lift; any other one only the person's own START lifts."""


@frozen(kw_only=True)
class Standing:
    """What stands about texting one client now.

    `verdicts`: what would become at this minute of a text of each class that the professional wrote by hand.
    """

    client: Client
    consent: Consent | None
    suppressions: tuple[Suppression, ...]
    verdicts: dict[MessageClass, Outcome]
    at: datetime


async def standing(tx: TenantTransaction, client_id: UUID, rules: TextRules, settings: DeliverySettings) -> Standing:
    """Ask the gate about one text of each class, of no words; nothing is written. Raises NotFound."""
    client = await tx.clients.get(client_id)
    user = await tx.users.get(tx.user_id)
    phones = [] if client.phone is None else [client.phone]
    texts = {kind: _text(tx, client, kind, user.twilio_phone_number) for kind in JUDGED}
    facts = await gather_all(tx, list(texts.values()), rules)
    gate = rules_or_strict(user, settings.gate)
    silences = await tx.suppressions.active_for(phones)
    return Standing(
        client=client,
        consent=next(iter((await tx.consents.latest(phones)).values()), None),
        suppressions=tuple(one for held in silences.values() for one in held),
        verdicts={kind: decide(facts[text.id], gate) for kind, text in texts.items()},
        at=tx.now,
    )


def _text(tx: TenantTransaction, client: Client, kind: MessageClass, sender: str | None) -> Message:
    """Return a text that is never stored."""
    return Message(
        id=stable_id("standing", str(client.id), kind),
        user_id=tx.user_id,
        client_id=client.id,
        content="",
        direction=Direction.OUTBOUND,
        delivery=Delivery.QUEUED,
        source=MessageSource.MANUAL,
        sender_type=SenderType.USER,
        message_class=kind,
        created_at=tx.now,
        sender=sender,
        recipient=client.phone,
    )


async def suppress(
    tx: TenantTransaction, cause: UUID, client_id: UUID, reason: SilenceReason, actor: str
) -> Suppression:
    """Let nothing go to a client's phone from now on; what waits for it is withdrawn. Held already: nothing changes.

    Args:
        tx: the owner's transaction.
        cause: names this decision.
        client_id: who; everybody else in the book with the same phone is silenced with them.
        reason: one of `BY_THE_PROFESSIONAL`.
        actor: who decides.

    Raises:
        Invalid: another reason, or no phone.
        NotFound: no such client.
    """
    if reason not in BY_THE_PROFESSIONAL:
        raise Invalid("suppression.reason", f"one of {', '.join(sorted(BY_THE_PROFESSIONAL))}", reason)
    phone = _phone(await tx.clients.for_change(client_id))
    held = await _held(tx, phone)
    if held is None:
        await silence(tx, phone, reason, cause=cause, actor=actor, detail=reason.value, subject="client")
        held = await _held(tx, phone)
        entry = about_client(tx.user_id, client_id, tx.now, actor, "client.suppressed", str(cause), reason=reason.value)
        await tx.audit.add([entry])
    assert held is not None
    return held


async def lift(tx: TenantTransaction, cause: UUID, client_id: UUID, actor: str) -> None:
    """End a silence that the professional asked for. Consent is what it was; nothing withdrawn comes back.

    Raises:
        Conflict: nothing is held, or it is the person's own or the carrier's word.
        Invalid: no phone.
        NotFound: no such client.
    """
    phone = _phone(await tx.clients.for_change(client_id))
    held = await _held(tx, phone)
    if held is None:
        raise Conflict("suppression", "there is none")
    if held.reason not in BY_THE_PROFESSIONAL:
        raise Conflict("suppression", "only this person's own START lifts it")
    lifted = evolve(held, id=stable_id("lifted", str(cause)), active=False, created_at=tx.now, source_sid=None)
    await tx.suppressions.add(lifted)
    entry = about_client(tx.user_id, client_id, tx.now, actor, "suppression.lifted", str(cause), reason=held.reason)
    await tx.audit.add([entry])


def _phone(client: Client) -> str:
    if client.phone is None:
        raise Invalid("client.phone", "a client with a phone", None)
    return client.phone


async def _held(tx: TenantTransaction, phone: str) -> Suppression | None:
    held = [one for one in await tx.suppressions.active(phone) if one.scope is SuppressionScope.ALL]
    return held[0] if held else None
