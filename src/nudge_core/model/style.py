"""How a professional writes, as their own edits show it: facts one can see and take away."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields


class StyleKind(StrEnum):
    """What an edit can show. PHRASE: words that the professional puts in place of the drafter's."""

    GREETING = "greeting"
    SIGN_OFF = "sign_off"
    LENGTH = "length"
    EMOJI = "emoji"
    PHRASE = "phrase"


@frozen(kw_only=True)
class ApprovedDraft:
    """A drafter's words beside the words that a person approved in their place; equal when nothing was edited.

    `kind`: of the event. Both may hold the placeholders of `nudge_core.policy.placeholders`.
    """

    briefing_id: UUID
    kind: str
    drafted: str = field(repr=False)
    approved: str = field(repr=False)
    at: datetime = field(validator=fields.instant)


@frozen(kw_only=True)
class StyleFact:
    """One habit, with what it rests on.

    `value`: the words themselves; of LENGTH, characters in digits. `instead_of` and `event_kind`: of a PHRASE, what
    it replaces and where; else empty. `edits`: texts in which the professional wrote it; `kept`: texts that were
    approved with it. `briefing_ids`: where to look, the newest first. `removed`: a person took it away; it is not
    applied.
    """

    id: UUID
    kind: StyleKind
    value: str = field(repr=False)
    instead_of: str = field(default="", repr=False)
    event_kind: str = ""
    edits: int
    kept: int
    last_at: datetime = field(validator=fields.instant)
    briefing_ids: tuple[UUID, ...] = ()
    removed: bool = False


@frozen(kw_only=True)
class Phrase:
    """Words to write in place of a drafter's; empty to leave them out."""

    instead_of: str
    write: str


@frozen(kw_only=True)
class LearnedStyle:
    """The habits that hold for one text, for drafters. None, or nothing, where no habit is known.

    `greeting`: to the blank before the first sentence, with `{first_name}`. `sign_off`: everything behind the last
    placeholder. `longest`: characters besides placeholders. `emoji`: written once, at the end.
    """

    greeting: str | None = None
    sign_off: str | None = None
    longest: int | None = None
    emoji: str | None = None
    phrases: tuple[Phrase, ...] = ()


NO_STYLE = LearnedStyle()
"""Nothing is known yet."""
