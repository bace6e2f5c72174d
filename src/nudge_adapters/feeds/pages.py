"""Pages as the port wants them, and how large the next one may be: what RESO and Spark have in common."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, evolve

from nudge_adapters.feeds.http import HEAVY, Answer, TooHeavy
from nudge_adapters.feeds.profiles import Paging
from nudge_adapters.feeds.records import ParsedPage
from nudge_adapters.feeds.replication import Outcome, Position, known, restarted
from nudge_core.errors import Unavailable
from nudge_core.model.feed import FeedCursor, FeedPage

LEAST_PAGE = 10  # rows; below it the fault is not in the size
MOST_HALVINGS = 8
KEYS_PER_REQUEST = 20  # keys in one filter: such an address passes every proxy
NO_ROWS = ParsedPage(listings=(), unread=(), positions=())


@define
class PageSize:
    """How many rows to ask for: half after each answer that was too heavy, twice after each good one, up to `full`."""

    full: int
    halvings: int = 0

    @property
    def rows(self) -> int:
        """Rows of the next page."""
        return min(self.full, max(LEAST_PAGE, self.full >> self.halvings))

    def served(self) -> None:
        """The last answer came whole."""
        self.halvings = max(0, self.halvings - 1)

    def failed(self, error: Exception, answer: Answer | None) -> None:
        """The last answer did not come, or was an error: ask for less when its size may be why."""
        cut = answer is not None and answer.status == 200 and isinstance(error, Unavailable)  # no whole JSON
        if isinstance(error, TooHeavy) or cut or (answer is not None and answer.status in HEAVY):
            self.halvings = min(MOST_HALVINGS, self.halvings + 1)


def page_read(cursor: FeedCursor, position: Position, page: ParsedPage, outcome: Outcome, paging: Paging) -> FeedPage:
    """Return the page after `cursor`, without the rows that were received before in the same group of one timestamp.

    The first load has ended as soon as a pass has.
    """
    return FeedPage(
        source_id=cursor.source_id,
        listings=tuple(
            one for one in page.listings if not known(position, one.snapshot.listing_key, one.snapshot.watermark)
        ),
        unread=page.unread,
        cursor=evolve(
            cursor,
            state=outcome.position.state(paging),
            baseline_done=cursor.baseline_done or outcome.finished,
        ),
        more=outcome.more,
        warnings=(*page.warnings, *outcome.warnings),
    )


def page_lost(cursor: FeedCursor, position: Position, paging: Paging) -> FeedPage:
    """Return an empty page that begins the pass again: the server does not know the stored link any more."""
    outcome = Outcome(position=restarted(position), more=False, warnings=("expired_link",))
    return page_read(cursor, position, NO_ROWS, outcome, paging)


def page_reread(source_id: str, wanted: Sequence[str], pages: Sequence[ParsedPage], gone: Sequence[str]) -> FeedPage:
    """Return the listings that were asked for by key, in that order, and nothing the server added of its own."""
    listings = {one.snapshot.listing_key: one for page in pages for one in page.listings}
    return FeedPage(
        source_id=source_id,
        listings=tuple(listings[key] for key in wanted if key in listings),
        unread=tuple(one for page in pages for one in page.unread),
        cursor=FeedCursor(source_id=source_id),
        more=False,
        gone_keys=tuple(gone),
        warnings=tuple(code for page in pages for code in page.warnings),
    )


def batches(keys: Sequence[str]) -> list[Sequence[str]]:
    """Return the keys in groups that fit into one filter."""
    return [keys[start : start + KEYS_PER_REQUEST] for start in range(0, len(keys), KEYS_PER_REQUEST)]
