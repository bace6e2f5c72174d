"""Step 2a: a page of a feed becomes stored events, once for everybody, and the cursor moves on with them.

Everything a page changes is written in one transaction, the cursor included: a crash repeats the page and loses
nothing, and a page that comes twice changes nothing. The cost in statements does not depend on the page's size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from nudge_core.model.event import GlobalMlsEvent, ListingEvent, stable_id
from nudge_core.model.feed import FeedCursor, FeedPage
from nudge_core.model.json import JsonObject
from nudge_core.model.listing import AcceptedListing, ListingSnapshot
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.ports import SystemTransaction
from nudge_core.verticals.real_estate.changes import (
    ChangeSettings,
    Detection,
    Gone,
    ListingChange,
    PollCount,
    detect,
    is_material,
    too_many,
    usual_events,
)

FEED_EVENTS = "events"  # counter: events of a source since its baseline
FEED_SECONDS = "feed_seconds"  # counter: seconds of feed time they came from


@frozen(kw_only=True)
class IngestSettings:
    """How one source is read.

    `changes`: its thresholds. `guard`: a page that says far more than usual is held for a person.
    """

    changes: ChangeSettings = field(factory=ChangeSettings)
    guard: bool = True


@frozen(kw_only=True)
class IngestReport:
    """What one page was.

    `events`: new ones, by kind. `outcomes`: every record by what detection said of it. `held`: the page said so much
    that its events wait for a person (`Topic.HELD`).
    """

    listings: int
    unread: int
    events: Mapping[ListingEvent, int]
    outcomes: Mapping[str, int]
    notes: int
    held: bool
    more: bool

    @classmethod
    def nothing(cls) -> IngestReport:
        """Return the report of no page at all."""
        return cls(listings=0, unread=0, events={}, outcomes={}, notes=0, held=False, more=False)

    def __add__(self, other: IngestReport) -> IngestReport:
        return IngestReport(
            listings=self.listings + other.listings,
            unread=self.unread + other.unread,
            events=Counter(self.events) + Counter(other.events),
            outcomes=Counter(self.outcomes) + Counter(other.outcomes),
            notes=self.notes + other.notes,
            held=self.held or other.held,
            more=other.more,
        )


async def ingest(
    tx: SystemTransaction, page: FeedPage, settings: IngestSettings, *, reread: bool = False
) -> IngestReport:
    """Store a page: accepted snapshots, new events, unread records, counters, notes "spread this", the cursor.

    The first full load of a source is a baseline: stored without events. A recording begins at nothing and is what it
    is: it has no baseline and nothing of it is held.

    Args:
        page: as the feed gave it, for the cursor that is stored now.
        settings: the source's.
        reread: the page was asked for by keys; its cursor is not stored.

    Raises:
        Conflict: another process has advanced the source since; nothing of this page is stored.
    """
    before = await tx.feeds.cursor(page.source_id)
    baseline = not (page.recorded or before.baseline_done)
    detections = await _detect_all(tx, page, settings, baseline=baseline, reread=reread)
    written = {key: found.accepted for key, (before_it, found) in detections.items() if found.accepted is not before_it}
    await tx.listings.store([listing for listing in written.values() if listing is not None])

    raw = {listing.snapshot.listing_key: listing.raw for listing in page.listings}
    changes = [found.change for _, found in detections.values() if found.change is not None]
    events = [_global_event(change, raw.get(change.listing_key, {}), tx.now) for change in changes]
    new_ids = await tx.global_events.add(events)
    new = [event for event in events if event.id in new_ids]

    outcomes = Counter(found.outcome.value for _, found in detections.values())
    read_until = _read_until(before, page, tx.now)
    held = (
        settings.guard and not page.recorded and await _says_too_much(tx, page.source_id, len(new), before, read_until)
    )
    touched = [key for key, (before_it, found) in detections.items() if _matters(before_it, found)]
    notes = await _hand_on(tx, page.source_id, touched, new, held=held)
    await tx.feeds.keep_unread(page.unread)
    await _count(tx, page, outcomes, len(new), before, read_until, baseline=baseline)
    if not reread:
        await tx.feeds.advance(evolve(page.cursor, version=before.version, read_until=read_until, updated_at=tx.now))
    return IngestReport(
        listings=len(page.listings),
        unread=len(page.unread),
        events=Counter(event.kind for event in new),
        outcomes=outcomes,
        notes=notes,
        held=held,
        more=page.more,
    )


async def release_held(tx: SystemTransaction, notes: Sequence[OutboxNote]) -> int:
    """Let claimed `HELD` notes go on as `SPREAD`: a person has looked. Returns how many."""
    await tx.notes.add(
        [
            evolve(
                note,
                id=stable_id("released", str(note.id)),
                topic=Topic.SPREAD,
                attempt=0,
                dedupe_key=f"released:{note.dedupe_key}",
                created_at=tx.now,
            )
            for note in notes
        ]
    )
    for note in notes:
        await tx.notes.finish(note)
    return len(notes)


async def _detect_all(
    tx: SystemTransaction, page: FeedPage, settings: IngestSettings, *, baseline: bool, reread: bool
) -> dict[str, tuple[AcceptedListing | None, Detection]]:
    """Compare every record of the page with what was accepted last; per key, what was stored and what is found."""
    snapshots = {listing.snapshot.listing_key: listing.snapshot for listing in page.listings}
    known = await tx.listings.accepted(page.source_id, [*snapshots, *page.gone_keys])
    relists = {} if baseline else await _relists(tx, page, known, settings)
    found: dict[str, tuple[AcceptedListing | None, Detection]] = {}
    for key, snapshot in snapshots.items():
        before = known.get(key)
        found[key] = (
            before,
            detect(
                before,
                snapshot,
                now=_seen_at(page, snapshot, tx.now),
                baseline=baseline,
                settings=settings.changes,
                reread=reread,
                relist_of=relists.get(snapshot.address_key or ""),
            ),
        )
    for key in page.gone_keys:
        if key not in found:
            gone = Gone(source_id=page.source_id, listing_key=key)
            found[key] = known.get(key), detect(known.get(key), gone, now=tx.now, settings=settings.changes)
    return found


def _seen_at(page: FeedPage, snapshot: ListingSnapshot, now: datetime) -> datetime:
    """A recording is judged as it was when it was made, not by the present clock."""
    return snapshot.modified_at if page.recorded and snapshot.modified_at is not None else now


async def _relists(
    tx: SystemTransaction, page: FeedPage, known: Mapping[str, AcceptedListing], settings: IngestSettings
) -> Mapping[str, AcceptedListing]:
    unseen = [listing.snapshot for listing in page.listings if listing.snapshot.listing_key not in known]
    addresses = sorted({snapshot.address_key for snapshot in unseen if snapshot.address_key})
    if not addresses:
        return {}
    earliest = min(_seen_at(page, snapshot, tx.now) for snapshot in unseen)
    since = earliest - timedelta(days=settings.changes.relist_days)
    return await tx.listings.off_market_at(page.source_id, addresses, since)


def _global_event(change: ListingChange, raw: JsonObject, now: datetime) -> GlobalMlsEvent:
    return GlobalMlsEvent(
        id=change.event_id,
        source_id=change.source_id,
        listing_key=change.listing_key,
        kind=change.kind,
        event_timestamp=change.happened_at,
        created_at=now,
        change=change.facts(),
        raw_payload=raw,
    )


def _matters(before: AcceptedListing | None, found: Detection) -> bool:
    """Whether professionals' rows must follow: a public fact changed, or the listing came or went."""
    if found.accepted is None or found.accepted is before:
        return False
    was_gone = before is not None and before.gone
    return was_gone != found.accepted.gone or is_material(_shown(before), found.accepted.snapshot)


