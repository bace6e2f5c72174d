"""Numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.reading.amounts import Amount, read_amount


@pytest.mark.parametrize("said", ["$500,000", "500k", "$0.5M", "500000", "$ 500 k", ".5 million", "500 thousand"])
def test_half_a_million(said: str) -> None:
    assert read_amount(said) == Amount(plain=500_000)


@pytest.mark.parametrize(
    "said",
    ["up to 500000", "max 500K", "500k max", "at most $500,000", "no more than 500k", "under 500k", "500k or less",
     "500k tops", "<= 500k", "Maximum: $500,000"],
)  # fmt: skip
def test_at_most_half_a_million(said: str) -> None:
    assert read_amount(said) == Amount(maximum=500_000)


@pytest.mark.parametrize(
    "said", ["3+", "3 or more", "at least 3", "three or more", "min 3", "3+ bedrooms", ">=3", "3 beds +"]
)
def test_at_least_three(said: str) -> None:
    assert read_amount(said) == Amount(minimum=3)


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("2-3", 2, 3),
        ("300-400k", 300_000, 400_000),
        ("$300k to $400k", 300_000, 400_000),
        ("between 300 and 400k", 300_000, 400_000),
        ("600-1.1M", 600_000, 1_100_000),
        ("300000 – 400000", 300_000, 400_000),
    ],
)
def test_ranges(said: str, low: int, high: int) -> None:
    assert read_amount(said) == Amount(minimum=low, maximum=high)


@pytest.mark.parametrize("said", ["under 4500/mo", "up to $4,500 per month", "4500 a month max", "max 4.5k monthly"])
def test_a_payment_is_no_price(said: str) -> None:
    assert read_amount(said) == Amount(maximum=4_500, per_month=True)


def test_about() -> None:
    assert read_amount("about 500k") == Amount(plain=500_000, about=True)


@pytest.mark.parametrize(
    "said",
    ["", "call me", "12 monkeys", "500k-400k", "under 500k to 600k", "1,2", "between 500k", "3 or 4", "1e5", "٣", "$",
     "at least 3 max"],
)  # fmt: skip
def test_what_is_no_number_is_not_read(said: str) -> None:
    assert read_amount(said) is None


@given(st.integers(0, 10**9), st.sampled_from(["{}", "${:,}", "{:,} dollars", " {} "]))
def test_every_whole_number_is_read_as_it_is_written(number: int, form: str) -> None:
    assert read_amount(form.format(number)) == Amount(plain=number)


@given(st.text(alphabet="0123456789.,$kKmM+-/ toupmaxabc", max_size=40))
def test_any_text_is_read_or_not_and_nothing_else(text: str) -> None:
    amount = read_amount(text)
    assert amount is None or any(value is not None for value in (amount.minimum, amount.maximum, amount.plain))
