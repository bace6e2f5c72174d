"""Lists of preferences: areas, kinds of homes, features."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nudge_core.errors import Invalid
from nudge_core.matching.constraints import FeatureWish, TermsWish
from nudge_core.model.briefing import Strength
from nudge_core.model.json import Json
from nudge_core.reading.lexicon import feature_named
from nudge_core.verticals.real_estate.areas import folded
from nudge_core.verticals.real_estate.home_types import wished_types
from nudge_core.verticals.real_estate.stated.values import object_of, strength_of, texts_of

_POSTCODE = re.compile(r"([0-9]{5})(?:-[0-9]{4})?")
_WITH_STATE = re.compile(r"(.+?)\s*,\s*([a-z]{2})")


def read_areas(value: Json) -> TermsWish | None:
    """Read areas: a list, or an object with any, none, cities, subdivisions, postcodes, hard.

    A name in `any` or `none` may be a city, a subdivision, "Austin, TX" or a postcode.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return _terms("area", Strength.SOFT, _wished_places("areas", value), frozenset())
    stated = object_of("areas", value, {"any", "none", "cities", "subdivisions", "postcodes", "hard"})
    any_of = _wished_places("areas.any", stated.get("any", ()))
    for member, kind in (("cities", "city"), ("subdivisions", "subdivision")):
        any_of |= {f"{kind}:{folded(name)}" for name in texts_of(f"areas.{member}", stated.get(member, ()))}
    any_of |= {_postcode(code) for code in texts_of("areas.postcodes", stated.get("postcodes", ()))}
    none_of = _refused_places("areas.none", stated.get("none", ()))
    if both := {_value(term) for term in any_of} & {_value(term) for term in none_of}:
        raise Invalid("preferences.areas", "no area wished and refused at once", tuple(both))
    return _terms("area", strength_of("areas", stated), any_of, none_of)


def read_types(value: Json) -> TermsWish | None:
    """Read kinds of homes: a list, or an object with any, none, hard."""
    if value is None:
        return None
    stated = object_of("types", value, {"any", "none", "hard"}) if isinstance(value, Mapping) else {"any": value}
    any_of, none_of = (
        frozenset(
            f"type:{kind}"
            for text in texts_of(f"types.{member}", stated.get(member, ()))
            for kind in wished_types(text)
        )
        for member in ("any", "none")
    )
    if both := any_of & none_of:
        raise Invalid("preferences.types", "no kind wished and refused at once", tuple(both))
    return _terms("type", strength_of("types", stated), any_of, none_of)


def read_features_wished(value: Json) -> tuple[bool, tuple[FeatureWish, ...]]:
    """Read features: a list of preferred ones, or an object with must, prefer, never.

    Returns whether dues of an association are refused, which is a number ("no HOA" is at most $0), and the others.
    """
    if value is None:
        return False, ()
    stated = (
        object_of("features", value, {"must", "prefer", "never"}) if isinstance(value, Mapping) else {"prefer": value}
    )
    wishes: dict[str, FeatureWish] = {}
    for member in ("must", "prefer", "never"):
        strength = Strength.SOFT if member == "prefer" else Strength.HARD
        for text in texts_of(f"features.{member}", stated.get(member, ())):
            name, refused = _without(text)
            wanted = (member != "never") != refused
            if name in wishes:
                raise Invalid(f"preferences.features.{member}", "each feature once", text)
            wishes[name] = FeatureWish(feature=name, strength=strength, wanted=wanted)
    hoa = wishes.pop("hoa", None)
    if hoa is not None and hoa.wanted:
        raise Invalid("preferences.features", "dues can be refused, not wished", None)
    return hoa is not None, tuple(wishes.values())


def _without(text: str) -> tuple[str, bool]:
    """Return the feature of "no pool" and that it is refused."""
    words = " ".join(text.split())
    refused = words.casefold().startswith(("no ", "without ", "not "))
    return feature_named(words.partition(" ")[2] if refused else words), refused


def _terms(
    field: str, strength: Strength, any_of: frozenset[str] | set[str], none_of: frozenset[str]
) -> TermsWish | None:
    if not any_of and not none_of:
        return None
    return TermsWish(field=field, strength=strength, any_of=frozenset(any_of), none_of=none_of)


def _wished_places(name: str, value: Json) -> frozenset[str]:
    """A name is met by the city or the subdivision of that name, and missed where the city is another one."""
    return frozenset(_exact(name, text) or f"place:{folded(text)}" for text in texts_of(name, value))


def _refused_places(name: str, value: Json) -> frozenset[str]:
    """A name is kept out only when city and subdivision are both stated, and neither is it."""
    terms: set[str] = set()
    for text in texts_of(name, value):
        exact = _exact(name, text)
        terms |= {exact} if exact else {f"city:{folded(text)}", f"subdivision:{folded(text)}"}
    return frozenset(terms)


def _exact(name: str, text: str) -> str | None:
    """Return the term of a postcode or of a city with its state; None for a name."""
    plain = folded(text)
    if plain.isdecimal() or _POSTCODE.fullmatch(plain):
        return _postcode(plain)
    if "," not in plain:
        return None
    match = _WITH_STATE.fullmatch(plain)
    if match is None:
        raise Invalid(f"preferences.{name}", "a city with its state in two letters, such as Austin, TX", text)
    return f"city_state:{match.group(1)}, {match.group(2)}"


def _postcode(text: str) -> str:
    match = _POSTCODE.fullmatch(folded(text))
    if match is None:
        raise Invalid("preferences.areas.postcodes", "five digits", text)
    return f"postcode:{match.group(1)}"


def _value(term: str) -> str:
    return term.partition(":")[2]
