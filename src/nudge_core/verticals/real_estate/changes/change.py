"""What change detection is given and what it answers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.event import ListingEvent
from nudge_core.model.json import Json, JsonObject, frozen_object
from nudge_core.model.listing import AcceptedListing, ListingStatus


@frozen(kw_only=True)
class ChangeSettings:
    """The thresholds of the decision table. Source of the defaults: `mls-feeds.md` sections 6.2 and 6.3.

    A price is a drop when it falls by `least_drop_basis_points` (hundredths of a percent) or by `least_drop_cents`.
    A fall of more than `quarantine_percent` is held until a second poll agrees. What entered the market within
    `fresh_days` is new to us; what left it within `relist_days` under another key is a relist.
    """

    least_drop_basis_points: int = field(default=50, validator=fields.between(0, 10_000))
    least_drop_cents: int = field(default=100_000, validator=fields.between(0, 10**11))
    quarantine_percent: int = field(default=50, validator=fields.between(1, 100))
    fresh_days: int = field(default=7, validator=fields.between(0, 365))
    relist_days: int = field(default=30, validator=fields.between(0, 365))


@frozen(kw_only=True)
class Gone:
    """The source no longer has the listing (a 404, a completed key reconcile), and does not say why."""

    source_id: str
    listing_key: str


class ChangeOutcome(StrEnum):
    """Why there is an event, or none: a counter each. The number is the row of `mls-feeds.md` section 6.2."""

    # no comparison
    STALE = "stale"
    """Older than what is stored: dropped."""
    BASELINE = "baseline"
    """The first full load: stored in silence."""
    UNKNOWN_STATUS = "unknown_status"
    """A status that is not in the closed list and not in the source's table: not compared with anything."""
    GONE = "gone"  # 1
    ALREADY_GONE = "already_gone"  # 1
    # first seen
    COMING_SOON = "coming_soon"  # 2
    NEW = "new_listing"  # 3, 5
    FIRST_SEEN = "first_seen"  # 3: on the market for longer than the fresh days
    RELISTED = "relisted"  # 4
    FIRST_SEEN_CLOSED = "first_seen_closed"  # 10: nothing says that it closed lately
    FIRST_SEEN_OFF_OFFER = "first_seen_off_offer"  # 15
    # Active again
    BACK = "back_on_market"  # 6
    SALE_FELL_THROUGH = "sale_fell_through"  # 7
    CLOSED_TO_ACTIVE_HELD = "closed_to_active_held"  # 7: looks like a correction of data, not accepted
    MISSED_PENDING = "missed_pending"  # 9
    # the price while Active
    PRICE_DROP = "price_drop"  # 8
    PRICE_DROP_AGREED = "price_drop_agreed"  # 8: a second poll agreed with a held price
    PRICE_BELOW_THRESHOLD = "price_below_threshold"
    PRICE_RISE = "price_rise"
    PRICE_HELD = "price_held"
    PRICE_FIRST = "price_first"
    PRICE_MISSING = "price_missing"
    PRICE_OF_ANOTHER_TYPE = "price_of_another_type"
    PRICE_WHILE_NOT_ACTIVE = "price_while_not_active"
    # off the market
    SOLD = "sold_listing"  # 10
    CLOSED_LEASE = "closed_lease"  # 10
    CLOSE_DATE_AHEAD = "close_date_ahead"  # 10
    EXPIRED = "expired_listing"  # 11
    WITHDRAWN = "withdrawn_listing"  # 12
    WITHDRAWN_OR_CANCELED = "withdrawn_or_canceled"  # 12: from the one to the other
    UNDER_CONTRACT = "under_contract"  # 13
    # nothing
    UNCHANGED = "unchanged"
    """The same in every field."""
    DETAILS_ONLY = "details_only"  # 14
    OTHER_PAIR = "other_pair"  # 15


class Check(StrEnum):
    """What a person should look at before saying yes to a text about a change."""

    PRICE_STOOD_IN_QUARANTINE = "price_stood_in_quarantine"
    """Two polls agree on a very low price. Real typing errors stood for days: agreement is weak proof."""
    PRICE_IN_QUARANTINE = "price_in_quarantine"
    """The event is another one, and the record's price is not believed: the last accepted one is told."""
    ADDRESS_CHANGED = "address_changed"
    """The record had another address before: perhaps two properties under one key."""


@frozen(kw_only=True)
class ListingChange:
    """One event of one listing with the facts that were compared, enough for "dropped $15,000 to $485,000".

    Prices are accepted ones, in US cents; `previous_*` are None when there was nothing before. For a relist they are
    those of the earlier listing of the same home, `previous_listing_key`. `major_change_agrees`: whether the MLS's
    own MajorChangeType, where it moved, says the same; None when it says nothing. `checks`: what a person should
    look at; with any, the text needs an explicit yes.
    """

    kind: ListingEvent
    event_id: UUID
    source_id: str
    listing_key: str
    happened_at: datetime = field(validator=fields.instant)
    previous_price_cents: int | None
    new_price_cents: int | None
    previous_status: ListingStatus | None
    new_status: ListingStatus
    previous_listing_key: str | None = None
    major_change_agrees: bool | None = None
    checks: tuple[Check, ...] = ()

    @property
    def needs_check(self) -> bool:
        """Whether a person must be asked explicitly about this change."""
        return bool(self.checks)

    @property
    def drop_cents(self) -> int:
        """By how much the price fell, in US cents; 0 when it did not or is not known."""
        if self.previous_price_cents is None or self.new_price_cents is None:
            return 0
        return max(0, self.previous_price_cents - self.new_price_cents)

    def facts(self) -> JsonObject:
        """Return the compared facts as JSON, for `GlobalMlsEvent.change`; what is not known is left out."""
        known: dict[str, Json | None] = {
            "previous_price_cents": self.previous_price_cents,
            "new_price_cents": self.new_price_cents,
            "previous_status": self.previous_status and self.previous_status.value,
            "new_status": self.new_status.value,
            "previous_listing_key": self.previous_listing_key,
            "major_change_agrees": self.major_change_agrees,
            "needs_check": self.needs_check,
            "checks": [check.value for check in self.checks] or None,
        }
        return frozen_object({name: value for name, value in known.items() if value is not None})


@frozen(kw_only=True)
class Detection:
    """The answer for one listing.

    `change`: the event, or None. `accepted`: what to store; the very object that was given as `previous` when there is
    nothing to write, None when there is nothing to store at all. What is stored may be shown: a price in quarantine
    and a status that is not known are not in it. `outcome`: for the counters.
    """

    change: ListingChange | None
    accepted: AcceptedListing | None
    outcome: ChangeOutcome
