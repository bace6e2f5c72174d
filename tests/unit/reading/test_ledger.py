"""Facts in order: the latest of each attribute wins, the history stays, what is withdrawn is known no more."""

from __future__ import annotations

from datetime import date

from nudge_core.reading.attributes import described
from nudge_core.reading.conversation import read, read_in_order, vocabulary
from nudge_core.reading.ledger import Ledger, Text
from nudge_core.reading.statements import Firmness

WORDS = vocabulary(
    described({"area": ["Kent", "Tacoma"], "beds": [1, 2], "garage": [True], "pool": [True], "price": [500_000]}),
    asked_first="beds",
)
SAID = ("3 bedrooms in Kent with a garage", "make it 4", "no longer need a garage", "Tacoma, no pool, under 600k")


def _ledger() -> Ledger:
    return read_in_order(
        [Text(text=text, source="message", said_on=date(2026, 5, day)) for day, text in enumerate(SAID, 1)], WORDS
    )


def test_what_counts_now() -> None:
    assert _ledger().preferences == {
        "beds": {"exactly": 4},
        "area": {"any": ("tacoma",)},
        "pool": False,
        "price": {"max": 600_000},
    }


def test_the_history_stays_and_says_what_took_whose_place() -> None:
    facts = _ledger().facts
    told = [(fact.attribute, fact.text, fact.supersedes, fact.superseded_by) for fact in facts]
    assert told == [
        ("beds", 0, None, 3),
        ("area", 0, None, 5),
        ("garage", 0, None, 4),
        ("beds", 1, 0, None),
        ("garage", 2, 2, None),
        ("area", 3, 1, None),
        ("pool", 3, None, None),
        ("price", 3, None, None),
    ]


def test_every_fact_has_its_place_its_day_and_its_source() -> None:
    places = [(fact.source, fact.said_on, SAID[fact.text][fact.start : fact.end]) for fact in _ledger().facts]
    assert places[:4] == [
        ("message", date(2026, 5, 1), "3 bedrooms"),
        ("message", date(2026, 5, 1), "Kent"),
        ("message", date(2026, 5, 1), "garage"),
        ("message", date(2026, 5, 2), "4"),
    ]


def test_saying_the_same_again_is_no_new_fact() -> None:
    again = read_in_order([Text(text="3 bedrooms"), Text(text="as I said, 3 bedrooms")], WORDS)
    assert len(again.facts) == 1


def test_a_refusal_is_firm_and_a_later_wish_ends_it() -> None:
    ledger = read_in_order([Text(text="maybe not Kent, no pool")], WORDS)
    assert {fact.firmness for fact in ledger.current.values()} == {Firmness.HARD}
    later = read_in_order([Text(text="not Kent, no pool"), Text(text="Kent after all, a pool would be nice")], WORDS)
    assert later.preferences == {"area": {"any": ("kent",)}, "pool": True}


def test_places_side_by_side_are_alternatives() -> None:
    assert read_in_order([Text(text="Kent or Tacoma")], WORDS).preferences == {"area": {"any": ("kent", "tacoma")}}


def test_a_refused_place_leaves_the_others() -> None:
    ledger = read_in_order([Text(text="Kent or Tacoma"), Text(text="not Tacoma")], WORDS)
    assert ledger.preferences == {"area": {"any": ("kent",), "none": ("tacoma",)}}


def test_what_is_withdrawn_counts_no_more_but_is_told() -> None:
    ledger = read_in_order([Text(text="a garage"), Text(text="forget the garage")], WORDS)
    assert ledger.preferences == {}
    latest = ledger.latest("garage")
    assert latest is not None
    assert (latest.value, latest.supersedes) == (None, 0)


def test_a_question_changes_nothing() -> None:
    ledger = read_in_order([Text(text="a garage in Kent"), Text(text="Does it have a pool?")], WORDS)
    assert ledger.preferences == {"garage": True, "area": {"any": ("kent",)}}


def test_statements_come_by_place() -> None:
    starts = [one.start for one in read(SAID[0], WORDS)]
    assert starts == sorted(starts)
