"""Step 7: a due text and the policies at this minute -> sent once, held, withheld with a reason, or in doubt.

The phases, each in a transaction of its own or in none, so that no transaction is open while the carrier is called:

    claim       system   due texts get an attempt and a lease
    prepare     tenant   read the facts, ask the gate: a text to hand over, or held back with a reason
    post        none     hand it to the carrier, unless the claim is too old
    record      tenant   store what became of it

and, for senders that died and answers that never came:

    withhold    tenant   due texts that no claim will take, because of a suppression
    expire      tenant   a lease ran out: nobody knows, so the text is in doubt
    look_up     none     ask the carrier's list
    settle      tenant   evidence makes it sent; silence after the grace leaves it unconfirmed for a person

Every negative or doubtful move is a compare-and-set on (state, attempt). Evidence needs no attempt: the carrier's id
proves acceptance whichever attempt caused it. A doubt is closed by evidence, never by trying again; only a text that
somebody pressed "send now" for goes out once more when the grace ends in silence. Source: `reliability.md` 3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from attrs import evolve, frozen

from nudge_core.errors import Unavailable
from nudge_core.model.carrier import Accepted, Doubtful, OutgoingText, ProviderRecord, SendOutcome, TryLater
from nudge_core.model.consent import SuppressionScope
from nudge_core.model.message import Delivery, Message, MessageClass
from nudge_core.policy.caps import MONTH
from nudge_core.policy.consent import SilenceReason
from nudge_core.policy.delivery import DeliverySettings, backoff_s, grace_is_over, is_resent, valid_for_s
from nudge_core.policy.facts import Facts
from nudge_core.policy.gate import decide, hours_of
from nudge_core.policy.outcomes import Ask, Outcome, Reason, Refuse, Send, Wait
from nudge_core.policy.switches import rules_or_strict
from nudge_core.ports import SmsGateway, SystemTransaction, TenantTransaction
from nudge_core.sending.evidence import adopt, attribute
from nudge_core.sending.facts import TextRules, gather
from nudge_core.sending.moves import Moved, move
from nudge_core.sending.silence import silence, withheld_as

ACTOR = "nudge:deliver"
SEND_DEADLINE = "send_deadline"
LEASE_EXPIRED = "lease_expired"
NO_EVIDENCE = "no_evidence"
ATTEMPTS_EXHAUSTED = "attempts_exhausted"


@frozen(kw_only=True)
class Claimed:
    """Texts that are ours for a while. `at_s`: the monotonic clock before the claim began."""

    messages: tuple[Message, ...]
    at_s: float


@frozen(kw_only=True)
class Prepared:
    """A text that may go out now."""

    message: Message
    text: OutgoingText


async def claim(tx: SystemTransaction, settings: DeliverySettings, monotonic: Callable[[], float]) -> Claimed:
    """Take due texts, oldest first, at most `settings.batch`.

    `monotonic` gives seconds that never go back; the send deadline is measured with it and with nothing else.
    """
    at_s = monotonic()
    return Claimed(messages=tuple(await tx.sends.claim(settings.batch, settings.lease_s)), at_s=at_s)


async def prepare(
    tx: TenantTransaction, message: Message, rules: TextRules, settings: DeliverySettings
) -> Prepared | Moved | None:
    """Decide about a claimed text on what is true now.

    Returns:
        The text to hand over; or where it was moved instead: back to the queue until an instant, or withheld with a
        reason. None when the claim is no longer ours.
    """
    stored = await tx.messages.get(message.id)
    if (stored.delivery, stored.attempt) != (Delivery.SENDING, message.attempt):
        return None
    facts = await gather(tx, stored, rules)
    own = evolve(settings, gate=rules_or_strict(await tx.users.get(tx.user_id), settings.gate))
    outcome = _in_time(decide(facts, own.gate), facts, own)
    if isinstance(outcome, Send):
        return Prepared(message=stored, text=_outgoing(stored, facts.now, outcome.until, settings))
    if isinstance(outcome, Wait) and stored.attempt < settings.most_attempts:
        return await move(tx, stored, Delivery.SENDING, Delivery.QUEUED, outcome.reason, outcome.until)
    reason = ATTEMPTS_EXHAUSTED if isinstance(outcome, Wait) else outcome.reason
    return await move(tx, stored, Delivery.SENDING, Delivery.WITHHELD, reason)


async def post(
    gateway: SmsGateway,
    prepared: Prepared,
    claimed: Claimed,
    settings: DeliverySettings,
    monotonic: Callable[[], float],
) -> SendOutcome:
    """Hand a text to the carrier, once; without a transaction.

    A claim older than the send deadline is handed back untried: its lease may have gone to somebody else by the time
    the carrier reads it.
    """
    if monotonic() - claimed.at_s > settings.send_deadline_s:
        return TryLater(why=SEND_DEADLINE, retry_after_s=0.0)
    return await gateway.send(prepared.text)


async def record(
    tx: TenantTransaction, message: Message, outcome: SendOutcome, settings: DeliverySettings
) -> Moved | None:
    """Store what became of a text that was handed over; None when its state had moved on and nothing was stored."""
    if isinstance(outcome, Accepted):
        return await adopt(tx, message, outcome.provider_sid, outcome.receipt, ACTOR)
    if isinstance(outcome, Doubtful):
        return await move(tx, message, Delivery.SENDING, Delivery.IN_DOUBT, outcome.why)
    if isinstance(outcome, TryLater):
        if message.attempt >= settings.most_attempts:
            return await move(tx, message, Delivery.SENDING, Delivery.FAILED, ATTEMPTS_EXHAUSTED)
        pause = timedelta(seconds=backoff_s(message.attempt, outcome.retry_after_s, settings))
        return await move(tx, message, Delivery.SENDING, Delivery.QUEUED, outcome.why, tx.now + pause)
    moved = await move(tx, message, Delivery.SENDING, Delivery.FAILED, outcome.code)
    if message.recipient is not None and (outcome.opted_out or outcome.phone_unusable):
        why = SilenceReason.CARRIER_OPT_OUT if outcome.opted_out else SilenceReason.PHONE_UNUSABLE
        await silence(tx, message.recipient, why, cause=message.id, actor=ACTOR, detail=outcome.code)
    return moved


async def withhold(tx: TenantTransaction, message: Message) -> Moved | None:
    """Withhold a queued text to a suppressed phone (one of `tx.sends.blocked`); None when the suppression is gone."""
    if message.recipient is None:
        return None
    held = [one for one in await tx.suppressions.active(message.recipient) if one.scope is SuppressionScope.ALL]
    if not held or message.message_class is MessageClass.SERVICE:
        return None
    return await move(tx, message, Delivery.QUEUED, Delivery.WITHHELD, withheld_as(held[0].reason))


async def expire(tx: TenantTransaction, message: Message) -> Moved | None:
    """Put a text whose lease ran out (one of `tx.sends.expired_leases`) in doubt; None when somebody was first."""
    return await move(tx, message, Delivery.SENDING, Delivery.IN_DOUBT, LEASE_EXPIRED)


async def look_up(gateway: SmsGateway, message: Message, settings: DeliverySettings) -> Sequence[ProviderRecord] | None:
    """Ask the carrier for texts of the pair since the claim; None when the list fails, which proves nothing.

    Without a transaction. The instant of asking, which `settle` needs, is the one of the transaction before it.
    """
    if message.sender is None or message.recipient is None:
        return []
    since = (message.claimed_at or message.created_at) - timedelta(seconds=settings.clock_skew_s)
    try:
        return await gateway.find(message.sender, message.recipient, since)
    except Unavailable:
        return None


async def settle(
    tx: TenantTransaction,
    message: Message,
    records: Sequence[ProviderRecord] | None,
    asked_at: datetime,
    settings: DeliverySettings,
) -> Moved | None:
    """Close a doubt if it can be closed.

    Args:
        tx: the owner's transaction.
        message: the text in doubt, as `tx.sends.doubtful` gave it.
        records: the answer of `look_up`.
        asked_at: an instant not after the list was asked.
        settings: grace and clock skew.

    Returns:
        Where the text is now; None when it stays in doubt, or is no longer.
    """
    stored = await tx.messages.get(message.id)
    if records is None or (stored.delivery, stored.attempt) != (Delivery.IN_DOUBT, message.attempt):
        return None
    unknown = [record for record in records if await tx.messages.by_sid(record.provider_sid) is None]
    rows = {row.id: row for row in await _open_rows(tx, stored)}
    proofs = attribute(unknown, tuple(rows.values()), settings.clock_skew_s)
    moved = {}
    for row_id, proof in proofs.items():
        moved[row_id] = await adopt(tx, rows[row_id], proof.provider_sid, proof.receipt, ACTOR)
    if stored.id in moved:
        return moved[stored.id]
    if not grace_is_over(stored, asked_at, settings):
        return None
    again = is_resent(stored, settings)
    return await move(tx, stored, Delivery.IN_DOUBT, Delivery.QUEUED if again else Delivery.UNCONFIRMED, NO_EVIDENCE)


async def _open_rows(tx: TenantTransaction, message: Message) -> Sequence[Message]:
    """Return the text in doubt and the unconfirmed ones of the same pair: a record could be any of theirs."""
    if message.recipient is None:
        return [message]
    recent = await tx.messages.sent_to(message.recipient, tx.now - MONTH)
    rivals = [
        row
        for row in recent
        if row.delivery is Delivery.UNCONFIRMED and row.sender == message.sender and row.id != message.id
    ]
    return [message, *rivals]


def _in_time(outcome: Outcome, facts: Facts, settings: DeliverySettings) -> Outcome:
    """Turn a `Send` for which too little time is left into a wait for the next window, or into an end."""
    if not isinstance(outcome, Send):
        return outcome
    if valid_for_s(facts.now, facts.not_after, settings) < settings.least_validity_s:
        return Refuse(reason=Reason.EXPIRED)
    hours = hours_of(facts, settings.gate)
    if hours is None or outcome.until is None or _is_long_enough(facts.now, outcome.until, settings):
        return outcome
    reopens = hours.next_allowed(outcome.until)
    if reopens is None:
        return Ask(reason=Reason.NO_COMMON_HOUR)
    if facts.not_after is not None and reopens >= facts.not_after:
        return Refuse(reason=f"{Reason.EXPIRED}:{Reason.QUIET_HOURS}")
    return Wait(until=reopens, reason=Reason.QUIET_HOURS)


def _is_long_enough(now: datetime, closes: datetime, settings: DeliverySettings) -> bool:
    return valid_for_s(now, closes, settings) >= settings.least_validity_s


def _outgoing(message: Message, now: datetime, until: datetime | None, settings: DeliverySettings) -> OutgoingText:
    assert message.sender is not None
    assert message.recipient is not None
    closes = min((end for end in (until, message.not_after) if end is not None), default=None)
    return OutgoingText(
        user_id=message.user_id,
        message_id=message.id,
        attempt=message.attempt,
        sender=message.sender,
        recipient=message.recipient,
        body=message.content,
        valid_for_s=valid_for_s(now, closes, settings),
    )
