"""Why one client is, or is not, told of one event: read, then compared outside any transaction; nothing is kept."""

from __future__ import annotations

from uuid import UUID

from nudge_core.steps import explain
from nudge_core.steps.explain import Explained
from nudge_core.walk.parts import Parts


async def why(parts: Parts, user_id: UUID, client_id: UUID, event_id: UUID) -> Explained:
    """Return the matcher's own account of one client and one event. Raises NotFound, Invalid."""
    async with parts.store.tenant(user_id) as tx:
        vertical = parts.vertical((await tx.users.get(user_id)).vertical)
        asked = await explain.gather(tx, client_id, event_id, vertical)
    return await explain.explain(asked, vertical, parts.embedder)
