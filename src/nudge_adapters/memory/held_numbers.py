"""The telephone numbers of one professional."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict
from nudge_core.model.phone_number import HELD, PHONE_NUMBER, HeldNumber, NumberStatus


class MemoryHeldNumbers:
    """One professional's numbers."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._world = world
        self._numbers = world.book(work.user_id).phone_numbers

    @writing
    async def add(self, number: HeldNumber) -> None:
        """Store a new one. Raises Conflict when its id is taken or the number is held, by whomever."""
        self._work.own(number.user_id, "phonenumber.user_id")
        if number.status in HELD and self._world.holder_of(number.number) is not None:
            raise Conflict("phone number", "somebody has it")
        self._numbers.add(number.id, number, "phone number")
        self._world.users.need(number.user_id, "user")

    @reading
    async def get(self, number_id: UUID) -> HeldNumber:
        """Return one, or raise NotFound."""
        return self._numbers.need(number_id, "phone number")

    @reading
    async def held(self) -> Sequence[HeldNumber]:
        """Return those that are held, the oldest first."""
        rows = [row for row in self._numbers.rows() if row.status in HELD]
        return sorted(rows, key=lambda row: (row.created_at, row.id))

    @writing
    async def move(self, number_id: UUID, to: NumberStatus, provider_sid: str | None = None) -> HeldNumber:
        """Move one along its machine and return it; already there is fine. Raises NotFound, IllegalTransition."""
        stored = self._numbers.need(number_id, "phone number")
        if stored.status is to:
            return stored
        moved = evolve(
            stored,
            status=PHONE_NUMBER.move(stored.status, to),
            provider_sid=provider_sid or stored.provider_sid,
            changed_at=self._work.now,
        )
        self._numbers.put(number_id, moved)
        return moved
