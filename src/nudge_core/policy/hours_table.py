"""Hours in which a jurisdiction lets a text be sent: rows with sources and dates of effect. Data, never code.

Sources are those of `messaging.md` 11.2: only the federal row comes from the text of the law; the rest are secondary
tables that contradict each other on texts against calls, and the stricter reading is taken. Every row can be left out
by the operator; the strict table is the default. No replacement for counsel.
"""

from __future__ import annotations

from datetime import date

from attrs import field, frozen

from nudge_core.errors import Invalid
from nudge_core.timing.area_codes import CANADIAN_PROVINCES

MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR
LATEST_CLOCK_CHANGE = 5 * MINUTES_PER_HOUR
"""Clocks in this product's countries change before 05:00; edges stay clear of it, so that an edge is one instant."""


@frozen
class Span:
    """Part of a day by the wall clock, half-open: minutes after midnight `[start, end)`."""

    start: int
    end: int = field()

    @end.validator
    def _check(self, _attribute: object, _value: object) -> None:
        clear = all(edge in (0, MINUTES_PER_DAY) or edge >= LATEST_CLOCK_CHANGE for edge in (self.start, self.end))
        if not (0 <= self.start < self.end <= MINUTES_PER_DAY and clear):
            raise Invalid(
                "span", "0 <= start < end <= 1440, edges at midnight or from 05:00 on", (self.start, self.end)
            )

    def meet(self, other: Span) -> Span | None:
        """Return what both have, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None


def hours(start: float, end: float) -> Span:
    """Return the span from `start` to `end` o'clock; 21.5 is half past nine in the evening."""
    return Span(round(start * MINUTES_PER_HOUR), round(end * MINUTES_PER_HOUR))


def told(span: Span | None) -> str:
    """Return a span as a person writes it: "09:00 to 20:00", or "none"."""
    if span is None:
        return "none"
    return " to ".join(
        f"{edge // MINUTES_PER_HOUR:02d}:{edge % MINUTES_PER_HOUR:02d}" for edge in (span.start, span.end)
    )


@frozen
class WeekHours:
    """Spans per weekday, Monday first; None is a day without any."""

    days: tuple[Span | None, ...] = field()

    @days.validator
    def _check(self, _attribute: object, value: tuple[Span | None, ...]) -> None:
        if len(value) != 7:
            raise Invalid("week_hours.days", "seven days, Monday first", value)

    @classmethod
    def of(cls, monday_to_friday: Span | None, saturday: Span | None, sunday: Span | None) -> WeekHours:
        """Return a week whose working days are alike."""
        return cls((monday_to_friday,) * 5 + (saturday, sunday))

    @classmethod
    def daily(cls, span: Span) -> WeekHours:
        """Return a week whose days are all alike."""
        return cls((span,) * 7)


@frozen(kw_only=True)
class HoursRule:
    """One row: these jurisdictions allow `week`, and nothing on their holidays if `no_holidays`.

    `since` and `until` are recipient-local dates, both included, None for "always". `pending`: not certainly in force.
    """

    jurisdictions: frozenset[str]
    week: WeekHours
    source: str
    no_holidays: bool = False
    since: date | None = None
    until: date | None = None
    pending: bool = False

    def in_force(self, day: date) -> bool:
        """Say whether the row holds on this recipient-local date."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


ALL_DAY = WeekHours.daily(Span(0, MINUTES_PER_DAY))
FEDERAL = WeekHours.daily(hours(8, 21))
"""The base of every recipient. Source: 47 CFR 64.1200(c)(1)."""

HOUSE_DEFAULT = WeekHours.of(hours(10, 18), hours(10, 17), None)
"""A professional's hours until they choose wider ones: lawful under every row. Source: `messaging.md` 11.2."""

_SECONDARY = "messaging.md 11.2, secondary tables of 2025 and 2026"
_HOLIDAYS = "restricted call dates of dnc.com and clickpointsoftware.com"


def _rule(
    states: str,
    week: WeekHours,
    source: str = _SECONDARY,
    *,
    no_holidays: bool = False,
    since: date | None = None,
    pending: bool = False,
) -> HoursRule:
    return HoursRule(
        jurisdictions=frozenset(states.split()),
        week=week,
        source=source,
        no_holidays=no_holidays,
        since=since,
        pending=pending,
    )


RULES: tuple[HoursRule, ...] = (
    _rule("FL MD MA NJ OK WA WY", WeekHours.daily(hours(8, 20))),
    _rule("OR", WeekHours.daily(hours(8, 20)), "OR HB 3865, secondary", since=date(2026, 1, 1)),
    _rule("AL LA", WeekHours.of(hours(8, 20), hours(8, 20), None), no_holidays=True),
    _rule("MS", WeekHours.of(hours(8, 20), hours(8, 20), None), no_holidays=True),
    _rule("CT NV", WeekHours.daily(hours(9, 20))),
    _rule("TX", WeekHours.of(hours(9, 21), hours(9, 21), hours(12, 21))),
    _rule("KY", WeekHours.daily(hours(10, 21))),
    _rule("MI MN NM", WeekHours.daily(hours(9, 21))),
    _rule("RI", WeekHours.of(hours(9, 18), hours(10, 17), None), no_holidays=True),
    _rule("PA", FEDERAL, _HOLIDAYS, no_holidays=True),
    _rule(
        "PA",
        WeekHours.of(hours(9, 19), hours(9, 19), None),
        "PA SB 992; passage and date contradictory",
        since=date(2026, 10, 18),
        pending=True,
    ),
    _rule("UT", WeekHours.of(hours(8, 21), hours(8, 21), None), _HOLIDAYS, no_holidays=True),
    _rule(
        " ".join(sorted(CANADIAN_PROVINCES)),
        WeekHours.of(hours(9, 21.5), hours(10, 18), hours(10, 18)),
        "CRTC Unsolicited Telecommunications Rules, written for calls; taken for texts too",
    ),
)
