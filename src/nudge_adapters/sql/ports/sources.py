"""How far each source has been read, and what of it could not be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.bulk import insert_arrays
from nudge_adapters.sql.rows.values import to_object
from nudge_adapters.sql.rows.work import cursor_from_row, fingerprint, unread_from_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict
from nudge_core.model.feed import FeedCursor, StoredUnread, UnreadRecord

_cursor, _counter, _unread = tables.feedcursor, tables.feedcounter, tables.unreadrecord

_KEEP = insert_arrays(
    _unread,
    ("id", "source_id", "listing_key", "rule", "raw", "fingerprint", "first_seen_at", "times_seen"),
    "ON CONFLICT ON CONSTRAINT uq_unreadrecord_fingerprint "
    "DO UPDATE SET times_seen = stored.times_seen + excluded.times_seen",
)
_COUNT = insert_arrays(
    _counter,
    ("source_id", "reason", "total"),
    "ON CONFLICT ON CONSTRAINT pk_feedcounter DO UPDATE SET total = stored.total + excluded.total",
)


class SqlFeeds:
    """Cursors, unread records and counters."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @reading
    async def cursor(self, source_id: str) -> FeedCursor:
        """Return the stored cursor, or a fresh one (version 0)."""
        row = await self._work.row(select(_cursor).where(_cursor.c.source_id == source_id))
        return FeedCursor(source_id=source_id) if row is None else cursor_from_row(row)

    @writing
    async def advance(self, cursor: FeedCursor) -> None:
        """Store `cursor` over the version it was read at, or raise Conflict."""
        values = {
            "state": to_object(cursor.state),
            "baseline_done": cursor.baseline_done,
            "read_until": cursor.read_until,
            "version": cursor.version + 1,
            "updated_at": self._work.now,
        }
        if cursor.version == 0:
            first = upsert(_cursor).values(source_id=cursor.source_id, **values).on_conflict_do_nothing()
            stored = await self._work.changed(first)
        else:
            read = (_cursor.c.source_id == cursor.source_id, _cursor.c.version == cursor.version)
            stored = await self._work.changed(update(_cursor).where(*read).values(values))
        if stored == 0:
            raise Conflict("feed cursor", "another process has advanced this source")

    @writing
    async def keep_unread(self, records: Sequence[UnreadRecord]) -> None:
        """Store records that could not be read; the same one again raises its count."""
        times = Counter(records)
        if not times:
            return
        await self._work.insert(
            _KEEP,
            (
                [self._work.ids.new() for _ in times],
                [record.source_id for record in times],
                [record.listing_key for record in times],
                [record.rule for record in times],
                [record.raw for record in times],
                [fingerprint(record) for record in times],
                [self._work.now for _ in times],
                list(times.values()),
            ),
        )

    @reading
    async def unread(self, source_id: str, limit: int) -> Sequence[StoredUnread]:
        """Return kept records, newest first; of two of the same instant the one kept later."""
        query = select(_unread).where(_unread.c.source_id == source_id)
        newest = query.order_by(_unread.c.first_seen_at.desc(), _unread.c.seq.desc()).limit(limit)
        return [unread_from_row(row) for row in await self._work.rows(newest)]

    @writing
    async def count(self, source_id: str, reasons: Mapping[str, int]) -> None:
        """Add to the source's counters, such as `unknown_status: 3`."""
        if reasons:
            more = sorted(reasons.items())  # one order for all, so that two transactions cannot wait for each other
            columns = ([source_id] * len(more), [reason for reason, _ in more], [total for _, total in more])
            await self._work.insert(_COUNT, columns)

    @reading
    async def counters(self, source_id: str) -> Mapping[str, int]:
        """Return the source's counters."""
        query = select(_counter.c.reason, _counter.c.total).where(_counter.c.source_id == source_id)
        return await self._work.pairs(query)
