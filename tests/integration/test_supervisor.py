"""The supervisor on small real processes: what dies is started again, later and later; everything ends at the end."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nudge_core.errors import Misconfigured
from nudge_entrypoints.supervisor import LIVED_S, Part, ProcessPart, ServerPart, Supervisor, _Kept, how_it_ended
from nudge_entrypoints.telling import Outage, Teller
from tests.integration.test_embedded import running, wait_for_end

SLEEP = [shutil.which("sleep") or "/bin/sleep", "1000"]


class Ear(io.StringIO):
    """Hears what is said, and acts on it."""

    def __init__(self, on_line: Callable[[dict[str, str]], None]) -> None:
        super().__init__()
        self.lines: list[dict[str, str]] = []
        self._on_line = on_line

    def write(self, text: str) -> int:
        """Take one line."""
        self.lines.append(json.loads(text))
        self._on_line(self.lines[-1])
        return len(text)


def environment() -> dict[str, str]:
    """Return this process's own."""
    return dict(os.environ)


def test_one_that_dies_is_started_again_and_all_end_at_the_end() -> None:
    pids: list[int] = []

    def act(line: dict[str, str]) -> None:
        if line["what"].startswith("started"):
            pids.append(int(line["what"].rpartition(" ")[2].rstrip(")")))
            if len(pids) == 2:
                os.kill(pids[1], signal.SIGKILL)
            if len(pids) == 3:
                os.kill(os.getpid(), signal.SIGTERM)

    ear = Ear(act)
    buried: list[int] = []
    parts = [
        ProcessPart("steady", SLEEP, environment, buried=buried.append),
        ProcessPart("weak", SLEEP, environment, buried=buried.append),
    ]
    Supervisor(parts, Teller("nudge", as_json=True, out=ear)).run()
    said = [(line["part"], line["what"].partition(" (process")[0]) for line in ear.lines]
    assert said == [
        ("steady", "started"),
        ("weak", "started"),
        ("nudge", "every part is started"),
        ("weak", "was killed (SIGKILL)"),
        ("weak", "started again"),
        ("nudge", "ending"),
        ("nudge", "everything has ended"),
    ]
    assert not any(running(pid) for pid in pids)
    assert buried == [pids[1]], "told of the one that died, before another one took its place"
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, "as it was before"


def test_what_can_never_start_ends_what_ran() -> None:
    def refuse() -> ServerPart:
        raise Misconfigured(["NUDGE_REDIS_URL: set it"])

    pids: list[int] = []
    ear = Ear(lambda line: pids.extend([int(w.rstrip(")")) for w in line["what"].split() if w.rstrip(")").isdigit()]))
    server = ServerPart("valkey", refuse)  # type: ignore[arg-type]  # it never gets so far
    parts: list[Part] = [ProcessPart("steady", SLEEP, environment), server]
    with pytest.raises(Misconfigured):
        Supervisor(parts, Teller("nudge", as_json=True, out=ear)).run()
    assert len(pids) == 1
    wait_for_end(pids[0])


def test_pauses_grow_and_a_long_life_forgives() -> None:
    kept = _Kept(ProcessPart("weak", SLEEP, environment))
    assert [kept.fell(0.0) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    kept.running, kept.started_at = True, 100.0
    assert kept.fell(100.0 + LIVED_S) == 0.0, "at once"
    assert kept.fell(200.0) == 0.5


@pytest.mark.parametrize(
    ("status", "words"),
    [(None, "no longer answers"), (-9, "was killed (SIGKILL)"), (3, "ended with status 3"), (-250, "ended with")],
)
def test_how_it_ended_in_words(status: int | None, words: str) -> None:
    assert how_it_ended(status).startswith(words)


def test_a_child_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from nudge_entrypoints.supervisor import ProcessPart\n"
        f"part = ProcessPart('x', {SLEEP!r}, lambda: dict(os.environ))\n"
        "print(part.start().split()[-1], flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert running(pid)
        parent.kill()
        wait_for_end(pid)


def test_an_outage_is_told_once_with_growing_pauses_and_its_end_once() -> None:
    ear = Ear(lambda _line: None)
    outage = Outage(Teller("worker", as_json=True, out=ear), "redis", longest_s=3)
    assert not outage.back()
    assert [outage.lost("refused", "polling") for _ in range(5)] == [0.5, 1, 2, 3, 3]
    assert outage.lasts
    assert outage.back()
    assert not outage.back()
    assert [line["what"] for line in ear.lines] == ["redis is gone (refused)", "redis is back"]


def test_who_stopped_listening_does_not_stop_the_work() -> None:
    closed = io.StringIO()
    closed.close()
    Teller("worker", out=closed).say("anything")
