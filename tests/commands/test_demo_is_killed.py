"""Kill the demo with SIGKILL at random points and start it again: no event is lost, no text goes out twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

KILLS = 6
SEED = 20260701
DAYS = "3"
FIRST_S, LAST_S = 0.6, 7.0  # a start takes about two seconds, a whole run about eight: kills fall everywhere
SECONDS_AT_MOST = 300


def start(home: Path) -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "nudge_entrypoints.cli", "demo", "--headless", "--json", "--days", DAYS],
        env={**kept, "NUDGE_HOME": str(home), "NUDGE_EMBEDDER": "none"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(home: Path) -> dict[str, dict[str, int]]:
    process = start(home)
    out, error = process.communicate(timeout=SECONDS_AT_MOST)
    assert process.returncode == 0, error
    told: dict[str, dict[str, int]] = json.loads(out)
    return told


def accepted(home: Path) -> list[str]:
    ledger = [json.loads(line) for line in (home / "carrier.jsonl").read_text().splitlines()]
    return [entry["message_id"] for entry in ledger if entry["kind"] == "accepted"]


def test_killed_at_random_points_the_demo_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    expected = finished(calm)
    dice = random.Random(SEED)
    deaths = 0
    for _ in range(KILLS):
        process = start(killed)
        try:
            process.wait(timeout=dice.uniform(FIRST_S, LAST_S))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            deaths += 1
        process.communicate(timeout=SECONDS_AT_MOST)
    told = finished(killed)
    assert deaths > 0, "no run was killed: the test shows nothing"
    # A run that got through before its kill begins further days, so there may be more than in the calm run, never less.
    assert not Counter(expected["events"]) - Counter(told["events"])
    assert {"queued", "sending", "in_doubt"}.isdisjoint(told["messages"])
    texts = accepted(killed)
    assert len(texts) == len(set(texts))
    assert told["messages"]["sent"] == len(texts)
