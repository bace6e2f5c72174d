"""One of the servers that `nudge bench http` compares, as a process of its own.

    python -m nudge_entrypoints.bench.http_server ours|raw|orm

All run in the same server with the same settings, on the database of DATABASE_URL. It says its port in its first line;
then it answers lines: `cpu` with the seconds of CPU it has used, `token` with a new access token. It ends with its
input.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from nudge_adapters.sql.practices_seed import OWNER, SESSION
from nudge_entrypoints.bootstrap import opened
from nudge_entrypoints.http import serving
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.http.buckets import Rate
from nudge_entrypoints.http.edge import EdgeSettings
from nudge_entrypoints.http.rates import Limits
from nudge_entrypoints.http.tokens import AccessTokens
from nudge_entrypoints.http.wiring import build_api
from nudge_entrypoints.metrics import Metrics
from nudge_entrypoints.settings import load

OURS, RAW, ORM = "ours", "raw", "orm"
_ANY = Rate(per_minute=1e9, burst=1_000_000_000)
PLENTY = Limits(address=_ANY, authentication=_ANY, tenant=_ANY, credential=_ANY)
"""Every request is counted and none refused."""

ToServe = tuple[Any, Callable[[], str]]  # Any: an ASGI application; what gives a token for it


@asynccontextmanager
async def ours(url: str) -> AsyncIterator[ToServe]:
    """Yield the application as `nudge serve` puts it together, but for its rates."""
    settings = load()
    async with opened(settings, url) as app:
        metrics = Metrics()
        api, authenticator = build_api(app, metrics)
        web = build_app(
            app.parts, settings, metrics=metrics, api=api, authenticator=authenticator, limits=PLENTY,
            edge=EdgeSettings(metrics=metrics, tell=lambda _answered: None),
        )  # fmt: skip
        tokens: AccessTokens = api.signing_in().tokens
        yield web, lambda: tokens.issue(OWNER, SESSION)


@asynccontextmanager
async def raw(url: str) -> AsyncIterator[ToServe]:
    """Yield raw ASGI over the same statements."""
    from nudge_entrypoints.bench.http_raw import application

    async with application(url) as app:
        yield app, lambda: "nobody"


@asynccontextmanager
async def orm(url: str) -> AsyncIterator[ToServe]:
    """Yield FastAPI over entities of SQLAlchemy's ORM."""
    from nudge_entrypoints.bench.http_fastapi import application

    async with application(url) as app:
        yield app, lambda: "nobody"


APPLICATIONS = {OURS: ours, RAW: raw, ORM: orm}


async def serve(which: str, url: str) -> None:
    """Serve until the input ends."""
    stop = asyncio.Event()
    async with APPLICATIONS[which](url) as (app, token):
        asking = asyncio.create_task(_answer(token, stop))
        await serving.serve(app, 0, stop, lambda origin: _say(origin.rpartition(":")[2]))
        await asking


async def _answer(token: Callable[[], str], stop: asyncio.Event) -> None:
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        _say(str(time.process_time()) if line == "cpu" else token())
    stop.set()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    found = load().database_url
    assert found is not None
    asyncio.run(serve(sys.argv[1], found))
