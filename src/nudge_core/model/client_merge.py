"""Two clients that became one, with all it takes to make two of them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.model import fields
from nudge_core.model.briefing import AudienceMember, CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.client_fact import FactState


@frozen(kw_only=True)
class AudienceMove:
    """A briefing in whose audience the client was: at which place, as what, and whether the other one was in it too."""

    briefing_id: UUID
    place: int
    member: AudienceMember
    other_too: bool


@frozen(kw_only=True)
class Moved:
    """What belongs to another client now: ids by table, and audiences."""

    rows: Mapping[str, tuple[UUID, ...]]
    audiences: tuple[AudienceMove, ...] = ()


@frozen(kw_only=True)
class FactChange:
    """A fact whose standing the merge changed: before and after."""

    fact_id: UUID
    state: FactState
    superseded_by: UUID | None
    state_after: FactState
    superseded_after: UUID | None


@frozen(kw_only=True)
class ClientMerge:
    """One merge. `kept`, `gone`: the two as they were; `after`: the one they became."""

    id: UUID
    user_id: UUID
    merged_by: str = field(validator=fields.text(100, at_least=1), repr=False)
    merged_at: datetime = field(validator=fields.instant)
    kept: Client = field(repr=False)
    gone: Client = field(repr=False)
    after: Client = field(repr=False)
    moved: Moved = field(repr=False)
    facts: tuple[FactChange, ...] = field(default=(), repr=False)
    undone_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))


def that_made(client_id: UUID, merges: Iterable[ClientMerge]) -> tuple[ClientMerge, ...]:
    """Return the merges that hold, through which others became part of this client, at first or second hand."""
    held = [merge for merge in merges if merge.undone_at is None]
    selves, made = {client_id}, list[ClientMerge]()
    while found := [merge for merge in held if merge.kept.id in selves and merge not in made]:
        made += found
        selves |= {merge.gone.id for merge in found}
    return tuple(made)


def as_they_were(merges: Iterable[ClientMerge]) -> tuple[Client, ...]:
    """Return both clients of each merge as they were before it."""
    return tuple(one for merge in merges for one in (merge.kept, merge.gone))


def moved_on(briefing: CampaignBriefing, source: UUID, target: UUID) -> tuple[CampaignBriefing, AudienceMove] | None:
    """Return the briefing with one client's place in its audience given to another, who stands there once.

    None: the client is not in its audience.
    """
    members = briefing.matched_audience
    places = [place for place, member in enumerate(members) if member.client_id == source]
    if not places:
        return None
    place, member = places[0], members[places[0]]
    other_too = any(one.client_id == target for one in members)
    move = AudienceMove(briefing_id=briefing.id, place=place, member=member, other_too=other_too)
    if other_too:
        left = tuple(one for one in members if one.client_id != source)
    else:
        left = tuple(evolve(one, client_id=target) if one is member else one for one in members)
    return evolve(briefing, matched_audience=left), move


def move_back(briefing: CampaignBriefing, move: AudienceMove, source: UUID, target: UUID) -> CampaignBriefing:
    """Return the briefing with the place given back: `source` has it now, `target` had it before the merge."""
    members = list(briefing.matched_audience)
    if move.other_too:
        members.insert(move.place, move.member)
    else:
        members = [evolve(one, client_id=target) if one.client_id == source else one for one in members]
    return evolve(briefing, matched_audience=tuple(members))
