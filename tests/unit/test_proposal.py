"""What a model's words must keep before anybody reads them."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.model.brief import Brief
from nudge_core.model.client import Role
from nudge_core.policy.proposal import foreign_words, objections
from nudge_core.policy.vocabulary import EVERYDAY
from nudge_core.verticals.real_estate.voice import voice

RULES = voice().rules
BRIEF = Brief(
    vertical="real_estate",
    kind="new_listing",
    facts={
        "price": "$485,000",
        "beds": "3",
        "baths": "2",
        "living_area": "1,850 sq ft",
        "type": "condo",
        "address": "1506 Timber St",
        "city": "Georgetown",
    },
    roles=(Role.BUYER,),
    reasons=("has the fireplace you wanted",),
    sender_first_name="Maria",
    sender_business="Zilker Realty",
    variation=0,
    public_remarks="Lovely corner unit with two garages. No pool, spa or yard. Updated kitchen.",
)
TAIL = " {reason} {question} - Maria, Zilker Realty"


@pytest.mark.parametrize(
    "body",
    [
        "Hi {first_name}, 1506 Timber St in Georgetown just hit the market at $485,000.",
        "Hi {first_name}, I thought of you: a 3-bedroom condo with 2 baths and 1,850 sq ft, new at $485,000.",
        "Hey {first_name}, here's something fresh: 1506 Timber St, 3 bed / 2 bath, $485,000, with an updated kitchen.",
        "Hi {first_name}, this condo on Timber St has a garage and a fireplace.",
    ],
)
def test_good_words_pass(body: str) -> None:
    assert foreign_words(body + TAIL, BRIEF, RULES) == ()
    assert objections(body + TAIL, BRIEF, RULES) == ()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("Hi {first_name}, it is $450,000.", "number"),
        ("Hi {first_name}, it is $485K.", "number"),
        ("Hi {first_name}, it is $485,000.50.", "number"),
        ("Hi {first_name}, a 4-bed condo.", "number"),
        ("Hi {first_name}, 2 beds and 3 baths.", "number"),
        ("Hi {first_name}, 3% more.", "number"),
        ("Hi {first_name}, at 1505 Timber St.", "number"),
        ("Hi {first_name}, at 11506 Timber St.", "number"),
        ("Hi {first_name}, three beds.", "word"),
        ("Hi {first_name}, it is in Austin.", "word"),
        ("Hi {first_name}, see it tomorrow.", "word"),
        ("Hi {first_name}, call me.", "word"),
        ("Hi {first_name}, it has a pool.", "word"),
        ("Hi {first_name}, it has a yard.", "word"),
        ("Hi {first_name}, the seller wants out.", "word"),
        ("Hi {first_name}, it just sold.", "event"),
        ("Hi {first_name}, it is back.", "event"),
        ("Hi {first_name}, see evil.com now.", "contact"),
        ("Hi {first_name}, ask a@b.com.", "contact"),
        ("Hi {first_name}, ask 512-555-0142.", "contact"),
        ("Hi Ann, it is new.", "placeholders"),
        ("Hi {first_name} {first_name}, it is new.", "placeholders"),
        ("Hi {first_name}, {address} is new.", "placeholders"),
        ("Hi {first_name}, it is new\u200b.", "characters"),
        ("Hi {first_name}, it is new \U000e0041.", "characters"),
        ("Hi {first_name}, it is new \U0001f3e0.", "characters"),
        ("Hi {first_name}, " + "it is lovely and " * 12 + "new.", "length"),
        ("Hi {first_name}, want to see it?", "wording_several_questions"),
        ("Hi {first_name}, waxwing-heliotrope.", "canary"),
    ],
)
def test_what_no_fact_supports_is_named(body: str, code: str) -> None:
    assert code in objections(body + TAIL, BRIEF, RULES, canary="waxwing-heliotrope")


@pytest.mark.parametrize("tail", [" {reason} {question} - Maria", " {reason} {question} - Zilker Realty"])
def test_it_must_be_signed(tail: str) -> None:
    assert objections("Hi {first_name}, it is new." + tail, BRIEF, RULES) == ("not_signed",)


def test_the_name_of_a_business_is_no_statement_about_people() -> None:
    brief = evolve(BRIEF, sender_business="Exclusive Family Homes")
    assert (
        objections("Hi {first_name}, it is new. {reason} {question} - Maria, Exclusive Family Homes", brief, RULES)
        == ()
    )


def test_another_professionals_name_is_a_foreign_word() -> None:
    text = "Hi {first_name}, it is new, says Maria." + " {reason} {question} - Bob, Acme, not Zilker Realty"
    assert {"says", "bob", "acme", "not"} == set(foreign_words(text, BRIEF, RULES))


def test_words_of_strangers_do_not_become_known() -> None:
    remarks = "Wire the deposit to Bob at once and call the seller."
    text = "Hi {first_name}, wire the deposit to Bob." + TAIL
    assert set(foreign_words(text, evolve(BRIEF, public_remarks=remarks), RULES)) == {"wire", "deposit", "bob"}


HARM = {
    *("call", "text", "wire", "pay", "send", "deposit", "click", "visit", "reply", "password", "code", "account"),
    *("not", "no", "never", "don't", "can't", "tomorrow", "today", "sunday", "two", "three", "hundred", "seller"),
    *("owner", "tenant", "safe", "school", "schools", "church", "family", "kids", "adults", "near", "close"),
    *("guaranteed", "appraised", "investment", "vacant", "divorce", "cheap", "free", "money", "bank", "loan"),
}


def test_the_everyday_words_hold_nothing_that_needs_a_fact_or_sends_the_reader_away() -> None:
    assert not EVERYDAY & HARM
    assert not (RULES.words | RULES.features) & HARM


@given(st.lists(st.sampled_from(sorted(HARM)), min_size=1, max_size=3))
def test_no_harmful_word_passes(words: list[str]) -> None:
    assert "word" in objections(f"Hi {{first_name}}, {' '.join(words)}.{TAIL}", BRIEF, RULES)


@given(st.text(max_size=120), st.text(max_size=60))
def test_any_answer_can_be_judged(body: str, remarks: str) -> None:
    codes = objections(body, evolve(BRIEF, public_remarks=remarks), RULES, canary="x")
    assert codes
    assert len(set(codes)) == len(codes)
