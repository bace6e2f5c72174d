"""A client as rows of the audience: one per role, each with the wishes of that role."""

from __future__ import annotations

from collections.abc import Sequence

from nudge_core.errors import Invalid
from nudge_core.matching.constraints import NearWish, NumberWish, Seeker, TermsWish, Wish
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Client, Role
from nudge_core.model.feedback import NegativePreference
from nudge_core.model.json import JsonObject
from nudge_core.verticals.real_estate.home_types import wished_types
from nudge_core.verticals.real_estate.preferences import read_preferences
from nudge_core.verticals.real_estate.roles import roles_of
from nudge_core.verticals.real_estate.schema import RURAL_D0_KM
from nudge_core.verticals.real_estate.stated.numbers import MOST_ROOMS, MOST_SQFT, SQFT_PER
from nudge_core.verticals.real_estate.stated.values import is_rural, number_of, object_of

COMPARABLE_KM, COMPARABLE_RURAL_KM = 0.8, 5.0
"""How far from one's own home a sale is news. Source of these four: `verticals.md` 3.4, comparable-sales practice."""
COMPARABLE_SIZE = 0.25  # share by which its living area may differ
COMPARABLE_BEDS = 1  # by how many its bedrooms may differ

_OWNING = frozenset({Role.SELLER_PROSPECT, Role.PAST_CLIENT})
_OWN_HOME = {"latitude", "longitude", "type", "size", "unit", "beds", "baths", "year", "address", "setting"}


def seekers(client: Client, avoid: Sequence[NegativePreference]) -> tuple[Seeker, ...]:
    """Read a client into rows of the audience, one per role; none without a role.

    Roles come from tags, from stated roles, and for somebody with neither from wishes about a home: that is a buyer.
    A buyer or investor wishes what the preferences say; somebody who owns a home cares for sales comparable with it.
    A row without wishes is one of whom nothing is known.

    Raises:
        Invalid: preferences that contradict themselves or cannot be read, naming the field.
    """
    stated = read_preferences(client.preferences)
    comparable = comparables(stated.own_home)
    roles = roles_of(client.tags) | stated.roles
    if not roles and stated.wishes:
        roles = frozenset({Role.BUYER})
    dismissed = tuple(p.dismissed_embedding for p in avoid if p.dismissed_embedding and p.client_id == client.id)
    recency = int(client.last_interaction.timestamp()) if client.last_interaction else 0
    return tuple(
        Seeker(
            client_id=client.id,
            role=role,
            wishes=comparable if role in _OWNING else stated.wishes,
            vector=client.notes_embedding,
            recency=recency,
            avoid=dismissed,
        )
        for role in Role
        if role in roles
    )


def comparables(own_home: JsonObject | None) -> tuple[Wish, ...]:
    """Return the rule of comparable sales as hard wishes; none unless position, kind, size and beds are known.

    Near, of the same kind, of about the same size, with about as many beds: a sale that differs in one of them says
    little about one's own home, and of a home of which one is not known nothing can be said.

    Raises:
        Invalid: a value of `own_home` that cannot be read.
    """
    if own_home is None:
        return ()
    home = object_of("own_home", own_home, _OWN_HOME)
    rural = is_rural("own_home", home)
    read = {
        name: number_of(f"own_home.{name}", home[name], least, greatest)
        for name, least, greatest in (
            ("latitude", -90, 90),
            ("longitude", -180, 180),
            ("size", 1, MOST_SQFT),
            ("beds", 0, MOST_ROOMS),
        )
        if name in home
    }
    kind, unit = home.get("type"), home.get("unit", "sqft")
    if kind is not None and not isinstance(kind, str):
        raise Invalid("preferences.own_home.type", "a text", kind)
    kinds = None if kind is None else wished_types(kind)
    if not isinstance(unit, str) or unit not in SQFT_PER:
        raise Invalid("preferences.own_home.unit", f"one of {', '.join(SQFT_PER)}", unit)
    if kinds is None or len(read) < 4:
        return ()
    size, beds, hard = read["size"] * SQFT_PER[unit], read["beds"], Strength.HARD
    return (
        NearWish(
            field="near",
            strength=hard,
            latitude=read["latitude"],
            longitude=read["longitude"],
            radius_km=COMPARABLE_RURAL_KM if rural else COMPARABLE_KM,
            d0_km=RURAL_D0_KM if rural else None,
        ),
        TermsWish(field="type", strength=hard, any_of=frozenset(f"type:{name}" for name in kinds)),
        NumberWish(
            field="size", strength=hard, minimum=size * (1 - COMPARABLE_SIZE), maximum=size * (1 + COMPARABLE_SIZE)
        ),
        NumberWish(field="beds", strength=hard, minimum=max(0, beds - COMPARABLE_BEDS), maximum=beds + COMPARABLE_BEDS),
    )
