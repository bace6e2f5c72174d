"""Whether the engine says what the slow reference says, counted over many pairs of messy, seeded books.

Every field may be missing on either side, every value lies at a boundary of some wish, and texts tie, fall upon
rounding steps and upon the limit of what is too similar. What a pair's place depends on is compared whole: members,
their order, score, coverage, decision and reasons, and the account of everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

from nudge_core.matching.audience import Audience
from nudge_core.matching.constraints import FeatureWish, NearWish, NumberWish, Seeker, Subject, TermsWish, Wish
from nudge_core.matching.engine import rank
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector
from nudge_core.verticals.real_estate.schema import SCHEMA
from nudge_entrypoints.bench.reference_scorer import Expected, rank_one

CLIENTS, OFFERS = 200, 50  # of one book
TOPS = (5, 50, 1_000)

_NUMBERS: Mapping[str, Sequence[float]] = {
    "price": (0, 199_999, 200_000, 300_000, 300_001, 475_000, 500_000, 500_000.01, 512_500, 524_999, 525_000, 900_000),
    "beds": (0, 1, 2, 2.5, 3, 4),
    "baths": (1, 1.5, 2, 2.25, 2.5, 3),
    "size": (999, 1_000, 1_500, 2_000),
    "hoa": (0, 0.5, 120, 121),
    "payment": (2_000, 4_500),
}
_TERMS: Mapping[str, Sequence[str]] = {
    "area": ("place:austin", "place:provo", "postcode:78704", "postcode:98107", "subdivision:zilker"),
    "type": ("type:house", "type:condo", "type:land"),
}
_FEATURES = ("garage", "pool", "view")
_POINTS = ((40.7608, -111.8910), (40.7670, -111.8955), (40.7690, -111.8910), (41.0, -112.0), (0.0, 180.0))
_VALUES = (0.0, 1.0, -1.0, 0.5, 0.85, 0.53)
_DIM = 4

Chance = np.random.Generator
Thing = TypeVar("Thing")


def differences(pairs: int) -> dict[str, Any]:
    """Compare at least so many pairs; return how many there were, how many were members, and what differed."""
    books = -(-pairs // (CLIENTS * OFFERS))
    seen = members = 0
    wrong = []
    for seed in range(books):
        chance = np.random.default_rng(1_000 + seed)
        seekers = [_seeker(UUID(int=number), role, chance) for number in range(CLIENTS) for role in _roles(chance)]
        offers = [_subject(UUID(int=number), chance) for number in range(OFFERS)]
        top = TOPS[seed % len(TOPS)]
        for offer, ranking in zip(offers, rank(Audience.build(SCHEMA, seekers), offers, top=top), strict=True):
            reference = rank_one(SCHEMA, seekers, offer, top)
            got = (
                [_plain(m, [(r.constraint, r.strength, r.outcome) for r in m.reasons]) for m in ranking.members],
                ranking.considered, dict(ranking.excluded), dict(ranking.not_offered),
            )  # fmt: skip
            if got != _expected(reference):
                wrong.append((seed, offer.id.int))
            members += len(ranking.members)
        seen += len(seekers) * len(offers)
    return {"pairs": seen, "members": members, "differences": len(wrong), "first": wrong[:5]}


def _plain(member: Any, reasons: object) -> object:
    return member.client_id, member.role, member.score, member.coverage, member.decision, reasons


def _expected(result: Expected) -> object:
    members = [_plain(m, [(j.name, j.strength, j.outcome) for j in m.judged]) for m in result.members]
    return members, result.considered, result.excluded, result.not_offered


def _one(values: Sequence[Thing], chance: Chance) -> Thing:
    return values[int(chance.integers(len(values)))]


def _some(values: Sequence[Thing], chance: Chance) -> frozenset[Thing]:
    return frozenset(value for value in values if chance.random() < 0.4)


def _roles(chance: Chance) -> Sequence[Role]:
    return [_one(list(Role), chance)] if chance.random() < 0.8 else [Role.BUYER, _one(list(Role)[1:], chance)]


def _vector(chance: Chance) -> Vector | None:
    values = np.array([_one(_VALUES, chance) for _ in range(_DIM)], np.float32)
    return Vector(values, "m") if values.any() and chance.random() < 0.8 else None


def _seeker(own: UUID, role: Role, chance: Chance) -> Seeker:
    """A client of whom anything may be unknown."""
    avoid = tuple(v for v in (_vector(chance),) if v and chance.random() < 0.3)
    wishes = tuple(_wishes(chance)) if chance.random() < 0.95 else ()
    recency = int(chance.integers(-1, 4))
    return Seeker(client_id=own, role=role, wishes=wishes, vector=_vector(chance), recency=recency, avoid=avoid)


def _wishes(chance: Chance) -> list[Wish]:
    wishes: list[Wish] = []
    for name, values in _NUMBERS.items():
        if chance.random() < 0.3:
            low, high = sorted((_one(values, chance), _one(values, chance)))
            kind = chance.integers(3)
            minimum, maximum = (None if kind == 0 else low), (None if kind == 1 else high)
            wishes.append(NumberWish(field=name, strength=_strength(chance), minimum=minimum, maximum=maximum))
    for name, terms in _TERMS.items():
        any_of = _some(terms, chance) if chance.random() < 0.4 else frozenset()
        none_of = _some(terms, chance) - any_of if chance.random() < 0.1 else frozenset()
        if any_of or none_of:
            wishes.append(TermsWish(field=name, strength=_strength(chance), any_of=any_of, none_of=none_of))
    if chance.random() < 0.1:
        latitude, longitude = _one(_POINTS, chance)
        radius = _one((0.0, 0.8, 5.0, 1_000.0), chance)
        near = NearWish(
            field="near", strength=_strength(chance), latitude=latitude, longitude=longitude, radius_km=radius
        )
        wishes.append(near)
    for feature in _some(_FEATURES, chance) if chance.random() < 0.5 else ():
        wanted = bool(chance.random() < 0.8)
        wishes.append(FeatureWish(feature=feature, strength=_strength(chance), wanted=wanted))
    return wishes


def _strength(chance: Chance) -> Strength:
    return Strength.HARD if chance.random() < 0.4 else Strength.SOFT


def _subject(own: UUID, chance: Chance) -> Subject:
    """An offer that may state anything or not."""
    has = _some(_FEATURES, chance)
    named = ["price", "area", "beds", "near", "feature:garage", "feature:pool"]
    return Subject(
        id=own,
        considers=frozenset({Role.BUYER, _one(list(Role), chance)}),
        numbers={name: _one(values, chance) for name, values in _NUMBERS.items() if chance.random() < 0.7},
        terms={name: _some(terms, chance) for name, terms in _TERMS.items() if chance.random() < 0.8},
        has=has,
        lacks=_some(_FEATURES, chance) - has,
        position=_one(_POINTS, chance) if chance.random() < 0.5 else None,
        vector=_vector(chance),
        base_rates={name: _one((0, 400, 1_000), chance) for name in named if chance.random() < 0.4},
        requires=frozenset({_one(("price", "area", "type"), chance)}) if chance.random() < 0.1 else frozenset(),
        before={"price": _one(_NUMBERS["price"], chance)} if chance.random() < 0.1 else {},
    )
