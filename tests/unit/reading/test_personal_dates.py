"""Birthdays, anniversaries and holidays in notes: the vectors of `verticals.md` 2.2 and 2.3, and near misses."""

from __future__ import annotations

from datetime import date

import pytest

from nudge_core.reading.holidays_named import holiday_date, read_holidays
from nudge_core.reading.personal_dates import Occasion, PersonalDate, Reading, next_occurrence, read_personal_dates

TODAY = date(2026, 5, 14)
BIRTHDAY, ANNIVERSARY = Occasion.BIRTHDAY, Occasion.ANNIVERSARY


def _one(text: str, *, day_first: bool = False, said_on: date | None = None) -> PersonalDate:
    (found,) = read_personal_dates(text, said_on=said_on, day_first=day_first)
    return found


@pytest.mark.parametrize(
    ("text", "occasion", "month", "day", "year", "following"),
    [
        ("March 5 is her birthday", BIRTHDAY, 3, 5, None, date(2027, 3, 5)),
        ("his birthday is on March 5", BIRTHDAY, 3, 5, None, date(2027, 3, 5)),
        ("birthday: 5 March", BIRTHDAY, 3, 5, None, date(2027, 3, 5)),
        ("Birthday 5th of March", BIRTHDAY, 3, 5, None, date(2027, 3, 5)),
        ("her b'day's the 3rd of june", BIRTHDAY, 6, 3, None, date(2026, 6, 3)),
        ("Bday 3/5", BIRTHDAY, 3, 5, None, date(2027, 3, 5)),
        ("birthday 25/3", BIRTHDAY, 3, 25, None, date(2027, 3, 25)),
        ("Birthday 1980-03-05", BIRTHDAY, 3, 5, 1980, date(2027, 3, 5)),
        ("DOB: 03/05/1980", BIRTHDAY, 3, 5, 1980, date(2027, 3, 5)),
        ("Birthday: Mar. 5th", BIRTHDAY, 3, 5, None, date(2027, 3, 5)),
        ("born on 2 Feb 1975", BIRTHDAY, 2, 2, 1975, date(2027, 2, 2)),
        ("turned 40 on 5 March", BIRTHDAY, 3, 5, None, date(2027, 3, 5)),
        ("anniversary June 12, 2019", ANNIVERSARY, 6, 12, 2019, date(2026, 6, 12)),
        ("Sept 12 wedding anniversary", ANNIVERSARY, 9, 12, None, date(2026, 9, 12)),
        ("They got married on June 1, 2010.", ANNIVERSARY, 6, 1, 2010, date(2026, 6, 1)),
        ("b-day is Feb. 29", BIRTHDAY, 2, 29, None, date(2027, 2, 28)),
    ],
)
def test_dates_in_either_order(
    text: str, occasion: Occasion, month: int, day: int, year: int | None, following: date
) -> None:
    found = _one(text)
    assert (found.occasion, found.outcome, found.month, found.day) == (occasion, Reading.READ, month, day)
    assert (found.year, found.person) == (year, None)
    assert next_occurrence(month, day, TODAY) == following


@pytest.mark.parametrize(
    ("text", "event", "day_at"),
    [
        ("March 5 is her birthday", (15, 23), (0, 7)),
        ("his birthday is on March 5", (4, 12), (19, 26)),
        ("birthday: 5 March", (0, 8), (10, 17)),
    ],
)
def test_the_places_of_the_evidence(text: str, event: tuple[int, int], day_at: tuple[int, int]) -> None:
    found = _one(text)
    assert (found.event, found.day_at) == (event, day_at)


def test_the_order_of_the_locale() -> None:
    found = _one("Bday 3/5", day_first=True)
    assert (found.month, found.day) == (5, 3)
    dotted = _one("birthday 5.3.", day_first=True)
    assert (dotted.month, dotted.day) == (3, 5)


