"""A listing as one feed said it at one moment, in one shape for every vendor.

Money is in US cents, areas in square feet, instants in UTC. None means "the feed does not say". There is no field for
private remarks, showing instructions or anything about occupants: what has no place here cannot reach a draft.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum

from attrs import asdict, field, frozen

from nudge_core.model import fields
from nudge_core.model.json import Json, JsonObject, frozen_object


class ListingStatus(StrEnum):
    """RESO StandardStatus: a closed list that no server may extend."""

    ACTIVE = "Active"
    ACTIVE_UNDER_CONTRACT = "Active Under Contract"
    CANCELED = "Canceled"
    CLOSED = "Closed"
    COMING_SOON = "Coming Soon"
    DELETE = "Delete"
    EXPIRED = "Expired"
    HOLD = "Hold"
    INCOMPLETE = "Incomplete"
    PENDING = "Pending"
    WITHDRAWN = "Withdrawn"


@frozen(kw_only=True)
class ListingSnapshot:
    """What a feed said about one listing.

    `watermark` is the vendor's watermark field exactly as received (cutting digits would make an equality filter
    miss its own row); `modified_at` the same as an instant, None when it could not be read. `status` None means an
    unknown status, kept as text in `status_text`; `last_known_status` is then what change detection goes on comparing
    with (feeds leave it None). `can_view` False is a tombstone (MLS Grid). `uses` is the licence
    of the record (`IDX`, `VOW`, ...), None when the feed has no such field.
    """

    source_id: str = field(validator=fields.text(100, at_least=1))
    listing_key: str = field(validator=fields.text(255, at_least=1))
    listing_id: str | None = None
    watermark: str | None = None
    modified_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    status: ListingStatus | None = None
    status_text: str | None = None
    last_known_status: ListingStatus | None = None
    mls_status: str | None = None
    list_price_cents: int | None = None
    original_list_price_cents: int | None = None
    previous_list_price_cents: int | None = None
    close_price_cents: int | None = None
    close_date: date | None = None
    price_changed_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    status_changed_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    major_change_type: str | None = None
    major_changed_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    entered_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    on_market_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    on_market_date: date | None = None
    listing_contract_date: date | None = None
    property_type: str | None = None
    property_subtype: str | None = None
    beds: int | None = None
    baths: float | None = None
    living_area_sqft: float | None = None
    lot_sqft: float | None = None
    year_built: int | None = None
    garage_spaces: float | None = None
    hoa_monthly_cents: int | None = None
    pool: bool | None = None
    waterfront: bool | None = None
    address: str | None = None
    unit: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    subdivision: str | None = None
    latitude: float | None = field(default=None, validator=fields.optional(fields.between(-90, 90)))
    longitude: float | None = field(default=None, validator=fields.optional(fields.between(-180, 180)))
    remarks: str | None = None
    display_allowed: bool = True
    address_display_allowed: bool = True
    can_view: bool = True
    uses: frozenset[str] | None = None
    photo_urls: tuple[str, ...] = ()

    @property
    def gone(self) -> bool:
        """Whether the feed takes the record back without saying why: never say sold or withdrawn of it."""
        return not self.can_view or self.status is ListingStatus.DELETE

    @property
    def address_key(self) -> str | None:
        """The address and unit in a form that two records of one home share, or None when there is no address.

        Folded, blanks squeezed, punctuation dropped; with the postcode, else the city: `1506 timber st||78626`.
        """
        if not self.address or not (self.postal_code or self.city):
            return None
        parts = (self.address, self.unit or "", self.postal_code or self.city or "")
        return "|".join(" ".join(re.sub(r"[^\w\s]", " ", part.casefold()).split()) for part in parts)


@frozen(kw_only=True)
class AcceptedListing:
    """The last snapshot that change detection accepted, with its bookkeeping.

    `transitions` counts accepted changes of status or price and is raised in the same write; it survives tombstones,
    so that a replay from the same state gives the same event ids. `held_price_cents` is a price in quarantine that
    waits for a second poll to agree. `gone` marks a tombstone. `off_market_since` dates the last leaving of the
    market, for relists.
    """

    snapshot: ListingSnapshot
    transitions: int = field(default=0, validator=fields.between(0, 2**31 - 1))
    held_price_cents: int | None = None
    gone: bool = False
    off_market_since: datetime | None = field(default=None, validator=fields.optional(fields.instant))


PUBLIC_FACTS = (
    "listing_id",
    "list_price_cents",
    "property_type",
    "property_subtype",
    "beds",
    "baths",
    "living_area_sqft",
    "lot_sqft",
    "year_built",
    "garage_spaces",
    "hoa_monthly_cents",
    "pool",
    "waterfront",
    "city",
    "state",
    "postal_code",
    "subdivision",
    "latitude",
    "longitude",
    "remarks",
    "photo_urls",
)
"""The allow-list: what of a snapshot may stand in a resource. The address joins it where its display is allowed."""


def public_facts(snapshot: ListingSnapshot) -> JsonObject:
    """Return the public facts of a listing as JSON, without what the feed does not say.

    `status` is added as text; `address` and `unit` only when the seller allows their display; the position is left
    out with them, since a point is an address.
    """
    hidden = set() if snapshot.address_display_allowed else {"latitude", "longitude"}
    values = asdict(snapshot, recurse=False)
    facts: dict[str, Json] = {name: values[name] for name in PUBLIC_FACTS if values[name] and name not in hidden}
    facts |= {name: values[name] for name in PUBLIC_FACTS if values[name] in (0, False)}
    if snapshot.status is not None:
        facts["status"] = snapshot.status.value
    if snapshot.address_display_allowed:
        facts |= {name: values[name] for name in ("address", "unit") if values[name]}
    return frozen_object(facts)
