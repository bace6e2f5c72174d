"""Who gets the slot: of the texts that wait for one person the best goes first.

What is answered to goes before what starts a conversation; of those that start one the time-bound first, then the
better match, then the older. Source: `verticals.md` 1.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from nudge_core.model.message import Message
from nudge_core.policy.caps import COUNTED

CAP_PREFIX = "cap_"
"""How the reason codes of the caps begin: a queued text with such a reason waits for a slot."""

GATE_ALLOWS = "gate_allows"
"""Reason of a queued text that the gate has allowed although the claim's own caps are reached: its owner's are wider.

The claim then leaves the caps to the gate, which looks again before the text is handed over.
"""


def turn(message: Message) -> tuple[bool, bool, float, datetime, UUID]:
    """Return what texts of one pair of phones are ordered by: the least goes first."""
    proactive = message.message_class in COUNTED
    return proactive, not message.time_bound, -message.match_score, message.created_at, message.id


def waits_for_slot(message: Message, now: datetime) -> bool:
    """Say whether a cap holds this proactive text back at `now`, until its `not_before`."""
    capped = message.reason is not None and message.reason.startswith(CAP_PREFIX)
    later = message.not_before is not None and message.not_before > now
    return capped and later and message.message_class in COUNTED


def ahead(message: Message, waiting: Iterable[Message], now: datetime) -> Message | None:
    """Return the best of the queued texts of its pair that waits for a slot and is better than `message`, or None.

    A worse text must not take the slot that a better one waits for: it waits as long.
    """
    if message.message_class not in COUNTED:
        return None
    better = [
        other
        for other in waiting
        if (other.sender, other.recipient) == (message.sender, message.recipient)
        and other.id != message.id
        and waits_for_slot(other, now)
        and (other.not_after is None or other.not_after > now)
        and turn(other) < turn(message)
    ]
    return min(better, key=turn, default=None)
