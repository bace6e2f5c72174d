"""The embedded Valkey: a socket of ours alone, one owner at a time, nothing lost by a restart, nothing left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import redis

from nudge_adapters.embedded.valkey import answers, binary, embedded_valkey
from tests.integration.test_embedded import PATIENCE_S, running, wait_for_end

OWNER = """
import json, sys
from pathlib import Path
from nudge_adapters.embedded.valkey import embedded_valkey
said = []
with embedded_valkey(Path(sys.argv[1]), say=said.append) as server:
    print(json.dumps({"address": server.address, "pid": server.pid, "said": said}), flush=True)
    sys.stdin.read()
"""


@contextmanager
def owner(home: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run another process that starts or finds the server."""
    command = [sys.executable, "-c", OWNER, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())


def test_it_answers_on_a_socket_of_ours_alone_and_keeps_what_it_is_given(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with embedded_valkey(home) as server:
        client = redis.Redis.from_url(server.address)
        assert client.set("kept", 42)
        assert client.config_get("port") == {"port": "0"}
        client.connection_pool.disconnect()
        assert home.stat().st_mode & 0o777 == 0o700
        path = Path(unquote(server.address.removeprefix("unix://")))
        assert path.stat().st_mode & 0o777 == 0o700
        assert server.alive()
    assert not server.alive()
    assert not answers(server.address)
    with embedded_valkey(home) as again:
        client = redis.Redis.from_url(again.address)
        assert client.get("kept") == b"42"
        client.connection_pool.disconnect()
        assert again.address == server.address


def test_a_second_process_attaches_and_leaves_it_running(tmp_path: Path) -> None:
    with embedded_valkey(tmp_path) as server:
        with owner(tmp_path) as (_process, told):
            assert (told["address"], told["pid"]) == (server.address, None)
            assert "runs already" in told["said"][-1]
        assert answers(server.address)


def test_it_dies_with_an_owner_that_is_killed_and_the_next_one_starts_it(tmp_path: Path) -> None:
    with owner(tmp_path) as (process, told):
        os.kill(process.pid, signal.SIGKILL)
        wait_for_end(told["pid"])
    with embedded_valkey(tmp_path) as server:
        assert answers(server.address)


def test_one_that_is_killed_is_seen_dead_and_can_be_started_again(tmp_path: Path) -> None:
    with embedded_valkey(tmp_path) as server:
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        give_up = time.monotonic() + PATIENCE_S
        while server.alive():
            assert time.monotonic() < give_up
            time.sleep(0.01)
    with embedded_valkey(tmp_path) as server:
        assert server.alive()
    assert server.pid is not None
    assert not running(server.pid)


def test_a_path_that_is_too_long_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    with embedded_valkey(tmp_path / ("deep" + "x" * 100), durable=False) as server:
        assert answers(server.address)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_than_on_linux_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(Exception, match="NUDGE_REDIS_URL"):
        binary()
