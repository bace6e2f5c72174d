"""The embedded PostgreSQL: one owner at a time, others attach, and nothing is left running or lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest

from nudge_adapters.sql.embedded import binary, create_cluster, embedded_postgres
from nudge_core.errors import Misconfigured

PATIENCE_S = 60  # an end for a test that hangs; no claim about speed


def ask(url: str, query: str) -> Any:
    """Run a statement and return the first value of its first row."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


@contextmanager
def owner(home: Path, template: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run another process that starts or finds the server."""
    command = [sys.executable, "-m", "tests.integration.owner", str(home), str(template)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(PATIENCE_S)


def server_of(home: Path) -> int:
    """Return the pid of the server that works on `home`."""
    return int((home / "postgres" / "postmaster.pid").read_text().partition("\n")[0])


def running(pid: int) -> bool:
    """Say whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for_end(pid: int) -> None:
    """Wait until a process is gone."""
    give_up = time.monotonic() + PATIENCE_S
    while running(pid):
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_it_keeps_what_it_is_given_and_ends_with_its_block(tmp_path: Path, cluster_template: Path) -> None:
    with embedded_postgres(tmp_path, durable=False, template=cluster_template) as first:
        assert ask(first, "SELECT current_database()") == "nudge"
        ask(first, "CREATE TABLE kept AS SELECT 42 AS answer")
        pid = server_of(tmp_path)
    assert not running(pid)
    with pytest.raises(psycopg.OperationalError):
        ask(first, "SELECT 1")
    with embedded_postgres(tmp_path, durable=False) as second:
        assert second == first
        assert ask(second, "SELECT answer FROM kept") == 42


def test_the_data_are_ours_alone(tmp_path: Path, cluster_template: Path) -> None:
    home = tmp_path / "home"
    with embedded_postgres(home, durable=False, template=cluster_template) as url:
        assert home.stat().st_mode & 0o777 == 0o700
        assert ask(url, "SHOW listen_addresses") == ""
        assert ask(url, "SHOW TimeZone") == "UTC"


def test_a_second_process_attaches_and_leaves_it_running(tmp_path: Path, cluster_template: Path) -> None:
    with embedded_postgres(tmp_path, durable=False, template=cluster_template) as url:
        with owner(tmp_path, cluster_template) as (_process, told):
            assert told["url"] == url
            assert "runs already" in told["said"][-1]
        assert ask(url, "SELECT 1") == 1


def test_two_that_start_at_once_share_one_server(tmp_path: Path, cluster_template: Path) -> None:
    command = [sys.executable, "-m", "tests.integration.owner", str(tmp_path), str(cluster_template)]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [json.loads(process.stdout.readline()) for process in both if process.stdout]
    assert told[0]["url"] == told[1]["url"]
    assert sorted(bool(one["said"]) for one in told) == [False, True]
    for process, one in sorted(
        zip(both, told, strict=True), key=lambda pair: not pair[1]["said"]
    ):  # attached one first
        with process:
            assert one["url"]
            process.communicate(timeout=PATIENCE_S)
            assert process.returncode == 0


def test_it_dies_with_an_owner_that_is_killed_and_the_next_one_finds_the_rows(
    tmp_path: Path, cluster_template: Path
) -> None:
    with owner(tmp_path, cluster_template) as (process, told):
        ask(told["url"], "CREATE TABLE kept AS SELECT 42 AS answer")
        pid = server_of(tmp_path)
        process.kill()
        wait_for_end(pid)
    with embedded_postgres(tmp_path, durable=False) as url:
        assert ask(url, "SELECT answer FROM kept") == 42


def test_stale_pid_files_of_a_crash_do_not_stop_it(tmp_path: Path, cluster_template: Path) -> None:
    with embedded_postgres(tmp_path, durable=False, template=cluster_template):
        pass
    for stale in (tmp_path / "postgres" / "postmaster.pid", tmp_path / ".s.PGSQL.5432.lock"):
        stale.write_text(f"{os.getpid()}\n")  # a pid that lives again as something else
    with embedded_postgres(tmp_path, durable=False) as url:
        assert ask(url, "SELECT 1") == 1


def test_what_a_killed_initdb_left_does_not_stop_it(tmp_path: Path, cluster_template: Path) -> None:
    unfinished = tmp_path / "postgres-new-x" / "cluster"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with embedded_postgres(tmp_path, durable=False, template=cluster_template) as url:
        assert ask(url, "SELECT 1") == 1
        assert not unfinished.exists()


def test_a_path_that_is_too_long_or_has_a_comma_gets_its_socket_elsewhere(
    tmp_path: Path, cluster_template: Path
) -> None:
    home = tmp_path / ("deep, " + "x" * 100)
    with embedded_postgres(home, durable=False, template=cluster_template, database="other, name") as url:
        assert ask(url, "SELECT current_database()") == "other, name"


def test_it_is_started_from_the_main_thread_only(tmp_path: Path, cluster_template: Path) -> None:
    caught: list[BaseException] = []

    def start() -> None:
        try:
            with embedded_postgres(tmp_path, durable=False, template=cluster_template):
                pass
        except RuntimeError as error:
            caught.append(error)

    thread = Thread(target=start)
    thread.start()
    thread.join(PATIENCE_S)
    assert "main thread" in str(caught[0])


def test_data_of_another_major_version_are_left_alone(tmp_path: Path, cluster_template: Path) -> None:
    create_cluster(tmp_path / "postgres", template=cluster_template)
    (tmp_path / "postgres" / "PG_VERSION").write_text("13\n")
    with pytest.raises(Misconfigured, match="PostgreSQL 13"), embedded_postgres(tmp_path, durable=False):
        pass


def test_its_tools_are_at_hand() -> None:
    said = subprocess.run([binary("pg_dump"), "--version"], capture_output=True, text=True, check=True).stdout
    assert "PostgreSQL" in said
