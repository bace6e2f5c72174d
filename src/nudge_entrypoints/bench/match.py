"""How fast a book is matched, beside the predecessor, our own rule per pair, and what the machine can do.

    nudge bench match [--quick]

Everything is measured in one process, in turns, as CPU seconds on one core; medians are reported, and only ratios are
worth quoting. `block` and `one` are whole rankings with reason codes (`engine.shortlist`), `words` those in words
(`engine.rank`). Opponents take one pair at a time, on a sample of each book: the predecessor's engine loop and its rule
alone (`bench.predecessor`), and our own rule written plainly, to compare with `structure`, both without texts. The
share of SGEMM is what the products of the similarities would cost at the rate of a large square product, divided by
what the whole does cost; the share of bandwidth, for one event, the time of one pass over the vectors divided by it.
`differences` are those from the slow reference on messy books. All data is invented and seeded.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from typing import Any

from attrs import evolve

from nudge_core.matching.audience import Audience
from nudge_core.matching.engine import rank, shortlist
from nudge_core.verticals.real_estate.schema import SCHEMA
from nudge_entrypoints.bench.agreement import differences
from nudge_entrypoints.bench.books import NEGATIVES, book, contented, subjects, texts_of
from nudge_entrypoints.bench.gates import Gate, lines
from nudge_entrypoints.bench.match_opponents import plain_ranking
from nudge_entrypoints.bench.match_shared import measure_change, measure_many_books
from nudge_entrypoints.bench.predecessor import engine_loop, predecessor_data, predecessor_ranking
from nudge_entrypoints.bench.timing import apart, in_turns, read, sgemm, sgemm_rate

TOP = 50  # members of a ranking, as in the walk
EVENTS = 256
ROUNDS = 5  # the median of so many
BOOKS = ((2_000, 1_536), (100_000, 1_536), (1_000_000, 384))
TEXTS = ((100_000, 384), (100_000, 1_536), (1_000_000, 384))
QUICK_BOOKS, QUICK_TEXTS = ((2_000, 1_536),), ((20_000, 384),)
PAIRS, QUICK_PAIRS = 300_000, 20_000  # compared with the reference
MEMORY_AT_MOST = 8 * 10**9  # bytes of vectors a run may hold
PLAIN_CLIENTS, PLAIN_EVENTS = 1_000, 8
MILLION = 10**6


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure and return a report: `gates`, and by size what they were made of.

    `quick` measures small books only. The BLAS should have one thread: `measure` sees to it.
    """
    rounds = 3 if quick else ROUNDS
    books = [measure_book(size, EVENTS, dim, rounds) for size, dim in (QUICK_BOOKS if quick else BOOKS)]
    texts = [measure_texts(size, EVENTS, dim, rounds) for size, dim in (QUICK_TEXTS if quick else TEXTS)]
    agreement = differences(QUICK_PAIRS if quick else PAIRS)
    shared = measure_many_books(100 if quick else 1_000, 100, rounds)
    change = measure_change(2_000 if quick else 20_000, rounds)
    return {
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "not set"),
        "load": [round(load, 1) for load in os.getloadavg()],
        "events": EVENTS,
        "rounds": rounds,
        "gates": [gate.as_json() for gate in (*_of_books(books), *_of_texts(texts), *_of_agreement(agreement))],
        "books": books,
        "texts": texts,
        "agreement": agreement,
        "many_books": shared,
        "one_change": change,
    }


def _of_books(books: list[dict[str, Any]]) -> list[Gate]:
    gates = []
    for found in books:
        clients, dim, over = found["clients"], found["dim"], found["over_engine_loop"]
        name = f"{clients:,} clients, {dim:,}-d: over the engine loop"
        if clients == 2_000:
            gates.append(Gate(metric=f"{name}, 256 events", measured=over["block"], gate=300, goal=400, unit="x"))
            gates.append(Gate(metric=f"{name}, one event", measured=over["one"], gate=150, goal=200, unit="x"))
        elif dim == 1_536:
            gates.append(Gate(metric=f"{name}, 256 events", measured=over["block"], gate=2_000, goal=3_000, unit="x"))
        bytes_per_client = found["bytes_per_client"]["with_texts"]
        gate = 40 + 4 * (1 + NEGATIVES) * dim
        million = 8e9 / MILLION - 4 * (1 + NEGATIVES) * (1_536 - dim)  # of 1,536 values: a million in 8 GB
        gates.append(
            Gate(
                metric=f"{clients:,} clients, {dim:,}-d: bytes per client",
                measured=bytes_per_client, gate=gate, goal=min(gate, million), at_most=True,
            )
        )  # fmt: skip
    return gates


def _of_texts(texts: list[dict[str, Any]]) -> list[Gate]:
    gates = []
    for found in texts:
        if "skipped" in found or found["clients"] < 100_000:
            continue
        name, wide = f"{found['clients']:,} clients, {found['dim']:,}-d", found["dim"] == 1_536
        gate, goal = (0.40, 0.60) if wide else (0.18, 0.30)
        gates.append(Gate(metric=f"{name}: share of SGEMM", measured=found["share_of_sgemm"], gate=gate, goal=goal))
        share = found["share_of_bandwidth"]
        gates.append(Gate(metric=f"{name}: one event, share of bandwidth", measured=share, gate=0.80, goal=0.90))
    return gates


