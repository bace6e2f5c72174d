"""The lists that screens ask for all day, beside raw ASGI with the same statements and FastAPI with an ORM.

    nudge bench http [--quick]

One practice with 10,000 clients and 100,000 texts among 1,000. Every server is a process of its own with the same
settings, asked in turns; the judge is the CPU a server's process takes for a request, since that depends on its
neighbours least. The database's work is no server's, and is the same for all.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from nudge_adapters.sql.benchmark import libpq, scratch
from nudge_adapters.sql.embedded import embedded_postgres
from nudge_adapters.sql.http_opponents import CLIENTS, CONVERSATIONS, QUEUE
from nudge_adapters.sql.migrate import upgrade
from nudge_adapters.sql.practices_seed import Practices, settle_practices
from nudge_entrypoints.bench.http_load import Load, run_load
from nudge_entrypoints.bench.http_server import ORM, OURS, RAW

MODULE = "nudge_entrypoints.bench.http_server"
FULL = Practices(tenants=1_000, clients=10_000, texts=100_000)
QUICK = Practices(tenants=100, clients=1_000, texts=10_000)
CONNECTIONS = 16
REQUESTS, QUICK_REQUESTS = 800, 200  # of one server in one turn
TURNS, QUICK_TURNS = 7, 3
WARM = 200  # requests until statements are prepared and pools are full
STOP_S = 15.0
PATHS = {
    QUEUE: "/api/v1/briefings/queue",
    CONVERSATIONS: "/api/v1/conversations",
    CLIENTS: "/api/v1/clients",
}
"""Ours; the others answer at `/NAME`."""
FEWER = {QUEUE: 16}
"""One request for so many of the others: a queue is fifty screens in one, with each text for each person."""


@frozen(eq=False)
class _Server:
    """A server that runs."""

    name: str
    process: subprocess.Popen[str]
    port: int

    def ask(self, what: str) -> str:
        """Return what it answers to a line."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def path(self, what: str) -> str:
        """Return where a list is."""
        return PATHS[what] if self.name == OURS else f"/{what}"


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Measure on the server of DATABASE_URL, else on an embedded one with fsync on, removed at the end.

    Returns:
        the sizes, and for each list and server `cpu_us` and `requests_per_s` (medians of the turns), `p50_ms` and
        `p99_ms` (of all requests), and the ratios: `cpu_over_raw` of ours, `orm_over_ours`.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nudge-bench-")))
        server = os.environ.get("DATABASE_URL") or stack.enter_context(embedded_postgres(home / "postgres"))
        url = stack.enter_context(scratch(server))
        upgrade(url)
        settle_practices(url, QUICK if quick else FULL)
        names = [OURS, RAW, *([ORM] if importlib.util.find_spec("fastapi") else [])]
        servers = [stack.enter_context(_running(name, url, home)) for name in names]
        return asyncio.run(_measured(servers, quick=quick))


@contextmanager
def _running(name: str, url: str, home: Path) -> Iterator[_Server]:
    environment = os.environ | {"DATABASE_URL": libpq(url), "NUDGE_HOME": str(home / name)}
    (home / name).mkdir(mode=0o700)
    process = subprocess.Popen(  # noqa: S603  our own module
        [sys.executable, "-m", MODULE, name], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield _Server(name, process, int(process.stdout.readline() or 0))
    finally:
        process.communicate(timeout=STOP_S)


async def _measured(servers: Sequence[_Server], *, quick: bool) -> dict[str, Any]:
    size = QUICK if quick else FULL
    requests, turns = (QUICK_REQUESTS, QUICK_TURNS) if quick else (REQUESTS, TURNS)
    lists = {}
    for what in PATHS:
        lists[what] = await _compared(servers, what, requests, turns)
    return {
        "clients": size.clients, "texts": size.texts, "tenants": size.tenants, "connections": CONNECTIONS,
        "requests": requests, "turns": turns, "load": round(os.getloadavg()[0], 1), "lists": lists,
    }  # fmt: skip


async def _compared(servers: Sequence[_Server], what: str, requests: int, turns: int) -> dict[str, Any]:
    cpu: dict[str, list[float]] = {server.name: [] for server in servers}
    loads: dict[str, list[Load]] = {server.name: [] for server in servers}
    for turn in range(turns + 1):
        for server in servers if turn % 2 else reversed(servers):
            token = server.ask("token")
            before = float(server.ask("cpu"))
            count = max(CONNECTIONS, (requests if turn else WARM) // FEWER.get(what, 1))
            load = await run_load(server.port, server.path(what), token, requests=count, connections=CONNECTIONS)
            spent = float(server.ask("cpu")) - before
            if turn:
                cpu[server.name].append(1e6 * spent / count)
                loads[server.name].append(load)
    return {name: _told(cpu[name], loads[name]) for name in cpu} | _ratios(cpu)


def _told(cpu: Sequence[float], loads: Sequence[Load]) -> dict[str, float]:
    taken = sorted(second for load in loads for second in load.taken_s)
    return {
        "cpu_us": round(statistics.median(cpu)),
        "requests_per_s": round(statistics.median(len(load.taken_s) / load.wall_s for load in loads)),
        "p50_ms": round(1e3 * taken[len(taken) // 2], 1),
        "p99_ms": round(1e3 * taken[int(0.99 * len(taken))], 1),
        "body_bytes": loads[-1].body_bytes,
    }


def _ratios(cpu: Mapping[str, Sequence[float]]) -> dict[str, float | str]:
    ours = statistics.median(cpu[OURS])
    told: dict[str, float | str] = {"cpu_over_raw": round(ours / statistics.median(cpu[RAW]), 2)}
    told["orm_over_ours"] = round(statistics.median(cpu[ORM]) / ours, 2) if ORM in cpu else "fastapi is not installed"
    return told


def table(measured: dict[str, Any]) -> str:
    """Return the report as a table."""
    lines = [
        f"{measured['clients']} clients and {measured['texts']} texts of one among {measured['tenants']} tenants; "
        f"{measured['connections']} connections, {measured['requests']} requests a turn, median of "
        f"{measured['turns']} turns; load {measured['load']}",
        f"{'list':<15}{'server':<8}{'CPU us':>8}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'bytes':>9}",
    ]
    for what, told in measured["lists"].items():
        for name in (OURS, RAW, ORM):
            if name in told:
                row = told[name]
                lines.append(
                    f"{what:<15}{name:<8}{row['cpu_us']:>8}{row['requests_per_s']:>8}{row['p50_ms']:>8}"
                    f"{row['p99_ms']:>8}{row['body_bytes']:>9}"
                )
        lines.append(f"{what:<15}CPU of ours over raw {told['cpu_over_raw']}, of ORM over ours {told['orm_over_ours']}")
    return "\n".join(lines)
