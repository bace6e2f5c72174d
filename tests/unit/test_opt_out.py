"""Opt-out wording: the vectors of `verticals.md` 1.3, phrases of our own, and the shared seed list.

The phrases below were written before the rules were run on them, by the same hand: they guard against loss, they are
no measure of recall.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.policy.opt_out import Command, Verdict, by_rules, is_carrier_start, is_carrier_stop, read
from nudge_core.policy.opt_out_words import CARRIER_STOP_WORDS, LAW_WORDS
from tests.shared_data import shared

KEYWORDS = ["STOP", "Stop.", ' "stop" ', "STOP ALL", "stopall", "Unsubscribe", "opt out", "QUIT", "End", "revoke"]
BY_MEANING = [
    "please stop texting me",
    "leave me alone",
    "take me off your list",
    "do not contact me again",
    "no more texts",
    "Please take my phone number off your texting list",
    "I asked you to stop already",
    "ok enough, remove us from this list",
    "I'm done with these messages",
    "Quit it with the texts",
    "I don't wish to be contacted anymore",
    "You don't have permission to text me",
    "kindly cease all communication",
    "dont send me nothing else",
    "Please discontinue these text messages",
    "i didnt sign up for this",
    "I will block you if you text me again",
    "please stop, we signed with another agent",
    "Can you please stop contacting us",
    "let me be clear: do not text me",
    "STOOOOP",
    "unsubsribe",
    "ya no me escriban",
    "no quiero mas mensajes",
    "dejen de mandarme mensajes",
    "NO MÁS",
    "Ｓｔｏｐ",
]
UNCLEAR = [
    "not interested",
    "text me less",
    "please only email me",
    "not right now, maybe next year",
    "we already found a place",
    "he passed away",
    "cancel it",
    "don't text me at work",
    "can you stop texting so early",
    "no more townhomes",
    "we decided not to sell",
]
INNOCENT = [
    "Cancel my appointment on Tuesday",
    "Can you stop by at 5?",
    "there is a bus stop nearby",
    "can't stop thinking about that kitchen",
    "end of March works",
    "I quit my job, so let's wait",
    "no stop signs on that street",
    "Don't stop looking, we want that house",
    "Can I opt out of the HOA?",
    "No more than 500k for us",
    "send me more like this one",
    "can you send these to my wife too",
    "could you stop at the lockbox first",
    "Please remove the pool fence before closing",
    "I'll contact the lender",
    "I never got your text",
    "we can't get out of the lease until May",
    "I have no more questions",
    "",
    "👍",
]


@pytest.mark.parametrize("text", KEYWORDS)
def test_a_listed_word_alone_is_a_stop(text: str) -> None:
    assert read(text).verdict is Verdict.STOP
    assert read(text).layer == "keyword"


@pytest.mark.parametrize("word", sorted(LAW_WORDS | CARRIER_STOP_WORDS))
@pytest.mark.parametrize("form", ["{}", "{}.", "  {}!! ", "“{}”", "{} 🙏", "please {}", "{} thanks"])
def test_every_word_of_the_law_counts_in_any_dress(word: str, form: str) -> None:
    assert read(form.format(word.upper())).verdict is Verdict.STOP
    assert read(form.format(word)).verdict is Verdict.STOP


@pytest.mark.parametrize("text", BY_MEANING)
def test_any_reasonable_wording_is_a_stop(text: str) -> None:
    assert read(text).verdict is Verdict.STOP


@pytest.mark.parametrize("text", UNCLEAR)
def test_an_unclear_or_narrower_wish_asks(text: str) -> None:
    assert read(text).verdict is Verdict.ASK


@pytest.mark.parametrize("text", INNOCENT)
def test_the_same_words_in_another_sense_are_kept(text: str) -> None:
    assert read(text).verdict is Verdict.KEEP


def test_a_bare_cancel_may_have_meant_the_appointment() -> None:
    assert read("cancel").may_mean_appointment
    assert not read("stop").may_mean_appointment


def test_a_narrower_wish_names_its_topic() -> None:
    reading = read("stop the listings but keep the reminders")
    assert (reading.verdict, reading.topic) == (Verdict.ASK, "listings")


@pytest.mark.parametrize("text", ["wrong number", "Wrong number, who is this?", "he doesn't use this phone"])
def test_a_wrong_number_is_told_apart(text: str) -> None:
    assert read(text).wrong_number
    assert read(text).verdict is Verdict.ASK


@pytest.mark.parametrize(
    ("text", "command"), [("START", Command.START), ("unstop", Command.START), ("help!", Command.HELP)]
)
def test_start_and_help_are_commands(text: str, command: Command) -> None:
    assert read(text).command is command
    assert read(text).verdict is Verdict.KEEP


def test_a_yes_lifts_the_carrier_s_block_and_is_no_command_of_ours() -> None:
    assert is_carrier_start("Yes ")
    assert read("Yes").command is None


def test_a_carrier_takes_the_whole_body_only() -> None:
    assert is_carrier_stop(" Stop ")
    assert not is_carrier_stop("stop please")
    assert not is_carrier_stop("opt out")


def test_the_rules_alone_read_the_shared_seed_list() -> None:
    lines = shared("vectors/optout_phrases.jsonl").read_text(encoding="utf-8").splitlines()
    wrong = [
        (row["id"], row["label"], verdict)
        for row in map(json.loads, lines)
        if (verdict := by_rules(row["text"]).verdict) != row["label"]
    ]
    assert len(lines) == 203
    assert wrong == []


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    assert read(text).verdict in Verdict


@given(st.sampled_from(["stop", "unsubscribe", "quit"]), st.text(alphabet=" .!?,\n\"'*-", max_size=6))
def test_punctuation_around_a_keyword_never_hides_it(word: str, dress: str) -> None:
    assert read(dress + word + dress).verdict is Verdict.STOP
