"""The fair-housing detector: both lists of the references, typed in every way, and what must never be flagged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.policy.fair_housing import fair_housing
from nudge_core.policy.findings import Severity

BLOCKED = [
    "no kids", "no children", "no section 8", "adult only", "adults only",
    "christian home", "jewish family", "muslim neighborhood", "white neighbourhood", "black area",
    "hispanic community", "asian community", "no wheelchairs", "no wheelchair", "able-bodied", "singles only",
    "no immigrants", "no foreigners", "no small children", "no pets or kids", "children not allowed", "child-free",
    "do not accept section 8", "English speakers only", "women only", "Christians preferred", "Chinese family",
    "mature adults",
]  # fmt: skip
REVIEWED = [
    "family-friendly", "perfect for families", "perfect for couples", "perfect for young professionals",
    "perfect for retirees", "perfect for empty nesters", "great for young couples", "ideal home for a growing family",
    "bachelor pad", "empty nesters", "safe neighborhood", "safe, quiet neighbourhood", "safe area", "good schools",
    "great schools", "good school district", "demographics", "exclusive", "integrated", "private community",
    "walking distance to the church", "walking distance to temple", "walking distance to a synagogue",
    "walking distance to our mosque", "close to the church", "close to the synagogue", "near the mosque",
    "near St. Mary's Catholic church", "mature", "traditional", "traditional area", "walking distance",
    "Spanish-speaking neighborhood", "diverse community", "people like you", "55+ community", "low crime",
    "room for the kids",
]  # fmt: skip
FINE = [
    "master bedroom", "walk-in closet", "walking distance to the bus stop", "family room", "no smoking",
    "wheelchair ramp", "Happy Easter", "quiet street",
]  # fmt: skip
PROPERTY = [
    "mature trees", "integrated appliances", "traditional style", "white family room", "black area rug",
    "white home office", "near Church St", "Chapel Hill", "a couple of cars", "perfect for a couple of bikes",
    "Spanish style villa", "French doors", "exclusive listing", "community pool", "Jewish Community Center",
    "No, kids are welcome", "Is the roof old? No. Children are welcome", "a casino kids love", "single story",
    "great for the family room", "two single beds", "safe in the study", "no stairs", "an adult bike", "white kitchen",
    "school bus stop nearby", "fenced yard", "black fence", "senior partner",
]  # fmt: skip


@pytest.mark.parametrize("phrase", BLOCKED)
def test_what_states_a_preference_blocks(phrase: str) -> None:
    (finding,) = fair_housing(f"3 beds, {phrase} and a yard.")
    assert finding.severity is Severity.BLOCK
    assert finding.found == phrase
    assert finding.suggestion


@pytest.mark.parametrize("phrase", REVIEWED)
def test_what_often_steers_needs_a_person(phrase: str) -> None:
    findings = fair_housing(f"It has a yard; {phrase} and 3 beds.")
    assert {finding.severity for finding in findings} == {Severity.REVIEW}
    assert findings[0].found.startswith(phrase.split()[0])


@pytest.mark.parametrize("phrase", FINE + PROPERTY)
def test_words_about_property_are_fine(phrase: str) -> None:
    assert fair_housing(phrase) == ()
    assert fair_housing(f"It has a {phrase}, 3 beds and a yard.") == ()


NEUTRAL = st.sampled_from(["3 beds", "a new roof", "2 baths", "a yard", "1,850 sq ft", "on Elm St", "a garage"])
JOINT = st.sampled_from([", ", " and ", ". ", "\n", " - ", "; "])


@given(st.lists(st.tuples(st.sampled_from(FINE) | NEUTRAL, JOINT), max_size=12))
def test_fine_phrases_are_fine_in_any_company(parts: list[tuple[str, str]]) -> None:
    assert fair_housing("".join(phrase + joint for phrase, joint in parts)) == ()


SPANNING = ("near", "close to", "safe,", "55+")
"""Rules that span free words or signs: they need their words whole."""


@st.composite
def disguised(draw: st.DrawFn) -> str:
    """A phrase as somebody types it: capitals, blanks of every kind, hyphens, invisible marks, letters apart."""
    phrase = draw(st.sampled_from([p for p in BLOCKED + REVIEWED if not p.startswith(SPANNING)]))
    if draw(st.booleans()):
        phrase = "".join(c.upper() if draw(st.booleans()) else c for c in phrase)
    blank = draw(st.sampled_from([" ", "  ", "\n", "\u00a0", " \t ", "-", "_", "\r\n", "...", "*", " / "]))
    if draw(st.booleans()):
        return blank.join(phrase.replace("-", " ").split())
    between = draw(st.sampled_from(["\u200b", "\u00ad", " ", ".", "-"]))
    apart = [between.join(word) for word in phrase.replace("-", " ").split()]
    return draw(st.sampled_from([" ", "  ", "   "])).join(apart)


@given(
    disguised(), st.sampled_from(["", "Hi Ann, ", "3 beds\n"]), st.sampled_from(["", ".", "!", "\nBye", ", 2 baths"])
)
def test_no_disguise_by_case_blanks_or_marks_helps(phrase: str, before: str, after: str) -> None:
    findings = fair_housing(before + phrase + after)
    assert findings
    for finding in findings:
        assert (before + phrase + after)[finding.start : finding.end] == finding.found
        assert len(before) <= finding.start < finding.end <= len(before) + len(phrase)


@given(st.text())
def test_any_text_is_read_and_spans_are_its_own(text: str) -> None:
    for finding in fair_housing(text):
        assert text[finding.start : finding.end] == finding.found != ""


def test_several_findings_come_in_order_and_none_twice() -> None:
    findings = fair_housing("Exclusive home, perfect for families, no kids under 5. Adults   ONLY!")
    assert [(f.found, f.severity.value) for f in findings] == [
        ("Exclusive", "review"),
        ("perfect for families", "review"),
        ("no kids", "block"),
        ("Adults   ONLY", "block"),
    ]


def test_a_long_text_of_one_character_is_read_in_reasonable_steps() -> None:
    """No pattern may take exponential time: 20,000 words that nearly match come back."""
    assert fair_housing("perfect for a young " * 5_000) == ()
