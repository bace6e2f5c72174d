"""Attributes nobody named in advance: kinds from names and values, words from the name. Written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nudge_core.model.json import Json
from nudge_core.reading.attributes import AttributeKind, described, kind_of, words_of, yes_or_no
from nudge_core.reading.conversation import read_in_order, vocabulary
from nudge_core.reading.ledger import Text

YES_NO: list[Json] = [True, False] * 6
COLUMNS: dict[str, list[Json]] = {
    "ref": [f"r{number}" for number in range(12)],
    "street_address": [f"{number} Pine St" for number in range(12)],
    "city": ["Tacoma", "Kent", "Renton"] * 4,
    "bedrooms": [1, 2, 3] * 4,
    "NumberOfBathrooms": [1, 2.5, 3] * 4,
    "parking_spaces": [0, 1, 2] * 4,
    "monthly-rent": [1_800, 2_400, 3_100] * 4,
    "listing_type": ["for_rent", "for_sale"] * 6,
    "property_type": ["house", "apartment", "condo"] * 4,
    **dict.fromkeys(
        ("hasGarage", "elevator", "fireplace", "balcony", "washer_dryer", "smoking_allowed", "air_conditioning",
         "backyard", "swimmingPool", "gym", "wheelchair_accessible", "is_furnished",
         "utilities_included", "near_transit", "ocean_view", "hardwood_floors", "trash_chute", "petFriendly"),
        YES_NO,
    ),
}  # fmt: skip
WORDS = vocabulary(described(COLUMNS), asked_first="bedrooms")


def _known(*texts: str) -> dict[str, Json]:
    ledger = read_in_order([Text(text=text) for text in texts], WORDS)
    return {name: _plain(value) for name, value in ledger.preferences.items()}


def _plain(value: Json) -> Json:
    if not isinstance(value, Mapping):
        return value
    if set(value) == {"exactly"}:
        return value["exactly"]
    return {member: list(item) if isinstance(item, tuple) else item for member, item in value.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I need a place with a garage", {"hasGarage": True}),
        ("somewhere I can park my car inside, a garage would do", {"hasGarage": True}),
        ("I will need a place to put my car", {"hasGarage": True}),
        ("no garage needed", {}),
        ("I do not need a garage", {}),
        ("It doesn't need to have a garage", {}),
        ("it should not have a garage", {"hasGarage": False}),
        ("I'd prefer a place without a garage", {"hasGarage": False}),
        ("There has to be an elevator, I can't do stairs", {"elevator": True}),
        ("building with a lift", {"elevator": True}),
        ("I'd like it to have an elevater", {"elevator": True}),
        ("I'd love a fire place", {"fireplace": True}),
        ("A balcony would be lovely", {"balcony": True}),
        ("I could do without a balcony", {}),
        ("I want my own washer and dryer", {"washer_dryer": True}),
        ("I need in-unit laundry", {"washer_dryer": True}),
        ("laundry in the unit please", {"washer_dryer": True}),
        ("it needs a washing machine", {"washer_dryer": True}),
        ("I don't want laundry in the unit", {"washer_dryer": False}),
        ("I can go without laundry", {}),
        ("I smoke, so smoking must be allowed", {"smoking_allowed": True}),
        ("a non-smoking building please", {"smoking_allowed": False}),
        ("smoke free only", {"smoking_allowed": False}),
        ("there must be smoke detectors", {}),
        ("it gets hot, we need AC", {"air_conditioning": True}),
        ("with central air", {"air_conditioning": True}),
        ("aircon is essential", {"air_conditioning": True}),
        ("a/c doesn't matter", {}),
        ("My kids need a back yard", {"backyard": True}),
        ("no yard, I hate mowing", {"backyard": False}),
        ("a pool and a gym", {"swimmingPool": True, "gym": True}),
        ("no pool, gym or fireplace", {"swimmingPool": False, "gym": False, "fireplace": False}),
        ("I don't want a pool or a gym", {"swimmingPool": False, "gym": False}),
        ("a pool table would be fun", {}),
        ("a fitness center on site", {"gym": True}),
        ("My husband uses a wheelchair", {"wheelchair_accessible": True}),
        ("handicap accessible unit", {"wheelchair_accessible": True}),
        ("unfurnished please", {"is_furnished": False}),
        ("I have my own furniture", {"is_furnished": False}),
        ("fully funished", {"is_furnished": True}),
        ("utilities should be included", {"utilities_included": True}),
        ("close to public transit", {"near_transit": True}),
        ("ocean views", {"ocean_view": True}),
        ("hardwood floors would be great", {"hardwood_floors": True}),
        ("with a trash chute", {"trash_chute": True}),
        ("we have two dogs", {"petFriendly": True}),
        ("we have no pets", {}),
        ("no pets please, allergic to cats", {"petFriendly": False}),
        ("hot dogs are great", {}),
        ("two parking spaces", {"parking_spaces": 2}),
    ],
)
def test_flags_and_counts(text: str, expected: Json) -> None:
    assert _known(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I want to rent a house", {"listing_type": {"any": ["for_rent"]}, "property_type": {"any": ["house"]}}),
        ("I'd like to buy a condo", {"listing_type": {"any": ["for_sale"]}, "property_type": {"any": ["condo"]}}),
        ("something to purchase in Kent", {"listing_type": {"any": ["for_sale"]}, "city": {"any": ["kent"]}}),
        ("not to rent, to buy", {"listing_type": {"any": ["for_sale"], "none": ["for_rent"]}}),
        ("a house or a condo", {"property_type": {"any": ["house", "condo"]}}),
        ("an apartment, not a house", {"property_type": {"any": ["apartment"], "none": ["house"]}}),
        ("anything but a condo", {"property_type": {"none": ["condo"]}}),
        ("I would rather have a house than an apartment", {"property_type": {"any": ["house"]}}),
        ("I need to rent a car in Kent", {"city": {"any": ["kent"]}}),
        ("Find me a rental car", {}),
        ("buy 2 bus tickets", {}),
        ("Is it for rent?", {}),
    ],
)
def test_choices(text: str, expected: Json) -> None:
    assert _known(text) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("I want a garage", "Is there a pool?", "Forget about the garage"), {}),
        (("garage and pool", "Actually no pool"), {"hasGarage": True, "swimmingPool": False}),
        (("2 bedrooms in Kent", "make it three"), {"bedrooms": 3, "city": {"any": ["kent"]}}),
        (("2 bedrooms in Kent", "How about Tacoma?"), {"bedrooms": 2, "city": {"any": ["tacoma"]}}),
        (
            ("a flat in Kent", "4 would be good"),
            {"bedrooms": 4, "city": {"any": ["kent"]}, "property_type": {"any": ["apartment"]}},
        ),
        (("2 baths", "same number of bedrooms"), {"NumberOfBathrooms": 2, "bedrooms": 2}),
        (("rent in Kent", "no longer Kent"), {"listing_type": {"any": ["for_rent"]}}),
    ],
)
def test_the_latest_of_each_attribute_wins(texts: tuple[str, ...], expected: Json) -> None:
    assert _known(*texts) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("I'd like one with a garage also.",), {"hasGarage": True}),
        (("Do they have any with a garage?",), {"hasGarage": True}),
        (("Is there one with in unit laundry?",), {"washer_dryer": True}),
        (("Something with a place to park my car.",), {"hasGarage": True}),
        (("I don't mind not having a garage",), {}),
        (("It doesn't matter if there's a garage or not.",), {}),
        (("A garage is not something I need.",), {}),
        (("laundry not required",), {}),
        (("I have no need of a garage",), {}),
        (
            ("I want to find a 2 bedroom, 2 bath home to buy in Kent that has a garage and in unit laundry.",),
            {
                "bedrooms": 2,
                "city": {"any": ["kent"]},
                "listing_type": {"any": ["for_sale"]},
                "hasGarage": True,
                "washer_dryer": True,
            },
        ),
        (("Can you see if any are for sale instead?",), {"listing_type": {"any": ["for_sale"]}}),
        (("to buy", "I changed my mind, I want to rent instead"), {"listing_type": {"any": ["for_rent"]}}),
        (("rent please", "I meant buy"), {"listing_type": {"any": ["for_sale"]}}),
        (("Could you search for something with a garage?",), {"hasGarage": True}),
        (("Does any of them have a garage?",), {"hasGarage": True}),
        (("Do any of these come with laundry?",), {"washer_dryer": True}),
        (("Can you find others that don't have a garage?",), {"hasGarage": False}),
        (("Can you find me other properties with no in-unit laundry?",), {"washer_dryer": False}),
        (("Are there any places that do not have laundry in unit?",), {"washer_dryer": False}),
        (("I'd like something with a garage and no laundry",), {"hasGarage": True, "washer_dryer": False}),
        (("I don't have a car so no garage",), {"hasGarage": False}),
        (("we need somewhere for our car, garage preferred",), {"hasGarage": True}),
        (("I'm thinking of buying a place",), {"listing_type": {"any": ["for_sale"]}}),
        (("Help me find a property on sale",), {"listing_type": {"any": ["for_sale"]}}),
        (
            ("Find me a property for rent, 3 beds, 2 baths, Kent",),
            {"listing_type": {"any": ["for_rent"]}, "bedrooms": 3, "city": {"any": ["kent"]}},
        ),
        (("How about a different one, not in Kent but Renton?",), {"city": {"any": ["renton"], "none": ["kent"]}}),
        (("I want to rent it from March",), {"listing_type": {"any": ["for_rent"]}}),
        (("does it have a garage? and does it have laundry in the unit?",), {}),
        (("What's the address? Does it come with a garage?",), {}),
        (("Is the laundry in the unit?",), {}),
        (("Does it have parking?",), {}),
        (("Is it a house with a garage?",), {}),
        (("Would it have a garage?",), {}),
        (("Has it got a garage?",), {}),
        (("I wonder whether there's a garage",), {}),
        (("garage?",), {"hasGarage": True}),
        (("with garage, laundry, ac",), {"hasGarage": True, "washer_dryer": True, "air_conditioning": True}),
        (("I need: garage, AC, 2br",), {"hasGarage": True, "air_conditioning": True, "bedrooms": 2}),
        (("garage - yes, laundry - no",), {"hasGarage": True, "washer_dryer": False}),
        (("I require a washer/dryer",), {"washer_dryer": True}),
        (("with washer & dryer in unit",), {"washer_dryer": True}),
        (("I'd rather not have a pool",), {"swimmingPool": False}),
        (("must be pet friendly and non smoking",), {"petFriendly": True, "smoking_allowed": False}),
        (("The house I'd want shouldn't have a pool",), {"swimmingPool": False}),
        (("A garage? Not necessary.",), {}),
        (("Not without a garage",), {"hasGarage": True}),
        (("No house without a garage",), {"hasGarage": True}),
        (("I want 2 baths, 3 bedrooms and there has to be a garage",), {"bedrooms": 3, "hasGarage": True}),
        (
            ("I want at least 2 bathrooms with in-unit laundry in Renton",),
            {"city": {"any": ["renton"]}, "washer_dryer": True},
        ),
        (("I'm okay with no garage",), {}),
        (("no garage is fine",), {}),
        (("I'm fine without laundry",), {}),
        (("I love swimming so a pool is a must",), {"swimmingPool": True}),
    ],
)
def test_talk_about_what_nobody_named_in_advance(texts: tuple[str, ...], expected: Json) -> None:
    """Requests, questions, withdrawals and changes of mind; bathrooms and kinds of homes are left aside."""
    known = _known(*texts)
    assert {
        name: value for name, value in known.items() if name not in ("NumberOfBathrooms", "property_type")
    } == expected


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("pool", [True, None, False], AttributeKind.FLAG),
        ("pool", ["yes", "No"], AttributeKind.FLAG),
        ("beds", [1, 2, 3], AttributeKind.COUNT),
        ("half_baths", [1.5, 2.0], AttributeKind.COUNT),
        ("asking_price", [500_000.0], AttributeKind.MONEY),
        ("town", ["Kent"], AttributeKind.PLACE),
        ("heating", ["gas", "electric"] * 5, AttributeKind.CHOICE),
        ("remarks", ["lovely"] * 9, None),
        ("unit_id", ["a"] * 9, None),
        ("title", ["a", "b", "c"], None),
        ("year_built", [1990, 2001], None),
        ("weight", [1.3, 2.7], None),
        ("empty", [None], None),
        ("mixed", [1, "two"], None),
    ],
)
def test_kinds(name: str, values: list[Json], kind: AttributeKind | None) -> None:
    assert kind_of(name, values) is kind


def test_names_in_every_case() -> None:
    assert words_of("hasGarage") == words_of("has_garage") == words_of("has-garage") == ("has", "garage")
    assert words_of("HVACUnit") == ("hvac", "unit")


def test_of_two_attributes_with_one_noun_the_plainer_one_has_it() -> None:
    words = vocabulary(described({"pool": YES_NO, "community_pool": YES_NO}))

    def known(text: str) -> Json:
        return read_in_order([Text(text=text)], words).preferences

    assert known("with a pool") == {"pool": True}
    assert known("a community pool") == {"community_pool": True}


def test_words_that_usually_mean_one_thing_stay_with_the_attribute_that_is_called_so() -> None:
    words = vocabulary(described({"balcony": YES_NO, "terrace": YES_NO}))
    assert read_in_order([Text(text="with a terrace")], words).preferences == {"terrace": True}
    alone = vocabulary(described({"balcony": YES_NO}))
    assert read_in_order([Text(text="with a terrace")], alone).preferences == {"balcony": True}


def test_a_flag_with_its_opposite_as_name() -> None:
    words = vocabulary(described({"for_rent": YES_NO}))
    assert read_in_order([Text(text="we want to buy")], words).preferences == {"for_rent": False}


def test_yes_and_no() -> None:
    assert [yes_or_no(value) for value in (True, "Yes", "n", "maybe", 1, None)] == [True, True, False, None, None, None]
