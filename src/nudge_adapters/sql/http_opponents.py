"""What `nudge bench http` compares with: the same statements on the driver's pool, and entities of an ORM."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from attrs import fields, frozen

from nudge_adapters.sql.benchmark import libpq
from nudge_adapters.sql.ports import screen_statements
from nudge_adapters.sql.ports.client_filter import asked
from nudge_adapters.sql.practices_seed import EVENT, OWNER, PEOPLE
from nudge_adapters.sql.read_pool import ReadPool
from nudge_core.model.client import EVERYBODY, ClientOrder
from nudge_core.model.lines import ClientLine, ConversationLine
from nudge_core.model.page import USUAL_ITEMS

CLIENTS, CONVERSATIONS, QUEUE = "clients", "conversations", "queue"
_BOOK = screen_statements.clients(ClientOrder.NAME, asked(EVERYBODY), goes_on=False)
VALUES: Mapping[str, object] = {
    **_BOOK.constants,
    "user_id": OWNER,
    "limit": USUAL_ITEMS + 1,
    "people": PEOPLE,
    "events": [EVENT],
}
_ME = "%(user_id)s"
_BRIEFING = (
    "id, version, status::text, campaign_type, headline, key_intel, matched_audience, original_draft, edited_draft, "
    "drafted_by, is_plan, client_id, triggering_event_id, created_at, updated_at, snoozed_until, expires_at"
)
_WAITING = (
    f"FROM campaignbriefing WHERE user_id = {_ME} AND status = 'DRAFT' "
    "AND (snoozed_until IS NULL OR snoozed_until <= now()) AND (expires_at IS NULL OR expires_at > now()) "
    "ORDER BY best_score DESC, created_at DESC, id LIMIT %(limit)s - 1"
)
# ruff: noqa: S608  of constants of this module alone
STATEMENTS: Mapping[str, Sequence[str]] = {
    CLIENTS: [_BOOK.sql],
    CONVERSATIONS: [screen_statements.conversations(unread_only=False, goes_on=False)],
    QUEUE: [
        "SELECT full_name, business_name, vertical, market_focus, strategy, ai_style_guide "
        f'FROM "user" WHERE id = {_ME}',
        f"SELECT {_BRIEFING} {_WAITING}",
        "SELECT id, full_name, email, phone, notes, ai_tags, user_tags, preferences, last_interaction, timezone, "
        f"created_at, version FROM client WHERE user_id = {_ME} AND id = ANY(%(people)s)",
        "SELECT id, event_type, entity_id, entity_type, source_id, payload, market_area, status, created_at "
        f"FROM marketevent WHERE user_id = {_ME} AND id = ANY(%(events)s)",
        "SELECT DISTINCT ON (client_id) client_id, content FROM message "
        f"WHERE user_id = {_ME} AND client_id = ANY(%(people)s) AND direction = 'OUTBOUND' "
        "ORDER BY client_id, created_at DESC",
    ],
}

NAMES: Mapping[str, Sequence[str]] = {
    CLIENTS: [one.name for one in fields(ClientLine)],
    CONVERSATIONS: [one.name for one in fields(ConversationLine)],
}


@frozen(eq=False)
class RawReads:
    """The pages as rows by name: the same statements, on the same kind of pool, as the same role and tenant."""

    _pool: ReadPool

    async def rows(self, what: str) -> Sequence[Sequence[Any]]:
        """Return the rows of each statement of a list."""
        found = await self._pool.read(OWNER, *((statement, VALUES) for statement in STATEMENTS[what]))
        if what not in NAMES:
            return found  # as they are: what a screen would make of them is not this server's to decide
        return [[dict(zip(NAMES[what], row)) for row in rows] for rows in found]  # noqa: B905  a sort key is left out


@asynccontextmanager
async def raw_reads(url: str) -> AsyncIterator[RawReads]:
    """Yield reads on a pool like ours."""
    pool = ReadPool(libpq(url))
    yield RawReads(pool)
    await pool.aclose()