def _shown(listing: AcceptedListing | None) -> ListingSnapshot | None:
    return None if listing is None else listing.snapshot


def _read_until(before: FeedCursor, page: FeedPage, now: datetime) -> datetime | None:
    spoken = [listing.snapshot.modified_at for listing in page.listings if listing.snapshot.modified_at is not None]
    return max([*filter(lambda at: at <= now, spoken), *filter(None, [before.read_until])], default=None)


def _seconds(before: FeedCursor, read_until: datetime | None) -> float:
    if before.read_until is None or read_until is None:
        return 0.0
    return (read_until - before.read_until).total_seconds()


async def _says_too_much(
    tx: SystemTransaction, source_id: str, events: int, before: FeedCursor, read_until: datetime | None
) -> bool:
    """Compare by the feed's own time: the first page after an outage of a day may hold a day's events."""
    counters = await tx.feeds.counters(source_id)
    recent = [PollCount(counters.get(FEED_EVENTS, 0), counters.get(FEED_SECONDS, 0))]
    return too_many(events, usual_events(recent, _seconds(before, read_until)))


async def _hand_on(
    tx: SystemTransaction, source_id: str, touched: Sequence[str], new: Sequence[GlobalMlsEvent], *, held: bool
) -> int:
    """Note "spread this" for each professional who watches the source; return how many notes are new."""
    if not touched and not new:
        return 0
    keys = sorted({*touched, *(event.listing_key for event in new)})
    watching = [user for user in await tx.users.all() if user.feed_source == source_id]
    page_id = stable_id("page", source_id, tx.now.isoformat(), *keys, *(str(event.id) for event in new))
    return await tx.notes.add(
        [
            OutboxNote(
                id=stable_id("spread", str(page_id), str(user.id)),
                topic=Topic.HELD if held else Topic.SPREAD,
                user_id=user.id,
                dedupe_key=f"spread:{page_id}:{user.id}",
                created_at=tx.now,
                payload={
                    "source_id": source_id,
                    "listing_keys": tuple(keys),
                    "event_ids": tuple(str(event.id) for event in new),
                },
            )
            for user in watching
        ]
    )


async def _count(
    tx: SystemTransaction,
    page: FeedPage,
    outcomes: Mapping[str, int],
    events: int,
    before: FeedCursor,
    read_until: datetime | None,
    *,
    baseline: bool,
) -> None:
    counts = Counter({f"outcome.{outcome}": number for outcome, number in outcomes.items()})
    counts.update(f"warning.{warning}" for warning in page.warnings)
    counts["unread"] += len(page.unread)
    if not baseline:
        counts[FEED_EVENTS] += events
        counts[FEED_SECONDS] += int(_seconds(before, read_until))
    await tx.feeds.count(page.source_id, {reason: number for reason, number in counts.items() if number})
