"""The benchmark measures what it says: its plain scorer returns what the engine returns, its data is as described."""

from __future__ import annotations

import pytest
from attrs import evolve

from nudge_core.matching.audience import Audience
from nudge_core.matching.engine import rank
from nudge_core.verticals.real_estate.schema import SCHEMA
from nudge_entrypoints.bench import match
from nudge_entrypoints.bench import match_opponents as opponents


def test_the_plain_scorer_and_the_engine_return_the_same() -> None:
    seekers, offers = match.book(600), [evolve(offer, vector=None) for offer in match.subjects(12, 4)]
    rankings = rank(Audience.build(SCHEMA, seekers), offers, top=match.TOP)
    for offer, ranking in zip(offers, rankings, strict=True):
        assert opponents.plain_ranking(seekers, offer, match.TOP) == ranking
    assert sum(len(ranking.members) for ranking in rankings) > 100


def test_the_predecessors_rule() -> None:
    """The numbers of `performance.md` section 2."""
    wishes = {"budget_max": 500, "min_bedrooms": 3, "min_bathrooms": 1, "locations": ["town"], "keywords": ["garage"]}
    client = opponents.OldClient(wishes, [1.0, 0.0], [], 0)
    event = opponents.OldEvent(500, 3, 1.0, "Town 7", "has a Garage", [0.6, 0.8])
    assert opponents.predecessor_score(client, event)[0] == 30 + 25 + 15 + 20 + 30
    assert opponents.predecessor_score(client, evolve(event, price=501))[0] == 0
    dismissed = evolve(client, negatives=[[0.6, 0.8]])
    assert opponents.predecessor_ranking([client, dismissed], event) == [
        (120.0, 0, opponents.predecessor_score(client, event)[1])
    ]


def test_a_report() -> None:
    found = match.measure_book(300, 4, 8, 1)
    assert found["clients"] == 300
    assert all(rate > 0 for rate in found["million_pairs_per_second"].values())
    assert 0 < found["share_that_qualifies"] < 0.5
    texts = match.measure_texts(300, 4, 8, 1)
    assert texts["share_of_sgemm"].keys() == {"products", "all"}


def test_what_needs_too_much_memory_is_said_to_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "MEMORY_AT_MOST", 1)
    assert "skipped" in match.measure_texts(300, 4, 8, 1)
