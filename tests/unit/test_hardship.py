"""Words of death, loss, divorce, accident, illness, job loss, and innocent uses of the same words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.reading.hardship import Hardship, hardship

SAID = {
    Hardship.DEATH: [
        "my mother passed away", "Grandpa just passed.", "our dog died this morning", "the funeral is Friday",
        "He’s in hospice", "there was a death in the family", "I'm a widow now", "we are burying my father tomorrow",
    ],
    Hardship.LOSS: [
        "we lost our baby", "I lost my husband last year", "I had a miscarriage", "I'm grieving",
        "our house burned down", "a terrible loss",
    ],
    Hardship.ILLNESS: [
        "I was diagnosed with cancer", "starting chemo Monday", "dad had a heart attack", "he is in the hospital",
        "my wife is having surgery", "she is very ill", "mom has dementia",
    ],
    Hardship.ACCIDENT: ["we had a car accident", "my son was hit by a car", "a bad crash last night"],
    Hardship.DIVORCE: ["we're getting a divorce", "my wife left me", "we split up", "we are separating",
                       "custody hearing"],
    Hardship.JOB_LOSS: ["I lost my job", "got laid off", "I was fired", "unemployed since May", "out of work for now"],
}  # fmt: skip
INNOCENT = [
    "my phone died, sorry", "dying to see that kitchen", "deadline is Friday", "a dead end street is fine",
    "found it by accident", "we passed inspection!", "has the house passed the inspection?", "lost the link, resend?",
    "near the hospital would be great", "I work at the hospital", "the battery just died", "we lost the bidding war",
    "happy birthday to me", "STOP", "", "can you stop by at 5?", "the offer passed on Friday? he passed on it",
    "I quit my job, so let's wait",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, several in SAID.items() for text in several])
def test_bad_news_is_heard(kind: Hardship, text: str) -> None:
    assert hardship(text) is kind
    assert hardship(text.upper()) is kind


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_words_are_left_alone(text: str) -> None:
    assert hardship(text) is None


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    assert hardship(text) in (None, *Hardship)
