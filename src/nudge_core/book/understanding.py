"""What a client's notes and texts say of their wishes, proposed as facts with the place where it stands.

Nothing counts until the professional accepts it, and the same is proposed once: who refused it is not asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from nudge_core.book.facts import propose
from nudge_core.model.client_fact import ClientFact, FactState, Span
from nudge_core.model.message import Direction
from nudge_core.ports import TenantTransaction
from nudge_core.reading.ledger import Text
from nudge_core.verticals.base import Vertical

NOTE, MESSAGE = "note", "message"
"""Sources of facts: written by the professional, and by the client."""

TEXTS_READ = 60
"""Notes and messages that are read, the latest: at two milliseconds a text no request waits long (measured on texts of
200 characters). What older ones said was proposed when they were new."""

READER = "nudge:reading"
"""Who is said to have recorded what was read."""


async def propose_what_is_said(tx: TenantTransaction, client_id: UUID, vertical: Vertical) -> tuple[ClientFact, ...]:
    """Read all that is written of and by a client, in order, and propose the wishes that are not known so yet.

    Returns those that wait for an answer now, new or not. Raises NotFound.
    """
    client = await tx.clients.get(client_id)
    user = await tx.users.get(tx.user_id)
    told = await _told(tx, client_id)
    texts = [Text(text=text, source=source, said_on=at.date()) for at, _, source, text in told]
    found = []
    for said in vertical.said(texts, user.market_focus):
        if client.preferences.get(said.kind) == said.value:
            continue
        at, text_id, source, _ = told[said.text]
        found.append(
            await propose(
                tx,
                client_id,
                said.kind,
                said.value,
                source=source,
                recorded_by=READER,
                confidence=said.confidence,
                span=Span(text_id=text_id, start=said.start, end=said.end),
                at=at,
            )
        )
    return tuple(fact for fact in found if fact.state is FactState.PROPOSED)


async def _told(tx: TenantTransaction, client_id: UUID) -> Sequence[tuple[datetime, UUID, str, str]]:
    """Return instant, id, source and words of the notes that hold and of the client's own texts, oldest first."""
    notes = await tx.client_notes.of_client(client_id)
    texts = await tx.messages.of_client(client_id, TEXTS_READ)
    whole = max((place for place, note in enumerate(notes) if note.is_whole), default=0)
    told = [(note.at, note.id, NOTE, note.text) for note in notes[whole:]]  # a whole one replaced those before it
    told += [(text.created_at, text.id, MESSAGE, text.content) for text in texts if text.direction is Direction.INBOUND]
    return sorted(told, key=itemgetter(0, 1))[-TEXTS_READ:]
