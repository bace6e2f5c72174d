"""What passes between us and a carrier: a text out, one of four outcomes back, and news later."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.message import Media, Receipt


@frozen(kw_only=True)
class OutgoingText:
    """One text for one phone. `valid_for_s`: seconds after which the carrier must not deliver it any more."""

    user_id: UUID
    message_id: UUID
    attempt: int
    sender: str = field(validator=fields.phone, repr=False)
    recipient: str = field(validator=fields.phone, repr=False)
    body: str = field(repr=False)
    valid_for_s: int


@frozen(kw_only=True)
class Accepted:
    """The carrier took it and named it. This is the proof of sending, whatever happens later."""

    provider_sid: str
    receipt: Receipt


@frozen(kw_only=True)
class NotSent:
    """The carrier did not take it and will not: final for this text. `phone_unusable`: nor any other to this phone.

    `opted_out`: the carrier knows of a STOP that we must record. `lane_stop`: as for `TryLater`.
    """

    code: str
    phone_unusable: bool = False
    opted_out: bool = False
    lane_stop: bool = False


@frozen(kw_only=True)
class TryLater:
    """Known not to have been taken: safe to try again after `retry_after_s` seconds.

    `lane_stop`: the account or the number is at fault, not the text. Nothing more goes out from this sender until a
    person has mended it.
    """

    why: str
    retry_after_s: float
    lane_stop: bool = False


@frozen(kw_only=True)
class Doubtful:
    """It may or may not have been taken. Never sent again on this account alone.

    `alarm`: an answer that no rule foresees; a person should look.
    """

    why: str
    alarm: bool = False


SendOutcome: TypeAlias = Accepted | NotSent | TryLater | Doubtful


@frozen(kw_only=True)
class ReceiptNews:
    """The carrier says how an accepted text fares. `message_id` and `attempt` come back from our own callback.

    `sender`: our number it went out from. It names the tenant when the news comes before the answer that named the
    text, so that no stored message has this `provider_sid` yet.
    """

    provider_sid: str
    receipt: Receipt
    at: datetime = field(validator=fields.instant)
    sender: str | None = field(default=None, validator=fields.optional(fields.phone), repr=False)
    message_id: UUID | None = None
    attempt: int | None = None
    error_code: str | None = None


class CarrierKeyword(StrEnum):
    """What a carrier took an inbound text for, and has acted on and answered by itself."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


@frozen(kw_only=True)
class InboundText:
    """A text that somebody sent to one of our numbers. `keyword`: the carrier says that it has acted on it."""

    provider_sid: str
    sender: str = field(validator=fields.phone, repr=False)
    recipient: str = field(validator=fields.phone, repr=False)
    body: str = field(repr=False)
    at: datetime = field(validator=fields.instant)
    media: tuple[Media, ...] = field(default=(), repr=False)
    keyword: CarrierKeyword | None = None


CarrierNews: TypeAlias = ReceiptNews | InboundText


@frozen(kw_only=True)
class ProviderRecord:
    """One text as the carrier's own list shows it: the evidence that closes a doubt.

    `segments`, `price_micros` (millionths of `price_currency`, what we pay) and `error_code`: None until it is known.
    """

    provider_sid: str
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    body: str = field(repr=False)
    receipt: Receipt
    created_at: datetime = field(validator=fields.instant)
    segments: int | None = None
    price_micros: int | None = None
    price_currency: str | None = None
    error_code: str | None = None
