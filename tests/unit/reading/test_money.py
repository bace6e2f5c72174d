"""Sums inside texts."""

from __future__ import annotations

import pytest

from nudge_core.model.json import Json
from nudge_core.reading.money import read_money


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$500,000", {"max": 500_000}),
        ("500k", {"max": 500_000}),
        ("we have $0.5M", {"max": 500_000}),
        ("max 500K", {"max": 500_000}),
        ("up to $500000", {"max": 500_000}),
        ("1.2M", {"max": 1_200_000}),
        ("$1.5 million", {"max": 1_500_000}),
        ("between 400 and 450k", {"min": 400_000, "max": 450_000}),
        ("between $400,000 and $500,000", {"min": 400_000, "max": 500_000}),
        ("300-400k", {"min": 300_000, "max": 400_000}),
        ("from 300k to 400k", {"min": 300_000, "max": 400_000}),
        ("under 4500/mo", {"max": 4_500, "per_month": True}),
        ("not over 3000 a month", {"max": 3_000, "per_month": True}),
        ("at most 2500 monthly", {"max": 2_500, "per_month": True}),
        ("a maximum of $3k per month", {"max": 3_000, "per_month": True}),
        ("rent around $2,000 a month", {"about": 2_000, "per_month": True}),
        ("budget of 2 grand", {"max": 2_000}),
        ("our budget is 650000", {"max": 650_000}),
        ("no more than 700k", {"max": 700_000}),
        ("can't spend more than 850k", {"max": 850_000}),
        ("600k max", {"max": 600_000}),
        ("$700K+", {"min": 700_000}),
        ("at least 300k", {"min": 300_000}),
        ("3 bedrooms under 600k", {"max": 600_000}),
        ("USD 400000", {"max": 400_000}),
        ("around 2.5m", {"about": 2_500_000}),
    ],
)
def test_sums(text: str, expected: Json) -> None:
    (one,) = read_money(text, ["price"])
    assert one.value == expected
    assert text[one.start : one.end].strip() == text[one.start : one.end]


@pytest.mark.parametrize(
    "text",
    [
        "500 Pine St",
        "2 pm",
        "call 555-123-4567",
        "built in 1990",
        "budget 1,200 sq ft",
        "our budget for 2027",
        "4 tickets cost $30",
        "3 bedrooms",
        "60 days",
        "on 3/5",
        "unit 1200",
        "10 minutes from the price club",
        "",
    ],
)
def test_numbers_that_are_no_sums(text: str) -> None:
    assert read_money(text, ["price"]) == []
