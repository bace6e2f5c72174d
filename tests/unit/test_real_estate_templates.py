"""The templates as data: what stands in a line, and what a line may not say by itself."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from nudge_core.model.event import ListingEvent
from nudge_core.verticals.real_estate.facts import TYPES
from nudge_core.verticals.real_estate.lint import lint
from nudge_core.verticals.real_estate.templates import (
    DETAIL_FACTS,
    GREETINGS,
    OPENINGS,
    OWNER_NOTES,
    PLACES,
    SIGN_OFFS,
    SLOT,
    slots,
)

FACTS = {
    *("price", "previous_price", "drop", "close_price", "beds", "baths", "living_area", "type", "address", "city"),
    *("subdivision", "postal_code"),
}
LINES = sorted({line for tiers in (*OPENINGS.values(), *OWNER_NOTES.values()) for line in chain(*tiers)})
WORDS = frozenset(
    {"a", "again", "and", "asking", "at", "back", "be", "been", "came", "coming", "down", "dropped", "expired", "for"}
    | {"from", "has", "in", "is", "it", "just", "listed", "listing", "market", "new", "now", "of", "off", "on", "price"}
    | {"sale", "sold", "soon", "taken", "the", "to", "up", "was", "went", "will"}
)
"""Every word a line may use of its own: the event supports them, none states a fact of the home."""


@pytest.mark.parametrize("line", LINES)
def test_a_line_says_nothing_of_its_own(line: str) -> None:
    bare = SLOT.sub(" ", line)
    assert set(re.findall(r"[a-z]+", bare.lower())) <= WORDS
    assert not re.search(r"[\d!?$]", bare)
    assert set(slots(line)) <= FACTS | {"place"}
    assert slots(line).count("place") == 1
    assert line.endswith(".")
    assert lint(bare) == ()


def test_every_slot_is_a_fact() -> None:
    named = {slot for form in (*PLACES, *SIGN_OFFS) for slot in slots(form)}
    assert named <= FACTS | {"home", "sender", "business"}
    assert set(DETAIL_FACTS) <= FACTS


@pytest.mark.parametrize(("kind", "role"), sorted(OPENINGS, key=str))
def test_the_last_tier_needs_no_fact(kind: ListingEvent, role: object) -> None:
    last = OPENINGS[kind, role][-1]  # type: ignore[index]  # role comes from the keys
    assert all(set(slots(line)) == {"place"} for line in last)


def test_several_equal_wordings_for_every_kind_and_role() -> None:
    for tiers in OPENINGS.values():
        assert len(tiers[0]) >= 2
        for tier in tiers:
            assert len(set(tier)) == len(tier)


def test_greetings_hold_the_name_and_types_are_plain_words() -> None:
    assert all(greeting.count("{first_name}") == 1 for greeting in GREETINGS)
    assert all(re.fullmatch(r"[a-z -]+", name) for name in TYPES.values())