def _of_agreement(found: dict[str, Any]) -> list[Gate]:
    wrong = found["differences"]
    return [Gate(metric=f"differences in {found['pairs']:,} pairs", measured=wrong, gate=0, goal=0, at_most=True)]


def measure_book(clients: int, events: int, dim: int, rounds: int) -> dict[str, Any]:
    """Rank a realistic book for a block of events and for one event, beside the opponents on a sample of it."""
    seekers, offers = book(clients), subjects(events, dim)
    started = time.process_time()
    plain_audience = Audience.build(SCHEMA, seekers)
    built = time.process_time() - started
    audience = evolve(plain_audience, meanings=texts_of(len(plain_audience.seekers), dim))
    few = tuple(seekers[:PLAIN_CLIENTS])
    old_clients, old_events = predecessor_data(dim)
    single = offers[: min(len(offers), 16)]  # one after the other: one offer alone may be a rare one
    times = in_turns(
        {
            "block": lambda: shortlist(audience, offers, top=TOP),
            "words": lambda: rank(audience, offers, top=TOP),
            "one": lambda: [shortlist(audience, [offer], top=TOP) for offer in single],
            "structure": lambda: rank(plain_audience, offers, top=TOP),
            "plain": lambda: [plain_ranking(few, offer, TOP) for offer in offers[:PLAIN_EVENTS]],
            "engine_loop": lambda: engine_loop(old_clients, old_events),
            "rule": lambda: [predecessor_ranking(old_clients, event) for event in old_events],
        },
        rounds,
    )
    old_pairs = len(old_clients) * len(old_events)
    pairs = {
        "block": clients * events,
        "words": clients * events,
        "one": clients * len(single),
        "structure": clients * events,
        "plain": len(few) * len(offers[:PLAIN_EVENTS]),
        "engine_loop": old_pairs,
        "rule": old_pairs,
    }
    per_pair = {name: seconds / pairs[name] for name, seconds in times.items()}
    members = [len(found) for found in shortlist(audience, offers, top=clients)]
    return {
        "clients": clients,
        "dim": dim,
        "nanoseconds_per_pair": {name: round(1e9 * seconds, 1) for name, seconds in per_pair.items()},
        "over_engine_loop": _over(per_pair, "engine_loop"),
        "over_rule": _over(per_pair, "rule"),
        "structure_over_plain": round(per_pair["plain"] / per_pair["structure"], 1),
        "share_that_qualifies": round(statistics.mean(members) / clients, 4),
        "bytes_per_client": {
            "columns": round(plain_audience.bytes_per_client, 2),
            "with_texts": round(audience.bytes_per_client, 2),
        },
        "build_seconds": round(built, 2),
    }


def _over(per_pair: dict[str, float], opponent: str) -> dict[str, int]:
    return {name: round(per_pair[opponent] / per_pair[name]) for name in ("block", "words", "one")}


def measure_texts(clients: int, events: int, dim: int, rounds: int) -> dict[str, Any]:
    """Rank a book in which everybody qualifies for every event, so that every pair needs its similarity."""
    needed = 4 * dim * clients * (1 + NEGATIVES)
    report: dict[str, Any] = {"clients": clients, "dim": dim, "gigabytes": round(needed / 1e9, 2)}
    if needed > MEMORY_AT_MOST:
        return report | {"skipped": f"needs more than {MEMORY_AT_MOST / 1e9:.0f} GB"}
    meanings = texts_of(clients, dim)
    without = Audience.build(SCHEMA, contented(clients))
    audience = evolve(without, meanings=meanings)
    offers = subjects(events, dim)
    read_matrix, read_avoided = read(meanings.matrix), read(meanings.avoid)
    times = in_turns(
        {
            "all": lambda: shortlist(audience, offers, top=TOP),
            "sgemm": sgemm(),
            "structure": lambda: shortlist(without, offers, top=TOP),
            "one": lambda: shortlist(audience, offers[:1], top=TOP),
            "read": lambda: (read_matrix(), read_avoided()),
        },
        rounds,
    )
    rate = sgemm_rate(times["sgemm"])
    work = 2 * dim * clients * (1 + NEGATIVES) * events / rate
    return report | {
        "sgemm_gflops": round(rate / 1e9, 1),
        "read_gigabytes_per_second": round(needed / times["read"] / 1e9, 1),
        "share_of_sgemm": round(work / times["all"], 3),
        "share_of_bandwidth": round(times["read"] / times["one"], 3),
        "million_pairs_per_second": {
            name: round(clients * number / times[name] / 1e6, 2)
            for name, number in (("all", events), ("structure", events), ("one", 1))
        },
    }


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Run the benchmark in a process of its own, whose BLAS has one thread from the start, and return its report."""
    return apart("nudge_entrypoints.bench.match", quick)


def table(measured: dict[str, Any]) -> str:
    """Return the rows with their gates, and what they were made of as indented JSON."""
    parts = {name: value for name, value in measured.items() if name != "gates"}
    return lines(measured["gates"]) + "\n\n" + json.dumps(parts, indent=2)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(quick="--quick" in sys.argv[1:])) + "\n")
