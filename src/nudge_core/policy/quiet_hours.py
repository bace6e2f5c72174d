"""When a text may go out: the hours of every place the recipient may be, and the professional's own, intersected.

An instant is allowed when, in every candidate zone, the wall clock lies inside the professional's hours, the federal
hours and those of every candidate jurisdiction on that local date, and the date is no banned holiday of any of them.
Instants are turned into wall clocks, never the other way round, except for the edges of a window.
Source: `messaging.md` 11.3, `verticals.md` 1.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from attrs import field, frozen

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
from nudge_core.timing.local_time import at, to_local
from nudge_core.timing.recipient_zone import Whereabouts

LOOK_AHEAD = timedelta(days=8)
"""How far `next_allowed` walks before it says that no common hour exists. Source: `messaging.md` 11.3."""

MARGIN_DAYS = 2
"""A zone's date is at most one away from UTC's, and a window that is open at midnight began a day before."""

Interval = tuple[datetime, datetime]


@frozen(kw_only=True)
class SendingHours:
    """The hours of one recipient.

    `owner`: the professional's own window, the house default until they choose; `owner_in`: where they chose another
    one for recipients of a state. `federal`: the base under all of them. Wider hours of the professional never count
    for more than the law's. Days once judged are remembered by the object.
    """

    whereabouts: Whereabouts
    owner: WeekHours = HOUSE_DEFAULT
    owner_in: Mapping[str, WeekHours] = field(factory=dict[str, WeekHours], hash=False)
    rules: tuple[HoursRule, ...] = RULES
    federal: WeekHours = FEDERAL
    _spans: dict[date, Span | None] = field(factory=dict[date, "Span | None"], init=False, eq=False, repr=False)
    _intervals: dict[date, Sequence[Interval]] = field(
        factory=dict[date, "Sequence[Interval]"], init=False, eq=False, repr=False
    )

    def allowed(self, instant: datetime) -> bool:
        """Say whether a text may go out at `instant`; False everywhere when no zone is a candidate."""
        zones = self.whereabouts.zones
        return bool(zones) and all(self._shows_allowed(to_local(instant, name)) for name in zones)

    def next_allowed(self, instant: datetime) -> datetime | None:
        """Return the first allowed instant that is not before `instant`, in UTC; None within the next 8 days."""
        for start, end in self._windows(instant):
            if end > instant and start < instant + LOOK_AHEAD:
                return max(start, instant)
        return None

    def window_end(self, instant: datetime) -> datetime | None:
        """Return when the window that holds `instant` closes, in UTC; None when `instant` is not allowed."""
        for start, end in self._windows(instant):
            if start <= instant < end:
                return end
        return None

    def _shows_allowed(self, wall: datetime) -> bool:
        span = self._span(wall.date())
        return span is not None and span.start <= wall.hour * MINUTES_PER_HOUR + wall.minute < span.end

    def _span(self, day: date) -> Span | None:
        if day not in self._spans:
            self._spans[day] = self._judged(day)
        return self._spans[day]

    def _judged(self, day: date) -> Span | None:
        """Return what every law in play and the professional allow on a local date."""
        weekday, places = day.weekday(), self.whereabouts.jurisdictions
        span = self.federal.days[weekday]
        for mine in [self.owner_in.get(state, self.owner) for state in places] or [self.owner]:
            span = _meet(span, mine.days[weekday])
        for rule in self.rules:
            concerned = rule.jurisdictions & places
            if not concerned or not rule.in_force(day):
                continue
            if rule.no_holidays and any(is_banned_holiday(state, day) for state in concerned):
                return None
            span = _meet(span, rule.week.days[weekday])
        return span

    def _windows(self, instant: datetime) -> Sequence[Interval]:
        """Return the allowed intervals around the UTC day of `instant` and for `LOOK_AHEAD` after it, in order."""
        today = instant.astimezone(UTC).date()
        if today not in self._intervals:
            self._intervals[today] = self._found(today)
        return self._intervals[today]

    def _found(self, today: date) -> Sequence[Interval]:
        days = [today + timedelta(days=n) for n in range(-MARGIN_DAYS, LOOK_AHEAD.days + MARGIN_DAYS + 1)]
        common: Sequence[Interval] | None = None
        for name in sorted(self.whereabouts.zones):
            mine = [_interval(day, span, name) for day in days if (span := self._span(day)) is not None]
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
