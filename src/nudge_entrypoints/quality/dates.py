"""Dates: birthdays and anniversaries in notes of a script, every event word with every form of date, and innocents.

The sentences are made, not collected: they measure the grammar of `verticals.md` 2.2, not how people write. The
expected day follows from how the sentence was built, never from a reader.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import TypeAlias

from nudge_entrypoints.quality.section import OURS, Section

Day: TypeAlias = tuple[str, int, int]
"""(birthday or anniversary, month, day of the month)."""
Reader: TypeAlias = Callable[[str, date], frozenset[Day]]

READER = "nudge_core.reading.personal_dates"
"""Where the product's reading comes from."""
WRITTEN_ON = date(2026, 5, 14)
CAVEATS = (
    "Sentences made by a script from the grammar of verticals.md 2.2: they measure the grammar, not how people write.",
    "Only the day is compared; whose it is, years and spans are a matter of the unit tests.",
)
_DAYS = ((1, 31), (2, 29), (3, 5), (6, 3), (9, 12), (12, 21))
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_FORMS: tuple[Callable[[int, int], str], ...] = (
    lambda month, day: f"{_MONTHS[month - 1]} {day}",
    lambda month, day: f"{_MONTHS[month - 1][:3]} {day}",
    lambda month, day: f"{_MONTHS[month - 1][:3]}. {_ordinal(day)}",
    lambda month, day: f"{day} {_MONTHS[month - 1]}",
    lambda month, day: f"{_ordinal(day)} of {_MONTHS[month - 1]}",
    lambda month, day: f"the {_ordinal(day)} of {_MONTHS[month - 1].lower()}",
    lambda month, day: f"{month}/{day}",
    lambda month, day: f"{month:02}/{day:02}",
    lambda month, day: f"1984-{month:02}-{day:02}",
    lambda month, day: f"{_MONTHS[month - 1]} {day}, 1984",
)
_PATTERNS = (
    ("birthday", "birthday: {}"),
    ("birthday", "Birthday {}"),
    ("birthday", "her birthday is {}"),
    ("birthday", "his b-day is on {}"),
    ("birthday", "bday {}"),
    ("birthday", "{} is her birthday"),
    ("birthday", "born on {}"),
    ("anniversary", "anniversary {}"),
    ("anniversary", "their anniversary falls on {}"),
    ("anniversary", "{} wedding anniversary"),
    ("anniversary", "married on {}"),
)
_INNOCENT_PATTERNS = (
    "closing on {}",
    "showing {}",
    "appointment on {} at noon",
    "moves in {}",
    "inspection is {}",
    "call back on {}",
    "offer due {}",
)
_INNOCENT = (
    "may call on the 5th",
    "will march on 5 points",
    "birthday in March",
    "birthday is the 5th",
    "birthday 13/25",
    "anniversary 31 June",
    "no birthday texts please",
    "wants 3 beds, 2 baths by 12/5 at the latest",
)
_NAIVE = re.compile(r"(birthday|anniversary)\W+(?:is\W+)?(?:on\W+)?([a-z]+) (\d{1,2})\b", re.IGNORECASE)


def dates(_data: Path) -> Section:
    """Return how many days are read out of scripted notes, and how many are read where there is none."""
    title, question = "dates, scripted", "which birthdays and anniversaries does this note tell?"
    notes = tuple(scripted())
    lines = {"word, month, number": _figures(notes, _naive)}
    if importlib.util.find_spec(READER) is None:
        missing = "the reading of dates is not built in yet: no module nudge_core/reading/personal_dates.py"
        return Section(title=title, asks=question, lines=lines, caveats=CAVEATS, missing=missing)
    lines[OURS] = _figures(notes, _product_reader())
    return Section(title=title, asks=question, lines=lines, caveats=CAVEATS)


def scripted() -> Iterator[tuple[str, frozenset[Day]]]:
    """Yield notes with the days they tell."""
    for (kind, pattern), form, (month, day) in product(_PATTERNS, _FORMS, _DAYS):
        yield pattern.format(form(month, day)), frozenset({(kind, month, day)})
    for pattern, form, (month, day) in product(_INNOCENT_PATTERNS, _FORMS, _DAYS):
        yield pattern.format(form(month, day)), frozenset()
    yield from ((text, frozenset()) for text in _INNOCENT)


def _figures(notes: Sequence[tuple[str, frozenset[Day]]], reader: Reader) -> dict[str, float]:
    told = [(expected, reader(text, WRITTEN_ON)) for text, expected in notes]
    right = sum(len(expected & days) for expected, days in told)
    read = sum(len(days) for _, days in told)
    return {
        "notes": len(notes),
        "days found": right / sum(len(expected) for expected, _ in told),
        "days right": right / read if read else 1.0,
        "innocent left alone": sum(not days for expected, days in told if not expected)
        / sum(not expected for expected, _ in told),
    }


def _product_reader() -> Reader:
    reading = importlib.import_module(READER)

    def days(text: str, written_on: date) -> frozenset[Day]:
        return frozenset(
            (one.occasion.value, one.month, one.day)
            for one in reading.read_personal_dates(text, said_on=written_on)
            if one.outcome.value == "read"
        )

    return days


def _naive(text: str, _written_on: date) -> frozenset[Day]:
    months = {name[:3].lower(): number for number, name in enumerate(_MONTHS, 1)}
    return frozenset(
        (word.lower(), months[month[:3].lower()], int(day))
        for word, month, day in _NAIVE.findall(text)
        if month[:3].lower() in months
    )


def _ordinal(day: int) -> str:
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"
