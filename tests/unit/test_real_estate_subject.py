"""Listing events into offers: what is stated, whom it concerns, and when it is no nudge."""

from __future__ import annotations

from uuid import UUID

import pytest
from attrs import evolve

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience
from nudge_core.matching.constraints import Subject
from nudge_core.matching.engine import rank
from nudge_core.matching.ranking import Ranking
from nudge_core.model.client import Client, Role
from nudge_core.model.json import Json
from nudge_core.policy.fair_housing import fair_housing
from nudge_core.verticals.real_estate.schema import SCHEMA
from nudge_core.verticals.real_estate.subject import subject, text_of
from nudge_core.verticals.real_estate.wishes import seekers
from tests.unit.homes import NOW, event_of


def offer_of(kind: str = "new_listing", wished: frozenset[str] = frozenset(), /, **listing: Json) -> Subject:
    found = subject(event_of(kind, None, **listing), wished)
    assert found is not None
    return found


def test_what_a_listing_states() -> None:
    offer = offer_of(lot_sqft=4_000.0, hoa_monthly_cents=12_000, latitude=30.6, longitude=-97.7)
    assert dict(offer.numbers) == {
        "price": 485_000, "beds": 3, "baths": 2, "size": 1_850, "lot": 4_000, "year": 1998, "hoa": 120,
    }  # fmt: skip
    assert offer.terms["type"] == {"type:condo"}
    assert offer.terms["area"] == {
        "place:georgetown", "place:old town", "city:georgetown", "subdivision:old town", "city_state:georgetown, tx",
        "postcode:78626",
    }  # fmt: skip
    assert offer.position == (30.6, -97.7)


def test_what_is_missing_or_absurd_is_not_stated() -> None:
    offer = offer_of(
        list_price_cents=48_500, beds=None, baths=99, living_area_sqft=1.0, year_built=None, city=None,
        subdivision="None", state="Texas", postal_code="7862", property_subtype=None, latitude=0.0, longitude=0.0,
    )  # fmt: skip
    assert dict(offer.numbers) == {}
    assert offer.terms == {"area": frozenset(), "type": frozenset()}
    assert offer.position is None


@pytest.mark.parametrize(
    ("kind", "considers"),
    [
        ("new_listing", {Role.BUYER, Role.INVESTOR}),
        ("coming_soon", {Role.BUYER, Role.INVESTOR}),
        ("back_on_market", {Role.BUYER, Role.INVESTOR}),
        ("sold_listing", {Role.SELLER_PROSPECT, Role.PAST_CLIENT}),
    ],
)
def test_who_is_considered(kind: str, considers: set[Role]) -> None:
    assert offer_of(kind).considers == considers


def test_a_price_drop_concerns_buyers_and_owners_nearby() -> None:
    assert offer_of("price_drop").considers >= {Role.BUYER, Role.SELLER_PROSPECT}


@pytest.mark.parametrize("kind", ["expired_listing", "withdrawn_listing"])
def test_what_is_the_professionals_alone_is_no_offer(kind: str) -> None:
    assert subject(event_of(kind, None), frozenset()) is None


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(Invalid, match="event_type"):
        subject(evolve(event_of("new_listing", None), event_type="price_change"), frozenset())


def test_a_lease_is_no_offer() -> None:
    assert subject(event_of("new_listing", None, property_type="Residential Lease"), frozenset()) is None


# ---------------------------------------------------------------- price drops


def drop(previous: int, new: int) -> Subject | None:
    event = event_of("price_drop", None, list_price_cents=new * 100)
    change = {"previous_price_cents": previous * 100, "new_price_cents": new * 100}
    return subject(evolve(event, payload={**event.payload, "change": change}), frozenset())


def ranked(offer: Subject | None, *prices: int) -> Ranking:
    assert offer is not None
    book = [
        Client(
            id=UUID(int=number), user_id=UUID(int=9), full_name="Ana", created_at=NOW, user_tags=("buyer",),
            preferences={"price": price, "beds": 3},
        )
        for number, price in enumerate(prices)
    ]  # fmt: skip
    rows = [row for client in book for row in seekers(client, ())]
    (ranking,) = rank(Audience.build(SCHEMA, rows), [offer], top=9)
    return ranking


@pytest.mark.parametrize(
    ("previous", "new", "nudge"),
    [
        (500_000, 496_000, False),
        (500_000, 495_000, True),
        (300_000, 297_000, True),
        (2_000_000, 1_994_000, True),
        (496_000, 494_900, False),
    ],
)
def test_when_a_drop_is_a_nudge_to_everybody(previous: int, new: int, nudge: bool) -> None:
    """The vectors of `verticals.md` 3.2: two clients whose limits no drop crosses."""
    assert len(ranked(drop(previous, new), new + 300_000, new + 400_000).members) == 2 * nudge


