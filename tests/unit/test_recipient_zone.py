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
    NOWHERE,
    OTHER_COUNTRIES,
    PACIFIC,
    US_STATES,
    US_ZONES,
)
from nudge_core.timing.recipient_zone import Evidence, area_code, whereabouts

SPLIT = {
    "850 448": {EASTERN, CENTRAL},
    "812 930 574 219": {EASTERN, CENTRAL},
    "270 364 606 423 729": {EASTERN, CENTRAL},
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


def test_what_is_known_of_the_person_is_added_to_what_the_number_says() -> None:
    found = whereabouts("+13055550123", PACIFIC, "CA")
    assert found.zones == {EASTERN, PACIFIC}
    assert found.jurisdictions == {"FL", "CA"}
    assert found.evidence is Evidence.KNOWN
    assert whereabouts("+13055550123", PACIFIC).jurisdictions == {"FL"}


def test_a_state_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        whereabouts("+13055550123", known_state="XX")
    assert caught.value.field == "client.state"


@pytest.mark.parametrize("phone", ["+15555550123", *(f"+1{code}5550123" for code in sorted(NOWHERE))])
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


IN_SERVICE = """
201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 220 223 224 225 227 228 229 231 234 235 239 240 248
251 252 253 254 256 260 262 267 269 270 272 274 276 279 281 283 301 302 303 304 305 307 308 309 310 312 313 314 315 316
317 318 319 320 321 323 324 325 326 327 329 330 331 332 334 336 337 339 341 346 347 350 351 352 353 357 360 361 363 364
369 380 385 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 424 425 430 432 434 435 436 440 442 443
445 447 448 457 458 463 464 465 469 470 472 475 478 479 480 483 484 501 502 503 504 505 507 508 509 510 512 513 515 516
517 518 520 530 531 534 539 540 541 551 557 559 561 562 563 564 567 570 571 572 573 574 575 580 582 585 586 601 602 603
605 606 607 608 609 610 612 614 615 616 617 618 619 620 621 623 624 626 628 629 630 631 636 640 641 645 646 650 651 656
657 659 660 661 662 667 669 678 679 680 681 682 686 689 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720
724 725 726 727 728 729 730 731 732 734 737 738 740 743 747 748 754 757 760 762 763 765 769 770 771 772 773 774 775 779
781 785 786 801 802 803 804 805 806 808 810 812 813 814 815 816 817 818 820 821 826 828 830 831 832 835 837 838 839 840
843 845 847 848 850 854 856 857 858 859 860 861 862 863 864 865 870 872 878 901 903 904 906 907 908 909 910 912 913 914
915 916 917 918 919 920 925 928 929 930 931 934 936 937 938 940 941 943 945 947 948 949 951 952 954 956 959 970 971 972
973 975 978 979 980 983 984 985 986 989
"""
"""Codes of the fifty states and DC as of 2026, listed apart from our table: a guard against loss, no other source."""


def test_every_area_code_in_service_has_a_row_and_no_row_is_of_another_country() -> None:
    of_states = {code for code, area in AREAS.items() if area.jurisdictions <= US_STATES}
    assert set(IN_SERVICE.split()) - of_states == set()
    assert not (NOWHERE | OTHER_COUNTRIES) & set(AREAS)


def test_canadian_codes_lead_to_provinces() -> None:
    assert whereabouts("+14165550123").jurisdictions == {"ON"}
    assert whereabouts("+16045550123").zones == {"America/Vancouver"}
