"""Who may stand in a book twice: pairs with a score and its reasons, best first. Nothing is decided or changed here.

The score is the probability that both are one person, between the hypotheses of `likeness`. Only pairs of one block
are compared: somebody who shares a telephone, an e-mail, a birthday, an address, or a name as it sounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from math import log2
from typing import Any, TypeAlias

from attrs import field, frozen

from nudge_core.book import likeness
from nudge_core.book.likeness import Agreement, Odds
from nudge_core.book.person import Person, sound

AUTO_MERGE = 0.999
"""From here two are one without asking: of a thousand such pairs at most one may be wrong (issue 5, gate)."""

PROPOSE = 0.2
"""From here a person is asked. A pair below is more likely two people by four to one; ours."""

_UNPROVEN = 0.99
"""The most a pair can reach that shares no telephone, e-mail or whole birthday, or whose names contradict."""

DUPLICATES_PER_PERSON = 0.2  # prior: address books hold one person twice in some ten of a hundred cases; ours
HOUSEHOLD_PER_PERSON = 0.2  # prior: how many of somebody's household stand in the same book; ours

STRANGERS = 1_000
"""As if so many strangers stood in the book as well: in a book of ten a rare name must not pass for a frequent one."""

_SHARES = {"given": 1e-3, "family": 5e-4, "street": 1e-6, "phone": 1e-6, "email": 1e-7}
"""How frequent an unseen value is among strangers; of names the share of one of some thousand usual ones; ours."""

_LARGEST_BLOCK = 60  # members of a block by name: beyond, the name says too little and another block must hold the pair
_LARGEST_SURE_BLOCK = 200  # members of a block by telephone, e-mail, birthday or address
_SURE_LOCAL = 6  # letters before the @


@frozen(kw_only=True)
class Reason:
    """Why: the field, how both agree there, and how many bits that speaks for one person (negative: against)."""

    field: str
    how: str
    bits: float

    def __str__(self) -> str:
        return f"{self.field}: {self.how.replace('_', ' ')}"


@frozen(kw_only=True)
class Likeness:
    """How likely two are one person, and why: what says most comes first."""

    score: float
    reasons: tuple[Reason, ...] = field(repr=False)

    @property
    def is_sure(self) -> bool:
        """Whether it is above the bar of merging by itself."""
        return self.score >= AUTO_MERGE


Pair: TypeAlias = tuple[Hashable, Hashable, float, tuple[Reason, ...]]


def scored_pairs(people: Iterable[Person]) -> list[Pair]:
    """Return the pairs worth looking at: (id, id, score, reasons), the greatest score first, then by ids.

    Args:
        people: of one book, with different ids. What values are worth follows from them.
    """
    finder = DuplicateFinder()
    for person in people:
        finder.add(person)
    found = [(one.id, other.id, pair.score, pair.reasons) for one, other, pair in finder.pairs()]
    return sorted(found, key=lambda pair: (-pair[2], str(pair[0]), str(pair[1])))


class DuplicateFinder:
    """A book of people in blocks. Adding and asking cost the same however many there are: blocks are bounded."""

    def __init__(self) -> None:
        self._people: list[Person] = []
        self._ids: set[Hashable] = set()
        self._blocks: dict[tuple[str, ...], list[int]] = {}
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in _SHARES}

    def __len__(self) -> int:
        return len(self._people)

    def add(self, person: Person) -> None:
        """Take somebody into the book."""
        place = len(self._people)
        self._people.append(person)
        self._ids.add(person.id)
        for key in _keys(person):
            self._blocks.setdefault(key, []).append(place)
        for name, values in _values(person).items():
            self._counts[name].update(values)

    def pairs(self) -> Iterator[tuple[Person, Person, Likeness]]:
        """Yield the pairs of the book that reach `PROPOSE`, each once, in no promised order."""
        seen: set[tuple[int, int]] = set()
        for key, members in self._blocks.items():
            if len(members) > _most(key):
                continue
            for at, first in enumerate(members):
                for second in members[at + 1 :]:
                    if (first, second) in seen:
                        continue
                    seen.add((first, second))
                    one, other = self._people[first], self._people[second]
                    pair = self.compare(one, other)
                    if pair.score >= PROPOSE:
                        yield one, other, pair

    def like(self, person: Person) -> list[tuple[Person, Likeness]]:
        """Return who in the book may be this person, the likeliest first; themselves, by id, is left out.

        Args:
            person: somebody who need not stand in the book.
        """
        places: dict[int, None] = {}
        for key in _keys(person):
            members = self._blocks.get(key, ())
            if len(members) <= _most(key):
                places |= dict.fromkeys(members)
        found = [
            (self._people[place], self.compare(person, self._people[place]))
            for place in places
            if self._people[place].id != person.id
        ]
        likely = [(other, pair) for other, pair in found if pair.score >= PROPOSE]
        return sorted(likely, key=lambda one: (-one[1].score, str(one[0].id)))

    def compare(self, one: Person, other: Person) -> Likeness:
        """Return how likely two people are one; in whichever order they are given."""
        if (other.name.given, other.name.family) < (one.name.given, one.name.family):
            one, other = other, one
        given, family, is_swapped = likeness.names(one.name, other.name)
        birthday, address = likeness.birthdays(one.birthday, other.birthday), likeness.addresses(one, other)
        phone, email = likeness.phones(one, other), likeness.emails(one, other)
        compared = (
            ("given name", given, likeness.GIVEN, "given", _shared(one, other, "given")),
            ("family name", family, likeness.FAMILY, "family", _shared(one, other, "family")),
            ("birthday", birthday, likeness.BIRTHDAY, "", ""),
            ("address", address, likeness.ADDRESS, "street", _shared(one, other, "street")),
            ("phone", phone, likeness.PHONE, "phone", _shared(one, other, "phone")),
            ("e-mail", email, likeness.EMAIL, "email", _shared(one, other, "email")),
        )
        size = len(self._people) + STRANGERS
        same, household = DUPLICATES_PER_PERSON / size, HOUSEHOLD_PER_PERSON / size
        strangers = 1.0 - same - household
        own = (one.id in self._ids) + (other.id in self._ids)
        reasons: list[Reason] = []
        if is_swapped:
            same, household = same * likeness.SWAPPED.same, household * likeness.SWAPPED.household
            reasons.append(Reason(field="names", how="swapped", bits=log2(likeness.SWAPPED.same)))
        for name, agreement, table, counted, value in compared:
            if agreement is Agreement.MISSING:
                continue
            odds: Odds = table[agreement]
            by_chance = self._share(counted, value, own) if odds.strangers is None else odds.strangers
            # before this field is looked at, who they are if not one person is a matter of the others
            other_before = household + strangers
            same, household, strangers = same * odds.same, household * odds.household, strangers * by_chance
            bits = log2(odds.same * other_before / (household + strangers))
            reasons.append(Reason(field=name, how=agreement.value, bits=round(bits, 2)))
        score = same / (same + household + strangers)
        # Joan is one letter from John and lives with him: a slip in the given name needs the birthday
        is_given = given in _ALIKE or (given is Agreement.TYPO and birthday is Agreement.SAME)
        is_named = is_given and family in (Agreement.SAME, Agreement.TYPO)
        is_proven = Agreement.SAME in (birthday, phone, email) and birthday is not Agreement.DIFFERENT
        if not (is_named and is_proven):
            score = min(score, _UNPROVEN)
        return Likeness(score=score, reasons=tuple(sorted(reasons, key=lambda reason: -reason.bits)))

    def _share(self, counted: str, value: str, own: int) -> float:
        """Return how frequent a value is among the others. `own`: how many of the pair stand in the book."""
        others = max(self._counts[counted][value] - own, 0)
        return (others + STRANGERS * _SHARES[counted]) / (len(self._people) + STRANGERS)


_ALIKE = (Agreement.SAME, Agreement.SHORT_FORM)


def _values(person: Person) -> dict[str, Sequence[str]]:
    """Return what is counted of somebody, by field."""
    return {
        "given": [person.name.given] if person.name.given else (),
        "family": [person.name.family] if person.name.family else (),
        "street": [person.street] if person.street else (),
        "phone": person.phones,
        "email": [email.lower() for email in person.emails],
    }


def _shared(one: Person, other: Person, name: str) -> Any:
    """Return the value of a field that both have: what its frequency is asked of."""
    if name == "phone":
        return min(set(one.phones) & set(other.phones), default="")
    if name == "email":
        return min({e.lower() for e in one.emails} & {e.lower() for e in other.emails}, default="")
    return one.street if name == "street" else getattr(one.name, name)


def _keys(person: Person) -> list[tuple[str, ...]]:
    """Return the blocks of somebody. The first letter of a key says what it is made of: capitals are sure ones."""
    name, place = person.name, person.postal_code or person.locality
    keys: list[tuple[str, ...]] = [("P", phone) for phone in person.phones]
    for email in person.emails:
        local = email.lower().partition("@")[0]
        keys.append(("E", email.lower()))
        if len(local) >= _SURE_LOCAL:
            keys.append(("L", local))
    if person.birthday:
        keys.append(("B", person.birthday))
        keys += [("y", person.birthday[-5:], sound(one)) for one in (name.given, name.family) if one]
        keys += [("m", person.birthday[:4], name.family)] if name.family else []
    if person.street and place:
        keys.append(("A", person.street, place))
    if name.given and name.family:
        keys.append(("n", *sorted((name.given, name.family))))
        keys.append(("s", *sorted((sound(name.given), sound(name.family)))))
        keys.append(("i", name.given[0], name.family))
    if place:
        keys += [("g", sound(one), place) for one in (name.given, name.family) if one]
    return list(dict.fromkeys(keys))  # given and family name may sound alike


def _most(key: tuple[str, ...]) -> int:
    return _LARGEST_SURE_BLOCK if key[0].isupper() else _LARGEST_BLOCK
