"""Why (not): one reason per wish, made from the two values that were compared and from nothing else.

`wanted` and `actual` are written in one small grammar, so that a machine can compare them again:

    number    at least 3 | at most $500,000 | $300,000 to $500,000 | exactly 2        actual: $485,000
    terms     Austin or 78704 | not Ballard; 98107                                    actual: Austin; 78704
    near      within 5 km                                                             actual: 2.314 km away
    feature   garage | no pool                                                        actual: garage | no garage

Numbers carry their unit ($, a month, sq ft, %). A wish that begins with "no " or "not " is a refusal.
"""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache
from string import capwords

from nudge_core.errors import Invalid
from nudge_core.matching.constraints import (
    FEATURE,
    FULL,
    FeatureWish,
    Field,
    MatchSchema,
    NearField,
    NearWish,
    NumberField,
    NumberWish,
    Seeker,
    Subject,
    TermsField,
    TermsWish,
    Wish,
    constraint_name,
    kind_of,
    thousandths,
)
from nudge_core.matching.distance import distance_km
from nudge_core.model.briefing import Outcome, Reason, Strength

REMEMBERED = 2**14  # comparisons kept: the same few prices, bounds and areas return all over a ranking

_UNITS = {
    "usd": "${}",
    "usd_month": "${} a month",
    "sqft": "{} sq ft",
    "count": "{}",
    "percent": "{}%",
    "year": "{}",
}


def reasons(schema: MatchSchema, seeker: Seeker, subject: Subject) -> tuple[Reason, ...]:
    """Return what became of every wish of one seeker against one offer: fields in schema order, then features."""
    wishes = {constraint_name(wish): wish for wish in seeker.wishes}
    found: list[Reason] = []
    for declared in schema.fields:
        wish = wishes.get(declared.name)
        if wish is not None:
            found.extend(_field(declared, wish, subject))
    features = [wish for wish in seeker.wishes if isinstance(wish, FeatureWish)]
    if features:
        features.sort(key=lambda wish: wish.feature)
        found.extend(_feature(wish, _stated(wish.feature, subject)) for wish in features)
    return tuple(found)


def _stated(feature: str, subject: Subject) -> bool | None:
    return True if feature in subject.has else False if feature in subject.lacks else None


def _field(declared: Field, wish: Wish, subject: Subject) -> tuple[Reason, ...]:
    if isinstance(wish, NumberWish) and isinstance(declared, NumberField):
        return (_number(declared, wish, subject.numbers.get(declared.name)),)
    if isinstance(wish, TermsWish) and isinstance(declared, TermsField):
        return _terms(declared, wish, subject.terms.get(declared.name, frozenset()))
    if isinstance(wish, NearWish) and isinstance(declared, NearField):
        return (_near(declared, wish, subject),)
    raise Invalid(f"wish.{declared.name}", f"a wish for a {type(declared).__name__}", wish)


@lru_cache(maxsize=REMEMBERED)
def printed(value: float, unit: str) -> str:
    """Return a number with its unit, unrounded: $485,000; $120.5 a month; 1,800 sq ft; 2.5; 1990."""
    exact = Decimal(str(value))
    plain = f"{exact.normalize():f}" if unit == "year" else f"{exact.normalize():,f}"
    return _UNITS[unit].format(plain)


@lru_cache(maxsize=REMEMBERED)
def _number(declared: NumberField, wish: NumberWish, value: float | None) -> Reason:
    least = None if wish.minimum is None else declared.at_least(wish.minimum)
    most = None if wish.maximum is None else declared.at_most(wish.maximum)
    wanted = _bounds(least, most, declared.scale, declared.unit)
    label = declared.label or declared.name
    if value is None:
        return _unknown(declared.name, wish.strength, wanted, label)
    actual = printed(value, declared.unit)
    missed = (least is not None and declared.at_most(value) < least) or (
        most is not None and declared.at_least(value) > most
    )
    if not missed and least is None and most is not None and _far_too_low(declared, most, value):
        text = f"{label}: {actual}, far below {wanted}"
        return _reason(declared.name, Outcome.MISSED, Strength.SOFT, wanted, actual, text)
    return _compared(declared.name, not missed, wish.strength, wanted, actual, label)


