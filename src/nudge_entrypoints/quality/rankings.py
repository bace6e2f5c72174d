"""Sections A and B of the report: rankings of clients, beside simple methods."""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import evolve

from nudge_core.errors import Misconfigured
from nudge_entrypoints.quality import baselines, content
from nudge_entrypoints.quality.baselines import Method
from nudge_entrypoints.quality.folders import Prediction, Truth, read, truth_of
from nudge_entrypoints.quality.measures import NDCG, Difference, Figures, difference, evaluate
from nudge_entrypoints.quality.section import OURS, Gate, Section

HOMES = "nudge_entrypoints.quality.homes"
"""Where the product's predictions for homes come from: `predict(folder, out)`."""
A_GATES = {
    "sgd_homes/train": (0.97, 0.95, 0.89),
    "sgd_homes/dev": (0.97, 0.95, 0.89),
    "sgd_homes/train/changed_mind": (0.95, None, None),
    "sgd_homes/dev/changed_mind": (0.97, None, None),
}
"""Least nDCG@10, flagged precision and flagged recall. Source: `match-quality.md` section 4, issue 5."""
MS_PER_EVENT = "ms per event"
"""Reading the files and the clients' words included, divided by the units. Only where it is asked for."""
MS = 1_000
B_TOPICS, B_KNOWN, B_MRR = 0.60, 0.60, 0.42
"""Least topic P@10, known-item R@10 and known-item MRR. Source: `match-quality.md` section 5."""

A_CAVEATS = (
    "Dialogues outlined by machine and paraphrased by crowd workers (SGD): no budgets, no remarks, synthetic dates.",
    "Relevant means 'satisfies the stated wishes', not 'was pleased'; the clients are strangers, not one owner's book.",
    "The plain set is saturated at .98: a floor against regressions, no claim of quality. Not accuracy for realtors.",
    "The predecessor is its published rule, simplified in its favour, its wishes read by regular expressions.",
    "dev and the changed-mind sets are small; queries share clients, so intervals are somewhat too narrow.",
)
B_CAVEATS = (
    "Questions and therapists' answers (CounselChat): an answer is written to one question, so known item favours "
    "shared words.",
    "Answers to a client's own question are in the library with their topics: guessing topics is easier than in a "
    "practice. docs/reference/quality.md has the figures without them.",
    "Known-item figures depend on how many clients there are: compare on the same split only. Topics were assigned by "
    "the site.",
    "Real people's texts: no excerpts anywhere. dev was looked at while this was built (docs/reference/quality.md "
    "tells how often), and nothing was chosen by it.",
)
_TITLES = {
    "sgd_homes/train": "A, plain, train",
    "sgd_homes/dev": "A, plain, dev",
    "sgd_homes/train/changed_mind": "A, changed mind, train",
    "sgd_homes/dev/changed_mind": "A, changed mind, dev",
}


def homes(data: Path, part: str, *, timed: bool = False) -> Section:
    """Return measure A on one part: a home appears, who should hear of it?"""
    folder = data / part
    question = "a home appears: which clients should hear of it?"
    if not folder.is_dir():
        return Section(
            title=_TITLES[part], asks=question, lines={}, caveats=A_CAVEATS, missing=f"no folder {part} in the data"
        )
    truth = truth_of(folder)
    figures = _by_method(folder, truth, baselines.HOMES, timed=timed)
    there = importlib.util.find_spec(HOMES) is not None
    missing = None if there else "the reading of wishes is not built in yet: no module quality/homes.py"
    gates: tuple[Gate, ...] = ()
    if there:
        figures |= _by_method(folder, truth, {OURS: homes_predictions}, timed=timed)
        gates = _homes_gates(part, figures)
    return Section(
        title=_TITLES[part],
        asks=question,
        lines=_lines(figures),
        caveats=A_CAVEATS,
        gates=gates,
        differences=_differences(figures, ("bm25", "predecessor")),
        missing=missing,
    )


def contents(data: Path, *, timed: bool = False) -> Section:
    """Return measure B: a piece of content, which clients is it for?"""
    folder = data / "counsel_chat" / "dev"
    title, question = "B, dev", "a piece of content: which clients is it for?"
    if not folder.is_dir():
        return Section(
            title=title, asks=question, lines={}, caveats=B_CAVEATS, missing="no counsel_chat/dev in the data"
        )
    truth = truth_of(folder)
    methods = {**baselines.CONTENT, OURS: content.predictions}
    figures = _by_method(folder, truth, methods, timed=timed)
    ours, beside = figures[OURS], figures["bm25 + topic words"]
    rank, reach = "known-item MRR", "known-item R@10"
    return Section(
        title=title,
        asks=question,
        lines=_lines(figures),
        caveats=B_CAVEATS,
        gates=(
            Gate(name="topic P@10", value=ours["P@10"], bar=B_TOPICS),
            Gate(name=reach, value=ours[reach], bar=B_KNOWN),
            Gate(name=rank, value=ours[rank], bar=B_MRR),
            Gate(name=f"{reach} above bm25 + topic words", value=ours[reach], bar=beside[reach], above=True),
            Gate(name=f"{rank} above bm25 + topic words", value=ours[rank], bar=beside[rank], above=True),
        ),
        differences=_differences(figures, ("keyword", "bm25", "bm25 + topic words")),
    )


def homes_predictions(folder: Path) -> dict[str, Prediction]:
    """Return the product's predictions for homes.

    Raises:
        Misconfigured: the product cannot make any yet.
    """
    with tempfile.TemporaryDirectory(prefix="nudge-quality-") as temporary:
        out = Path(temporary) / "predictions.jsonl"
        predict_homes(folder, out)
        return read(out)


def predict_homes(folder: Path, out: Path) -> None:
    """Write the product's predictions for homes.

    Raises:
        Misconfigured: the product cannot make any yet.
    """
    if importlib.util.find_spec(HOMES) is None:
        raise Misconfigured(["quality predict --sgd: the reading of wishes is not built in yet (quality/homes.py)"])
    importlib.import_module(HOMES).predict(folder, out)


def _homes_gates(part: str, figures: Mapping[str, Figures]) -> tuple[Gate, ...]:
    ours = figures[OURS]
    ndcg, precision, recall = A_GATES[part]
    gates = [Gate(name=NDCG, value=ours[NDCG], bar=ndcg)]
    for name, bar in (("flagged precision", precision), ("flagged recall", recall)):
        if bar is not None:
            gates.append(Gate(name=name, value=ours.values.get(name, float("nan")), bar=bar))
    for other in ("bm25", "predecessor"):
        low = difference(ours, figures[other]).low
        gates.append(Gate(name=f"above {other}: lower end of the interval", value=low, bar=0.0, above=True))
    return tuple(gates)


def _by_method(folder: Path, truth: Truth, methods: Mapping[str, Method], *, timed: bool) -> dict[str, Figures]:
    figures: dict[str, Figures] = {}
    for name, method in methods.items():
        started = time.perf_counter()
        predictions = method(folder)
        spent = MS * (time.perf_counter() - started) / len(truth.units)
        one = evaluate(truth, predictions)
        figures[name] = evolve(one, values={**one.values, MS_PER_EVENT: spent}) if timed else one
    return figures


def _lines(figures: Mapping[str, Figures]) -> dict[str, dict[str, float]]:
    return {name: dict(one.values) | {"queries": one.queries, "scored": one.scored} for name, one in figures.items()}


def _differences(figures: Mapping[str, Figures], others: Sequence[str]) -> tuple[tuple[str, Difference], ...]:
    if OURS not in figures:
        return ()
    return tuple((other, difference(figures[OURS], figures[other])) for other in others)
