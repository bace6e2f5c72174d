"""R1 and P1 of `reliability.md`, quick: Redis and PostgreSQL die mid-run; nothing is lost, nothing sent twice.

The judge is the carrier's ledger. The sizes are parameters of `without_redis_now_and_then` and
`without_postgres_now_and_then`, so that larger ones can be run.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from attrs import frozen

from nudge_adapters.embedded.valkey import embedded_valkey
from nudge_adapters.sql.embedded import postgres_server
from nudge_adapters.sql.migrate import upgrade
from nudge_core.model.health import RedisState
from nudge_entrypoints.supervisor import ServerPart
from nudge_entrypoints.worker import Wake
from tests.databases import for_psycopg
from tests.integration.working import AheadClock, parts_on
from tests.send_walk import Town, town

PATIENCE_S = 180.0  # an end for a test that hangs; no claim about speed
NOON_IN_AUSTIN = datetime(2026, 7, 1, 17, tzinfo=UTC)


@frozen
class Bench:
    """A database with a town in it, a carrier's ledger, and a clock at noon."""

    url: str
    ledger: Path
    clock: AheadClock

    def accepted(self) -> Counter[str]:
        """Return how often the carrier accepted each text, by its ledger."""
        if not self.ledger.exists():
            return Counter()
        entries = [json.loads(line) for line in self.ledger.read_text().splitlines() if line.endswith("}")]
        return Counter(entry["message_id"] for entry in entries if entry["kind"] == "accepted")

    def states(self) -> Counter[str]:
        """Return how many texts are in each state; nothing while the database does not answer."""
        try:
            with psycopg.connect(for_psycopg(self.url), autocommit=True, connect_timeout=5) as connection:
                query = "SELECT delivery::text, count(*) FROM message GROUP BY 1"
                return Counter(dict(connection.execute(query).fetchall()))
        except psycopg.OperationalError:
            return Counter()


def bench_on(url: str, folder: Path) -> Bench:
    """Return a bench whose clock shows noon now."""
    ahead_s = (NOON_IN_AUSTIN - datetime.now(UTC)).total_seconds()
    return Bench(url, folder / "carrier.jsonl", AheadClock(ahead_s))


async def peopled(bench: Bench, people: int) -> Town:
    """Store a professional and so many clients."""
    parts = parts_on(bench.url, bench.ledger, bench.clock)
    found = await town(parts.store, bench.clock.now(), people)
    await parts.store.aclose()
    return found


async def queue(bench: Bench, those: Town, numbers: range) -> None:
    """Queue one text for each of these clients."""
    parts = parts_on(bench.url, bench.ledger, bench.clock)
    await Town(store=parts.store, clients=those.clients).queue(*(those.text(n, n) for n in numbers))
    await parts.store.aclose()


@contextmanager
def worker(bench: Bench, redis: str | None) -> Iterator[subprocess.Popen[str]]:
    """Run a worker; it must leave by itself when asked."""
    told = {"url": bench.url, "ledger": str(bench.ledger), "redis": redis, "ahead_s": bench.clock.ahead_s}
    with (bench.ledger.parent / "said.jsonl").open("a") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.working", json.dumps(told)], stdout=said, text=True
        )
    try:
        yield process
        assert process.poll() is None, "the worker is still the one that was started"
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()


def said(bench: Bench) -> list[str]:
    """Return what the worker said."""
    return [json.loads(line)["what"] for line in (bench.ledger.parent / "said.jsonl").read_text().splitlines()]


def until(what: Callable[[], bool], more_s: float = 0.0) -> None:
    """Wait until something holds."""
    give_up = time.monotonic() + PATIENCE_S + more_s
    while not what():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def judged(bench: Bench, texts: int, *, doubts: bool = False) -> None:
    """Every text came to its end, none was accepted twice, and `sent` means accepted (I1, I2, I7).

    `doubts`: a sender died between claim and record, so a text that never left may be left to a person.
    """
    ends = {"sent", "unconfirmed"} if doubts else {"sent"}
    until(lambda: sum(bench.states()[end] for end in ends) == texts, more_s=0.2 * texts)
    accepted, states = bench.accepted(), bench.states()
    assert set(accepted.values()) == {1}
    assert len(accepted) == states["sent"]
    assert set(states) <= ends


async def without_redis_now_and_then(url: str, folder: Path, *, texts: int, outages: int) -> None:
    """R1: kill Redis so many times between the texts, the last time with its data wiped."""
    bench = bench_on(url, folder)
    those = await peopled(bench, texts)
    home = folder / "valkey"
    redis = ServerPart("valkey", lambda: embedded_valkey(home))
    redis.start()
    wake = Wake(lambda: redis.address)
    try:
        with worker(bench, redis.address):
            until(lambda: any("wake-ups" in follows for follows in _follows(bench)))
            share = texts // (outages + 1)
            for outage in range(outages + 1):
                last = texts if outage == outages else (outage + 1) * share
                await queue(bench, those, range(outage * share, last))
                await wake.send()
                if outage < outages:
                    kill(int(redis.where().split()[-1]), signal.SIGKILL)
                    until(lambda: not redis.alive())
                    assert await wake.state() is RedisState.GONE
                    assert not await wake.send(), "a wake-up that cannot be sent says so and nothing else"
                    redis.ended()
                    if outage == outages - 1:
                        shutil.rmtree(home / "data")
                    redis.start()
            judged(bench, texts)
            until(lambda: said(bench).count("redis is back") >= 1)
            assert await wake.state() is RedisState.CONNECTED
    finally:
        await wake.aclose()
        redis.stop()


