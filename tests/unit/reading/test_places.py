"""Known places in texts: names, aliases, slips of the pen, refusals."""

from __future__ import annotations

import pytest

from nudge_core.reading.places import folded_place, gazetteer, read_places
from nudge_core.reading.statements import Stance

PLACES = gazetteer(
    "area",
    ["San Jose", "San Francisco", "South San Francisco", "Redwood City", "Napa, CA", "Ballard", "St. Paul", "Concord",
     "Sunnyvale", "Los Angeles", "Dublin", "Fort Worth"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in San Jose", ["san jose"]),
        ("sanjose", ["san jose"]),
        ("San Jose City", ["san jose"]),
        ("in SF", ["san francisco"]),
        ("San Fran please", ["san francisco"]),
        ("san francsico", ["san francisco"]),
        ("South San Francisco", ["south san francisco"]),
        ("S. San Francisco", ["south san francisco"]),
        ("Redwood City", ["redwood"]),
        ("saint paul", ["st. paul"]),
        ("ft. worth", ["fort worth"]),
        ("Sunyvale or Concord", ["sunnyvale", "concord"]),
        ("LA", ["los angeles"]),
        ("la la land", []),
        ("San Jose's a good area", ["san jose"]),
        ("I live in Dublin", ["dublin"]),
        ("pick it up from Concord", ["concord"]),
        ("moving from Dublin to Concord", ["concord"]),
        ("from Dublin to Concord", ["concord"]),
        ("instead of Concord, Sunnyvale", ["sunnyvale"]),
        ("How about Concord?", ["concord"]),
        ("Is Concord possible?", ["concord"]),
        ("Nape", []),
        ("Provo", []),
    ],
)
def test_places_wanted(text: str, expected: list[str]) -> None:
    assert [one.value for one in read_places(text, PLACES) if one.stance is Stance.WANTED] == expected


@pytest.mark.parametrize(
    "text", ["not Ballard", "not in Ballard", "anywhere but Ballard", "we hate Ballard", "no Ballard"]
)
def test_places_refused(text: str) -> None:
    assert [(one.value, one.stance) for one in read_places(text, PLACES)] == [("ballard", Stance.REFUSED)]


def test_a_city_is_compared_without_its_state_and_without_the_word_city() -> None:
    assert folded_place("  Napa,  CA ") == folded_place("NAPA City") == "napa"
    assert folded_place("City") == "city"


def test_of_two_names_the_longer_one_is_meant() -> None:
    (one,) = read_places("look in South San Francisco", PLACES)
    assert (one.start, one.end) == (8, 27)
