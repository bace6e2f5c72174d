"""A sender's lane: how fast texts leave one number, whether they may leave at all, and what a claim goes by."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields

TOLL_FREE_CODES = ("800", "833", "844", "855", "866", "877", "888")
"""Area codes of toll-free numbers in the North American plan."""

LONG_CODE_PER_S = 1.0
TOLL_FREE_PER_S = 3.0
"""Segments a second that US carriers take from a number. Source: `messaging.md` 9.1."""

_RATE = fields.between(0.001, 10_000.0)


class NumberType(StrEnum):
    """What kind of number a sender is; short codes have no E.164 form and get their rate by hand."""

    LONG_CODE = "long_code"
    TOLL_FREE = "toll_free"


def number_type(sender: str) -> NumberType:
    """Return the kind of an E.164 number."""
    return NumberType.TOLL_FREE if sender[:2] == "+1" and sender[2:5] in TOLL_FREE_CODES else NumberType.LONG_CODE


@frozen(kw_only=True)
class Paces:
    """Segments a second per kind of number, for lanes without a rate of their own. None: as fast as it goes."""

    long_code: float | None = field(default=LONG_CODE_PER_S, validator=fields.optional(_RATE))
    toll_free: float | None = field(default=TOLL_FREE_PER_S, validator=fields.optional(_RATE))

    def of(self, sender: str) -> float | None:
        """Return the rate of a sender's kind."""
        return self.toll_free if number_type(sender) is NumberType.TOLL_FREE else self.long_code


UNPACED = Paces(long_code=None, toll_free=None)


@frozen(kw_only=True)
class ClaimRules:
    """What a claim itself looks at, besides the state of a text; the gate decides on everything again.

    `per_7_days`, `per_30_days`: house caps on proactive texts per phone, rolling. `paces`: default rates. `open_after`:
    failures in a row from which a lane's circuit counts as open: it is then tried with one text at a time.
    `ahead_s`: how far ahead of now a claim reserves a lane that has a pace; 0: only what may leave at once.
    `lead_s`: the first instant that it reserves is not sooner than so long from now: what a claimer needs to get ready.
    `refill_s`: such a lane is claimed from again when its reservations reach less far; None: as far as `ahead_s`.
    """

    per_7_days: int = field(default=2, validator=fields.between(0, 700))
    per_30_days: int = field(default=6, validator=fields.between(0, 3_000))
    paces: Paces = UNPACED
    open_after: int = field(default=5, validator=fields.between(1, 1_000))
    ahead_s: float = field(default=1.0, validator=fields.between(0, 60.0))
    lead_s: float = field(default=0.0, validator=fields.between(0, 60.0))
    refill_s: float | None = field(default=None, validator=fields.optional(fields.between(0, 60.0)))


DEFAULT_CLAIM = ClaimRules()
"""The house caps, no pace."""


@frozen(kw_only=True)
class SenderLane:
    """The lane of one sender of one professional.

    `rate_per_s`: segments a second, None for the rate of its kind. `in_flight`: most texts that may be claimed and not
    yet ended at a time, None for no limit of its own. `free_at`: when the next text may leave, by the rate: the time
    before it is reserved for texts that are claimed.
    `pause_reason`: why it stands still, in words a person can read; None when it does not. `paused_until` None beside
    a reason: until somebody resumes it. `strikes`: failures in a row.
    """

    user_id: UUID
    sender: str = field(validator=fields.phone, repr=False)
    rate_per_s: float | None = field(default=None, validator=fields.optional(_RATE))
    in_flight: int | None = field(default=None, validator=fields.optional(fields.between(1, 10_000)))
    free_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    paused_until: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    pause_reason: str | None = field(default=None, validator=fields.optional(fields.text(200, at_least=1)))
    strikes: int = field(default=0, validator=fields.between(0, 1_000_000))

    def is_paused(self, now: datetime) -> bool:
        """Say whether nothing may leave."""
        return self.pause_reason is not None and (self.paused_until is None or self.paused_until > now)
