"""Wanted, refused, withdrawn or only asked about: the words between stars are what is mentioned."""

from __future__ import annotations

import pytest

from nudge_core.reading.stance import firmness, stance
from nudge_core.reading.statements import Firmness, Stance


def _place(marked: str) -> tuple[str, int, int]:
    start = marked.index("*")
    end = marked.index("*", start + 1) - 1
    return marked.replace("*", ""), start, end


@pytest.mark.parametrize(
    "marked",
    [
        "I want a *garage*",
        "no garage, but a *pool*",
        "no pool and a *garage*",
        "I can't live without a *garage*",
        "I would not live without a *yard*",
        "no *garage* is a deal breaker",
        "not only a *garage* but a pool",
        "wouldn't mind a *pool*",
        "I don't want a garage, but a *pool* would be nice",
        "don't forget the *garage*",
        "nothing but a *house*",
        "Are there any other apartments with *pets* allowed?",
        "What are some other apartments where *pets* are allowed?",
        "Can you find me a *pet* friendly apartment?",
        "Do you have apartments with a *garage*?",
        "Is there anything with a *garage*?",
        "How about a four bedroom that allows *pets*?",
        "Are there any *furnished* apartments?",
        "Could it have a *garage*?",
        "Should have a *garage* please",
    ],
)
def test_wanted(marked: str) -> None:
    assert stance(*_place(marked)) is Stance.WANTED


@pytest.mark.parametrize(
    "marked",
    [
        "no *pool*",
        "no garage, *pool* or basement",
        "without *carpet*",
        "not in *Ballard*",
        "anything but a *condo*",
        "I hate *stairs*",
        "I don't want a pool or a *gym*",
        "it should not have a *pool*",
        "a house that doesn't have a *pool*",
        "*pool* is a dealbreaker",
        "*smoke*-free",
        "I'd like it without a *garage*",
        "not interested in a *condo*",
        "stay away from *Concord*",
        "a *pool*? no thanks",
        "*pool*: no",
        "I don't want a place with *pets*",
        "I don't want it *furnished*",
        "*pets* should not be allowed",
        "*pets* not allowed",
        "nothing *furnished*",
        "it can't be *furnished*",
        "it isn't to be noisy and must not be *furnished*",
        "a building where *pets* are not allowed",
        "I want a place that does not allow *dogs*",
        "not *pet* friendly",
    ],
)
def test_refused(marked: str) -> None:
    assert stance(*_place(marked)) is Stance.REFUSED


@pytest.mark.parametrize(
    "marked",
    [
        "I don't need *parking*",
        "I don’t need *parking*",
        "I no longer need a *garage*",
        "a *garage* isn't necessary",
        "with or without a *balcony*",
        "I don't want a *garage* anymore",
        "forget about the *garage*",
        "never mind the *garage*",
        "I don't need a garage or a *pool*",
        "no *garage* needed",
        "no need for a *garage*",
        "I don't care whether there is a *pool*",
        "We can do without *parking*",
        "*parking* doesn't matter",
        "we don't have *pets*",
        "instead of *Concord*",
        "a house rather than a *condo*",
        "I don't think I need a *garage*",
    ],
)
def test_withdrawn(marked: str) -> None:
    assert stance(*_place(marked)) is Stance.WITHDRAWN


@pytest.mark.parametrize(
    "marked",
    [
        "Is it *furnished*?",
        "Do they accept *pets*?",
        "are *pets* allowed?",
        "Does this apartment come *furnished* and will they allow pets?",
        "Does this apartment come furnished and will they allow *pets*?",
        "What is their phone number and is it *furnished*?",
        "Is there a *garage*?",
        "Can you tell me if it has a *garage*",
        "does it have in unit *laundry*?",
        "I need 2 baths, is there *laundry*?",
    ],
)
def test_only_asked_about(marked: str) -> None:
    assert stance(*_place(marked)) is Stance.OPEN


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("must have a *garage*", Firmness.HARD),
        ("we need at least *3 bedrooms*", Firmness.HARD),
        ("*600k* max", Firmness.HARD),
        ("ideally a *garage*", Firmness.SOFT),
        ("would love a *view*", Firmness.SOFT),
        ("need a place. Around *2,000* sq ft", Firmness.SOFT),
        ("a *garage*", Firmness.SOFT),
    ],
)
def test_firmness(marked: str, expected: Firmness) -> None:
    assert firmness(*_place(marked)) is expected
