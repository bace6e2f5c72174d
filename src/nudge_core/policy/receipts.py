"""What a carrier's code means that comes after it had accepted a text: one table. Source: `messaging.md` section 6.

The text itself is over: whatever is tried again is a new text with an id and a cap of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from nudge_core.model.message import Message, Receipt
from nudge_core.timing.local_time import at, local_date

HANDSET_UNREACHABLE = "30003"
STRIKES = 3
"""So many texts in a row that did not reach the handset, and the phone counts as unusable."""

HANDSET_REST = timedelta(hours=4)
QUEUE_REST = timedelta(hours=1)  # a queue of ten hours at most, drained by the tenth; ours
UNKNOWN_REST = timedelta(hours=4)  # as for a handset: nothing better is known; ours
RATE_REST = timedelta(minutes=1)  # 10DLC rates count per second and per minute; ours
CARRIER_DAY = "America/Los_Angeles"
"""T-Mobile's daily count starts again at midnight Pacific."""

FAILED = frozenset({Receipt.UNDELIVERED, Receipt.FAILED})
ARRIVED = frozenset({Receipt.DELIVERED, Receipt.READ})


class Action(StrEnum):
    """What follows for the text and its phone."""

    NOTHING = "nothing"
    TRY_AGAIN = "try_again"
    RESCHEDULE = "reschedule"
    PHONE_UNUSABLE = "phone_unusable"
    OPTED_OUT = "opted_out"
    REVIEW = "review"
    FINAL = "final"


class Lane(StrEnum):
    """What follows for everything that goes out from the same number."""

    SLOW_DOWN = "slow_down"
    UNTIL_MIDNIGHT = "until_midnight"
    STOP = "stop"


@frozen(kw_only=True)
class Meaning:
    """`rest`: how long to wait at least before a new attempt. `lane`: what the sending number must do."""

    action: Action
    rest: timedelta = timedelta(0)
    lane: Lane | None = None


@frozen(kw_only=True)
class LanePause:
    """This sending number rests until then; None: until a person has mended what `reason` (the code) names."""

    sender: str = field(repr=False)
    until: datetime | None
    reason: str


MEANING = MappingProxyType(
    {
        "21610": Meaning(action=Action.OPTED_OUT),  # with a Messaging Service it comes after the acceptance
        "30001": Meaning(action=Action.TRY_AGAIN, rest=QUEUE_REST),
        HANDSET_UNREACHABLE: Meaning(action=Action.TRY_AGAIN, rest=HANDSET_REST),
        "30004": Meaning(action=Action.REVIEW),
        "30005": Meaning(action=Action.PHONE_UNUSABLE),
        "30006": Meaning(action=Action.PHONE_UNUSABLE),
        "30007": Meaning(action=Action.REVIEW),
        "30008": Meaning(action=Action.TRY_AGAIN, rest=UNKNOWN_REST),
        "30022": Meaning(action=Action.TRY_AGAIN, rest=RATE_REST, lane=Lane.SLOW_DOWN),
        "30023": Meaning(action=Action.TRY_AGAIN, lane=Lane.UNTIL_MIDNIGHT),
        "30032": Meaning(action=Action.REVIEW, lane=Lane.STOP),
        "30034": Meaning(action=Action.REVIEW, lane=Lane.STOP),
        "30036": Meaning(action=Action.RESCHEDULE),
        "30450": Meaning(action=Action.FINAL),
        "30610": Meaning(action=Action.FINAL),
        "30640": Meaning(action=Action.FINAL),
    }
)
"""Code -> what to do. A code that is not here is final: the carrier said no, and we do not know why."""


def meaning_of(code: str | None) -> Meaning:
    """Return what a failure with this code asks for; without a code nothing does."""
    if code is None:
        return Meaning(action=Action.NOTHING)
    return MEANING.get(code, Meaning(action=Action.FINAL))


def pause_of(code: str | None, sender: str | None, now: datetime) -> LanePause | None:
    """Return how the sending number must rest after this code, or None when it need not."""
    lane = meaning_of(code).lane
    if lane is None or sender is None or code is None:
        return None
    until = {Lane.SLOW_DOWN: now + RATE_REST, Lane.UNTIL_MIDNIGHT: next_midnight(now)}.get(lane)
    return LanePause(sender=sender, until=until, reason=code)


def next_midnight(now: datetime) -> datetime:
    """Return when the carriers' next day begins, in UTC."""
    return at(local_date(now, CARRIER_DAY) + timedelta(days=1), time(0), CARRIER_DAY)


def again_at(text: Message, code: str, now: datetime) -> datetime | None:
    """Return when a new text with these words may be sent, or None: it is tried once only, and while it is useful."""
    meaning = meaning_of(code)
    if meaning.action not in (Action.TRY_AGAIN, Action.RESCHEDULE) or is_second_try(text):
        return None
    earliest = next_midnight(now) if meaning.lane is Lane.UNTIL_MIDNIGHT else now + meaning.rest
    return None if text.not_after is not None and earliest >= text.not_after else earliest


AGAIN = "again:"
"""Beginning of the dedupe key of a second try; the id of the first follows."""


def is_second_try(text: Message) -> bool:
    """Say whether this text is itself the second try of another."""
    return text.dedupe_key is not None and text.dedupe_key.startswith(AGAIN)


def strikes(recent: Sequence[Message]) -> int:
    """Return how many texts in a row, the newest of `recent` (oldest first) back, did not reach the handset.

    One without a final receipt says nothing either way; one that arrived ends the row.
    """
    count = 0
    for text in reversed(recent):
        if text.receipt in ARRIVED:
            break
        count += text.receipt in FAILED and text.error_code == HANDSET_UNREACHABLE
    return count
