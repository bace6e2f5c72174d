"""The circuit of a sender's lane: what the carrier's answers say of the sender, not of the single text.

A carrier that fails again and again is left alone for a while, and then tried with one text at a time; one that
refuses the sender itself is left alone for long. Source: `messaging.md` 5, `reliability.md` 10 (G1).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from nudge_core.model.carrier import Doubtful, NotSent, SendOutcome, TryLater
from nudge_core.model.message import Message
from nudge_core.policy.delivery import DeliverySettings, pause_s
from nudge_core.ports import TenantTransaction
from nudge_core.sending.moves import audited

ACTOR = "nudge:circuit"
LANE_PAUSED = "lane_paused"
"""Audit action of a sender that the carrier refuses: a person has to look."""

SEND_DEADLINE = "send_deadline"
STOPPING = "stopping"
LANE_TRIPPED = "lane_tripped"
PACE_MISSED = "pace_missed"
OURS = frozenset({SEND_DEADLINE, STOPPING, LANE_TRIPPED, PACE_MISSED})
"""Why a text came back that was never handed to the carrier: it says nothing of the lane."""


def refused_sender(outcome: SendOutcome) -> str | None:
    """Return why the carrier takes nothing from this sender or account, or None when it said no such thing."""
    if isinstance(outcome, TryLater) and outcome.lane_stop:
        return outcome.why
    if isinstance(outcome, NotSent) and outcome.lane_stop:
        return outcome.code
    return None


async def judge_lanes(
    tx: TenantTransaction, results: Sequence[tuple[Message, SendOutcome]], settings: DeliverySettings
) -> None:
    """Store what results say of their senders: an answer forgets failures, failures in a row pause the lane."""
    by_sender: dict[str, list[tuple[Message, SendOutcome]]] = {}
    for message, outcome in results:
        if message.sender is not None and not (isinstance(outcome, TryLater) and outcome.why in OURS):
            by_sender.setdefault(message.sender, []).append((message, outcome))
    for sender, told in sorted(by_sender.items()):
        await _judge(tx, sender, told, settings)


async def _judge(
    tx: TenantTransaction, sender: str, told: Sequence[tuple[Message, SendOutcome]], settings: DeliverySettings
) -> None:
    failures = [(message, one) for message, one in told if isinstance(one, (TryLater, Doubtful))]
    if len(failures) < len(told):
        await tx.lanes.answered(sender)
    elif failures:
        strikes = await tx.lanes.strike(sender, len(failures))
        pause = pause_s(strikes, settings)
        if pause > 0:
            await tx.lanes.pause(sender, tx.now + timedelta(seconds=pause), f"{strikes} failures in a row")
    stopped = next(((message, why) for message, one in told if (why := refused_sender(one)) is not None), None)
    if stopped is not None:
        message, why = stopped
        until = tx.now + timedelta(seconds=settings.lane_stop_s)
        await tx.lanes.pause(sender, until, f"the carrier refuses this sender: {why}"[:200])
        await tx.audit.add([audited(tx, message, ACTOR, LANE_PAUSED, why)])
