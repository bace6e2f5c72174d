"""Step 7: a due text and the policies at this minute -> sent once, held, withheld with a reason, or in doubt.

The phases, each in a transaction of its own or in none, so that no transaction is open while the carrier is called:

    claim       system   due texts get an attempt and a lease, and each an instant at which its lane lets it leave
    prepare     tenant   read the facts, ask the gate: a text to hand over, with the posting mark set, or held back
    post        none     hand it to the carrier, unless the claim is too old or its instant has been missed
    record      tenant   store what became of it, and what it says of the sender's lane

and, for texts that no claim takes, senders that died and answers that never came:

    withhold    tenant   ask the gate about a due text that no claim will take, so that it gets its reason
    hand_back   tenant   give a claim back that was not prepared
    expire      tenant   a lease ran out: without the posting mark it was never posted, else nobody knows
    look_up     none     ask the carrier's list
    settle      tenant   evidence makes it sent; silence after the grace leaves it unconfirmed for a person

Every negative or doubtful move is a compare-and-set on (state, attempt). Evidence needs no attempt: the carrier's id
proves acceptance whichever attempt caused it. A doubt is closed by evidence, never by trying again; only a text that
somebody pressed "send now" for goes out once more when the grace ends in silence, by the database's clock and by
that of the process that has watched it (`sending.watch`). Source: `reliability.md` 3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.errors import Unavailable
from nudge_core.model.carrier import Accepted, Doubtful, OutgoingText, ProviderRecord, SendOutcome, TryLater
from nudge_core.model.message import Delivery, Message
from nudge_core.policy.caps import MONTH
from nudge_core.policy.consent import SilenceReason
from nudge_core.policy.delivery import DeliverySettings, backoff_s, grace_is_over, is_resent, valid_for_s
from nudge_core.policy.facts import Facts
from nudge_core.policy.gate import Objection, decide, hours_of
from nudge_core.policy.outcomes import Ask, Outcome, Reason, Refuse, Send, Wait
from nudge_core.policy.pacing import BURST_S
from nudge_core.policy.slots import GATE_ALLOWS, ahead
from nudge_core.policy.switches import rules_or_strict
from nudge_core.ports import SmsGateway, SystemTransaction, TenantTransaction
from nudge_core.sending.circuit import PACE_MISSED, SEND_DEADLINE, judge_lanes
from nudge_core.sending.evidence import adopt, adopt_all, attribute
from nudge_core.sending.facts import TextRules, gather_all
from nudge_core.sending.moves import Moved, move, put_off
from nudge_core.sending.silence import silence
from nudge_core.sending.watch import DoubtWatch

ACTOR = "nudge:deliver"
LEASE_EXPIRED = "lease_expired"
NO_EVIDENCE = "no_evidence"
ATTEMPTS_EXHAUSTED = "attempts_exhausted"
STUMBLED = "error"
SHARE_LEAD = 0.75  # of what a claim reserves ahead, that may pass until its first text leaves
MOST_STUMBLES = 5  # reliability.md 10, test C2

_DEFAULTS = DeliverySettings()


@frozen(kw_only=True)
class Claimed:
    """Texts that are ours for a while.

    `at_s`: the monotonic clock before the claim began. `leaves_s`: when, by the same clock, a text may leave that its
    lane's pace holds back; without an entry: at once.
    """

    messages: tuple[Message, ...]
    at_s: float
    leaves_s: Mapping[UUID, float] = field(factory=dict)

    def is_missed(self, message_id: UUID, now_s: float) -> bool:
        """Say whether a text can no longer leave in the time that its lane reserved for it."""
        leaves_s = self.leaves_s.get(message_id)
        return leaves_s is not None and now_s - leaves_s > BURST_S


@frozen(kw_only=True)
class Prepared:
    """A text that may go out now."""

    message: Message
    text: OutgoingText


async def claim(
    tx: SystemTransaction,
    settings: DeliverySettings,
    monotonic: Callable[[], float],
    at_most: int | None = None,
    *,
    ahead: bool = False,
    lead_s: float = 0.0,
) -> Claimed:
    """Take texts that may go now, at most `at_most` and `settings.batch`.

    Args:
        tx: a transaction of nobody's.
        settings: times and limits.
        monotonic: seconds that never go back; the send deadline and the pace are measured with it and nothing else.
        at_most: None for `settings.batch`.
        ahead: whether to reserve time of paced senders ahead; if not, only what may leave at once is taken.
        lead_s: how long from now the first reserved instant is at least, because no text is ready sooner.
    """
    at_s = monotonic()
    limit = settings.batch if at_most is None else min(at_most, settings.batch)
    rules = settings.claim_rules
    rules = evolve(rules, lead_s=min(lead_s, SHARE_LEAD * rules.ahead_s)) if ahead else evolve(rules, ahead_s=0.0)
    messages = tuple(await tx.sends.claim(limit, settings.lease_s, rules))
    leaves_s = {one: at_s + max((at - tx.now).total_seconds(), 0.0) for one, at in tx.sends.leaves_at.items()}
    return Claimed(messages=messages, at_s=at_s, leaves_s=leaves_s)


async def prepare(
    tx: TenantTransaction, message: Message, rules: TextRules, settings: DeliverySettings
) -> Prepared | Moved | None:
    """Decide about a claimed text on what is true now.

    Returns:
        The text to hand over, with the mark set that its request may begin: nothing may be posted before this
        transaction has committed. Or where it was moved instead: back to the queue until an instant, or withheld with
        a reason. None when the claim is no longer ours.
    """
    return (await prepare_all(tx, [message], rules, settings))[0]


async def prepare_all(
    tx: TenantTransaction, messages: Sequence[Message], rules: TextRules, settings: DeliverySettings
) -> Sequence[Prepared | Moved | None]:
    """Do what `prepare` does for several claimed texts of one professional; answer in their order."""
    own = await _own(tx, settings)
    facts = await gather_all(tx, messages, rules)
    outcomes = {one.id: _in_time(decide(facts[one.id], own.gate), facts[one.id], own) for one in messages}
    may_go = {one.id: one.attempt for one in messages if isinstance(outcomes[one.id], Send)}
    marked = await tx.messages.begin_postings(may_go)
    answers: list[Prepared | Moved | None] = []
    for one in messages:
        outcome = outcomes[one.id]
        if isinstance(outcome, Send):
            text = _outgoing(one, tx.now, outcome.until, settings) if one.id in marked else None
            answers.append(None if text is None else Prepared(message=one, text=text))
        else:
            answers.append(await _held_back(tx, one, outcome, facts[one.id], own))
    return answers


async def _own(tx: TenantTransaction, settings: DeliverySettings) -> DeliverySettings:
    """Return the settings with the professional's own rules in the gate."""
    return evolve(settings, gate=rules_or_strict(await tx.users.get(tx.user_id), settings.gate))


