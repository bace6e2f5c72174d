"""Health: whether the process lives, and whether the installation can be given work. Counts and codes only."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence

from litestar import MediaType, Response, get
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE
from litestar.types import ControllerRouterHandler

from nudge_core.model.health import RedisState
from nudge_core.ports import Store
from nudge_core.walk.health import Health, HealthLimits, examine, unreachable

ANSWER_S = 3.0  # the longest the page takes, whatever the database does
KEPT_S = 0.5  # how long an answer is good for: whoever asks, and however often, the database is asked twice a second


class HealthCheck:
    """Asks how the installation is, within `ANSWER_S` seconds.

    Args:
        store: of the installation.
        redis: whether Redis answers now; None: what the workers say of it.
        limits: from when something is late.
    """

    def __init__(
        self,
        store: Store,
        redis: Callable[[], Awaitable[RedisState]] | None = None,
        limits: HealthLimits | None = None,
    ) -> None:
        self._store = store
        self._redis = redis
        self._limits = limits
        self._last: Health | None = None
        self._asked_at = 0.0
        self._turn = asyncio.Lock()

    async def __call__(self) -> Health:
        """Return how it is. Never raises for what a part says."""
        async with self._turn:
            if self._last is None or time.monotonic() - self._asked_at > KEPT_S:
                self._last = await self._ask()
                self._asked_at = time.monotonic()
            return self._last

    async def _ask(self) -> Health:
        redis = None if self._redis is None else await self._redis()
        try:
            async with asyncio.timeout(ANSWER_S):
                return await examine(self._store, self._limits, redis)
        except TimeoutError:
            return unreachable(f"no answer within {ANSWER_S:g} s", "unknown" if redis is None else redis.value)


def health_handlers(check: HealthCheck) -> Sequence[ControllerRouterHandler]:
    """Return the routes `/health` and `/ready`, also under `/health/live` and `/health/ready`."""

    @get(["/health", "/health/live"], include_in_schema=False, sync_to_thread=False)
    def live() -> dict[str, str]:
        """Say that the process answers; nothing else is asked."""
        return {"status": "live"}

    @get(["/ready", "/health/ready"], include_in_schema=False)
    async def ready() -> Response[bytes]:
        """Say how the installation is: 200 when it can be given work, 503 when not."""
        health = await check()
        status = HTTP_200_OK if health.is_ready else HTTP_503_SERVICE_UNAVAILABLE
        body = json.dumps(health.as_json()).encode()
        no_store = {"Cache-Control": "no-store"}
        return Response(body, status_code=status, media_type=MediaType.JSON, headers=no_store)

    return (live, ready)
