"""The grammars of single values: what each reads, and what it refuses to guess."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.feeds.values import (
    Fields,
    NoZone,
    cents,
    day,
    flag,
    instant,
    is_masked,
    number,
    terms,
    text,
    whole,
)


@pytest.mark.parametrize(
    ("received", "dollars"),
    [
        (50_000, 50_000),
        (50_000.0, 50_000),
        ("50000.0", 50_000),
        ("475,000", 475_000),
        ("$475,000.00", 475_000),
        (" 1,234,567.89 ", 1_234_567.89),
        (6316102.73, 6_316_102.73),
        (1351.0, 1_351),
        (10, 10),
        (0.1 + 0.2, 0.30),
        (0, 0),
        (1_000_000_000, 1_000_000_000),
    ],
)
def test_nasty_07_prices_in_all_their_forms(received: object, dollars: float) -> None:
    assert cents(received) == round(dollars * 100)


@pytest.mark.parametrize(
    "received",
    [
        666592183160.64,
        1e12,
        -1,
        "-5",
        "475,00",
        "47,5000",
        "475k",
        "475 000",
        "********",
        "call",
        "",
        True,
        None,
        [],
        {},
        math.nan,
        math.inf,
        10**30,
        "1e5",
        "٣٠٠٠٠٠",
    ],
)
def test_nasty_07_what_is_no_price(received: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        cents(received)


@given(st.integers(0, 10**11))
def test_every_amount_in_cents_survives_any_of_its_forms(amount: int) -> None:
    dollars = amount / 100
    assert cents(dollars) == cents(f"{dollars:.2f}") == cents(f"${dollars:,.2f}") == amount


@pytest.mark.parametrize(
    ("received", "value"), [(" -116.3237", -116.3237), ("48.7001", 48.7001), ("-.5", -0.5), ("3.", 3)]
)
def test_numbers_with_blanks_and_signs(received: str, value: float) -> None:
    assert number(received) == value


def test_whole_numbers() -> None:
    beds = whole(0, 200)
    assert (beds(3), beds(3.0), beds("3.0"), beds("33"), beds(0)) == (3, 3, 3, 33, 0)
    for odd in (2.5, "3+", -1, 201, True):
        with pytest.raises(ValueError, match=r".+"):
            beds(odd)


@pytest.mark.parametrize(
    ("received", "value"),
    [
        (True, True),
        ("true", True),
        ("Y", True),
        ("1", True),
        (1, True),
        ("Yes", True),
        (False, False),
        ("0", False),
        ("No", False),
    ],
)
def test_booleans(received: object, value: bool) -> None:
    assert flag(received) is value


@pytest.mark.parametrize("received", ["maybe", 2, [], {}, "-1"])
def test_what_is_neither_yes_nor_no(received: object) -> None:
    with pytest.raises(ValueError, match="neither"):
        flag(received)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2020-12-05T21:32:42.000Z", datetime(2020, 12, 5, 21, 32, 42, tzinfo=UTC)),
        ("2020-12-05T21:32:42Z", datetime(2020, 12, 5, 21, 32, 42, tzinfo=UTC)),
        ("2020-12-05T21:32:42.123456Z", datetime(2020, 12, 5, 21, 32, 42, 123456, tzinfo=UTC)),
        ("2020-12-05T21:32:42.1234567Z", datetime(2020, 12, 5, 21, 32, 42, 123456, tzinfo=UTC)),
        ("2020-12-05T15:32:42-06:00", datetime(2020, 12, 5, 21, 32, 42, tzinfo=UTC)),
        ("2020-12-05t21:32:42z", datetime(2020, 12, 5, 21, 32, 42, tzinfo=UTC)),
        ("3000-01-01T00:00:00Z", datetime(3000, 1, 1, tzinfo=UTC)),
    ],
)
def test_nasty_06_timestamps_with_a_zone(received: str, expected: datetime) -> None:
    assert instant(received) == expected


@pytest.mark.parametrize("received", ["2020-12-05T15:32:42.710", "2020-12-05T21:32:42"])
def test_nasty_06_a_local_time_without_a_zone_is_not_trusted(received: str) -> None:
    with pytest.raises(NoZone):
        instant(received)


@pytest.mark.parametrize(
    "received",
    [
        "2020-12-05",
        "yesterday",
        "2020-13-05T00:00:00Z",
        "2020-12-05T25:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-05:00",
        1607204000,
        None,
        "",
    ],
)
def test_what_is_no_timestamp(received: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        instant(received)


@pytest.mark.parametrize(
    "received", ["2020-10-10", "2020-10-10T00:00:00Z", "2020-10-10T00:00:00.000-06:00", "2020-10-10T23:59:59+14:00"]
)
def test_nasty_06_a_date_does_not_shift(received: str) -> None:
    assert day(received) == date(2020, 10, 10)


@pytest.mark.parametrize("received", ["10/10/2020", "2020-10", "0001-01-01", "2020-02-30", 20201010, ""])
def test_what_is_no_date(received: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        day(received)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (["Dishwasher", "Oven"], ("Dishwasher", "Oven")),
        ("Dishwasher,ElectricOven, Disposal", ("Dishwasher", "ElectricOven", "Disposal")),
        ([" ", "Oven"], ("Oven",)),
        ([], ()),
        ("", ()),
    ],
)
def test_nasty_15_a_lookup_with_several_values(received: object, expected: tuple[str, ...]) -> None:
    assert terms(received) == expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("1506  Timber St  ", "1506 Timber St"),
        ("O'Fallon", "O'Fallon"),
        ("Sunny 🏡 home", "Sunny 🏡 home"),
        ("broken \ud83d half", "broken half"),
        ("nul\x00 and bell\x07", "nul and bell"),
        (78704, "78704"),
        (["Condominium"], "Condominium"),
    ],
)
def test_nasty_15_texts(received: object, expected: str) -> None:
    assert text(received) == expected


def test_an_endless_text_is_cut() -> None:
    assert len(text("x" * 10**6)) == 20_000


ABSENT = [None, "", "   "]


@pytest.mark.parametrize("received", ABSENT)
def test_what_is_absent_is_none_without_a_warning(received: object) -> None:
    warnings: list[str] = []
    assert Fields({"ListPrice": received}, warnings.append).money("ListPrice") is None
    assert warnings == []


@pytest.mark.parametrize(
    ("received", "warning"),
    [
        ("********", "masked:ListPrice"),
        (" ****", "masked:ListPrice"),
        ("call us", "unread:ListPrice"),
        (-5, "unread:ListPrice"),
        (0, "zero:ListPrice"),
        ("0.00", "zero:ListPrice"),
    ],
)
def test_what_is_hidden_or_unreadable_is_none_and_counted(received: object, warning: str) -> None:
    warnings: list[str] = []
    assert Fields({"ListPrice": received}, warnings.append).money("ListPrice") is None
    assert warnings == [warning]


YES_OR_SILENT: list[tuple[object, bool]] = [(None, True), ("", True), (True, True), ("true", True)]
NO_OR_UNREADABLE: list[tuple[object, bool]] = [(False, False), ("0", False), ("?", False), (7, False), ("****", False)]


@pytest.mark.parametrize(("received", "allowed"), YES_OR_SILENT + NO_OR_UNREADABLE)
def test_a_consent_that_cannot_be_read_is_none(received: object, allowed: bool) -> None:
    assert Fields({"DisplayYN": received}, lambda _code: None).allowed("DisplayYN") is allowed


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=8,
)


@given(JSON)
def test_any_value_is_read_or_refused_with_a_value_error(received: Any) -> None:
    for grammar in (number, cents, whole(0, 9), flag, text, terms, day, instant):
        warnings: list[str] = []
        Fields({"x": received}, warnings.append).read("x", grammar)
        assert len(warnings) <= 1


def test_masks() -> None:
    assert is_masked("********")
    assert not is_masked("**")
    assert not is_masked("***a")
    assert not is_masked(5)
