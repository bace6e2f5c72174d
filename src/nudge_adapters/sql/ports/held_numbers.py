"""The telephone numbers of one professional."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from attrs import evolve
from sqlalchemy import insert, select, update

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.people import number_from_row, number_to_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import NotFound
from nudge_core.model.phone_number import HELD, PHONE_NUMBER, HeldNumber, NumberStatus

_number = tables.phonenumber
_HELD = sorted(status.value for status in HELD)


class SqlHeldNumbers:
    """One professional's numbers."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _number.c.user_id == work.owner

    @writing
    async def add(self, number: HeldNumber) -> None:
        """Store a new one. Raises Conflict when its id is taken or the number is held, by whomever."""
        self._work.own(number.user_id, "phonenumber.user_id")
        await self._work.run(insert(_number), number_to_row(number))

    @reading
    async def get(self, number_id: UUID) -> HeldNumber:
        """Return one, or raise NotFound."""
        row = await self._work.row(select(_number).where(self._mine, _number.c.id == number_id))
        if row is None:
            raise NotFound("phone number", number_id)
        return number_from_row(row)

    @reading
    async def held(self) -> Sequence[HeldNumber]:
        """Return those that are held, the oldest first."""
        query = select(_number).where(self._mine, _number.c.status.in_(_HELD))
        rows = await self._work.rows(query.order_by(_number.c.created_at, _number.c.id))
        return [number_from_row(row) for row in rows]

    @writing
    async def move(self, number_id: UUID, to: NumberStatus, provider_sid: str | None = None) -> HeldNumber:
        """Move one along its machine and return it; already there is fine. Raises NotFound, IllegalTransition."""
        this = (self._mine, _number.c.id == number_id)
        row = await self._work.row(select(_number).where(*this).with_for_update())
        if row is None:
            raise NotFound("phone number", number_id)
        stored = number_from_row(row)
        if stored.status is to:
            return stored
        moved = evolve(
            stored,
            status=PHONE_NUMBER.move(stored.status, to),
            provider_sid=provider_sid or stored.provider_sid,
            changed_at=self._work.now,
        )
        await self._work.run(update(_number).where(*this).values(number_to_row(moved)))
        return moved
