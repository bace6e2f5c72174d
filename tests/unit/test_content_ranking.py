"""Content is for those whose notes mean its topics, and first for those whose words it has."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.matching.content.ranking import EVIDENCE, MEANT, Content, Note, read
from nudge_core.matching.content.topics import SILENT_CONTENTS
from nudge_core.matching.content.words import stem, weighing
from nudge_core.model.vector import Vector

SLEEP = frozenset({"sleep"})
MONEY = frozenset({"money"})
LIBRARY = tuple(
    Content(text=text, topics=topics)
    for text, topics in [
        *((f"A dark room and an early night help tired people sleep through, part {n}", SLEEP) for n in range(12)),
        *((f"A budget shows where the wages go and which debt to pay first, part {n}", MONEY) for n in range(12)),
    ]
)
NOTES = (
    Note(text="wants to redo the kitchen"),
    Note(text="tired people need an early night, a dark room and help to sleep through"),
    Note(text="worried about debt and the budget"),
    Note(text=""),
)
WORDS = "tired sleep night dark room debt budget wages pay kitchen garden dog school".split()  # noqa: SIM905 - words read better so
_texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
_topics = st.frozensets(st.sampled_from(["sleep", "money", "home"]), max_size=2)
_contents = st.lists(st.builds(lambda text, topics: Content(text=text, topics=topics), _texts, _topics), max_size=6)
_notes = st.lists(st.builds(lambda text: Note(text=text), _texts), max_size=6)


def test_the_note_that_means_the_topic_is_first_and_flagged() -> None:
    first, *others = read(LIBRARY, NOTES).rank(LIBRARY[0])
    assert (first.row, first.flagged) == (1, True)
    assert [(reason.topic, reason.chance >= MEANT) for reason in first.meant] == [("sleep", True)]
    assert first.meant[0].usual == 12 / (24 + SILENT_CONTENTS)
    assert not any(one.flagged for one in others)


def test_of_two_who_mean_the_topic_the_nearer_text_is_first() -> None:
    notes = (Note(text="tired, an early night, a dark room"), Note(text="tired, sleep, night, budget for a new room"))
    about_money = Content(text="sleep costs: a budget for the room", topics=SLEEP)
    assert [one.row for one in read(LIBRARY, notes).rank(about_money)] == [1, 0]


def test_a_library_of_one_topic_is_no_evidence_about_anybody() -> None:
    library = tuple(Content(text=f"how to rest well, part {n}", topics=SLEEP) for n in range(200))
    silent = read(library, NOTES).rank(library[0])
    assert silent[0].meant == ()
    assert all(not one.flagged for one in silent)


def test_without_a_library_only_the_texts_decide_and_nothing_is_flagged() -> None:
    ranking = read((), NOTES).rank(Content(text="debt and budget", topics=MONEY))
    assert ranking[0].row == 2
    assert all(not one.flagged and one.overlap == 0.0 for one in ranking)


def test_equals_stay_in_the_order_given() -> None:
    notes = (Note(text="dog"), Note(text="dog"), Note(text="dog"))
    assert [one.row for one in read(LIBRARY, notes).rank(LIBRARY[0])] == [0, 1, 2]


def test_shared_words_are_those_of_the_note_as_written() -> None:
    readership = read(LIBRARY, (Note(text="Budgets! and debts"),))
    assert set(readership.shared_words(LIBRARY[12], 0)) == {"budgets", "debts", "and"}
    assert readership.shared_words(Content(text="garden", topics=MONEY), 0) == ()


def test_meaning_brings_near_what_shares_no_word() -> None:
    def vector(*values: float) -> Vector:
        return Vector(values, "a model")

    library = (Content(text="insomnia", topics=SLEEP, meaning=vector(1, 0)), *LIBRARY)
    notes = (Note(text="kitchen", meaning=vector(0, 1)), Note(text="lies awake", meaning=vector(1, 0.1)), Note(text=""))
    assert read(library, notes).rank(library[0])[0].row == 1


def test_vectors_of_two_models_are_refused() -> None:
    notes = (Note(text="one", meaning=Vector([1.0], "a")), Note(text="two", meaning=Vector([1.0], "b")))
    with pytest.raises(Invalid):
        read((), notes)
    with pytest.raises(Invalid):
        read((), notes[:1]).rank(Content(text="one", meaning=Vector([1.0], "b")))


@pytest.mark.parametrize(("one", "other"), [("argues", "arguing"), ("parties", "party"), ("running", "runs")])
def test_forms_of_a_word_are_one(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_rare_words_weigh_more() -> None:
    weighed = weighing(["dog tired", "dog sleep", "dog night"])
    assert weighed.rarity[weighed.place[stem("tired")]] > weighed.rarity[weighed.place[stem("dog")]]


@settings(max_examples=60, deadline=None)
@given(_contents, _notes, _texts, _topics)
def test_every_ranking_is_whole_and_every_flag_has_its_evidence(
    library: list[Content], notes: list[Note], text: str, topics: frozenset[str]
) -> None:
    readership = read(library, notes)
    content = Content(text=text, topics=topics)
    ranking = readership.rank(content)
    assert sorted(one.row for one in ranking) == list(range(len(notes)))
    assert [one.score for one in ranking] == sorted((one.score for one in ranking), reverse=True)
    for one in ranking:
        assert math.isfinite(one.score)
        assert 0.0 <= one.overlap <= 1.0
        for reason in one.meant:
            assert reason.topic in topics
            assert reason.chance >= MEANT
            assert reason.chance - reason.usual >= EVIDENCE
            assert notes[one.row].text, "nothing is known of somebody without a note"


@settings(max_examples=30, deadline=None)
@given(_contents, st.permutations(range(len(NOTES))))
def test_the_order_of_the_notes_decides_nothing_but_ties(library: list[Content], order: list[int]) -> None:
    content = LIBRARY[0]
    straight = {one.row: one.score for one in read([*library, *LIBRARY], NOTES).rank(content)}
    turned = read([*library, *LIBRARY], [NOTES[row] for row in order]).rank(content)
    assert {order[one.row]: pytest.approx(one.score, abs=1e-6) for one in turned} == straight
