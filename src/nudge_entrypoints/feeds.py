"""Reading feeds from the command line: replay a recording, poll every professional's source, look, release."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from nudge_adapters.feeds.replay import replay_of_histories, replay_of_pages
from nudge_adapters.feeds.shape import RecordShape
from nudge_core.errors import Misconfigured, NudgeError, Unavailable
from nudge_core.model.feed import FeedCursor
from nudge_core.model.outbox import Topic
from nudge_core.ports import ListingFeed
from nudge_core.steps.ingest import IngestReport, release_held
from nudge_core.walk import Parts, WorkReport, poll, reconcile, run_once, work_until_idle
from nudge_core.walk.jobs import JOBS, feed_jobs
from nudge_core.walk.timetable import Job
from nudge_entrypoints.bootstrap import App, opened
from nudge_entrypoints.database import database
from nudge_entrypoints.settings import Settings

HELD_AT_ONCE = 1_000
HELD_LEASE_S = 60.0
UNREAD_SHOWN = 5


def replay(settings: Settings, recording: Path, source: str | None) -> dict[str, object]:
    """Replay a recording into the database; return new events by kind, and what was made of every record.

    Raises:
        Misconfigured: there is no such file or folder.
    """
    if not recording.exists():
        raise Misconfigured([f"feed replay: there is no {recording}"])
    source_id = source or f"replay:{recording.stem}"
    feed: ListingFeed = (
        replay_of_pages(recording, source_id, RecordShape())
        if recording.is_dir()
        else replay_of_histories(recording, source_id)
    )

    async def run(url: str) -> dict[str, object]:
        async with opened(settings, url) as app:
            report = await poll(app.parts, feed)
            async with app.parts.store.system() as tx:
                stored = await tx.global_events.counts(source_id)
        return {
            "source": source_id,
            "events": {kind.value: count for kind, count in sorted(report.events.items())},
            "stored": {kind.value: count for kind, count in sorted(stored.items())},
            "records": report.listings,
            "unread": report.unread,
            "outcomes": dict(sorted(report.outcomes.items())),
        }

    with database(settings) as url:
        return asyncio.run(run(url))


def poll_all(settings: Settings) -> tuple[dict[str, object], bool]:
    """Read each source once, then match and draft; return what happened, and whether every source answered.

    A source that fails stops only itself.
    """

    async def run(url: str) -> tuple[dict[str, object], bool]:
        async with opened(settings, url) as app, AsyncExitStack() as stack:
            feeds, unbuilt = await _feeds(app, stack)
            done = await run_once(app.parts, feeds, time.monotonic)
        failed = {**unbuilt, **done.failed}
        told = {
            "sources": {source: _told(report) for source, report in done.sources.items()},
            "failed": failed,
            "briefings": done.work.briefings,
            "notes_failed": list(done.work.failed),
        }
        return told, not failed

    with database(settings) as url:
        return asyncio.run(run(url))


async def _feeds(app: App, stack: AsyncExitStack) -> tuple[list[ListingFeed], dict[str, str]]:
    """Return one feed per source that anybody watches, and why others could not be built."""
    async with app.parts.store.system() as tx:
        users = await tx.users.all()
    feeds: list[ListingFeed] = []
    unbuilt: dict[str, str] = {}
    for source, user in {user.feed_source: user for user in users}.items():
        try:
            feed = app.feed(user)
        except Misconfigured as error:
            unbuilt[source] = str(error)
            continue
        stack.push_async_callback(feed.aclose)
        feeds.append(feed)
    return feeds, unbuilt


def reconcile_all(settings: Settings) -> tuple[dict[str, object], bool]:
    """Compare each source's list of keys with ours, and mark what it no longer has; return what happened."""

    async def run(url: str) -> tuple[dict[str, object], bool]:
        async with opened(settings, url) as app, AsyncExitStack() as stack:
            feeds, failed = await _feeds(app, stack)
            told: dict[str, object] = {}
            for feed in feeds:
                try:
                    report = await reconcile(app.parts, feed)
                except NudgeError as error:
                    failed[feed.source_id] = str(error)
                else:
                    told[feed.source_id] = dict(report.outcomes)
            await work_until_idle(app.parts)
        return {"sources": told, "failed": failed}, not failed

    with database(settings) as url:
        return asyncio.run(run(url))


