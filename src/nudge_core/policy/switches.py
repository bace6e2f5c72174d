"""What one professional and their operator have set: typed, checked, and never beyond what the law's rows allow.

Read from `user.strategy["nudge_rules"]`, an object whose parts are all optional:

    hours   {"default": WEEK, "TX": WEEK, ...}; WEEK is {"mon_fri": SPAN, "sat": SPAN, "sun": SPAN}, SPAN is
            ["09:00", "20:00"] or null. The professional's own window, for all recipients or for those of a state.
    caps    {"per_day": 1, "per_7_days": 2, "per_30_days": 6, "per_topic_day": 1, "per_topic_7_days": 2}
    links   ["example.com", ...]: the hosts that links may lead to (C14)
    off     [{"rule": "C3", "by": "...", "at": "2026-11-22T10:00:00+00:00", "why": "...", "states": ["PA"]}, ...]

What is not there keeps its strict value. A rule is off only with who, when and why; the entry stays where it is as the
record of it. Rules that cannot be switched off are named in `nudge_core.policy.rule_table`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from attrs import evolve, fields_dict, frozen

from nudge_core.errors import Invalid
from nudge_core.model.json import Json, JsonObject
from nudge_core.model.user import User
from nudge_core.policy.caps import Caps
from nudge_core.policy.facts import GateRules
from nudge_core.policy.hours_table import ALL_DAY, MINUTES_PER_HOUR, Span, WeekHours, told
from nudge_core.policy.rule_table import SWITCHABLE
from nudge_core.timing.area_codes import CANADIAN_PROVINCES, US_STATES

KEY = "nudge_rules"
DEFAULT = "default"
_WHERE = f"user.strategy.{KEY}"
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_PARTS = frozenset({"hours", "caps", "links", "off"})
_DAYS = ("mon_fri", "sat", "sun")
_WEEKDAYS = MappingProxyType({"mon_fri": range(5), "sat": range(5, 6), "sun": range(6, 7)})


@frozen(kw_only=True)
class SwitchedOff:
    """One rule that an operator has switched off. `states`: in these only; empty for everywhere."""

    rule: str
    by: str
    at: datetime
    why: str
    states: frozenset[str] = frozenset()


def rules_for(user: User, base: GateRules | None = None) -> GateRules:
    """Return the rules that bind one professional's texts.

    Args:
        user: the professional.
        base: what holds where they have set nothing; the strict values when None.

    Raises:
        Invalid: a setting cannot be read, or reaches beyond a rule; it names the field and the rule.
    """
    rules = base or GateRules()
    given = _object(user.strategy.get(KEY), _WHERE)
    _known(given, _PARTS, _WHERE)
    off = switched_off(user)
    for one in off:
        rules = _EFFECT[one.rule](rules, one.states)
    weeks = _weeks(given.get("hours"), rules)
    return evolve(
        rules,
        owner_hours=weeks.pop(DEFAULT, rules.owner_hours),
        owner_hours_in={**rules.owner_hours_in, **weeks},
        caps=_caps(given.get("caps"), rules.caps),
        link_hosts=_hosts(given.get("links")) if "links" in given and rules.link_hosts is None else rules.link_hosts,
    )


def rules_or_strict(user: User, base: GateRules) -> GateRules:
    """Return the rules of one professional; `base`, the strict ones, when their settings cannot be read.

    At the moment of sending a wrong setting must neither loosen a rule nor stop a text: it is refused where it is set.
    """
    try:
        return rules_for(user, base)
    except Invalid:
        return base


def switched_off(user: User) -> tuple[SwitchedOff, ...]:
    """Return the rules an operator has switched off for this professional.

    Raises:
        Invalid: an entry lacks who, when or why, or names a rule that cannot be switched off.
    """
    entries = _object(user.strategy.get(KEY), _WHERE).get("off", ())
    return tuple(_off(entry, f"{_WHERE}.off[{n}]") for n, entry in enumerate(_list(entries, f"{_WHERE}.off")))


def _off(entry: Json, where: str) -> SwitchedOff:
    given = _object(entry, where)
    _known(given, frozenset({"rule", "by", "at", "why", "states"}), where)
    rule = _text(given, "rule", where)
    if rule not in SWITCHABLE:
        raise Invalid(f"{where}.rule", f"a rule that can be switched off: {', '.join(sorted(SWITCHABLE))}", rule)
    states = frozenset(_state(state, f"{where}.states") for state in _list(given.get("states", ()), f"{where}.states"))
    try:
        at = datetime.fromisoformat(_text(given, "at", where))
    except ValueError as error:
        raise Invalid(f"{where}.at", "an instant with its offset (ISO 8601)", given.get("at")) from error
    if at.utcoffset() is None:
        raise Invalid(f"{where}.at", "an instant with its offset (ISO 8601)", at)
    return SwitchedOff(rule=rule, by=_text(given, "by", where), at=at, why=_text(given, "why", where), states=states)


def _no_hours(rules: GateRules, states: frozenset[str], *, pending: bool) -> GateRules:
    """Take the hours of the rows away, wholly or for some states; their holidays stay."""
    kept = []
    for row in rules.hours_rules:
        freed = row.jurisdictions & (states or row.jurisdictions) if row.pending is pending else frozenset[str]()
        if freed and row.no_holidays:
            kept.append(evolve(row, jurisdictions=freed, week=ALL_DAY))
        if row.jurisdictions - freed:
            kept.append(evolve(row, jurisdictions=row.jurisdictions - freed))
    return evolve(rules, hours_rules=tuple(kept))


def _no_holidays(rules: GateRules, states: frozenset[str]) -> GateRules:
    kept = []
    for row in rules.hours_rules:
        freed = row.jurisdictions & (states or row.jurisdictions) if row.no_holidays else frozenset[str]()
        if freed:
            kept.append(evolve(row, jurisdictions=freed, no_holidays=False))
        if row.jurisdictions - freed:
            kept.append(evolve(row, jurisdictions=row.jurisdictions - freed))
    return evolve(rules, hours_rules=tuple(kept))


def _no_frequency(rules: GateRules, states: frozenset[str]) -> GateRules:
    kept = [
        evolve(row, jurisdictions=row.jurisdictions - states)
        for row in rules.frequency_rules
        if states and row.jurisdictions - states
    ]
    return evolve(rules, frequency_rules=tuple(kept))


def _no_cool_down(rules: GateRules, _states: frozenset[str]) -> GateRules:
    return evolve(rules, cool_downs=evolve(rules.cool_downs, human_contact=timedelta(0)))


def _no_new_contact(rules: GateRules, _states: frozenset[str]) -> GateRules:
    return evolve(rules, cool_downs=evolve(rules.cool_downs, new_contact=timedelta(0)))


_EFFECT: Mapping[str, Callable[[GateRules, frozenset[str]], GateRules]] = MappingProxyType(
    {
        "C1": lambda rules, _states: evolve(rules, federal=ALL_DAY),
        "C2": lambda rules, states: _no_hours(rules, states, pending=False),
        "C3": lambda rules, states: _no_hours(rules, states, pending=True),
        "C4": _no_frequency,
        "C5": _no_holidays,
        "P3": _no_cool_down,
        "P4": _no_new_contact,
    }
)
"""What switching a rule off does; its keys are `SWITCHABLE`, which a test compares."""


def _weeks(given: Json, rules: GateRules) -> dict[str, WeekHours]:
    where = f"{_WHERE}.hours"
    weeks = {}
    for name, week in _object(given, where).items():
        if name != DEFAULT:
            _state(name, where)
        weeks[name] = _within(_week(week, f"{where}.{name}"), name, rules, f"{where}.{name}")
    return weeks


def _week(given: Json, where: str) -> WeekHours:
    days = _object(given, where)
    _known(days, frozenset(_DAYS), where)
    return WeekHours.of(*(_span(days.get(day), f"{where}.{day}") for day in _DAYS))


def _span(given: Json, where: str) -> Span | None:
    if given is None:
        return None
    edges = _list(given, where)
    rule = 'two times "HH:MM", the first before the second, or null'
    if len(edges) != 2 or not all(isinstance(edge, str) and _CLOCK.fullmatch(edge) for edge in edges):
        raise Invalid(where, rule, given)
    start, end = (int(edge[:2]) * MINUTES_PER_HOUR + int(edge[3:]) for edge in map(str, edges))
    try:
        return Span(start, end)
    except Invalid as error:
        raise Invalid(where, f"{rule}; edges at midnight or from 05:00 on", given) from error


def _within(week: WeekHours, name: str, rules: GateRules, where: str) -> WeekHours:
    """Refuse hours beyond the rows of their state; those for everybody must keep the federal ones."""
    rows = [("C1", rules.federal)]
    rows += [("C3" if row.pending else "C2", row.week) for row in rules.hours_rules if name in row.jurisdictions]
    for day, weekdays in _WEEKDAYS.items():
        for weekday in weekdays:
            mine = week.days[weekday]
            for rule, law in rows:
                theirs = law.days[weekday]
                if mine is not None and (theirs is None or theirs.meet(mine) != mine):
                    raise Invalid(f"{where}.{day}", f"within rule {rule}: {told(theirs)}", None)
    return week


def _caps(given: Json, caps: Caps) -> Caps:
    where = f"{_WHERE}.caps"
    values = _object(given, where)
    _known(values, frozenset(fields_dict(Caps)), where)
    numbers: dict[str, int] = {}
    for name, value in values.items():
        if not isinstance(value, int) or isinstance(value, bool):
            raise Invalid(f"{where}.{name}", "a whole number of texts", value)
        numbers[name] = value
    return evolve(caps, **numbers)


def _hosts(given: Json) -> frozenset[str]:
    where = f"{_WHERE}.links"
    hosts = [str(host).casefold().removeprefix("www.") for host in _list(given, where)]
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise Invalid(where, "hosts such as example.com, without scheme or path (C14)", host)
    return frozenset(hosts)


def _state(given: Json, where: str) -> str:
    if not isinstance(given, str) or given not in US_STATES | CANADIAN_PROVINCES:
        raise Invalid(where, "postal codes of states or provinces, such as TX", given)
    return given


def _object(given: Json, where: str) -> JsonObject:
    if given is None:
        return MappingProxyType({})
    if not isinstance(given, Mapping):
        raise Invalid(where, "an object", given)
    return given


def _list(given: Json, where: str) -> Sequence[Json]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise Invalid(where, "a list", given)
    return given


def _text(given: JsonObject, name: str, where: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Invalid(f"{where}.{name}", "who, when and why of a rule that is off: not empty", value)
    return value


def _known(given: JsonObject, names: frozenset[str], where: str) -> None:
    strange = sorted(set(given) - names)
    if strange:
        raise Invalid(f"{where}.{strange[0]}"[:200], f"one of {', '.join(sorted(names))}", None)