async def _held_back(
    tx: TenantTransaction, message: Message, outcome: Objection, facts: Facts, settings: DeliverySettings
) -> Moved | None:
    if isinstance(outcome, Wait) and message.attempt < settings.most_attempts:
        closes = _closes(facts, outcome.until, settings)
        return await move(tx, message, Delivery.SENDING, Delivery.QUEUED, outcome.reason, outcome.until, closes=closes)
    reason = ATTEMPTS_EXHAUSTED if isinstance(outcome, Wait) else outcome.reason
    return await move(tx, message, Delivery.SENDING, Delivery.WITHHELD, reason)


async def hand_back(tx: TenantTransaction, messages: Sequence[Message], reason: str) -> Sequence[Moved]:
    """Give claims back whose requests have not begun; those of others, and marked ones, are left alone."""
    moves = [
        await move(tx, one, Delivery.SENDING, Delivery.QUEUED, reason, tx.now, closes=one.window_end, unposted=True)
        for one in messages
    ]
    return [moved for moved in moves if moved is not None]


async def stumble(tx: TenantTransaction, message: Message, error: str, settings: DeliverySettings) -> Moved | None:
    """Give back a claim whose preparation failed, with a growing pause; after `MOST_STUMBLES` in a row withhold it.

    `error`: the name of what was raised. A text that breaks every attempt must not stop others, nor be tried for ever.
    """
    before = message.reason or ""
    number = 1 + (int(before.rpartition(":")[2]) if before.startswith(f"{STUMBLED}:") else 0)
    reason = f"{STUMBLED}:{error}:{number}"
    if number >= MOST_STUMBLES:
        moved = await move(tx, message, Delivery.SENDING, Delivery.WITHHELD, reason, unposted=True)
        return None if moved is None else evolve(moved, alarm=True)
    until = tx.now + timedelta(seconds=backoff_s(number, 0.0, settings))
    closes = message.window_end
    return await move(tx, message, Delivery.SENDING, Delivery.QUEUED, reason, until, closes=closes, unposted=True)


