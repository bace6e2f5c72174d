"""`nudge clients` as a new user runs it: a messy file, a kill in the middle, and everything taken back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nudge_core.model.contact_import import ROWS_OF_A_PART
from tests import messy_contacts
from tests.commands.test_command_line import nudge

ROWS = 1_000
LONGEST_S = 240.0
PHONE = "+15125550100"


def told(home: Path, *words: str) -> Any:
    done = nudge(home, "clients", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    added = nudge(
        tmp_path, "users", "add", "--phone", PHONE, "--name", "Rita", "--email", "rita@example.com",
        "--vertical", "real_estate",
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    (tmp_path / "messy.csv").write_bytes(messy_contacts.table(ROWS, seed=7))
    return tmp_path


def test_a_messy_file_survives_a_kill_comes_in_once_and_goes_again(home: Path) -> None:
    file = str(home / "messy.csv")
    tried = told(home, "import", file, "--dry-run", "--json")
    assert (tried["dry_run"], tried["file"]["delimiter"]) == (True, ",")
    assert [one["meaning"] for one in tried["file"]["columns"]][:4] == ["given_name", "family_name", "phone", "email"]
    assert tried["counts"]["added"] > ROWS * 0.7
    assert tried["counts"]["invalid"] > 5
    assert tried["counts"]["repeated"] > 50
    assert told(home, "imports") == []

    _killed_in_the_middle(home, file)
    ended = told(home, "import", file, "--json", "--report", str(home / "report.jsonl"))
    assert (ended["state"], ended["counts"]) == ("done", tried["counts"])
    assert len(told(home, "imports")) == 1, "it went on with the one that was killed"
    report = [json.loads(line) for line in (home / "report.jsonl").read_text().splitlines()]
    assert len(report) == ended["problems_in_all"] > 50
    assert all({"line", "verdict", "field", "rule"} <= one.keys() for one in report)

    again = told(home, "import", file, "--json")
    assert (again["counts"]["added"], again["counts"].get("merged")) == (0, None)
    found = told(home, "duplicates", "--json", "--limit", "3")
    assert found["clients"] == tried["counts"]["added"]
    assert all(pair["reasons"] for pair in found["pairs"])
    back = told(home, "undo", ended["import_id"], "--json")
    assert (back["state"], back["removed"], back["kept"]) == ("undone", tried["counts"]["added"], [])
    assert told(home, "duplicates", "--json")["clients"] == 0


def _killed_in_the_middle(home: Path, file: str) -> None:
    """Kill an import after its second part, which is stored, while the process still has the others to do."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-c", _SLOW, file],
        env={**environment, "NUDGE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    deadline = time.monotonic() + LONGEST_S
    try:
        line = process.stdout.readline()
        assert line.startswith("stored"), "the import said nothing"
        assert time.monotonic() < deadline
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    (left,) = told(home, "imports")
    assert (left["state"], left["parts_done"]) == ("running", 2)
    assert left["counts"]["added"] <= 2 * ROWS_OF_A_PART


_SLOW = """
import sys, threading
from pathlib import Path
from nudge_entrypoints.contacts import Request, bring_in_file
from nudge_entrypoints.settings import load

def say(what, done, whole):
    if what == "importing" and done == 2:
        print("stored", flush=True)
        threading.Event().wait()

bring_in_file(load(), Request(file=Path(sys.argv[1])), say)
"""


def test_what_cannot_be_is_one_line_without_a_stack_trace(home: Path) -> None:
    for words in (("import", str(home / "messy.csv"), "--column", "phone=Fax"), ("undo", str(messy_id()))):
        done = nudge(home, "clients", *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.lstrip().startswith("nudge: ")
        assert "Traceback" not in done.stderr


def messy_id() -> str:
    return "00000000-0000-4000-8000-000000000000"
