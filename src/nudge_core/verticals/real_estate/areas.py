"""Whose market a listing is in: the areas a professional named, compared as whole values."""

from __future__ import annotations

from collections.abc import Sequence

from nudge_core.model.listing import ListingSnapshot


def folded(name: str) -> str:
    """Return an area name as it is compared: folded, blanks squeezed. `TYbee  Island` is `tybee island`."""
    return " ".join(name.casefold().split())


def in_market(market_focus: Sequence[str], snapshot: ListingSnapshot) -> bool:
    """Say whether a listing lies in one of the named areas; naming none means the whole feed.

    An area is a city ("Austin", "Austin, TX"), a subdivision, a postcode or a state. Values are compared whole, never
    letter by letter: "Provo" is not "Orem". A listing that states none of them is in no named market.
    """
    if not market_focus:
        return True
    names = [snapshot.city, snapshot.subdivision, snapshot.postal_code, snapshot.state]
    if snapshot.city and snapshot.state:
        names.append(f"{snapshot.city}, {snapshot.state}")
    stated = {folded(name) for name in names if name}
    return not stated.isdisjoint(folded(area) for area in market_focus)


def market_area(snapshot: ListingSnapshot) -> str | None:
    """Return the name under which a person files the listing: its city, else its postcode."""
    return snapshot.city or snapshot.postal_code