async def post(
    gateway: SmsGateway,
    prepared: Prepared,
    claimed: Claimed,
    settings: DeliverySettings,
    monotonic: Callable[[], float],
) -> SendOutcome:
    """Hand a text to the carrier, once; without a transaction.

    A claim older than the send deadline is handed back untried: its lease may have gone to somebody else by the time
    the carrier reads it. So is a text that has missed its instant: the lane's time is somebody else's by now.
    """
    now_s = monotonic()
    if now_s - claimed.at_s > settings.send_deadline_s:
        return TryLater(why=SEND_DEADLINE, retry_after_s=0.0)
    if claimed.is_missed(prepared.message.id, now_s):
        return TryLater(why=PACE_MISSED, retry_after_s=0.0)
    return await gateway.send(prepared.text)


async def record(
    tx: TenantTransaction, message: Message, outcome: SendOutcome, settings: DeliverySettings
) -> Moved | None:
    """Store what became of a text that was handed over; None when its state had moved on and nothing was stored."""
    return (await record_all(tx, [(message, outcome)], settings))[0]


async def record_all(
    tx: TenantTransaction, results: Sequence[tuple[Message, SendOutcome]], settings: DeliverySettings
) -> Sequence[Moved | None]:
    """Store what became of several texts of one professional; answer in their order."""
    proofs = [(one, told.provider_sid, told.receipt) for one, told in results if isinstance(told, Accepted)]
    adopted = await adopt_all(tx, proofs, ACTOR)
    answers = [
        adopted[message.id] if message.id in adopted else await _recorded(tx, message, outcome, settings)
        for message, outcome in results
    ]
    await judge_lanes(tx, results, settings)
    return answers


async def _recorded(
    tx: TenantTransaction, message: Message, outcome: SendOutcome, settings: DeliverySettings
) -> Moved | None:
    if isinstance(outcome, Accepted):
        return await adopt(tx, message, outcome.provider_sid, outcome.receipt, ACTOR)
    if isinstance(outcome, Doubtful):
        return await move(tx, message, Delivery.SENDING, Delivery.IN_DOUBT, outcome.why)
    if isinstance(outcome, TryLater):
        if message.attempt >= settings.most_attempts:
            return await move(tx, message, Delivery.SENDING, Delivery.FAILED, ATTEMPTS_EXHAUSTED)
        until = tx.now + timedelta(seconds=backoff_s(message.attempt, outcome.retry_after_s, settings))
        closes = message.window_end
        return await move(tx, message, Delivery.SENDING, Delivery.QUEUED, outcome.why, until, closes=closes)
    moved = await move(tx, message, Delivery.SENDING, Delivery.FAILED, outcome.code)
    if message.recipient is not None and (outcome.opted_out or outcome.phone_unusable):
        why = SilenceReason.CARRIER_OPT_OUT if outcome.opted_out else SilenceReason.PHONE_UNUSABLE
        await silence(tx, message.recipient, why, cause=message.id, actor=ACTOR, detail=outcome.code)
    return moved


