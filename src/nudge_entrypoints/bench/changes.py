"""How many listings change detection compares in a second, beside the plainest thing that could be done instead.

    nudge bench changes

The baseline asks of two dicts with the same fields whether they differ, and knows nothing more than that. Both run in
one process on the same listings; only the ratio of the two is worth quoting. One core.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from attrs import asdict

from nudge_core.model.listing import AcceptedListing, ListingSnapshot, ListingStatus
from nudge_core.verticals.real_estate.changes import detect

LISTINGS = 20_000
"""A page of the largest vendor holds 5,000; several of them, so that the caches of the processor do not flatter."""
ROUNDS = 5
"""The median of so many is reported."""
QUICK_LISTINGS = 1_000

_NOW = datetime(2026, 3, 10, 18, tzinfo=UTC)
_EARLIER = _NOW - timedelta(days=2)

Pairs: TypeAlias = Sequence[tuple[AcceptedListing, ListingSnapshot]]


def run(listings: int = LISTINGS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure and return listings per second by case, the baseline's, and their ratio (detection / baseline).

    Cases: `unchanged`: an overlap sends the same records again. `details_only`: a later timestamp and other remarks.
    `price_drop` and `sold`: each listing is an event. `a_poll`: 90 % details, 6 % price drops, 3 % pending, 1 % sold.
    """
    cases = {name: _pairs(listings, change) for name, change in _CASES.items()}
    cases["a_poll"] = _mixed(listings)
    report: dict[str, Any] = {"listings": listings, "rounds": rounds, "per_second": {}, "baseline": {}, "ratio": {}}
    for name, pairs in cases.items():
        found, plain = _rates(pairs, rounds)
        report["per_second"][name] = round(found)
        report["baseline"][name] = round(plain)
        report["ratio"][name] = round(found / plain, 3)
    return report


def _rates(pairs: Pairs, rounds: int) -> tuple[float, float]:
    """Return the median rates of detection and of the baseline, measured in turns."""
    dicts = [(asdict(before.snapshot), asdict(new)) for before, new in pairs]

    def compare_dicts() -> int:
        return sum(1 for before, new in dicts if before != new)

    def compare_listings() -> int:
        return sum(1 for before, new in pairs if detect(before, new, now=_NOW).change is not None)

    found, plain = [], []
    for _ in range(rounds):
        found.append(len(pairs) / _seconds(compare_listings))
        plain.append(len(pairs) / _seconds(compare_dicts))
    return statistics.median(found), statistics.median(plain)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _listing(number: int, **fields: Any) -> ListingSnapshot:
    """Build one listing with values of its own: texts and instants are never the same objects in two of them."""
    told: dict[str, Any] = {
        "source_id": "bench",
        "listing_key": f"B{number:07d}",
        "listing_id": f"{number:07d}",
        "watermark": f"2026-03-08T18:00:{number % 60:02d}.000Z",
        "modified_at": _EARLIER + timedelta(seconds=number % 60),
        "status": ListingStatus.ACTIVE,
        "status_text": "".join(("Act", "ive")),
        "list_price_cents": (200_000 + number % 9_000 * 100) * 100,
        "original_list_price_cents": (210_000 + number % 9_000 * 100) * 100,
        "status_changed_at": _EARLIER - timedelta(days=number % 300),
        "major_change_type": "".join(("New", " Listing")),
        "major_changed_at": _EARLIER - timedelta(days=number % 300),
        "entered_at": _EARLIER - timedelta(days=number % 300),
        "property_type": "".join(("Resid", "ential")),
        "property_subtype": "".join(("Single Family", " Residence")),
        "beds": 2 + number % 4,
        "baths": 1.0 + number % 5 / 2,
        "living_area_sqft": 900.0 + number % 3_000,
        "lot_sqft": 4_000.0 + number % 9_000,
        "year_built": 1_950 + number % 70,
        "address": f"{number} Timber St",
        "city": "".join(("George", "town")),
        "state": "TX",
        "postal_code": f"78{number % 1000:03d}",
        "latitude": 30.0 + number % 1000 / 1000,
        "longitude": -97.0 - number % 1000 / 1000,
        "remarks": f"Home {number}. " + "A bright home with a garden. " * 10,
        "photo_urls": tuple(f"https://photos.example/{number}/{photo}.jpeg" for photo in range(10)),
    }
    return ListingSnapshot(**(told | fields))


def _later(number: int) -> dict[str, Any]:
    return {"modified_at": _NOW, "watermark": "2026-03-10T18:00:00.000Z", "remarks": f"Home {number}, in other words."}


def _price_drop(number: int) -> dict[str, Any]:
    return _later(number) | {"list_price_cents": (190_000 + number % 9_000 * 100) * 100, "price_changed_at": _NOW}


def _status(status: ListingStatus) -> Callable[[int], dict[str, Any]]:
    return lambda number: _later(number) | {"status": status, "status_changed_at": _NOW}


_CASES: dict[str, Callable[[int], dict[str, Any]]] = {
    "unchanged": lambda _number: {},
    "details_only": _later,
    "price_drop": _price_drop,
    "sold": _status(ListingStatus.CLOSED),
}


def _pairs(listings: int, change: Callable[[int], dict[str, Any]]) -> Pairs:
    return [
        (AcceptedListing(snapshot=_listing(number), transitions=1), _listing(number, **change(number)))
        for number in range(listings)
    ]


def _mixed(listings: int) -> Pairs:
    def change(number: int) -> dict[str, Any]:
        share = number % 100
        if share < 90:
            return _later(number)
        if share < 96:
            return _price_drop(number)
        return _status(ListingStatus.PENDING if share < 99 else ListingStatus.CLOSED)(number)

    return _pairs(listings, change)


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Return the figures of `run`, of few listings where it has to be quick."""
    return run(QUICK_LISTINGS, 1) if quick else run()


def table(measured: dict[str, Any]) -> str:
    """Return the figures as a table."""
    lines = [f"{'case':14} {'listings/s':>12} {'dict compare/s':>15} {'ratio':>7}"]
    for name, rate in measured["per_second"].items():
        lines.append(f"{name:14} {rate:12,} {measured['baseline'][name]:15,} {measured['ratio'][name]:7.3f}")
    return "\n".join(lines)
