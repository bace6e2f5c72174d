"""Lanes of senders: rates, pauses, strikes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.model.lane import SenderLane


class MemoryLanes:
    """One professional's lanes."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._user_id = work.user_id
        self._lanes = world.book(work.user_id).lanes

    def _lane(self, sender: str) -> SenderLane:
        return self._lanes.get(sender) or SenderLane(user_id=self._user_id, sender=sender)

    @reading
    async def get(self, sender: str) -> SenderLane:
        """Return the lane of a sender."""
        return self._lane(sender)

    @reading
    async def of(self, senders: Collection[str]) -> Mapping[str, SenderLane]:
        """Return the lane of each of several senders."""
        return {sender: self._lane(sender) for sender in senders}

    @writing
    async def set_rate(self, sender: str, rate_per_s: float | None, in_flight: int | None = None) -> None:
        """Set segments a second and the most texts in flight."""
        self._lanes.put(sender, evolve(self._lane(sender), rate_per_s=rate_per_s, in_flight=in_flight))

    @writing
    async def pause(self, sender: str, until: datetime | None, reason: str) -> None:
        """Let nothing be claimed from this sender until then, or until `resume`; the longer pause holds."""
        lane = self._lane(sender)
        paused = lane.pause_reason is not None
        if until is None or not paused or (lane.paused_until is not None and lane.paused_until < until):
            self._lanes.put(sender, evolve(lane, paused_until=until, pause_reason=reason))

    @writing
    async def resume(self, sender: str) -> bool:
        """End a pause and forget strikes; False when there were none."""
        lane = self._lanes.get(sender)
        if lane is None or (lane.pause_reason is None and lane.strikes == 0):
            return False
        self._lanes.put(sender, evolve(lane, paused_until=None, pause_reason=None, strikes=0))
        return True

    @writing
    async def strike(self, sender: str, count: int = 1) -> int:
        """Count failures in a row; return how many there are now."""
        lane = self._lane(sender)
        self._lanes.put(sender, evolve(lane, strikes=lane.strikes + count))
        return lane.strikes + count

    @writing
    async def answered(self, sender: str) -> bool:
        """Forget strikes, and a pause that is over; False when there were none."""
        lane = self._lanes.get(sender)
        over = lane is not None and lane.paused_until is not None and lane.paused_until <= self._work.now
        if lane is None or (lane.strikes == 0 and not over):
            return False
        kept = evolve(lane, paused_until=None, pause_reason=None) if over else lane
        self._lanes.put(sender, evolve(kept, strikes=0))
        return True
