"""Our measures are those of the referee, to the last digits; and they say what the definitions say."""

from __future__ import annotations

import json
import subprocess
import sys
from math import log2
from pathlib import Path

import pytest

from nudge_entrypoints.quality import baselines
from nudge_entrypoints.quality.folders import Prediction, Truth, read, truth_of, write
from nudge_entrypoints.quality.measures import difference, evaluate
from tests.shared_data import shared

EXACT = 1e-12
TRUTH = Truth(
    clients=("ann", "bob", "cy"),
    units=("u", "v", "w"),
    gains={"u": {"ann": 1.0, "cy": 0.5}, "v": {"bob": 1.0}},
    own={"u": "ann", "v": "bob"},
)


def test_a_small_case_by_hand() -> None:
    told = evaluate(TRUTH, {"u": Prediction(ranked=("bob", "ann", "cy"), flagged=frozenset({"cy", "bob"}))})
    # u: without its own client ann, cy is second of two; v has nobody left; w has nobody.
    assert (told.queries, told.scored) == (3, 1)
    assert told["P@1"] == 0.0
    assert told["P@5"] == pytest.approx(1 / 5)
    assert told["R@5"] == 1.0
    assert told["nDCG@10"] == pytest.approx(1 / log2(3))
    assert told["known-item MRR"] == pytest.approx((1 / 2 + 0) / 2)
    assert told["known-item R@5"] == 0.5
    assert told["flagged share"] == pytest.approx(2 / 9)
    assert told["flagged precision"] == 0.5
    assert told["flagged recall"] == pytest.approx(1 / 3)


def test_written_predictions_come_back(tmp_path: Path) -> None:
    told = {"u": Prediction(ranked=("b", "a"), flagged=frozenset("ba")), "v": Prediction(ranked=("a",))}
    write(tmp_path / "one.jsonl", told)
    assert read(tmp_path / "one.jsonl") == told
    assert json.loads((tmp_path / "one.jsonl").read_text().splitlines()[0])["flagged"] == ["a", "b"]


@pytest.mark.parametrize(
    ("part", "one", "other"),
    [
        ("sgd_homes/dev", baselines.predecessor, baselines.bm25_homes),
        ("sgd_homes/train/changed_mind", baselines.predecessor, baselines.random_homes),
        ("counsel_chat/dev", baselines.bm25_topics, baselines.keyword),
    ],
)
def test_the_referee_agrees(part: str, one: baselines.Method, other: baselines.Method, tmp_path: Path) -> None:
    folder = shared(f"quality/{part}")
    referee = shared("quality/score.py")
    first, second = one(folder), other(folder)
    write(tmp_path / "first.jsonl", first)
    write(tmp_path / "second.jsonl", second)
    files = [str(tmp_path / "first.jsonl"), "--versus", str(tmp_path / "second.jsonl")]
    done = subprocess.run(
        [sys.executable, str(referee), str(folder), *files, "--json"], check=True, capture_output=True, text=True
    )
    theirs = json.loads(done.stdout)
    truth = truth_of(folder)
    ours = evaluate(truth, first)
    gap = difference(ours, evaluate(truth, second))
    for name, value in ours.values.items():
        assert value == pytest.approx(theirs[name], abs=EXACT), name
    assert (ours.queries, ours.scored) == (theirs["queries"], theirs["queries_scored"])
    assert gap.mean == pytest.approx(theirs["nDCG@10 difference"], abs=EXACT)
    assert gap.low == pytest.approx(theirs["difference 95% low"], abs=EXACT)
    assert gap.high == pytest.approx(theirs["difference 95% high"], abs=EXACT)


@pytest.mark.parametrize(
    ("part", "method", "published"),
    [
        ("sgd_homes/dev", "random", {"nDCG@10": 0.0372}),
        ("sgd_homes/dev", "bm25", {"nDCG@10": 0.4476, "R-precision": 0.277}),
        (
            "sgd_homes/dev",
            "predecessor",
            {"nDCG@10": 0.7656, "flagged share": 0.6206, "flagged precision": 0.0243, "flagged recall": 0.9938},
        ),
        ("sgd_homes/dev/changed_mind", "predecessor", {"nDCG@10": 0.8016, "flagged precision": 0.0152}),
        ("counsel_chat/dev", "random", {"P@10": 0.1645, "known-item MRR": 0.0129}),
        ("counsel_chat/dev", "keyword", {"P@10": 0.4822, "nDCG@10": 0.2813, "known-item R@10": 0.1403}),
        ("counsel_chat/dev", "bm25", {"P@10": 0.3175, "nDCG@10": 0.1801, "known-item R@10": 0.5557}),
        ("counsel_chat/dev", "bm25 + topic words", {"P@10": 0.4016, "known-item MRR": 0.3941}),
    ],
)
def test_the_simple_methods_give_the_published_figures(part: str, method: str, published: dict[str, float]) -> None:
    folder = shared(f"quality/{part}")
    methods = baselines.CONTENT if part.startswith("counsel") else baselines.HOMES
    told = evaluate(truth_of(folder), methods[method](folder))
    assert {name: round(told[name], 4) for name in published} == pytest.approx(published, abs=1.1e-4)
