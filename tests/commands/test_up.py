"""`nudge up` as a person runs it: ready, what is killed comes back, and nothing is left when it ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 180.0  # an end for a test that hangs; no claim about speed

pytestmark = pytest.mark.enable_socket


class Up:
    """A running `nudge up`, its port, and what it says."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._said = home / "said.jsonl"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
        own = {"NUDGE_HOME": str(home), "NUDGE_HTTP_PORT": str(self.port), "NUDGE_EMBEDDER": "none"}
        with self._said.open("w") as out, (home / "errors.txt").open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "nudge_entrypoints.cli", "up", "--json"],
                env={**kept, **own}, stdout=out, stderr=errors,
            )  # fmt: skip

    def said(self) -> list[dict[str, str]]:
        """Return what it and its parts said."""
        return [json.loads(line) for line in self._said.read_text().splitlines() if line.endswith("}")]

    def started(self, part: str) -> list[int]:
        """Return the processes that a part has had, in order."""
        lines = [one["what"] for one in self.said() if one["part"] == part and one["what"].startswith("started")]
        return [int(line.rpartition("process ")[2].rstrip(")")) for line in lines]

    def health(self, path: str = "/health/ready") -> tuple[int, dict[str, Any]]:
        """Ask a health page; (0, {}) while nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except OSError:
            return 0, {}
        finally:
            connection.close()

    def until(self, what: Callable[[], bool]) -> None:
        """Wait until something holds."""
        give_up = time.monotonic() + PATIENCE_S
        while not what():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < give_up, self.said()
            time.sleep(0.1)

    def is_ready(self) -> bool:
        """Say whether everything works, wake-ups included."""
        status, page = self.health()
        return status == 200 and page["status"] == "ready" and page["redis"] == "connected"


def descendants(pid: int) -> set[int]:
    """Return the processes under this one."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found, fresh = set[int](), {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def lives(pid: int) -> bool:
    """Say whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def all_gone(pids: set[int]) -> None:
    """Wait until none of these processes is left."""
    give_up = time.monotonic() + PATIENCE_S
    while any(lives(pid) for pid in pids):
        assert time.monotonic() < give_up, [pid for pid in pids if lives(pid)]
        time.sleep(0.05)


@contextmanager
def up(home: Path) -> Iterator[Up]:
    """Run it; whatever the test does, nothing of it stays."""
    running = Up(home)
    try:
        yield running
    finally:
        left = descendants(running.process.pid)
        running.process.kill()
        running.process.wait()
        all_gone(left)


def test_what_is_killed_comes_back_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    with up(tmp_path) as nudge:
        nudge.until(nudge.is_ready)
        assert nudge.health("/health/live") == (200, {"status": "live"})
        status, page = nudge.health()
        assert (status, page["workers"], page["database"]) == (200, 1, "ok")
        for part, sign in (("postgresql", signal.SIGKILL), ("valkey", signal.SIGTERM), ("http", signal.SIGKILL)):
            before = nudge.started(part)
            os.kill(before[-1], sign)
            nudge.until(lambda part=part, before=before: len(nudge.started(part)) > len(before))  # type: ignore[misc]
            nudge.until(nudge.is_ready)
        os.kill(nudge.started("worker")[-1], signal.SIGKILL)
        nudge.until(lambda: sum(one["what"].startswith("at work") for one in nudge.said()) == 2)
        nudge.until(nudge.is_ready)
        told = [(one["part"], one["what"]) for one in nudge.said()]
        assert ("postgresql", "was killed (SIGKILL)") in told
        assert ("worker", "was killed (SIGKILL)") in told
        assert all(one["follows"] for one in nudge.said() if "was killed" in one["what"]), "it says what follows"

        under = descendants(nudge.process.pid)
        assert len(under) >= 4
        nudge.process.send_signal(signal.SIGINT)
        assert nudge.process.wait(PATIENCE_S) == 0
        all_gone(under)
        told = [(one["part"], one["what"]) for one in nudge.said()]
        assert told[-1] == ("nudge", "everything has ended")
        assert ("worker", "left") in told
    assert (tmp_path / "errors.txt").read_text() == ""


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with up(tmp_path) as nudge:
        nudge.until(nudge.is_ready)
        under = descendants(nudge.process.pid)
        nudge.process.kill()
        nudge.process.wait()
        all_gone(under)


def test_a_port_that_is_taken_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", "nudge_entrypoints.cli", "up"],
            env={**kept, "NUDGE_HOME": str(tmp_path), "NUDGE_HTTP_PORT": str(taken.getsockname()[1])},
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
    assert done.returncode == 2
    assert "NUDGE_HTTP_PORT" in done.stderr
    assert not (tmp_path / "postgres").exists()
