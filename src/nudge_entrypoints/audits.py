"""Whether the audit trail still says what was written, from the command line."""

from __future__ import annotations

import asyncio
from uuid import UUID

from nudge_core.ports import Store
from nudge_core.steps import verify
from nudge_entrypoints.bootstrap import opened
from nudge_entrypoints.database import database
from nudge_entrypoints.settings import Settings


def verify_all(settings: Settings) -> tuple[list[dict[str, object]], bool]:
    """Return what the verification of every professional's chain found, by id, and whether all of them hold."""

    async def whole(url: str) -> list[dict[str, object]]:
        async with opened(settings, url) as app:
            async with app.parts.store.system() as tx:
                users = sorted(user.id for user in await tx.users.all())
            return [await verify_one(app.parts.store, user_id) for user_id in users]

    with database(settings) as url:
        found = asyncio.run(whole(url))
    return found, all(one["fault"] is None for one in found)


async def verify_one(store: Store, user_id: UUID) -> dict[str, object]:
    """Return what the verification of one chain found, read in several transactions when it is long."""
    after = 0
    while True:
        async with store.tenant(user_id) as tx:
            found = await verify.verify(tx, after)
        if found.is_complete or found.fault is not None:
            break
        after = found.verified_to
    return {
        "owner": str(user_id),
        "entries": found.head,
        "verified_to": found.verified_to,
        "hash": found.hash.hex(),
        "fault": found.fault,
        "broken_at": found.broken_at,
    }
