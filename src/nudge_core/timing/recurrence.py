"""Rules that recur: a subset of RFC 5545 recurrence rules, read, written and walked. Pure; dates only.

Known parts: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, COUNT, UNTIL, BYDAY (with ordinals in a month),
BYMONTHDAY, BYMONTH, and SKIP of RFC 7529. Anything else is `Invalid` and names the part. Weeks begin on Monday.

**A day that a month does not have.** RFC 5545 leaves the month out: monthly from 31 January skips February. Here a rule
says what it wants, in RFC 7529's own words: `SKIP=OMIT` leaves out, `SKIP=BACKWARD` takes the month's last day
(`verticals.md` 2.1 and 2.4). A rule that does not say is RFC 5545's, OMIT. Either way every occurrence is counted from
the anchor and never from the one before: 31 January, every 3 months, is 30 April and then 31 July.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import count as numbers
from typing import TypeVar

from attrs import field, frozen

from nudge_core.errors import Invalid
from nudge_core.timing.business_days import last_day, nth_weekday

HORIZON_YEARS = 50
"""How far from its anchor a rule is walked: nobody plans a text for longer, and a rule may match no date at all."""

MOST_INTERVAL = 1_000
MOST_COUNT = 10_000
MONTHS = 12
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
E = TypeVar("E", bound=StrEnum)
_ORDINAL_DAY = re.compile(rf"([+-]?[1-5])?({'|'.join(WEEKDAYS)})")
_DATE, _INSTANT = "%Y%m%d", "%Y%m%dT%H%M%SZ"


class Frequency(StrEnum):
    """How long one period of a rule is."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class Skip(StrEnum):
    """What becomes of a day that a month does not have. Source: RFC 7529, section 4.1."""

    OMIT = "OMIT"
    BACKWARD = "BACKWARD"


@frozen
class Weekday:
    """A weekday (0 is Monday) and which of them in its month: 1 the first, -1 the last, None every one."""

    day: int
    nth: int | None = None

    def __str__(self) -> str:
        return f"{'' if self.nth is None else self.nth}{WEEKDAYS[self.day]}"


