"""Make the weights of the learned layer: `python -m tests.opt_out_training.train`; `--check`: are they stale?

Thresholds come from cross-validation inside the corpus alone. The held-out part, the shared seed and the second blind
set are never looked at.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from nudge_core.policy.opt_out import Verdict, by_rules
from nudge_core.policy.opt_out_features import PLACES
from tests.opt_out_training.corpus import ORDINARY, Example, corpus, digest
from tests.opt_out_training.fit import Floats, tabulated
from tests.opt_out_training.validate import by_text, labels, scored, weights

LEAST_PRECISION = 0.92
"""Of the ordinary texts taken for STOP by the whole reader, in cross-validation. Issue 3 asks 90 %."""
LEAST_RECALL = 0.995
"""Of the ordinary stops. Issue 3 asks 99 %."""
MOST_ASKED = 0.10
"""Share of the innocent hand-written texts, most of them hard, about which the professional may be asked."""
UNITS = 127
ROOM = Path(str(files("nudge_core.policy")))


def main() -> int:
    """Train and write, or compare the corpus with what the weights were made from."""
    examples = corpus()
    if sys.argv[1:] == ["--check"]:
        return 0 if made_from() == digest(examples) else 1
    table = tabulated([one.tokens for one in examples])
    cuts = thresholds(examples, scored(examples, by_text(examples)))
    every = np.ones(len(examples), dtype=np.bool_)
    rows: list[np.ndarray[Any, np.dtype[np.int8]]] = []
    facts: dict[str, Any] = {"places": PLACES, "examples": len(examples), "corpus": digest(examples)}
    for name, wanted in labels(examples).items():
        fit = weights(table, wanted, examples, every)
        scale = float(np.abs(fit[:-1]).max()) / UNITS
        rows.append(np.round(fit[:-1] / scale).astype(np.int8))
        facts[name] = {"scale": round(scale, 9), "bias": round(float(fit[-1]), 6), "threshold": cuts[name]}
    np.save(ROOM / "opt_out_weights.npy", np.stack(rows), allow_pickle=False)
    (ROOM / "opt_out_weights.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts))  # noqa: T201 - this is the terminal's program
    return 0


def made_from() -> str:
    """Return the digest of the corpus that the shipped weights were made from."""
    facts = json.loads((ROOM / "opt_out_weights.json").read_text(encoding="utf-8"))
    return str(facts["corpus"])


def thresholds(examples: Sequence[Example], scores: dict[str, Floats]) -> dict[str, float]:
    """Return the thresholds: for a stop the highest that finds enough of the ordinary ones, precision allowing.

    For a question the lowest that keeps the share of innocents who are asked about.
    """
    written = np.array([one.weight == 1.0 for one in examples])
    ordinary = np.array([one.family.split()[-1].startswith(ORDINARY) for one in examples])
    wanted = labels(examples)
    by_rule = np.array([by_rules(one.text).verdict is Verdict.STOP for one in examples])
    grid = np.round(np.arange(-2.0, 4.0, 0.05), 2)

    def enough(cut: float) -> bool:
        return float((by_rule | (scores["stop"] > cut))[ordinary & (wanted["stop"] == 1)].mean()) >= LEAST_RECALL

    def precise(cut: float) -> bool:
        taken = ordinary & (by_rule | (scores["stop"] > cut))
        return float(wanted["stop"][taken].mean()) >= LEAST_PRECISION

    def rare(cut: float) -> bool:
        innocent = written & (wanted["quiet"] == 0)
        return float((scores["quiet"][innocent] > cut).mean()) <= MOST_ASKED

    return {
        "stop": max(
            float(next(cut for cut in grid if precise(float(cut)))),
            float(next((cut for cut in grid[::-1] if enough(float(cut))), grid[0])),
        ),
        "quiet": float(next(cut for cut in grid if rare(float(cut)))),
    }


if __name__ == "__main__":
    sys.exit(main())
