"""A series: a rule on somebody's wall clock, with the days left out and the days moved. Pure.

The grid is what the rule says, counted from the anchor. An occurrence may be left out (an exception) or moved to the
next business day; the grid itself never moves. Each is an instant by the rules of `nudge_core.timing.local_time`: a
time that the clock skips moves forward by the gap, of a time shown twice the first is taken.
Source: `verticals.md` 1.2, 2.1 and 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from attrs import frozen

from nudge_core.timing.business_days import next_business_day
from nudge_core.timing.local_time import at
from nudge_core.timing.recurrence import Rule


@frozen(kw_only=True)
class Occurrence:
    """One occurrence. `number`: its place on the grid, from 1, the exceptions counted. `on`: its date on the grid.

    `wall`: what the clock shows when it is due, the business-day shift done; `at`: that instant, in UTC.
    """

    number: int
    on: date
    wall: datetime
    at: datetime


@frozen(kw_only=True)
class Series:
    """`anchor`: the fixed date the grid is counted from. `with_anchor`: it is itself an occurrence.

    `exceptions`: dates of the grid that are left out; they count in COUNT, as in RFC 5545. `business_days`: move a
    Saturday, Sunday or federal holiday to the next business day.
    """

    rule: Rule
    anchor: date
    wall_time: time
    zone: str
    exceptions: frozenset[date] = frozenset()
    business_days: bool = False
    with_anchor: bool = True

    def occurrences(self) -> Iterator[Occurrence]:
        """Yield the occurrences in order, without the exceptions."""
        until = self.rule.until if isinstance(self.rule.until, datetime) else None
        for number, on in enumerate(self.rule.dates(self.anchor, with_anchor=self.with_anchor), start=1):
            if until is not None and at(on, self.wall_time, self.zone) > until:
                return
            if on not in self.exceptions:
                yield self._occurrence(number, on)

    def after(self, number: int) -> Occurrence | None:
        """Return the first occurrence whose number is greater, or None: the series is over."""
        return next((one for one in self.occurrences() if one.number > number), None)

    def length(self, occurrence: Occurrence) -> timedelta:
        """Return the time from this occurrence to the next on the grid; for the last one from the one before.

        A rule with one date only has no interval; its anchor's distance stands for it.
        """
        dates = list(_around(self.rule.dates(self.anchor, with_anchor=self.with_anchor), occurrence.on))
        for one, other in pairwise(dates):
            if one == occurrence.on:
                return other - one
        return dates[-1] - dates[-2] if len(dates) > 1 else occurrence.on - self.anchor

    def length_before(self, occurrence: Occurrence) -> timedelta:
        """Return the time from the occurrence before this one to this one; for the first from the anchor.

        A series that begins on its anchor has nothing before its first: then the time to the next one stands for it.
        """
        before = next(_around(self.rule.dates(self.anchor, with_anchor=self.with_anchor), occurrence.on), self.anchor)
        if before == occurrence.on:
            before = self.anchor
        return occurrence.on - before if before < occurrence.on else self.length(occurrence)

    def _occurrence(self, number: int, on: date) -> Occurrence:
        day = next_business_day(on) if self.business_days else on
        return Occurrence(
            number=number,
            on=on,
            wall=datetime.combine(day, self.wall_time),
            at=at(day, self.wall_time, self.zone),
        )


def _around(dates: Iterator[date], day: date) -> Iterator[date]:
    """Yield the date before `day`, `day` and the one after it, as far as there are."""
    before: date | None = None
    for one in dates:
        if one < day:
            before = one
            continue
        if one == day and before is not None:
            yield before
        yield one
        if one > day:
            return
