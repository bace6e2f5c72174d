"""The command: runs by name, seeds and sizes; one line per run, and exit status 1 when an invariant was violated."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: a process that forks must have one thread

from attrs import evolve

from tests.chaos.arena import Report
from tests.chaos.checker import SHOWN, told
from tests.chaos.mutants import CAUGHT_BY
from tests.chaos.others import Told
from tests.chaos.runs import RUNS, Size, mutant_reports
from tests.chaos.server import Server

EVERY_SEED = ("K1",)
"""Of all runs, those that `make chaos` repeats with every seed (reliability.md 10)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 0 when every invariant held and every mutant was caught."""
    asked = _parser().parse_args(arguments)
    names = _names(asked.runs, RUNS)
    planted = _names(asked.mutants, CAUGHT_BY)
    good = True
    with tempfile.TemporaryDirectory(prefix="nudge-chaos-") as scratch:
        server = Server(Path(scratch) / "postgres")
        try:
            for nth, seed in enumerate(int(seed) for seed in asked.seeds.split(",")):
                for name in names:
                    entry = RUNS[name]
                    if nth and asked.runs == "all" and name not in EVERY_SEED:
                        continue
                    size = _sized(entry.quick if asked.quick else entry.full, asked)
                    for report in entry.go(server, seed, size):
                        good &= _tell(report)
                for line, caught in _mutants(server, planted if not nth else [], seed):
                    _say(line)
                    good &= caught
        finally:
            server.close()
    return 0 if good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", default="all", help=f"names, or all, or none: {', '.join(RUNS)}")
    parser.add_argument("--mutants", default="none", help=f"names, or all, or none: {', '.join(CAUGHT_BY)}")
    seeds = f"numbers, such as 1,2,3; of all runs only {', '.join(EVERY_SEED)} takes more than the first"
    parser.add_argument("--seeds", default="1", help=seeds)
    parser.add_argument("--quick", action="store_true", help="the sizes that make test runs")
    parser.add_argument("--kills", type=int, help="instead of the run's own: kills, stops, cuts, jumps or seconds")
    parser.add_argument("--carrier", choices=("socket", "http"), help="for K1, G1 and S1, instead of the run's own")
    parser.add_argument("--messages", type=int, help="instead of the run's own size")
    return parser


def _names(asked: str, known: object) -> list[str]:
    every = list(known)  # type: ignore[call-overload]
    chosen = every if asked == "all" else [] if asked == "none" else asked.split(",")
    unknown = sorted(set(chosen) - set(every))
    if unknown:
        sys.exit(f"no such run: {', '.join(unknown)}; there are {', '.join(every)}")
    return chosen


def _sized(size: Size, asked: argparse.Namespace) -> Size:
    over_http = size.over_http if asked.carrier is None else asked.carrier == "http"
    return evolve(size, messages=asked.messages or size.messages, hits=asked.kills or size.hits, over_http=over_http)


def _tell(report: Report | Told) -> bool:
    _say(report.line())
    if isinstance(report, Told):
        for violation in report.violations[:SHOWN]:
            _say(f"    {violation}")
        return not report.violations
    for violation in told(report.verdict.violations):
        _say(f"    {violation}")
    if report.not_drained:
        _say(f"    not at rest in time: {'; '.join(report.stuck)}")
    return not report.verdict.violations and not report.not_drained


def _mutants(server: Server, planted: Sequence[str], seed: int) -> Iterator[tuple[str, bool]]:
    for mutant, honest, wrong in mutant_reports(server, planted, seed):
        wanted, found = frozenset(CAUGHT_BY[mutant]), wrong.verdict.broken()
        is_honest = not honest.verdict.violations and not honest.not_drained
        yield honest.line(), is_honest
        for violation in told(honest.verdict.violations):
            yield f"    {violation}", False
        if honest.not_drained:
            yield f"    not at rest in time: {'; '.join(honest.stuck)}", False
        yield wrong.line(), wanted <= found
        verdict = "caught" if wanted <= found else "SURVIVED"
        yield f"    {mutant} {verdict}: wanted {','.join(sorted(wanted))}, found {','.join(sorted(found)) or '-'}", True


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
