"""Clients into wishes: roles through one table, preferences that people write, and nothing overlooked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience
from nudge_core.matching.constraints import FeatureWish, NearWish, NumberWish, TermsWish, Wish
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Client, Role
from nudge_core.model.feedback import DismissReason, NegativePreference
from nudge_core.model.json import Json
from nudge_core.model.vector import Vector
from nudge_core.verticals.real_estate.preferences import NOT_COMPARED, OTHER_NAMES, read_preferences
from nudge_core.verticals.real_estate.roles import SYNONYMS, normalised, roles_of
from nudge_core.verticals.real_estate.schema import SCHEMA
from nudge_core.verticals.real_estate.stated.numbers import NUMBERS
from nudge_core.verticals.real_estate.wishes import seekers

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HARD, SOFT = Strength.HARD, Strength.SOFT


def client(tags: Sequence[str] = ("buyer",), /, **preferences: Json) -> Client:
    return Client(
        id=UUID(int=1), user_id=UUID(int=2), full_name="Ana Diaz", created_at=NOON, user_tags=tags,
        preferences=preferences,
    )  # fmt: skip


def wishes(**preferences: Json) -> dict[str, Wish]:
    return {wish.feature if isinstance(wish, FeatureWish) else wish.field: wish for wish in read(**preferences)}


def read(**preferences: Json) -> tuple[Wish, ...]:
    return read_preferences(preferences).wishes


def number(field: str, low: float | None = None, high: float | None = None, strength: Strength = SOFT) -> NumberWish:
    return NumberWish(field=field, strength=strength, minimum=low, maximum=high)


def area(*any_of: str, none_of: Sequence[str] = (), strength: Strength = SOFT) -> TermsWish:
    return TermsWish(field="area", strength=strength, any_of=frozenset(any_of), none_of=frozenset(none_of))


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    "budget", [500_000, "$500,000", "500k", "up to 500000", "$0.5M", "max 500K", {"max": 500_000}, {"max": "500k"}]
)
@pytest.mark.parametrize("name", ["price", "budget", "max_price"])
def test_a_budget_of_half_a_million(name: str, budget: Json) -> None:
    if name == "max_price" and not isinstance(budget, int):
        budget = "500k"
    assert read(**{name: budget}) == (number("price", high=500_000),)


def test_a_payment_by_the_month_is_no_price() -> None:
    assert read(price="under 4500/mo") == (number("payment", high=4_500),)
    assert read(max_payment=4_500) == (number("payment", high=4_500),)


@pytest.mark.parametrize(
    ("preferences", "wish"),
    [
        ({"beds": 3}, number("beds", low=3)),
        ({"beds": "3+"}, number("beds", low=3)),
        ({"min_beds": 3}, number("beds", low=3)),
        ({"bedrooms": "2-3"}, number("beds", low=2, high=3)),
        ({"beds": {"min": 3, "max": 5, "hard": True}}, number("beds", 3, 5, HARD)),
        ({"baths": 2.5}, number("baths", low=2.5)),
        ({"min_price": 300_000, "max_price": "400k"}, number("price", 300_000, 400_000)),
        ({"price": {"max": 400_000, "hard": True}, "min_price": 300_000}, number("price", 300_000, 400_000, HARD)),
        ({"price": "300-400k"}, number("price", 300_000, 400_000)),
        ({"price": "about 500k"}, number("price", 450_000, 550_000)),
        ({"size": {"about": 2_000}}, number("size", 1_800, 2_200)),
        ({"sqft": 1_500}, number("size", low=1_500)),
        ({"lot": {"min": 0.5, "unit": "acres"}}, number("lot", low=21_780)),
        ({"year_built": {"min": 1990}}, number("year", low=1990)),
        ({"hoa": "none"}, number("hoa", high=0)),
        ({"hoa": False}, number("hoa", high=0)),
        ({"hoa": {"max": 250}}, number("hoa", high=250)),
        ({"hoa": "up to 250/mo"}, number("hoa", high=250)),
    ],
)
def test_numbers(preferences: Mapping[str, Json], wish: NumberWish) -> None:
    assert read(**preferences) == (wish,)


# ---------------------------------------------------------------- lists


def test_areas_of_every_kind() -> None:
    stated: Json = {"any": ["Austin", "78704-1234", "Round Rock, TX"], "none": ["Ballard", "98107"], "hard": True,
              "cities": ["Kyle"], "subdivisions": ["Zilker"], "postcodes": ["78702"]}  # fmt: skip
    assert read(areas=stated) == (
        area(
            "place:austin", "postcode:78704", "city_state:round rock, tx", "city:kyle", "subdivision:zilker",
            "postcode:78702", none_of=("city:ballard", "subdivision:ballard", "postcode:98107"), strength=HARD,
        ),
    )  # fmt: skip
    assert read(areas=["TYbee  Island"]) == (area("place:tybee island"),)
    assert read(areas=[]) == read(areas={"any": []}) == ()


def test_types_and_features() -> None:
    assert wishes(types=["condos", "Single Family Residence"])["type"] == TermsWish(
        field="type", strength=SOFT, any_of=frozenset({"type:condo", "type:house"})
    )
    assert wishes(types={"any": ["multi-family"], "none": ["mobile home"], "hard": True})["type"] == TermsWish(
        field="type",
        strength=HARD,
        any_of=frozenset({"type:multi-family home", "type:duplex", "type:triplex", "type:fourplex"}),
        none_of=frozenset({"type:mobile home"}),
    )
    assert wishes(features={"must": ["Garage"], "prefer": ["fenced_yard", "no pool"], "never": ["carport"]}) == {
        "garage": FeatureWish(feature="garage", strength=HARD),
        "fenced yard": FeatureWish(feature="fenced yard", strength=SOFT),
        "pool": FeatureWish(feature="pool", strength=SOFT, wanted=False),
        "carport": FeatureWish(feature="carport", strength=HARD, wanted=False),
    }
    assert read(features=["pool"]) == (FeatureWish(feature="pool", strength=SOFT),)
    assert read(features={"never": ["HOA"]}) == (number("hoa", high=0, strength=HARD),)


def test_near() -> None:
    here: Json = {"latitude": 30.2, "longitude": -97.7, "radius_km": 5, "hard": True, "setting": "rural"}
    assert read(near=here) == (
        NearWish(field="near", strength=HARD, latitude=30.2, longitude=-97.7, radius_km=5, d0_km=10),
    )
    (miles,) = read(near={"latitude": 30.2, "longitude": -97.7, "radius_miles": 2})
    assert isinstance(miles, NearWish)
    assert miles.radius_km == pytest.approx(3.218688)


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    ("preferences", "field", "rule"),
    [
        ({"price": "call me"}, "price", "a number such as"),
        ({"price": {"max": "call me"}}, "price.max", "a number from"),
        ({"price": 450}, "price", "a number from 10,000"),
        ({"price": True}, "price", "a number"),
        ({"price": {"min": 700_000, "max": 500_000}}, "price", "a minimum not above the maximum"),
        ({"price": 500_000, "max_price": 400_000}, "price", "each bound once"),
        ({"price": 500_000, "budget": 400_000}, "budget", "either budget or price"),
        ({"price": {}}, "price", "min, max or both"),
        ({"price": {"max": 500_000, "about": 400_000}}, "price", "min, max or both"),
        ({"price": {"max": 500_000, "hard": "yes"}}, "price.hard", "true or false"),
        ({"price": {"maximum": 500_000}}, "price.maximum", "one of about, hard, max, min"),
        ({"price": [500_000]}, "price", "a number from"),
        ({"beds": "some"}, "beds", "a number such as"),
        ({"beds": "3 per month"}, "beds", "not by the month"),
        ({"beds": -1}, "beds", "a number from 0"),
        ({"size": {"min": 100, "unit": "hectares"}}, "size.unit", "one of sqft, m2, acres"),
        ({"areas": "Austin"}, "areas", "a list of texts, not one text"),
        ({"areas": {"any": "Austin"}}, "areas.any", "a list of texts, not one text"),
        ({"areas": ["Austin", 78704]}, "areas", "a list of texts"),
        ({"areas": [""]}, "areas", "a list of texts"),
        ({"areas": ["Austin, Texas"]}, "areas", "two letters"),
        ({"areas": ["7870"]}, "areas.postcodes", "five digits"),
        ({"areas": {"any": ["Austin"], "none": ["austin"]}}, "areas", "wished and refused"),
        ({"areas": {"wanted": []}}, "areas.wanted", "one of any"),
        ({"types": ["castle"]}, "types", "kinds of homes"),
        ({"types": {"any": ["house"], "none": ["houses"]}}, "types", "wished and refused"),
        ({"features": "pool"}, "features.prefer", "a list of texts"),
        ({"features": {"must": ["pool"], "never": ["swimming pool"]}}, "features.never", "each feature once"),
        ({"features": ["hoa"]}, "features", "refused, not wished"),
        ({"features": {"never": ["hoa"]}, "hoa": {"max": 100}}, "hoa", "not both"),
        ({"near": {"latitude": 30, "longitude": -97}}, "near", "radius_km or radius_miles"),
        ({"near": {"latitude": 91, "longitude": -97, "radius_km": 1}}, "near.latitude", "from -90 to 90"),
        ({"near": [30, -97]}, "near", "an object"),
        ({"roles": "buyer"}, "roles", "a list of texts"),
        ({"roles": ["plumber"]}, "roles", "roles such as"),
        ({"own_home": "Zilker"}, "own_home", "an object"),
        ({"own_home": {"type": "castle"}}, "types", "kinds of homes"),
        ({"own_home": {"setting": "suburban"}}, "own_home.setting", "urban or rural"),
        ({"own_home": {"size": "big"}}, "own_home.size", "a number"),
        ({"pirce": 500_000}, "pirce", "one of"),
    ],
)
def test_what_cannot_be_read_names_the_field_and_the_rule(
    preferences: Mapping[str, Json], field: str, rule: str
) -> None:
    with pytest.raises(Invalid) as refused:
        seekers(client(**preferences), ())
    assert refused.value.field == f"preferences.{field}"
    assert rule in refused.value.rule


def test_no_error_tells_what_the_client_said() -> None:
    with pytest.raises(Invalid) as refused:
        read(price="my late husband's pension")
    assert "pension" not in str(refused.value)


def test_what_is_not_compared_is_kept_and_no_error() -> None:
    assert read(**dict.fromkeys(NOT_COMPARED, "someday"), price=None) == ()


PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)
scalars = st.none() | st.booleans() | st.integers(-10, 10**7) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | st.sampled_from(["500k", "3+", "Austin", "", "hard", "none", "house"]) | st.text(PRINTABLE, max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["min", "max", "hard", "any", "none", "must", "never", "latitude", "type", "size"])
            | st.text(PRINTABLE, max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
names = st.sampled_from(
    ["price", "beds", "areas", "types", "features", "near", "own_home", "roles", "hoa", "max_price", "budget"]
)


@given(st.dictionaries(names, values, max_size=4))
def test_any_json_is_wishes_that_fit_the_schema_or_an_error(preferences: dict[str, Json]) -> None:
    somebody = client(("buyer", "past client"), **preferences)
    fields: list[str] = []
    try:
        Audience.build(SCHEMA, seekers(somebody, ()))
    except Invalid as error:
        fields.append(error.field)
    assert all(field.startswith("preferences") for field in fields)


# ---------------------------------------------------------------- roles and rows


@pytest.mark.parametrize(
    ("tag", "role"),
    [
        ("buyer", Role.BUYER),
        ("First-Time Buyer", Role.BUYER),
        ("first_time_buyer", Role.BUYER),
        ("seller prospect", Role.SELLER_PROSPECT),
        ("prospective_seller", Role.SELLER_PROSPECT),
        ("prospective-seller", Role.SELLER_PROSPECT),
        ("potential_seller", Role.SELLER_PROSPECT),
        ("seller_lead", Role.SELLER_PROSPECT),
        ("seller", Role.SELLER_PROSPECT),
        ("Investor", Role.INVESTOR),
        ("past client", Role.PAST_CLIENT),
        ("PAST_CLIENT", Role.PAST_CLIENT),
    ],
)
def test_a_tag_becomes_a_role_through_one_table(tag: str, role: Role) -> None:
    assert roles_of([tag]) == {role}


def test_every_trigger_can_be_reached_and_no_other_tag_is_one() -> None:
    assert all(normalised(name) == name for name in SYNONYMS)
    assert set(SYNONYMS.values()) == set(Role)
    assert roles_of(["plumber", "friend of buyer", ""]) == frozenset()
    assert seekers(client(("plumber",)), ()) == ()


def test_a_stated_wish_makes_a_buyer_of_somebody_without_a_role_only() -> None:
    assert [s.role for s in seekers(client((), price=500_000), ())] == [Role.BUYER]
    assert [s.role for s in seekers(client((), roles=["investor"], price=500_000), ())] == [Role.INVESTOR]
    assert [s.role for s in seekers(client(("past client",), price=500_000), ())] == [Role.PAST_CLIENT]
    assert seekers(client((), timing="someday"), ()) == ()


def test_one_row_per_role_each_with_its_own_wishes() -> None:
    home: Json = {"latitude": 40.76, "longitude": -111.89, "type": "house", "size": 2_000, "beds": 3}
    buyer, seller = seekers(client(("buyer", "seller"), price=500_000, own_home=home), ())
    assert (buyer.role, buyer.wishes) == (Role.BUYER, (number("price", high=500_000),))
    assert seller.wishes == (
        NearWish(field="near", strength=HARD, latitude=40.76, longitude=-111.89, radius_km=0.8),
        TermsWish(field="type", strength=HARD, any_of=frozenset({"type:house"})),
        number("size", 1_500, 2_500, HARD),
        number("beds", 2, 4, HARD),
    )


def test_a_home_in_the_country_has_wider_comparables() -> None:
    home: Json = {
        "latitude": 40,
        "longitude": -111,
        "type": "house",
        "size": 200,
        "unit": "m2",
        "beds": 1,
        "setting": "rural",
    }
    (seller,) = seekers(client(("seller",), own_home=home), ())
    near, _, size, beds = seller.wishes
    assert isinstance(near, NearWish)
    assert isinstance(size, NumberWish)
    assert (near.radius_km, near.d0_km) == (5.0, 10.0)
    assert size.minimum == pytest.approx(1_614.6, abs=0.1)
    assert beds == number("beds", 0, 2, HARD)


@pytest.mark.parametrize("missing", ["latitude", "longitude", "type", "size", "beds"])
def test_of_a_home_that_is_not_known_nothing_is_known(missing: str) -> None:
    home: dict[str, Json] = {"latitude": 40.76, "longitude": -111.89, "type": "house", "size": 2_000, "beds": 3}
    del home[missing]
    (seller,) = seekers(client(("seller",), own_home=home), ())
    assert seller.wishes == ()


def test_a_buyer_of_whom_nothing_is_known_is_there_and_wishes_nothing() -> None:
    (buyer,) = seekers(client(timing="someday"), ())
    assert (buyer.role, buyer.wishes, buyer.recency) == (Role.BUYER, (), 0)


def test_what_was_dismissed_for_this_client_is_to_be_avoided() -> None:
    vector = Vector(np.array([1, 0], np.float32), "m")

    def dismissal(client_id: int, embedding: Vector | None) -> NegativePreference:
        return NegativePreference(
            id=UUID(int=5), user_id=UUID(int=2), client_id=UUID(int=client_id), source_campaign_id=UUID(int=6),
            reason=DismissReason.NOT_A_FIT, created_at=NOON, dismissed_embedding=embedding,
        )  # fmt: skip

    (buyer,) = seekers(client(), [dismissal(1, vector), dismissal(1, None), dismissal(9, vector)])
    assert buyer.avoid == (vector,)


PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/preferences.md").read_text(encoding="utf-8")


def test_the_example_on_the_page() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert wishes(**json.loads(example)).keys() == {"price", "beds", "area", "type", "garage", "fenced yard", "pool"}


def test_the_names_on_the_page_are_all_there_are() -> None:
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|.*\| at (most|least)", PAGE, re.MULTILINE)
    assert {name: most == "most" for name, _, most in rows} == {
        name: kind.plain_is_maximum for name, kind in NUMBERS.items()
    }
    others = {other: name for name, also, _ in rows for other in re.findall(r"`(\w+)`", also)}
    assert all(OTHER_NAMES[other] == name for other, name in others.items())
    assert all(f"`{name}`" in PAGE for name in NOT_COMPARED)
