"""Why this home for this client, in words: true, short, and never more than was compared and met."""

from __future__ import annotations

import re

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.model.briefing import AudienceMember, Outcome, Reason
from nudge_core.model.client import Role
from nudge_core.policy.placeholders import LONGEST
from nudge_core.policy.segments import segments
from nudge_core.verticals.real_estate import reasons
from nudge_core.verticals.real_estate.lint import lint
from nudge_core.verticals.real_estate.questions import QUESTIONS
from nudge_core.verticals.real_estate.reasons import GENERAL, common_reasons, reason_sentence
from tests.unit.homes import member_of, reason


@pytest.mark.parametrize(
    ("role", "met", "sentence"),
    [
        (Role.BUYER, ["price", "feature:garage"], "It fits your budget and has the garage you wanted."),
        (Role.BUYER, ["feature:pool", "feature:garage"], "It has the garage and pool you wanted."),
        (Role.BUYER, ["baths", "beds"], "It has the bedrooms and bathrooms you wanted."),
        (Role.BUYER, ["type", "area"], "It's in an area you asked about and the kind of home you wanted."),
        (Role.BUYER, ["beds"], "It has the bedrooms you wanted."),
        (Role.BUYER, ["type", "price"], "It fits your budget and is the kind of home you wanted."),
        (Role.BUYER, ["area"], "It's in an area you asked about."),
        (Role.INVESTOR, ["price", "area"], "It fits your budget and is in an area you asked about."),
        (Role.SELLER_PROSPECT, ["near", "size"], "It's close to your home and about the size of yours."),
        (Role.PAST_CLIENT, ["type"], "It's the same kind of home as yours."),
        (Role.PAST_CLIENT, ["feature:garage"], ""),
        (Role.BUYER, ["feature:waterfront", "price"], "It fits your budget and is on the water as you wanted."),
        (Role.BUYER, ["hoa"], "It keeps HOA dues within your limit."),
        (Role.BUYER, ["feature:wheelchair ramp"], GENERAL),
        (Role.BUYER, ["something new"], GENERAL),
        (Role.BUYER, [], ""),
    ],
)
def test_sentences(role: Role, met: list[str], sentence: str) -> None:
    assert reason_sentence(member_of(role, met)) == sentence


@pytest.mark.parametrize("feature", sorted(reasons._FEATURES))
def test_every_feature_with_words_makes_a_short_sentence(feature: str) -> None:
    sentence = reason_sentence(member_of(met=[f"feature:{feature}"]))
    assert sentence not in {"", GENERAL}
    assert segments(sentence).units <= LONGEST["reason"]
    assert lint(sentence) == ()


def test_no_dues_are_called_none() -> None:
    member = evolve(member_of(), reasons=(evolve(reason("hoa"), actual="$0 a month"),))
    assert reason_sentence(member) == "It has no HOA dues."


def test_an_equal_wording_is_chosen_where_there_is_room() -> None:
    assert reason_sentence(member_of(met=["price"]), 1) == "I thought of you because it fits your budget."
    assert reason_sentence(member_of(met=["area"]), 1) == "I thought of you because it's in an area you asked about."


@pytest.mark.parametrize("wanted", ["no pool", "not city:ballard", "without pool"])
def test_a_refusal_that_was_kept_is_not_turned_into_a_wish(wanted: str) -> None:
    for constraint in ("feature:pool", "area", "type"):
        member = evolve(member_of(), reasons=(reason("price"), reason(constraint, wanted=wanted)))
        assert reason_sentence(member) == "It fits your budget."


CONSTRAINTS = ["price", "area", "near", "type", "size", "beds", "baths", "lot", "hoa", "feature:garage", "feature:pool"]
SAID_OF = {
    "price": "budget",
    "area": "area you asked",
    "near": "close to",
    "type": "kind of home",
    "size": "space|size of yours",
    "beds": "bedrooms",
    "baths": "bathrooms",
    "lot": "lot size",
    "hoa": "HOA",
    "feature:garage": "garage",
    "feature:pool": "pool",
}
REASONS = st.lists(
    st.builds(
        reason,
        st.sampled_from([*CONSTRAINTS, "feature:hardwood floors", "feature:updated kitchen", "timing"]),
        st.sampled_from(list(Outcome)),
        st.sampled_from(["$400,000", "no pool", "not area:x", "city:austin", "3+"]),
    ),
    unique_by=lambda r: r.constraint,
).map(tuple)
MEMBERS = st.builds(
    lambda role, reasons: evolve(member_of(role), reasons=reasons), st.sampled_from(list(Role)), REASONS
)


@given(MEMBERS, st.integers(0, 2**31 - 1))
def test_a_sentence_says_only_what_was_met(member: AudienceMember, variation: int) -> None:
    sentence = reason_sentence(member, variation)
    met = {r.constraint for r in member.reasons if r.outcome is Outcome.MET and not r.wanted.startswith(("no", "not"))}
    for constraint, words in SAID_OF.items():
        if re.search(words, sentence):
            assert constraint in met
    assert segments(sentence).units <= LONGEST["reason"]
    assert not re.search(r"\d|\$|[{}]|  |!|\?", sentence)
    assert sentence == "" or sentence.endswith(".")
    assert lint(sentence) == ()


@given(st.lists(MEMBERS, max_size=4))
def test_common_reasons_hold_nobodys_own_values(members: list[AudienceMember]) -> None:
    spoken: set[str] = {words for member in members for r in member.reasons for words in (r.wanted, r.text)}
    for words in common_reasons(members):
        assert words not in spoken
        assert not re.search(r"\d|\$", words)


def test_the_most_frequent_reason_comes_first() -> None:
    members = [member_of(met=["price"]), member_of(met=["beds", "price"]), member_of(met=["area"])]
    assert common_reasons(members)[0] == "fits your budget"


def test_every_question_is_one_short_soft_question() -> None:
    for by_role in QUESTIONS.values():
        assert set(by_role) == set(Role)
        for equal in by_role.values():
            assert len(equal) >= 2
            for question in equal:
                assert segments(question).units <= LONGEST["question"]
                assert re.fullmatch(r"[A-Z][a-zI' ]+\?", question)
                assert lint(question) == ()


def test_a_reason_that_is_stored_twice_is_said_once() -> None:
    stored: Reason = reason("price")
    assert reason_sentence(evolve(member_of(), reasons=(stored, stored))) == "It fits your budget."
