"""The benchmarks measure what they say: the plain scorer returns what the engine returns, the data is as described."""

from __future__ import annotations

import pytest
from attrs import evolve

from nudge_core.matching.audience import Audience
from nudge_core.matching.engine import rank
from nudge_core.verticals.real_estate.schema import SCHEMA
from nudge_entrypoints.bench import agreement, books, match, match_shared, predecessor, search
from nudge_entrypoints.bench.gates import Gate, lines
from nudge_entrypoints.bench.match_opponents import plain_ranking


def test_the_plain_scorer_and_the_engine_return_the_same() -> None:
    seekers, offers = books.book(600), [evolve(offer, vector=None) for offer in books.subjects(12, 4)]
    rankings = rank(Audience.build(SCHEMA, seekers), offers, top=match.TOP)
    for offer, ranking in zip(offers, rankings, strict=True):
        assert plain_ranking(seekers, offer, match.TOP) == ranking
    assert sum(len(ranking.members) for ranking in rankings) > 100


def test_the_predecessors_rule() -> None:
    """The numbers of `performance.md` section 2."""
    wishes = {"budget_max": 500, "min_bedrooms": 3, "min_bathrooms": 1, "locations": ["town"], "keywords": ["garage"]}
    client = predecessor.OldClient(wishes, [1.0, 0.0], [], 0)
    event = predecessor.OldEvent(500, 3, 1.0, "Town 7", "has a Garage", [0.6, 0.8])
    assert predecessor.predecessor_score(client, event)[0] == 30 + 25 + 15 + 20 + 30
    assert predecessor.predecessor_score(client, evolve(event, price=501))[0] == 0
    dismissed = evolve(client, negatives=[[0.6, 0.8]])
    assert predecessor.predecessor_ranking([client, dismissed], event) == [
        (120.0, 0, predecessor.predecessor_score(client, event)[1])
    ]


def test_the_predecessors_loop_ranks_by_its_rule() -> None:
    clients, events = predecessor.predecessor_data(8)
    expected = [predecessor.predecessor_ranking(clients, event) for event in events]
    assert predecessor.engine_loop(clients, events) == expected


def test_a_report() -> None:
    found = match.measure_book(300, 4, 8, 1)
    assert found["clients"] == 300
    assert all(cost > 0 for cost in found["nanoseconds_per_pair"].values())
    assert 0 < found["share_that_qualifies"] < 0.5
    assert match.measure_texts(300, 4, 8, 1)["million_pairs_per_second"].keys() == {"all", "structure", "one"}


def test_the_engine_and_the_reference_agree_on_messy_books() -> None:
    found = agreement.differences(2 * agreement.CLIENTS * agreement.OFFERS)
    assert found["differences"] == 0
    assert found["pairs"] >= 2 * agreement.CLIENTS * agreement.OFFERS
    assert found["members"] > 100


def test_a_columns_bytes_stay_below_the_gate() -> None:
    """Exact, and so may be asserted: at most 40 bytes a client beside its vectors."""
    audience = Audience.build(SCHEMA, books.book(5_000))
    audience = evolve(audience, meanings=books.texts_of(5_000, 4))
    assert audience.bytes_per_client <= 40 + 4.8 * 4


def test_search_reports_recall_and_rates() -> None:
    found = search.measure_tenants(1_000, 8, 1)
    assert (found["recall"], found["tenants"]) == (1, 10)
    assert search.measure_large(500, 8, 1)["recall"] == 1


def test_many_books_and_changes_are_measured() -> None:
    assert match_shared.measure_many_books(3, 20, 1)["books"] == 3
    assert match_shared.measure_change(100, 1)["clients"] == 100


def test_a_gate_is_met_from_its_own_side() -> None:
    fast = Gate(metric="ratio", measured=3, gate=2, goal=4, unit="x")
    small = Gate(metric="bytes", measured=3, gate=2, goal=1, at_most=True)
    none = Gate(metric="differences", measured=0, gate=0, goal=0, at_most=True)
    assert [(gate.met, gate.of_goal) for gate in (fast, small, none)] == [(True, 0.75), (False, 1 / 3), (True, 1.0)]
    assert lines([fast.as_json(), small.as_json()]).splitlines()[2].split() == ["bytes", "3", "2", "1", "0.33", "NO"]


def test_what_needs_too_much_memory_is_said_to_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "MEMORY_AT_MOST", 1)
    assert "skipped" in match.measure_texts(300, 4, 8, 1)