def test_a_small_drop_is_a_nudge_to_those_whose_limit_it_crosses() -> None:
    ranking = ranked(drop(496_000, 494_900), 495_000, 600_000, 490_000)
    assert [member.client_id for member in ranking.members] == [UUID(int=0)]
    assert ranking.considered == 1


@pytest.mark.parametrize(("previous", "new"), [(500_000, 510_000), (500_000, 500_000), (0, 500_000)])
def test_what_is_no_drop_is_no_nudge(previous: int, new: int) -> None:
    assert drop(previous, new) is None


def test_the_price_of_a_drop_is_the_one_it_tells_of() -> None:
    event = event_of("price_drop", None, list_price_cents=99_900_000)
    offer = subject(event, frozenset())
    assert offer is not None
    assert offer.numbers["price"] == 485_000


# ---------------------------------------------------------------- kinds, features, text


@pytest.mark.parametrize(
    ("listing", "kind"),
    [
        ({"property_subtype": "Single Family Residence"}, "house"),
        ({"property_subtype": "Manufactured On Land"}, "manufactured home"),
        ({"property_subtype": None, "property_type": "Residential Income"}, "multi-family home"),
        ({"property_subtype": "Geodesic Dome"}, "geodesic dome"),
    ],
)
def test_kinds_of_homes(listing: dict[str, Json], kind: str) -> None:
    offer = offer_of(**listing)
    assert offer.terms["type"] == {f"type:{kind}"}
    assert offer.requires == frozenset()


@pytest.mark.parametrize(
    "listing", [{"property_subtype": None, "property_type": "Land"}, {"property_subtype": "Warehouse"}]
)
def test_what_is_no_home_concerns_those_who_asked_for_it(listing: dict[str, Json]) -> None:
    offer = offer_of(**listing)
    assert offer.requires == {"type"}
    assert ranked(offer, 600_000).considered == 0


WISHED = frozenset({"garage", "pool", "waterfront", "fenced yard", "view"})


def test_features_from_fields_and_remarks() -> None:
    offer = offer_of(
        "new_listing", WISHED, garage_spaces=2.0, pool=False, remarks="Fenced yard. Deck. No views of anything.",
    )  # fmt: skip
    assert offer.has == {"garage", "fenced yard"}
    assert offer.lacks >= {"pool"}
    assert "deck" not in offer.has | offer.lacks  # nobody wished it


def test_where_fields_and_remarks_disagree_nothing_is_known() -> None:
    offer = offer_of("new_listing", WISHED, garage_spaces=0.0, pool=False, remarks="Two car garage. Sparkling pool.")
    assert not (offer.has | offer.lacks) & {"garage", "pool"}


def test_no_hoa_in_the_remarks_is_a_number() -> None:
    assert offer_of(remarks="No HOA.").numbers["hoa"] == 0
    assert "hoa" not in offer_of(remarks="Low HOA.").numbers
    assert offer_of(remarks="No HOA.", hoa_monthly_cents=5_000).numbers["hoa"] == 50


def test_the_text_is_the_public_description() -> None:
    assert text_of({"remarks": " Bright\n\ncorner  unit. ", "listing_id": "7"}) == "Bright corner unit."
    assert text_of({}) == text_of({"remarks": None}) == ""


def test_what_a_description_says_of_people_is_not_compared_with_anybody() -> None:
    remarks = "Bright corner unit, perfect for young families. Walk to the church. Deck."
    left = text_of({"remarks": remarks})
    assert not fair_housing(left)
    assert not {"families", "church"} & set(left.replace(".", " ").split())
    assert {"Bright", "corner", "Deck."} <= set(left.split())


def test_comparable_sales_reach_an_owner() -> None:
    """`verticals.md` 3.4, from preferences to the ranking: near, same kind, size within a quarter, beds within one."""
    home: Json = {"latitude": 40.7608, "longitude": -111.8910, "type": "Condominium", "size": 2_000, "beds": 3}
    owner = Client(
        id=UUID(int=1), user_id=UUID(int=9), full_name="Ana", created_at=NOW, user_tags=("potential_seller",),
        preferences={"own_home": home},
    )  # fmt: skip
    audience = Audience.build(SCHEMA, seekers(owner, ()))
    sale: dict[str, Json] = {"latitude": 40.7670, "longitude": -111.8955, "living_area_sqft": 2_500.0, "beds": 4}
    cases: tuple[tuple[dict[str, Json], bool], ...] = (
        ({}, True),
        ({"latitude": 40.7690, "longitude": -111.8910}, False),
        ({"living_area_sqft": 2_501.0}, False),
        ({"living_area_sqft": 1_499.0}, False),
        ({"beds": 5}, False),
        ({"property_subtype": "Townhouse"}, False),
    )
    for change, reached in cases:
        (ranking,) = rank(audience, [offer_of("sold_listing", **(sale | change))], top=5)
        assert bool(ranking.members) is reached
