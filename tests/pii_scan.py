"""The PII test of `reliability.md` 10: everything personal is a canary, and nothing the product says may hold one.

    python -m tests.pii_scan [REQUESTS]

Heard and read: what is logged (ours at DEBUG, others from INFO), standard output and error of the worker and the web
process, every HTTP answer, the metrics and health pages, errors with their causes, `repr` and `str` of what the core
and the settings are made of, every command that Redis was sent and what it holds, and the columns of the database that
say what happened (`_SAID`). Exempt is what is the data itself: the other tables, and the carrier's own ledger.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import psycopg
from attrs import frozen

from nudge_adapters.embedded.valkey import embedded_valkey
from nudge_adapters.sql.embedded import embedded_postgres
from nudge_adapters.sql.migrate import upgrade
from tests.databases import empty, for_psycopg, scratch_database
from tests.pii_api import api_calls
from tests.pii_canaries import Leak, Net, listen
from tests.pii_processes import Monitor, web_and_worker
from tests.pii_sources import carriers, databases, requests_of, things, town, webhooks

FULL = 10_000
_SAID: Mapping[str, Sequence[str]] = {
    "outbox": ("topic", "dedupe_key", "error"),
    "timetable": ("name", "outcome", "last_error"),
    "heartbeat": ("kind", "doing", "redis"),
    "pipelinerun": ("pipeline_type", "errors"),
    "carrierevent": ("error", "unread"),
    "marketevent": ("error",),
    "message": ("reason", "error_code", "dedupe_key"),
    "scheduledmessage": ("error_message", "job_id"),
    "senderlane": ("pause_reason",),
    "suppression": ("reason",),
    "auditentry": ("action", "subject_type", "facts"),
}
"""Columns that say what happened, not what somebody is called or wrote."""


@frozen(kw_only=True)
class Report:
    """What was done and looked at, and every canary that was found: none is a pass."""

    requests: int
    looked_at: Mapping[str, int]
    answers: Mapping[str, int]
    leaks: Sequence[Leak]

    def lines(self) -> list[str]:
        """Return the report for a terminal."""
        counts = [f"  {source}: {count}" for source, count in sorted(self.looked_at.items())]
        answers = ", ".join(f"{name} {count}" for name, count in sorted(self.answers.items()))
        found = [f"  {leak.source}: ...{leak.around!r}..." for leak in self.leaks[:20]]
        return [f"PII requests {self.requests} leaks {len(self.leaks)}", *found, f"answers: {answers}", *counts]


def scan(requests: int, server: str | None = None) -> Report:
    """Do so many requests of every kind and search what was said.

    Args:
        requests: webhooks, sends, database errors and other calls together.
        server: a PostgreSQL on which a database can be made; None starts one.
    """
    net = Net()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nudge-pii-")))
        own = server or stack.enter_context(embedded_postgres(home / "postgres", durable=False))
        valkey = stack.enter_context(embedded_valkey(home / "valkey", durable=False))
        url = stack.enter_context(scratch_database(own))
        upgrade(url)
        empty(url)
        stack.callback(listen(net))
        with Monitor(valkey.address, net):
            answers = asyncio.run(_mixed(net, url, valkey.address, requests))
        _read(net, url)
    return Report(requests=requests, looked_at=dict(net.seen), answers=answers, leaks=net.leaks)


async def _mixed(net: Net, url: str, redis: str, requests: int) -> Mapping[str, int]:
    """Run everything there is; return how often each answer came."""
    await town(url)
    share = requests_of(requests)
    things(net)
    async with web_and_worker(net, url, redis) as web:
        answers = await webhooks(net, url, web.origin, share.webhooks)
        answers += await api_calls(net, web.origin, share.webhooks // 10)
        answers += await carriers(net, share.sends)
        answers += await databases(net, url, share.databases)
        await web.worked()
        await asyncio.to_thread(_read, net, url)  # the worker's sign of life goes when it does
    return answers


def _read(net: Net, url: str) -> None:
    """Search the columns that say what happened."""
    with psycopg.connect(for_psycopg(url)) as connection:
        for table, columns in _SAID.items():
            there = {row[0] for row in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
            )}  # fmt: skip
            for column in there & set(columns):
                query = f'SELECT DISTINCT "{column}"::text FROM "{table}" WHERE "{column}" IS NOT NULL'
                for (value,) in connection.execute(query.encode()):
                    net.look(f"column {table}.{column}", value)


def main(*words: str) -> int:
    """Run and print; return the exit status."""
    report = scan(int(words[0]) if words else FULL)
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 1 if report.leaks else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
