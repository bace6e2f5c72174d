"""Exposures in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import asdict
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from nudge_adapters.sql import tables
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.exposure import PERIOD_DAYS, ArmCounts, Exposure
from nudge_core.model.interaction import InteractionKind

_exposure = tables.exposure


def _happened(source: str, condition: str, instant: str) -> str:
    return (
        f"count(*) FILTER (WHERE EXISTS (SELECT FROM {source} x WHERE x.user_id = :user_id "
        f"AND x.client_id = unit.client_id AND {condition} "
        f"AND x.{instant} > unit.first AND x.{instant} <= unit.first + interval '{PERIOD_DAYS} days'))"
    )


_ARMS = text(
    f"""
    WITH unit AS (
        SELECT client_id, min(at) AS first, min(probability) AS probability, bool_and(shown) AS shown
        FROM exposure WHERE user_id = :user_id GROUP BY client_id, period
        HAVING min(probability) = max(probability) AND bool_and(shown) = bool_or(shown)
        AND min(at) >= :since AND min(at) < :until AND min(at) <= :over)
    SELECT probability, shown, count(*) AS clients,
        {_happened("message", "x.delivery = 'sent' AND x.briefing_id IS NOT NULL", "sent_at")} AS texted,
        {_happened("message", "x.direction = 'INBOUND'", "created_at")} AS replied,
        {_happened("interaction", f"x.kind = '{InteractionKind.MEETING.value}'", "at")} AS met
    FROM unit GROUP BY probability, shown ORDER BY probability, shown
    """  # noqa: S608 - our own names
)


class SqlExposures:
    """For whom events were an offer, and whether they were shown or held out."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def add(self, exposures: Sequence[Exposure]) -> None:
        """Store records; one that is stored already stays as it is."""
        for one in exposures:
            self._work.own(one.user_id, "exposure.user_id")
        if exposures:
            rows = [asdict(one) for one in exposures]
            await self._work.run(insert(_exposure).on_conflict_do_nothing(constraint="pk_exposure"), rows)

    @reading
    async def arms(self, since: datetime, until: datetime) -> Sequence[ArmCounts]:
        """Count the clients whose first exposure of a period lies in the stretch, by chance and arm."""
        over = self._work.now - timedelta(days=PERIOD_DAYS)
        stretch = {"user_id": self._work.owner, "since": since, "until": until, "over": over}
        return [ArmCounts(**dict(row)) for row in await self._work.rows(_ARMS, stretch)]
