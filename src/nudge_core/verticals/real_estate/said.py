"""What clients say of homes, read into the preferences that matching compares.

The words of real estate for the grammars of `nudge_core.reading`, and the projection of the facts they give onto
`client.preferences` (`docs/reference/preferences.md`). The facts stay what they were; the projection can be made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from nudge_core.model.json import Json, JsonObject
from nudge_core.reading.attributes import AttributeKind, Described, Wording, nouns_of, value_words
from nudge_core.reading.conversation import Vocabulary, read_in_order, vocabulary
from nudge_core.reading.ledger import Fact, Ledger, Said, Text
from nudge_core.reading.lexicon import ABSENT, PHRASES
from nudge_core.reading.statements import Firmness
from nudge_core.reading.thesaurus import THINGS, thing_named
from nudge_core.verticals.real_estate.stated.numbers import LEAST_PRICE, MOST_DOLLARS

AREA, TYPE, PRICE, BEDS, BATHS, TIMING = "areas", "types", "price", "beds", "baths", "timing"
KINDS_OF_HOMES = ("house", "condo", "townhouse", "apartment", "duplex", "loft", "mobile home", "land")
"""Kinds of homes that people name in notes; each is a kind that `wished_types` knows."""

HIGHEST_PAYMENT = 50_000.0
"""Dollars: below it a sum without "a month" beside a rent is a payment; a home for less is none."""

_NOT_WISHED = frozenset({"furnished", "pets allowed"})
"""Not features of a home that a listing's description tells of in these words."""


def words_of_homes(areas: Iterable[str] = ()) -> Vocabulary:
    """Return the vocabulary in which notes about homes are read.

    Args:
        areas: names of places that count: the professional's market, the cities of the feed.
    """
    features = [
        Described(name=name, kind=AttributeKind.FLAG, wording=_wording(name, pattern))
        for name, pattern in sorted(PHRASES.items())
        if name not in _NOT_WISHED
    ]
    kinds = {kind: value_words(kind) for kind in KINDS_OF_HOMES}
    return vocabulary(
        (
            Described(name=AREA, kind=AttributeKind.PLACE, places=tuple(areas)),
            Described(name=BEDS, kind=AttributeKind.COUNT, wording=Wording(sure=nouns_of("bedrooms"))),
            Described(name=BATHS, kind=AttributeKind.COUNT, wording=Wording(sure=nouns_of("bathrooms"))),
            Described(name=PRICE, kind=AttributeKind.MONEY),
            Described(name=TYPE, kind=AttributeKind.CHOICE, choices=kinds),
            *features,
        ),
        asked_first=BEDS,
    )


def preferences_said(ledger: Ledger) -> JsonObject:
    """Return what a client's facts mean as preferences: of each attribute what counts now, nothing else.

    What no listing states in dollars of a price or as whole rooms is left out rather than bent.
    """
    found: dict[str, Json] = {}
    features: dict[str, list[str]] = {"must": [], "prefer": [], "never": []}
    for name, fact in ledger.current.items():
        value = fact.value
        if name in (AREA, TYPE) and isinstance(value, Mapping):
            found[name] = _listed(fact, value)
        elif name in (BEDS, BATHS) and isinstance(value, Mapping):
            found[name] = _rooms(fact, value)
        elif name == PRICE and isinstance(value, Mapping):
            found |= _sum(fact, value)
        elif isinstance(value, bool) and (name != "hoa" or not value):  # dues can be refused, not wished
            hard = fact.firmness is Firmness.HARD
            features["never" if not value else "must" if hard else "prefer"].append(name)
    if stated := {member: tuple(names) for member, names in features.items() if names}:
        found["features"] = stated
    return found


def wishes_said(texts: Sequence[Text], areas: Iterable[str]) -> tuple[Said, ...]:
    """Return the preferences that a client's texts state when all is read in order: of each the latest counts.

    Args:
        texts: notes and messages, oldest first.
        areas: see `words_of_homes`.
    """
    ledger = read_in_order(texts, words_of_homes(areas))
    found = []
    for kind, value in preferences_said(ledger).items():
        about = {"features": _features_of(ledger), "payment": {PRICE}}.get(kind, {kind})
        fact = max((ledger.current[name] for name in about), key=lambda one: (one.text, one.start))
        found.append(
            Said(kind=kind, value=value, text=fact.text, start=fact.start, end=fact.end, confidence=fact.confidence)
        )
    return tuple(found)


def _features_of(ledger: Ledger) -> set[str]:
    return {name for name, fact in ledger.current.items() if isinstance(fact.value, bool)}


def timing_said(latest: JsonObject, said_on: date) -> JsonObject:
    """Return a reading of timing as the preference `timing`, with the day from which it counts."""
    return {TIMING: {**latest, "said_on": said_on.isoformat()}}


def _wording(name: str, pattern: str) -> Wording:
    thing = thing_named(name)
    if thing != name:
        return Wording(sure=pattern, opposite=ABSENT.get(name, ""))
    known = THINGS[name]
    return Wording(sure=f"{pattern}|{known.called}", likely="", opposite=ABSENT.get(name, "") or known.opposite)


def _hard(fact: Fact) -> JsonObject:
    return {"hard": True} if fact.firmness is Firmness.HARD else {}


def _listed(fact: Fact, value: Mapping[str, Json]) -> JsonObject:
    stated = {member: value[member] for member in ("any", "none") if value.get(member)}
    return {**stated, **(_hard(fact) if "any" in stated else {})}


def _rooms(fact: Fact, value: Mapping[str, Json]) -> JsonObject:
    """A plain number of rooms is a least one, as in stated preferences."""
    stated = {"min": value.get("exactly", value.get("min")), "max": value.get("max")}
    return {**{bound: number for bound, number in stated.items() if number is not None}, **_hard(fact)}


def _sum(fact: Fact, value: Mapping[str, Json]) -> JsonObject:
    """Return a price, or a payment where it is by the month."""
    stated = {member: value[member] for member in ("min", "max", "about") if member in value}
    numbers = [number for number in stated.values() if isinstance(number, int | float)]
    if value.get("per_month") is True:
        return {"payment": {**stated, **_hard_unless_about(fact, stated)}} if max(numbers) <= HIGHEST_PAYMENT else {}
    if min(numbers) < LEAST_PRICE or max(numbers) > MOST_DOLLARS:
        return {}
    return {"price": {**stated, **_hard_unless_about(fact, stated)}}


def _hard_unless_about(fact: Fact, stated: Mapping[str, Json]) -> JsonObject:
    return {} if "about" in stated else _hard(fact)
