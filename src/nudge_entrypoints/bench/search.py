"""How fast the nearest texts of a practice are found, beside a pass over the memory; and that none is missed.

    nudge bench search [--quick]

One process, CPU time of one core, in turns, medians. Tenants of 100 clients in one matrix of 100,000 rows: microseconds
a question, and the recall of their true nearest ten against brute force in float64. One large tenant: the share of
bandwidth, that is the time of one pass over its vectors divided by that of one question; and what a question costs when
64 share one product. Vectors are invented and seeded, in clusters, so that neighbours are near.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from nudge_core.search.vectors import TOGETHER, TenantVectors, VectorSlice
from nudge_entrypoints.bench.gates import Gate, lines
from nudge_entrypoints.bench.timing import apart, in_turns, read

NEAREST = 10
ROWS, CLIENTS = 100_000, 100  # of all tenants, and of one
ASKED = 200  # tenants that are asked, one question each
LARGE = ((100_000, 384), (100_000, 1_536), (1_000_000, 384))
QUICK_LARGE = ((50_000, 384),)
DIMS = (384, 1_536)
ROUNDS, QUICK_ROUNDS = 9, 3
CLUSTERS = 500

Floats = NDArray[np.float32]


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure and return a report. The BLAS should have one thread: `measure` sees to it."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    small = [measure_tenants(ROWS // (5 if quick else 1), dim, rounds) for dim in DIMS]
    large = [measure_large(rows, dim, rounds) for rows, dim in (QUICK_LARGE if quick else LARGE)]
    gates = []
    for found in small:
        name = f"tenant of {CLIENTS}, {found['dim']:,}-d"
        gates.append(Gate(metric=f"{name}: recall@{NEAREST}", measured=found["recall"], gate=1, goal=1))
        took = found["microseconds"]
        gates.append(Gate(metric=f"{name}: a question", measured=took, gate=150, goal=100, unit=" us", at_most=True))
    for found in large:
        name = f"one tenant of {found['rows']:,}, {found['dim']:,}-d"
        share = found["share_of_bandwidth"]
        gates.append(Gate(metric=f"{name}: share of bandwidth", measured=share, gate=0.80, goal=0.90))
        gates.append(Gate(metric=f"{name}: recall@{NEAREST}", measured=found["recall"], gate=1, goal=1))
    return {
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "not set"),
        "load": [round(load, 1) for load in os.getloadavg()],
        "rounds": rounds,
        "gates": [gate.as_json() for gate in gates],
        "small": small,
        "large": large,
    }


def measure_tenants(rows: int, dim: int, rounds: int) -> dict[str, Any]:
    """Ask many small tenants of one matrix, one question each."""
    tenants = rows // CLIENTS
    matrix, questions = _clustered(rows, dim)
    shelf = TenantVectors(
        model_id="bench",
        tenants={UUID(int=number): number for number in range(tenants)},
        offsets=np.arange(tenants + 1) * CLIENTS,
        ids=tuple(UUID(int=number) for number in range(rows)),
        matrix=matrix,
    )
    asked = np.random.default_rng(6).choice(tenants, min(ASKED, tenants), replace=False).tolist()
    pairs = [(UUID(int=tenant), questions[n % len(questions)]) for n, tenant in enumerate(asked)]
    times = in_turns({"ask": lambda: [shelf.of(own).nearest(query, NEAREST) for own, query in pairs]}, rounds)
    recalls = [_recall(shelf.of(own), query) for own, query in pairs]
    return {
        "dim": dim,
        "tenants": tenants,
        "microseconds": round(1e6 * times["ask"] / len(pairs), 1),
        "recall": statistics.mean(recalls),
    }


def measure_large(rows: int, dim: int, rounds: int) -> dict[str, Any]:
    """Ask one large tenant, alone and in a batch."""
    matrix, questions = _clustered(rows, dim)
    own = VectorSlice("bench", tuple(UUID(int=number) for number in range(rows)), matrix)
    times = in_turns(
        {
            "read": read(matrix),
            "alone": lambda: own.nearest(questions[0], NEAREST),
            "batch": lambda: own.nearest_of_each(questions, NEAREST),
        },
        rounds,
    )
    return {
        "rows": rows,
        "dim": dim,
        "gigabytes_per_second": round(matrix.nbytes / times["read"] / 1e9, 1),
        "milliseconds": {
            "alone": round(1e3 * times["alone"], 2),
            "in_a_batch": round(1e3 * times["batch"] / len(questions), 2),
        },
        "share_of_bandwidth": round(times["read"] / times["alone"], 3),
        "recall": statistics.mean(_recall(own, query) for query in questions[:8]),
    }


def _recall(own: VectorSlice, query: Floats) -> float:
    """Return which share of the true nearest were found, by brute force in float64; ties count as found."""
    cosines = np.concatenate([part.astype(np.float64) @ query.astype(np.float64) for part in _parts(own.matrix)])
    least = np.sort(cosines)[-NEAREST:][0]
    true = {own.ids[place] for place in np.flatnonzero(cosines >= least - 1e-12).tolist()}
    return len(true.intersection(own.nearest(query, NEAREST).ids)) / min(NEAREST, len(own.ids))


def _parts(matrix: Floats) -> Sequence[Floats]:
    return [matrix[start : start + 10_000] for start in range(0, len(matrix), 10_000)]


def _clustered(rows: int, dim: int) -> tuple[Floats, Floats]:
    """Return vectors of length 1 in clusters, and questions near some of them."""
    chance = np.random.default_rng(5)
    centers = chance.standard_normal((CLUSTERS, dim), dtype=np.float32)
    matrix = np.empty((rows, dim), np.float32)
    for part in _parts(matrix):
        chance.standard_normal(out=part, dtype=np.float32)
        part += centers[chance.integers(CLUSTERS, size=len(part))]
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    questions = centers[:TOGETHER] + chance.standard_normal((TOGETHER, dim), dtype=np.float32)
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)
    return matrix, questions


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Run the benchmark in a process of its own, whose BLAS has one thread from the start, and return its report."""
    return apart("nudge_entrypoints.bench.search", quick)


def table(measured: dict[str, Any]) -> str:
    """Return the rows with their gates, and what they were made of as indented JSON."""
    parts = {name: value for name, value in measured.items() if name != "gates"}
    return lines(measured["gates"]) + "\n\n" + json.dumps(parts, indent=2)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(quick="--quick" in sys.argv[1:])) + "\n")
