"""What happened, for whoever follows it live. Transactions take turns here, so every earlier one has ended."""

from __future__ import annotations

from datetime import datetime

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.model.change import RESUMED_WITHIN, Happened, News, Place


class MemoryChanges:
    """What happened to what is one professional's."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._now = world.moment.transaction
        self._changes = world.book(work.user_id).changes

    @reading
    async def after(self, place: Place | None, limit: int) -> Happened:
        """Return at most `limit` changes after a place, the earliest first."""
        end = Place.end_of(self._now - 1, self._work.now)
        if place is None:
            return Happened(changes=(), place=end)
        if place.transaction >= self._now or place.at < self._work.now - RESUMED_WITHIN:
            return Happened(changes=(), place=end, lost=True)
        later = [
            row
            for row in self._changes.rows()
            if (place.transaction, place.id) < (row.place.transaction, row.place.id)
            and row.place.transaction < self._now
        ]
        changes = tuple(sorted(later, key=lambda row: row.place.id)[:limit])
        return Happened(changes=changes, place=changes[-1].place if len(changes) == limit else end)

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove the changes that happened earlier; return how many."""
        old = [number for number, row in self._changes.items() if row.at < instant]
        for number in old:
            self._changes.drop(number)
        return len(old)


class MemoryChangeNews:
    """Who has something new to read."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._world = world

    @reading
    async def since(self, until: int | None) -> News:
        """Return whose changes became readable since an earlier answer's `until`."""
        now = self._world.moment.transaction
        if until is None:
            return News(until=now)
        owners = frozenset(
            user_id
            for user_id, book in self._world.books()
            if any(until <= row.place.transaction < now for row in reversed(book.changes.rows()))
        )
        return News(until=now, owners=owners)
