"""Habits of writing: read from edits, followed by drafts, given up when the professional writes otherwise."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.learning.edits import distance, replacements
from nudge_core.learning.parts import emoji, emoji_out, greeting, sign_off
from nudge_core.learning.phrasing import said_their_way
from nudge_core.learning.progress import Direction, trend_of
from nudge_core.learning.style import LOOKED_AT, learn, style_for
from nudge_core.model.style import NO_STYLE, ApprovedDraft, LearnedStyle, Phrase, StyleFact, StyleKind
from nudge_core.policy.findings import Severity
from nudge_core.policy.placeholders import PLACEHOLDERS, fill, parse, widest
from nudge_core.policy.segments import segments
from nudge_core.verticals.real_estate.compose import compose
from nudge_core.verticals.real_estate.lint import lint
from tests.samples import NOON, uid
from tests.unit.test_real_estate_compose import brief_of

DRAFT = compose(brief_of())
THEIRS = (
    "Hey {first_name}! A condo in Georgetown just hit the market. {reason} {question}\nCheers, Maria (Zilker Realty)"
)
NAMES = ("Maria", "Zilker Realty")
_NUMBERS = count()


def approved(sent: str, drafted: str = DRAFT, *, days: int = 0, kind: str = "new_listing") -> ApprovedDraft:
    number = next(_NUMBERS)
    return ApprovedDraft(
        briefing_id=uid(number), kind=kind, drafted=drafted, approved=sent, at=NOON + timedelta(days=days)
    )


def the(facts: tuple[StyleFact, ...], kind: StyleKind) -> list[str]:
    return [fact.value for fact in facts if fact.kind is kind]


def test_nothing_is_learned_from_texts_sent_as_drafted() -> None:
    assert learn([approved(DRAFT) for _ in range(10)], (), NAMES) == ()


def test_one_edit_is_a_whim_and_two_are_a_habit() -> None:
    assert the(learn([approved(THEIRS)], (), NAMES), StyleKind.GREETING) == []
    facts = learn([approved(THEIRS), approved(THEIRS, days=1)], (), NAMES)
    assert the(facts, StyleKind.GREETING) == ["Hey {first_name}! "]
    assert the(facts, StyleKind.SIGN_OFF) == ["\nCheers, Maria (Zilker Realty)"]
    assert the(facts, StyleKind.LENGTH) == ["74"] or int(the(facts, StyleKind.LENGTH)[0]) < len(DRAFT)


def test_a_habit_is_kept_up_by_texts_approved_with_it_and_names_where_it_was_seen() -> None:
    seen = [approved(THEIRS), approved(THEIRS, days=1), approved(THEIRS, THEIRS, days=2)]
    (fact,) = [one for one in learn(seen, (), NAMES) if one.kind is StyleKind.GREETING]
    assert (fact.edits, fact.kept, fact.last_at) == (2, 1, NOON + timedelta(days=2))
    assert fact.briefing_ids == tuple(one.briefing_id for one in reversed(seen))


def test_a_new_habit_takes_the_place_of_an_old_one() -> None:
    old = [approved(THEIRS, days=n) for n in range(4)]
    hello = THEIRS.replace("Hey {first_name}!", "Hello {first_name},")
    new = [approved(hello, THEIRS, days=10 + n) for n in range(5)]
    assert the(learn(old + new, (), NAMES), StyleKind.GREETING) == ["Hello {first_name}, "]


def test_only_the_latest_texts_count() -> None:
    old = [approved(THEIRS, days=n) for n in range(3)]
    new = [approved(DRAFT, days=10 + n) for n in range(LOOKED_AT)]
    assert learn(old + new, (), NAMES) == ()


def test_a_sign_off_that_does_not_say_who_writes_is_no_habit() -> None:
    anonymous = "Hi {first_name}, look. {reason} {question} Bye!"
    assert the(learn([approved(anonymous)] * 3, (), NAMES), StyleKind.SIGN_OFF) == []
    assert the(learn([approved(anonymous)] * 3, (), ()), StyleKind.SIGN_OFF) == ["Bye!"]


def test_what_was_taken_away_is_shown_and_not_followed() -> None:
    seen = [approved(THEIRS), approved(THEIRS, days=1)]
    removed = {fact.id for fact in learn(seen, (), NAMES)}
    facts = learn(seen, removed, NAMES)
    assert facts
    assert all(fact.removed for fact in facts)
    assert style_for(facts, "new_listing") == NO_STYLE


def test_the_length_is_one_habit_whatever_its_figure() -> None:
    short = "Hi {first_name}, a condo is new. {reason} {question} - Maria, Zilker Realty"
    shorter = short.replace(" is new", "")
    (one,) = [f.id for f in learn([approved(short)] * 2, (), NAMES) if f.kind is StyleKind.LENGTH]
    (other,) = [f.id for f in learn([approved(shorter)] * 2, (), NAMES) if f.kind is StyleKind.LENGTH]
    assert one == other


def test_a_phrase_is_learned_for_its_own_kind_of_event_alone() -> None:
    drafted = "Hi {first_name}, a condo was just listed. {reason} {question} - Maria, Zilker Realty"
    said = drafted.replace("was just listed", "just hit the market")
    facts = learn([approved(said, drafted), approved(said, drafted, days=1)], (), NAMES)
    assert style_for(facts, "new_listing").phrases != ()
    assert style_for(facts, "price_drop").phrases == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a condo", "2 condos"),
        ("was just listed", "was just listed at $5"),
        ("a condo", "a place with a view of it all, truly"),
    ],
)
def test_numbers_and_long_rewritings_are_no_phrase(old: str, new: str) -> None:
    drafted = "Hi {first_name}, a condo was just listed. {reason} {question} - Maria, Zilker Realty"
    twice = [approved(drafted.replace(old, new), drafted, days=n) for n in range(2)]
    assert the(learn(twice, (), NAMES), StyleKind.PHRASE) == []


def test_a_phrase_that_is_left_as_often_as_it_is_replaced_is_no_habit() -> None:
    drafted = "Hi {first_name}, a condo was just listed. {reason} {question} - Maria, Zilker Realty"
    said = drafted.replace("listed", "posted")
    votes = [approved(said, drafted), approved(said, drafted), approved(drafted), approved(drafted, drafted)]
    assert the(learn(votes[:2], (), NAMES), StyleKind.PHRASE) == ["posted"]
    kept = [approved(drafted, drafted), approved(drafted, drafted)]
    assert the(learn(votes[:2] + kept, (), NAMES), StyleKind.PHRASE) == []


def test_drafts_follow_the_habits() -> None:
    facts = learn([approved(THEIRS), approved(THEIRS, days=1)], (), NAMES)
    text = compose(brief_of(learned=style_for(facts, "new_listing")))
    assert text.startswith("Hey {first_name}! ")
    assert text[len("Hey {first_name}! ")].isupper()
    assert text.endswith("{question}\nCheers, Maria (Zilker Realty)")
    assert len(text) < len(DRAFT)


def test_a_sign_off_of_an_earlier_business_is_not_used() -> None:
    learned = LearnedStyle(sign_off="Maria of Old Oak Homes")
    assert "Old Oak" not in compose(brief_of(learned=learned))


def test_phrases_leave_facts_and_placeholders_alone() -> None:
    phrases = (Phrase(instead_of="just listed", write="now on"), Phrase(instead_of="place", write="spot"))
    assert said_their_way("<place> was just  listed at <price>.", phrases) == "<place> was now on at <price>."
    assert said_their_way("a nice place, {place}", phrases) == "a nice spot, {place}"
    assert said_their_way("<place> was just listed.", (Phrase(instead_of="was just", write=""),)) == "<place> listed."


def test_the_parts_of_a_text() -> None:
    assert greeting("Good morning {first_name} - a home") == "Good morning {first_name} - "
    assert greeting("{first_name}, a home") == "{first_name}, "
    assert greeting("A home for {reason}") is None
    assert sign_off("Hi. {reason} {question} - Ann 🙂") == "- Ann"
    assert sign_off("Hi {first_name}, call me at 5") is None
    assert emoji("so 👩🏽‍💻 nice") == "👩🏽‍💻"
    assert emoji_out("so 👩🏽‍💻 nice 🙂") == "so nice"


def test_an_emoji_is_followed_where_it_can_be_paid_for() -> None:
    happy = DRAFT + " 🙂"
    facts = learn([approved(happy), approved(happy, days=1)], (), NAMES)
    assert the(facts, StyleKind.EMOJI) == ["🙂"]
    text = compose(brief_of(learned=style_for(facts, "new_listing")))
    assert segments(widest(text)).parts <= 4
    assert (
        the(learn([approved(happy), approved(happy), *[approved(DRAFT, happy)] * 3], (), NAMES), StyleKind.EMOJI) == []
    )


def test_the_distance_is_that_of_words() -> None:
    assert distance("Hi Ben, a home.", "Hi  Ben, a home.") == 0
    assert distance("", "") == 0
    assert distance("", "Hello") == 1
    assert distance("one two three four", "one two three five") == 0.25


def test_the_trend_is_told_only_of_enough_drafts_and_only_when_it_is_clear() -> None:
    noisy = [0.5 + 0.1 * (n % 3) for n in range(30)]
    assert trend_of(noisy + [value - 0.3 for value in noisy[:29]]).direction is Direction.TOO_FEW
    assert trend_of(noisy + [value - 0.3 for value in noisy]).direction is Direction.FALLING
    assert trend_of(noisy + [value + 0.3 for value in noisy]).direction is Direction.RISING
    assert trend_of(noisy + noisy).direction is Direction.UNCLEAR


WORDS = st.lists(st.sampled_from(["a", "home", "nice", "was", ",", "listed", "{reason}", "now"]), max_size=12).map(
    " ".join
)


@given(WORDS, WORDS, WORDS)
def test_the_distance_is_a_metric_between_0_and_1_and_replacements_lead_from_one_to_the_other(
    one: str, two: str, three: str
) -> None:
    assert 0 <= distance(one, two) <= 1
    assert distance(one, two) == distance(two, one)
    assert (distance(one, two) == 0) == (one.split() == two.split())
    changed = replacements(one, two)
    gone = [token for change in changed for token in change.before]
    come = [token for change in changed for token in change.after]
    left = one.split()
    for token in gone:
        left.remove(token)
    assert sorted(left + come) == sorted(two.split())


GREETINGS = st.sampled_from(
    ["Hey {first_name}! ", "{first_name} - ", "¡Hola {first_name}! ", "Dear {first_name}:\n", "Yo {first_name} "]
)
HABITS = st.builds(
    LearnedStyle,
    greeting=st.none() | GREETINGS,
    sign_off=st.none() | st.sampled_from(["xo Maria @ Zilker Realty", "\n- Maria | Zilker Realty", "Someone"]),
    longest=st.none() | st.integers(0, 300),
    emoji=st.none() | st.sampled_from(["🙂", "🏡"]),
    phrases=st.lists(
        st.builds(
            Phrase,
            instead_of=st.sampled_from(["just", "on the market", "a", "is"]),
            write=st.sampled_from(["", "now", "really just"]),
        ),
        max_size=3,
    ).map(tuple),
)


@given(
    HABITS,
    st.sampled_from(["new_listing", "price_drop", "sold_listing", "back_on_market", "coming_soon"]),
    st.integers(0, 99),
)
def test_whatever_the_habits_a_draft_keeps_its_placeholders_its_signature_and_its_cost(
    learned: LearnedStyle, kind: str, variation: int
) -> None:
    text = compose(brief_of(kind, learned=learned, variation=variation))
    assert sorted(place.name or "" for place in parse(text)) == sorted(PLACEHOLDERS)
    assert all(name in text for name in NAMES)
    assert segments(widest(text)).parts <= (4 if learned.emoji else 2)
    assert not [f for f in lint(text) if f.severity is Severity.BLOCK]
    filled = fill(text, {"first_name": "Ben", "reason": "It has a garage.", "question": "Shall I ask?"})
    assert "  " not in filled


@given(
    st.lists(st.tuples(st.sampled_from([DRAFT, THEIRS, DRAFT + " 🙂"]), st.sampled_from([DRAFT, THEIRS])), max_size=8)
)
def test_learning_does_not_depend_on_the_order_in_which_texts_are_read(pairs: list[tuple[str, str]]) -> None:
    seen = [evolve(approved(sent, drafted, days=n), briefing_id=uid(n)) for n, (sent, drafted) in enumerate(pairs)]
    assert learn(seen, (), NAMES) == learn(seen[::-1], (), NAMES)
