"""What happened with a client outside our texts: calls, meetings, notes, words said elsewhere."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields

NOTE_CHARACTERS = 2_000


class InteractionKind(StrEnum):
    """What happened. `TOLD_TO_STOP`: the client said, by whatever means, that they want no more texts."""

    CALL = "call"
    MEETING = "meeting"
    NOTE = "note"
    TEXT_ELSEWHERE = "text_elsewhere"
    TOLD_TO_STOP = "told_to_stop"


HUMAN_CONTACT = frozenset(
    {InteractionKind.CALL, InteractionKind.MEETING, InteractionKind.TEXT_ELSEWHERE, InteractionKind.TOLD_TO_STOP}
)
"""Kinds in which two people talked; a note is written alone."""


@frozen(kw_only=True)
class Interaction:
    """One of them. `at`: when it happened, in UTC; `recorded_by`: who says so. Never changed."""

    id: UUID
    user_id: UUID
    client_id: UUID
    kind: InteractionKind
    at: datetime = field(validator=fields.instant)
    recorded_at: datetime = field(validator=fields.instant)
    recorded_by: str = field(validator=fields.text(100, at_least=1), repr=False)
    note: str = field(default="", validator=fields.text(NOTE_CHARACTERS), repr=False)