@frozen(kw_only=True)
class Rule:
    """One recurrence rule. `until`: the last local date, or the last instant in UTC. At most one of count and until."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    by_day: tuple[Weekday, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    skip: Skip = field(default=Skip.OMIT)

    def __attrs_post_init__(self) -> None:
        """Refuse numbers out of range and parts that do not go together."""
        _range("INTERVAL", (self.interval,), 1, MOST_INTERVAL)
        _range("COUNT", () if self.count is None else (self.count,), 1, MOST_COUNT)
        _range("BYMONTH", self.by_month, 1, MONTHS)
        _range("BYMONTHDAY", [abs(day) for day in self.by_month_day], 1, 31)
        monthly = self.frequency is Frequency.MONTHLY or (self.frequency is Frequency.YEARLY and self.by_month)
        if self.count is not None and self.until is not None:
            raise Invalid("rrule.UNTIL", "a COUNT or an UNTIL, not both", self.until)
        if self.frequency is Frequency.WEEKLY and self.by_month_day:
            raise Invalid("rrule.BYMONTHDAY", "no day of the month in a WEEKLY rule (RFC 5545, 3.3.10)", None)
        if self.frequency is Frequency.YEARLY and self.by_day and not self.by_month:
            raise Invalid("rrule.BYDAY", "a BYMONTH beside it in a YEARLY rule", None)
        if any(one.nth is not None for one in self.by_day) and not monthly:
            raise Invalid("rrule.BYDAY", "ordinals such as 2TU only within a month", None)

    def __str__(self) -> str:
        parts = [f"FREQ={self.frequency}"]
        parts += [f"INTERVAL={self.interval}"] if self.interval != 1 else []
        parts += [f"{name}={_listed(values)}" for name, values in self._lists() if values]
        parts += [f"COUNT={self.count}"] if self.count is not None else []
        if self.until is not None:
            parts.append(f"UNTIL={self.until.strftime(_INSTANT if isinstance(self.until, datetime) else _DATE)}")
        # RFC 7529 wants the calendar named where SKIP is
        parts += ["RSCALE=GREGORIAN", f"SKIP={self.skip}"] if self.skip is not Skip.OMIT else []
        return ";".join(parts)

    def _lists(self) -> tuple[tuple[str, tuple[object, ...]], ...]:
        return (("BYMONTH", self.by_month), ("BYMONTHDAY", self.by_month_day), ("BYDAY", self.by_day))

    def dates(self, anchor: date, *, with_anchor: bool = True) -> Iterator[date]:
        """Yield the rule's dates in order, from the anchor on, at most `HORIZON_YEARS` far.

        An UNTIL that is an instant is not seen here: who knows the wall clock compares (`nudge_core.timing.series`).

        Args:
            anchor: what everything is counted from.
            with_anchor: whether the anchor may itself be an occurrence (RFC 5545's DTSTART). Not for a cadence that
                is counted from the day on which it was noted: there "every 3 months" is first 3 months later.
        """
        last = date(min(anchor.year + HORIZON_YEARS, date.max.year), anchor.month, 1)
        if type(self.until) is date:
            last = min(last, self.until)
        given = 0
        for period in numbers():
            days = self._period(anchor, period * self.interval)
            if days is None:
                return
            for day in sorted(days):
                if day < anchor or (day == anchor and not with_anchor):
                    continue
                if day > last or (self.count is not None and given >= self.count):
                    return
                given += 1
                yield day
            if self._begins(anchor, period * self.interval) > last:
                return

    def _begins(self, anchor: date, offset: int) -> date:
        """Return a date not after the first one of the period `offset` periods after the anchor's."""
        if self.frequency is Frequency.DAILY:
            return anchor + timedelta(days=offset)
        if self.frequency is Frequency.WEEKLY:
            return anchor + timedelta(days=7 * offset - anchor.weekday())
        if self.frequency is Frequency.MONTHLY:
            return _month_after(anchor, offset)
        return date(anchor.year + offset, 1, 1)

    def _period(self, anchor: date, offset: int) -> set[date] | None:
        """Return the dates of one period, unsorted and not yet bounded; None when the calendar ends there."""
        try:
            begins = self._begins(anchor, offset)
            if self.frequency is Frequency.DAILY:
                return {begins} if self._takes(begins) else set()
            if self.frequency is Frequency.WEEKLY:
                wanted = {one.day for one in self.by_day} or {anchor.weekday()}
                week = {begins + timedelta(days=day) for day in wanted}
                return {day for day in week if not self.by_month or day.month in self.by_month}
        except (OverflowError, ValueError):
            return None
        if self.frequency is Frequency.MONTHLY:
            months = [begins.month] if not self.by_month or begins.month in self.by_month else []
        else:
            every = range(1, MONTHS + 1) if self.by_month_day else [anchor.month]
            months = list(self.by_month or every)
        return {day for month in months for day in self._in_month(begins.year, month, anchor)}

    def _takes(self, day: date) -> bool:
        """Say whether a date passes the parts that limit a DAILY rule."""
        in_month = not self.by_month or day.month in self.by_month
        weekday = not self.by_day or day.weekday() in {one.day for one in self.by_day}
        of_month = not self.by_month_day or day in self._month_days(day.year, day.month, self.by_month_day)
        return in_month and weekday and of_month

    def _in_month(self, year: int, month: int, anchor: date) -> set[date]:
        """Return the dates of one month."""
        by_day = {
            found
            for one in self.by_day
            for nth in ((one.nth,) if one.nth is not None else (1, 2, 3, 4, 5))
            if (found := nth_weekday(year, month, one.day, nth)) is not None
        }
        if self.by_day and not self.by_month_day:
            return by_day
        by_month_day = self._month_days(year, month, self.by_month_day or (anchor.day,))
        return by_month_day & by_day if self.by_day else by_month_day

    def _month_days(self, year: int, month: int, wanted: tuple[int, ...]) -> set[date]:
        last = last_day(year, month)
        found = set()
        for given in wanted:
            day = given if given > 0 else last + 1 + given
            if self.skip is Skip.BACKWARD:
                day = min(day, last)
            if 1 <= day <= last:
                found.add(date(year, month, day))
        return found


def every(frequency: Frequency, interval: int = 1) -> Rule:
    """Return "every so many days, weeks, months or years", a missing day taken back to the month's last."""
    return Rule(frequency=frequency, interval=interval, skip=Skip.BACKWARD)


def parse(text: str) -> Rule:
    """Read a rule such as `FREQ=MONTHLY;INTERVAL=3;RSCALE=GREGORIAN;SKIP=BACKWARD`.

    Raises:
        Invalid: it is no such rule; the field names the part, `rrule.BYSETPOS`.
    """
    parts: dict[str, str] = {}
    for part in text.strip().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        name = name.strip().upper()
        if not equals or name in parts:
            raise Invalid(f"rrule.{name or 'part'}", "NAME=value, each name once", part)
        if name not in _KNOWN:
            raise Invalid(f"rrule.{name}", f"one of {', '.join(sorted(_KNOWN))}", value)
        parts[name] = value.strip().upper()
    if parts.get("RSCALE", "GREGORIAN") != "GREGORIAN":
        raise Invalid("rrule.RSCALE", "GREGORIAN", parts["RSCALE"])
    if "FREQ" not in parts:
        raise Invalid("rrule.FREQ", "a frequency", None)
    return Rule(
        frequency=_one_of("FREQ", parts["FREQ"], Frequency),
        interval=_number("INTERVAL", parts.get("INTERVAL", "1")),
        count=_number("COUNT", parts["COUNT"]) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        by_day=tuple(_weekday(one) for one in parts["BYDAY"].split(",")) if "BYDAY" in parts else (),
        by_month_day=_several("BYMONTHDAY", parts),
        by_month=_several("BYMONTH", parts),
        skip=_one_of("SKIP", parts.get("SKIP", "OMIT"), Skip),
    )


_KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "RSCALE", "SKIP"})


