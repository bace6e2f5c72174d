"""A web process on a database, run by tests that kill it.

    python -m tests.integration.web_process URL

Writes its address as one line to standard output once it answers, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from uuid import UUID, uuid4

from nudge_adapters.sql.store import SqlStore
from nudge_adapters.system import SystemClock
from nudge_entrypoints.http.serving import serve
from tests.twilio_calls import app_on, parts_on


class _RandomIds:
    def new(self) -> UUID:
        return uuid4()


def _say(origin: str) -> None:
    sys.stdout.write(origin + "\n")
    sys.stdout.flush()


async def main(url: str) -> None:
    """Serve until nobody holds the other end of standard input."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    clock, store = SystemClock(), SqlStore(url, None, _RandomIds())
    try:
        await serve(app_on(parts_on(store, clock, _RandomIds()), clock), 0, stop, _say)
    finally:
        await store.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
