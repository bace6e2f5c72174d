"""The learned layer of the opt-out reader: it only raises, its data is what the corpus makes, and it can say why.

What it reads right and wrong is measured in `test_opt_out_measured.py` and by `python -m tests.measure_opt_out`.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nudge_core.policy.opt_out import Verdict, by_rules, explain, read
from nudge_core.policy.opt_out_dress import undressed
from nudge_core.policy.opt_out_features import PLACES, features
from nudge_core.policy.opt_out_learned import shipped
from tests.measure_opt_out import Labelled, development, held_out
from tests.opt_out_training.corpus import as_words, corpus, digest, drawn
from tests.opt_out_training.train import made_from

RANK = {Verdict.KEEP: 0, Verdict.ASK: 1, Verdict.STOP: 2}
GUARDED = (
    "Cancel my appointment on Tuesday",
    "Can you stop by at 5?",
    "there is a bus stop nearby",
    "can't stop thinking about that kitchen",
    "end of March works",
    "I quit my job, so let's wait",
    "no stop signs on that street",
)
"""The vectors of `verticals.md` 1.3 that are no revocation."""
GREETINGS = (
    "please ",
    "hi ",
    "hello, ",
    "hey ",
    "sir ",
    "thanks ",
    "Hi there! ",
    "pls ",
    "kindly ",
    "Thank you. ",
    "🙏 ",
)
ENDINGS = (
    *("", "!", "!!!", ".", "...", " please", " thanks", " thank you", " pls", " 🙏", " sir", " thx", " ty", " ma'am"),
    *(" thank you so much", ", thanks a lot!", " THANK YOU", " -- thanks", "?? please", " merci", " (please)", " 👍"),
)
ORDERS = tuple(one for one in (*development(), *drawn()) if read(one.text).verdict is Verdict.STOP)
PLAIN_ORDERS = tuple(one for one in ORDERS if read(undressed(one.text)).verdict is Verdict.STOP)
"""Nearly all of them: a few read STOP by the "you" of a "thank you"."""
CASES = (str.upper, str.lower, str.title, str.swapcase, str.capitalize, str)
LARGEST_FILE = 200_000


def test_the_weights_were_made_from_the_corpus_that_is_here() -> None:
    assert made_from() == digest(corpus()), "run: python -m tests.opt_out_training.train"


def test_no_held_out_text_was_trained_on() -> None:
    trained = {one.tokens for one in corpus()}
    assert not trained & {as_words(one.text) for one in held_out()}


def test_the_corpus_is_as_large_as_it_says() -> None:
    written = [one for one in corpus() if one.weight == 1.0]
    assert len(written) >= 3000
    assert sum(one.label is Verdict.KEEP for one in written) >= 1000


def test_the_weights_are_small_and_whole() -> None:
    learned = shipped()
    assert learned.stop.weights.shape == learned.quiet.weights.shape == (PLACES,)
    assert 2 * PLACES < LARGEST_FILE


@pytest.mark.parametrize("text", GUARDED)
def test_a_guard_holds_against_the_learned_layer(text: str) -> None:
    assert read(text).verdict is Verdict.KEEP


def test_a_named_topic_stays_a_narrower_wish() -> None:
    reading = read("stop the listings but keep the reminders")
    assert (reading.verdict, reading.topic) == (Verdict.ASK, "listings")


@pytest.mark.parametrize("text", ["nix these pings", "scrub my digits from your rolodex", "expunge us from ur files"])
def test_an_order_that_no_rule_reads_is_read(text: str) -> None:
    assert by_rules(text).verdict is not Verdict.STOP
    assert (read(text).verdict, read(text).layer) == (Verdict.STOP, "learned")


def test_a_wrong_number_stays_marked_when_it_is_raised() -> None:
    reading = read("wrong number, take me off your list and never text again")
    assert reading.wrong_number
    assert reading.verdict is not Verdict.KEEP


def test_an_explanation_names_the_strongest_first() -> None:
    said = explain("nix the pings for good")
    worth = [abs(weight) for _, weight in said]
    assert worth == sorted(worth, reverse=True)
    assert any(name.startswith(("c:", "n:", "d:", "r:", "e:", "m:")) for name, _ in said)
    assert explain("") == ()


@given(st.text(max_size=300))
def test_it_only_raises(text: str) -> None:
    assert RANK[read(text).verdict] >= RANK[by_rules(text).verdict]


@given(st.sampled_from([one for one in held_out() if one.label is Verdict.KEEP]))
def test_it_never_lowers_a_reading_of_the_rules(one: Labelled) -> None:
    assert RANK[read(one.text).verdict] >= RANK[by_rules(one.text).verdict]


@settings(max_examples=300)
@given(
    st.sampled_from(PLAIN_ORDERS),
    st.sampled_from(CASES),
    st.lists(st.sampled_from(GREETINGS), max_size=3).map("".join),
    st.lists(st.sampled_from(ENDINGS), max_size=3).map("".join),
)
@example(Labelled("give up pining", Verdict.STOP, "drawn"), str.upper, "please ", " !!! thank you")
def test_a_stop_in_any_dress_is_a_stop(one: Labelled, case: type[str], before: str, after: str) -> None:
    assert read(before + case(one.text) + after).verdict is Verdict.STOP


@settings(max_examples=200)
@given(st.sampled_from(ORDERS), st.sampled_from(CASES), st.sampled_from(GREETINGS), st.sampled_from(ENDINGS))
def test_dress_never_turns_a_stop_into_keep(one: Labelled, case: type[str], before: str, after: str) -> None:
    assert read(before + case(one.text) + after).verdict is not Verdict.KEEP


def test_nearly_every_order_is_one_without_its_courtesy() -> None:
    assert len(PLAIN_ORDERS) > 0.99 * len(ORDERS)


@given(st.text(max_size=200) | st.lists(st.sampled_from((*GREETINGS, *ENDINGS, "stop", "ok")), max_size=9).map("".join))
def test_what_reads_stop_undressed_reads_stop(text: str) -> None:
    plain = undressed(text)
    assert undressed(plain) == plain
    assert RANK[read(text).verdict] >= RANK[read(plain).verdict]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("PLEASE GIVE UP PINING !!! thank you", "GIVE UP PINING !!!"),
        ("🛑 please", "🛑"),
        ("Thanks so much, hi there", ","),
        ("please tell them thank you from me", "tell them thank you from me"),
        ("stop", "stop"),
        ("", ""),
    ],
)
def test_only_courtesy_at_the_ends_is_taken_off(text: str, plain: str) -> None:
    assert undressed(text) == plain


@pytest.mark.parametrize("text", ["🛑 please", "thank you 🛑", "PLEASE GIVE UP PINING !!! thank you"])
def test_courtesy_takes_nothing_from_an_order(text: str) -> None:
    assert read(text).verdict is Verdict.STOP


@given(st.text(max_size=200))
def test_features_are_places_of_the_table(text: str) -> None:
    found = features(text.split())
    assert all(0 <= place < PLACES and value > 0 for place, value in found.items())
