"""`nudge serve` and `nudge openapi` as a person runs them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_up import PATIENCE_S, all_gone, descendants

pytestmark = pytest.mark.enable_socket


def _environment(home: Path, **own: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    return {**kept, "NUDGE_HOME": str(home), "NUDGE_EMBEDDER": "none", **own}


class Serving:
    """A running `nudge serve`, and what it says."""

    def __init__(self, home: Path, *words: str) -> None:
        self._said = home / "said.jsonl"
        with self._said.open("w") as out, (home / "errors.txt").open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "nudge_entrypoints.cli", "serve", "--port", "0", "--json", *words],
                env=_environment(home), stdout=out, stderr=errors,
            )  # fmt: skip

    def said(self) -> list[dict[str, Any]]:
        """Return what it and its parts said."""
        return [json.loads(line) for line in self._said.read_text().splitlines() if line.endswith("}")]

    def started(self, part: str) -> list[int]:
        """Return the processes that a part has had, in order."""
        lines = [one["what"] for one in self.said() if one["part"] == part and one["what"].startswith("started")]
        return [int(line.rpartition("process ")[2].rstrip(")")) for line in lines]

    def listening(self) -> list[str]:
        """Return the addresses that were said, one for each process that answers."""
        return [one["what"].rpartition(" ")[2] for one in self.said() if one["what"].startswith("listens on")]

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask; (0, b"") while nobody answers."""
        connection = http.client.HTTPConnection(self.listening()[0].removeprefix("http://"), timeout=30)
        try:
            connection.request("GET", path, headers={"Authorization": "Bearer nobody"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def until(self, what: Callable[[], bool]) -> None:
        """Wait until something holds."""
        give_up = time.monotonic() + PATIENCE_S
        while not what():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < give_up, self.said()
            time.sleep(0.1)


@contextmanager
def serving(home: Path, *words: str) -> Iterator[Serving]:
    """Run it; whatever the test does, nothing of it stays."""
    running = Serving(home, *words)
    try:
        yield running
    finally:
        left = descendants(running.process.pid)
        running.process.kill()
        running.process.wait()
        all_gone(left)


def test_several_processes_share_a_port_and_one_that_is_killed_comes_back(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as nudge:
        nudge.until(lambda: len(nudge.listening()) == 2)
        assert len(set(nudge.listening())) == 1
        status, document = nudge.get("/api/v1/openapi.json")
        assert status == 200
        assert json.loads(document)["openapi"].startswith("3.1")
        assert nudge.get("/api/v1/faqs")[0] == 401
        assert nudge.get("/health")[0] == 200
        for _ in range(9):  # whichever process they reach, and whichever shows the page
            nudge.get("/api/v1/faqs")
        page = nudge.get("/metrics")[1]
        assert b"nudge_up 1.0" in page
        counted = b'nudge_http_requests_total{method="GET",route="/api/v1/faqs",status="4xx"} 10.0'
        assert counted in page
        os.kill(nudge.started("http-1")[0], signal.SIGKILL)
        for _ in range(5):
            nudge.until(lambda: nudge.get("/health/live")[0] == 200)  # the other one answers meanwhile
        nudge.until(lambda: len(nudge.listening()) == 3)
        asked = [one for one in nudge.said() if one["what"] == "answered"]
        assert {(one["route"], one["status"]) for one in asked} == {
            ("/api/v1/openapi.json", 200),
            ("/api/v1/faqs", 401),
        }
        under = descendants(nudge.process.pid)
        nudge.process.terminate()
        assert nudge.process.wait(PATIENCE_S) == 0
        all_gone(under)
    assert (tmp_path / "errors.txt").read_text() == ""


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.3, 0.6, 1.0, 2.0])
def test_it_ends_when_it_is_told_to_while_it_starts(tmp_path: Path, after_s: float) -> None:
    nowhere = _environment(tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    process = subprocess.Popen(
        [sys.executable, "-m", "nudge_entrypoints.http.process"],
        env=nowhere | {"NUDGE_HTTP_PORT": "0"}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(after_s)  # wherever it is then
    process.terminate()
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in errors


def test_the_document_is_printed_without_a_database(tmp_path: Path) -> None:
    out = tmp_path / "openapi.json"
    for words in (["openapi"], ["openapi", "--out", str(out)]):
        done = subprocess.run(
            [sys.executable, "-m", "nudge_entrypoints.cli", *words],
            env=_environment(tmp_path), capture_output=True, text=True, check=True, timeout=PATIENCE_S,
        )  # fmt: skip
        if done.stdout:
            printed = done.stdout
    assert out.read_text() == printed
    assert json.loads(printed)["info"]["title"] == "Nudge"
    assert {path.name for path in tmp_path.iterdir()} == {"openapi.json"}
