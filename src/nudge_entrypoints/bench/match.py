"""How fast a book is matched, beside two scorers that take one pair at a time and beside the machine's matrix product.

    nudge bench match [--quick]

Everything is measured in one process, in turns, as CPU seconds on one core; medians are reported, and only ratios are
worth quoting. Pairs per second are those of whole rankings with accounts and reasons. Opponents, on a sample of each
book: the published rule of the predecessor (`performance.md` section 2; vectors as lists of numbers, as it kept them),
to compare with `block` and `one`; and our own rule written plainly, to compare with `structure`, both without texts.
The share of SGEMM is what the products of the similarities would cost at the rate of a large square product, divided
by what they do cost. The data is invented: seeded, and the same in every run.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from nudge_core.matching.audience import Audience
from nudge_core.matching.constraints import (
    FeatureWish,
    NumberWish,
    Seeker,
    Subject,
    TermsWish,
    Wish,
)
from nudge_core.matching.engine import HELD, rank
from nudge_core.matching.semantic import Meanings
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector
from nudge_core.verticals.real_estate.schema import SCHEMA
from nudge_entrypoints.bench.match_opponents import plain_ranking, predecessor_data, predecessor_ranking

Vectors = NDArray[np.float32]

TOP = 50  # members of a ranking, as in the walk
EVENTS = 256
ROUNDS = 3  # the median of so many
NEGATIVES = 0.2  # dismissed texts per client, as in performance.md
MEMORY_AT_MOST = 10 * 10**9  # bytes of vectors a run may hold
SQUARE = 1_024  # side of the square product that gives the SGEMM rate
SIZES = (2_000, 100_000, 1_000_000)
QUICK_SIZES = (2_000,)
DIMS = (384, 1_536)
PLAIN_CLIENTS, PLAIN_EVENTS = 1_000, 8


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure and return a report: rates and ratios per size of the book; shares of SGEMM per size and dimension.

    `quick` measures the smallest book only, in a few seconds. The BLAS should have one thread: `main` sees to it.
    """
    sizes, rounds = (QUICK_SIZES, 1) if quick else (SIZES, ROUNDS)
    report: dict[str, Any] = {
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "not set"),
        "events": EVENTS,
        "rounds": rounds,
        "books": [],
        "texts": [],
    }
    for size in sizes:
        report["books"].append(measure_book(size, EVENTS, DIMS[-1] if size < max(SIZES) else DIMS[0], rounds))
    for size in sizes:
        for dim in DIMS:
            report["texts"].append(measure_texts(size, EVENTS, dim, rounds))
    return report


def measure_book(clients: int, events: int, dim: int, rounds: int) -> dict[str, Any]:
    """Rank a realistic book for a block of events and for one event, beside both opponents on a sample of it."""
    seekers, offers = book(clients), subjects(events, dim)
    started = time.process_time()
    plain_audience = Audience.build(SCHEMA, seekers)
    built = time.process_time() - started
    audience = evolve(plain_audience, meanings=texts_of(len(plain_audience.seekers), dim))
    few = tuple(seekers[:PLAIN_CLIENTS])
    old_clients, old_events = predecessor_data(dim)
    times = in_turns(
        {
            "block": lambda: rank(audience, offers, top=TOP),
            "one": lambda: rank(audience, offers[:1], top=TOP),
            "structure": lambda: rank(plain_audience, offers, top=TOP),
            "plain": lambda: [plain_ranking(few, offer, TOP) for offer in offers[:PLAIN_EVENTS]],
            "predecessor": lambda: [predecessor_ranking(old_clients, event) for event in old_events],
        },
        rounds,
    )
    per_pair = {
        "block": times["block"] / (clients * events),
        "one": times["one"] / clients,
        "structure": times["structure"] / (clients * events),
        "plain": times["plain"] / (len(few) * len(offers[:PLAIN_EVENTS])),
        "predecessor": times["predecessor"] / (len(old_clients) * len(old_events)),
    }
    members = [len(ranking.members) for ranking in rank(audience, offers, top=clients)]
    return {
        "clients": clients,
        "dim": dim,
        "million_pairs_per_second": {name: round(1e-6 / seconds, 4) for name, seconds in per_pair.items()},
        "block_over_predecessor": round(per_pair["predecessor"] / per_pair["block"]),
        "one_over_predecessor": round(per_pair["predecessor"] / per_pair["one"]),
        "structure_over_plain": round(per_pair["plain"] / per_pair["structure"], 1),
        "share_that_qualifies": round(statistics.mean(members) / clients, 4),
        "bytes_per_client": {
            "columns": round(plain_audience.bytes_per_client, 1),
            "with_texts": round(audience.bytes_per_client, 1),
        },
        "build_seconds": round(built, 2),
    }


