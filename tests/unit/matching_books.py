"""Messy books and offers for property tests: every field missing, at its boundary, contradictory, tied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import strategies as st

from nudge_core.matching.avoided import Avoidance
from nudge_core.matching.constraints import (
    FeatureWish,
    MatchSchema,
    NearField,
    NearWish,
    NumberField,
    NumberWish,
    Seeker,
    Subject,
    TermsField,
    TermsWish,
    Wish,
)
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector
from nudge_entrypoints.bench.reference_scorer import great_circle_km

FIELDS = (
    NumberField(name="price", weight=3, unit="usd", over_band=0.05, too_low=(0.4, 0.6)),
    TermsField(name="area", weight=3),
    NearField(name="near", weight=3),
    NumberField(name="beds", weight=2),
    TermsField(name="type", weight=2),
    NumberField(name="baths", weight=1, scale=2),
    NumberField(name="hoa", weight=1, unit="usd_month"),
)
PRICES = (0, 1, 199_999, 200_000, 300_000, 300_001, 475_000, 500_000, 500_000.01, 512_500, 524_999, 525_000, 900_000)
ROOMS = (0, 1, 2, 2.25, 2.5, 3, 3.5, 4, -1)
FEES = (0, 0.5, 120, 121)
AREAS = ("place:austin", "place:provo", "place:orem", "postcode:78704", "postcode:98107", "subdivision:zilker")
TYPES = ("type:house", "type:condo")
FEATURES = ("garage", "pool", "view")
HOME = (40.7608, -111.8910)
POSITIONS = (HOME, (40.7670, -111.8955), (40.7690, -111.8910), (41.0, -112.0), (-89.9, 10.0), (0.0, 180.0))
RADII = (0.0, 0.8, 5.0, great_circle_km(*HOME, *POSITIONS[1]), great_circle_km(*HOME, *POSITIONS[2]), 1_000.0)
MODELS = (("m", 3), ("m", 3), ("m", 3), ("m", 4), ("other", 3))

TOPICS = ("listings", "market")

avoidances = (
    st.builds(Avoidance, field=st.just("price"), at_least=st.sampled_from(PRICES))
    | st.builds(Avoidance, field=st.just("area"), all_of=st.frozensets(st.sampled_from(AREAS), min_size=1, max_size=2))
    | st.builds(Avoidance, topic=st.sampled_from(TOPICS))
)
strengths = st.sampled_from(Strength)
schemas = st.builds(
    MatchSchema,
    fields=st.permutations(FIELDS).map(tuple) | st.just(FIELDS),
    refusal_weight=st.integers(1, 3),
    feature_weight=st.integers(1, 2),
    text_share=st.sampled_from([0.2, 0.0, 0.125, 0.999]),
    least_known=st.integers(0, 3),
    least_coverage=st.sampled_from([0.4, 0.0, 0.5, 1.0]),
    soft_miss_score=st.sampled_from([None, 0.8, 0.0, 0.5]),
)


@st.composite
def number_wishes(draw: st.DrawFn, field: str, values: tuple[float, ...]) -> NumberWish:
    least = draw(st.none() | st.sampled_from(values))
    most = draw(st.sampled_from(values) if least is None else st.none() | st.sampled_from(values))
    if least is not None and most is not None:
        least, most = min(least, most), max(least, most)
    return NumberWish(field=field, strength=draw(strengths), minimum=least, maximum=most)


@st.composite
def terms_wishes(draw: st.DrawFn, field: str, terms: tuple[str, ...]) -> TermsWish:
    any_of = draw(st.frozensets(st.sampled_from(terms), max_size=3))
    none_of = draw(st.frozensets(st.sampled_from(terms), min_size=0 if any_of else 1, max_size=2))
    if not any_of and not none_of - any_of:
        none_of = frozenset(terms[:1])
    if not any_of and not none_of:
        none_of = frozenset(terms[:1])
    none_of -= any_of
    return TermsWish(field=field, strength=draw(strengths), any_of=any_of, none_of=none_of)


@st.composite
def near_wishes(draw: st.DrawFn) -> NearWish:
    latitude, longitude = draw(st.sampled_from(POSITIONS))
    return NearWish(
        field="near",
        strength=draw(strengths),
        latitude=latitude,
        longitude=longitude,
        radius_km=draw(st.sampled_from(RADII)),
        d0_km=draw(st.none() | st.just(10.0)),
    )


WISHES: Mapping[str, st.SearchStrategy[Wish]] = {
    "price": number_wishes("price", PRICES),
    "beds": number_wishes("beds", ROOMS),
    "baths": number_wishes("baths", ROOMS),
    "hoa": number_wishes("hoa", FEES),
    "area": terms_wishes("area", AREAS),
    "type": terms_wishes("type", TYPES),
    "near": near_wishes(),
    **{
        feature: st.builds(FeatureWish, feature=st.just(feature), strength=strengths, wanted=st.booleans())
        for feature in FEATURES
    },
}


@st.composite
def wish_lists(draw: st.DrawFn) -> tuple[Wish, ...]:
    names = draw(st.lists(st.sampled_from(sorted(WISHES)), unique=True, max_size=6))
    return tuple(draw(WISHES[name]) for name in names)


@st.composite
def vectors(draw: st.DrawFn) -> Vector:
    """Vectors with few values, so that cosines tie and fall upon rounding steps and upon the limit of 0.85."""
    model_id, dim = draw(st.sampled_from(MODELS))
    values = draw(st.lists(st.sampled_from([0.0, 1.0, -1.0, 0.5, 0.85, 0.53]), min_size=dim, max_size=dim))
    if not any(values):
        values[0] = 1.0
    return Vector(np.array(values, np.float32), model_id)


@st.composite
def books(draw: st.DrawFn, most: int = 12) -> tuple[Seeker, ...]:
    """Clients with one or more roles; many of them alike, so that scores tie."""
    pairs = st.tuples(st.integers(1, 8), st.sampled_from(Role))
    kinds = draw(st.lists(wish_lists(), min_size=1, max_size=4))
    seekers = []
    for number, role in draw(st.lists(pairs, unique=True, max_size=most)):
        wishes = draw(st.sampled_from(kinds) | wish_lists())
        seekers.append(
            Seeker(
                client_id=UUID(int=number << 96),
                role=role,
                wishes=wishes,
                vector=draw(st.none() | vectors()),
                recency=draw(st.integers(-1, 2)),
                avoid=tuple(draw(st.lists(vectors(), max_size=2))),
                avoidances=tuple(draw(st.lists(avoidances, max_size=3))),
            )
        )
    return tuple(seekers)


@st.composite
def subjects(draw: st.DrawFn, schema: MatchSchema) -> Subject:
    numbers = {"price": PRICES, "beds": ROOMS, "baths": ROOMS, "hoa": FEES}
    stated = {name: draw(st.sampled_from(values)) for name, values in numbers.items() if draw(st.booleans())}
    terms = {
        name: draw(st.frozensets(st.sampled_from(values), max_size=3))
        for name, values in {"area": AREAS, "type": TYPES}.items()
        if draw(st.booleans())
    }
    features = draw(st.lists(st.sampled_from([None, True, False]), min_size=3, max_size=3))
    names = ("price", "area", "beds", "feature:garage", "feature:pool", "near", "hoa")
    return Subject(
        id=UUID(int=draw(st.integers(0, 3))),
        considers=draw(st.frozensets(st.sampled_from(Role), min_size=1)),
        numbers=stated,
        terms=terms,
        has=frozenset(name for name, state in zip(FEATURES, features, strict=True) if state is True),
        lacks=frozenset(name for name, state in zip(FEATURES, features, strict=True) if state is False),
        position=draw(st.none() | st.sampled_from(POSITIONS)),
        vector=draw(st.none() | vectors()),
        base_rates={name: draw(st.sampled_from([0, 400, 1_000])) for name in names if draw(st.booleans())},
        default_base_rate=draw(st.sampled_from([0, 500, 1_000])),
        topic=draw(st.none() | st.sampled_from(TOPICS)),
        **draw(requirements()),
    )


@st.composite
def requirements(draw: st.DrawFn) -> dict[str, Any]:
    """None for most offers; the type alone; the price alone, with the price before a drop."""
    kind = draw(st.sampled_from(["none", "none", "none", "type", "price", "several"]))
    if kind == "none":
        return {}
    if kind == "several":
        return {"requires": draw(st.frozensets(st.sampled_from(["price", "area", "type"])))}
    return {"requires": frozenset({kind}), "before": {"price": draw(st.sampled_from(PRICES))}}


def large_book(seed: int, clients: int, offers: int, dim: int = 24) -> tuple[tuple[Seeker, ...], tuple[Subject, ...]]:
    """A book in which much is alike and some fits: clients and offers drawn from the same few values."""
    chance = np.random.default_rng(seed)
    prices, areas = [300_000, 400_000, 500_000, 650_000], [term for term in AREAS if term.startswith("place")]
    topics = chance.standard_normal((6, dim))

    def vector() -> Vector | None:
        if chance.random() < 0.3:
            return None
        return Vector(topics[chance.integers(6)] + chance.standard_normal(dim) * chance.choice([0.1, 0.5, 2.0]), "m")

    def seeker(number: int, role: Role) -> Seeker:
        strength = Strength.HARD if chance.random() < 0.5 else Strength.SOFT
        wishes: list[Wish] = []
        if chance.random() < 0.8:
            wishes.append(NumberWish(field="price", strength=strength, maximum=float(chance.choice(prices))))
        if chance.random() < 0.8:
            any_of = frozenset(chance.choice(areas, size=2).tolist())
            wishes.append(TermsWish(field="area", strength=strength, any_of=any_of))
        if chance.random() < 0.6:
            wishes.append(NumberWish(field="beds", strength=strength, minimum=int(chance.integers(1, 5))))
        if chance.random() < 0.2:
            wishes.append(NearWish(field="near", strength=strength, latitude=40.7, longitude=-111.9, radius_km=20))
        wishes += [
            FeatureWish(feature=feature, strength=strength, wanted=bool(chance.random() < 0.8))
            for feature in FEATURES
            if chance.random() < 0.2
        ]
        avoid = tuple(v for v in [vector()] if v and chance.random() < 0.3)
        recency = int(chance.integers(0, 4))
        rules: list[Avoidance] = []
        if chance.random() < 0.1:
            rules.append(Avoidance(field="price", at_least=float(chance.choice(prices))))
        if chance.random() < 0.1:
            rules.append(Avoidance(field="area", all_of=frozenset({str(chance.choice(areas))})))
        if chance.random() < 0.05:
            rules.append(Avoidance(topic="listings"))
        return Seeker(
            client_id=UUID(int=number),
            role=role,
            wishes=tuple(wishes),
            vector=vector(),
            recency=recency,
            avoid=avoid,
            avoidances=tuple(rules),
        )

    def subject(number: int) -> Subject:
        stated = {"price": float(chance.choice(prices)), "beds": float(chance.integers(1, 5))}
        known = [feature for feature in FEATURES if chance.random() < 0.5]
        has = frozenset(feature for feature in known if chance.random() < 0.7)
        return Subject(
            id=UUID(int=number),
            considers=frozenset({Role.BUYER, Role.INVESTOR, Role.PAST_CLIENT}),
            numbers={name: value for name, value in stated.items() if chance.random() < 0.9},
            terms={"area": frozenset({str(chance.choice(areas))})},
            has=has,
            lacks=frozenset(known) - has,
            position=(40.7 + chance.random() / 5, -111.9) if chance.random() < 0.5 else None,
            vector=vector(),
            topic="listings" if chance.random() < 0.3 else None,
        )

    roles = list(Role)
    book = [seeker(n, roles[(n + k) % 4]) for n in range(clients) for k in range(1 + (n % 5 == 0) + (n % 10 == 0))]
    return tuple(book), tuple(subject(n) for n in range(offers))
