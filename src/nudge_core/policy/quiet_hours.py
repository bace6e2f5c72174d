"""When a text may go out: the hours of every place the recipient may be, and the professional's own, intersected.

An instant is allowed when, in every candidate zone, the wall clock lies inside the professional's hours, the federal
hours and those of every candidate jurisdiction on that local date, and the date is no banned holiday of any of them.
Instants are turned into wall clocks, never the other way round, except for the edges of a window.
Source: `messaging.md` 11.3, `verticals.md` 1.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from attrs import frozen

from nudge_core.policy.holidays import is_banned_holiday
from nudge_core.policy.hours_table import (
    FEDERAL,
    HOUSE_DEFAULT,
    MINUTES_PER_DAY,
    MINUTES_PER_HOUR,
    RULES,
    HoursRule,
    Span,
    WeekHours,
)
from nudge_core.timing.local_time import at, local_date, to_local
from nudge_core.timing.recipient_zone import Whereabouts

LOOK_AHEAD = timedelta(days=8)
"""How far `next_allowed` walks before it says that no common hour exists. Source: `messaging.md` 11.3."""

Interval = tuple[datetime, datetime]


@frozen(kw_only=True)
class SendingHours:
    """The hours of one recipient. `owner`: the professional's own window, the house default until they choose."""

    whereabouts: Whereabouts
    owner: WeekHours = HOUSE_DEFAULT
    rules: tuple[HoursRule, ...] = RULES

    def allowed(self, instant: datetime) -> bool:
        """Say whether a text may go out at `instant`; False everywhere when no zone is a candidate."""
        walls = [to_local(instant, name) for name in self.whereabouts.zones]
        return bool(walls) and all(self._shows_allowed(wall) for wall in walls)

    def next_allowed(self, instant: datetime) -> datetime | None:
        """Return the first allowed instant that is not before `instant`, in UTC; None within the next 8 days."""
        for start, end in self._windows(instant, LOOK_AHEAD.days + 1):
            if end > instant and start < instant + LOOK_AHEAD:
                return max(start, instant)
        return None

    def window_end(self, instant: datetime) -> datetime | None:
        """Return when the window that holds `instant` closes, in UTC; None when `instant` is not allowed."""
        for start, end in self._windows(instant, 1):
            if start <= instant < end:
                return end
        return None

    def _shows_allowed(self, wall: datetime) -> bool:
        span = self._span(wall.date())
        return span is not None and span.start <= wall.hour * MINUTES_PER_HOUR + wall.minute < span.end

    def _span(self, day: date) -> Span | None:
        """Return what every law in play and the professional allow on a local date."""
        span = _meet(self.owner.days[day.weekday()], FEDERAL.days[day.weekday()])
        for rule in self.rules:
            concerned = rule.jurisdictions & self.whereabouts.jurisdictions
            if not concerned or not rule.in_force(day):
                continue
            if rule.no_holidays and any(is_banned_holiday(state, day) for state in concerned):
                return None
            span = _meet(span, rule.week.days[day.weekday()])
        return span

    def _windows(self, instant: datetime, days: int) -> Sequence[Interval]:
        """Return the allowed intervals from the day before `instant` to `days` days after it, in order."""
        spans: dict[date, Span | None] = {}
        common: Sequence[Interval] | None = None
        for name in sorted(self.whereabouts.zones):
            today = local_date(instant, name)
            mine = []
            for day in (today + timedelta(days=n) for n in range(-1, days + 1)):
                if day not in spans:
                    spans[day] = self._span(day)
                span = spans[day]
                if span is not None:
                    mine.append(_interval(day, span, name))
            common = _joined(mine) if common is None else _common(common, _joined(mine))
        return common or []


def _meet(one: Span | None, other: Span | None) -> Span | None:
    return None if one is None or other is None else one.meet(other)


def _interval(day: date, span: Span, zone_name: str) -> Interval:
    return _edge(day, span.start, zone_name), _edge(day, span.end, zone_name)


def _edge(day: date, minute: int, zone_name: str) -> datetime:
    if minute == MINUTES_PER_DAY:
        return at(day + timedelta(days=1), time(), zone_name)
    return at(day, time(*divmod(minute, MINUTES_PER_HOUR)), zone_name)


def _joined(intervals: Sequence[Interval]) -> Sequence[Interval]:
    """Return the intervals with those that touch made one: a window open at midnight goes on."""
    joined: list[Interval] = []
    for start, end in intervals:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _common(some: Sequence[Interval], others: Sequence[Interval]) -> Sequence[Interval]:
    """Return the intersection of two ordered lists of intervals."""
    found = []
    i = j = 0
    while i < len(some) and j < len(others):
        start, end = max(some[i][0], others[j][0]), min(some[i][1], others[j][1])
        if start < end:
            found.append((start, end))
        if some[i][1] <= others[j][1]:
            i += 1
        else:
            j += 1
    return found
