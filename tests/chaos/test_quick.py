"""Every run of the chaos harness in its quick size, and every mutant: real processes, in a process of its own.

In processes of their own because they fork: what forks must have one thread, and a test run has more.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.mutants import CAUGHT_BY
from tests.chaos.runs import RUNS

ROOT = Path(__file__).parents[2]
PATIENCE_S = 600.0


def chaos(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in its quick size."""
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--quick", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths},
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE_S,
    )


BUNDLES = (("K1", "K2"), ("K3", "P1", "P2"), ("G1", "S1", "T2"))
"""Several runs share one server; together they are all there are."""


@pytest.mark.parametrize("names", BUNDLES, ids="+".join)
def test_every_invariant_holds(names: tuple[str, ...]) -> None:
    done = chaos("--runs", ",".join(names))
    assert done.returncode == 0, done.stdout
    for name in names:
        assert f"\n{name}" in "\n" + done.stdout


def test_the_bundles_are_all_runs() -> None:
    assert sorted(name for bundle in BUNDLES for name in bundle) == sorted(RUNS)


MUTANTS = (("M1", "M2", "M3", "M4"), ("M5", "M6", "M7", "M8"))


@pytest.mark.parametrize("names", MUTANTS, ids="+".join)
def test_every_mutant_is_caught_and_the_honest_product_passes_with_the_same_seed(names: tuple[str, ...]) -> None:
    done = chaos("--runs", "none", "--mutants", ",".join(names))
    assert done.returncode == 0, done.stdout
    for name in names:
        assert f"{name} caught: wanted {','.join(CAUGHT_BY[name])}" in done.stdout
        (honest,) = (line for line in done.stdout.splitlines() if line.startswith(f"{name} honest"))
        assert honest.endswith("ok")


def test_there_are_the_eight_mutants_of_the_plan() -> None:
    assert sorted(name for bundle in MUTANTS for name in bundle) == [f"M{number}" for number in range(1, 9)]


def test_a_run_that_does_not_exist_is_answered_with_those_that_do() -> None:
    done = chaos("--runs", "K9")
    assert done.returncode == 1
    assert "no such run: K9; there are K1, K2" in done.stdout
