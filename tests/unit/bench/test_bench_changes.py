"""The benchmark measures what it says: each of its cases is the case it names."""

from __future__ import annotations

from collections import Counter

from nudge_core.verticals.real_estate.changes import ChangeOutcome, detect
from nudge_entrypoints.bench import changes


def test_the_cases_are_what_they_are_called() -> None:
    expected = {
        "unchanged": ChangeOutcome.UNCHANGED,
        "details_only": ChangeOutcome.DETAILS_ONLY,
        "price_drop": ChangeOutcome.PRICE_DROP,
        "sold": ChangeOutcome.SOLD,
    }
    for name, change in changes._CASES.items():
        pairs = changes._pairs(300, change)
        assert {detect(before, new, now=changes._NOW).outcome for before, new in pairs} == {expected[name]}
    poll = Counter(detect(before, new, now=changes._NOW).outcome for before, new in changes._mixed(1_000))
    assert poll == {
        ChangeOutcome.DETAILS_ONLY: 900,
        ChangeOutcome.PRICE_DROP: 60,
        ChangeOutcome.UNDER_CONTRACT: 30,
        ChangeOutcome.SOLD: 10,
    }


def test_the_report() -> None:
    report = changes.run(listings=50, rounds=1)
    assert report["listings"] == 50
    assert report["per_second"].keys() == report["baseline"].keys() == report["ratio"].keys()
    assert all(rate > 0 for rate in report["per_second"].values())
