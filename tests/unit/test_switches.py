"""What a professional may set: hours up to the table, caps, hosts, and rules switched off only on the record."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from nudge_core.errors import Invalid
from nudge_core.model.json import Json
from nudge_core.model.user import User
from nudge_core.policy.facts import GateRules
from nudge_core.policy.hours_table import ALL_DAY, HOUSE_DEFAULT, RULES, hours
from nudge_core.policy.quiet_hours import SendingHours
from nudge_core.policy.rule_table import RULE_TABLE, SWITCHABLE, Status
from nudge_core.policy.switches import _EFFECT, KEY, rules_for, rules_or_strict, switched_off
from nudge_core.timing.area_codes import CENTRAL, EASTERN
from nudge_core.timing.local_time import to_utc
from nudge_core.timing.recipient_zone import whereabouts
from tests import samples
from tests.clocks import wall

WEEK = {"mon_fri": ["09:00", "20:00"], "sat": ["10:00", "17:00"], "sun": None}
ENTRY = {"rule": "C3", "by": "Pat Operator", "at": "2026-11-22T10:00:00+00:00", "why": "counsel: not in force"}


def user(**rules: Any) -> User:
    return samples.user(strategy={KEY: rules} if rules else {})


def hours_at(rules: GateRules, phone: str) -> SendingHours:
    return SendingHours(
        whereabouts=whereabouts(phone),
        owner=rules.owner_hours,
        owner_in=rules.owner_hours_in,
        rules=rules.hours_rules,
        federal=rules.federal,
    )


def test_who_sets_nothing_has_the_strict_values() -> None:
    assert rules_for(user()) == GateRules()
    assert rules_for(user()).owner_hours == HOUSE_DEFAULT


def test_hours_are_widened_for_one_state_only() -> None:
    rules = rules_for(user(hours={"TX": {"mon_fri": ["09:00", "21:00"], "sat": None, "sun": ["12:00", "21:00"]}}))
    evening = to_utc(wall("2026-06-02 20:30"), CENTRAL)
    assert hours_at(rules, "+15125550123").allowed(evening)
    assert not hours_at(rules, "+13145550123").allowed(evening)  # Missouri keeps the house's own
    assert rules.owner_hours == HOUSE_DEFAULT


def test_hours_for_everybody_still_end_where_a_state_ends_them() -> None:
    rules = rules_for(user(hours={"default": {"mon_fri": ["08:00", "21:00"], "sat": None, "sun": None}}))
    evening = to_utc(wall("2026-06-02 20:30"), EASTERN)
    assert hours_at(rules, "+14045550123").allowed(evening)
    assert not hours_at(rules, "+13055550123").allowed(evening)


@pytest.mark.parametrize(
    ("given", "field", "rule"),
    [
        ({"hours": {"FL": {"mon_fri": ["08:00", "21:00"]}}}, "hours.FL.mon_fri", "C2"),
        ({"hours": {"AL": {"sun": ["10:00", "12:00"]}}}, "hours.AL.sun", "C2"),
        ({"hours": {"PA": {"mon_fri": ["08:00", "21:00"]}}}, "hours.PA.mon_fri", "C3"),
        ({"hours": {"default": {"mon_fri": ["07:00", "21:00"]}}}, "hours.default.mon_fri", "C1"),
        ({"hours": {"XX": WEEK}}, "hours", "postal codes"),
        ({"hours": {"TX": {"mon_fri": ["9", "21"]}}}, "hours.TX.mon_fri", "HH:MM"),
        ({"hours": {"TX": {"mon_fri": ["12:00", "09:00"]}}}, "hours.TX.mon_fri", "HH:MM"),
        ({"hours": {"TX": {"monday": ["12:00", "13:00"]}}}, "hours.TX.monday", "mon_fri"),
        ({"hours": ["TX"]}, "hours", "object"),
        ({"caps": {"per_day": "1"}}, "caps.per_day", "whole number"),
        ({"caps": {"per_day": -1}}, "per_day", "a number from"),
        ({"caps": {"per_hour": 1}}, "caps.per_hour", "per_day"),
        ({"links": ["https://example.com/x"]}, "links", "C14"),
        ({"links": "example.com"}, "links", "list"),
        ({"off": [{**ENTRY, "by": " "}]}, "off[0].by", "who, when and why"),
        ({"off": [{**ENTRY, "why": ""}]}, "off[0].why", "who, when and why"),
        ({"off": [{**ENTRY, "at": "yesterday"}]}, "off[0].at", "ISO 8601"),
        ({"off": [{**ENTRY, "at": "2026-11-22T10:00:00"}]}, "off[0].at", "offset"),
        ({"off": [{**ENTRY, "rule": "C7"}]}, "off[0].rule", "switched off"),
        ({"off": [{**ENTRY, "rule": "C6"}]}, "off[0].rule", "switched off"),
        ({"off": [{**ENTRY, "states": ["ZZ"]}]}, "off[0].states", "postal"),
        ({"quiet": True}, "quiet", "hours"),
    ],
)
def test_what_cannot_be_read_or_goes_too_far_names_field_and_rule(
    given: dict[str, Json], field: str, rule: str
) -> None:
    with pytest.raises(Invalid) as caught:
        rules_for(user(**given))
    assert field in caught.value.field
    assert rule in caught.value.rule
    assert rules_or_strict(user(**given), GateRules()) == GateRules()


def test_a_rule_is_off_only_on_the_record() -> None:
    rules = rules_for(user(off=[ENTRY]))
    assert not any(row.pending for row in rules.hours_rules)
    (off,) = switched_off(user(off=[ENTRY]))
    assert (off.rule, off.by, off.why) == ("C3", "Pat Operator", "counsel: not in force")
    assert off.at.year == 2026


def test_the_hours_of_one_state_may_be_switched_off_and_those_of_the_others_stay() -> None:
    off = rules_for(user(off=[{**ENTRY, "rule": "C2", "states": ["FL"]}]))
    before = {state for row in RULES for state in row.jurisdictions}
    assert {state for row in off.hours_rules for state in row.jurisdictions} == before - {"FL"}


def test_hours_and_holidays_are_switched_apart() -> None:
    mardi_gras = to_utc(wall("2026-02-17 20:30"), CENTRAL)
    sunday = to_utc(wall("2026-06-07 12:00"), CENTRAL)
    for rule, on_holiday, on_sunday in (("C2", False, True), ("C5", False, False)):
        given = user(off=[{**ENTRY, "rule": rule}], hours={})
        rules = rules_for(given)
        louisiana = SendingHours(whereabouts=whereabouts("+15045550123"), owner=ALL_DAY, rules=rules.hours_rules)
        assert louisiana.allowed(mardi_gras) is on_holiday  # C5 off: half past eight is still too late
        assert louisiana.allowed(sunday) is on_sunday
    noon = to_utc(wall("2026-02-17 12:00"), CENTRAL)
    assert SendingHours(
        whereabouts=whereabouts("+15045550123"),
        owner=ALL_DAY,
        rules=rules_for(user(off=[{**ENTRY, "rule": "C5"}])).hours_rules,
    ).allowed(noon)


def test_frequency_and_rests_may_be_switched_off() -> None:
    off = rules_for(user(off=[{**ENTRY, "rule": rule} for rule in ("C4", "P3", "P4")]))
    assert off.frequency_rules == ()
    assert off.cool_downs.human_contact == off.cool_downs.new_contact == timedelta(0)
    some = rules_for(user(off=[{**ENTRY, "rule": "C4", "states": ["OK"]}]))
    assert {state for row in some.frequency_rules for state in row.jurisdictions} == {"FL", "MD", "OR"}


def test_caps_and_hosts_are_read() -> None:
    rules = rules_for(user(caps={"per_day": 2}, links=["Example.com", "www.mine.org"]))
    assert (rules.caps.per_day, rules.caps.per_7_days) == (2, 2)
    assert rules.link_hosts == frozenset({"example.com", "mine.org"})


def test_every_rule_that_can_be_switched_off_has_an_effect() -> None:
    assert set(_EFFECT) == SWITCHABLE
    assert {"C6", "C7", "C9", "C10"} & SWITCHABLE == set()


def test_the_table_has_every_rule_of_the_reference_once() -> None:
    ids = [rule.id for rule in RULE_TABLE]
    assert len(ids) == len(set(ids))
    assert {f"C{n}" for n in range(1, 16)} <= set(ids)
    assert {rule.id for rule in RULE_TABLE if rule.status is Status.PENDING} == {"C3", "C8"}
    assert all(rule.source and rule.strict and rule.kept_by for rule in RULE_TABLE)


ROWS = {
    "FL MD MA NJ OK OR WA WY": (hours(8, 20), hours(8, 20), hours(8, 20)),
    "AL LA MS": (hours(8, 20), hours(8, 20), None),
    "CT NV": (hours(9, 20), hours(9, 20), hours(9, 20)),
    "TX": (hours(9, 21), hours(9, 21), hours(12, 21)),
    "KY": (hours(10, 21), hours(10, 21), hours(10, 21)),
    "MI MN NM": (hours(9, 21), hours(9, 21), hours(9, 21)),
    "RI": (hours(9, 18), hours(10, 17), None),
    "PA": (hours(9, 19), hours(9, 19), None),
}
"""`messaging.md` 11.2, row by row: Monday to Friday, Saturday, Sunday."""


@pytest.mark.parametrize(
    ("state", "week"), [(state, week) for states, week in ROWS.items() for state in states.split()]
)
def test_each_row_of_the_reference_is_in_the_table(state: str, week: tuple[object, object, object]) -> None:
    day = date(2027, 6, 1)
    rows = [row for row in RULES if state in row.jurisdictions and row.in_force(day)]
    assert week in [(row.week.days[0], row.week.days[5], row.week.days[6]) for row in rows]
    assert any(row.no_holidays for row in rows) is (state in {"AL", "LA", "MS", "RI", "PA"})
