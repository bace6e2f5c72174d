"""The tags of a book."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text

from nudge_adapters.sql.work import Work

_TAGS = text(
    """
    SELECT tag, count(*) AS clients FROM (
        SELECT DISTINCT c.id, t.tag FROM client c
        CROSS JOIN LATERAL jsonb_array_elements_text(c.user_tags || c.ai_tags) AS t(tag)
        WHERE c.user_id = :owner) AS each
    GROUP BY tag
    """
)


async def count_tags(work: Work) -> Mapping[str, int]:
    """Return how many clients of the owner's have each tag."""
    return {row["tag"]: row["clients"] for row in await work.rows(_TAGS, {"owner": work.owner})}