@lru_cache(maxsize=REMEMBERED)
def _bounds(least: int | None, most: int | None, scale: int, unit: str) -> str:
    """Print the bounds as they are compared: in whole steps, rounded inwards."""
    low = None if least is None else printed(least / scale, unit)
    high = None if most is None else printed(most / scale, unit)
    if low is None:
        return f"at most {high}"
    if high is None:
        return f"at least {low}"
    return f"exactly {low}" if low == high else f"{low} to {high}"


def _far_too_low(declared: NumberField, most: int, value: float) -> bool:
    if declared.too_low is None or most <= 0:
        return False
    return FULL * declared.at_most(value) <= thousandths(declared.too_low[0]) * most


@lru_cache(maxsize=REMEMBERED)
def _terms(declared: TermsField, wish: TermsWish, offered: frozenset[str]) -> tuple[Reason, ...]:
    found: list[Reason] = []
    if wish.any_of:
        wanted = " or ".join(_values(wish.any_of))
        found.append(_any_of(declared, wish.any_of, offered, wish.strength, wanted, met_when_there=True))
    if wish.none_of:
        wanted = f"not {_listed(wish.none_of)}"
        found.append(_any_of(declared, wish.none_of, offered, Strength.HARD, wanted, met_when_there=False))
    return tuple(found)


def _any_of(
    declared: TermsField,
    asked: frozenset[str],
    offered: frozenset[str],
    strength: Strength,
    wanted: str,
    *,
    met_when_there: bool,
) -> Reason:
    label = declared.label or declared.name
    if there := asked & offered:
        return _compared(declared.name, met_when_there, strength, wanted, _listed(there), label)
    stated = _alike(asked, offered)
    if stated is None:
        return _unknown(declared.name, strength, wanted, label)
    return _compared(declared.name, not met_when_there, strength, wanted, stated, label)


@lru_cache(maxsize=REMEMBERED)
def _values(terms: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted({capwords(term.partition(":")[2]) for term in terms}))


def _listed(terms: frozenset[str]) -> str:
    return "; ".join(_values(terms))


@lru_cache(maxsize=REMEMBERED)
def _alike(asked: frozenset[str], offered: frozenset[str]) -> str | None:
    """List what the offer states of the kinds that were asked for; None when it is silent about one of them."""
    kinds = {kind_of(term) for term in asked}
    if not kinds <= {kind_of(term) for term in offered}:
        return None
    return _listed(frozenset(term for term in offered if kind_of(term) in kinds))


def _near(declared: NearField, wish: NearWish, subject: Subject) -> Reason:
    wanted = f"within {printed(wish.radius_km, 'count')} km"
    label = declared.label or declared.name
    if subject.position is None:
        return _unknown(declared.name, wish.strength, wanted, label)
    distance = distance_km((wish.latitude, wish.longitude), subject.position)
    met = distance <= wish.radius_km
    # In whole metres, rounded away from the radius, so that what is printed compares as the distance did.
    metres = math.floor(distance * 1_000) if met else math.ceil(distance * 1_000)
    return _compared(declared.name, met, wish.strength, wanted, f"{printed(metres / 1_000, 'count')} km away", label)


@lru_cache(maxsize=REMEMBERED)
def _feature(wish: FeatureWish, there: bool | None) -> Reason:
    """`there`: whether the offer has it; None when it does not say."""
    name = constraint_name(wish)
    wanted = wish.feature if wish.wanted else f"no {wish.feature}"
    if there is None:
        return _unknown(name, wish.strength, wanted, wish.feature)
    actual = wish.feature if there else f"no {wish.feature}"
    return _compared(name, there == wish.wanted, wish.strength, wanted, actual, FEATURE)


def _compared(constraint: str, met: bool, strength: Strength, wanted: str, actual: str, label: str) -> Reason:
    text = f"{label}: {actual}; wanted: {wanted}"
    return _reason(constraint, Outcome.MET if met else Outcome.MISSED, strength, wanted, actual, text)


def _unknown(constraint: str, strength: Strength, wanted: str, label: str) -> Reason:
    text = f"{label}: not stated; wanted: {wanted}"
    return _reason(constraint, Outcome.UNKNOWN, strength, wanted, None, text)


def _reason(
    constraint: str, outcome: Outcome, strength: Strength, wanted: str, actual: str | None, text: str
) -> Reason:
    return Reason(constraint=constraint, outcome=outcome, strength=strength, wanted=wanted, actual=actual, text=text)
