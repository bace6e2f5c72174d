"""Timestamps as a feed sent them: every digit kept, compared by meaning, written as filters want them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.feeds.watermark import Watermark

MOMENT = datetime(2026, 11, 22, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "written"),
    [
        ("2026-11-22T16:00:00Z", "2026-11-22T16:00:00Z"),
        ("2026-11-22T16:00:00.1234567Z", "2026-11-22T16:00:00.1234567Z"),
        ("2026-11-22T16:00:00.120Z", "2026-11-22T16:00:00.120Z"),
        ("2026-11-22T09:00:00.5-07:00", "2026-11-22T16:00:00.5Z"),
        ("2026-11-22T18:00:00+0200", "2026-11-22T16:00:00Z"),
        ("2026-11-22 16:00:00z", "2026-11-22T16:00:00Z"),
        ("2026-11-22T16:00:00", "2026-11-22T16:00:00Z"),  # no zone: dictionary timestamps are UTC
        ("3000-01-01T00:00:00Z", "3000-01-01T00:00:00Z"),
    ],
)
def test_it_is_written_in_utc_with_every_digit(received: str, written: str) -> None:
    assert str(Watermark.read(received)) == written


@pytest.mark.parametrize(
    "received", [None, "", "yesterday", "2026-11-22", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-12:00"]
)
def test_what_cannot_be_read_is_none(received: str | None) -> None:
    assert Watermark.read(received) is None


def test_digits_behind_the_second_count() -> None:
    marks = [Watermark.read(f"2026-11-22T16:00:00{part}Z") for part in ("", ".0000001", ".09", ".1", ".12", ".9")]
    assert all(one is not None and other is not None and one < other for one, other in pairwise(marks))


def test_trailing_zeros_mean_nothing() -> None:
    assert Watermark.read("2026-11-22T16:00:00.1Z") == Watermark.read("2026-11-22T16:00:00.100Z")
    assert Watermark.read("2026-11-22T16:00:00.000Z") == Watermark.read("2026-11-22T16:00:00Z")


def test_an_overlap_keeps_the_digits() -> None:
    mark = Watermark.read("2026-11-22T16:00:00.1234567Z")
    assert mark is not None
    assert str(mark.minus(timedelta(minutes=20))) == "2026-11-22T15:40:00.1234567Z"


@pytest.mark.parametrize(
    ("shown", "following"),
    [
        ("2026-11-22T16:00:00Z", "2026-11-22T16:00:01Z"),
        ("2026-11-22T16:00:00.123Z", "2026-11-22T16:00:00.124Z"),
        ("2026-11-22T16:00:00.099Z", "2026-11-22T16:00:00.100Z"),
        ("2026-11-22T16:00:00.999Z", "2026-11-22T16:00:01.000Z"),
    ],
)
def test_what_is_shown_alike_ends_one_unit_later(shown: str, following: str) -> None:
    mark = Watermark.read(shown)
    assert mark is not None
    assert str(mark.next()) == following


def test_an_overlap_ends_at_the_beginning_of_the_calendar() -> None:
    assert str(Watermark(datetime(1, 1, 1, tzinfo=UTC)).minus(timedelta(days=1))) == "0001-01-01T00:00:00Z"


@given(st.integers(0, 4_102_444_800_000_000), st.integers(0, 4_102_444_800_000_000))
def test_it_orders_as_instants_do(one: int, other: int) -> None:
    first, second = (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=count) for count in (one, other))
    assert (Watermark.of(first) < Watermark.of(second)) == (first < second)
    assert Watermark.read(str(Watermark.of(first))) == Watermark.of(first)
    assert Watermark.read(first.isoformat()) == Watermark.of(first)
