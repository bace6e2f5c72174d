"""The web's runs of `reliability.md` 10 in any size: W1, W2, W3 over sockets on PostgreSQL, and K4. For `make chaos`.

python -m tests.web_chaos URL [quick]      URL: of a migrated database, which is emptied before each run
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from attrs import frozen

from nudge_adapters.sql.store import SqlStore
from nudge_adapters.system import SystemClock
from nudge_entrypoints.http.serving import serve
from tests.databases import empty
from tests.send_walk import CountingIds, Town, town
from tests.twilio_calls import Call, app_on, parts_on
from tests.web_kills import kill_web
from tests.webhook_forgeries import mutations, verdict_on
from tests.webhook_storms import Post, Storm, inbound_storm, receipts_storm, unknown_storm

UP_S = 60.0
CALLS_OF_A_TEXT = 6.7  # on average: 2.8 changes, three times each, a fifth lost


@frozen(kw_only=True)
class Sizes:
    """How much of each: calls of W1, texts of W2 (each five times at once), requests of W3, kills of K4."""

    w1_calls: int
    w2_texts: int
    w3_requests: int
    k4_kills: int


FULL = Sizes(w1_calls=10_000, w2_texts=1_000, w3_requests=10_000, k4_kills=500)
QUICK = Sizes(w1_calls=200, w2_texts=15, w3_requests=200, k4_kills=3)


@asynccontextmanager
async def serving(url: str, people: int = 0) -> AsyncIterator[tuple[Town, Post, httpx.AsyncClient]]:
    """Serve on this database in this process; yield its town with so many new people, and how to post to it."""
    clock, store = SystemClock(), SqlStore(url, None, CountingIds())
    stop, up = asyncio.Event(), asyncio.Future[str]()
    app = app_on(parts_on(store, clock, CountingIds()), clock)
    running = asyncio.create_task(serve(app, 0, stop, up.set_result))
    try:
        origin = await asyncio.wait_for(up, UP_S)
        async with httpx.AsyncClient(timeout=UP_S, base_url=origin) as client:

            async def post(call: Call) -> int:
                answer = await client.post(call.target, content=call.body, headers=call.all_headers)
                return answer.status_code

            place = await town(store, clock.now(), people) if people else Town(store=store, clients=())
            yield place, post, client
    finally:
        stop.set()
        await asyncio.wait_for(running, UP_S)
        await store.aclose()


async def w1(url: str, *, calls: int, seed: int) -> Storm:
    """Receipts in every disorder, then receipts before their text is known."""
    texts = max(1, round(calls / CALLS_OF_A_TEXT))
    empty(url)
    async with serving(url, texts) as (place, post, _):
        ordered = await receipts_storm(place, post, texts=texts, seed=seed)
    empty(url)
    unknown = min(texts, 100)
    async with serving(url, unknown) as (place, post, _):
        early = await unknown_storm(place, post, events=unknown, seed=seed)
    return Storm(
        calls=ordered.calls + early.calls,
        statuses=Counter(ordered.statuses) + Counter(early.statuses),
        violations=ordered.violations + early.violations,
        seed=seed,
    )


async def w2(url: str, *, texts: int, seed: int) -> Storm:
    """The same text five times at the same moment."""
    empty(url)
    async with serving(url, 1) as (place, post, _):
        return await inbound_storm(place, post, texts=texts, at_once=5, seed=seed)


async def w3(url: str, *, requests: int, seed: int) -> Storm:
    """Mutated requests, each judged by Twilio's SDK."""
    empty(url)
    wrong: list[str] = []
    statuses: Counter[int] = Counter()
    async with serving(url, 1) as (_, _, client):
        for request in mutations(seed, requests):
            headers = {name.encode(): value.encode() for name, value in request.headers.items()}
            answer = await client.post(request.target, content=request.body, headers=headers)
            statuses[answer.status_code] += 1
            found = verdict_on(request, answer.status_code)
            wrong += [] if found is None else [found]
    return Storm(calls=requests, statuses=statuses, violations=tuple(wrong), seed=seed)


async def web_chaos(url: str, sizes: Sizes, seed: int) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Do every run; return a line of report and the violations of each."""
    storms = {
        "W1": await w1(url, calls=sizes.w1_calls, seed=seed),
        "W2": await w2(url, texts=sizes.w2_texts, seed=seed),
        "W3": await w3(url, requests=sizes.w3_requests, seed=seed),
    }
    empty(url)
    killed = await kill_web(url, kills=sizes.k4_kills, seed=seed)
    told = [(storm.line(name), storm.violations) for name, storm in storms.items()]
    return [*told, (killed.line(), killed.violations)]


def main(url: str, *how: str) -> int:
    """Run and print; return the exit status."""
    found = asyncio.run(web_chaos(url, QUICK if "quick" in how else FULL, seed=1))
    for line, violations in found:
        sys.stdout.write("\n".join([line, *violations[:20]]) + "\n")
    return 1 if any(violations for _, violations in found) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
