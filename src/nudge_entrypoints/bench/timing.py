"""How the benchmarks of matching and search take time: CPU seconds of one core, in turns, medians."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SQUARE = 1_024  # side of the square product that gives the SGEMM rate
SQUARES = 8  # of them in one measurement
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")


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


def sgemm() -> Callable[[], object]:
    """Return `SQUARES` large square products, to be timed."""
    square = np.ones((SQUARE, SQUARE), np.float32)
    product = np.empty_like(square)
    return lambda: [np.matmul(square, square, out=product) for _ in range(SQUARES)]


def sgemm_rate(seconds: float) -> float:
    """Return the floating point operations a second of what `sgemm` returned."""
    return SQUARES * 2 * SQUARE**3 / seconds


def read(matrix: NDArray[np.float32]) -> Callable[[], object]:
    """Return a pass over a matrix that does as little as there is to do with every number, to be timed."""
    flat = matrix.reshape(-1)
    return lambda: float(flat @ flat)


def apart(module: str, quick: bool) -> dict[str, Any]:
    """Run a benchmark in a process of its own, whose BLAS has one thread from the start, and return its report."""
    command = [sys.executable, "-m", module, *(["--quick"] if quick else [])]
    environment = {**os.environ, **ONE_THREAD}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    report: dict[str, Any] = json.loads(done.stdout)
    return report
