"""The commands as a new user runs them: a process of its own, an empty home, nothing set up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared_data import shared

SECONDS_AT_MOST = 300


def nudge(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with an environment that says nothing but where its home is."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "nudge_entrypoints.cli", *words],
        env={**kept, "NUDGE_HOME": str(home), **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS_AT_MOST,
    )


def test_the_headless_demo_walks_the_whole_way(tmp_path: Path) -> None:
    done = nudge(tmp_path, "demo", "--headless", "--json", "--days", "4")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told) == {"events", "briefings", "messages", "withheld", "seconds"}
    assert {"new_listing", "price_drop", "sold_listing"} <= set(told["events"])
    assert told["briefings"].get("COMPLETED", 0) > 0
    assert told["messages"]["sent"] > 0
    assert told["withheld"]["no_phone"] > 0, "two clients of the demo have no phone"
    ledger = [json.loads(line) for line in (tmp_path / "carrier.jsonl").read_text().splitlines()]
    accepted = [entry["message_id"] for entry in ledger if entry["kind"] == "accepted"]
    assert len(accepted) == len(set(accepted)) == told["messages"]["sent"]


def test_a_replay_gives_the_events_of_real_histories_and_a_second_one_adds_nothing(tmp_path: Path) -> None:
    histories = shared("mls/listing_histories_500.jsonl")
    first, second = (nudge(tmp_path, "feed", "replay", str(histories), "--json") for _ in range(2))
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    told, again = json.loads(first.stdout), json.loads(second.stdout)
    # The mapping of data/README.md: 405 + 104 new, 48 + 11 + 8 back, 315 drops, 344 + 33 sold, 177 off the market.
    assert told["events"] == {
        "back_on_market": 67,
        "new_listing": 509,
        "price_drop": 315,
        "sold_listing": 377,
        "withdrawn_listing": 177,
    }
    assert told["outcomes"]["price_held"] == 2
    assert again["events"] == {}
    assert again["stored"] == told["stored"] == told["events"]


TABLES = {
    "user", "client", "message", "scheduledmessage", "campaignbriefing", "resource", "contentresource", "marketevent",
    "globalmlsevent", "pipelinerun", "faq", "negativepreference",
}  # fmt: skip

LOOK = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as c:
    tables = {r[0] for r in c.execute("select tablename from pg_tables where schemaname = 'public'")}
    indexes = c.execute("select count(*) from pg_indexes where schemaname = 'public'").fetchone()[0]
    keys = c.execute("select count(*) from pg_constraint where contype = 'f'").fetchone()[0]
print(*sorted(tables), "|", indexes, keys)
raise SystemExit(7)
"""


def test_db_run_gives_a_command_the_migrated_database_and_its_exit_status(tmp_path: Path) -> None:
    done = nudge(tmp_path, "db", "run", "--", sys.executable, "-c", LOOK)
    assert done.returncode == 7, done.stderr
    tables, _, counts = done.stdout.partition("|")
    indexes, keys = map(int, counts.split())
    assert set(tables.split()) >= TABLES
    assert indexes > 50
    assert keys > 20


def test_what_only_a_person_can_settle_is_listed(tmp_path: Path) -> None:
    for command in ("unconfirmed", "lanes"):
        done = nudge(tmp_path, "sends", command)
        assert (done.returncode, json.loads(done.stdout)) == (0, [])
    done = nudge(tmp_path, "sends", "resume", "not a phone")
    assert done.returncode == 1
    assert "E.164" in done.stderr


def test_the_doctor_names_every_part(tmp_path: Path) -> None:
    done = nudge(tmp_path, "doctor", "--json", NUDGE_EMBEDDER="none")
    assert done.returncode == 0, done.stdout + done.stderr
    findings = json.loads(done.stdout)
    assert {"database", "carrier", "drafter", "embedder", "verticals", "secrets", "feeds", "redis", "workers"} == {
        finding["part"] for finding in findings
    }
    assert all(finding["well"] and finding["said"] for finding in findings)


def test_the_doctor_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2"
    done = nudge(tmp_path, "doctor", DATABASE_URL=nowhere)
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith("FAIL database")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"NUDGE_DRAFTER": "parrot"}, "NUDGE_DRAFTER: there is no 'parrot'; there are offline, openai"),
        ({"NUDGE_DRAFTER": "openai", "NUDGE_TIMEZONE": "Mars/Base"}, "OPENAI_API_KEY"),
        ({"NUDGE_COLOUR": "green"}, "NUDGE_COLOUR: there is no such setting"),
    ],
)
def test_a_wrong_setting_is_one_line_without_a_stack_trace(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    done = nudge(tmp_path, "feed", "status", **environment)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_all_wrong_settings_are_reported_at_once(tmp_path: Path) -> None:
    done = nudge(tmp_path, "doctor", NUDGE_DRAFTER="openai", NUDGE_TIMEZONE="Mars", DATABASE_URL="mysql://x")
    assert done.returncode == 2
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == [
        "DATABASE_URL",
        "NUDGE_TIMEZONE",
        "OPENAI_API_KEY",
    ]


def test_the_example_of_the_readme_runs_without_a_server() -> None:
    example = Path(__file__).parents[2] / "examples" / "three_lines.py"
    done = subprocess.run([sys.executable, str(example)], check=True, capture_output=True, text=True, env={"PATH": ""})
    assert done.stdout.splitlines()[0] == "Ana Ruiz: 100 of 100, offer"
    assert "  ? pool: not stated; wanted: pool" in done.stdout
    assert "Ben" not in done.stdout


def test_a_worker_does_once_what_is_due_and_says_what_it_did(tmp_path: Path) -> None:
    first, second = (nudge(tmp_path, "worker", "--once", "--json", NUDGE_EMBEDDER="none") for _ in range(2))
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    told = json.loads(first.stdout.splitlines()[-1])
    assert told["jobs"]["tidy"] == told["jobs"]["poll_feeds"] == "done"
    assert (told["notes"], told["texts"]) == (0, 0)
    assert "poll_feeds" not in json.loads(second.stdout.splitlines()[-1])["jobs"], "not due yet"


def test_every_chain_of_decisions_is_verified(tmp_path: Path) -> None:
    done = nudge(tmp_path, "audit", "verify", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"chains": []}), done.stderr
