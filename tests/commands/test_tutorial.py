"""The tutorial, as a new user follows it: its own blocks in one bash, a real `nudge up`, an empty folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.test_up import all_gone, descendants
from tests.tutorial import keeps, script, steps

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "README.md"
PATIENCE_S = 420.0  # an end for a test that hangs; no claim about speed
MARK = "--- this was step"

pytestmark = pytest.mark.enable_socket


def test_every_step_of_the_tutorial_does_what_the_page_says(tmp_path: Path) -> None:
    page = list(steps(PAGE.read_text(encoding="utf-8")))
    assert sum(step.promised is not None for step in page) >= 14
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PYTHONPATH") if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**kept, "PATH": path, "NUDGE_HTTP_PORT": str(port), "NUDGE_EMBEDDER": "none"}
    said, errors = tmp_path / "said.txt", tmp_path / "errors.txt"
    with said.open("w") as out, errors.open("w") as err:
        reader = subprocess.Popen(
            ["bash", "-c", script(page, MARK)], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
            stdout=out, stderr=err, start_new_session=True,
        )  # fmt: skip
        try:
            reader.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            pytest.fail(f"it hangs; seen so far:\n{said.read_text()}\n{errors.read_text()}")
        finally:
            left = descendants(reader.pid)
            if reader.poll() is None:
                os.killpg(reader.pid, signal.SIGKILL)
                reader.wait()
            all_gone(left)
    seen = said.read_text()
    for number, step in enumerate(page):
        mine, mark, seen = seen.partition(f"\n{MARK} {number}\n")
        assert mark, f"step {number} did not end:\n{step.commands}\n{mine}\n{errors.read_text()}"
        if step.promised is not None:
            assert keeps(step.promised, mine), f"promised:\n{step.promised}\nseen:\n{mine}\n{errors.read_text()}"
    assert errors.read_text() == "", "a reader sees no error"


def test_a_promise_that_is_not_kept_is_found() -> None:
    page = "```sh\necho 3 apples\n```\n\n```text\n... apples\n```\n```sh\ntrue\n```\n"
    first, second = steps(page)
    assert (first.commands, second.promised) == ("echo 3 apples\n", None)
    assert first.promised is not None
    assert keeps(first.promised, "3 apples\n")
    assert not keeps(first.promised, "3 pears\n")
    assert not keeps("a\n", "a\nand more\n")
