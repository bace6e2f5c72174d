"""The personal part of a text: filled completely or not at all."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.policy.placeholders import LONGEST, PLACEHOLDERS, Filled, fill, parse, unknown, widest

DRAFT = "Hi {first_name}, 12 Elm St is new. {reason} {question} - Maria, Elm Realty"
ANN = {"first_name": "Ann", "reason": "It fits your budget.", "question": "Would you like to see it?"}


def test_a_draft_is_filled() -> None:
    assert fill(DRAFT, ANN) == (
        "Hi Ann, 12 Elm St is new. It fits your budget. Would you like to see it? - Maria, Elm Realty"
    )


@pytest.mark.parametrize("written", ["{first_name}", "{First_Name}", "{ first name }", "{FIRSTNAME}", "[Client Name]"])
def test_spellings_of_the_first_name(written: str) -> None:
    assert fill(f"Hi {written}, hello.", {"first_name": "Ann"}) == "Hi Ann, hello."


@pytest.mark.parametrize(
    ("draft", "nameless"),
    [
        ("Hi {first_name}, news.", "Hi there, news."),
        ("Hey {first_name}! News.", "Hey there! News."),
        ("Dear {first_name}, news.", "Hello, news."),
        ("Good morning {first_name}, news.", "Good morning, news."),
        ("{first_name}, a home is new.", "A home is new."),
        ("{first_name} - a home is new.", "A home is new."),
        ("A home is new, {first_name}.", "A home is new."),
        ("Thanks, {first_name}!", "Thanks!"),
    ],
)
def test_without_a_first_name_the_greeting_still_reads_well(draft: str, nameless: str) -> None:
    assert fill(draft, {"first_name": "  "}) == nameless


@pytest.mark.parametrize("draft", ["I found {first_name}'s home.", "This is for {first_name}.", "{first_name} asked."])
def test_a_name_needed_in_the_middle_is_not_left_out(draft: str) -> None:
    with pytest.raises(Invalid, match=r"placeholder\.first_name"):
        fill(draft, {"first_name": ""})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"reason": ""}, "Hi Ann, 12 Elm St is new. Would you like to see it? - Maria, Elm Realty"),
        ({"question": ""}, "Hi Ann, 12 Elm St is new. It fits your budget. - Maria, Elm Realty"),
        ({"reason": "", "question": ""}, "Hi Ann, 12 Elm St is new. - Maria, Elm Realty"),
    ],
)
def test_an_empty_sentence_leaves_no_gap(changes: dict[str, str], text: str) -> None:
    assert fill(DRAFT, ANN | changes) == text


def test_a_sentence_that_is_part_of_another_cannot_be_empty() -> None:
    with pytest.raises(Invalid, match=r"placeholder\.reason"):
        fill("I thought of you because {reason}", {"reason": ""})


def test_a_full_stop_is_not_written_twice() -> None:
    assert fill("New. {reason}. {question}", ANN) == "New. It fits your budget. Would you like to see it?"


@pytest.mark.parametrize(
    "draft",
    [
        "Hi {name_of_client}",
        "Hi [Your Name]",
        "Hi {{first_name}}",
        "Hi {first_name",
        "first_name}",
        "{}",
        "Hi <address>",
    ],
)
def test_what_is_not_understood_blocks(draft: str) -> None:
    assert unknown(draft)
    with pytest.raises(Invalid, match=r"draft\.placeholders.*not understood at character"):
        fill(draft, ANN)


@pytest.mark.parametrize("text", ["2 < 3 and 4 > 1", "I <3 this home", "[4] see above", "plain"])
def test_signs_that_are_no_placeholders(text: str) -> None:
    assert parse(text) == ()
    assert fill(text, {}) == text


def test_the_error_does_not_tell_the_text() -> None:
    with pytest.raises(Invalid) as caught:
        fill("Hi {Ann's divorce}", ANN)
    assert "divorce" not in str(caught.value)


def test_a_missing_value_is_named() -> None:
    with pytest.raises(Invalid, match=r"placeholder\.question"):
        fill(DRAFT, {"first_name": "Ann", "reason": "It fits."})


PIECES = st.one_of(
    st.sampled_from(
        ["{first_name}", "{reason}", "{question}", "[Client Name]", "{x}", "{", "}", "[Your Name]", "<a b>"]
    ),
    st.sampled_from(["Hi ", ", ", ". ", "news", " - ", "\n", "Dear ", "3 > 2", "[7]"]),
    st.text(max_size=8),
)
TEXTS = st.lists(PIECES, max_size=9).map("".join)
VALUES = st.fixed_dictionaries(
    {name: st.text(st.characters(exclude_characters="{}[]<>"), max_size=20) for name in PLACEHOLDERS}
)
ANY_VALUES = st.fixed_dictionaries(dict.fromkeys(PLACEHOLDERS, st.text(max_size=20)))


@given(TEXTS, VALUES)
def test_nothing_unfilled_ever_comes_out(text: str, values: dict[str, str]) -> None:
    try:
        filled = fill(text, values)
    except Invalid:
        return
    assert parse(filled) == ()
    assert "{" not in filled
    assert "}" not in filled


@given(TEXTS, ANY_VALUES)
def test_an_unknown_placeholder_never_comes_out(text: str, values: dict[str, str]) -> None:
    assume(unknown(text))
    with pytest.raises(Invalid):
        fill(text, values)


@given(st.text(min_size=1).filter(lambda value: value.split()))
def test_values_are_literal(value: str) -> None:
    """Braces in a value are braces: nothing in a value is ever filled in its turn."""
    filled = fill("Hi {first_name}, {reason}", {"first_name": "{reason}", "reason": value})
    assert filled == f"Hi {{reason}}, {' '.join(value.split())}"


@given(TEXTS, ANY_VALUES, ANY_VALUES)
def test_filling_twice_changes_nothing(text: str, first: dict[str, str], second: dict[str, str]) -> None:
    try:
        filled = fill(text, first)
    except Invalid:
        return
    assert isinstance(filled, Filled)
    assert fill(filled, second) == filled


@given(TEXTS, VALUES)
def test_the_widest_form_is_the_widest(text: str, values: dict[str, str]) -> None:
    fitting = {name: value[: LONGEST[name]] for name, value in values.items()}
    try:
        filled = fill(text, {**fitting, "first_name": fitting["first_name"].strip() or "Ann"})
    except Invalid:
        return
    assert len(filled) <= len(widest(text))
