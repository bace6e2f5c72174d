"""What must never happen, whatever the text: an error, a span that is not in it, a denied thing read as wanted."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.reading.attributes import described
from nudge_core.reading.cadence import read_cadence
from nudge_core.reading.conversation import read, read_in_order, vocabulary
from nudge_core.reading.day_forms import read_days
from nudge_core.reading.holidays_named import read_holidays
from nudge_core.reading.ledger import Text
from nudge_core.reading.life_events import read_life_events
from nudge_core.reading.personal_dates import read_personal_dates
from nudge_core.reading.proposals import ProposedFact, check
from nudge_core.reading.when import read_timing
from nudge_core.verticals.real_estate.preferences import read_preferences
from nudge_core.verticals.real_estate.said import preferences_said, words_of_homes

WORDS = vocabulary(
    described(
        {
            "area": ["Kent", "San Jose", "Tacoma"],
            "beds": [1, 2],
            "baths": [1, 2],
            "price": [500_000],
            "kind": ["rent", "sale"] * 4,
            **{name: [True, False] for name in ("garage", "pool", "elevator", "pets_allowed", "furnished")},
        }
    ),
    asked_first="beds",
)
HOMES = words_of_homes(["Kent", "San Jose", "Tacoma"])
DAY = date(2026, 5, 14)
FEATURES = ("garage", "pool", "elevator", "furnished")

_SAID = """
no not don't need a an the garage pool elevator pets furnished 3 three + bedrooms baths bed in San Jose
Kent SF or and , . ? ! but  instead of actually $500k under 2,000/mo between 400 450k by June before next
spring birthday March 5 2/29 29.2. every months  without is it does have I want we no longer forget about
rent buy 4 make same number unfurnished condo house 1 1/2 ½ ’ - : ( )  anniversary tomorrow in the 31
2026-02-30 turned 40 on Feb. 29
"""
_PIECES = st.sampled_from(_SAID.split())
_SENTENCES = st.lists(_PIECES, max_size=30).map(" ".join)
TEXTS = st.one_of(st.text(max_size=200), _SENTENCES)


@given(text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_every_statement_stands_in_its_text(text: str) -> None:
    for one in (*read(text, WORDS), *read(text, HOMES), *read_timing(text, DAY)):
        assert 0 <= one.start < one.end <= len(text)
        assert text[one.start : one.end].strip()


@given(text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_dates_and_events_stand_in_their_text(text: str) -> None:
    places = [(one.start, one.end) for one in read_days(text, said_on=DAY)]
    places += [(one.start, one.end) for one in read_personal_dates(text, said_on=DAY)]
    places += [(one.start, one.end) for one in read_holidays(text)]
    places += [(one.start, one.end) for one in read_life_events(text)]
    cadence = read_cadence(text)
    places += [] if cadence is None else [(cadence.start, cadence.end)]
    assert all(0 <= start < end <= len(text) for start, end in places)


@given(texts=st.lists(TEXTS, max_size=5))
@settings(max_examples=150, deadline=None)
def test_reading_is_deterministic_and_its_facts_hang_together(texts: list[str]) -> None:
    said = [Text(text=text) for text in texts]
    ledger = read_in_order(said, WORDS)
    assert ledger == read_in_order(said, WORDS)
    for place, fact in enumerate(ledger.facts):
        assert texts[fact.text][fact.start : fact.end].strip()
        if fact.superseded_by is not None:
            later = ledger.facts[fact.superseded_by]
            assert (later.attribute, later.supersedes) == (fact.attribute, place)
            assert later.text >= fact.text
    latest = {fact.attribute: fact for fact in ledger.facts}
    assert ledger.preferences == {name: fact.value for name, fact in latest.items() if fact.value is not None}


@given(texts=st.lists(TEXTS, max_size=5))
@settings(max_examples=150, deadline=None)
def test_what_is_read_of_homes_is_always_preferences_that_matching_reads(texts: list[str]) -> None:
    preferences = preferences_said(read_in_order([Text(text=text) for text in texts], HOMES))
    read_preferences(preferences)


@given(
    denial=st.sampled_from(
        ["no {0}", "not {0}", "without a {0}", "I don't want a {0}", "we do not want any {0}", "anything but a {0}",
         "I don't need a {0}", "no need for a {0}", "never mind the {0}", "it must not have a {0}", "we hate the {0}",
         "a {0} isn't necessary", "avoid a {0}", "we can do without a {0}", "nothing with a {0}", "{0}? no thanks"]
    ),
    feature=st.sampled_from(FEATURES),
    ahead=st.sampled_from(["", "3 bedrooms in Kent, ", "We like Kent. ", "Hello! ", "two baths; "]),
    behind=st.sampled_from(["", ".", " please", ", thanks", ". We like Kent."]),
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_what_is_denied_is_never_read_as_wanted(denial: str, feature: str, ahead: str, behind: str) -> None:
    text = ahead + denial.format(feature) + behind
    assert read_in_order([Text(text=text)], WORDS).preferences.get(feature) is not True


@given(values=st.lists(st.integers(min_value=1, max_value=9), min_size=1, max_size=6))
@settings(deadline=None)
def test_the_latest_number_wins_and_leaves_the_place(values: list[int]) -> None:
    texts = [Text(text="in Kent"), *(Text(text=f"{value} bedrooms") for value in values)]
    ledger = read_in_order(texts, WORDS)
    assert ledger.preferences == {"area": {"any": ("kent",)}, "beds": {"exactly": values[-1]}}


@given(
    text=TEXTS,
    quote=st.text(st.characters(exclude_characters="\x00"), max_size=30),
    start=st.none() | st.integers(min_value=0, max_value=200),
)
@settings(deadline=None)
def test_a_proposal_that_is_not_in_the_text_never_stands(text: str, quote: str, start: int | None) -> None:
    told = check(text, [ProposedFact(attribute="garage", value=True, quote=quote, start=start)], ["garage"])
    for one in told.stand:
        assert " ".join(text[one.start : one.end].split()).casefold() == " ".join(quote.split()).casefold()


@pytest.mark.parametrize(
    "piece", [" ", "\n", "no ", "not a pool, ", "3 ", "the garage ", "in San Jose or ", "March 5 ", "is it "]
)
def test_long_runs_of_anything_are_read_to_their_end(piece: str) -> None:
    """A grammar that tries every split of a run would not come back."""
    text = piece * (5_000 // len(piece))
    read(text, WORDS)
    read_timing(text, DAY)
    read_cadence(text)
    read_life_events(text)
    read_personal_dates(text, said_on=DAY)
