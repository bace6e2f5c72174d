"""What a professional wrote down about a client: notes that are added and never changed.

The notes are the source of truth; `Client.notes` is their projection, which matching and embeddings read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields

NOTE_CHARACTERS = 20_000
PROJECTED_CHARACTERS = 100_000  # what `Client.notes` takes


@frozen(kw_only=True)
class ClientNote:
    """One of them. `at`: when it was written, in UTC; `author`: by whom. Never changed.

    `is_whole`: it is all that the notes say from then on, because the professional wrote the text anew; earlier ones
    are history.
    """

    id: UUID
    user_id: UUID
    client_id: UUID
    text: str = field(validator=fields.text(PROJECTED_CHARACTERS), repr=False)
    author: str = field(validator=fields.text(100, at_least=1), repr=False)
    at: datetime = field(validator=fields.instant)
    is_whole: bool = False


def projected(notes: Sequence[ClientNote]) -> str:
    """Return the notes, oldest first, as one text, from the last whole one on; of more than fits, the newest.

    Args:
        notes: oldest first.
    """
    kept: list[str] = []
    room = PROJECTED_CHARACTERS
    for note in reversed(notes):
        room -= len(note.text) + 1
        if room < -1:
            break
        kept.append(note.text)
        if note.is_whole:
            break
    return "\n".join(reversed(kept))
