"""Invented books for the benchmarks: seeded, and the same in every run."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from nudge_core.matching.constraints import FeatureWish, NumberWish, Seeker, Subject, TermsWish, Wish
from nudge_core.matching.semantic import Meanings
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector

Vectors = NDArray[np.float32]

NEGATIVES = 0.2  # dismissed texts per client, as in performance.md

_AREAS = [f"place:town {number}" for number in range(40)]
_FEATURES = [f"feature {number}" for number in range(30)]
_ROLES = (*[Role.BUYER] * 7, Role.INVESTOR, Role.SELLER_PROSPECT, Role.PAST_CLIENT)
_CONTENT: tuple[Wish, ...] = (
    NumberWish(field="price", strength=Strength.SOFT, minimum=1, maximum=2_000_000),
    NumberWish(field="beds", strength=Strength.SOFT, minimum=0),
)


def contented(clients: int) -> list[Seeker]:
    """Return a book in which everybody qualifies for every event."""
    return [
        Seeker(client_id=UUID(int=number), role=Role.BUYER, wishes=_CONTENT, recency=number)
        for number in range(clients)
    ]


def book(clients: int) -> list[Seeker]:
    """Return a book: most state a budget and areas, many beds and a kind, some features; half of it hard."""
    chance = np.random.default_rng(1)
    pools = [_wishes_of(strength, chance) for strength in Strength]
    seekers = []
    for number in range(clients):
        wishes = [pool[chance.integers(len(pool))] for pool in pools[number % 2] if chance.random() < 0.7]
        feature = FeatureWish(feature=_FEATURES[chance.integers(30)], strength=Strength.SOFT)
        wishes += [feature] if chance.random() < 0.5 else []
        seekers.append(
            Seeker(
                client_id=UUID(int=number),
                role=_ROLES[number % len(_ROLES)],
                wishes=tuple(wishes),
                recency=int(chance.integers(1_000)),
            )
        )
    return seekers


def _wishes_of(strength: Strength, chance: np.random.Generator) -> list[list[Wish]]:
    """Return some wishes for each field, in schema order."""
    some_areas = [frozenset(chance.choice(_AREAS, 3, replace=False).tolist()) for _ in range(200)]
    return [
        [NumberWish(field="price", strength=strength, maximum=p) for p in range(200_000, 1_200_000, 25_000)],
        [TermsWish(field="area", strength=strength, any_of=areas) for areas in some_areas],
        [NumberWish(field="beds", strength=strength, minimum=beds) for beds in (2, 3, 4)],
        [TermsWish(field="type", strength=strength, any_of=frozenset({t})) for t in ("type:house", "type:condo")],
        [NumberWish(field="baths", strength=strength, minimum=baths) for baths in (1, 2, 2.5)],
    ]


def subjects(events: int, dim: int) -> list[Subject]:
    """Return offers with everything stated but some features."""
    chance = np.random.default_rng(2)
    offers = []
    for number in range(events):
        known = chance.permutation(_FEATURES)[:12].tolist()
        offers.append(
            Subject(
                id=UUID(int=number),
                considers=frozenset({Role.BUYER, Role.INVESTOR}),
                numbers={
                    "price": float(chance.integers(200, 1_200) * 1_000),
                    "beds": float(chance.integers(1, 6)),
                    "baths": float(chance.integers(2, 7)) / 2,
                    "size": 1_500.0,
                    "hoa": 0.0,
                },
                terms={"area": frozenset({_AREAS[chance.integers(40)]}), "type": frozenset({"type:house"})},
                has=frozenset(known[:10]),
                lacks=frozenset(known[10:]),
                vector=Vector(chance.standard_normal(dim).astype(np.float32), "bench"),
                position=(30.0, -97.0),
            )
        )
    return offers


def texts_of(clients: int, dim: int) -> Meanings:
    """Return a text for everybody and dismissed ones for a fifth, written into the matrix where they stay."""
    chance = np.random.default_rng(3)
    dismissed = int(clients * NEGATIVES)
    return Meanings(
        model_id="bench",
        matrix=normalised(clients, dim, chance),
        row_of=None,
        avoid=normalised(dismissed, dim, chance),
        avoided_by=np.sort(chance.choice(clients, dismissed, replace=False)).astype(np.int32),
    )


def normalised(rows: int, dim: int, chance: np.random.Generator) -> Vectors:
    matrix = np.empty((rows, dim), np.float32)
    for start in range(0, rows, 10_000):
        part = matrix[start : start + 10_000]
        chance.standard_normal(out=part, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return matrix