class FeedReader:
    """Reads feeds for the timetable: every professional's source, each built anew, so that new settings count.

    Args:
        app: the parts, and a feed for each professional.
        say: told once when a source stops answering, and once when it answers again.
    """

    def __init__(self, app: App, say: Callable[[str, str], None]) -> None:
        self._app = app
        self._say = say
        self._failing: set[str] = set()

    def jobs(self) -> tuple[Job, ...]:
        """Return every job there is, those that read feeds among them."""
        return (*JOBS, *feed_jobs(self.poll, self.reconcile))

    async def poll(self) -> None:
        """Read every source once; notes are left to the drains. Raises Unavailable when no source answered."""
        async with AsyncExitStack() as stack:
            feeds, unbuilt = await _feeds(self._app, stack)
            done = await run_once(self._app.parts, feeds, time.monotonic, then=_nothing)
        self._judge({**unbuilt, **done.failed}, len(feeds) + len(unbuilt))

    async def reconcile(self) -> None:
        """Find what vanished without a sign, source by source. Raises Unavailable when no source answered."""
        async with AsyncExitStack() as stack:
            feeds, failed = await _feeds(self._app, stack)
            sources = len(feeds) + len(failed)
            for feed in feeds:
                try:
                    await reconcile(self._app.parts, feed)
                except NudgeError as error:
                    failed[feed.source_id] = str(error)
        self._judge(failed, sources)

    def _judge(self, failed: Mapping[str, str], sources: int) -> None:
        for source in sorted(failed.keys() - self._failing):
            self._say(f"feed {source.partition(':')[0]} cannot be read ({failed[source]})", "the others are")
        for source in sorted(self._failing - failed.keys()):
            self._say(f"feed {source.partition(':')[0]} can be read again", "")
        self._failing = set(failed)
        if failed and len(failed) == sources:
            raise Unavailable("feeds", "no source could be read")


async def _nothing(_parts: Parts) -> WorkReport:
    return WorkReport()


def _told(report: IngestReport) -> dict[str, object]:
    events = {kind.value: count for kind, count in sorted(report.events.items())}
    return {"records": report.listings, "unread": report.unread, "events": events, "held": report.held}


def status(settings: Settings) -> dict[str, object]:
    """Return, per source, how far it was read, its counters, its events and the newest unread records."""

    async def run(url: str) -> dict[str, object]:
        async with opened(settings, url) as app, app.parts.store.system() as tx:
            sources = {user.feed_source for user in await tx.users.all()}
            told: dict[str, object] = {}
            for source in sorted(sources):
                unread = await tx.feeds.unread(source, UNREAD_SHOWN)
                told[source] = {
                    **_position(await tx.feeds.cursor(source)),
                    "events": {kind.value: count for kind, count in (await tx.global_events.counts(source)).items()},
                    "counters": dict(sorted((await tx.feeds.counters(source)).items())),
                    "unread": [{"listing_key": one.record.listing_key, "rule": one.record.rule} for one in unread],
                }
            return {"sources": told, "notes": dict(await tx.notes.waiting())}

    with database(settings) as url:
        return asyncio.run(run(url))


def _position(cursor: FeedCursor) -> dict[str, object]:
    return {
        "baseline_done": cursor.baseline_done,
        "read_until": cursor.read_until.isoformat() if cursor.read_until else None,
        "read_at": cursor.updated_at.isoformat() if cursor.updated_at else None,
    }


def release(settings: Settings, source: str) -> int:
    """Let the held notes of a source go on; return how many."""

    async def run(url: str) -> int:
        async with opened(settings, url) as app, app.parts.store.system() as tx:
            held = await tx.notes.claim([Topic.HELD], HELD_AT_ONCE, HELD_LEASE_S)
            mine = [note for note in held if note.payload.get("source_id") == source]
            for note in held:
                if note not in mine:
                    await tx.notes.put_back(note, "held", tx.now)
            return await release_held(tx, mine)

    with database(settings) as url:
        return asyncio.run(run(url))
