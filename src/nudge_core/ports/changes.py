"""Storage of what happened, for whoever follows it live.

There is no method to write a change: storing a text, a briefing or an import writes it, in the same transaction and
whoever does so (`nudge_core.model.change`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from nudge_core.model.change import Happened, News, Place


class Changes(Protocol):
    """What happened to what is one professional's, in an order in which nothing appears before what was read."""

    async def after(self, place: Place | None, limit: int) -> Happened:
        """Return at most `limit` changes after a place, the earliest first; None: none, and the place of now.

        A change is told when no transaction is open that could still write one before it, so that going on from the
        place of the answer skips nothing and repeats nothing, however late a transaction commits. `lost`, with no
        change and the place of now: for a place older than `RESUMED_WITHIN`, or one that this store has not given.
        """
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Remove the changes that happened earlier; return how many."""
        ...


class ChangeNews(Protocol):
    """Who has something new to read, over all professionals: ids alone. Global, read only."""

    async def since(self, until: int | None) -> News:
        """Return whose changes became readable since an earlier answer's `until`; None: nobody's, and where we are."""
        ...
