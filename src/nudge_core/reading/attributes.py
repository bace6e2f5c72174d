"""Attributes nobody named in advance: what kind each is, and the words for it, from its own name and values.

A feed may tell of things no code knows. An attribute's name ("hasGarage", "in_unit_laundry") and its values are
English: they are split into words, looked up in the thesaurus of English at large, and read in texts by these words.
No name of any data set stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from nudge_core.model.json import Json
from nudge_core.reading.thesaurus import OPPOSITES, THINGS, thing_named

MOST_CHOICES = 24
"""Different values up to which a text attribute is a choice; with more it is a name or an address."""

LEAST_REPEATS = 3
"""How often a value of a choice occurs at least, on average."""


class AttributeKind(StrEnum):
    """What an attribute's values are, and so how a wish about it reads."""

    FLAG = "flag"
    COUNT = "count"
    MONEY = "money"
    PLACE = "place"
    CHOICE = "choice"


@frozen(kw_only=True)
class Wording:
    """Patterns without groups for one thing: sure words, likely ones, and words for its opposite; "" for none."""

    sure: str
    likely: str = ""
    opposite: str = ""


@frozen(kw_only=True)
class Described:
    """An attribute: its name, its kind, and its words. `choices`: of a choice, each value's words; `places`: names."""

    name: str
    kind: AttributeKind
    wording: Wording = field(default=Wording(sure=r"(?!)"), repr=False)
    choices: Mapping[str, Wording] = field(factory=lambda: MappingProxyType({}), repr=False)
    places: tuple[str, ...] = field(default=(), repr=False)


_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_AUXILIARY = frozenset(
    {
        "has", "have", "having", "is", "are", "be", "with", "allow", "allows", "allowed", "allowing",
        "permit", "permits", "permitted", "available", "availability", "include", "includes", "included",
        "provided", "provides", "offer", "offers", "offered", "flag", "yn", "can", "number", "num", "of",
        "count", "total", "qty", "how", "many", "n", "accepts", "accept", "accepted", "ok", "okay", "welcome",
        "friendly", "the", "a", "an", "feature", "features", "attribute", "option", "for", "onsite",
        "amenity", "amenities",
    }
)  # fmt: skip
_PLACES = frozenset(
    {
        "area", "city", "town", "neighborhood", "neighbourhood", "district", "suburb", "locality", "region",
        "borough", "county", "location", "place", "quarter",
    }
)  # fmt: skip
_MONEY = frozenset(
    {
        "price", "rent", "cost", "fee", "fees", "deposit", "payment", "dues", "amount", "usd", "dollars",
        "monthly", "budget", "hoa", "tax", "taxes",
    }
)  # fmt: skip
_NEITHER = frozenset(
    {
        "id", "name", "address", "phone", "street", "zip", "postcode", "postal", "latitude", "longitude",
        "lat", "lng", "lon", "url", "link", "date", "time", "description", "remarks", "year", "sqft", "size",
        "square", "feet", "title", "email", "photo", "image", "listed", "updated", "created", "score",
        "rating",
    }
)  # fmt: skip
_ROOMS: Mapping[str, str] = MappingProxyType(
    {
        "bed": r"bedrooms|bedroom|bed[\s-]?roo?ms?|bed[\s-]?roms?|beds?|bdrms?|bdrs?|brs?|bds?|sleeping\s+rooms?",
        "bath": r"bathrooms|bathroom|bath[\s-]?roo?ms?|bath[\s-]?roms?|baths?|bas?|restrooms?|washrooms?|toilets?",
        "room": r"rooms?",
        "floor": r"floors?|stor(?:y|ies)|storeys?|levels?",
        "parking": r"(?:parking\s+(?:spaces?|spots?|places?)|car\s+(?:spaces?|garage)|cars?)",
        "garage": r"(?:car[\s-]+)?garages?(?:\s+(?:spaces?|spots?))?",
    }
)
"""Nouns of things that homes have several of."""

_YES_NO = frozenset({"yes", "no", "y", "n", "true", "false", "t", "f"})


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in snake, kebab or camel case: "hasGarage" is has, garage."""
    return tuple(word.casefold() for word in _SPLIT.findall(name))


def described(columns: Mapping[str, Sequence[Json]]) -> tuple[Described, ...]:
    """Return the attributes among named columns of values, by name; what is an identity, a text or a date is left out.

    Args:
        columns: name to the values that occur, one per offer; None for not stated.
    """
    kinds = {name: kind_of(name, values) for name, values in columns.items()}
    subjects = {name: _subject(name) for name, kind in kinds.items() if kind is AttributeKind.FLAG}
    found: list[Described] = []
    for name, kind in sorted(kinds.items()):
        if kind is AttributeKind.FLAG:
            others = [subject for other, subject in subjects.items() if other != name]
            found.append(Described(name=name, kind=kind, wording=_flag_words(subjects[name], others)))
        elif kind is AttributeKind.COUNT:
            found.append(Described(name=name, kind=kind, wording=Wording(sure=nouns_of(name))))
        elif kind is AttributeKind.PLACE:
            names = sorted({value for value in columns[name] if isinstance(value, str) and value.strip()})
            found.append(Described(name=name, kind=kind, places=tuple(names)))
        elif kind is AttributeKind.CHOICE:
            found.append(Described(name=name, kind=kind, choices=_choices(columns[name])))
        elif kind is AttributeKind.MONEY:
            found.append(Described(name=name, kind=kind))
    return tuple(found)


def kind_of(name: str, values: Iterable[Json]) -> AttributeKind | None:
    """Return the kind of an attribute by its name and values, or None when a wish cannot be about it."""
    stated = [value for value in values if value is not None]
    words = set(words_of(name))
    if not stated or words & _NEITHER:
        return None
    if all(isinstance(value, bool) or (isinstance(value, str) and value.casefold() in _YES_NO) for value in stated):
        return AttributeKind.FLAG
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in stated):
        if words & _MONEY:
            return AttributeKind.MONEY
        whole = all(float(value) * 2 == int(float(value) * 2) for value in stated if isinstance(value, int | float))
        return AttributeKind.COUNT if whole and max(map(abs, map(_number, stated))) <= MOST_CHOICES else None
    if not all(isinstance(value, str) for value in stated):
        return None
    if words & _PLACES:
        return AttributeKind.PLACE
    several = len({str(value).casefold() for value in stated})
    return AttributeKind.CHOICE if several <= MOST_CHOICES and len(stated) >= LEAST_REPEATS * several else None


def yes_or_no(value: Json) -> bool | None:
    """Return a flag's value from true, "yes", "N" and the like; None for what is none."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.casefold() in _YES_NO:
        return value.casefold() in ("yes", "y", "true", "t")
    return None


