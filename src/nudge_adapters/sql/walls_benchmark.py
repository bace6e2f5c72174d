"""What row-level security costs: the same calls of the ports with it and past it, turn by turn in one run.

Past it goes a login that bypasses the policies; the explicit filters, the claim's functions and the transactions are
the same. Medians of pairs, so that a machine that others use too is slow for both.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

from nudge_adapters.sql.benchmark import RandomIds, scratch
from nudge_adapters.sql.migrate import upgrade
from nudge_adapters.sql.seed import Town, settle
from nudge_adapters.sql.store import SqlStore, SqlTenantTransaction, open_engine

TOWN = Town(users=200, texts=500_000, due=10_000)  # as in reliability.md 8.4
QUICK_TOWN = Town(users=20, texts=5_000, due=500)
PAIRS, QUICK_PAIRS = 400, 40
WARM = 12  # pairs until the driver has prepared the statements
CLAIMED = 100
LEASE_S = 600.0

_OWNER = UUID("10000000-0000-0000-0000-000000000003")
_CLIENT = UUID("20000000-0000-0000-0000-000000000003")
_TEXT = UUID("30000000-0000-0000-0000-000000000003")


class _GiveBackError(Exception):
    """Ends a transaction without keeping anything of it."""


def measure(url: str, town: Town = TOWN, pairs: int = PAIRS) -> dict[str, dict[str, float]]:
    """Return, for each call, the median microseconds past the policies, and how many more with them."""
    with scratch(url) as database:
        upgrade(database)
        settle(database, town)
        return asyncio.run(_measured(database, pairs))


async def _measured(url: str, pairs: int) -> dict[str, dict[str, float]]:
    stores = [SqlStore(open_engine(url, walled=walled), None, RandomIds()) for walled in (False, True)]
    reads: dict[str, Callable[[SqlTenantTransaction], Awaitable[object]]] = {
        "a text by its id": lambda tx: tx.messages.get(_TEXT),
        "a client's newest 50": lambda tx: tx.messages.of_client(_CLIENT, 50),
        "the whole book": lambda tx: tx.clients.book(),
        "texts by state": lambda tx: tx.messages.counts(),
    }
    told = {}
    for name, read in reads.items():
        told[name] = await _pairs(stores, pairs, lambda store, read=read: _read(store, read))  # type: ignore[misc]  # a lambda's type is not inferred
    told["a claim of one"] = await _pairs(stores, pairs, lambda store: _claim(store, 1))
    told[f"a claim of {CLAIMED}"] = await _pairs(stores, pairs // 4, lambda store: _claim(store, CLAIMED))
    for store in stores:
        await store.aclose()
    return told


async def _pairs(stores: list[SqlStore], pairs: int, once: Callable[[SqlStore], Awaitable[float]]) -> dict[str, float]:
    """Return the median of the first store, and of the differences, turn by turn with changing order."""
    past, more = [], []
    for number in range(WARM + pairs):
        taken = {}
        for store in stores if number % 2 else reversed(stores):
            taken[store is stores[1]] = await once(store)
        if number >= WARM:
            past.append(taken[False])
            more.append(taken[True] - taken[False])
    return {"bypass_us": round(statistics.median(past), 1), "more_us": round(statistics.median(more), 1)}


async def _read(store: SqlStore, read: Callable[[SqlTenantTransaction], Awaitable[object]]) -> float:
    async with store.tenant(_OWNER) as tx:
        started = time.perf_counter()
        await read(tx)
        return 1e6 * (time.perf_counter() - started)


async def _claim(store: SqlStore, limit: int) -> float:
    taken = 0.0
    with suppress(_GiveBackError):
        async with store.system() as tx:
            started = time.perf_counter()
            claimed = await tx.sends.claim(limit, LEASE_S)
            taken = 1e6 * (time.perf_counter() - started)
            assert len(claimed) == limit
            raise _GiveBackError
    return taken
