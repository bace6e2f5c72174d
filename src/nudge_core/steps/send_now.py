"""A person writes one client a text by hand -> it is queued under their own yes; or it is taken back in time.

The words are checked as those of a briefing are. Whether it may go out is asked again when it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import field, frozen

from nudge_core.errors import Conflict, IllegalTransition, Invalid
from nudge_core.model import fields
from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.audit import AuditEntry
from nudge_core.model.client import Client
from nudge_core.model.consent import SuppressionScope
from nudge_core.model.event import stable_id
from nudge_core.model.json import JsonObject
from nudge_core.model.message import (
    MAX_SMS_CHARACTERS,
    Delivery,
    Direction,
    Message,
    MessageClass,
    MessageSource,
    SenderType,
)
from nudge_core.model.user import User
from nudge_core.policy.findings import Finding, Severity
from nudge_core.policy.placeholders import fill
from nudge_core.policy.segments import plain_characters
from nudge_core.policy.switches import rules_for
from nudge_core.policy.wording import OPT_OUT_EVERY, first_text, hidden_links, tells_how_to_stop, with_opt_out_line
from nudge_core.ports import TenantTransaction
from nudge_core.sending.completion import complete_if_done
from nudge_core.verticals.base import Vertical

OWNER_NOTE = "owner_note"  # the wording rule that marks a note for the professional: a draft, never a text

CANCELLED_BY_PERSON = "cancelled_by_person"
"""Reason code of a text that a person took back."""

BY_HAND = frozenset(MessageClass) - {MessageClass.SERVICE}
"""What a text by hand may be. A service text is bound by no hours, and only the machine writes one."""

REPLY_WITHIN = timedelta(hours=24)
"""A reply answers what the client "has just sent" (`verticals.md` 1.1); ours: later it is a text like any other."""

EARLIER = 50  # newest texts of a client that are looked at; as many as before an approval


@frozen(kw_only=True)
class TextByHand:
    """A text for one client, now. `id`: of the text it becomes; the same one sends it once.

    `message_class`: what the law calls it; the strictest where nobody says. `{first_name}` stands for the client's.
    """

    id: UUID
    client_id: UUID
    content: str = field(validator=fields.text(MAX_SMS_CHARACTERS, at_least=1), repr=False)
    message_class: MessageClass = MessageClass.MARKETING
    topic: str | None = field(default=None, validator=fields.optional(fields.text(60, at_least=1)))


async def send_now(tx: TenantTransaction, text: TextByHand, by: str, vertical: Vertical) -> Message:
    """Queue a text by hand; return it. A text with this id that is there already is returned as it is.

    The line that says how to stop is added where the client was not told for `OPT_OUT_EVERY`; an answer needs none.

    Args:
        tx: the owner's transaction.
        text: what to whom.
        by: who wrote it; it is their approval.
        vertical: whose wording rules hold.

    Raises:
        Invalid: the client has no phone or asked for no more texts, the owner has no number to send from, it is
            called a reply to somebody who has not just written, or the words break a rule that blocks.
        Conflict: the id is that of another client's text.
        NotFound: no such client.
    """
    user = await tx.users.get(tx.user_id)
    client = await tx.clients.get(text.client_id)
    earlier = await tx.messages.of_client(client.id, EARLIER)
    if (known := next((one for one in earlier if one.id == text.id), None)) is not None:
        return known
    await _may_be_texted(tx, client, user)
    _class_is_true(text, earlier, tx.now)
    content = _words(text, client, user, vertical, earlier, tx.now)
    approved = ApprovedText(
        id=text.id,
        approval=Approval(
            id=stable_id("approval", str(text.id)), user_id=tx.user_id, approved_by=by, approved_at=tx.now
        ),
        client_id=client.id,
        content=content,
        recipient=client.phone,
        sender=user.twilio_phone_number,
        source=MessageSource.MANUAL,
        sender_type=SenderType.USER,
        message_class=text.message_class,
        dedupe_key=f"manual:{text.id}",
        topic=text.topic,
    )
    if not await tx.messages.queue([approved]):  # somebody was first, or it is older than `EARLIER`
        known = await tx.messages.get(text.id)
        if known.client_id != client.id:
            raise Conflict("message", "its id is that of another text")
        return known
    queued = await tx.messages.get(text.id)
    facts: JsonObject = {"class": text.message_class.value, "characters": len(content)}
    await _audit(tx, queued, by, "message.written", facts)
    return queued


async def cancel(tx: TenantTransaction, message_id: UUID, by: str) -> Message:
    """Take a text back while it is queued; one that is cancelled stays so. Return it.

    Raises:
        IllegalTransition: it is on its way, has ended otherwise, or was never ours to send.
        NotFound: no such text.
    """
    text = await tx.messages.get(message_id)
    if text.delivery is Delivery.CANCELLED:
        return text
    taken_back = text.delivery is Delivery.QUEUED and await tx.messages.move(
        text.id, attempt=None, expected=[Delivery.QUEUED], to=Delivery.CANCELLED, reason=CANCELLED_BY_PERSON
    )
    stored = await tx.messages.get(message_id)
    if not taken_back:
        raise IllegalTransition("message", stored.delivery.value, "cancelled", "only a queued text is taken back")
    await _audit(tx, stored, by, "message.cancelled", {})
    if stored.briefing_id is not None:
        await complete_if_done(tx, stored.briefing_id)
    return stored


async def _may_be_texted(tx: TenantTransaction, client: Client, user: User) -> None:
    if client.phone is None:
        raise Invalid("message.client_id", "a client with a phone (no_phone)", None)
    if any(held.scope is SuppressionScope.ALL for held in await tx.suppressions.active(client.phone)):
        raise Invalid("message.client_id", "a client who may be texted (revoked)", None)
    if user.twilio_phone_number is None:
        raise Invalid("message.sender", "a number of your own to send from (no_sender)", None)


def _class_is_true(text: TextByHand, earlier: Sequence[Message], now: datetime) -> None:
    if text.message_class not in BY_HAND:
        raise Invalid("message.message_class", f"one of {', '.join(sorted(BY_HAND))}", text.message_class)
    if text.message_class is not MessageClass.REPLY:
        return
    wrote = (one.created_at for one in earlier if one.direction is Direction.INBOUND)
    if not any(now - at <= REPLY_WITHIN for at in wrote):
        raise Invalid("message.message_class", "another class: the client has not just written", text.message_class)


def _words(
    text: TextByHand, client: Client, user: User, vertical: Vertical, earlier: Sequence[Message], now: datetime
) -> str:
    """Return the words as they will go out, or refuse them."""
    content = plain_characters(fill(text.content, {"first_name": client.first_name}))
    ours = [one for one in earlier if one.direction is Direction.OUTBOUND]
    told = any(now - one.created_at < OPT_OUT_EVERY and tells_how_to_stop(one.content) for one in ours)
    is_reply = text.message_class is MessageClass.REPLY
    if not told and not is_reply:
        content = with_opt_out_line(content)
    hosts = rules_for(user).link_hosts
    findings = [*vertical.lint(content), *(hidden_links(content, hosts) if hosts is not None else ())]
    if not ours and not is_reply:
        findings += first_text(content, user.first_name, user.business_name)
    _no_block(findings)
    return content


def _no_block(findings: Sequence[Finding]) -> None:
    for finding in findings:
        if finding.severity is Severity.BLOCK or finding.rule == OWNER_NOTE:
            raise Invalid("message.content", f"free of {finding.rule} ({finding.suggestion})", finding.found)


async def _audit(tx: TenantTransaction, message: Message, by: str, action: str, facts: JsonObject) -> None:
    entry = AuditEntry(
        id=stable_id(action, str(message.id)),
        user_id=tx.user_id,
        at=tx.now,
        actor=by,
        action=action,
        subject_type="message",
        subject_id=message.id,
        facts=facts,
    )
    await tx.audit.add([entry])