async def withhold(
    tx: TenantTransaction, message: Message, rules: TextRules, settings: DeliverySettings
) -> Moved | None:
    """Ask the gate about a queued text that no claim will take (one of `tx.sends.blocked`).

    Returns:
        Where it was moved: withheld with a reason, or still queued until an instant; at once, when the gate allows
        what the claim's own caps do not. None when nothing changed, or it is no longer as it was.
    """
    return (await withhold_all(tx, [message], rules, settings))[0]


async def withhold_all(
    tx: TenantTransaction, messages: Sequence[Message], rules: TextRules, settings: DeliverySettings
) -> Sequence[Moved | None]:
    """Do what `withhold` does for several texts of one professional; answer in their order."""
    own = await _own(tx, settings)
    facts = await gather_all(tx, messages, rules)
    rivals = await tx.messages.waiting_for_slot({one.recipient for one in messages if one.recipient is not None})
    answers: list[Moved | None] = []
    for one in messages:
        outcome = _in_time(decide(facts[one.id], own.gate), facts[one.id], own)
        better = ahead(one, rivals, tx.now)
        if isinstance(outcome, Send) and better is not None and better.not_before is not None:
            outcome = Wait(until=better.not_before, reason=better.reason or Reason.CAP_DAY)
        if isinstance(outcome, Wait):
            closes = _closes(facts[one.id], outcome.until, own)
            answers.append(await put_off(tx, one, outcome.reason, outcome.until, closes))
        elif isinstance(outcome, Send):  # its window had closed and another is open, or the caps are its owner's own
            known = one.reason == GATE_ALLOWS and (one.window_end is None or one.window_end > tx.now)
            answers.append(None if known else await put_off(tx, one, GATE_ALLOWS, tx.now, outcome.until))
        else:
            answers.append(await move(tx, one, Delivery.QUEUED, Delivery.WITHHELD, outcome.reason))
    return answers


async def expire(tx: TenantTransaction, message: Message, settings: DeliverySettings = _DEFAULTS) -> Moved | None:
    """Take a text from a sender whose lease ran out (one of `tx.sends.expired_leases`); None when somebody was first.

    Without the posting mark its request never began, and its sender can begin none any more: it is queued again. The
    mark is looked at in the statement that moves, so that a sender that wakes up and marks at the same moment either
    has lost its claim or has made it a doubt. One that has been claimed too often is withheld instead.
    """
    if message.attempt >= settings.most_attempts:
        again = await move(tx, message, Delivery.SENDING, Delivery.WITHHELD, ATTEMPTS_EXHAUSTED, unposted=True)
    else:
        closes = message.window_end
        again = await move(
            tx, message, Delivery.SENDING, Delivery.QUEUED, LEASE_EXPIRED, tx.now, closes=closes, unposted=True
        )
    return again or await move(tx, message, Delivery.SENDING, Delivery.IN_DOUBT, LEASE_EXPIRED)


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
    watch: DoubtWatch | None = None,
) -> Moved | None:
    """Close a doubt if it can be closed.

    Args:
        tx: the owner's transaction.
        message: the text in doubt, as `tx.sends.doubtful` gave it.
        records: the answer of `look_up`.
        asked_at: an instant not after the list was asked.
        settings: grace and clock skew.
        watch: what this process has seen of the doubt itself. A text goes out once more only when by that, too, the
            grace is over; until then it stays in doubt. None: no text ever goes out once more.

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
    again = watch is not None and is_resent(stored, settings)
    if again and watch is not None and not watch.is_over(stored, settings):
        return None
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


def _closes(facts: Facts, until: datetime, settings: DeliverySettings) -> datetime | None:
    """Return when the window closes in which `until` lies; None for a text that no hours bind."""
    hours = hours_of(facts, settings.gate)
    return None if hours is None else hours.window_end(until)


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
