"""Every reason is true: what it prints compares as it says, and comes from the offer and the wish alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import capwords
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.matching.constraints import (
    FeatureWish,
    MatchSchema,
    NearWish,
    NumberField,
    NumberWish,
    Seeker,
    Subject,
    TermsWish,
)
from nudge_core.matching.reasons import printed, reasons
from nudge_core.model.briefing import Outcome, Reason, Strength
from nudge_core.model.client import Role
from nudge_entrypoints.bench.reference_scorer import great_circle_km, judge
from tests.unit.matching_books import FIELDS, books, subjects

SCHEMA = MatchSchema(fields=FIELDS)
NUMBERS = {field.name: field for field in FIELDS if isinstance(field, NumberField)}


@given(data=st.data(), book=books())
@settings(max_examples=300, deadline=None)
def test_every_reason_can_be_derived_from_the_data_again(data: st.DataObject, book: Sequence[Seeker]) -> None:
    offer = data.draw(subjects(SCHEMA))
    for seeker in book:
        found = reasons(SCHEMA, seeker, offer)
        assert [(r.constraint, r.strength, r.outcome) for r in found] == [
            (j.name, j.strength, j.outcome) for j in judge(SCHEMA, seeker, offer)
        ]
        for reason in found:
            assert reason.outcome is Outcome.UNKNOWN or compared_again(reason)
            assert (reason.actual is None) == (reason.outcome is Outcome.UNKNOWN)
            assert reason.wanted in reason.text
            assert reason.actual is None or reason.actual in reason.text
            stands_in_the_data(reason, seeker, offer)


def compared_again(reason: Reason) -> bool:
    """Compare `wanted` and `actual` as they are printed, and nothing else."""
    assert reason.actual is not None
    met = reason.outcome is Outcome.MET
    if reason.constraint in NUMBERS:
        value, low, high = plain(reason.actual), *bounds(reason.wanted)
        inside = low <= value <= high
        if "far below" in reason.text:  # inside the bounds, and at most 0.4 of the maximum
            return not met and reason.strength is Strength.SOFT and inside and value <= 0.4 * high + 1
        return met == inside
    if reason.constraint in ("area", "type"):
        actual = set(reason.actual.split("; "))
        if reason.wanted.startswith("not "):
            return met == (not actual & set(reason.wanted.removeprefix("not ").split("; ")))
        return met == bool(actual & set(reason.wanted.split(" or ")))
    if reason.constraint == "near":
        return met == (plain(reason.actual) <= plain(reason.wanted))
    return met == (reason.actual == reason.wanted)


def plain(text: str) -> float:
    (number,) = re.findall(r"-?[\d,]+(?:\.\d+)?", text)
    return float(number.replace(",", ""))


def bounds(wanted: str) -> tuple[float, float]:
    if wanted.startswith("at most "):
        return float("-inf"), plain(wanted)
    if wanted.startswith("at least "):
        return plain(wanted), float("inf")
    if wanted.startswith("exactly "):
        return plain(wanted), plain(wanted)
    low, high = wanted.split(" to ")
    return plain(low), plain(high)


def stands_in_the_data(reason: Reason, seeker: Seeker, offer: Subject) -> None:
    """What is printed as actual is what the offer states; what is printed as wanted is a wish of this client."""
    name = reason.constraint
    wishes = [w for w in seeker.wishes if name in (f"feature:{w.feature}" if isinstance(w, FeatureWish) else w.field)]
    (wish,) = wishes
    if isinstance(wish, FeatureWish):
        assert reason.wanted == (wish.feature if wish.wanted else f"no {wish.feature}")
        said = {wish.feature: offer.has, f"no {wish.feature}": offer.lacks}
        assert reason.actual is None or wish.feature in said[reason.actual]
    elif isinstance(wish, NumberWish):
        assert reason.actual is None or plain(reason.actual) == offer.numbers[name]
    elif isinstance(wish, TermsWish):
        offered = {capwords(term.partition(":")[2]) for term in offer.terms.get(name, frozenset())}
        assert reason.actual is None or set(reason.actual.split("; ")) <= offered
    elif reason.actual is not None and offer.position is not None:
        distance = great_circle_km(wish.latitude, wish.longitude, *offer.position)
        assert plain(reason.actual) == pytest.approx(distance, abs=0.001)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (485_000, "usd", "$485,000"),
        (500_000.01, "usd", "$500,000.01"),
        (0, "usd_month", "$0 a month"),
        (1_800.0, "sqft", "1,800 sq ft"),
        (2.5, "count", "2.5"),
        (1990, "year", "1990"),
        (7.25, "percent", "7.25%"),
    ],
)
def test_numbers_are_printed_with_their_unit_and_unrounded(value: float, unit: str, text: str) -> None:
    assert printed(value, unit) == text


def test_the_words() -> None:
    seeker = Seeker(
        client_id=UUID(int=1),
        role=Role.BUYER,
        wishes=(
            NumberWish(field="price", strength=Strength.HARD, maximum=500_000),
            NumberWish(field="beds", strength=Strength.SOFT, minimum=3, maximum=3),
            NumberWish(field="baths", strength=Strength.SOFT, minimum=2.2, maximum=3),
            TermsWish(
                field="area",
                strength=Strength.SOFT,
                any_of=frozenset({"place:austin", "postcode:78704"}),
                none_of=frozenset({"subdivision:zilker"}),
            ),
            FeatureWish(feature="pool", strength=Strength.HARD, wanted=False),
            FeatureWish(feature="garage", strength=Strength.SOFT),
            NearWish(field="near", strength=Strength.SOFT, latitude=0, longitude=0, radius_km=5),
        ),
    )
    offer = Subject(
        id=seeker.client_id,
        considers=frozenset(Role),
        numbers={"price": 485_000, "beds": 2, "baths": 2.25},
        terms={"area": frozenset({"place:austin", "place:zilker", "postcode:78704"})},
        has=frozenset({"pool"}),
        position=(0.0, 0.02),
    )
    assert [reason.text for reason in reasons(SCHEMA, seeker, offer)] == [
        "price: $485,000; wanted: at most $500,000",
        "area: 78704; Austin; wanted: 78704 or Austin",
        "area: not stated; wanted: not Zilker",
        "near: 2.223 km away; wanted: within 5 km",
        "beds: 2; wanted: exactly 3",
        "baths: 2.25; wanted: 2.5 to 3",
        "garage: not stated; wanted: garage",
        "feature: pool; wanted: no pool",
    ]
