"""Texts, sent and received, and the two state machines that keep one from going out twice.

`status` is what the database document shows a person; `delivery` is the machine that sends. `status` follows from
`delivery`, so the two cannot disagree.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.json import Json, JsonObject, frozen_object
from nudge_core.model.states import StateMachine


class Direction(StrEnum):
    """Which way a text went."""

    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"


class MessageStatus(StrEnum):
    """What a person sees."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    RECEIVED = "RECEIVED"


class MessageSource(StrEnum):
    """Why the text exists."""

    MANUAL = "MANUAL"
    SCHEDULED = "SCHEDULED"
    FAQ_AUTO_RESPONSE = "FAQ_AUTO_RESPONSE"
    INSTANT_NUDGE = "INSTANT_NUDGE"


class SenderType(StrEnum):
    """Who wrote the words."""

    USER = "USER"
    AI = "AI"
    SYSTEM = "SYSTEM"


class MessageClass(StrEnum):
    """What the law calls it; decides which consent it needs and which caps it counts against."""

    REPLY = "reply"
    TRANSACTIONAL = "transactional"
    INFORMATIONAL = "informational"
    MARKETING = "marketing"
    SERVICE = "service"


class Delivery(StrEnum):
    """Where a text is on its way. Source of the states: `reliability.md` section 3."""

    QUEUED = "queued"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    SENT = "sent"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    WITHHELD = "withheld"
    CANCELLED = "cancelled"
    RECEIVED = "received"


DELIVERY: StateMachine[Delivery] = StateMachine(
    "message",
    frozenset({Delivery.QUEUED, Delivery.RECEIVED}),
    MappingProxyType(
        {
            Delivery.QUEUED: {
                Delivery.SENDING: "claimed, due and allowed",
                Delivery.SENT: "evidence of an earlier attempt",
                Delivery.WITHHELD: "a rule forbids it for good",
                Delivery.CANCELLED: "plan stopped, listing moved, or a person",
            },
            Delivery.SENDING: {
                Delivery.SENT: "accepted, with the provider's id",
                Delivery.QUEUED: "handed back before the first byte left, or the lease ran out without a posting mark",
                Delivery.FAILED: "refused for good",
                Delivery.IN_DOUBT: "no readable answer, or the lease ran out after the posting mark",
                Delivery.WITHHELD: "a rule forbids it for good, seen after the claim",
            },
            Delivery.IN_DOUBT: {
                Delivery.SENT: "evidence",
                Delivery.QUEUED: "grace over, no evidence, resend allowed once",
                Delivery.UNCONFIRMED: "grace over, no evidence",
            },
            Delivery.UNCONFIRMED: {Delivery.SENT: "late evidence", Delivery.CANCELLED: "a person closed it"},
            Delivery.SENT: {},
            Delivery.FAILED: {},
            Delivery.WITHHELD: {},
            Delivery.CANCELLED: {},
            Delivery.RECEIVED: {},
        }
    ),
)

STATUS_OF = MappingProxyType(
    {
        Delivery.QUEUED: MessageStatus.PENDING,
        Delivery.SENDING: MessageStatus.PENDING,
        Delivery.IN_DOUBT: MessageStatus.PENDING,
        Delivery.UNCONFIRMED: MessageStatus.PENDING,  # not known to have failed: resending might make it two
        Delivery.SENT: MessageStatus.SENT,
        Delivery.FAILED: MessageStatus.FAILED,
        Delivery.WITHHELD: MessageStatus.CANCELLED,
        Delivery.CANCELLED: MessageStatus.CANCELLED,
        Delivery.RECEIVED: MessageStatus.RECEIVED,
    }
)