def measure_texts(clients: int, events: int, dim: int, rounds: int) -> dict[str, Any]:
    """Rank a book in which everybody qualifies for every event, so that every pair needs its similarity."""
    needed = 4 * dim * clients * (1 + NEGATIVES)
    report: dict[str, Any] = {"clients": clients, "dim": dim, "gigabytes": round(needed / 1e9, 2)}
    if needed > MEMORY_AT_MOST:
        return report | {"skipped": f"needs more than {MEMORY_AT_MOST / 1e9:.0f} GB"}
    everybody = [
        Seeker(client_id=UUID(int=number), role=Role.BUYER, wishes=_CONTENT, recency=number)
        for number in range(clients)
    ]
    audience = evolve(Audience.build(SCHEMA, everybody), meanings=texts_of(clients, dim))
    without, meanings = evolve(audience, meanings=None), audience.meanings
    offers = subjects(events, dim)
    rows = np.arange(clients, dtype=np.int32)
    block = max(1, min(events, HELD // clients))  # as many at once as the engine takes

    def products() -> None:
        for start in range(0, events, block):
            wanted = [(rows, offer.vector) for offer in offers[start : start + block] if offer.vector is not None]
            if meanings is not None:
                meanings.too_similar(wanted)
                meanings.approximate(wanted)

    square = np.ones((SQUARE, SQUARE), np.float32)
    product = np.empty_like(square)
    times = in_turns(
        {
            "products": products,
            "all": lambda: rank(audience, offers, top=TOP),
            "structure": lambda: rank(without, offers, top=TOP),
            "sgemm": lambda: [np.matmul(square, square, out=product) for _ in range(8)],
        },
        rounds,
    )
    rate = 8 * 2 * SQUARE**3 / times["sgemm"]
    work = 2 * dim * clients * (1 + NEGATIVES) * events / rate
    return report | {
        "sgemm_gflops": round(rate / 1e9, 1),
        "share_of_sgemm": {"products": round(work / times["products"], 3), "all": round(work / times["all"], 3)},
        "million_pairs_per_second": {
            name: round(clients * events / times[name] / 1e6, 2) for name in ("all", "structure")
        },
    }


def in_turns(work: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each kind of work, done in turns after one turn that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds + (rounds > 1)):
        for name, do in work.items():
            started = time.process_time()
            do()
            if turn or rounds == 1:
                times[name].append(time.process_time() - started)
    return {name: statistics.median(taken) for name, taken in times.items()}


# ---------------------------------------------------------------- invented books

_AREAS = [f"place:town {number}" for number in range(40)]
_FEATURES = [f"feature {number}" for number in range(30)]
_ROLES = (*[Role.BUYER] * 7, Role.INVESTOR, Role.SELLER_PROSPECT, Role.PAST_CLIENT)
_CONTENT: tuple[Wish, ...] = (
    NumberWish(field="price", strength=Strength.SOFT, minimum=1, maximum=2_000_000),
    NumberWish(field="beds", strength=Strength.SOFT, minimum=0),
)


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
        matrix=_normalised(clients, dim, chance),
        row_of=None,
        avoid=_normalised(dismissed, dim, chance),
        avoided_by=np.sort(chance.choice(clients, dismissed, replace=False)).astype(np.int32),
    )


def _normalised(rows: int, dim: int, chance: np.random.Generator) -> Vectors:
    matrix = np.empty((rows, dim), np.float32)
    for start in range(0, rows, 10_000):
        part = matrix[start : start + 10_000]
        chance.standard_normal(out=part, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return matrix


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Run the benchmark in a process of its own, whose BLAS has one thread from the start, and return its report."""
    command = [sys.executable, "-m", "nudge_entrypoints.bench.match", *(["--quick"] if quick else [])]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def table(measured: dict[str, Any]) -> str:
    """Return the report as indented JSON: its parts have shapes of their own."""
    return json.dumps(measured, indent=2)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(quick="--quick" in sys.argv[1:])) + "\n")
