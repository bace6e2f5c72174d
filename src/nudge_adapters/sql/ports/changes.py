"""What happened, for whoever follows it live.

Transactions commit in another order than they began, so "everything after the last number I saw" would skip those that
commit late. A row is read only when no transaction up to its own is open any more: `xact` below the `xmin` of the
snapshot that reads. See `docs/explanation/adr/0021-late-commits.md`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, text

from nudge_adapters.sql import tables
from nudge_adapters.sql.across import Across
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.change import RESUMED_WITHIN, Change, ChangeKind, Happened, News, Place

_change = tables.change

_OPEN = "pg_snapshot_xmin(pg_current_snapshot())"

# One statement, so that there is one snapshot: the rows and up to where they are whole belong together.
_AFTER = text(
    f"""
    SELECT horizon.xmin::text::bigint AS xmin, found.* FROM (SELECT {_OPEN} AS xmin) AS horizon
    LEFT JOIN LATERAL (
        SELECT change.kind, change.subject_id, change.client_id, change.state, change.at,
            change.xact::text::bigint AS transaction, change.id
        FROM change
        WHERE change.user_id = :user_id AND change.xact < horizon.xmin AND :wanted
        AND (change.xact, change.id) > (CAST(CAST(:transaction AS text) AS xid8), CAST(:id AS bigint))
        ORDER BY change.xact, change.id LIMIT :limit
    ) AS found ON true ORDER BY found.transaction, found.id
    """  # noqa: S608 - our own words
)

_OWNERS = Across(
    name="changed_owners",
    takes={"since": "bigint", "until": "bigint"},
    gives="SETOF uuid",
    statement="""
    SELECT DISTINCT user_id FROM change WHERE xact >= (:since)::text::xid8 AND xact < (:until)::text::xid8
    """,
)
ACROSS = (_OWNERS,)

_SINCE = text(
    f"""
    SELECT horizon.xmin, owner FROM (SELECT {_OPEN}::text::bigint AS xmin) AS horizon
    LEFT JOIN LATERAL claims.changed_owners(coalesce(CAST(:until AS bigint), horizon.xmin), horizon.xmin) AS owner
    ON true
    """  # noqa: S608 - our own words
)


class SqlChanges:
    """What happened to what is one professional's."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _change.c.user_id == work.owner

    @reading
    async def after(self, place: Place | None, limit: int) -> Happened:
        """Return at most `limit` changes after a place, the earliest first."""
        too_old = place is not None and place.at < self._work.now - RESUMED_WITHIN
        asked = Place(transaction=0, id=0, at=self._work.now) if place is None else place
        values = {
            "user_id": self._work.owner,
            "transaction": asked.transaction,
            "id": asked.id,
            "limit": limit,
            "wanted": place is not None and not too_old,
        }
        rows = await self._work.rows(_AFTER, values)
        horizon = rows[0]["xmin"]
        end = Place.end_of(horizon - 1, self._work.now)
        if place is None:
            return Happened(changes=(), place=end)
        if too_old or place.transaction >= horizon:
            return Happened(changes=(), place=end, lost=True)
        changes = tuple(
            Change(
                kind=ChangeKind(row["kind"]),
                subject_id=row["subject_id"],
                client_id=row["client_id"],
                state=row["state"],
                at=row["at"],
                place=Place(transaction=row["transaction"], id=row["id"], at=row["at"]),
            )
            for row in rows
            if row["id"] is not None
        )
        return Happened(changes=changes, place=changes[-1].place if len(changes) == limit else end)

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove the changes that happened earlier; return how many."""
        return await self._work.changed(delete(_change).where(self._mine, _change.c.at < instant))


class SqlChangeNews:
    """Who has something new to read."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @reading
    async def since(self, until: int | None) -> News:
        """Return whose changes became readable since an earlier answer's `until`."""
        self._work.for_nobody("change_news")
        rows = await self._work.rows(_SINCE, {"until": until})
        owners = frozenset(row["owner"] for row in rows if row["owner"] is not None)
        return News(until=rows[0]["xmin"], owners=owners)
