"""The keys of stored secrets from the command line: which ones are in use, and rotation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from nudge_adapters.sql.rotation import Rotation
from nudge_adapters.sql.store import SqlStore
from nudge_adapters.system import RandomIds
from nudge_entrypoints.bootstrap import build_keyring
from nudge_entrypoints.database import database
from nudge_entrypoints.settings import Settings

T = TypeVar("T")


def status(settings: Settings) -> dict[str, object]:
    """Return the ids of the keys given, the one that writes, and how many secrets each key has written, per column.

    `missing`: ids that wrote secrets and are not among the keys given: those secrets cannot be read.

    Raises:
        Misconfigured: no keys are set.
    """

    async def ask(rotation: Rotation) -> dict[str, object]:
        counts = await rotation.status()
        used = {key for keys in counts.values() for key in keys}
        return {
            "current": next(iter(settings.secret_keys)),
            "keys": sorted(settings.secret_keys),
            "missing": sorted(used - settings.secret_keys.keys()),
            "secrets": {column: dict(keys) for column, keys in counts.items()},
        }

    return _run(settings, ask)


def rotate(settings: Settings, batch: int, say: Callable[[int], None]) -> dict[str, object]:
    """Write what older keys wrote anew with the current one; return how many secrets were written, and what is left.

    Args:
        settings: with the keys.
        batch: rows of one transaction.
        say: told how many have been written so far.

    Raises:
        Misconfigured: no keys are set.
    """

    async def act(rotation: Rotation) -> dict[str, object]:
        done = await rotation.run(batch, say)
        return {
            "written": done.written,
            "left": done.left,
            "unreadable": done.unreadable,
            "problems": list(done.problems),
        }

    return _run(settings, act)


def _run(settings: Settings, work: Callable[[Rotation], Awaitable[T]]) -> T:
    async def whole(url: str) -> T:
        store = SqlStore(url, None, RandomIds(), build_keyring(settings))
        try:
            return await work(store.rotation())
        finally:
            await store.aclose()

    with database(settings) as url:
        return asyncio.run(whole(url))
