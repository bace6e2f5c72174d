"""The smallest change of an offer, or of what a client wishes, that turns a wish that is not met into one that is."""

from __future__ import annotations

import math
from collections.abc import Iterator

from attrs import evolve

from nudge_core.matching.constraints import (
    FARTHEST_KM,
    FULL,
    MatchSchema,
    NearWish,
    NumberField,
    NumberWish,
    Seeker,
    Subject,
    TermsWish,
    Wish,
    constraint_name,
    kind_of,
    thousandths,
)
from nudge_core.matching.distance import distance_km
from nudge_core.matching.reasons import printed
from nudge_core.model.briefing import Outcome, Reason, Strength

ELSEWHERE = "somewhere else"
"""The value of a term that stands for any other."""


def listing_change(schema: MatchSchema, seeker: Seeker, subject: Subject, reason: Reason) -> tuple[Subject, str]:
    """Return the offer as it would have to be for this wish, and that in words."""
    wish = _wish_of(seeker, reason)
    if isinstance(wish, NumberWish):
        declared = schema.field_named(wish.field)
        assert isinstance(declared, NumberField)
        value = _number_that_meets(declared, wish, subject.numbers.get(wish.field))
        numbers = {**subject.numbers, wish.field: value}
        return evolve(subject, numbers=numbers), f"if it were {printed(value, declared.unit)}"
    if isinstance(wish, TermsWish):
        offered = subject.terms.get(wish.field, frozenset())
        new = _without_refused(wish, offered) if _is_refusal(wish, reason) else _with_wished(wish, offered)
        words = f"if it were {reason.wanted}"
        return evolve(subject, terms={**subject.terms, wish.field: new}), words
    if isinstance(wish, NearWish):
        return evolve(subject, position=(wish.latitude, wish.longitude)), f"if it were {reason.wanted}"
    own = frozenset({wish.feature})
    has, lacks = (subject.has | own, subject.lacks - own) if wish.wanted else (subject.has - own, subject.lacks | own)
    return evolve(subject, has=has, lacks=lacks), f"if it had {reason.wanted}"


def fact_changes(schema: MatchSchema, seeker: Seeker, subject: Subject, reason: Reason) -> Iterator[tuple[Seeker, str]]:
    """Yield the client's row with this wish changed, the smallest change first, and each in words."""
    wish = _wish_of(seeker, reason)
    if reason.outcome is Outcome.UNKNOWN:
        if wish.strength is Strength.HARD and not _is_refusal(wish, reason):
            yield _with(seeker, wish, evolve(wish, strength=Strength.SOFT)), f"if {reason.wanted} were no must"
    else:
        moved = _moved(schema, wish, subject, reason)
        if moved is not None:
            yield _with(seeker, wish, moved[0]), moved[1]
    yield _with(seeker, wish, _withdrawn(wish, reason)), f"if {reason.wanted} were not wished"


def _wish_of(seeker: Seeker, reason: Reason) -> Wish:
    return next(wish for wish in seeker.wishes if constraint_name(wish) == reason.constraint)


def _is_refusal(wish: Wish, reason: Reason) -> bool:
    """Whether a reason is about what is refused; a field's refusals are told after its wish and begin with "not "."""
    return isinstance(wish, TermsWish) and bool(wish.none_of) and (not wish.any_of or reason.wanted.startswith("not "))


def _with(seeker: Seeker, wish: Wish, new: Wish | None) -> Seeker:
    wishes = (new if one is wish else one for one in seeker.wishes)
    return evolve(seeker, wishes=tuple(one for one in wishes if one is not None))


def _withdrawn(wish: Wish, reason: Reason) -> Wish | None:
    if isinstance(wish, TermsWish) and wish.any_of and wish.none_of:
        empty = frozenset[str]()
        return evolve(wish, none_of=empty) if _is_refusal(wish, reason) else evolve(wish, any_of=empty)
    return None


def _moved(schema: MatchSchema, wish: Wish, subject: Subject, reason: Reason) -> tuple[Wish, str] | None:
    """Return a missed wish moved just so far that it is met; None where only to give it up would help."""
    if isinstance(wish, NumberWish):
        declared = schema.field_named(wish.field)
        assert isinstance(declared, NumberField)
        value = subject.numbers[wish.field]
        if wish.maximum is not None and declared.at_least(value) > declared.at_most(wish.maximum):
            most = declared.at_least(value) / declared.scale
            return evolve(wish, maximum=most), f"if up to {printed(most, declared.unit)} were wished"
        least = declared.at_most(value) / declared.scale
        return evolve(wish, minimum=least), f"if from {printed(least, declared.unit)} on were wished"
    if isinstance(wish, TermsWish):
        offered = subject.terms.get(wish.field, frozenset())
        if _is_refusal(wish, reason):
            left = wish.none_of - offered
            new = evolve(wish, none_of=left) if left or wish.any_of else None
            return None if new is None else (new, f"if {reason.actual} were not refused")
        alike = sorted(term for term in offered if kind_of(term) in {kind_of(one) for one in wish.any_of})
        usable = [term for term in alike if term not in wish.none_of]
        if not usable:
            return None
        return evolve(
            wish, any_of=wish.any_of | {usable[0]}
        ), f"if {usable[0].partition(':')[2].title()} were wished too"
    if isinstance(wish, NearWish) and subject.position is not None:
        distance = distance_km((wish.latitude, wish.longitude), subject.position)
        radius = math.ceil(distance * FULL) / FULL
        if radius <= FARTHEST_KM:
            return evolve(wish, radius_km=radius), f"if within {printed(radius, 'count')} km were wished"
    return None


def _number_that_meets(declared: NumberField, wish: NumberWish, value: float | None) -> float:
    """Return the nearest number that the wish would meet; where none is stated, the greatest, else the least."""
    least = None if wish.minimum is None else declared.at_least(wish.minimum)
    most = None if wish.maximum is None else declared.at_most(wish.maximum)
    if value is not None and least is not None and declared.at_most(value) < least:
        return least / declared.scale
    if most is None:
        assert least is not None
        return least / declared.scale
    if value is not None and least is None and declared.at_least(value) <= most and declared.too_low is not None:
        return (thousandths(declared.too_low[0]) * most // FULL + 1) / declared.scale
    return most / declared.scale


def _with_wished(wish: TermsWish, offered: frozenset[str]) -> frozenset[str]:
    new = min(wish.any_of)
    return frozenset(term for term in offered if kind_of(term) != kind_of(new)) | {new}


def _without_refused(wish: TermsWish, offered: frozenset[str]) -> frozenset[str]:
    left = offered - wish.none_of
    silent = {kind_of(term) for term in wish.none_of} - {kind_of(term) for term in left}
    return left | {f"{kind}:{ELSEWHERE}" for kind in silent}
