"""A process that claims texts until it is told to stop or killed: run by `test_claims.py`.

    python -m tests.integration.claimer URL LEDGER work     claims, commits, then writes what it got to LEDGER
    python -m tests.integration.claimer URL LEDGER hang     claims, says so, and never commits

A line of the ledger is `id attempt`. Ends by itself when nothing is queued any more.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

from nudge_adapters.sql.store import SqlStore

_BATCH = 7
_POLL_S = 0.05


class _RandomIds:
    def new(self) -> object:
        return uuid4()


async def work(store: SqlStore, ledger: Path) -> None:
    """Claim until nothing is due for anybody."""
    with ledger.open("a") as out:
        while True:
            async with store.system() as tx:
                claimed = await tx.sends.claim(_BATCH, 60)
            for message in claimed:
                out.write(f"{message.id} {message.attempt}\n")
            out.flush()
            if not claimed:
                async with store.system() as tx:
                    if await tx.sends.next_due() is None:
                        return
                await asyncio.sleep(_POLL_S)


async def hang(store: SqlStore) -> None:
    """Take a batch and keep it."""
    async with store.system() as tx:
        claimed = await tx.sends.claim(_BATCH, 60)
        sys.stdout.write(f"{len(claimed)}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


async def main(url: str, ledger: str, what: str) -> None:
    """Do what the command line says."""
    store = SqlStore(url, None, _RandomIds())  # type: ignore[arg-type]
    await (hang(store) if what == "hang" else work(store, Path(ledger)))
    await store.aclose()


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    asyncio.run(main(*sys.argv[1:]))
