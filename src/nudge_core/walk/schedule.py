"""Planned texts on their way: what is due is released, what was released is followed to its end.

For the worker's timetable, every few seconds. Planned texts are rows; a process that dies loses nothing but a lease.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from attrs import field, frozen

from nudge_core.errors import Conflict, IllegalTransition, Invalid, NotFound, NudgeError
from nudge_core.model.message import ScheduledMessage
from nudge_core.steps import release
from nudge_core.steps.release import Effect, Prepared, Released
from nudge_core.walk.parts import Parts

FOREVER = (Invalid, NotFound, IllegalTransition)
"""What trying again does not mend: such a text ends as FAILED, so that it does not stop those behind it."""


@frozen(kw_only=True)
class ReleaseReport:
    """What one round did: claimed texts per effect, how many reached their end, and errors by type."""

    effects: Mapping[Effect, int] = field(factory=lambda: MappingProxyType({}))
    followed: int = 0
    failed: tuple[str, ...] = ()

    @property
    def done(self) -> int:
        """How many texts were looked at; 0: nothing was due."""
        return sum(self.effects.values()) + self.followed + len(self.failed)


async def release_due(parts: Parts, limit: int = 50) -> ReleaseReport:
    """Release planned texts that are due, at most `limit`, of everybody; then follow those whose text has ended.

    One that fails does not stop the others: it is tried again when its lease has run out.
    """
    async with parts.store.system() as tx:
        claimed = await release.claim(tx, limit, parts.release)
    effects: Counter[Effect] = Counter()
    failed: list[str] = []
    for planned in claimed:
        try:
            effects[(await _release(parts, planned)).effect] += 1
        except NudgeError as error:
            failed.append(type(error).__name__)
    async with parts.store.system() as tx:
        ended = await tx.schedules.unfollowed(limit)
    followed = sum([await _follow(parts, planned) for planned in ended])
    return ReleaseReport(effects=dict(effects), followed=followed, failed=tuple(failed))


async def _release(parts: Parts, claimed: ScheduledMessage) -> Released:
    try:
        async with parts.store.tenant(claimed.user_id) as tx:
            vertical = parts.vertical((await tx.users.get(tx.user_id)).vertical)
            prepared = await release.prepare(tx, claimed, vertical, parts.release)
        if not isinstance(prepared, Prepared):
            return prepared
        prepared = await release.redraft(parts.drafters, prepared, vertical)
        async with parts.store.tenant(claimed.user_id) as tx:
            return await release.release(tx, prepared)
    except Conflict:  # a person, a STOP or another release was first
        return Released(planned=claimed, effect=Effect.LOST)
    except FOREVER as error:
        async with parts.store.tenant(claimed.user_id) as tx:
            return await release.give_up(tx, claimed, f"cannot_be_released:{type(error).__name__}")


async def _follow(parts: Parts, planned: ScheduledMessage) -> bool:
    try:
        async with parts.store.tenant(planned.user_id) as tx:
            return await release.follow(tx, planned) is not None
    except Conflict:  # somebody else has just done it
        return False
