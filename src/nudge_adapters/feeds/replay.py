"""Feeds that replay what was recorded: pages as a server sent them, or the histories of homes.

A recording starts at nothing: the first read answers an empty page that ends the baseline, and everything after it may
be an event. Its pages say `recorded`, so each listing is judged at its own instant. It has no present: what was asked
for again is not there, and nothing is ever missing from its list of keys.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from attrs import evolve, frozen

from nudge_adapters.feeds.histories import Histories, read_histories
from nudge_adapters.feeds.records import ParsedPage, RecordShape, reso_page, spark_page
from nudge_core.errors import Invalid, NudgeError, Refused, shape_of
from nudge_core.model.feed import FeedCursor, FeedPage, RawListing, UnreadRecord
from nudge_core.model.json import JsonObject

PAGE_SIZE = 200
"""Listings on a page of a replayed history; as much as the smaller vendors send."""


@frozen
class RecordedPage:
    """What one page of a recording holds."""

    listings: tuple[RawListing, ...]
    unread: tuple[UnreadRecord, ...] = ()
    warnings: tuple[str, ...] = ()


@frozen
class Recording:
    """A whole recording. `fingerprint` tells it from another one, so that a cursor into that is not used for this."""

    pages: tuple[RecordedPage, ...]
    fingerprint: str


class ReplayFeed:
    """A `ListingFeed` over a recording that is loaded at the first read.

    Args:
        source_id: the name of the source.
        load: reads the recording; runs in a thread. Raises Refused when it is not there.
        what: what is replayed, in a few words, for `ping`.
    """

    def __init__(self, source_id: str, load: Callable[[], Recording], what: str) -> None:
        self._source_id = source_id
        self._load = load
        self._what = what
        self._recording: Recording | None = None

    @property
    def source_id(self) -> str:
        """Name of the source."""
        return self._source_id

    async def read(self, cursor: FeedCursor, now: datetime) -> FeedPage:
        """Return the page after `cursor`; from the start again when the cursor is of another recording."""
        if cursor.source_id != self._source_id:
            raise Invalid("cursor.source_id", f"the cursor of {self._source_id}", cursor.source_id)
        recording = await self._loaded()
        place = _place(cursor, recording)
        if not cursor.baseline_done:
            start = self._cursor(cursor, recording, place, now)
            return FeedPage(
                source_id=self._source_id,
                listings=(),
                unread=(),
                cursor=start,
                more=place < len(recording.pages),
                recorded=True,
            )
        page = recording.pages[place] if place < len(recording.pages) else RecordedPage(())
        after = min(place + 1, len(recording.pages))
        return FeedPage(
            source_id=self._source_id,
            listings=page.listings,
            unread=page.unread,
            cursor=self._cursor(cursor, recording, after, now),
            more=after < len(recording.pages),
            warnings=page.warnings,
            recorded=True,
        )

    async def reread(self, keys: Sequence[str], now: datetime) -> FeedPage:  # noqa: ARG002 - a recording has no now
        """Return nothing: a recording cannot be asked again. The keys are neither there nor gone."""
        await self._loaded()
        return FeedPage(
            source_id=self._source_id,
            listings=(),
            unread=(),
            cursor=FeedCursor(source_id=self._source_id, baseline_done=True),
            more=False,
            warnings=("recording_cannot_be_read_again",) if keys else (),
            recorded=True,
        )

    async def keys(self) -> frozenset[str]:
        """Return every key of the whole recording, so that no reconcile takes one of them for removed."""
        recording = await self._loaded()
        return frozenset(listing.snapshot.listing_key for page in recording.pages for listing in page.listings)

    async def ping(self) -> str:
        """Return how much there is to replay, or raise Refused."""
        recording = await self._loaded()
        listings = sum(len(page.listings) for page in recording.pages)
        return f"{self._what}: {listings} snapshots on {len(recording.pages)} pages"

    async def aclose(self) -> None:
        """Forget the recording."""
        self._recording = None

    async def _loaded(self) -> Recording:
        if self._recording is None:
            self._recording = await asyncio.to_thread(self._load)
        return self._recording

    def _cursor(self, before: FeedCursor, recording: Recording, place: int, now: datetime) -> FeedCursor:
        state: JsonObject = {"recording": recording.fingerprint, "page": place}
        return evolve(before, source_id=self._source_id, state=state, baseline_done=True, updated_at=now)


def replay_of_histories(path: Path, source_id: str, page_size: int = PAGE_SIZE) -> ReplayFeed:
    """Replay a JSONL file of histories (`nudge_adapters.feeds.histories`), all homes in the order of time."""

    def load() -> Recording:
        body = _file(path, source_id)
        text = body.decode("utf-8", errors="replace")
        pages = _pages_of(read_histories(text.split("\n"), source_id), page_size)
        return Recording(pages, _fingerprint([body], page_size))

    return ReplayFeed(source_id, load, f"replay of {path.name}")


def replay_of_pages(
    paths: Path | Sequence[Path], source_id: str, shape: RecordShape, *, spark: bool = False
) -> ReplayFeed:
    """Replay recorded pages, one JSON file each.

    Args:
        paths: the files in their order, or a folder whose `*.json` are taken in the order of their names.
        shape: how the vendor's records look.
        spark: the pages are Spark v1 envelopes; otherwise OData answers, bare or in a wrapper
            `{"status", "headers", "body"}`.
    """

    def load() -> Recording:
        files = sorted(paths.glob("*.json")) if isinstance(paths, Path) else list(paths)
        if not files:
            raise Refused(f"replay:{source_id}", "not_found", "no recorded page")
        bodies = [_file(path, source_id) for path in files]
        pages = tuple(_recorded_page(body, source_id, shape, spark) for body in bodies)
        return Recording(pages, _fingerprint(bodies, 0))

    return ReplayFeed(source_id, load, "replay of recorded pages")


def _recorded_page(body: bytes, source_id: str, shape: RecordShape, spark: bool) -> RecordedPage:
    """Read one page. A recorded failure is kept as unread, with what it was: the pages after it are still replayed."""
    try:
        page = _parsed(body, source_id, shape, spark)
    except NudgeError as error:
        rule = f"page: {error}"[:500]
        kept = UnreadRecord(source_id=source_id, listing_key=None, rule=rule, raw=f"({shape_of(body)})")
        return RecordedPage((), (kept,), ("unread_page",))
    return RecordedPage(page.listings, page.unread, page.warnings)


def _parsed(body: bytes, source_id: str, shape: RecordShape, spark: bool) -> ParsedPage:
    read = spark_page if spark else reso_page
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Invalid("page", "JSON", body) from error
    if isinstance(answer, dict) and isinstance(answer.get("body"), Mapping):
        status, headers = answer.get("status", 200), answer.get("headers") or {}
        if not isinstance(status, int) or not isinstance(headers, Mapping):
            raise Invalid("page", "a wrapper with a status number and headers", answer)
        return read(answer["body"], shape, source_id, status=status, headers=headers)
    if not isinstance(answer, dict):
        raise Invalid("page", "an object", answer)
    return read(answer, shape, source_id)


def _pages_of(histories: Histories, page_size: int) -> tuple[RecordedPage, ...]:
    """Cut moments into pages. A home stands on a page once, as on a server's: it has one state at a time."""
    pages: list[RecordedPage] = [RecordedPage((), histories.unread)] if histories.unread else []
    listings: list[RawListing] = []
    warnings: list[str] = []
    on_page: set[str] = set()

    def cut() -> None:
        if listings or warnings:
            pages.append(RecordedPage(tuple(listings), (), tuple(warnings)))
        listings.clear()
        warnings.clear()
        on_page.clear()

    for moment in histories.moments:
        if moment.code is not None:
            warnings.append(moment.code)
        if moment.listing is None:
            continue
        home = moment.listing.snapshot.address_key or moment.home  # by address: that is how a relist is found
        if len(listings) >= page_size or not on_page.isdisjoint({home, moment.home}):
            cut()
        listings.append(moment.listing)
        on_page |= {home, moment.home}
    cut()
    return tuple(pages)


def _place(cursor: FeedCursor, recording: Recording) -> int:
    page = cursor.state.get("page")
    if cursor.state.get("recording") != recording.fingerprint or not isinstance(page, int):
        return 0
    return min(max(page, 0), len(recording.pages))


def _fingerprint(bodies: Iterable[bytes], page_size: int) -> str:
    digest = hashlib.sha256(str(page_size).encode())
    for body in bodies:
        digest.update(hashlib.sha256(body).digest())
    return digest.hexdigest()[:32]


def _file(path: Path, source_id: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"replay:{source_id}", "not_found", f"cannot read {path.name}") from error
