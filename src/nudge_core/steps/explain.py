"""Why one client is, or is not, told of one event: the matcher's own account, with the facts it rests on.

For looking only. In phases, as matching is: read, compare, tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.book.dismissals import read_standings, seekers_of
from nudge_core.book.facts import adopted_facts
from nudge_core.errors import Invalid, NotFound, Refused, Unavailable
from nudge_core.learning.negatives import Effect, Ended, Standing
from nudge_core.matching.constraints import FeatureWish, Seeker, Subject, constraint_name
from nudge_core.matching.why import NOT_CONCERNED, Answer, Side, Why, why
from nudge_core.model.briefing import Outcome, Reason, Strength
from nudge_core.model.client import Client, Role
from nudge_core.model.client_fact import BEFORE, ClientFact
from nudge_core.model.event import MarketEvent
from nudge_core.model.feedback import DismissReason
from nudge_core.model.json import object_in, plain_json
from nudge_core.ports import Embedder, TenantTransaction
from nudge_core.verticals.base import Vertical

NOTHING_TO_ASK = "nothing_to_ask"
"""It would be a question, and in this role nobody could answer it, as `match.rank_events` counts it."""

NO_ROLE = "nothing_known"
"""No role of the client is known, and no wish."""


@frozen(kw_only=True)
class Asked:
    """What `gather` read. `subject` None: an event that no client is told of."""

    client: Client
    event: MarketEvent
    seekers: tuple[Seeker, ...]
    subject: Subject | None
    dismissals: tuple[Standing, ...]
    facts: tuple[ClientFact, ...] = field(repr=False)


@frozen(kw_only=True)
class KnownFact:
    """A fact that a wish rests on. `source`: note, message, import, professional, model; `start`, `end`: characters."""

    id: UUID
    kind: str
    value: Any = field(repr=False)
    source: str
    at: datetime
    confidence: float
    text_id: UUID | None
    start: int | None
    end: int | None


@frozen(kw_only=True)
class ExplainedWish:
    """One wish, what the offer states, what became of it, and the facts the wish rests on."""

    constraint: str
    outcome: Outcome
    strength: Strength
    wanted: str = field(repr=False)
    actual: str | None = field(repr=False)
    text: str = field(repr=False)
    facts: tuple[KnownFact, ...] = field(repr=False)


@frozen(kw_only=True)
class ExplainedDismissal:
    """Something dismissed for this client. `counted`: it took this very offer out. `ended`: why it holds no more."""

    id: UUID
    reason: DismissReason
    effect: Effect
    text: str
    strength: float
    since: datetime
    until: datetime | None
    ended: Ended | None
    counted: bool


@frozen(kw_only=True)
class ExplainedChange:
    """One small change of a fact, of the listing or of a dismissal, and the answer it leads to."""

    constraint: str
    side: Side
    text: str = field(repr=False)
    leads_to: Answer
    changes_answer: bool


@frozen(kw_only=True)
class Explained:
    """The account. `because`: "" for an offer, else the reasons as matching counts them.

    `question`: the one thing whose answer decides. `together`: the answer if the listing were as all of its changes
    say and nothing were dismissed. `by_meaning`: texts were compared too.
    """

    client_id: UUID
    event_id: UUID
    event_type: str
    answer: Answer
    because: str
    role: Role | None
    score: float | None
    coverage: float | None
    wishes: tuple[ExplainedWish, ...]
    dismissals: tuple[ExplainedDismissal, ...]
    changes: tuple[ExplainedChange, ...] = field(repr=False)
    question: str | None = field(repr=False)
    together: Answer
    by_meaning: bool


async def gather(tx: TenantTransaction, client_id: UUID, event_id: UUID, vertical: Vertical) -> Asked:
    """Read the client, what is known of them, what was dismissed for them, and the event.

    Raises:
        NotFound: no such client or event.
        Invalid: preferences or a listing that cannot be read.
    """
    client = await tx.clients.get(client_id)
    events = await tx.market_events.get([event_id])
    if not events:
        raise NotFound("market event", event_id)
    known = await tx.client_facts.of_client(client_id)
    facts = [fact for fact in known if fact.is_current] + adopted_facts(client, known, BEFORE)
    dismissals = await read_standings(tx, client, vertical)
    seekers = seekers_of(client, dismissals, vertical)
    wished = frozenset(wish.feature for row in seekers for wish in row.wishes if isinstance(wish, FeatureWish))
    rule = vertical.events.get(events[0].event_type)
    if rule is None:
        raise Invalid("marketevent.event_type", f"one of {', '.join(vertical.events)}", events[0].event_type)
    return Asked(
        client=client,
        event=events[0],
        seekers=seekers,
        subject=None if rule.owner_only else vertical.subject(events[0], wished),
        dismissals=dismissals,
        facts=tuple(facts),
    )


async def explain(asked: Asked, vertical: Vertical, embedder: Embedder | None) -> Explained:
    """Return the account. An embedder that does not answer costs the comparison of texts, no more."""
    if asked.subject is None or not asked.seekers:
        because = NO_ROLE if asked.subject is not None else NOT_CONCERNED
        return _told(asked, None, because, vertical, by_meaning=False)
    subject = await _with_vector(asked, asked.subject, vertical, embedder)
    account = why(vertical.schema, asked.seekers, subject)
    because = account.verdict.because
    rule = vertical.events[asked.event.event_type]
    if account.verdict.answer is Answer.ASK and account.role not in rule.asks:
        because = NOTHING_TO_ASK
    return _told(asked, account, because, vertical, by_meaning=subject.vector is not None)


async def _with_vector(asked: Asked, subject: Subject, vertical: Vertical, embedder: Embedder | None) -> Subject:
    told = any(row.vector is not None or row.avoid for row in asked.seekers)
    text = vertical.text_of(object_in(asked.event.payload, "listing")) if told else ""
    if embedder is None or not text:
        return subject
    try:
        return evolve(subject, vector=(await embedder.embed([text]))[0])
    except (Unavailable, Refused):
        return subject


def _told(asked: Asked, account: Why | None, because: str, vertical: Vertical, *, by_meaning: bool) -> Explained:
    silent = because in (NOTHING_TO_ASK, NO_ROLE, NOT_CONCERNED)
    verdict = None if account is None else account.verdict
    by_wish = {} if account is None else _facts_by_wish(asked, account.role, vertical)
    return Explained(
        client_id=asked.client.id,
        event_id=asked.event.id,
        event_type=asked.event.event_type,
        answer=Answer.NO if verdict is None or silent else verdict.answer,
        because=because,
        role=None if account is None else account.role,
        score=None if verdict is None else verdict.score,
        coverage=None if verdict is None else verdict.coverage,
        wishes=() if account is None else tuple(_wish(one, by_wish) for one in account.reasons),
        dismissals=tuple(_dismissal(one, asked.subject, because) for one in asked.dismissals),
        changes=()
        if account is None or because == NOTHING_TO_ASK
        else tuple(
            ExplainedChange(
                constraint=one.constraint,
                side=one.side,
                text=one.text,
                leads_to=one.leads_to,
                changes_answer=one.changes_answer,
            )
            for one in account.changes
        ),
        question=None if account is None or silent else account.question,
        together=Answer.NO if account is None else account.together,
        by_meaning=by_meaning,
    )


def _facts_by_wish(asked: Asked, role: Role, vertical: Vertical) -> dict[str, list[ClientFact]]:
    """Return the facts behind each wish: those that, standing alone, make the vertical read a wish of that name."""
    found: dict[str, list[ClientFact]] = {}
    roles = {name: value for name, value in asked.client.preferences.items() if name == "roles"}
    for fact in asked.facts:
        alone = evolve(asked.client, preferences={**roles, fact.kind: fact.value})
        for row in vertical.seekers(alone, ()):
            for wish in row.wishes if row.role is role else ():
                found.setdefault(constraint_name(wish), []).append(fact)
    return found


def _wish(reason: Reason, by_wish: dict[str, list[ClientFact]]) -> ExplainedWish:
    return ExplainedWish(
        constraint=reason.constraint,
        outcome=reason.outcome,
        strength=reason.strength,
        wanted=reason.wanted,
        actual=reason.actual,
        text=reason.text,
        facts=tuple(map(_fact, by_wish.get(reason.constraint, ()))),
    )


def _fact(fact: ClientFact) -> KnownFact:
    span = fact.span
    return KnownFact(
        id=fact.id,
        kind=fact.kind,
        value=plain_json(fact.value),
        source=fact.source,
        at=fact.at,
        confidence=fact.confidence,
        text_id=None if span is None else span.text_id,
        start=None if span is None else span.start,
        end=None if span is None else span.end,
    )


def _dismissal(one: Standing, subject: Subject | None, because: str) -> ExplainedDismissal:
    rule = one.rule
    against = rule is not None and subject is not None and rule.against(subject.numbers, subject.terms, subject.topic)
    by_meaning = one.effect is Effect.SIMILAR and because == "dismissed_similar"
    return ExplainedDismissal(
        id=one.preference.id,
        reason=one.preference.reason,
        effect=one.effect,
        text=one.text,
        strength=one.strength,
        since=one.preference.created_at,
        until=one.until,
        ended=one.ended,
        counted=one.holds and (by_meaning or (against and rule is not None and because == rule.why)),
    )


def lines(told: Explained) -> Sequence[str]:
    """Return the account for a person, a line each."""
    said = [f"{told.answer.value.upper()}{f' ({told.because})' if told.because else ''}  {told.event_type}"]
    if told.score is not None and told.coverage is not None and told.role is not None:
        said.append(f"as {told.role.value}: score {told.score:.1f}, {told.coverage:.0%} of the wishes compared")
    for wish in told.wishes:
        said.append(f"{wish.outcome.value:8}{wish.strength.value:5} {wish.text}")
        for fact in wish.facts:
            place = "" if fact.text_id is None else f", text {fact.text_id} characters {fact.start} to {fact.end}"
            said.append(f"              from {fact.source}, {fact.at:%Y-%m-%d}: {fact.kind}{place}")
    for one in told.dismissals:
        state = one.ended.value if one.ended else f"until {one.until:%Y-%m-%d}" if one.until else "no effect"
        mark = " <- took this out" if one.counted else ""
        said.append(f"dismissed {one.since:%Y-%m-%d} ({one.reason.value}): {one.text}; {state}{mark}")
    if told.question:
        said.append(f"to ask: {told.question}")
    for change in told.changes:
        effect = f"-> {change.leads_to.value}" if change.changes_answer else "alone changes nothing"
        said.append(f"{change.side.value:10}{change.constraint}: {change.text} {effect}")
    if told.changes and told.answer is not Answer.OFFER:
        said.append(f"all of the listing's together, nothing dismissed: {told.together.value}")
    return said
