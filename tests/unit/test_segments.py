"""Segment counting against every vector of the references, a calculator's answers, and a brute reading of the rule."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.policy.segments import GSM_BASIC, GSM_EXTENSION, PLAIN, Encoding, fold, plain_characters, segments
from tests.shared_data import shared

EMOJI = "\U0001f600"
CURLY = "\u2019"


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("a" * 158 + "€", "GSM-7", 160, 1),
        ("a" * 159 + "€", "GSM-7", 161, 2),
        ("a" * 159 + CURLY, "UCS-2", 160, 3),
        ("ż" * 70, "UCS-2", 70, 1),
        ("ż" * 71, "UCS-2", 71, 2),
        ("ż" * 134, "UCS-2", 134, 2),
        ("ż" * 135, "UCS-2", 135, 3),
        ("a" * 66 + EMOJI + "a" * 66, "UCS-2", 134, 3),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("", "GSM-7", 0, 1),
        ("`", "UCS-2", 1, 1),
        ("\u00a0", "UCS-2", 1, 1),
        ("\f", "GSM-7", 2, 1),
    ],
)
def test_vectors_of_the_references(text: str, encoding: str, units: int, parts: int) -> None:
    result = segments(text)
    assert (result.encoding, result.units, result.parts) == (encoding, units, parts)


def test_answers_of_the_calculator() -> None:
    vectors = json.loads(shared("vectors/sms_segment_vectors.json").read_text(encoding="utf-8"))["vectors"]
    assert len(vectors) == 399
    for vector in vectors:
        result = segments(vector["text"])
        assert result.encoding == vector["encoding"]
        # The two texts with `plain_arithmetic` hold an emoji family that the calculator refuses to cut.
        assert result.parts == vector.get("plain_arithmetic", vector["segments"])


def slow_parts(text: str) -> int:
    """Cut the text by hand: take characters while they fit."""
    gsm = all(c in GSM_BASIC or c in GSM_EXTENSION for c in text)

    def cost(some: str) -> int:
        return len(some) + sum(c in GSM_EXTENSION for c in some) if gsm else len(some.encode("utf-16-be")) // 2

    single, part = (160, 153) if gsm else (70, 67)
    if cost(text) <= single:
        return 1
    parts = 0
    while text:
        size = max(n for n in range(len(text) + 1) if cost(text[:n]) <= part)
        text, parts = text[size:], parts + 1
    return parts


WRITABLE = st.text(st.sampled_from("abc XYZ 0{}[€^ñż" + CURLY + EMOJI), max_size=330)


@given(st.one_of(WRITABLE, st.text(st.sampled_from("ab{€\n"), min_size=140, max_size=320)))
def test_cutting_by_hand_gives_the_same(text: str) -> None:
    result = segments(text)
    assert result.parts == slow_parts(text)
    assert (result.encoding is Encoding.UCS2) == bool(result.costly)


@given(st.text())
def test_plain_is_settled(text: str) -> None:
    once = plain_characters(text)
    assert plain_characters(once) == once
    assert not any(ord(c) in PLAIN for c in once)


@given(st.text(st.characters(exclude_characters="".join(map(chr, PLAIN)))))
def test_plain_leaves_everything_else(text: str) -> None:
    assert plain_characters(text) == text


def test_plain_brings_a_word_processor_text_back_to_gsm() -> None:
    typed = "\u201cIt\u2019s 3\u20134 beds\u201d\u2026\u00a0yes\u200b"
    assert plain_characters(typed) == '"It\'s 3-4 beds"... yes'
    assert segments(typed).encoding is Encoding.UCS2
    assert segments(plain_characters(typed)).encoding is Encoding.GSM7


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("María", "Maria"),
        ("Mari\u0301a", "Maria"),
        ("Peña", "Peña"),
        ("José", "José"),
        ("Łukasz", "Lukasz"),
        ("Gonçalves", "Goncalves"),
        ("Nguyễn", "Nguyen"),
        ("李", "李"),
        ("Иван", "Иван"),
    ],
)
def test_fold_drops_only_accents_that_cost(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_fold_is_settled(text: str) -> None:
    assert fold(fold(text)) == fold(text)
