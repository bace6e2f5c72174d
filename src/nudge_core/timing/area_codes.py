"""North American area codes: in which states and provinces they lie, and ALL the time zones they cover.

Source: the prefix tables of the `phonenumbers` package 9.0.43 (Google's libphonenumber), read once while this module
was written, outside the product. Corrected by hand:

- split area codes by `messaging.md` 11.1, because the library returns one zone for most of them;
- 334 and its overlay 483 also keep Eastern time around Phenix City (custom, not law); 219, 574, 606 and the prairie,
  northern and coastal splits of Canada by the library's longer prefixes;
- nine overlays the library lacks (483, 837, 357, 861, 679, 465, 624, 436, 621): lincmad.com/splitmap.html;
- 457 over 318 (Louisiana Public Service Commission, 2025) and 729 over 423 (Tennessee Public Utility Commission, 2023);
- 689 is Orlando: the library says Central.

A code that is not in it, new or of no place (toll-free, 5xx, 900), counts as "anywhere in the United States", which is
stricter than any row: a code too few costs hours, a wrong row may cost a fine. A mobile number keeps its code when its
owner moves: what is known of the person is added to what the number says.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from attrs import frozen

EASTERN = "America/New_York"
CENTRAL = "America/Chicago"
MOUNTAIN = "America/Denver"
PACIFIC = "America/Los_Angeles"

_Rows = tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]

_STATES: _Rows = (
    (("AK",), ("America/Anchorage", "America/Adak"), "907"),
    (("AL",), (CENTRAL,), "205 251 256 659 938"),
    (("AL",), (CENTRAL, EASTERN), "334 483"),
    (("AR",), (CENTRAL,), "327 479 501 870"),
    (("AZ",), ("America/Phoenix",), "480 520 602 623"),
    (("AZ",), ("America/Phoenix", MOUNTAIN), "928"),
    (
        ("CA",),
        (PACIFIC,),
        "209 213 279 310 323 341 350 357 369 408 415 424 442 510 530 559 562 619 626 628 650 657 661 669 "
        "707 714 738 747 760 805 818 820 831 837 840 858 909 916 925 949 951",
    ),
    (("CO",), (MOUNTAIN,), "303 719 720 748 970 983"),
    (("CT",), (EASTERN,), "203 475 860 959"),
    (("DC",), (EASTERN,), "202 771"),
    (("DE",), (EASTERN,), "302"),
    (("FL",), (EASTERN,), "239 305 321 324 352 386 407 561 645 656 689 727 728 754 772 786 813 863 904 941 954"),
    (("FL",), (EASTERN, CENTRAL), "448 850"),
    (("GA",), (EASTERN,), "229 404 470 478 678 706 762 770 912 943"),
    (("HI",), ("Pacific/Honolulu",), "808"),
    (("IA",), (CENTRAL,), "319 515 563 641 712"),
    (("ID",), ("America/Boise", PACIFIC), "208 986"),
    (("IL",), (CENTRAL,), "217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 861 872"),
    (("IN",), (EASTERN,), "260 317 463 765"),
    (("IN",), (EASTERN, CENTRAL), "219 574 812 930"),
    (("KS",), (CENTRAL,), "316 913"),
    (("KS",), (CENTRAL, MOUNTAIN), "620 785"),
    (("KY",), (EASTERN,), "502 859"),
    (("KY",), (EASTERN, CENTRAL), "270 364 606"),
    (("LA",), (CENTRAL,), "225 318 337 457 504 985"),
    (("MA",), (EASTERN,), "339 351 413 508 617 774 781 857 978"),
    (("MD",), (EASTERN,), "227 240 301 410 443 667"),
    (("ME",), (EASTERN,), "207"),
    (("MI",), (EASTERN,), "231 248 269 313 517 586 616 679 734 810 947 989"),
    (("MI",), (EASTERN, CENTRAL), "906"),
    (("MN",), (CENTRAL,), "218 320 507 612 651 763 952"),
    (("MO",), (CENTRAL,), "235 314 417 557 573 636 660 816 975"),
    (("MS",), (CENTRAL,), "228 601 662 769"),
    (("MT",), (MOUNTAIN,), "406"),
    (("NC",), (EASTERN,), "252 336 472 704 743 828 910 919 980 984"),
    (("ND",), (CENTRAL, MOUNTAIN), "701"),
    (("NE",), (CENTRAL,), "402 531"),
    (("NE",), (CENTRAL, MOUNTAIN), "308"),
    (("NH",), (EASTERN,), "603"),
    (("NJ",), (EASTERN,), "201 551 609 640 732 848 856 862 908 973"),
    (("NM",), (MOUNTAIN,), "505 575"),
    (("NV",), (PACIFIC,), "702 725"),
    (("NV",), (PACIFIC, "America/Boise"), "775"),
    (
        ("NY",),
        (EASTERN,),
        "212 315 329 332 347 363 465 516 518 585 607 624 631 646 680 716 718 838 845 914 917 929 934",
    ),
    (("OH",), (EASTERN,), "216 220 234 283 326 330 380 419 436 440 513 567 614 740 937"),
    (("OK",), (CENTRAL,), "405 539 572 580 918"),
    (("OR",), (PACIFIC,), "503 971"),
    (("OR",), (PACIFIC, "America/Boise"), "458 541"),
    (("PA",), (EASTERN,), "215 223 267 272 412 445 484 570 582 610 717 724 814 835 878"),
    (("RI",), (EASTERN,), "401"),
    (("SC",), (EASTERN,), "803 821 839 843 854 864"),
    (("SD",), (CENTRAL, MOUNTAIN), "605"),
    (("TN",), (CENTRAL,), "615 629 731 901 931"),
    (("TN",), (EASTERN,), "865"),
    (("TN",), (EASTERN, CENTRAL), "423 729"),
    (
        ("TX",),
        (CENTRAL,),
        "210 214 254 281 325 346 361 409 430 432 469 512 621 682 713 726 737 806 817 830 832 903 936 940 "
        "945 956 972 979",
    ),
    (("TX",), (MOUNTAIN,), "915"),
    (("UT",), (MOUNTAIN,), "385 435 801"),
    (("VA",), (EASTERN,), "276 434 540 571 686 703 757 804 826 948"),
    (("VT",), (EASTERN,), "802"),
    (("WA",), (PACIFIC,), "206 253 360 425 509 564"),
    (("WI",), (CENTRAL,), "262 274 353 414 534 608 715 920"),
    (("WV",), (EASTERN,), "304 681"),
    (("WY",), (MOUNTAIN,), "307"),
)

_TERRITORIES: _Rows = (
    (("AS",), ("Pacific/Pago_Pago",), "684"),
    (("GU",), ("Pacific/Guam",), "671"),
    (("MP",), ("Pacific/Saipan",), "670"),
    (("PR",), ("America/Puerto_Rico",), "787 939"),
    (("VI",), ("America/St_Thomas",), "340"),
)

_CANADA: _Rows = (
    (("AB",), ("America/Edmonton",), "368 403 587 780 825"),
    (("BC",), ("America/Vancouver",), "604"),
    (("BC",), ("America/Vancouver", "America/Edmonton", "America/Fort_Nelson"), "236 250 257 672 778"),
    (("MB",), ("America/Winnipeg",), "204 431 584"),
    (("NB",), ("America/Halifax",), "428 506"),
    (("NL",), ("America/St_Johns", "America/Halifax"), "709 879"),
    (("NS", "PE"), ("America/Halifax",), "782 902"),
    (("NT", "NU", "YT"), ("America/Whitehorse", "America/Edmonton", "America/Winnipeg", "America/Toronto"), "867"),
    (("ON",), ("America/Toronto",), "226 249 289 343 365 382 416 437 519 548 613 647 683 705 742 753 905 942"),
    (("ON",), ("America/Toronto", "America/Winnipeg", "America/Atikokan"), "807"),
    (("QC",), ("America/Toronto",), "263 273 354 438 450 468 514 579 819 873"),
    (("QC",), ("America/Toronto", "America/Halifax", "America/Blanc-Sablon"), "367 418 581"),
    (("SK",), ("America/Regina", "America/Edmonton", "America/Winnipeg"), "306 474 639"),
)

_CARIBBEAN = "242 246 264 268 284 345 441 473 649 658 664 721 758 767 784 809 829 849 868 869 876"
_OF_NO_PLACE = (
    "500 521 522 523 524 525 526 527 528 529 533 544 566 577 588 600 622 700 710 800 822 833 844 855 866 877 888 900"
)
NOWHERE = frozenset(_OF_NO_PLACE.split())
"""Codes of no place: toll-free, personal, paid, government and carriers' own. They may be anywhere."""

OTHER_COUNTRIES = frozenset(_CARIBBEAN.split())
"""Area codes of the Caribbean and Bermuda: inside +1, outside the law this product knows."""


@frozen(kw_only=True)
class Area:
    """One area code: postal codes of its states or provinces, and every zone it covers."""

    jurisdictions: frozenset[str]
    zones: frozenset[str]


def _table(rows: Iterable[tuple[tuple[str, ...], tuple[str, ...], str]]) -> dict[str, Area]:
    return {
        code: Area(jurisdictions=frozenset(states), zones=frozenset(zones))
        for states, zones, codes in rows
        for code in codes.split()
    }


AREAS = MappingProxyType(_table(_STATES + _TERRITORIES + _CANADA))
"""Area code -> where it lies."""

US_STATES = frozenset(state for states, _, _ in _STATES for state in states)
"""The fifty states and DC, as postal codes."""

US_ZONES = frozenset(name for _, zones, _ in _STATES for name in zones)
"""Every zone of the fifty states and DC that keeps its own time today."""

CANADIAN_PROVINCES = frozenset(province for provinces, _, _ in _CANADA for province in provinces)
"""Provinces and territories, as postal codes."""
