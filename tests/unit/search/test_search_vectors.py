"""Search is exact, whatever path it takes, and never looks beyond the practice."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.model.vector import Vector
from nudge_core.search.vectors import Nearest, TenantVectors, VectorSlice

DIM = 4
MODEL = "m"

values = st.lists(st.sampled_from([0.0, 1.0, -1.0, 0.5, 0.53]), min_size=DIM, max_size=DIM).filter(any)
vectors = values.map(lambda found: Vector(np.array(found, np.float32), MODEL))
ids = st.integers(0, 30).map(lambda number: UUID(int=number << 64))
books = st.dictionaries(ids, vectors, max_size=25)


def brute(book: Mapping[UUID, Vector], query: Vector, k: int) -> list[tuple[UUID, float]]:
    """Every cosine by itself in float64, sorted."""
    found = [(own, float((v.values.astype(float) * query.values.astype(float)).sum())) for own, v in book.items()]
    return sorted(found, key=lambda item: (-item[1], item[0]))[:k]


def plain(found: Nearest) -> list[tuple[UUID, float]]:
    return list(zip(found.ids, found.cosines.tolist(), strict=True))


@given(book=books, query=vectors, k=st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_the_nearest_are_those_of_brute_force(book: dict[UUID, Vector], query: Vector, k: int) -> None:
    assert plain(VectorSlice.build(MODEL, book, DIM).nearest(query.values, k)) == brute(book, query, k)


@given(many=st.dictionaries(ids, books, max_size=5), query=vectors, k=st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_a_practice_sees_its_own_and_all_of_it(many: dict[UUID, dict[UUID, Vector]], query: Vector, k: int) -> None:
    shelf = TenantVectors.build(MODEL, DIM, many)
    for tenant, book in many.items():
        assert plain(shelf.of(tenant).nearest(query.values, k)) == brute(book, query, k)
    assert shelf.of(UUID(int=1)).nearest(query.values, k).ids == ()


@given(many=st.dictionaries(ids, books, min_size=1, max_size=3), put=books, gone=st.frozensets(ids), query=vectors)
@settings(max_examples=100, deadline=None)
def test_a_change_equals_a_rebuild(
    many: dict[UUID, dict[UUID, Vector]], put: dict[UUID, Vector], gone: frozenset[UUID], query: Vector
) -> None:
    tenant = min(many)
    changed = TenantVectors.build(MODEL, DIM, many).put(tenant, put, gone)
    book = {own: vector for own, vector in many[tenant].items() if own not in gone} | put
    rebuilt = TenantVectors.build(MODEL, DIM, {**many, tenant: book})
    for other in many:
        assert changed.of(other).ids == rebuilt.of(other).ids
        assert np.array_equal(changed.of(other).matrix, rebuilt.of(other).matrix)
        assert plain(changed.of(other).nearest(query.values, 3)) == plain(rebuilt.of(other).nearest(query.values, 3))


def test_a_batch_answers_as_each_alone_does_and_ranks_near_ties_exactly() -> None:
    """Rows that differ by less than float32 can tell apart after 384 products."""
    chance = np.random.default_rng(5)
    center = chance.standard_normal(384)
    book = {
        UUID(int=number): Vector((center + 1e-6 * chance.standard_normal(384)).astype(np.float32), MODEL)
        for number in range(300)
    }
    own = VectorSlice.build(MODEL, book, 384)
    queries = [Vector((center + chance.standard_normal(384)).astype(np.float32), MODEL) for _ in range(70)]
    batch = own.nearest_of_each(np.stack([query.values for query in queries]), 10)
    for query, found in zip(queries, batch, strict=True):
        assert plain(found) == plain(own.nearest(query.values, 10)) == brute(book, query, 10)


def test_what_cannot_be_compared_is_refused() -> None:
    own = VectorSlice.build(MODEL, {UUID(int=1): Vector(np.ones(DIM, np.float32), MODEL)}, DIM)
    with pytest.raises(Invalid):
        own.nearest(np.ones(DIM + 1, np.float32), 1)
    with pytest.raises(Invalid):
        own.nearest(np.ones(DIM, np.float32), 0)
    with pytest.raises(Invalid):
        own.changed({UUID(int=2): Vector(np.ones(DIM, np.float32), "other")})
