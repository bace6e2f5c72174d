"""Step 3: events meet the book. Who would care, with true reasons; where somebody would, a note "draft this".

Three phases, so that no transaction is open while texts become vectors: `gather` reads, `rank_events` compares,
`hand_on` writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.book.dismissals import read_dismissed, seekers_of, standings
from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience
from nudge_core.matching.constraints import FeatureWish, Seeker, Subject
from nudge_core.matching.engine import rank
from nudge_core.matching.ranking import Ranking
from nudge_core.model.briefing import APPROVED, AudienceMember, BriefingStatus, Decision
from nudge_core.model.client import Client, Role
from nudge_core.model.client_fact import ClientFact
from nudge_core.model.event import EventStatus, MarketEvent, stable_id
from nudge_core.model.feedback import NegativePreference
from nudge_core.model.json import object_in, texts_in
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.ports import Embedder, TenantTransaction
from nudge_core.verticals.base import Vertical
from nudge_core.withdrawal import withdraw

OFFERS_PER_CLIENT = 3  # most listings one client is offered in one pass; verticals.md 3.3 point 7
AUDIENCE_AT_MOST = 50  # members of one briefing a person can still look through; the rest is counted, not shown


@frozen(kw_only=True)
class MatchInput:
    """What `gather` read: the events to match, and the book as rows of the audience.

    `unreadable`: clients whose preferences contradict themselves or cannot be read, with the rule they break.
    `broken`: events that cannot be read, with the rule they break; the others are matched without them. `told`: for
    events that concern the professional only, the clients who were told about the same thing before.
    """

    events: tuple[MarketEvent, ...]
    seekers: tuple[Seeker, ...]
    subjects: Mapping[UUID, Subject] = field(factory=dict)
    broken: Mapping[UUID, str] = field(factory=dict)
    told: Mapping[UUID, tuple[AudienceMember, ...]] = field(factory=dict)
    unreadable: Mapping[UUID, str] = field(factory=dict)


@frozen(kw_only=True)
class MatchReport:
    """What one pass found. `nobody`: events that concern nobody in the book. `broken`: events that cannot be read."""

    events: int
    with_audience: int
    nobody: int
    overtaken: int
    broken: int
    unreadable_clients: int


async def gather(tx: TenantTransaction, note: OutboxNote, vertical: Vertical) -> MatchInput:
    """Read the note's events that have not been matched, and the book.

    One client whose preferences cannot be read costs that client the match, not the others.
    """
    events = await tx.market_events.get([UUID(event_id) for event_id in texts_in(note.payload, "event_ids")])
    waiting = tuple(event for event in events if event.status is EventStatus.UNPROCESSED)
    dismissed, facts = await read_dismissed(tx)
    seekers, unreadable = _read_book(await tx.clients.book(), dismissed, facts, tx.now, vertical)
    wished = frozenset(w.feature for s in seekers for w in s.wishes if isinstance(w, FeatureWish))
    subjects: dict[UUID, Subject] = {}
    told: dict[UUID, tuple[AudienceMember, ...]] = {}
    broken: dict[UUID, str] = {}
    for event in waiting:
        rule = vertical.events.get(event.event_type)
        if rule is not None and rule.owner_only:
            told[event.id] = await _told_before(tx, event)
            continue
        try:
            subject = _subject(event, vertical, wished)
        except Invalid as error:
            broken[event.id] = str(error)
            continue
        if subject is not None:
            subjects[event.id] = subject
    return MatchInput(
        events=tuple(event for event in waiting if event.id not in broken),
        seekers=seekers,
        subjects=subjects,
        told=told,
        unreadable=unreadable,
        broken=broken,
    )


def _subject(event: MarketEvent, vertical: Vertical, wished: frozenset[str]) -> Subject | None:
    if event.event_type not in vertical.events:
        raise Invalid("marketevent.event_type", f"one of {', '.join(vertical.events)}", event.event_type)
    return vertical.subject(event, wished)


def _read_book(
    book: Sequence[Client],
    dismissed: Mapping[UUID, Sequence[NegativePreference]],
    facts: Mapping[UUID, Sequence[ClientFact]],
    now: datetime,
    vertical: Vertical,
) -> tuple[tuple[Seeker, ...], dict[UUID, str]]:
    seekers: list[Seeker] = []
    unreadable: dict[UUID, str] = {}
    for client in book:
        try:
            known = standings(client, dismissed.get(client.id, ()), facts.get(client.id, ()), now, vertical)
            seekers.extend(seekers_of(client, known, vertical))
        except Invalid as error:
            unreadable[client.id] = str(error)
    return tuple(seekers), unreadable


async def _told_before(tx: TenantTransaction, event: MarketEvent) -> tuple[AudienceMember, ...]:
    if event.resource_id is None:
        return ()
    earlier = await tx.briefings.for_resources([event.resource_id], APPROVED)
    told = {member.client_id: member for briefing in earlier for member in briefing.recipients}
    return tuple(evolve(member, included=False, decision=Decision.ASK) for member in told.values())


async def rank_events(found: MatchInput, vertical: Vertical, embedder: Embedder | None) -> Mapping[UUID, Ranking]:
    """Return a ranking per event that could concern a client: at most `OFFERS_PER_CLIENT` offers per client, and of
    one building only the best.

    Similarity of meaning joins in when an embedder is given. Raises what the embedder raises.
    """
    subjects = [found.subjects[event.id] for event in found.events if event.id in found.subjects]
    if embedder is not None:
        subjects = await _with_vectors(found, subjects, vertical, embedder)
    rankings = rank(Audience.build(vertical.schema, found.seekers), subjects, top=AUDIENCE_AT_MOST)
    kinds = {event.id: event.event_type for event in found.events}
    asked = [_sensible(ranking, vertical.events[kinds[ranking.subject_id]].asks) for ranking in rankings]
    return {ranking.subject_id: ranking for ranking in _limited(asked, found, vertical)}


def _sensible(ranking: Ranking, asks: frozenset[Role]) -> Ranking:
    """Leave out questions that nobody could answer, such as whether an unknown home is near one's own."""
    kept = tuple(m for m in ranking.members if m.decision is Decision.OFFER or m.role in asks)
    return _with_members(ranking, kept, "nothing_to_ask")


