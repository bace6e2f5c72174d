"""The product's web process and a careless worker, and Redis watched, for the scan of `pii_scan.py`."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import redis
from attrs import define, field

from nudge_entrypoints.bench.drain import MovedClock
from nudge_entrypoints.practice_carrier import free_port
from tests.databases import for_psycopg
from tests.pii_canaries import ACCOUNT, API_KEY, API_SECRET, TOKEN, Net
from tests.twilio_calls import BASE

START_S, STOP_S, WORKED_S = 60.0, 40.0, 60.0
CHECKOUT = Path(__file__).parents[1]


@define
class _Process:
    """A process whose two outputs are read to their end and searched."""

    name: str
    net: Net
    process: subprocess.Popen[str]
    said: list[str] = field(factory=list)
    _readers: list[threading.Thread] = field(factory=list)

    @classmethod
    def start(cls, name: str, net: Net, words: list[str], more: dict[str, str]) -> _Process:
        own = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "PYTHONPATH") if key in os.environ}
        process = subprocess.Popen(
            [sys.executable, "-m", *words], env=own | more, cwd=CHECKOUT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started = cls(name, net, process)
        for stream, what in ((process.stdout, "stdout"), (process.stderr, "stderr")):
            reader = threading.Thread(target=started._read, args=(stream, what), daemon=True)
            reader.start()
            started._readers.append(reader)
        return started

    def _read(self, stream: Any, what: str) -> None:
        for line in stream:
            self.said.append(line)
            self.net.look(f"{what} of the {self.name}", line)

    async def until(self, what: str, at_most_s: float) -> None:
        """Wait until it has said something."""
        async with asyncio.timeout(at_most_s):
            while not any(what in line for line in self.said):
                assert self.process.poll() is None, self.said
                await asyncio.sleep(0.05)

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for reader in self._readers:
            reader.join(STOP_S)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@define
class Processes:
    """The two, running. `origin`: where the web process answers."""

    origin: str
    _worker: _Process

    async def worked(self) -> None:
        """Wait until the worker has met what raises."""
        await self._worker.until("job raising failed", WORKED_S)
        await self._worker.until("job invalid failed", WORKED_S)


@asynccontextmanager
async def web_and_worker(net: Net, url: str, address: str) -> AsyncIterator[Processes]:
    """Run both while the block lasts; everything they say has been searched when it ends."""
    port = free_port()
    web = _Process.start("web", net, ["nudge_entrypoints.http.process", "--json"], {
        "DATABASE_URL": for_psycopg(url), "NUDGE_HTTP_PORT": str(port), "NUDGE_REDIS_URL": address,
        "NUDGE_EMBEDDER": "none", "PUBLIC_BASE_URL": BASE, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_API_KEY": API_KEY, "TWILIO_API_SECRET": API_SECRET, "NUDGE_CARRIER": "twilio",
    })  # fmt: skip
    ahead_s = MovedClock().ahead.total_seconds()
    told = {"url": url, "redis": address, "ahead_s": ahead_s}
    worker = _Process.start("worker", net, ["tests.pii_worker", json.dumps(told)], {})
    try:
        await web.until("listens on", START_S)
        await worker.until("at work", START_S)
        yield Processes(f"http://127.0.0.1:{port}", worker)
    finally:
        await asyncio.to_thread(web.end)
        await asyncio.to_thread(worker.end)


class Monitor:
    """Searches every command that Redis is sent, while the block lasts, and all it holds at the end."""

    def __init__(self, address: str, net: Net) -> None:
        self._path, self._net = unquote(address.removeprefix("unix://")), net
        self._socket = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> Monitor:
        self._socket.connect(self._path)
        self._socket.sendall(b"MONITOR\r\n")
        assert self._socket.recv(5) == b"+OK\r\n"
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def _read(self) -> None:
        with suppress(OSError), self._socket.makefile("rb") as lines:
            for line in lines:
                self._net.look("redis commands", line)

    def __exit__(self, *_error: object) -> None:
        client: Any = redis.Redis(unix_socket_path=self._path)  # its stubs are partial
        try:
            for key in client.scan_iter(count=1_000):
                self._net.look("redis keys", key)
                self._net.look("redis values", _value(client, key))
        finally:
            client.close()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(STOP_S)
        self._socket.close()


def _value(client: Any, key: bytes) -> object:
    kind = client.type(key)
    if kind == b"string":
        return client.get(key)
    if kind == b"zset":
        return client.zrange(key, 0, -1, withscores=True)
    if kind == b"hash":
        return client.hgetall(key)
    if kind == b"list":
        return client.lrange(key, 0, -1)
    if kind == b"set":
        return client.smembers(key)
    return client.xrange(key)
