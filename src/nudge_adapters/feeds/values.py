"""Tolerant grammars for the values of a feed: each reads every wire form that has been seen, and nothing else.

A grammar takes a value that is there (not null, not blank, not masked) and raises ValueError when it cannot read it.
`Fields` applies them to one record, answers None for what is absent or unreadable, and tells which it was.
Source of the forms: `mls-feeds.md` sections 2, 8 and 9.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Warn: TypeAlias = Callable[[str], None]
"""Takes a short code for the counters, such as `masked:ListPrice`."""

MAX_PRICE_DOLLARS = 1_000_000_000
"""Several times the dearest home ever offered in the United States; above it stands junk (666,592,183,160.64)."""

MAX_TEXT = 20_000
"""Characters; five times the 4,000 of the longest text in the Data Dictionary (remarks)."""

EARLIEST_YEAR = 1_800
"""Dates before it are empty values of some server (0001-01-01), not dates of a listing."""

_NUMBER = re.compile(r"\$?\s*([+-]?)\s*\$?\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)", re.ASCII)
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE | re.ASCII
)
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_YES = frozenset({"true", "t", "yes", "y", "1"})
_NO = frozenset({"false", "f", "no", "n", "0"})


class NoZone(ValueError):
    """A local time without a zone: it may be hours off, so it is not an instant."""


def number(value: object) -> float:
    """Read 50000, 50000.0, "50000.0", "475,000", " -116.3237" or "$475,000". Finite; "475,00" is no number."""
    if isinstance(value, bool):
        raise ValueError("a boolean")
    if isinstance(value, (int, float)):
        if isinstance(value, int) and abs(value) > 10**18:  # beyond what a float can hold to the unit
            raise ValueError("not a plausible number")
        if not math.isfinite(value):
            raise ValueError("not finite")
        return float(value)
    if isinstance(value, str) and (found := _NUMBER.fullmatch(value.strip())):
        return float(found[1] + found[2].replace(",", ""))
    raise ValueError("not a number")


def cents(value: object) -> int:
    """Read an amount in dollars as US cents: 0 to `MAX_PRICE_DOLLARS`."""
    dollars = number(value)
    if not 0 <= dollars <= MAX_PRICE_DOLLARS:
        raise ValueError("out of range")
    return round(dollars * 100)


def between(low: float, high: float) -> Callable[[object], float]:
    """Return a grammar for a number from `low` to `high`, both included."""

    def read(value: object) -> float:
        amount = number(value)
        if not low <= amount <= high:
            raise ValueError("out of range")
        return amount

    return read


def whole(low: int, high: int) -> Callable[[object], int]:
    """Return a grammar for a whole number from `low` to `high`; 3.0 and "3.0" are whole."""
    read_number = between(low, high)

    def read(value: object) -> int:
        amount = read_number(value)
        if not amount.is_integer():
            raise ValueError("not whole")
        return int(amount)

    return read


def flag(value: object) -> bool:
    """Read true, "true", "Yes", "Y", 1 or "1", and their opposites."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold() if isinstance(value, (str, int, float)) else ""
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError("neither yes nor no")


def text(value: object) -> str:
    """Read a text with its blanks squeezed. A number is read as its digits, a list of one as that one."""
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError("not a text")
    return " ".join(storable(value).split())[:MAX_TEXT]


def prose(value: object) -> str:
    """Read a text whose line breaks matter: remarks."""
    if not isinstance(value, str):
        raise ValueError("not a text")
    return storable(value).strip()[:MAX_TEXT]


def storable(value: str) -> str:
    """Drop what PostgreSQL cannot store or no screen can show: NUL, control characters, halves of a surrogate pair."""
    return value if value.isprintable() else _UNSTORABLE.sub("", value)


def terms(value: object) -> tuple[str, ...]:
    """Read a lookup with several values: a list of texts, or one text with commas (`IsFlags`)."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)):
        raise ValueError("not a list")
    if not all(isinstance(item, str) for item in value):
        raise ValueError("not a list of texts")
    return tuple(word for item in value if (word := text(item)))


def day(value: object) -> date:
    """Read YYYY-MM-DD. Of a date with a time the time is left out, never converted: the day must not shift."""
    if not isinstance(value, str) or not (found := _DATE.fullmatch(value.strip())):
        raise ValueError("not a date")
    read = date.fromisoformat(found[1])
    if read.year < EARLIEST_YEAR:
        raise ValueError("an empty date")
    return read


def instant(value: object) -> datetime:
    """Read an ISO 8601 timestamp with `Z` or an offset, whole seconds to any fraction, as UTC.

    Raises:
        NoZone: it has no zone.
    """
    if not isinstance(value, str) or not (found := _INSTANT.fullmatch(value.strip())):
        raise ValueError("not a timestamp")
    if found[1] is None:
        raise NoZone("no zone")
    try:
        read = datetime.fromisoformat(value.strip().upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error
    if read.year < EARLIEST_YEAR:
        raise ValueError("an empty timestamp")
    return read


def is_masked(value: object) -> bool:
    """Whether the server hid the value: `********`."""
    return isinstance(value, str) and len(value) >= 3 and not value.strip().strip("*")


class Fields:
    """One record, read field by field. What cannot be read is None and is told to `warn`, never lost in silence."""

    __slots__ = ("_record", "warn")

    def __init__(self, record: Mapping[str, object], warn: Warn) -> None:
        self._record = record
        self.warn = warn

    def has(self, name: str) -> bool:
        """Whether the field is there with a value, readable or not."""
        value = self._record.get(name)
        return value is not None and not (isinstance(value, str) and not value.strip())

    def read(self, name: str, grammar: Callable[[object], T]) -> T | None:
        """Return the field read by `grammar`, or None when it is absent, blank, masked or unreadable."""
        value = self._record.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            bare = value.strip()
            if not bare:
                return None
            if bare[0] == "*" and is_masked(bare):
                self.warn(f"masked:{name}")
                return None
        try:
            return grammar(value)
        except NoZone:
            self.warn(f"no_zone:{name}")
        except ValueError:
            self.warn(f"unread:{name}")
        return None

    def money(self, name: str) -> int | None:
        """Return an amount in US cents. A price of nothing is no price: 0 is how some servers say "absent"."""
        amount = self.read(name, cents)
        if amount == 0:
            self.warn(f"zero:{name}")
            return None
        return amount

    def text(self, name: str) -> str | None:
        """Return a text with its blanks squeezed, or None."""
        return self.read(name, text) or None

    def flag(self, name: str) -> bool | None:
        """Return a boolean, or None."""
        return self.read(name, flag)

    def allowed(self, name: str) -> bool:
        """Return whether a consent stands: yes, or nothing said. Anything unreadable is no consent."""
        return not self.has(name) or self.flag(name) is True

    def terms(self, name: str) -> tuple[str, ...]:
        """Return the values of a lookup; none when it is absent or unreadable."""
        return self.read(name, terms) or ()

    def objects(self, name: str) -> Sequence[Mapping[str, object]]:
        """Return the objects of an expanded list, such as Media; what is no object in it is counted."""
        value = self._record.get(name)
        if value is None:
            return ()
        if not isinstance(value, (list, tuple)):
            self.warn(f"unread:{name}")
            return ()
        found = [item for item in value if isinstance(item, Mapping)]
        if len(found) != len(value):
            self.warn(f"unread:{name}")
        return found
