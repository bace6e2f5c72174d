"""The drafts in the golden file are the drafts that are made."""

from __future__ import annotations

import re

from tests.golden_drafts import FILE, render


def test_the_drafts_are_those_that_were_read_aloud() -> None:
    assert render() == FILE.read_text(encoding="utf-8"), "read the new drafts: python -m tests.golden_drafts"


def test_they_sound_like_a_person() -> None:
    for text in re.findall(r"^\([12]\) (.*)$", FILE.read_text(encoding="utf-8"), re.MULTILINE):
        assert text.count("?") <= 1
        assert "!" not in text
        assert "  " not in text
        assert not re.search(r"[{}<>\[\]]|hope this finds|dear|valued|exciting|opportunity", text, re.IGNORECASE)
