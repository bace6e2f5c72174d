"""What the chain of decisions costs: the same writes with it and without, turn by turn, on one durable database.

    python -m tests.measure_audit_chain FOLDER

`one`: a transaction that writes one decision. `eight`: eight of them at once, all of one professional, which queue for
the head of the chain. `release`: planned texts that fall due and become messages, each with its decision, through
`release_due`, the only part of the sending walk that writes a decision for every text.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time as wall_time
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from nudge_adapters.sql.embedded import embedded_postgres
from nudge_adapters.sql.migrate import upgrade
from nudge_adapters.sql.store import SqlStore
from nudge_adapters.sql.work import Work
from nudge_core.steps.release import Effect
from tests import samples
from tests.clocks import MovedClock
from tests.planning import MONDAY, practice
from tests.samples import CountingIds, uid
from tests.send_walk import RITA

ROUNDS, WRITES, TEXTS = 7, 64, 50


@contextmanager
def unchained() -> Iterator[None]:
    """Commit without the chain."""

    async def nothing(work: Work) -> None:
        work.decisions.clear()

    with patch("nudge_adapters.sql.store.grow_chain", nothing):
        yield


async def write(store: SqlStore) -> None:
    """Write one decision."""
    async with store.tenant(RITA) as tx:
        await tx.audit.add([samples.audit_entry(RITA, 1, uid(60), id=uuid4())])


async def seconds_each(store: SqlStore, at_once: int) -> float:
    """Return seconds for one decision, so many written at the same time."""
    begun = time.perf_counter()
    for _ in range(WRITES // at_once):
        await asyncio.gather(*(write(store) for _ in range(at_once)))
    return (time.perf_counter() - begun) / WRITES


async def measured(url: str) -> dict[str, dict[str, float]]:
    """Return medians in milliseconds, with the chain and without."""
    clock = MovedClock(MONDAY)
    store = SqlStore(url, clock, CountingIds(1))
    at = await practice(store=store, clock=clock)
    times: dict[str, dict[str, list[float]]] = {
        name: {"chained": [], "plain": []} for name in ("one", "eight", "release")
    }

    async def release(key: str) -> float:
        day = (clock.now() + timedelta(days=2)).date()
        await at.plan(*(at.wish(f"{key} {number}", day, wall_time(12)) for number in range(TEXTS)))
        clock.move((2 * 24 + 4) * 3_600)  # from Monday 9:00 to Wednesday 13:00 in Texas
        begun = time.perf_counter()
        report = await at.due()
        taken = time.perf_counter() - begun
        assert report.effects.get(Effect.RELEASED) == TEXTS, report
        clock.move((5 * 24 - 4) * 3_600)
        return taken / TEXTS

    async def all_three(kind: str, key: str) -> None:
        times["one"][kind].append(await seconds_each(store, 1))
        times["eight"][kind].append(await seconds_each(store, 8))
        times["release"][kind].append(await release(key))

    await seconds_each(store, 8)  # connections are opened
    for number in range(ROUNDS):
        await all_three("chained", f"c{number}")
        with unchained():
            await all_three("plain", f"p{number}")
    await store.aclose()
    return {
        name: {kind: round(statistics.median(taken) * 1_000, 3) for kind, taken in kinds.items()}
        for name, kinds in times.items()
    }


def main(folder: Path) -> None:
    """Print the medians as JSON."""
    with embedded_postgres(folder, durable=True) as url:
        upgrade(url)
        print(json.dumps(asyncio.run(measured(url)), indent=2))  # noqa: T201 - this is the terminal's program


if __name__ == "__main__":
    main(Path(sys.argv[1]))
