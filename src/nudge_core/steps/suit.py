"""One client, looked at the other way round: what is on offer now would suit them, and a text about one such thing.

For looking and for an answer only: nothing is stored and nothing is sent. In phases, so that no transaction is open
while texts become vectors or a drafter writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.book.dismissals import read_standings, seekers_of
from nudge_core.errors import Conflict, Invalid, Refused, Unavailable
from nudge_core.matching.audience import Audience
from nudge_core.matching.constraints import FeatureWish, Seeker, Subject
from nudge_core.matching.engine import rank
from nudge_core.matching.ranking import Ranking
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import AudienceMember, Decision, Draft
from nudge_core.model.client import Client
from nudge_core.model.event import MarketEvent
from nudge_core.model.json import object_in
from nudge_core.model.message import MessageClass
from nudge_core.model.resource import Resource
from nudge_core.model.user import User
from nudge_core.policy.findings import Finding
from nudge_core.policy.placeholders import fill
from nudge_core.policy.segments import plain_characters, segments
from nudge_core.policy.switches import rules_for
from nudge_core.policy.wording import hidden_links
from nudge_core.ports import Embedder, TenantTransaction
from nudge_core.verticals.base import Vertical

MOST_RESOURCES = 2_000
"""Of those on offer, the latest updated: more than one professional's market area holds on most days."""

NEAREST = 50
"""Of those that suit by facts, how many are compared by meaning too: each costs an embedding while somebody waits."""

EVENTS_LOOKED_AT = 10  # of one resource, newest first: its last month


@frozen(kw_only=True)
class Shelf:
    """What `gather` read: the client as rows of an audience, and what is on offer, by the id of its subject.

    `unreadable`: how many things on offer could not be read.
    """

    client: Client
    seekers: tuple[Seeker, ...]
    resources: Mapping[UUID, Resource] = field(repr=False)
    events: Mapping[UUID, MarketEvent] = field(repr=False)
    subjects: Mapping[UUID, Subject] = field(repr=False)
    unreadable: int


@frozen(kw_only=True)
class Suit:
    """One thing that would suit, with the reasons."""

    resource: Resource
    member: AudienceMember


@frozen(kw_only=True)
class Suits:
    """The best ones first. `considered`: things on offer that were compared. `excluded`: how many each wish excluded.

    `nothing_known`: no role or no wish of the client's is known, so nothing could be compared. `by_meaning`: the
    client's notes and the descriptions were compared too.
    """

    items: tuple[Suit, ...]
    considered: int
    excluded: Mapping[str, int]
    not_offered: Mapping[str, int]
    nothing_known: bool
    by_meaning: bool


async def gather(tx: TenantTransaction, client_id: UUID, vertical: Vertical) -> Shelf:
    """Read the client, what was dismissed for them, and what is on offer.

    Raises:
        NotFound: no such client.
        Invalid: their preferences cannot be read.
    """
    client = await tx.clients.get(client_id)
    seekers = seekers_of(client, await read_standings(tx, client, vertical), vertical)
    return _shelf(client, seekers, await tx.resources.active(MOST_RESOURCES), vertical)


def _shelf(client: Client, seekers: tuple[Seeker, ...], on_offer: Sequence[Resource], vertical: Vertical) -> Shelf:
    wished = frozenset(w.feature for one in seekers for w in one.wishes if isinstance(w, FeatureWish))
    resources: dict[UUID, Resource] = {}
    events: dict[UUID, MarketEvent] = {}
    subjects: dict[UUID, Subject] = {}
    unreadable = 0
    for resource in on_offer:
        try:
            event = vertical.offered(resource)
            subject = None if event is None else vertical.subject(event, wished)
        except Invalid:
            unreadable += 1
            continue
        if event is not None and subject is not None:
            resources[event.id], events[event.id], subjects[event.id] = resource, event, subject
    return Shelf(
        client=client,
        seekers=seekers,
        resources=resources,
        events=events,
        subjects=subjects,
        unreadable=unreadable,
    )


async def rank_shelf(shelf: Shelf, vertical: Vertical, embedder: Embedder | None, limit: int) -> Suits:
    """Return the things that would suit, best first, with true reasons; the engine is the one that finds audiences.

    An embedder that does not answer costs the similarity of meaning, no more.
    """
    if not shelf.seekers:
        return Suits(
            items=(), considered=0, excluded={}, not_offered={}, nothing_known=True, by_meaning=False
        )  # fmt: skip
    audience = Audience.build(vertical.schema, shelf.seekers)
    rankings = rank(audience, list(shelf.subjects.values()), top=1)
    best = _sorted(rankings)[:NEAREST]
    close, by_meaning = [shelf.subjects[one.subject_id] for one in best], False
    if embedder is not None and any(seeker.vector is not None for seeker in shelf.seekers):
        meant = await _with_vectors(shelf, close, vertical, embedder)
        if meant is not None:
            best, by_meaning = _sorted(rank(audience, meant, top=1)), True
    return Suits(
        items=tuple(Suit(resource=shelf.resources[one.subject_id], member=one.members[0]) for one in best[:limit]),
        considered=sum(1 for one in rankings if one.considered),
        excluded=_summed([one.excluded for one in rankings]),
        not_offered=_summed([one.not_offered for one in rankings]),
        nothing_known=all(not seeker.wishes for seeker in shelf.seekers),
        by_meaning=by_meaning,
    )


