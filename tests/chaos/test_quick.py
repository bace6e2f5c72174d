"""Every run of the chaos harness in its quick size, and every mutant: real processes, in a process of its own.

In processes of their own because they fork: what forks must have one thread, and a test run has more.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.mutants import CAUGHT_BY
from tests.chaos.others import OTHERS, Task, elsewhere
from tests.chaos.runs import RUNS

ROOT = Path(__file__).parents[2]
PATIENCE_S = 600.0


def chaos(*bundles: Sequence[str]) -> list[tuple[int, str]]:
    """Run the command in its quick size with each of these arguments at the same time; return statuses and output."""
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with ExitStack() as running:
        begun = [
            running.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.chaos", "--quick", *arguments],
                    cwd=ROOT,
                    env=os.environ | {"PYTHONPATH": paths},
                    text=True,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            )
            for arguments in bundles
        ]
        for process in begun:
            running.callback(process.kill)
        return [(process.wait(), told) for process in begun for told in [process.communicate(timeout=PATIENCE_S)[0]]]


BUNDLES = (("K1", "K3", "T2"), ("K2", "G1"), ("P1", "P2", "S1"))
"""Those in a row share a server; together they are all that run without servers of their own."""


def test_every_invariant_holds() -> None:
    for names, (status, told) in zip(BUNDLES, chaos(*(("--runs", ",".join(names)) for names in BUNDLES)), strict=True):
        assert status == 0, told
        for name in names:
            assert f"\n{name}" in "\n" + told


def test_the_bundles_and_the_runs_that_have_tests_of_their_own_are_all_runs() -> None:
    assert sorted({name for bundle in BUNDLES for name in bundle} | set(OTHERS)) == sorted(RUNS)


def test_a_run_of_another_shape_tells_its_line_and_its_violations() -> None:
    ((status, told),) = chaos(("--runs", "S2,W2"))
    assert status == 0, told
    assert re.search(r"^S2 held out: .*ok$", told, re.MULTILINE)
    assert re.search(r"^W2 seed 1 calls 75 .*ok$", told, re.MULTILINE)
    assert elsewhere("no such", Task(server="", seed=1, messages=1, hits=1), PATIENCE_S).violations
    late = elsewhere("T1", Task(server="", seed=1, messages=1, hits=1), 0.1)
    assert late.violations == ("not done in 0 s",)


MUTANTS = (("M1", "M6", "M8"), ("M2", "M3", "M4"), ("M5", "M7"))


def test_every_mutant_is_caught_and_the_honest_product_passes_with_the_same_seed() -> None:
    done = chaos(*(("--runs", "none", "--mutants", ",".join(names)) for names in MUTANTS))
    for names, (status, told) in zip(MUTANTS, done, strict=True):
        assert status == 0, told
        for name in names:
            assert f"{name} caught: wanted {','.join(CAUGHT_BY[name])}" in told
            (honest,) = (line for line in told.splitlines() if line.startswith(f"{name} honest"))
            assert honest.endswith("ok")


def test_there_are_the_eight_mutants_of_the_plan() -> None:
    assert sorted(name for bundle in MUTANTS for name in bundle) == [f"M{number}" for number in range(1, 9)]


def test_a_run_that_does_not_exist_is_answered_with_those_that_do() -> None:
    ((status, told),) = chaos(("--runs", "K9"))
    assert status == 1
    assert "no such run: K9; there are K1, K2" in told
