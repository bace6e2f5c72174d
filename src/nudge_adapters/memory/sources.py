"""How far each source has been read, and what of it could not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict
from nudge_core.model.feed import FeedCursor, StoredUnread, UnreadRecord


class MemoryFeeds:
    """Cursors, unread records and counters."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._cursors = world.cursors
        self._unread = world.unread
        self._counters = world.counters

    @reading
    async def cursor(self, source_id: str) -> FeedCursor:
        """Return the stored cursor, or a fresh one (version 0)."""
        return self._cursors.get(source_id) or FeedCursor(source_id=source_id)

    @writing
    async def advance(self, cursor: FeedCursor) -> None:
        """Store `cursor` over the version it was read at, or raise Conflict."""
        stored = self._cursors.get(cursor.source_id)
        if cursor.version != (0 if stored is None else stored.version):
            raise Conflict("feed cursor", "another process has advanced this source")
        self._cursors.put(cursor.source_id, evolve(cursor, version=cursor.version + 1, updated_at=self._work.now))

    @writing
    async def keep_unread(self, records: Sequence[UnreadRecord]) -> None:
        """Store records that could not be read; the same one again raises its count."""
        for record in records:
            kept = self._unread.get(record)
            if kept is None:
                kept = StoredUnread(id=self._work.ids.new(), record=record, first_seen_at=self._work.now, times_seen=0)
            self._unread.put(record, evolve(kept, times_seen=kept.times_seen + 1))

    @reading
    async def unread(self, source_id: str, limit: int) -> Sequence[StoredUnread]:
        """Return kept records, newest first; of two of the same instant the one kept later."""
        kept = [row for row in self._unread.rows() if row.record.source_id == source_id][::-1]
        return sorted(kept, key=lambda row: row.first_seen_at, reverse=True)[:limit]

    @writing
    async def count(self, source_id: str, reasons: Mapping[str, int]) -> None:
        """Add to the source's counters, such as `unknown_status: 3`."""
        for reason, more in reasons.items():
            self._counters.put((source_id, reason), (self._counters.get((source_id, reason)) or 0) + more)

    @reading
    async def counters(self, source_id: str) -> Mapping[str, int]:
        """Return the source's counters."""
        return {reason: total for (source, reason), total in self._counters.items() if source == source_id}