def test_tomorrow_counts_from_the_note() -> None:
    found = _one("birthday tomorrow", said_on=date(2026, 5, 13))
    assert (found.month, found.day) == (5, 14)
    assert read_personal_dates("birthday tomorrow") == ()


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("daughter Mia's birthday is 5 March", "Mia"),
        ("Mia turns 5 on March 3", "Mia"),
        ("wife's bday 7/4", "wife"),
        ("birthday of his son Max is May 4", "Max"),
        ("March 5 is Anna's birthday", "Anna"),
        ("her birthday is March 5", None),
        ("Client birthday March 5", None),
    ],
)
def test_whose(text: str, person: str | None) -> None:
    assert _one(text).person == person


def test_the_clients_own_name_is_nobody_else() -> None:
    (found,) = read_personal_dates("March 5 is Anna's birthday", client_name="Anna Smith")
    assert found.person is None


def test_two_in_one_note() -> None:
    first, second = read_personal_dates("Birthday 3/5. Anniversary 6/12.")
    assert (first.occasion, first.month, second.occasion, second.month) == (BIRTHDAY, 3, ANNIVERSARY, 6)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("birthday in March", Reading.INCOMPLETE),
        ("birthday is the 5th", Reading.INCOMPLETE),
        ("birthday 13/25", Reading.IMPOSSIBLE),
        ("anniversary 31 June", Reading.IMPOSSIBLE),
        ("birthday 29 Feb 2023", Reading.IMPOSSIBLE),
        ("no birthday texts please", Reading.SUPPRESSED),
        ("doesn't celebrate birthdays", Reading.SUPPRESSED),
        ("please don't send birthday cards", Reading.SUPPRESSED),
    ],
)
def test_to_be_asked_about_or_suppressed(text: str, outcome: Reading) -> None:
    found = _one(text)
    assert (found.outcome, found.month, found.day) == (outcome, None, None)


@pytest.mark.parametrize(
    "text",
    ["closing on March 5", "may call on the 5th", "will march on 5 points", "home anniversary June 12",
     "loves birthdays",
     "Birthday cake. Call on March 5", "work anniversary June 12", "inspection March 5 at 3"],
)  # fmt: skip
def test_no_personal_date(text: str) -> None:
    assert read_personal_dates(text) == ()


@pytest.mark.parametrize(
    ("holiday", "dates"),
    [
        ("new_year", ["2027-01-01"]),
        ("mothers_day", ["2026-05-10", "2027-05-09"]),
        ("memorial_day", ["2026-05-25", "2027-05-31"]),
        ("fathers_day", ["2026-06-21", "2027-06-20"]),
        ("independence_day", ["2026-07-04"]),
        ("labor_day", ["2026-09-07", "2027-09-06"]),
        ("thanksgiving", ["2026-11-26", "2027-11-25", "2028-11-23"]),
        ("christmas", ["2026-12-25"]),
        ("easter", ["2026-04-05", "2027-03-28"]),
        ("tax_day", ["2026-04-15", "2027-04-15", "2028-04-18"]),
    ],
)
def test_dates_of_holidays(holiday: str, dates: list[str]) -> None:
    for stated in dates:
        expected = date.fromisoformat(stated)
        assert holiday_date(holiday, date(expected.year, 1, 1)) == expected
        assert holiday_date(holiday, expected) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loves Thanksgiving", [("thanksgiving", True)]),
        ("celebrates Christmas with the kids", [("christmas", True)]),
        ("doesn't celebrate Christmas", [("christmas", False)]),
        ("they host a 4th of July party", [("independence_day", True)]),
        ("Mother's Day and Father's Day", [("mothers_day", True), ("fathers_day", True)]),
        ("lives on Easterly Ave", []),
        ("Chris Mast", []),
    ],
)
def test_holidays_named(text: str, expected: list[tuple[str, bool]]) -> None:
    assert [(one.holiday, one.kept) for one in read_holidays(text)] == expected