def _one_of(name: str, value: str, members: type[E]) -> E:
    try:
        return members(value)
    except ValueError:
        raise Invalid(f"rrule.{name}", f"one of {', '.join(members)}", value) from None


def _number(name: str, value: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,6}", value):
        raise Invalid(f"rrule.{name}", "a whole number", value)
    return int(value)


def _several(name: str, parts: dict[str, str]) -> tuple[int, ...]:
    return tuple(_number(name, one) for one in parts[name].split(",")) if name in parts else ()


def _until(value: str) -> date | datetime:
    for form in (_INSTANT, _DATE):
        try:
            read = datetime.strptime(value, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return read if form == _INSTANT else read.date()
    raise Invalid("rrule.UNTIL", "a date YYYYMMDD or an instant in UTC YYYYMMDDTHHMMSSZ", value)


def _weekday(value: str) -> Weekday:
    match = _ORDINAL_DAY.fullmatch(value)
    if match is None:
        raise Invalid("rrule.BYDAY", "weekdays such as MO, 2TU or -1FR", value)
    return Weekday(WEEKDAYS.index(match[2]), None if match[1] is None else int(match[1]))


def _range(name: str, values: tuple[int, ...] | list[int], low: int, high: int) -> None:
    for value in values:
        if not low <= value <= high:
            raise Invalid(f"rrule.{name}", f"from {low} to {high}", value)


def _listed(values: tuple[object, ...]) -> str:
    return ",".join(str(value) for value in values)


def _month_after(anchor: date, months: int) -> date:
    year, month = divmod(anchor.year * MONTHS + anchor.month - 1 + months, MONTHS)
    return date(year, month + 1, 1)
