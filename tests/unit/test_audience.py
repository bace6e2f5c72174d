"""The book as columns: what it refuses, what it costs, and which vectors it compares."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp

from nudge_core.errors import Invalid
from nudge_core.matching import engine, qualify, semantic
from nudge_core.matching.audience import Audience
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
)
from nudge_core.matching.engine import rank
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector
from nudge_entrypoints.bench.reference_scorer import cosine
from tests.unit.matching_books import large_book

SOFT, HARD = Strength.SOFT, Strength.HARD
SCHEMA = MatchSchema(
    fields=(NumberField(name="price", weight=3), TermsField(name="area", weight=3), NearField(name="near", weight=3))
)
CHEAP = NumberWish(field="price", strength=SOFT, maximum=500_000)
AUSTIN = TermsWish(field="area", strength=SOFT, any_of=frozenset({"place:austin"}))


def seeker(number: int = 1, role: Role = Role.BUYER, **more: object) -> Seeker:
    return Seeker(client_id=UUID(int=number), role=role, **({"wishes": (CHEAP, AUSTIN)} | more))  # type: ignore[arg-type]


def vector(*values: float, model: str = "m") -> Vector:
    return Vector(np.array(values, np.float32), model)


OFFER = Subject(
    id=UUID(int=9),
    considers=frozenset(Role),
    numbers={"price": 400_000},
    terms={"area": frozenset({"place:austin"})},
)


@pytest.mark.parametrize(
    ("wishes", "rule"),
    [
        ((NumberWish(field="rooms", strength=SOFT, minimum=1),), "one of price, area, near"),
        ((TermsWish(field="price", strength=SOFT, any_of=frozenset({"a:b"})),), "a NumberWish"),
        ((NumberWish(field="price", strength=SOFT, maximum=2**31),), "a bound of at most"),
        ((TermsWish(field="area", strength=SOFT, any_of=frozenset(f"{k}:x" for k in "abcdefghi")),), "8 kinds"),
    ],
)
def test_what_cannot_become_a_column_is_refused(wishes: tuple[NumberWish, ...], rule: str) -> None:
    with pytest.raises(Invalid, match=rule):
        Audience.build(SCHEMA, [seeker(wishes=wishes)])


def test_one_client_is_there_once_in_a_role() -> None:
    with pytest.raises(Invalid, match="one seeker per client and role"):
        Audience.build(SCHEMA, [seeker(), seeker(wishes=())])
    Audience.build(SCHEMA, [seeker(), seeker(role=Role.INVESTOR)])


def test_too_much_weight_for_exact_sorting_is_refused() -> None:
    heavy = evolve(SCHEMA, fields=(NumberField(name="price", weight=1_000),), feature_weight=1_000, text_share=0.001)
    wishes = (CHEAP, FeatureWish(feature="pool", strength=SOFT))
    with pytest.raises(Invalid, match="total weight of at most 1048"):
        Audience.build(heavy, [seeker(wishes=wishes)])


def test_only_what_somebody_wishes_costs_memory() -> None:
    """One bound of one field: a strength and an int32; weight and number of wishes, a byte each; freshness."""
    plain = Audience.build(SCHEMA, [seeker(n, wishes=(CHEAP,)) for n in range(1_000)])
    assert plain.bytes_per_client == 1 + 4 + 1 + 1 + 4
    near = NearWish(field="near", strength=SOFT, latitude=1, longitude=1, radius_km=1)
    assert Audience.build(SCHEMA, [seeker(wishes=(near,))]).bytes_per_client == 4 + 1 + 24 + 16 + 8 + 8 + 6


def test_vectors_cost_four_bytes_a_value() -> None:
    book = [seeker(n, vector=vector(*range(1, 65)), avoid=(vector(*range(2, 66)),)) for n in range(10)]
    without = [evolve(one, vector=None, avoid=()) for one in book]
    cost = Audience.build(SCHEMA, book).nbytes - Audience.build(SCHEMA, without).nbytes
    assert cost == 10 * 64 * 4 + 10 * (64 * 4 + 4)  # a place is kept of what was dismissed only


def test_an_empty_book_ranks_nobody() -> None:
    (ranking,) = rank(Audience.build(SCHEMA, []), [OFFER], top=3)
    assert (ranking.members, ranking.considered, ranking.excluded, ranking.not_offered) == ((), 0, {}, {})
    assert rank(Audience.build(SCHEMA, [seeker()]), [], top=3) == ()


def test_a_list_needs_a_length() -> None:
    with pytest.raises(Invalid, match=r"rank\.top"):
        rank(Audience.build(SCHEMA, []), [OFFER], top=0)


@pytest.mark.parametrize("name", ["near", "rooms"])
def test_only_numbers_and_terms_can_be_required(name: str) -> None:
    with pytest.raises(Invalid):
        rank(Audience.build(SCHEMA, [seeker()]), [evolve(OFFER, requires=frozenset({name}))], top=1)


def test_vectors_of_another_model_are_never_compared() -> None:
    book = [
        seeker(1, vector=vector(1, 0, 0)),
        seeker(2, vector=vector(1, 0, 0)),
        seeker(3, vector=vector(1, 0, 0, model="other"), avoid=(vector(1, 0, 0, model="other"),)),
    ]
    audience = Audience.build(SCHEMA, book)
    assert audience.meanings is not None
    assert audience.meanings.model_id == "m"
    (same,) = rank(audience, [evolve(OFFER, vector=vector(1, 0, 0))], top=3)
    assert {m.client_id.int: m.score for m in same.members} == {1: 100.0, 2: 100.0, 3: 82.0}
    (foreign,) = rank(audience, [evolve(OFFER, vector=vector(1, 0, 0, model="other"))], top=3)
    assert [m.score for m in foreign.members] == [100.0, 100.0, 100.0]
    (longer,) = rank(audience, [evolve(OFFER, vector=vector(1, 0, 0, 0))], top=3)
    assert [m.score for m in longer.members] == [100.0, 100.0, 100.0]


def test_similarity_orders_and_never_qualifies() -> None:
    """At most a fifth of the total: the dearest text does not outweigh a fifth of the wishes."""
    missing = seeker(1, wishes=(NumberWish(field="price", strength=SOFT, maximum=1), AUSTIN), vector=vector(1, 0))
    near, far = seeker(2, vector=vector(1, 0)), seeker(3, vector=vector(0, 1))
    (ranking,) = rank(Audience.build(SCHEMA, [missing, near, far]), [evolve(OFFER, vector=vector(1, 0))], top=3)
    assert [(m.client_id.int, m.score) for m in ranking.members] == [(2, 100.0), (3, 80.0)]
    assert ranking.not_offered == {"soft_miss": 1}


def test_what_is_too_like_something_dismissed_is_not_made_again() -> None:
    book = [seeker(1, avoid=(vector(0, 1), vector(0.86, 0.51))), seeker(2, avoid=(vector(0.84, 0.5426),))]
    (ranking,) = rank(Audience.build(SCHEMA, book), [evolve(OFFER, vector=vector(1, 0))], top=3)
    assert [m.client_id.int for m in ranking.members] == [2]
    assert ranking.not_offered == {"dismissed_similar": 1}


def test_ties_are_broken_by_recency_and_then_by_id() -> None:
    book = [seeker(3, recency=1), seeker(2, recency=1), seeker(1, recency=0), seeker(4, recency=2)]
    (ranking,) = rank(Audience.build(SCHEMA, book), [OFFER], top=3)
    assert [m.client_id.int for m in ranking.members] == [4, 2, 3]
    assert ranking.not_offered == {"beyond_top": 1}


def test_of_two_who_get_all_they_wish_the_one_who_wished_more_comes_first() -> None:
    more = (CHEAP, AUSTIN, FeatureWish(feature="pool", strength=SOFT))
    book = [seeker(1, recency=9), seeker(2, wishes=more, recency=0)]
    (ranking,) = rank(Audience.build(SCHEMA, book), [evolve(OFFER, has=frozenset({"pool"}))], top=3)
    assert [(m.client_id.int, m.score, m.coverage) for m in ranking.members] == [(2, 100.0, 1.0), (1, 100.0, 1.0)]


def test_an_offer_in_one_role_comes_before_a_question_in_another() -> None:
    ask = (CHEAP, AUSTIN, FeatureWish(feature="pool", strength=HARD))
    part = (NumberWish(field="price", strength=SOFT, maximum=800_000), AUSTIN)
    book = [seeker(1, Role.BUYER, wishes=ask), seeker(1, Role.INVESTOR, wishes=part)]
    offer = evolve(OFFER, base_rates={"feature:pool": 1_000})
    (ranking,) = rank(Audience.build(SCHEMA, book), [offer], top=3)
    (found,) = ranking.members
    assert (found.role, found.included) == (Role.INVESTOR, True)
    assert ranking.not_offered == {"better_role": 1}


def test_rows_of_one_client_leave_room_for_other_clients() -> None:
    """The first four rows are of one client: a list of two must still hold two."""
    book = [seeker(1, role, recency=9) for role in Role] + [seeker(2, recency=1), seeker(3, recency=0)]
    (ranking,) = rank(Audience.build(SCHEMA, book), [OFFER], top=2)
    assert [m.client_id.int for m in ranking.members] == [1, 2]
    assert ranking.not_offered == {"better_role": 3, "beyond_top": 1}


FLOATS = st.floats(-1, 1, width=32, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(matrix=stnp.arrays(np.float32, (8, 16), elements=FLOATS), query=stnp.arrays(np.float32, 16, elements=FLOATS))
@settings(max_examples=100, deadline=None)
def test_similarities_are_those_of_the_exact_cosine(matrix: np.ndarray, query: np.ndarray) -> None:
    matrix[~matrix.any(axis=1), 0] = 1
    query[0] = query[0] if query.any() else 1
    texts, offer = [Vector(row, "m") for row in matrix], Vector(query, "m")
    audience = Audience.build(SCHEMA, [seeker(n, vector=text) for n, text in enumerate(texts)])
    assert audience.meanings is not None
    rows = np.arange(8, dtype=np.int32)
    expected = [cosine(text, offer) for text in texts]
    assert [semantic.cosine(text, offer) for text in texts] == expected
    (estimate,) = audience.meanings.approximate([(rows, offer)])
    assert np.abs(estimate - expected).max() <= semantic.error_bound(16)
    similar = audience.meanings.similarities(rows, estimate, offer).tolist()
    assert similar == [semantic.similarity(text, offer) for text in texts]


def test_a_product_and_gathered_rows_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dense and sparse paths, and both ways round of a product, over several tiles."""
    monkeypatch.setattr(semantic, "TILE", 64)
    monkeypatch.setattr(semantic, "GATHER", 32)
    book, offers = large_book(7, clients=200, offers=12)
    meanings = Audience.build(SCHEMA, [evolve(s, wishes=(CHEAP,)) for s in book]).meanings
    assert meanings is not None
    assert meanings.row_of is not None
    rows = np.arange(len(meanings.row_of), dtype=np.int32)
    chosen = [(rows[n % 3 :: 1 + n % 3], offer.vector) for n, offer in enumerate(offers) if offer.vector]
    results = []
    for dense, alone, wide in ((2.0, 0.0, 160), (-1.0, -99.0, 160), (-1.0, -99.0, 0), (-1.0, 99.0, 0)):
        monkeypatch.setattr(semantic, "DENSE_SHARE", dense)
        monkeypatch.setattr(semantic, "DENSE_SHARE_ALONE", alone)
        monkeypatch.setattr(semantic, "WIDE", wide)
        results.append(np.concatenate(meanings.approximate(chosen)))
    bound = 2 * semantic.error_bound(24)
    assert all(np.abs(results[0] - other).max() <= bound for other in results[1:])
    assert (results[0] == np.float32(semantic.NEUTRAL / 1_000)).any()


def test_offers_are_ranked_alike_alone_and_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    book, offers = large_book(11, clients=120, offers=9)
    schema = MatchSchema(fields=(*SCHEMA.fields, NumberField(name="beds", weight=2)))
    audience = Audience.build(schema, book)
    together = rank(audience, offers, top=4)
    monkeypatch.setattr(engine, "BLOCK", 2)
    monkeypatch.setattr(qualify, "CHUNK", 16)
    monkeypatch.setattr(qualify, "KEPT", 0)
    monkeypatch.setattr(engine, "SAMPLE", 20)
    assert rank(audience, offers, top=4) == together
    assert tuple(rank(audience, [offer], top=4)[0] for offer in offers) == together
