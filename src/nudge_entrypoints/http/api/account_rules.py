"""The rules that bind one professional's texts, as a screen shows them: values, and by whose word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from attrs import frozen

from nudge_core.errors import Invalid
from nudge_core.model.user import User
from nudge_core.policy.caps import Caps
from nudge_core.policy.facts import GateRules
from nudge_core.policy.hours_table import MINUTES_PER_HOUR, HoursRule, WeekHours
from nudge_core.policy.rule_table import RULE_TABLE, Rule
from nudge_core.policy.switches import DEFAULT, SwitchedOff, rules_for, switched_off


@frozen(kw_only=True)
class HoursView:
    """Part of a day by the recipient's clock, "HH:MM"; `end` is not in it."""

    start: str
    end: str


WeekView = tuple[HoursView | None, ...]
"""Seven days, Monday first; null for a day without any hour."""


@frozen(kw_only=True)
class LawHoursView:
    """Hours that a law allows in some states or provinces."""

    jurisdictions: tuple[str, ...]
    week: WeekView
    no_holidays: bool
    since: date | None
    pending: bool
    source: str


@frozen(kw_only=True)
class LawFrequencyView:
    """How many texts on one subject a law allows in any length of time."""

    jurisdictions: tuple[str, ...]
    limit: int
    length_s: int
    since: date | None
    source: str


@frozen(kw_only=True)
class OffView:
    """Who switched a rule off, when and why; in these states only, or everywhere when there are none."""

    by: str
    at: datetime
    why: str
    states: tuple[str, ...]


@frozen(kw_only=True)
class RuleView:
    """One rule: what it asks, where and since when, by whose word, and whether an operator has switched it off."""

    id: str
    what: str
    strict: str
    source: str
    status: str
    jurisdictions: tuple[str, ...]
    since: date | None
    switchable: bool
    off: tuple[OffView, ...]


@frozen(kw_only=True)
class SettingsProblem:
    """A stored setting that cannot be read: the strict values hold until it is mended."""

    field: str
    rule: str


@frozen(kw_only=True)
class RulesView:
    """The effective rules.

    `hours`: the professional's own, `default` and by state; a text goes out only in hours that these, the federal ones
    and those of the recipient's state have in common.
    """

    hours: dict[str, WeekView]
    federal_hours: WeekView
    law_hours: tuple[LawHoursView, ...]
    law_frequency: tuple[LawFrequencyView, ...]
    caps: Caps
    rest_after_contact_s: int
    rest_of_new_contact_s: int
    link_hosts: tuple[str, ...] | None
    rules: tuple[RuleView, ...]
    problem: SettingsProblem | None


def rules_view(user: User) -> RulesView:
    """Return what binds a professional's texts now: the strict values where their settings cannot be read."""
    problem, off = None, tuple[SwitchedOff, ...]()
    try:
        rules, off = rules_for(user), switched_off(user)
    except Invalid as error:
        rules, problem = GateRules(), SettingsProblem(field=error.field, rule=error.rule)
    return RulesView(
        hours=_own_hours(rules),
        federal_hours=_week(rules.federal),
        law_hours=tuple(map(_law_hours, rules.hours_rules)),
        law_frequency=tuple(
            LawFrequencyView(
                jurisdictions=tuple(sorted(row.jurisdictions)),
                limit=row.limit,
                length_s=int(row.length.total_seconds()),
                since=row.since,
                source=row.source,
            )
            for row in rules.frequency_rules
        ),
        caps=rules.caps,
        rest_after_contact_s=int(rules.cool_downs.human_contact.total_seconds()),
        rest_of_new_contact_s=int(rules.cool_downs.new_contact.total_seconds()),
        link_hosts=None if rules.link_hosts is None else tuple(sorted(rules.link_hosts)),
        rules=tuple(_rule(row, [one for one in off if one.rule == row.id]) for row in RULE_TABLE),
        problem=problem,
    )


def _own_hours(rules: GateRules) -> dict[str, WeekView]:
    own: Mapping[str, WeekHours] = {DEFAULT: rules.owner_hours, **rules.owner_hours_in}
    return {name: _week(week) for name, week in own.items()}


def _week(week: WeekHours) -> WeekView:
    return tuple(
        None if span is None else HoursView(start=_clock(span.start), end=_clock(span.end)) for span in week.days
    )


def _clock(minute: int) -> str:
    return f"{minute // MINUTES_PER_HOUR:02d}:{minute % MINUTES_PER_HOUR:02d}"


def _law_hours(row: HoursRule) -> LawHoursView:
    return LawHoursView(
        jurisdictions=tuple(sorted(row.jurisdictions)),
        week=_week(row.week),
        no_holidays=row.no_holidays,
        since=row.since,
        pending=row.pending,
        source=row.source,
    )


def _rule(row: Rule, off: list[SwitchedOff]) -> RuleView:
    return RuleView(
        id=row.id,
        what=row.what,
        strict=row.strict,
        source=row.source,
        status=row.status.value,
        jurisdictions=tuple(sorted(row.jurisdictions)),
        since=row.since,
        switchable=row.switchable,
        off=tuple(OffView(by=one.by, at=one.at, why=one.why, states=tuple(sorted(one.states))) for one in off),
    )
