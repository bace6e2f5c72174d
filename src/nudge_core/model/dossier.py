"""All that is held of one client, and what happened with them in order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.errors import Invalid
from nudge_core.model.audit import AuditEntry
from nudge_core.model.briefing import CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.client_fact import ClientFact
from nudge_core.model.client_note import ClientNote
from nudge_core.model.consent import Consent, Suppression
from nudge_core.model.feedback import NegativePreference
from nudge_core.model.interaction import Interaction
from nudge_core.model.json import Json, JsonObject
from nudge_core.model.message import Message, ScheduledMessage

ERASED = "-"
"""Stands where a client's name, phone or e-mail stood in words that belong to others too: never longer than those."""

_RULE = "a cursor that this list returned"


class Happening(StrEnum):
    """What kind of thing stands in a timeline."""

    MESSAGE = "message"
    INTERACTION = "interaction"
    NOTE = "note"
    FACT = "fact"
    BRIEFING = "briefing"
    DECISION = "decision"


Happened: TypeAlias = Message | Interaction | ClientNote | ClientFact | CampaignBriefing | AuditEntry


@frozen(kw_only=True)
class TimelineEntry:
    """One thing that happened, and when. Ordered by (at, kind, id)."""

    at: datetime
    kind: Happening
    what: Happened = field(repr=False)

    @property
    def key(self) -> tuple[str, ...]:
        """Where it stands, for a cursor."""
        return self.at.isoformat(), self.kind.value, str(self.what.id)


def read_timeline_key(after: tuple[str, ...]) -> tuple[datetime, str, UUID]:
    """Read what `TimelineEntry.key` wrote. Raises Invalid: it did not write this."""
    try:
        at, kind, what_id = after
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise Invalid("cursor", _RULE, None)
        return moment.astimezone(UTC), Happening(kind).value, UUID(what_id)
    except (ValueError, OverflowError) as error:
        raise Invalid("cursor", _RULE, None) from error


@frozen(kw_only=True)
class Dossier:
    """Everything held of one client. Each list oldest first.

    `briefings`: plans about them, and nudges whose audience they are in, with no other member shown.
    `audit`: decisions about the client themself.
    """

    client: Client
    notes: tuple[ClientNote, ...] = field(repr=False)
    facts: tuple[ClientFact, ...] = field(repr=False)
    messages: tuple[Message, ...]
    scheduled: tuple[ScheduledMessage, ...]
    interactions: tuple[Interaction, ...]
    consents: tuple[Consent, ...]
    suppressions: tuple[Suppression, ...]
    negative_preferences: tuple[NegativePreference, ...]
    briefings: tuple[CampaignBriefing, ...]
    audit: tuple[AuditEntry, ...]


def only_member(briefing: CampaignBriefing, client_id: UUID) -> CampaignBriefing:
    """Return the briefing as it concerns one client: nobody else of its audience is in it."""
    mine = tuple(member for member in briefing.matched_audience if member.client_id == client_id)
    return evolve(briefing, matched_audience=mine)


def without_client(briefing: CampaignBriefing, *selves: Client) -> CampaignBriefing:
    """Return the briefing as if the client had never been in its audience, their name gone from its words.

    Args:
        briefing: whose audience others are in too.
        selves: the client, and who became part of them.
    """
    ids = {one.id for one in selves}
    edited = briefing.edited_draft
    return evolve(
        briefing,
        matched_audience=tuple(member for member in briefing.matched_audience if member.client_id not in ids),
        headline=scrubbed(briefing.headline, *selves),
        original_draft=scrubbed(briefing.original_draft, *selves),
        edited_draft=None if edited is None else scrubbed(edited, *selves),
        key_intel=scrubbed_object(briefing.key_intel, *selves),
    )


def scrubbed(text: str, *selves: Client) -> str:
    """Return the text without the client's whole name, phone or e-mail. What else may name them no rule can tell."""
    for named in (value for one in selves for value in (one.full_name, one.phone, one.email)):
        if named and named.strip():
            text = re.sub(rf"(?<!\w){re.escape(named)}(?!\w)", ERASED, text)
    return text


def scrubbed_object(value: JsonObject, *selves: Client) -> JsonObject:
    """Return the object with the client's id, name, phone and e-mail gone: a list loses what names the id."""
    return {key: _scrubbed_json(item, selves) for key, item in value.items()}


def _scrubbed_json(value: Json, selves: Sequence[Client]) -> Json:
    if isinstance(value, str):
        return ERASED if _is_about(value, selves) else scrubbed(value, *selves)
    if isinstance(value, (list, tuple)):
        return tuple(_scrubbed_json(item, selves) for item in value if not _is_about(item, selves))
    if isinstance(value, Mapping):
        return {key: _scrubbed_json(item, selves) for key, item in value.items()}
    return value


def _is_about(value: Json, selves: Sequence[Client]) -> bool:
    these = {str(one.id) for one in selves}
    named = value.get("client_id") if isinstance(value, Mapping) else value
    return isinstance(named, str) and named in these
