"""The worked vectors of `verticals.md` 3.3 and 3.4 on the schema of real estate, and the edges of the decision."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import pytest
from attrs import evolve

from nudge_core.matching.audience import Audience
from nudge_core.matching.constraints import (
    FeatureWish,
    MatchSchema,
    NearWish,
    NumberWish,
    Seeker,
    Subject,
    TermsWish,
    Wish,
)
from nudge_core.matching.engine import rank
from nudge_core.matching.ranking import Ranking
from nudge_core.model.briefing import AudienceMember, Decision, Outcome, Strength
from nudge_core.model.client import Role
from nudge_core.verticals.real_estate.schema import SCHEMA

HARD, SOFT = Strength.HARD, Strength.SOFT
ANYTHING = evolve(SCHEMA, soft_miss_score=0.0, least_known=0, least_coverage=0.0)
"""The schema with every door open, so that the score of any pair can be seen."""


def seeker(*wishes: Wish) -> Seeker:
    return Seeker(client_id=UUID(int=1), role=Role.BUYER, wishes=wishes)


def offer(numbers: Mapping[str, float] | None = None, **more: object) -> Subject:
    return Subject(id=UUID(int=9), considers=frozenset({Role.BUYER}), numbers=numbers or {}, **more)  # type: ignore[arg-type]


def match(one: Seeker, subject: Subject, schema: MatchSchema = SCHEMA) -> Ranking:
    (ranking,) = rank(Audience.build(schema, [one]), [subject], top=5)
    return ranking


def member(one: Seeker, subject: Subject, schema: MatchSchema = SCHEMA) -> AudienceMember:
    (found,) = match(one, subject, schema).members
    return found


def number(field: str, strength: Strength = SOFT, low: float | None = None, high: float | None = None) -> NumberWish:
    return NumberWish(field=field, strength=strength, minimum=low, maximum=high)


def outcome(one: Seeker, subject: Subject) -> Outcome:
    """What became of the only hard wish: met and unknown are seen in the reasons, missed in the account."""
    ranking = match(one, subject, evolve(ANYTHING, least_coverage=1.0))
    if ranking.excluded:
        return Outcome.MISSED
    if not ranking.members:
        assert ranking.not_offered == {"too_little_known": 1}
        return Outcome.UNKNOWN
    return ranking.members[0].reasons[0].outcome


@pytest.mark.parametrize(("price", "value"), [(500_000, 100.0), (512_500, 50.0), (525_000, 0.0), (530_000, 0.0)])
def test_a_soft_maximum_fades_over_five_percent(price: int, value: float) -> None:
    assert member(seeker(number("price", high=500_000)), offer({"price": price}), ANYTHING).score == value


def test_a_hard_maximum_allows_nothing_above_it() -> None:
    wish = seeker(number("price", HARD, high=500_000))
    assert match(wish, offer({"price": 500_000.01}), ANYTHING).excluded == {"price": 1}
    assert member(wish, offer({"price": 500_000}), ANYTHING).score == 100.0


@pytest.mark.parametrize(("price", "value"), [(300_000, 0.0), (450_000, 50.0), (540_000, 100.0)])
@pytest.mark.parametrize("strength", list(Strength))
def test_far_too_low_is_not_what_was_asked_for(price: int, value: float, strength: Strength) -> None:
    assert member(seeker(number("price", strength, high=900_000)), offer({"price": price}), ANYTHING).score == value


def test_a_third_of_the_budget_is_a_soft_miss_however_hard_the_budget() -> None:
    wishes = seeker(number("price", HARD, high=900_000), number("beds", low=3))
    assert match(wishes, offer({"price": 300_000, "beds": 3})).not_offered == {"soft_miss": 1}
    assert match(wishes, offer({"price": 360_001, "beds": 3})).members
    stated = seeker(number("price", HARD, low=100_000, high=900_000), number("beds", low=3))
    assert member(stated, offer({"price": 300_000, "beds": 3})).score == 100.0


@pytest.mark.parametrize(("north_km", "score"), [(1.5, 60.7), (3.0, 36.8)])
def test_distance_fades_with_three_kilometres(north_km: float, score: float) -> None:
    """v = 0.6065 and 0.3679, in thousandths."""
    degrees = north_km / 111.195_08  # of a great circle of the sphere of 6,371.0088 km
    wish = NearWish(field="near", strength=SOFT, latitude=0, longitude=0, radius_km=5)
    assert member(seeker(wish), offer(position=(degrees, 0.0)), ANYTHING).score == score


def test_distance_fades_with_ten_kilometres_in_the_country() -> None:
    wish = NearWish(field="near", strength=SOFT, latitude=0, longitude=0, radius_km=50, d0_km=10)
    assert member(seeker(wish), offer(position=(10 / 111.195_08, 0.0)), ANYTHING).score == 36.8


SIX = (
    number("price", high=500_000),
    TermsWish(field="area", strength=SOFT, any_of=frozenset({"place:austin"})),
    number("beds", low=3),
    TermsWish(field="type", strength=SOFT, any_of=frozenset({"type:house"})),
    number("baths", low=2),
)
GARAGE = FeatureWish(feature="garage", strength=SOFT)
HOME = offer(
    {"price": 480_000, "beds": 3, "baths": 2},
    terms={"area": frozenset({"place:austin"}), "type": frozenset({"type:house"})},
    base_rates={"feature:garage": 400},
)


def test_five_of_six_known() -> None:
    found = member(seeker(*SIX, GARAGE), HOME)
    assert (found.score, found.coverage, found.decision) == (95.0, 11 / 12, Decision.OFFER)
    outcomes = [reason.outcome for reason in found.reasons]
    assert (outcomes.count(Outcome.MET), outcomes.count(Outcome.UNKNOWN)) == (5, 1)


def test_an_unknown_garage_that_is_a_must_is_a_question() -> None:
    found = member(seeker(*SIX, evolve(GARAGE, strength=HARD)), HOME)
    assert (found.decision, found.included, found.score) == (Decision.ASK, False, 95.0)


def test_missed_hard_beds_exclude() -> None:
    wishes = [evolve(wish, strength=HARD) if wish.field == "beds" else wish for wish in SIX]
    ranking = match(seeker(*wishes, GARAGE), evolve(HOME, numbers={**HOME.numbers, "beds": 2}))
    assert (ranking.members, ranking.excluded) == ((), {"beds": 1})


def test_a_client_without_facts_is_never_matched() -> None:
    ranking = match(seeker(), HOME)
    assert (ranking.members, ranking.considered, ranking.not_offered) == ((), 1, {"nothing_known": 1})


@pytest.mark.parametrize(
    ("beds", "expected"), [(2, Outcome.MISSED), (3, Outcome.MET), (4, Outcome.MET), (None, Outcome.UNKNOWN)]
)
def test_three_plus_bedrooms(beds: int | None, expected: Outcome) -> None:
    assert outcome(seeker(number("beds", HARD, low=3)), offer({} if beds is None else {"beds": beds})) is expected


def test_a_city_is_compared_whole() -> None:
    wish = TermsWish(field="area", strength=HARD, any_of=frozenset({"place:provo"}))
    assert outcome(seeker(wish), offer(terms={"area": frozenset({"place:orem"})})) is Outcome.MISSED


@pytest.mark.parametrize(("dues", "expected"), [(0, Outcome.MET), (120, Outcome.MISSED), (None, Outcome.UNKNOWN)])
def test_no_hoa(dues: int | None, expected: Outcome) -> None:
    assert outcome(seeker(number("hoa", HARD, high=0)), offer({} if dues is None else {"hoa": dues})) is expected


@pytest.mark.parametrize(("latitude", "longitude", "near"), [(40.7670, -111.8955, True), (40.7690, -111.8910, False)])
def test_a_sale_is_near_within_800_metres(latitude: float, longitude: float, near: bool) -> None:
    wish = NearWish(field="near", strength=HARD, latitude=40.7608, longitude=-111.8910, radius_km=0.8)
    expected = Outcome.MET if near else Outcome.MISSED
    assert outcome(seeker(wish), offer(position=(latitude, longitude))) is expected


@pytest.mark.parametrize(("sqft", "fits"), [(1_499, False), (1_500, True), (2_500, True), (2_501, False)])
def test_a_living_area_within_a_quarter(sqft: int, fits: bool) -> None:
    wish = number("size", HARD, low=2_000 * 0.75, high=2_000 * 1.25)
    assert outcome(seeker(wish), offer({"size": sqft})) is (Outcome.MET if fits else Outcome.MISSED)


def test_half_baths_are_compared_in_halves() -> None:
    wish = seeker(number("baths", HARD, low=2.5))
    assert outcome(wish, offer({"baths": 2.5})) is Outcome.MET
    assert outcome(wish, offer({"baths": 2.25})) is Outcome.MISSED


def test_a_refused_area_the_offer_does_not_state_is_a_question() -> None:
    refusal = TermsWish(field="area", strength=SOFT, none_of=frozenset({"subdivision:ballard"}))
    wishes = seeker(number("price", high=500_000), number("beds", low=3), refusal)
    price = {"price": 480_000, "beds": 3}
    found = member(wishes, offer(price, terms={"area": frozenset({"city:seattle"})}))
    assert (found.decision, found.reasons[1].strength) == (Decision.ASK, HARD)
    ranking = match(wishes, offer(price, terms={"area": frozenset({"subdivision:ballard"})}))
    assert ranking.excluded == {"area": 1}
    assert member(wishes, offer(price, terms={"area": frozenset({"subdivision:fremont"})})).decision is Decision.OFFER


def test_a_match_of_little_coverage_is_a_question_even_with_two_known() -> None:
    """`verticals.md` 3.3 point 6: coverage below 0.4 goes to the professional."""
    wishes = seeker(*SIX, number("size", low=1_000), number("lot", low=1_000))
    found = member(wishes, offer({"beds": 3, "baths": 2}))
    assert (found.decision, found.coverage) == (Decision.ASK, 3 / 13)


def test_one_known_wish_is_no_offer() -> None:
    assert match(seeker(number("beds", low=3)), offer({"beds": 3})).not_offered == {"too_little_known": 1}


def test_an_operator_may_allow_soft_misses_that_score_enough() -> None:
    lax = evolve(SCHEMA, soft_miss_score=0.8)
    wishes = seeker(*SIX)  # weights 3, 3, 2, 2, 1
    missed_baths = evolve(HOME, numbers={**HOME.numbers, "baths": 1})
    missed_beds = evolve(HOME, numbers={**HOME.numbers, "beds": 2, "baths": 1})
    assert match(wishes, missed_baths).not_offered == {"soft_miss": 1}
    assert member(wishes, missed_baths, lax).score == pytest.approx(1_000 / 11)
    assert match(wishes, missed_beds, lax).not_offered == {"soft_miss": 1}


def test_only_those_whose_limit_a_small_drop_crosses_are_considered() -> None:
    """496,000 to 494,900: one client's maximum is 495,000."""
    clients = [
        Seeker(client_id=UUID(int=n), role=Role.BUYER, wishes=(number("price", high=high), number("beds", low=2)))
        for n, high in enumerate([495_000, 600_000, 490_000])
    ]
    nobody = Seeker(client_id=UUID(int=7), role=Role.BUYER, wishes=(number("beds", low=2),))
    drop = offer({"price": 494_900, "beds": 3}, requires=frozenset({"price"}), before={"price": 496_000})
    (ranking,) = rank(Audience.build(SCHEMA, [*clients, nobody]), [drop], top=5)
    assert [m.client_id for m in ranking.members] == [UUID(int=0)]
    assert ranking.considered == 1
