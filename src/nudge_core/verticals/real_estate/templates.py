"""The words of real-estate texts, for every kind of event and role, as data.

`<price>` and its like are slots for facts: a line is used only when every fact it names is there, so no line says
what no fact supports. Outside its slots a line holds no number, no place, no date and no feature. What stands in one
tier says the same; the first tier whose facts are there is used, and a stable number picks within it.

The event itself supports the verb: "just came on the market" stands only under `new_listing`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from nudge_core.model.client import Role
from nudge_core.model.event import ListingEvent

Tiers: TypeAlias = tuple[tuple[str, ...], ...]

SLOT = re.compile(r"<([a-z_]+)>")

_OWNERS = (Role.SELLER_PROSPECT, Role.PAST_CLIENT)

GREETINGS = ("Hi {first_name}, ", "Hello {first_name}, ")

SIGN_OFFS = ("- <sender>, <business>", "<sender> at <business>", "<sender>, <business>")
SIGN_OFF_ALONE = "- <sender>"

_ANYBODY: Mapping[ListingEvent, Tiers] = {
    ListingEvent.NEW_LISTING: (
        (
            "<place> just came on the market at <price>.",
            "<place> was just listed at <price>.",
            "<place> is new on the market at <price>.",
        ),
        ("<place> just came on the market.", "<place> was just listed.", "<place> is new on the market."),
    ),
    ListingEvent.COMING_SOON: (
        (
            "<place> is coming on the market soon at <price>.",
            "<place> is coming soon at <price>.",
            "<place> will be on the market soon at <price>.",
        ),
        ("<place> is coming on the market soon.", "<place> is coming soon."),
    ),
    ListingEvent.PRICE_DROP: (
        (
            "<place> just dropped <drop> to <price>.",
            "<place> is now <price>, down <drop>.",
            "the price of <place> just came down <drop> to <price>.",
        ),
        ("<place> is now <price>.", "the price of <place> just came down to <price>."),
        ("the price of <place> just came down.",),
    ),
    ListingEvent.BACK_ON_MARKET: (
        (
            "<place> is back on the market at <price>.",
            "<place> just came back on the market at <price>.",
            "<place> is for sale again at <price>.",
        ),
        ("<place> is back on the market.", "<place> just came back on the market.", "<place> is for sale again."),
    ),
    ListingEvent.SOLD_LISTING: (
        ("<place> sold for <close_price>.", "<place> has sold for <close_price>."),
        ("<place>, listed at <price>, has sold.", "<place> has sold. It was listed at <price>."),
        ("<place> has sold.", "<place> was sold."),
    ),
    ListingEvent.EXPIRED_LISTING: (
        ("<place> is off the market: the listing has expired.", "the listing of <place> has expired."),
    ),
    ListingEvent.WITHDRAWN_LISTING: (("<place> has been taken off the market.", "<place> is off the market for now."),),
}

_SPECIAL: Mapping[tuple[ListingEvent, Role], Tiers] = {
    (ListingEvent.NEW_LISTING, Role.INVESTOR): (
        (
            "<place> just came up for sale at <price>.",
            "<place> was just listed at <price>.",
            "<place> is new on the market at <price>.",
        ),
        ("<place> just came up for sale.", "<place> was just listed."),
    ),
    (ListingEvent.PRICE_DROP, Role.INVESTOR): (
        (
            "<place> is down <drop> to <price>.",
            "<place> just dropped <drop> to <price>.",
            "<place> went from <previous_price> to <price>.",
        ),
        ("<place> is now <price>.",),
        ("the price of <place> just came down.",),
    ),
    **{
        (ListingEvent.NEW_LISTING, role): (
            ("<place> was just listed at <price>.", "<place> just went on the market at <price>."),
            ("<place> was just listed.", "<place> just went on the market."),
        )
        for role in _OWNERS
    },
    **{
        (ListingEvent.PRICE_DROP, role): (
            (
                "the asking price of <place> just came down <drop> to <price>.",
                "<place> went from <previous_price> to <price>.",
            ),
            ("the asking price of <place> is now <price>.",),
            ("the asking price of <place> just came down.",),
        )
        for role in _OWNERS
    },
}

OPENINGS: Mapping[tuple[ListingEvent, Role | None], Tiers] = MappingProxyType(
    {
        (kind, role): _SPECIAL.get((kind, role), _ANYBODY[kind]) if role else _ANYBODY[kind]
        for kind in ListingEvent
        for role in (None, *Role)
    }
)
"""By kind and role; None: an audience of several roles. Each ends in a full stop; a detail may take its place."""

OWNER_NOTES: Mapping[ListingEvent, Tiers] = MappingProxyType(
    {
        ListingEvent.EXPIRED_LISTING: (
            ("the listing of <place>, asking <price>, has expired.",),
            ("the listing of <place> has expired.",),
        ),
        ListingEvent.WITHDRAWN_LISTING: (
            ("<place>, asking <price>, was taken off the market.",),
            ("<place> was taken off the market.",),
        ),
    }
)
OWNER_NOTE = "For you only, not for clients: "
"""How a note to the professional begins. `lint` points at it, so that nobody sends it on by mistake."""

PLACES = (
    "<address> in <city>",
    "<address>",
    "<home> in <subdivision> in <city>",
    "<home> in <city>",
    "<home> in <subdivision>",
    "<home> in <postal_code>",
    "<home>",
)
"""How to name the home, fullest first; `<home>` is "a condo" where the type is known, else "a home"."""

DETAIL_FACTS = ("beds", "baths", "living_area")
"""Optional facts in the order they are told; the last is dropped first when a text grows too long."""

DETAILS_AFTER = frozenset({ListingEvent.NEW_LISTING, ListingEvent.COMING_SOON, ListingEvent.BACK_ON_MARKET})
"""Kinds whose details follow what happened: "... at $485,000: a condo with 3 beds"."""

DETAILS_IN_BRACKETS = frozenset({ListingEvent.PRICE_DROP, ListingEvent.SOLD_LISTING})
"""Kinds whose details follow the place: "12 Elm St (3 beds) has sold". Of a home that is gone none are told."""


def slots(line: str) -> tuple[str, ...]:
    """Return the names of the facts a line rests on, in order."""
    return tuple(SLOT.findall(line))