def value_words(value: str) -> Wording:
    """Return the words for a value of a choice: what it says, in its forms, or what the thesaurus knows for it."""
    phrase = " ".join(words_of(value)) or value.casefold()
    thing = _thing(phrase)
    own = _inflected(phrase.split())
    if thing is None:
        return Wording(sure=own)
    known = THINGS[thing]
    return Wording(sure=known.called, likely=known.near, opposite=known.opposite)


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _choices(values: Sequence[Json]) -> Mapping[str, Wording]:
    names = sorted({value for value in values if isinstance(value, str) and value.strip()})
    return MappingProxyType({name: value_words(name) for name in names})


def _subject(name: str) -> tuple[str, ...]:
    """Return the words of a name that say what it is about."""
    words = words_of(name)
    return tuple(word for word in words if word not in _AUXILIARY) or words


def _thing(phrase: str) -> str | None:
    """Return the thing that most of a phrase's words name, of equals the last: "in unit laundry" is laundry."""
    words = phrase.split()
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length, -1, -1):
            if found := thing_named(" ".join(words[start : start + length])):
                return found
    return None


def _flag_words(subject: tuple[str, ...], others: Sequence[tuple[str, ...]]) -> Wording:
    """Return the words of a yes/no attribute; those it shares with another one stay with the plainer of the two."""
    thing = _thing(" ".join(subject))
    own = _inflected(subject)
    turned = rf"(?:un|non)[\s-]?(?:{own})" if len(subject) == 1 else rf"non[\s-](?:{own})"
    if thing is None:
        return Wording(sure=own, opposite=turned)
    known = THINGS[thing]
    rivals = [other for other in others if _thing(" ".join(other)) == thing]
    if any(len(other) < len(subject) for other in rivals):
        return Wording(sure=own, opposite=turned)
    claimed = {_thing(" ".join(other)) for other in others}
    near = "|".join(part for part in alternatives(known.near) if not _claimed_elsewhere(part, claimed - {thing}))
    opposite = "|".join(part for part in (turned, known.opposite) if part)
    against = OPPOSITES.get(thing)
    if against is not None and against not in claimed:
        opposite += "|" + THINGS[against].called
    return Wording(sure=f"{own}|{known.called}", likely=near, opposite=opposite)


def alternatives(pattern: str) -> list[str]:
    """Split a pattern at its outer bars."""
    parts, depth, last = [], 0, 0
    for place, letter in enumerate(pattern):
        depth += (letter in "([") - (letter in ")]")
        if letter == "|" and depth == 0:
            parts.append(pattern[last:place])
            last = place + 1
    parts.append(pattern[last:])
    return [part for part in parts if part]


def _claimed_elsewhere(pattern: str, things: set[str | None]) -> bool:
    """Say whether words that only usually mean one thing are another attribute's own."""
    names = {name for name in things if name is not None}
    return any(re.fullmatch(pattern, name, re.IGNORECASE) or pattern in THINGS[name].called for name in names)


def _inflected(words: Sequence[str]) -> str:
    """Return a pattern of a phrase: its words in order with any hyphen or blank, the last one in singular or plural."""
    forms = [re.escape(word) for word in words[:-1]] + [_forms(words[-1])] if words else [r"(?!)"]
    return r"[\s/&-]*(?:(?:and|or)\s+)?".join(forms)


def _forms(word: str) -> str:
    stem = word
    if word.endswith("ies") and len(word) > 4:  # "ties" is no plural of "ty"
        stem = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 3:  # "gas", "bus"
        stem = word[:-1]
    if stem.endswith("y") and stem[-2:-1] not in "aeiou":
        return rf"{re.escape(stem[:-1])}(?:y|ies)"
    return rf"{re.escape(stem)}(?:s|es|ing|ed)?"


def nouns_of(name: str) -> str:
    """Return the nouns of a count: of "number_of_bedrooms", those for bedrooms."""
    words = _subject(name)
    for word in words:
        for stem, nouns in _ROOMS.items():
            if word.startswith(stem):
                return nouns
    return _inflected(words)
