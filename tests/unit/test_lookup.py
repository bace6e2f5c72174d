"""Search: BM25 and exact cosines, fused by reciprocal rank."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.matching.lookup import DEPTH, LEAST_MEANING, RANK_K, by_meaning, by_words, fused, words_of
from nudge_core.matching.semantic import cosine
from nudge_core.model.client import Client
from nudge_core.model.vector import Vector
from tests import samples
from tests.samples import uid


def person(number: int, notes: str = "", name: str = "Ben", **changes: object) -> Client:
    """A client."""
    return samples.client(uid(1), number, full_name=name, notes=notes, **changes)


def test_words_are_looked_up_once_each_and_few() -> None:
    assert words_of("Garage, GARAGE and O'Fallon_garden!") == ("garage", "and", "o'fallon", "garden")
    assert len(words_of(" ".join(f"w{n}" for n in range(99)))) == 20


def test_a_rare_word_and_a_short_note_rank_first() -> None:
    book = [
        person(1, "garage " + "other words here " * 20),
        person(2, "garage"),
        person(3, "pool and garage"),
        person(4, "nothing of it"),
    ]
    ranked = by_words(["garage", "pool"], book)
    assert [one.int for one, _ in ranked] == [3, 2, 1]
    assert all(score > 0 for _, score in ranked)
    assert by_words(["garage"], []) == []


def test_what_is_in_both_lists_beats_what_is_first_in_one() -> None:
    book = {one.id: one for one in (person(1, "garage"), person(2, "a garage"))}
    hits = fused([(uid(1), 9.0), (uid(2), 1.0)], [(uid(3), 0.9), (uid(2), 0.5)], ["garage"], book, 9)
    assert [hit.client_id.int for hit in hits] == [2, 1, 3]
    assert hits[0].score == 2 / (RANK_K + 2)
    assert (hits[0].word_rank, hits[0].meaning_rank, hits[0].similarity) == (2, 2, 0.5)
    assert hits[0].words == {"notes": ("garage",)}
    assert (hits[2].word_rank, hits[2].words) == (None, {})
    assert len(fused([(uid(1), 9.0)], [(uid(3), 0.9)], ["garage"], book, 1)) == 1


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 20))
def test_meaning_ranks_as_the_exact_cosine_does(seed: int, count: int, depth: int) -> None:
    chance = np.random.default_rng(seed)
    vectors = {uid(n): Vector(chance.normal(size=8).astype(np.float32), "m") for n in range(count)}
    sought = Vector(chance.normal(size=8).astype(np.float32), "m")
    exact = sorted(((one, cosine(v, sought)) for one, v in vectors.items()), key=lambda entry: (-entry[1], entry[0]))
    assert by_meaning(sought, vectors, depth) == [one for one in exact if one[1] >= LEAST_MEANING][:depth]


def test_a_vector_of_another_length_is_as_good_as_absent() -> None:
    sought = Vector(np.array([1.0, 0.0], np.float32), "m")
    assert by_meaning(sought, {uid(1): Vector(np.array([1.0], np.float32), "m")}) == []
    assert DEPTH >= 200
