"""What is said of homes becomes the preferences that matching reads."""

from __future__ import annotations

from datetime import date

import pytest

from nudge_core.model.json import Json
from nudge_core.reading.conversation import read_in_order
from nudge_core.reading.ledger import Text
from nudge_core.verticals.real_estate.preferences import read_preferences
from nudge_core.verticals.real_estate.said import preferences_said, timing_said, words_of_homes

WORDS = words_of_homes(["Ballard", "Seattle", "Kent"])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            ["Looking for a 3+ bedroom house in Ballard up to $750k. Must have a garage, no pool"],
            {
                "beds": {"min": 3},
                "types": {"any": ("house",)},
                "areas": {"any": ("ballard",)},
                "price": {"max": 750_000, "hard": True},
                "features": {"must": ("garage",), "never": ("pool",)},
            },
        ),
        (
            ["3 bed condo or townhouse, not Ballard, around 500k", "no longer need the garage"],
            {
                "beds": {"min": 3},
                "types": {"any": ("condo", "townhouse")},
                "areas": {"none": ("ballard",)},
                "price": {"about": 500_000},
            },
        ),
        (["under 4500/mo"], {"payment": {"max": 4_500, "hard": True}}),
        (["budget 600k", "actually 650k max"], {"price": {"max": 650_000, "hard": True}}),
        (["no HOA please"], {"features": {"never": ("hoa",)}}),
        (["a fenced yard would be nice"], {"features": {"prefer": ("fenced yard",)}}),
        (["we need a garage", "forget the garage"], {}),
        (["What a lovely day"], {}),
    ],
)
def test_preferences(texts: list[str], expected: Json) -> None:
    said = preferences_said(read_in_order([Text(text=text) for text in texts], WORDS))
    assert said == expected
    read_preferences(said)


def test_timing_is_kept_with_its_day() -> None:
    said = timing_said({"latest": "2026-06-30"}, date(2026, 5, 14))
    assert said == {"timing": {"latest": "2026-06-30", "said_on": "2026-05-14"}}
    read_preferences(said)