class Receipt(StrEnum):
    """What the provider last said of an accepted text; ordered by `rank`. Source: `messaging.md` section 3."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"
    READ = "read"

    @property
    def rank(self) -> int:
        """Later news has a rank at least as high; a receipt never goes back to a lower one."""
        return _RANK[self]


_RANK = MappingProxyType(
    {
        Receipt.ACCEPTED: 0,
        Receipt.SCHEDULED: 0,
        Receipt.QUEUED: 1,
        Receipt.SENDING: 2,
        Receipt.SENT: 3,
        Receipt.DELIVERED: 4,
        Receipt.UNDELIVERED: 4,
        Receipt.FAILED: 4,
        Receipt.CANCELED: 4,
        Receipt.READ: 5,
    }
)
FINAL_RANK = 4
"""From this rank on a carrier has said what became of a text; a receipt of equal rank may still replace it."""


@frozen(kw_only=True)
class Media:
    """A picture or another file that came with a text: where the carrier keeps it, and what it says it is."""

    url: str = field(validator=fields.text(2_000, at_least=1), repr=False)
    content_type: str = field(validator=fields.text(100))


MAX_SMS_CHARACTERS = 1_600  # Twilio's limit for `Body`, messaging.md section 2


@frozen(kw_only=True)
class Message:
    """One text to or from one client.

    An outbound one is born `queued`, from an approval or by a person's own hand, and is sent only through the
    machine `DELIVERY`. `attempt` counts claims; every negative or doubtful transition names the attempt it speaks
    of. `not_before` and `not_after` bound when it is lawful and useful; `window_end` is when the lawful window that it
    waits for closes, None when nobody has looked yet. `dedupe_key` is unique per user: the same briefing, client and
    step cannot be queued twice.

    `topic` names what it is about (`listings`, `check_in`), for caps and for wishes that narrow. Of several texts that
    wait for one person the best goes first: `time_bound`, then the greatest `match_score` (0 to 100), then the oldest.
    `posting_attempt` is the last attempt whose request to the carrier may have begun: a lease that ran out before that
    mark was never posted. `automatic`: nobody approved this very text, a plan made it. `segments`, `price_micros`
    (millionths of `price_currency`) and `error_code` are what the carrier said. `media` and `read_at` (None: nobody
    has read it yet) belong to inbound texts.
    """

    id: UUID
    user_id: UUID
    client_id: UUID
    content: str = field(validator=fields.text(MAX_SMS_CHARACTERS), repr=False)
    direction: Direction
    delivery: Delivery
    source: MessageSource
    sender_type: SenderType
    created_at: datetime = field(validator=fields.instant)
    message_class: MessageClass = MessageClass.MARKETING
    originally_scheduled_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    briefing_id: UUID | None = None
    approval_id: UUID | None = None
    sender: str | None = field(default=None, validator=fields.optional(fields.phone), repr=False)
    recipient: str | None = field(default=None, validator=fields.optional(fields.phone), repr=False)
    attempt: int = field(default=0, validator=fields.between(0, 1_000))
    resends: int = field(default=0, validator=fields.between(0, 10))
    claimed_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    lease_until: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    not_before: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    not_after: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    sent_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    provider_sid: str | None = field(default=None, validator=fields.optional(fields.text(64, at_least=1)))
    receipt: Receipt | None = None
    reason: str | None = field(default=None, validator=fields.optional(fields.text(200, at_least=1)))
    dedupe_key: str | None = field(default=None, validator=fields.optional(fields.text(200, at_least=1)))
    topic: str | None = field(default=None, validator=fields.optional(fields.text(60, at_least=1)))
    time_bound: bool = False
    match_score: float = field(default=0.0, validator=fields.between(0, 100))
    window_end: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    posting_attempt: int = field(default=0, validator=fields.between(0, 1_000))
    error_code: str | None = field(default=None, validator=fields.optional(fields.text(20, at_least=1)))
    segments: int | None = field(default=None, validator=fields.optional(fields.between(0, 100)))
    price_micros: int | None = None
    price_currency: str | None = field(default=None, validator=fields.optional(fields.text(3, at_least=3)))
    media: tuple[Media, ...] = ()
    read_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    automatic: bool = False

    @property
    def status(self) -> MessageStatus:
        """What a person sees; follows from `delivery`."""
        return STATUS_OF[self.delivery]


@frozen(kw_only=True)
class LastWords:
    """The newest text a client wrote to us, and the newest one that the professional wrote them by hand and sent."""

    inbound: Message | None = None
    by_hand: Message | None = None


@frozen(kw_only=True)
class EarlierTexts:
    """What a client was texted, or may yet be: not what was withheld, was cancelled or failed.

    `recent`: the words of those since an instant. There was at least one, be it recent or not.
    """

    recent: tuple[str, ...] = field(default=(), repr=False)


NEVER_TOLD = frozenset({Delivery.FAILED, Delivery.WITHHELD, Delivery.CANCELLED})
"""Ends of an outbound text that nobody read."""


class ScheduledStatus(StrEnum):
    """Where a planned text is. Once due it becomes a `Message`, which alone is ever sent."""

    PENDING = "PENDING"
    RELEASED = "RELEASED"
    SENT = "SENT"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


SCHEDULED: StateMachine[ScheduledStatus] = StateMachine(
    "scheduled message",
    frozenset({ScheduledStatus.PENDING}),
    MappingProxyType(
        {
            ScheduledStatus.PENDING: {
                ScheduledStatus.RELEASED: "due: a message row was queued",
                ScheduledStatus.CANCELLED: "a person, a plan that ended, an opt-out",
                ScheduledStatus.FAILED: "it cannot become a message",
            },
            ScheduledStatus.RELEASED: {
                ScheduledStatus.SENT: "its message was sent",
                ScheduledStatus.FAILED: "its message failed",
                ScheduledStatus.CANCELLED: "its message was withheld or cancelled",
            },
            ScheduledStatus.SENT: {},
            ScheduledStatus.FAILED: {},
            ScheduledStatus.CANCELLED: {},
        }
    ),
)


@frozen(kw_only=True)
class Repeat:
    """Where a planned text stands in a series: the rule, what it is counted from, and which occurrence this is.

    `rule`: an RFC 5545 rule as `nudge_core.timing.recurrence` writes it. `anchor`: a fixed local date, never moved.
    `occurrence` counts from 1 along the grid; `occurs_on` is its date there, before any shift to a business day.
    `exceptions`: dates of the grid that are left out. At most one occurrence of a series is PENDING.
    """

    series_id: UUID
    rule: str = field(validator=fields.text(300, at_least=1))
    anchor: date
    occurrence: int = field(validator=fields.between(1, 100_000))
    occurs_on: date
    with_anchor: bool = False
    business_days: bool = False
    exceptions: tuple[date, ...] = ()


def release_job(message_id: UUID, version: int) -> str:
    """Return the name of the work that will release this version of a planned text: `scheduledmessage.job_id`.

    A changed text has another one, so that a wake-up or a claim of the old one finds nothing to do.
    """
    return f"release:{message_id}:{version}"


@frozen(kw_only=True)
class ScheduledMessage:
    """A text planned for an instant; `timezone` is the recipient's, in which the hour was chosen.

    `local_at` is what their clock shows then: a naive datetime. `version` rises with every write; a write names the
    version it read. `job_id`: see `release_job`. `lease_until`: a release is at work until then. `message_id`: the
    text it became. `not_after`: when it has lost its sense.

    `approval_id`, `approved_by`, `approved_at`: who said yes; without one it is never released. `automatic`: the yes
    was to the plan, not to this text. `redraft`: its words are written anew when it is due, from what
    `drafted_from` names (`event_id`, `briefing_id`, and `facts`: what the words state); `drafted_at`: when the words
    were written. `message_class`, `topic`, `sender_type`: of the text it becomes.
    """

    id: UUID
    user_id: UUID
    client_id: UUID
    content: str = field(validator=fields.text(MAX_SMS_CHARACTERS), repr=False)
    scheduled_at_utc: datetime = field(validator=fields.instant)
    timezone: str = field(validator=fields.zone)
    status: ScheduledStatus
    created_at: datetime = field(validator=fields.instant)
    parent_plan_id: UUID | None = None
    sent_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    error_message: str | None = field(default=None, validator=fields.optional(fields.text(500)), repr=False)
    job_id: str | None = field(default=None, validator=fields.optional(fields.text(100)))
    playbook_touchpoint_id: str | None = field(default=None, validator=fields.optional(fields.text(100)))
    is_recurring: bool = False
    local_at: datetime | None = field(default=None, validator=fields.optional(fields.wall_clock))
    version: int = field(default=1, validator=fields.between(1, 1_000_000))
    lease_until: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    message_id: UUID | None = None
    not_after: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    approval_id: UUID | None = None
    approved_by: str | None = field(default=None, validator=fields.optional(fields.text(100, at_least=1)), repr=False)
    approved_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    automatic: bool = False
    message_class: MessageClass = MessageClass.INFORMATIONAL
    topic: str | None = field(default=None, validator=fields.optional(fields.text(60, at_least=1)))
    sender_type: SenderType = SenderType.USER
    redraft: bool = False
    drafted_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    drafted_from: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)
    repeat: Repeat | None = None