def _follows(bench: Bench) -> list[str]:
    return [json.loads(line)["follows"] for line in (bench.ledger.parent / "said.jsonl").read_text().splitlines()]


def kill(pid: int, sign: signal.Signals) -> None:
    """End a process that this test started."""
    os.kill(pid, sign)


async def without_postgres_now_and_then(
    template: Path, folder: Path, *, texts: int, restarts: int, terminations: int
) -> None:
    """P1: stop PostgreSQL at once (what `pg_ctl stop -m immediate` sends) and start it again, and cut connections."""
    home = folder / "postgres"
    server = ServerPart("postgresql", lambda: postgres_server(home, durable=False, template=template))
    server.start()
    upgrade(server.address)
    bench = bench_on(server.address, folder)
    those = await peopled(bench, texts)
    try:
        with worker(bench, None):
            rounds = restarts + terminations
            share = texts // (rounds + 1)
            for number in range(rounds + 1):
                last = texts if number == rounds else (number + 1) * share
                await queue(bench, those, range(number * share, last))
                until(lambda seen=number * share: sum(bench.accepted().values()) > seen)  # type: ignore[misc]
                if number < restarts:
                    kill(int(server.where().split()[-1]), signal.SIGQUIT)
                    until(lambda: not server.alive())
                    server.ended()
                    server.start()
                elif number < rounds:
                    with psycopg.connect(for_psycopg(server.address), autocommit=True) as connection:
                        connection.execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                        )
            judged(bench, texts, doubts=True)
            with psycopg.connect(for_psycopg(server.address), autocommit=True) as connection:
                stale = connection.execute(
                    "SELECT count(*) FROM message WHERE delivery = 'sending' AND lease_until < %s",
                    [bench.clock.now() - timedelta(seconds=60)],
                ).fetchone()
            assert stale == (0,)
        assert "database is back" in said(bench)
        assert said(bench).count("at work") == 1
    finally:
        server.stop()


async def test_r1_redis_dies_again_and_again_and_nothing_is_lost(database: str, tmp_path: Path) -> None:
    await without_redis_now_and_then(database, tmp_path, texts=40, outages=3)


async def test_p1_postgresql_dies_again_and_again_and_nothing_is_lost(cluster_template: Path, tmp_path: Path) -> None:
    await without_postgres_now_and_then(cluster_template, tmp_path, texts=40, restarts=2, terminations=2)


async def test_a_worker_without_redis_sends_everything(database: str, tmp_path: Path) -> None:
    bench = bench_on(database, tmp_path)
    those = await peopled(bench, 10)
    await queue(bench, those, range(10))
    with worker(bench, None):
        judged(bench, 10)
        assert said(bench).count("there is no redis") == 1


async def test_several_workers_share_the_texts_and_send_none_twice(database: str, tmp_path: Path) -> None:
    bench = bench_on(database, tmp_path)
    those = await peopled(bench, 60)
    await queue(bench, those, range(60))
    with worker(bench, None), worker(bench, None), worker(bench, None):
        judged(bench, 60)


async def test_a_wake_up_without_redis_costs_nothing(tmp_path: Path) -> None:
    wake = Wake(lambda: f"unix://{tmp_path}/nobody.sock")
    started = asyncio.get_running_loop().time()
    assert [await wake.send() for _ in range(100)] == [False] * 100
    assert await wake.state() is RedisState.GONE
    assert asyncio.get_running_loop().time() - started < 5, "one try, and then none for a while"
    await wake.aclose()
    nowhere = Wake(lambda: None)
    assert not await nowhere.send()
    assert await nowhere.state() is RedisState.NONE


async def test_a_worker_that_is_killed_leaves_its_texts_to_the_next_one(database: str, tmp_path: Path) -> None:
    bench = bench_on(database, tmp_path)
    those = await peopled(bench, 30)
    await queue(bench, those, range(30))
    told = {"url": bench.url, "ledger": str(bench.ledger), "redis": None, "ahead_s": bench.clock.ahead_s}
    command = [sys.executable, "-m", "tests.integration.working", json.dumps(told)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as victim:  # noqa: ASYNC220 - nothing else runs here
        until(lambda: sum(bench.accepted().values()) > 0)
        victim.kill()
    with worker(bench, None):
        judged(bench, 30, doubts=True)