async def _with_vectors(
    found: MatchInput, subjects: Sequence[Subject], vertical: Vertical, embedder: Embedder
) -> list[Subject]:
    events = {event.id: event for event in found.events}
    texts = [vertical.text_of(object_in(events[subject.id].payload, "listing")) for subject in subjects]
    distinct = list(dict.fromkeys(texts))  # one embedding per distinct text
    vectors = dict(zip(distinct, await embedder.embed(distinct), strict=True))
    return [evolve(subject, vector=vectors[text]) for subject, text in zip(subjects, texts, strict=True)]


def _limited(rankings: Sequence[Ranking], found: MatchInput, vertical: Vertical) -> list[Ranking]:
    """Keep each client's best offers, of one building the best alone; what is left out is counted.

    Of equal ones the newest event comes first. `same_building`: a better one of the same building was kept.
    `enough_for_now`: `OFFERS_PER_CLIENT` better ones were.
    """
    events = {event.id: event for event in found.events}
    order = {event.id: place for place, event in enumerate(sorted(found.events, key=_newest_first))}
    offers = sorted(
        (-member.score, -member.coverage, order[ranking.subject_id], member.client_id, ranking.subject_id)
        for ranking in rankings
        for member in ranking.members
        if member.decision is Decision.OFFER
    )
    places = {own: vertical.places_of(object_in(events[own].payload, "listing")) for *_, own in offers}
    kept: Counter[UUID] = Counter()
    seen: dict[UUID, set[str]] = {}
    dropped: dict[str, set[tuple[UUID, UUID]]] = {"same_building": set(), "enough_for_now": set()}
    for *_, client_id, subject_id in offers:
        known = seen.setdefault(client_id, set())
        if known & places[subject_id]:
            dropped["same_building"].add((subject_id, client_id))
        elif kept[client_id] == OFFERS_PER_CLIENT:
            dropped["enough_for_now"].add((subject_id, client_id))
        else:
            kept[client_id] += 1
            known |= places[subject_id]
    for why, pairs in dropped.items():
        rankings = [_without(ranking, pairs, why) for ranking in rankings]
    return list(rankings)


def _newest_first(event: MarketEvent) -> tuple[float, UUID]:
    return -event.created_at.timestamp(), event.id


def _without(ranking: Ranking, dropped: set[tuple[UUID, UUID]], why: str) -> Ranking:
    kept = tuple(member for member in ranking.members if (ranking.subject_id, member.client_id) not in dropped)
    return _with_members(ranking, kept, why)


def _with_members(ranking: Ranking, kept: tuple[AudienceMember, ...], why: str) -> Ranking:
    if len(kept) == len(ranking.members):
        return ranking
    counts = {**ranking.not_offered, why: len(ranking.members) - len(kept)}
    return evolve(ranking, members=kept, not_offered=counts)


async def hand_on(
    tx: TenantTransaction, note: OutboxNote, found: MatchInput, rankings: Mapping[UUID, Ranking], vertical: Vertical
) -> MatchReport:
    """Mark the events as matched, withdraw what they overtake, and note "draft this" where somebody would care."""
    overtaken = 0
    notes: list[OutboxNote] = []
    for event in found.events:
        overtaken += await _overtake(tx, event, vertical)
        ranking = rankings.get(event.id)
        if ranking is None and found.told.get(event.id):
            ranking = Ranking(subject_id=event.id, members=found.told[event.id], considered=0)
        if ranking is not None and ranking.members:
            notes.append(_draft_note(tx, event, ranking))
    await tx.notes.add(notes)
    await tx.market_events.mark([event.id for event in found.events], EventStatus.PROCESSED)
    for event_id, error in found.broken.items():
        await tx.market_events.mark([event_id], EventStatus.ERROR, error)
    await tx.notes.finish(note)
    return MatchReport(
        events=len(found.events),
        with_audience=len(notes),
        nobody=len(found.events) - len(notes),
        overtaken=overtaken,
        broken=len(found.broken),
        unreadable_clients=len(found.unreadable),
    )


async def _overtake(tx: TenantTransaction, event: MarketEvent, vertical: Vertical) -> int:
    """A later event on the same thing withdraws the unsent nudges it makes untrue."""
    kinds = vertical.events[event.event_type].withdraws
    if event.resource_id is None or not kinds:
        return 0
    open_ones = await tx.briefings.for_resources([event.resource_id], [BriefingStatus.DRAFT, BriefingStatus.ACTIVE])
    earlier = [b for b in open_ones if b.campaign_type in kinds and b.triggering_event_id != event.id]
    return sum([await withdraw(tx, briefing, "overtaken") for briefing in earlier])


def _draft_note(tx: TenantTransaction, event: MarketEvent, ranking: Ranking) -> OutboxNote:
    return OutboxNote(
        id=stable_id("draft", str(event.id)),
        topic=Topic.DRAFT,
        user_id=tx.user_id,
        dedupe_key=f"draft:{event.id}",
        created_at=tx.now,
        payload={"event_id": str(event.id), "ranking": ranking.as_json()},
    )
