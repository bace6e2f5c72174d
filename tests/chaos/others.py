"""Runs of another shape: each in a process of its own, on a database of its own, with an end in time.

They fork nothing and may have threads, so the harness, which forks, runs them elsewhere:

    python -m tests.chaos.others NAME SERVER SEED MESSAGES HITS

One line of report, then one line for each violation; exit status 1 when there was any.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from attrs import frozen

from nudge_adapters.sql.embedded import create_cluster
from nudge_adapters.sql.migrate import upgrade
from tests.databases import scratch_database

ROOT = Path(__file__).parents[2]


@frozen(kw_only=True)
class Task:
    """What one run is given. `hits`: kills, outages; `messages`: texts, calls or requests."""

    server: str
    seed: int
    messages: int
    hits: int


@frozen(kw_only=True)
class Told:
    """What one run said."""

    text: str
    violations: tuple[str, ...]
    seconds: float

    def line(self) -> str:
        """Return its line of report."""
        return f"{self.text}  in {self.seconds:.0f} s  {'VIOLATED' if self.violations else 'ok'}"


Outcome = tuple[str, Sequence[str]]


def _w1(task: Task) -> Outcome:
    from tests.web_chaos import w1

    with _migrated(task) as url:
        storm = asyncio.run(w1(url, calls=task.messages, seed=task.seed))
    return storm.line("W1"), storm.violations


def _w2(task: Task) -> Outcome:
    from tests.web_chaos import w2

    with _migrated(task) as url:
        storm = asyncio.run(w2(url, texts=task.messages, seed=task.seed))
    return storm.line("W2"), storm.violations


def _w3(task: Task) -> Outcome:
    from tests.web_chaos import w3

    with _migrated(task) as url:
        storm = asyncio.run(w3(url, requests=task.messages, seed=task.seed))
    return storm.line("W3"), storm.violations


def _k4(task: Task) -> Outcome:
    from tests.web_kills import kill_web

    with _migrated(task) as url:
        killed = asyncio.run(kill_web(url, kills=task.hits, seed=task.seed))
    return killed.line(), killed.violations


def _r1(task: Task) -> Outcome:
    from tests.integration.test_worker_outages import without_redis_now_and_then

    with _migrated(task) as url, _folder() as folder:
        return _asserted(
            f"R1 seed {task.seed} outages {task.hits} N {task.messages}",
            lambda: without_redis_now_and_then(url, folder, texts=task.messages, outages=task.hits),
        )


def _p1_worker(task: Task) -> Outcome:
    from tests.integration.test_worker_outages import without_postgres_now_and_then

    with _folder() as folder:
        template = folder / "template"
        create_cluster(template, durable=False)
        terminations = task.hits * 5 // 2
        return _asserted(
            f"P1-worker seed {task.seed} crashes {task.hits} cuts {terminations} N {task.messages}",
            lambda: without_postgres_now_and_then(
                template, folder, texts=task.messages, restarts=task.hits, terminations=terminations
            ),
        )


def _t1(task: Task) -> Outcome:
    from tests import lawful_hours

    try:
        return (lawful_hours.full if task.hits else lawful_hours.quick)(), ()
    except lawful_hours.Unlawful as error:
        return "T1", (f"I4 {error}",)


def _s2(_task: Task) -> Outcome:
    """The development part is judged by the plan's floors, the held-out part by what was measured on it."""
    from tests.measure_opt_out import development, held_out, measure
    from tests.unit.test_opt_out_measured import LEAST_EXPLICIT, LEAST_EXPLICIT_HELD_OUT, LEAST_PRECISION

    lines, found = [], []
    for name, texts, explicit in (
        ("development", development(), LEAST_EXPLICIT),
        ("held out", held_out(), LEAST_EXPLICIT_HELD_OUT),
    ):
        figures = measure(texts)
        lines.append(figures.line(f"S2 {name}"))
        reached = {"per se": figures.per_se, "explicit": figures.explicit, "precision": figures.precision}
        least = {"per se": 1.0, "explicit": explicit, "precision": LEAST_PRECISION}
        found += [f"S2 {name}: {what} {share:.1%}" for what, share in reached.items() if share < least[what]]
    return "\n".join(lines), found


OTHERS: Mapping[str, Callable[[Task], Outcome]] = MappingProxyType(
    {"W1": _w1, "W2": _w2, "W3": _w3, "K4": _k4, "R1": _r1, "P1-worker": _p1_worker, "T1": _t1, "S2": _s2}
)


def _asserted(line: str, run: Callable[[], Coroutine[object, object, None]]) -> Outcome:
    """Run a scenario that raises at the first thing that is wrong."""
    try:
        asyncio.run(run())
    except (AssertionError, TimeoutError) as error:
        return line, (f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no words'}",)
    return line, ()


@contextmanager
def _migrated(task: Task) -> Iterator[str]:
    with scratch_database(task.server) as url:
        upgrade(url)
        yield url


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nudge-chaos-") as name:
        yield Path(name)


def elsewhere(name: str, task: Task, patience_s: float) -> Told:
    """Run one in a process of its own, which is ended when it takes longer than it may."""
    begun = time.monotonic()
    given = [name, task.server, str(task.seed), str(task.messages), str(task.hits)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.others", *given],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            return Told(text=name, violations=(f"not done in {patience_s:.0f} s",), seconds=time.monotonic() - begun)
        finally:
            process.kill()
    lines = said.splitlines() or [name]
    text = [line for line in lines if not line.startswith("    ")]
    violations = [line.strip() for line in lines if line.startswith("    ")]
    if process.returncode and not violations:
        violations, text = [f"died with status {process.returncode}: {text[-1]}"], [name]
    return Told(text="\n".join(text), violations=tuple(violations), seconds=time.monotonic() - begun)


def main(name: str, server: str, seed: str, messages: str, hits: str) -> int:
    """Run one and tell of it."""
    task = Task(server=server, seed=int(seed), messages=int(messages), hits=int(hits))
    line, violations = OTHERS[name](task)
    sys.stdout.write("\n".join([line, *(f"    {violation}" for violation in violations)]) + "\n")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
