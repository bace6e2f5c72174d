"""The first half of the walk: a feed is read, what changed meets the book, and drafts wait for a person.

Every piece of work is a note in the outbox, claimed with a lease and finished in the transaction that does it. A
process that dies leaves a lease that runs out; what it had begun is done again, and doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from attrs import frozen

from nudge_core.book.understanding import propose_what_is_said
from nudge_core.errors import Invalid, NudgeError, Unavailable
from nudge_core.model.json import text_in
from nudge_core.model.outbox import MAX_ATTEMPTS, OutboxNote, Topic
from nudge_core.ports import ListingFeed
from nudge_core.steps import draft, ingest, match, propose, spread
from nudge_core.steps.ingest import IngestReport
from nudge_core.walk.bounds import Bounded, code_of, unbounded
from nudge_core.walk.parts import Parts
from nudge_core.walk.remembering import RememberingEmbedder

NOTE_LEASE_S = 300.0  # longer than a model may take to draft (20 s) and a book of 5,000 notes to be embedded (2 min)
NOTE_LIMIT_S = 120.0  # what a note may take before it counts as hung; well within its lease
NOTES_A_ROUND = 20
FIRST_PAUSE_S = 30.0  # before a note that failed is tried again; doubled each time
VANISHED_AT_MOST = 0.2  # share of a source's listings that may go in a day; more is an incomplete list
VANISHED_ALWAYS_ALLOWED = 10  # of a small source
WORKED = (Topic.SPREAD, Topic.MATCH, Topic.DRAFT, Topic.CONVERSE)
"""Topics that a worker works on; `HELD` waits for a person."""

PAGES_AT_MOST = 100_000  # of one poll: a feed that never ends is a broken one


@frozen(kw_only=True)
class WorkReport:
    """What one round of notes did. `failed`: notes that were put back, with why; `parked`: those of them given up."""

    done: int = 0
    briefings: int = 0
    events: int = 0
    withdrawn: int = 0
    failed: tuple[str, ...] = ()
    parked: int = 0

    def __add__(self, other: WorkReport) -> WorkReport:
        return WorkReport(
            done=self.done + other.done,
            briefings=self.briefings + other.briefings,
            events=self.events + other.events,
            withdrawn=self.withdrawn + other.withdrawn,
            failed=self.failed + other.failed,
            parked=self.parked + other.parked,
        )


async def poll(
    parts: Parts, feed: ListingFeed, each_page: Callable[[IngestReport], None] | None = None
) -> IngestReport:
    """Read a source to its end, page by page, then read again what is in quarantine; return the sum of all pages.

    Raises:
        Unavailable, Refused: of the feed. What was read until then is stored; the next poll goes on there.
        Conflict: another process polls the same source.
    """
    total = IngestReport.nothing()
    for _ in range(PAGES_AT_MOST):
        async with parts.store.system() as tx:
            cursor, now = await tx.feeds.cursor(feed.source_id), tx.now
        page = await feed.read(cursor, now)
        async with parts.store.system() as tx:
            report = await ingest.ingest(tx, page, parts.ingest)
        total += report
        if each_page is not None:
            each_page(report)
        if not page.more:
            break
    return total + await _reread(parts, feed)


async def _reread(parts: Parts, feed: ListingFeed) -> IngestReport:
    """A price in quarantine is asked for again: an incremental poll does not send an unchanged row twice."""
    async with parts.store.system() as tx:
        keys, now = await tx.listings.held_keys(feed.source_id), tx.now
    if not keys:
        return IngestReport.nothing()
    page = await feed.reread(keys, now)
    async with parts.store.system() as tx:
        return await ingest.ingest(tx, page, parts.ingest, reread=True)


async def reconcile(parts: Parts, feed: ListingFeed) -> IngestReport:
    """Find listings that vanished without a sign: compare the source's keys with ours, ask again for what is missing.

    To be done daily where a source does not signal removals (`mls-feeds.md` 4.3 point 8). A list that lacks more than
    `VANISHED_AT_MOST` of what we know is taken for incomplete, not for a mass removal.

    Raises:
        Unavailable: the list could not be had, or lacks too much.
        Refused: of the feed.
    """
    there = await feed.keys()
    async with parts.store.system() as tx:
        known, now = await tx.listings.keys(feed.source_id), tx.now
    missing = sorted(known - there)
    if not missing:
        return IngestReport.nothing()
    if len(missing) > max(VANISHED_ALWAYS_ALLOWED, len(known) * VANISHED_AT_MOST):
        raise Unavailable(feed.source_id, f"its list of keys lacks {len(missing)} of {len(known)} listings")
    page = await feed.reread(missing, now)
    async with parts.store.system() as tx:
        return await ingest.ingest(tx, page, parts.ingest, reread=True)


async def work(
    parts: Parts,
    *,
    topics: Sequence[Topic] = WORKED,
    bounded: Bounded = unbounded,
    go_on: Callable[[], bool] = lambda: True,
) -> WorkReport:
    """Do one round of due notes; a report with `done` 0 means that nothing was due.

    A note that fails, in whatever way, is put back and tried again later; it does not stop the others. Notes are
    claimed one by one, so that one which kills its process costs no other note an attempt (`reliability.md` C2).

    Args:
        parts: the walk's parts.
        topics: the kinds of notes to do.
        bounded: ends a note that takes longer than `NOTE_LIMIT_S`.
        go_on: asked before every claim; False ends the round.
    """
    report = WorkReport()
    for _ in range(NOTES_A_ROUND):
        if not go_on():
            break
        async with parts.store.system() as tx:
            notes = await tx.notes.claim(topics, 1, NOTE_LEASE_S)
        if not notes:
            break
        report += await _one(parts, notes[0], bounded)
    return report


async def _one(parts: Parts, note: OutboxNote, bounded: Bounded) -> WorkReport:
    try:
        return await bounded(_STEPS[note.topic](parts, note), NOTE_LIMIT_S)
    except Exception as error:
        why = str(error) if isinstance(error, NudgeError) else code_of(error)
    await _put_back(parts, note, why)
    parked = note.attempt >= MAX_ATTEMPTS
    return WorkReport(done=1, failed=(f"{note.topic.value}: {why}",), parked=int(parked))


async def work_until_idle(parts: Parts, each_round: Callable[[WorkReport], None] | None = None) -> WorkReport:
    """Do rounds until nothing is due."""
    total = WorkReport()
    while True:
        report = await work(parts)
        if each_round is not None:
            each_round(report)
        total += report
        if report.done == 0:
            return total


async def _put_back(parts: Parts, note: OutboxNote, error: str) -> None:
    async with parts.store.system() as tx:
        pause = FIRST_PAUSE_S * 2 ** max(note.attempt - 1, 0)
        await tx.notes.put_back(note, error[:500], tx.now + timedelta(seconds=pause))


def _owner(note: OutboxNote) -> UUID:
    if note.user_id is None:
        raise Invalid("outboxnote.user_id", "an owner, for this topic", None)
    return note.user_id


async def _spread(parts: Parts, note: OutboxNote) -> WorkReport:
    async with parts.store.tenant(_owner(note)) as tx:
        vertical = parts.vertical((await tx.users.get(tx.user_id)).vertical)
        done = await spread.spread(tx, note, vertical)
    return WorkReport(done=1, events=done.events, withdrawn=done.withdrawn)


async def _match(parts: Parts, note: OutboxNote) -> WorkReport:
    async with parts.store.tenant(_owner(note)) as tx:
        vertical = parts.vertical((await tx.users.get(tx.user_id)).vertical)
        found = await match.gather(tx, note, vertical)
    embedder = None if parts.embedder is None else RememberingEmbedder(parts.store, parts.embedder)
    rankings = await match.rank_events(found, vertical, embedder)
    async with parts.store.tenant(_owner(note)) as tx:
        done = await match.hand_on(tx, note, found, rankings, vertical)
    return WorkReport(done=1, withdrawn=done.overtaken)


async def _draft(parts: Parts, note: OutboxNote) -> WorkReport:
    async with parts.store.tenant(_owner(note)) as tx:
        vertical = parts.vertical((await tx.users.get(tx.user_id)).vertical)
        prepared = await draft.prepare(tx, note, vertical)
    if prepared.stale is not None:
        async with parts.store.tenant(_owner(note)) as tx:
            await draft.drop(tx, note, prepared)
        return WorkReport(done=1)
    words = await draft.write(parts.drafters, prepared.brief, vertical)
    async with parts.store.tenant(_owner(note)) as tx:
        briefing = await draft.file(tx, note, prepared, words, vertical)
    return WorkReport(done=1, briefings=0 if briefing is None else 1)


async def _converse(parts: Parts, note: OutboxNote) -> WorkReport:
    async with parts.store.tenant(_owner(note)) as tx:
        vertical = parts.vertical((await tx.users.get(tx.user_id)).vertical)
        briefing = await propose.propose(tx, note)
        await propose_what_is_said(tx, UUID(text_in(note.payload, "client_id")), vertical)
    return WorkReport(done=1, briefings=0 if briefing is None else 1)


_STEPS: Mapping[Topic, Callable[[Parts, OutboxNote], Awaitable[WorkReport]]] = {
    Topic.SPREAD: _spread,
    Topic.MATCH: _match,
    Topic.DRAFT: _draft,
    Topic.CONVERSE: _converse,
}


async def embed_book(parts: Parts, user_id: UUID) -> int:
    """Give every client with notes and no vector of the present model one; return how many were made.

    Raises what the embedder raises.
    """
    if parts.embedder is None:
        return 0
    model = parts.embedder.model_id
    async with parts.store.tenant(user_id) as tx:
        book = await tx.clients.book()
    stale = [c for c in book if c.notes.strip() and (c.notes_embedding is None or c.notes_embedding.model_id != model)]
    vectors = await parts.embedder.embed([client.notes for client in stale])
    async with parts.store.tenant(user_id) as tx:
        for client, vector in zip(stale, vectors, strict=True):
            await tx.clients.describe(client.id, client.notes, vector)
    return sum(vector is not None for vector in vectors)