def _sorted(rankings: Sequence[Ranking]) -> list[Ranking]:
    """Offers before questions, then by score, coverage and id."""
    suiting = [one for one in rankings if one.members]
    return sorted(
        suiting,
        key=lambda one: (
            one.members[0].decision is not Decision.OFFER,
            -one.members[0].score,
            -one.members[0].coverage,
            one.subject_id,
        ),
    )


def _summed(counts: Sequence[Mapping[str, int]]) -> Mapping[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            total[name] = total.get(name, 0) + number
    return total


async def _with_vectors(
    shelf: Shelf, subjects: Sequence[Subject], vertical: Vertical, embedder: Embedder
) -> list[Subject] | None:
    texts = [vertical.text_of(object_in(shelf.events[one.id].payload, "listing")) for one in subjects]
    distinct = list(dict.fromkeys(texts))
    try:
        vectors = dict(zip(distinct, await embedder.embed(distinct), strict=True))
    except (Unavailable, Refused):
        return None
    return [evolve(one, vector=vectors[text]) for one, text in zip(subjects, texts, strict=True)]


@frozen(kw_only=True)
class Told:
    """What `brief_for` read: an event that still holds, the client in its audience, and what a drafter is told."""

    client: Client
    user: User
    event: MarketEvent
    member: AudienceMember
    brief: Brief


@frozen(kw_only=True)
class Written:
    """A text for one client, that nobody has approved. `parts`: SMS parts. `personal`: with the client's own words."""

    event_id: UUID
    text: str = field(repr=False)
    draft: Draft
    parts: int
    findings: tuple[Finding, ...]
    member: AudienceMember
    message_class: MessageClass
    topic: str | None


async def brief_for(tx: TenantTransaction, client_id: UUID, resource_id: UUID, vertical: Vertical) -> Told:
    """Find what is news about a resource, still true and still of use, and why this client would care.

    Raises:
        Conflict: nothing about it is news that still holds; or the client wishes something else; or nothing is known
            of their wishes.
        NotFound: no such client or resource.
        Invalid: preferences or a listing that cannot be read.
    """
    client = await tx.clients.get(client_id)
    resource = await tx.resources.get(resource_id)
    event = await _news(tx, resource, vertical)
    seekers = seekers_of(client, await read_standings(tx, client, vertical), vertical)
    wished = frozenset(w.feature for one in seekers for w in one.wishes if isinstance(w, FeatureWish))
    subject = vertical.subject(event, wished)
    if not seekers or subject is None:
        raise Conflict("match", "nothing is known of this client's wishes that could be compared")
    (ranking,) = rank(Audience.build(vertical.schema, seekers), [subject], top=1)
    if not ranking.members:
        why = ", ".join(sorted({*ranking.excluded, *ranking.not_offered})) or "their role"
        raise Conflict("match", f"it is not what this client wishes ({why})")
    user = await tx.users.get(tx.user_id)
    return Told(
        client=client,
        user=user,
        event=event,
        member=ranking.members[0],
        brief=vertical.brief(user, event, ranking),
    )


async def _news(tx: TenantTransaction, resource: Resource, vertical: Vertical) -> MarketEvent:
    for event in await tx.market_events.about(resource.id, EVENTS_LOOKED_AT):
        rule = vertical.events.get(event.event_type)
        if rule is None or rule.owner_only or tx.now >= vertical.expires_at(event):
            continue
        if vertical.still_true(event, resource) is None:
            return event
    raise Conflict("resource", "nothing about it is news that still holds")


def personalised(told: Told, draft: Draft, vertical: Vertical) -> Written:
    """Return the draft with the client's own words in it, checked as a review would check it."""
    values = vertical.personal(told.event, told.member, told.client)
    text = plain_characters(fill(draft.text, values))
    hosts = rules_for(told.user).link_hosts
    links = () if hosts is None else hidden_links(text, hosts)
    rule = vertical.events[told.event.event_type]
    return Written(
        event_id=told.event.id,
        text=text,
        draft=draft,
        parts=segments(text).parts,
        findings=(*vertical.lint(text), *links),
        member=told.member,
        message_class=rule.message_class,
        topic=rule.topic,
    )
