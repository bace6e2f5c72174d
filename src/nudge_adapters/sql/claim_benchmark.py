"""How fast due texts are claimed, as a share of one plain UPDATE of all that is due; and that none is claimed twice.

Claims go through the port, one at a time in a transaction each, with every condition of `Sends.claim`, and end with
entities. The UPDATE claims everything in one statement, asks nothing and returns nothing: no claim can be as fast.
Both run in turns on one table; figures are medians (`performance.md` 7 and 9).
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from nudge_adapters.sql.benchmark import RandomIds, libpq, scratch
from nudge_adapters.sql.migrate import upgrade
from nudge_adapters.sql.ports.claiming import FINDING, LOOKING, drawn, lanes_wanted, texts_wanted
from nudge_adapters.sql.seed import Town, requeue, run, settle
from nudge_adapters.sql.store import SqlStore
from nudge_adapters.sql.work import as_sent
from nudge_core.model.lane import DEFAULT_CLAIM

TOWN = Town(users=200, texts=1_000_000, due=10_000)
QUICK_TOWN = Town(users=20, texts=5_000, due=500)
BATCHES = (100, 1_000)
REPEATS = 3
LEASE_S = 600.0
WORKERS = 4
WARM, ROUNDS = 12, 21  # of a claim that is timed by itself: before the driver and the server have settled, and after
PATIENCE_S = 120.0

_ALL_DUE = (
    "UPDATE message SET delivery = 'sending', attempt = attempt + 1, claimed_at = now(), "
    "lease_until = now() + interval '600 s' WHERE delivery = 'queued' AND due_at <= now()"
)
_LATER = "UPDATE message SET not_before = not_before + interval '1 year' WHERE delivery = 'queued' AND due_at <= now()"


def measure(url: str, town: Town = TOWN, repeats: int = REPEATS) -> dict[str, object]:
    """Measure on a scratch database of the server at `url`; it is dropped at the end.

    Returns:
        Per batch claimed rows a second, and `share_of_update`; `double_claims` of `WORKERS` processes one of which is
        killed; milliseconds of a claim when nothing is due, and of one that takes a single text while all are: of its
        finding part, of the whole claim, and of its transaction.
    """
    with scratch(url) as database:
        upgrade(database)
        settle(database, town)
        told: dict[str, object] = {"texts": town.texts, "due": town.due, "lanes": town.users, "repeats": repeats}
        told |= asyncio.run(_rates(database, town, repeats))
        told |= _race(database, town)
        requeue(database, town)
        for limit in (1, min(BATCHES[-1], town.due)):
            told |= _finding_ms(database, limit)
        told["claim_of_one_ms"], told["claim_of_one_and_commit_ms"] = asyncio.run(_claim_ms(database, finds=True))
        run(database, _LATER)
        run(database, "VACUUM (ANALYZE) message")
        told["claim_of_nothing_ms"], _ = asyncio.run(_claim_ms(database, finds=False))
        return told


async def _rates(url: str, town: Town, repeats: int) -> dict[str, object]:
    taken: dict[str, list[float]] = {name: [] for name in ("update", *map(str, BATCHES))}
    for _ in range(repeats):
        for batch in BATCHES:
            requeue(url, town)
            taken[str(batch)].append(await _claim_all(url, batch, town.due))
        requeue(url, town)
        started = time.perf_counter()
        touched = run(url, _ALL_DUE)
        taken["update"].append(time.perf_counter() - started)
        assert touched == town.due
    told: dict[str, object] = {"update_rows_per_s": town.due / statistics.median(taken["update"])}
    for batch in BATCHES:
        mine = taken[str(batch)]
        told[f"claim_{batch}_rows_per_s"] = town.due / statistics.median(mine)
        shares = [update / own for update, own in zip(taken["update"], mine, strict=True)]
        told[f"claim_{batch}_share_of_update"] = statistics.median(shares)
    return told


async def _claim_all(url: str, batch: int, due: int) -> float:
    store = SqlStore(url, None, RandomIds())
    await store.ping()
    started = time.perf_counter()
    claimed = 0
    while claimed < due:
        async with store.system() as tx:
            claimed += len(await tx.sends.claim(batch, LEASE_S))
    taken = time.perf_counter() - started
    await store.aclose()
    return taken


async def _claim_ms(url: str, *, finds: bool) -> tuple[float, float]:
    """Return the median milliseconds of a claim of one text by the port, and of its transaction with the commit.

    As in a worker each claim commits; the first ones, until the driver has prepared the statements, are left out.
    """
    store = SqlStore(url, None, RandomIds())
    claims, transactions = [], []
    for _ in range(WARM + ROUNDS):
        began = time.perf_counter()
        async with store.system() as tx:
            started = time.perf_counter()
            claimed = await tx.sends.claim(1, LEASE_S)
            claims.append(1_000 * (time.perf_counter() - started))
            assert bool(claimed) is finds
        transactions.append(1_000 * (time.perf_counter() - began))
    await store.aclose()
    return statistics.median(claims[WARM:]), statistics.median(transactions[WARM:])


def _finding_ms(url: str, limit: int) -> dict[str, float]:
    """Return the median milliseconds of finding so many texts, on the driver: their lanes, and then the texts.

    The same statements as a claim's up to where it writes: every condition is asked, and lanes and texts are locked.
    """
    with psycopg.connect(libpq(url), row_factory=dict_row) as connection:
        connection.prepare_threshold = 2
        (now,) = (connection.execute("SELECT now()").fetchone() or {}).values()
        lanes, texts, wanted = as_sent(LOOKING), as_sent(FINDING), lanes_wanted(now, limit, DEFAULT_CLAIM)
        times: dict[str, list[float]] = {"lanes": [], "texts": []}
        for _ in range(WARM + ROUNDS):
            started = time.perf_counter()
            rows = connection.execute(lanes, wanted).fetchall()
            found = time.perf_counter()
            mine = texts_wanted(drawn(rows, now, limit, DEFAULT_CLAIM), now, limit, DEFAULT_CLAIM)
            began = time.perf_counter()
            assert len(connection.execute(texts, mine).fetchall()) == limit
            times["texts"].append(1_000 * (time.perf_counter() - began))
            times["lanes"].append(1_000 * (found - started))
        connection.rollback()
    return {f"finding_{limit}_{name}_ms": statistics.median(taken[WARM:]) for name, taken in times.items()}


def _race(url: str, town: Town) -> dict[str, object]:
    """Let processes claim at the same time, one of them killed in the middle; count what two of them got."""
    requeue(url, town)
    with tempfile.TemporaryDirectory(prefix="nudge-bench-") as folder:
        ledgers = [Path(folder) / str(number) for number in range(WORKERS)]
        command = [sys.executable, "-m", "nudge_adapters.sql.claim_benchmark", url]
        workers = [subprocess.Popen([*command, str(ledger)]) for ledger in ledgers]  # noqa: S603 - our own
        try:
            give_up = time.monotonic() + PATIENCE_S
            while len(_lines(ledgers)) < town.due // 4 and time.monotonic() < give_up:
                time.sleep(0.01)
            workers[0].kill()
            for worker in workers:
                worker.wait(PATIENCE_S)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        lines = _lines(ledgers)
    claims = Counter(lines)
    shares = Counter(line.split()[1] for line in claims)
    return {
        "workers": WORKERS,
        "killed": 1,
        "claimed_by_workers": len(claims),
        "double_claims": sum(count - 1 for count in claims.values()),
        "least_and_most_of_a_lane": [min(shares.values()), max(shares.values())] if shares else [],
    }


def _lines(ledgers: list[Path]) -> list[str]:
    texts = [ledger.read_text() for ledger in ledgers if ledger.exists()]
    return [line for text in texts for line in text[: text.rfind("\n") + 1].splitlines()]


async def _work(url: str, ledger: Path) -> None:
    """Claim until nothing is due; write down each text and its lane after the commit."""
    store = SqlStore(url, None, RandomIds())
    with ledger.open("a") as out:
        while True:
            async with store.system() as tx:
                claimed = await tx.sends.claim(BATCHES[0], LEASE_S)
            out.write("".join(f"{message.id} {message.sender}\n" for message in claimed))
            out.flush()
            if not claimed:
                async with store.system() as tx:
                    following, now = await tx.sends.next_due(), tx.now
                if following is None or following > now:
                    break
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], Path(sys.argv[2])))
