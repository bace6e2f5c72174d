"""The words feeds use for a listing's status and for its last major change, read into closed lists.

Source: `mls-feeds.md` sections 2, 5 and 6.1. Lookups come as member names (`ActiveUnderContract`), display names
(`Active Under Contract`) or typed literals (`Odata.Models.StandardStatus'Active'`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from nudge_core.model.listing import ListingStatus

_LITERAL = re.compile(r"^[\w.]+'(?P<member>.*)'$")
_NAMESPACE = re.compile(r"^(?:[A-Za-z_]\w*\.)+(?=\w)")
_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


@lru_cache(maxsize=4_096)
def folded(word: str) -> str:
    """Return a lookup value without prefix, case, blanks, punctuation: `Active T/C` and `ActiveTC` are `activetc`."""
    word = word.strip()
    if literal := _LITERAL.match(word):
        word = literal["member"]
    return _NO_LETTER_OR_DIGIT.sub("", _NAMESPACE.sub("", word)).casefold()


_STATUSES: Mapping[str, ListingStatus] = MappingProxyType(
    {folded(status.value): status for status in ListingStatus}
    | {"cancelled": ListingStatus.CANCELED, "deleted": ListingStatus.DELETE}
)


def standard_status(word: str) -> ListingStatus | None:
    """Read a StandardStatus in any of its wire forms; None when it is not one of the closed list."""
    return _STATUSES.get(folded(word))


def status_of(standard: str | None, mls_status: str | None, table: Mapping[str, ListingStatus]) -> ListingStatus | None:
    """Return a listing's status, or None when it is unknown.

    Args:
        standard: StandardStatus as received. If there is one, it alone decides.
        mls_status: the local status, asked only when StandardStatus is missing.
        table: the source's local statuses, `folded`, with the standard status each belongs to.
    """
    if standard is not None and standard.strip():
        return standard_status(standard)
    if mls_status is not None and mls_status.strip():
        return table.get(folded(mls_status))
    return None


class MajorChange(StrEnum):
    """RESO ChangeType: what the MLS calls the last major change. It decides nothing alone."""

    ACTIVE = "Active"
    ACTIVE_UNDER_CONTRACT = "Active Under Contract"
    BACK_ON_MARKET = "Back On Market"
    CANCELED = "Canceled"
    CLOSED = "Closed"
    COMING_SOON = "Coming Soon"
    DELETED = "Deleted"
    EXPIRED = "Expired"
    HOLD = "Hold"
    NEW_LISTING = "New Listing"
    PENDING = "Pending"
    PRICE_CHANGE = "Price Change"
    WITHDRAWN = "Withdrawn"


_MAJOR_CHANGES: Mapping[str, MajorChange] = MappingProxyType(
    {folded(change.value): change for change in MajorChange}
    | {
        "bom": MajorChange.BACK_ON_MARKET,
        "cancelled": MajorChange.CANCELED,
        "delete": MajorChange.DELETED,
        "new": MajorChange.NEW_LISTING,
        "pricechanged": MajorChange.PRICE_CHANGE,
        "pricedecrease": MajorChange.PRICE_CHANGE,
        "pricedecreased": MajorChange.PRICE_CHANGE,
        "priceincrease": MajorChange.PRICE_CHANGE,
        "priceincreased": MajorChange.PRICE_CHANGE,
        "pricereduced": MajorChange.PRICE_CHANGE,
        "pricereduction": MajorChange.PRICE_CHANGE,
        "sold": MajorChange.CLOSED,
        "undercontract": MajorChange.ACTIVE_UNDER_CONTRACT,
    }
)


def major_change(word: str | None) -> MajorChange | None:
    """Read a MajorChangeType; the list is open in practice, so None means a local value that says nothing to us."""
    return None if word is None else _MAJOR_CHANGES.get(folded(word))


def is_lease(property_type: str | None, mls_status: str | None) -> bool:
    """Whether a closed listing was let rather than sold, by its type or by the local status `Leased` or `Rented`.

    A type that is both ("Commercial Sale Commercial Lease") counts as a lease unless the local status says sold.
    """
    local = folded(mls_status or "")
    if local in {"leased", "rented"}:
        return True
    kind = folded(property_type or "")
    if "lease" not in kind and "rental" not in kind:
        return False
    return not ("sale" in kind and local in {"sold", "closedsold"})
