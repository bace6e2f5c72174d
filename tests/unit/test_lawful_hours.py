"""T1 in a quick size, and that it catches the mutants it is there for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from nudge_core.policy import quiet_hours
from nudge_core.policy.hours_table import RULES
from tests.lawful_hours import SPLIT_CODES, ZONES, Unlawful, changes, check, places, quick

NEW_YORK = ZoneInfo("America/New_York")


def test_t1_two_clock_changes_at_every_place_hold_no_unlawful_instant() -> None:
    assert quick().endswith("violations 0")


def test_the_full_size_is_what_t1_asks_for() -> None:
    assert len(places()) * len(changes()) * 3 * 24 * 60 >= 500_000
    assert len(ZONES) >= 11
    assert len(SPLIT_CODES) == len(set(SPLIT_CODES))


def test_the_changes_are_those_of_the_zone_database() -> None:
    for change in changes():
        before = (change - timedelta(hours=2)).astimezone(NEW_YORK).utcoffset()
        assert before != change.astimezone(NEW_YORK).utcoffset()


def test_mutant_m3_a_fixed_offset_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: every zone keeps the offset it has in January."""

    def offset(zone_name: str) -> timedelta:
        found = datetime(2026, 1, 15, tzinfo=UTC).astimezone(ZoneInfo(zone_name)).utcoffset()
        assert found is not None
        return found

    def fixed(instant: datetime, zone_name: str) -> datetime:
        return (instant + offset(zone_name)).replace(tzinfo=None)

    def fixed_at(day: date, wall_time: time, zone_name: str) -> datetime:
        return (datetime.combine(day, wall_time) - offset(zone_name)).replace(tzinfo=UTC)

    monkeypatch.setattr(quiet_hours, "to_local", fixed)
    monkeypatch.setattr(quiet_hours, "at", fixed_at)
    with pytest.raises(Unlawful):
        quick()


def test_a_mutant_that_asks_one_zone_only_of_a_split_code_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_zone(hours: quiet_hours.SendingHours, instant: datetime) -> bool:
        name = max(hours.whereabouts.zones)
        return hours._shows_allowed(instant.astimezone(ZoneInfo(name)))

    monkeypatch.setattr(quiet_hours.SendingHours, "allowed", one_zone)
    split = next(place for place in places() if place.name == "850")
    with pytest.raises(Unlawful):
        check(split, changes()[0], 31)


def test_a_mutant_that_drops_a_row_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tuple(rule for rule in RULES if "TX" not in rule.jurisdictions)
    whole = quiet_hours.SendingHours.__init__

    def without_texas(self: quiet_hours.SendingHours, **given: object) -> None:
        whole(self, **{"rules": kept, **given})  # type: ignore[arg-type]

    monkeypatch.setattr(quiet_hours.SendingHours, "__init__", without_texas)
    texas = next(place for place in places() if place.name == "512")
    with pytest.raises(Unlawful):
        check(texas, changes()[0], 31)
