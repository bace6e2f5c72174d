"""Lanes of senders: rates, pauses, strikes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import case, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.texts import lane_from_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.lane import SenderLane

_lane = tables.senderlane

# A lane that a claim holds is there already: this waits for nobody.
MAKE_LANES = text(
    "INSERT INTO senderlane (user_id, sender) SELECT :user_id, sender FROM unnest(CAST(:senders AS text[])) AS sender "
    "ON CONFLICT DO NOTHING"
)


class SqlLanes:
    """One professional's lanes."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @reading
    async def get(self, sender: str) -> SenderLane:
        """Return the lane of a sender."""
        return (await self._of([sender]))[sender]

    @reading
    async def of(self, senders: Collection[str]) -> Mapping[str, SenderLane]:
        """Return the lane of each of several senders."""
        return await self._of(senders)

    async def _of(self, senders: Collection[str]) -> Mapping[str, SenderLane]:
        query = select(_lane).where(_lane.c.user_id == self._work.owner, _lane.c.sender.in_(sorted(senders)))
        stored = {row["sender"]: lane_from_row(row) for row in await self._work.rows(query)}
        return {one: stored.get(one) or SenderLane(user_id=self._work.owner, sender=one) for one in senders}

    async def _set(self, sender: str, **values: object) -> None:
        plain = SenderLane(user_id=self._work.owner, sender=sender)  # refuses what is no phone
        given = upsert(_lane).values(user_id=plain.user_id, sender=plain.sender, **values)
        await self._work.run(given.on_conflict_do_update(index_elements=["user_id", "sender"], set_=values))

    @writing
    async def set_rate(self, sender: str, rate_per_s: float | None, in_flight: int | None = None) -> None:
        """Set segments a second and the most texts in flight."""
        SenderLane(user_id=self._work.owner, sender=sender, rate_per_s=rate_per_s, in_flight=in_flight)
        await self._set(sender, rate_per_s=rate_per_s, in_flight=in_flight)

    @writing
    async def pause(self, sender: str, until: datetime | None, reason: str) -> None:
        """Let nothing be claimed from this sender until then, or until `resume`; the longer pause holds."""
        lane = SenderLane(user_id=self._work.owner, sender=sender, paused_until=until, pause_reason=reason)
        values = {"paused_until": lane.paused_until, "pause_reason": lane.pause_reason}
        shorter = None if until is None else or_(_lane.c.pause_reason.is_(None), _lane.c.paused_until < until)
        given = upsert(_lane).values(user_id=lane.user_id, sender=lane.sender, **values)
        await self._work.run(
            given.on_conflict_do_update(index_elements=["user_id", "sender"], set_=values, where=shorter)
        )

    @writing
    async def resume(self, sender: str) -> bool:
        """End a pause and forget strikes; False when there were none."""
        lane = _lane.c
        this = (lane.user_id == self._work.owner, lane.sender == sender)
        something = or_(lane.pause_reason.is_not(None), lane.strikes > 0)
        plain = {"paused_until": None, "pause_reason": None, "strikes": 0}
        return await self._work.changed(update(_lane).where(*this, something).values(plain)) == 1

    @writing
    async def strike(self, sender: str, count: int = 1) -> int:
        """Count failures in a row; return how many there are now."""
        plain = SenderLane(user_id=self._work.owner, sender=sender)
        given = upsert(_lane).values(user_id=plain.user_id, sender=plain.sender, strikes=count)
        more = given.on_conflict_do_update(
            index_elements=["user_id", "sender"], set_={"strikes": _lane.c.strikes + count}
        )
        now: int = (await self._work.run(more.returning(_lane.c.strikes))).scalar_one()
        return now

    @writing
    async def answered(self, sender: str) -> bool:
        """Forget strikes, and a pause that is over; False when there were none."""
        lane = _lane.c
        over = lane.paused_until <= self._work.now
        this = (lane.user_id == self._work.owner, lane.sender == sender, or_(lane.strikes > 0, over))
        values = {
            "strikes": 0,
            "pause_reason": case((over, None), else_=lane.pause_reason),
            "paused_until": case((over, None), else_=lane.paused_until),
        }
        return await self._work.changed(update(_lane).where(*this).values(values)) == 1
