"""Where a recipient may be: area codes, known zones, and what follows from knowing nothing."""

from __future__ import annotations

import re

import pytest

from nudge_core.errors import Invalid
from nudge_core.model.fields import is_zone
from nudge_core.timing.area_codes import (
    AREAS,
    CANADIAN_PROVINCES,
    CENTRAL,
    EASTERN,
    MOUNTAIN,
    OTHER_COUNTRIES,
    PACIFIC,
    US_STATES,
    US_ZONES,
)
from nudge_core.timing.recipient_zone import Evidence, area_code, whereabouts

SPLIT = {
    "850 448": {EASTERN, CENTRAL},
    "812 930 574 219": {EASTERN, CENTRAL},
    "270 364 606 423": {EASTERN, CENTRAL},
    "308 605 701 620 785": {CENTRAL, MOUNTAIN},
    "906": {EASTERN, CENTRAL},
    "208 986 541 458 775": {PACIFIC, "America/Boise"},
    "928": {"America/Phoenix", MOUNTAIN},
    "907": {"America/Anchorage", "America/Adak"},
}


@pytest.mark.parametrize(("code", "zones"), [(code, zones) for codes, zones in SPLIT.items() for code in codes.split()])
def test_a_split_area_code_has_all_its_zones(code: str, zones: set[str]) -> None:
    assert AREAS[code].zones == zones


def test_every_area_code_is_well_formed_and_its_zones_exist() -> None:
    for code, area in AREAS.items():
        assert re.fullmatch("[2-9][0-9]{2}", code), code
        assert area.zones
        assert all(is_zone(name) for name in area.zones), code
        assert area.jurisdictions
        assert code not in OTHER_COUNTRIES
    assert len(US_STATES) == 51
    assert len(CANADIAN_PROVINCES) == 13


def test_no_area_code_stands_in_two_rows() -> None:
    from nudge_core.timing import area_codes

    rows = area_codes._STATES + area_codes._TERRITORIES + area_codes._CANADA
    codes = [code for _, _, codes in rows for code in codes.split()]
    assert len(codes) == len(set(codes)) == len(AREAS)


def test_the_area_code_decides_when_nothing_else_is_known() -> None:
    found = whereabouts("+18505550123")
    assert found.zones == {EASTERN, CENTRAL}
    assert found.jurisdictions == {"FL"}
    assert found.evidence is Evidence.AREA_CODE


def test_a_known_zone_replaces_the_zones_but_not_the_jurisdiction() -> None:
    found = whereabouts("+13055550123", PACIFIC)
    assert found.zones == {PACIFIC}
    assert found.jurisdictions == {"FL"}
    assert found.evidence is Evidence.KNOWN


@pytest.mark.parametrize("phone", ["+15555550123", "+18005550123"])
def test_an_area_code_of_no_place_is_anywhere_in_the_united_states(phone: str) -> None:
    found = whereabouts(phone)
    assert found.zones == US_ZONES
    assert found.jurisdictions == US_STATES
    assert found.evidence is Evidence.NOTHING


@pytest.mark.parametrize("phone", ["+442071838750", "+18765550123", "+5215512345678"])
def test_another_country_has_no_pack_of_rules_whatever_zone_is_stated(phone: str) -> None:
    found = whereabouts(phone, EASTERN)
    assert not found.zones
    assert found.evidence is Evidence.ABROAD


def test_an_unusable_phone_is_refused_without_being_told() -> None:
    with pytest.raises(Invalid) as caught:
        area_code("512-555-0123")
    assert "512" not in str(caught.value)
